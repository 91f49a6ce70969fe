"""Several variants side by side: facts, scores that all of them have, lowest prices."""

from __future__ import annotations

from datetime import date

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide import evidence
from advisor.family.facts import variant_facts
from advisor.family.price_list import lowest_price


def side_by_side(catalog: Catalog, variant_ids: list[str], today: date) -> list[dict[str, str]]:
    """Facts, shared scores and lowest prices, a column a variant; `differs` empty if all agree."""
    columns = [{f.label: f.value for f in variant_facts(catalog, key)} for key in variant_ids]
    rows = [
        ("Fact", label, [column.get(label, "does not apply") for column in columns])
        for label in dict.fromkeys(label for column in columns for label in column)
    ]
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        scores = {} if chosen.by_language else evidence.scores(catalog, chosen.id)
        if all(key in scores for key in variant_ids):
            points = [formatting.points(scores[key]) for key in variant_ids]
            rows.append(("Score", evidence.describe(catalog, chosen), points))
    prices = [lowest_price(catalog, key, today) for key in variant_ids]
    rows.append(("Price", "Lowest known hosted price", prices))
    names = [catalog.variants[key].name for key in variant_ids]
    return [
        {"differs": "≠" if len(set(values)) > 1 else "", "part": part, "label": label}
        | dict(zip(names, values, strict=True))
        for part, label, values in rows
    ]


def shared_languages(catalog: Catalog, variant_ids: list[str]) -> list[dict[str, str]]:
    """Scores on the sets by language that hold all of the variants; one row a set and language."""
    rows = []
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        for code in chosen.languages or () if chosen.by_language else ():
            scores = evidence.scores(catalog, chosen.id, (code,))
            if all(key in scores for key in variant_ids):
                benchmark = f"{chosen.name} ({catalog.metrics[chosen.metric].name})"
                points = {
                    catalog.variants[k].name: formatting.points(scores[k]) for k in variant_ids
                }
                rows.append({"Benchmark": benchmark, "Language": code} | points)
    return rows
