"""Published scores of a variant, with what they may be compared with."""

from __future__ import annotations

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide import evidence


def variant_scores(catalog: Catalog, variant_id: str) -> list[dict[str, str]]:
    """Published scores of a variant on every evidence set, with what they may be compared with."""
    rows = []
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        if chosen.by_language:
            continue
        scores = evidence.scores(catalog, chosen.id)
        if variant_id not in scores:
            continue
        others = [
            f"{catalog.variants[key].name} {formatting.points(score)}"
            for key, score in sorted(scores.items(), key=lambda i: -i[1])
            if key != variant_id
        ]
        row = {
            "Benchmark": evidence.describe(catalog, chosen),
            "Score": formatting.points(scores[variant_id]),
            "On the same set": ", ".join(others) or "no other variant",
            "Mind": chosen.caveat or "",
        }
        rows.append(row)
    return rows


def language_scores(catalog: Catalog, variant_id: str) -> list[dict[str, str]]:
    """Published scores by language, one row a set that holds the variant."""
    rows = []
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        if not chosen.by_language:
            continue
        scores = {c: evidence.scores(catalog, chosen.id, (c,)) for c in chosen.languages or ()}
        known = [
            f"{code} {formatting.points(by_variant[variant_id])}"
            for code, by_variant in scores.items()
            if variant_id in by_variant
        ]
        if known:
            scored_by = f"{catalog.metrics[chosen.metric].name}, {chosen.publisher_of_scores}"
            benchmark, mind = f"{chosen.name} ({scored_by})", chosen.caveat or ""
            rows.append({"Benchmark": benchmark, "By language": ", ".join(known), "Mind": mind})
    return rows


def metric_meanings(catalog: Catalog) -> str:
    """What the metrics of the published scores say, in one line."""
    return (
        "; ".join(f"{metric.name}: {metric.meaning}" for metric in catalog.metrics.values()) + "."
    )
