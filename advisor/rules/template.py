"""The sentence of a rule, filled with the figures that decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from advisor.ask.labels import label
from advisor.base import formatting
from advisor.rules.columns import Column
from advisor.rules.syntax import RuleError

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names_in(template: str) -> tuple[str, ...]:
    """Names of the `{name}` places of a template, each once; a `RuleError` for other braces."""
    names: dict[str, None] = {}
    for part in _PART.finditer(template):
        if part[0] in ("{{", "}}"):
            continue
        if part[1] is None or not _NAME.fullmatch(part[1]):
            problem = f"'{part[0][:40]}' is no place for a figure."
            raise RuleError(f"{problem} Write {{column}}, or {{{{ for a brace.")
        names[part[1]] = None
    return tuple(names)


def fill(template: str, figures: Mapping[str, str]) -> str:
    """The template with each `{name}` replaced by its figure, which must be there."""

    def filled(part: re.Match[str]) -> str:
        return figures[part[1]] if part[1] else part[0][0]

    return _PART.sub(filled, template)


def listed(column: Column, entries: tuple[str, ...]) -> str:
    """The entries of a list in words: `dense and multi-vector`."""
    return formatting.listed([entry.replace("_", "-") for entry in entries], column.last)


def words(column: Column, figure: Any) -> str:
    """A figure with the unit that its column has, a value by its label; None is not known."""
    if figure is None:
        return formatting.NOT_KNOWN
    if column.field:
        values = figure if isinstance(figure, tuple) else (figure,)
        return formatting.listed([label(column.field, value) for value in values], column.last)
    if isinstance(figure, tuple):
        return listed(column, figure)
    if column.unit == "usd":
        return formatting.usd(figure)
    if column.unit == "bytes":
        return formatting.memory(figure)
    if column.unit in ("milliseconds", "per_second", "per_minute", "hours"):
        return formatting.count(round(figure) if figure >= 10 else round(figure, 1))
    return formatting.count(figure) if column.kind == "number" else str(figure)
