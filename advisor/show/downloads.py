"""Files to take away: the catalog as JSON, prices and scores as CSV, the tables of Cost."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic import BaseModel

from advisor.base import formatting
from advisor.base.spreadsheet import guarded
from advisor.catalog import Catalog
from advisor.decide.recommend import Recommendation
from advisor.explain import taken_for_granted
from advisor.show import tables


def as_json(catalog: Catalog) -> str:
    """Families, offers, licences and sources as JSON; prices are text, so that no digit is lost."""
    data = {
        "catalog_version": catalog.version,
        "families": {
            key: {
                "facts": family.facts.model_dump(mode="json"),
                "variants": _plain(family.variants),
                "corrections": [entry.model_dump(mode="json") for entry in family.corrections],
            }
            for key, family in catalog.families.items()
        },
        "providers": _plain(catalog.providers),
        "instances": _plain(catalog.instances),
        "licences": _plain(catalog.licences),
        "sources": _plain(catalog.sources),
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _plain(entries: Mapping[str, BaseModel]) -> dict[str, Any]:
    return {key: entry.model_dump(mode="json") for key, entry in entries.items()}


def offers_csv(catalog: Catalog) -> str:
    """One row an offer, with its sources; an apostrophe before what a spreadsheet would compute.

    A withdrawn offer has a row too: `withdrawn` is since when, `withdrawn_reason` why.
    """
    rows = (
        {"provider": provider_id, "provider_name": provider.name}
        | offer.model_dump(mode="json", exclude={"sources", "withdrawn"})
        | {"sources": " ".join(dict.fromkeys(s for _, s in offer.all_source_ids()))}
        | {
            "withdrawn": offer.withdrawn and offer.withdrawn.on.isoformat(),
            "withdrawn_reason": offer.withdrawn and offer.withdrawn.reason,
        }
        for provider_id, provider, offer in catalog.offers()
    )
    return _csv(pd.DataFrame(rows))


def scores_csv(catalog: Catalog) -> str:
    """Every published score of the catalog."""
    return _csv(catalog.quality)


def table_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of a table as CSV, safe for spreadsheets; ids that only links need are left out.

    A cell is empty where the figure is not known.
    """
    shown = [{key: row[key] for key in row if key not in tables.IDS} for row in rows]
    return _csv(pd.DataFrame(shown, dtype=object))


def table_markdown(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of a table as Markdown under a heading; nothing in a cell is markup.

    The column of what is not known is left out where all is.
    """
    if not rows:
        return f"## {title}\n\nNone.\n"
    unused = tables.IDS if any(row.get(tables.NOT_KNOWN) for row in rows) else _IDS_AND_NOT_KNOWN
    columns = [key for key in rows[0] if key not in unused]
    lines = [f"## {title}", "", f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(markdown_text(row[key]) for key in columns)} |" for row in rows]
    return "\n".join(lines) + "\n"


_IDS_AND_NOT_KNOWN = (*tables.IDS, tables.NOT_KNOWN)


def markdown_text(value: Any) -> str:
    """A value in which nothing is markup; `not known` for None."""
    text = _in_words(value)
    for sign in "\\`*_[]<>|$":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")


def _in_words(value: Any) -> str:
    """A figure as text: whole numbers with commas, others with cents or the digits they have."""
    if value is None:
        return formatting.NOT_KNOWN
    if isinstance(value, float) and value:
        return f"{value:,.2f}" if round(value, 2) == value else f"{value:,}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def _csv(frame: pd.DataFrame) -> str:
    """CSV without formulas; in quotes, as `a;=1+1` is two cells where semicolons divide."""
    cells = [[guarded(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    columns = [guarded(name) for name in frame.columns]
    safe = pd.DataFrame(cells, columns=columns, dtype=object)  # `map` would make a 1 a 1.0
    return safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)


def cost_files(recommendation: Recommendation) -> list[tuple[str, str, Callable[[], str]]]:
    """(name, media type, maker) of the Cost page: every plan as CSV, its tables as Markdown."""

    kinds = [step.kind for step in recommendation.steps]

    def plans_csv() -> str:
        return table_csv([row for kind in kinds for row in tables.plan_rows(recommendation, kind)])

    def markdown() -> str:
        titled = [table for kind in kinds for table in _of_step(recommendation, kind)]
        part = recommendation.pick.part("embedder") if recommendation.pick else None
        if part is not None:
            titled.append(("Vector index by precision", tables.index_rows(recommendation, part)))
            titled.append(("Vector index by store", tables.store_rows(recommendation, part)))
        parts = ["# What it costs per month\n", *(table_markdown(*table) for table in titled)]
        gone = (text for kind in kinds for text, _ in tables.withdrawn(recommendation, kind))
        parts += [f"- {markdown_text(text)}" for text in gone]
        parts += [f"- {text}" for text in taken_for_granted.assumptions(recommendation)]
        made = f"- Catalog {recommendation.catalog.version}, {recommendation.today.isoformat()}."
        return "\n".join([*parts, made, ""])

    return [("plans.csv", "text/csv", plans_csv), ("cost.md", "text/markdown", markdown)]


def _of_step(
    recommendation: Recommendation, kind: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The tables of one step: every hosted offer and a machine of each model; plans.csv has all."""
    hosted, own = tables.hosted_rows(recommendation, kind), tables.own_rows(recommendation, kind)
    shown = {row["option"] for row in (*hosted, *own)}
    options = tables.option_rows(recommendation, kind)
    yield f"Parts of the cost, {kind}s", [row for row in options if row["option"] in shown]
    yield f"Hosted offers, {kind}s", hosted
    yield f"Own machines, {kind}s", own


FILES: tuple[tuple[str, str, Callable[[Catalog], str]], ...] = (
    ("catalog.json", "application/json", as_json),
    ("offers.csv", "text/csv", offers_csv),
    ("scores.csv", "text/csv", scores_csv),
)
"""Name, media type and maker of each file."""
