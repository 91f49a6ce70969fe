"""Files to take away: the catalog as JSON, prices and scores as CSV, the tables of Cost."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic import BaseModel

from advisor.base.spreadsheet import guarded
from advisor.catalog import Catalog
from advisor.decide.recommend import Recommendation
from advisor.explain import taken_for_granted
from advisor.show import tables

IDS = ("id", "offer")
"""Columns that only links need."""


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
    """Rows of a table as CSV, safe for spreadsheets; ids that only links need are left out."""
    return _csv(pd.DataFrame([{key: row[key] for key in row if key not in IDS} for row in rows]))


def table_markdown(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of a table as Markdown under a heading; nothing in a cell is markup."""
    columns = [key for key in (rows[0] if rows else {}) if key not in IDS]
    lines = [f"## {title}", "", f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(_cell(row[key]) for key in columns)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    text = "not known" if value is None else str(value)
    for sign in "\\`*_[]<>|$":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")


def _csv(frame: pd.DataFrame) -> str:
    """CSV without formulas; in quotes, as `a;=1+1` is two cells where semicolons divide."""
    safe = frame.map(guarded).rename(columns=guarded)
    return safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)


def cost_files(recommendation: Recommendation) -> list[tuple[str, str, Callable[[], str]]]:
    """(name, media type, maker) of the Cost page: every plan as CSV, its tables as Markdown."""

    kinds = [step.kind for step in recommendation.steps]

    def plans_csv() -> str:
        rows = [(kind, row) for kind in kinds for row in tables.plan_rows(recommendation, kind)]
        return table_csv([{"Step": kind} | row for kind, row in rows])

    def markdown() -> str:
        titled: list[tuple[str, list[dict[str, str]]]] = []
        for kind in kinds:
            titled.append((f"Hosted offers, {kind}", tables.cost_rows(recommendation, kind)))
            titled.append((f"Own machines, {kind}", tables.own_rows(recommendation, kind)))
        part = recommendation.pick.part("embedder") if recommendation.pick else None
        if part is not None:
            titled.append(("Vectors by precision", tables.index_rows(recommendation, part)))
            titled.append(("Vectors by store", tables.store_rows(recommendation, part)))
        parts = ["# What it costs per month\n", *(table_markdown(*table) for table in titled)]
        gone = (text for kind in kinds for text, _ in tables.withdrawn(recommendation, kind))
        parts += [f"- {_cell(text)}" for text in gone]
        parts += [f"- {text}" for text in taken_for_granted.assumptions(recommendation)]
        made = f"- Catalog {recommendation.catalog.version}, {recommendation.today.isoformat()}."
        return "\n".join([*parts, made, ""])

    return [("plans.csv", "text/csv", plans_csv), ("cost.md", "text/markdown", markdown)]


FILES: tuple[tuple[str, str, Callable[[Catalog], str]], ...] = (
    ("catalog.json", "application/json", as_json),
    ("offers.csv", "text/csv", offers_csv),
    ("scores.csv", "text/csv", scores_csv),
)
"""Name, media type and maker of each file."""
