"""The CSV tables of the evidence: their columns, the bounds of their numbers, what they name."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from advisor.base.errors import Fault
from advisor.catalog.schema import Ref

THROUGHPUT_COLUMNS = (
    "variant", "parameters", "hardware", "accelerator_count", "vcpus", "runtime", "precision",
    "batch", "seq_len", "published_value", "published_unit", "docs_per_s", "tokens_per_s",
    "machine", "calibrates", "grade", "source_id", "note",
)  # fmt: skip
TABLES: Mapping[str, tuple[str, ...]] = {
    "quality": (
        "variant", "benchmark", "aspect", "metric", "score", "source_set", "complete",
        "with_retriever", "tasks", "source_id", "note",
    ),
    "quality_by_language": (
        "variant", "benchmark", "mode", "aspect", "metric", "score", "source_set",
        "with_retriever", "source_id", "note",
    ),
    "throughput": THROUGHPUT_COLUMNS,
}  # fmt: skip
"""Columns of each table, by the name of its file in `evidence/`."""
NUMBERS = {
    "score": (0.0, 100.0),
    "tasks": (1, 1e6),
    "tokens_per_s": (0, 1e12),
    "docs_per_s": (0, 1e12),
    "seq_len": (1, 1e7),
    "vcpus": (0, 1e5),
    "accelerator_count": (0, 1e5),
}
"""Columns that hold numbers, with their bounds."""
REFERENCES = {
    "variant": Ref("variant"),
    "source_id": Ref("source"),
    "machine": Ref("accelerator or CPU class"),
}
"""Columns that name entries of the catalog."""
MAY_BE_EMPTY = frozenset({"machine"})
"""Those of them that name none where they are empty."""


def number_faults(rows: list[dict[str, str]], file: str) -> list[Fault]:
    """A fault for each figure that is no number or out of its bounds; such a figure is emptied."""
    faults = []
    for line, row in enumerate(rows, 2):
        for column, (least, most) in NUMBERS.items():
            value = row.get(column)
            if value and not _is_between(value, least, most):
                problem = f"'{value[:40]}' is no number from {least:g} to {most:g}."
                remedy = "Write the published figure, or leave it empty."
                faults.append(Fault(file, f"line {line}", column, problem, remedy))
                row[column] = ""
    return faults


def _is_between(value: str, least: float, most: float) -> bool:
    try:
        return least <= float(value) <= most
    except ValueError:
        return False


def frame(rows: list[dict[str, str]], columns: tuple[str, ...]) -> pd.DataFrame:
    """The rows as a table: numbers as float (missing: NaN), the rest as text."""
    table = pd.DataFrame(rows, columns=list(columns))
    for column in NUMBERS.keys() & set(columns):
        table[column] = pd.to_numeric(table[column], errors="coerce")
    return table
