"""The sentence of a rule, filled with the figures that decided."""

from __future__ import annotations

import re
from collections.abc import Mapping

from advisor.rules.syntax import RuleError

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names_in(template: str) -> tuple[str, ...]:
    """Names of the `{name}` places of a template, each once.

    Raises:
        RuleError: braces that hold anything but a name.
    """
    names: dict[str, None] = {}
    for part in _PART.finditer(template):
        if part.group() in ("{{", "}}"):
            continue
        if part.group(1) is None or not _NAME.fullmatch(part.group(1)):
            raise RuleError(
                f"'{part.group()[:40]}' is no place for a figure. Write {{column}}, or {{{{ for a brace."
            )
        names[part.group(1)] = None
    return tuple(names)


def fill(template: str, figures: Mapping[str, str]) -> str:
    """The template with each `{name}` replaced by its figure.

    Raises:
        KeyError: a name without a figure.
    """
    return _PART.sub(
        lambda part: figures[part.group(1)] if part.group(1) else part.group()[0], template
    )
