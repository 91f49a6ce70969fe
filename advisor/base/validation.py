"""What pydantic finds wrong, as faults: the place, the problem in a sentence, and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails, core_schema

from advisor.base.errors import Fault
from advisor.base.ids import FORMS

MOST_SHOWN = 60
"""Characters of a value that a problem shows."""
_KINDS_OF_PYDANTIC = frozenset(get_args(core_schema.ErrorType))
_UNKNOWN = ("extra_forbidden", "invalid_key")


def faults(
    error: ValidationError,
    remedy: Callable[[str, str], str] = lambda place, kind: "",
    *,
    file: str = "",
    entry: str = "",
    show_values: bool = True,
) -> list[Fault]:
    """Every fault of an error, its field being the path to it with dots.

    `remedy` says what to write instead, for a path and pydantic's kind of error; a custom error
    says it itself, in its message or as `remedy` of its context. Without `show_values` no fault
    repeats what stands in a field, as a key.
    """
    details = error.errors(include_url=False)
    lists = {fault["loc"][:-1] for fault in details}
    rows = []
    for fault in details:
        if fault["type"] == "too_short" and fault["loc"] in lists:
            continue  # pydantic counts the entries that fit: the list is not short, they are wrong
        place, kind = ".".join(map(str, fault["loc"])), fault["type"]
        if kind not in _KINDS_OF_PYDANTIC:
            rows.append(
                Fault(file, entry, place, fault["msg"], fault.get("ctx", {}).get("remedy", ""))
            )
            continue
        advice = remedy(place, kind)
        problem = _problem(fault, bool(advice), show_values)
        if kind in _UNKNOWN:  # the name is the fault, and the place is what has no such field
            place = ".".join(map(str, fault["loc"][:-1]))
        rows.append(Fault(file, entry, place, problem, advice))
    return rows


def shown(value: Any) -> str:
    """A value as it may stand in a sentence: as JSON would have it, and cut where it is long."""
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "..."


def _problem(fault: ErrorDetails, has_remedy: bool, show_value: bool) -> str:
    """What is wrong, in a sentence."""
    kind = fault["type"]
    if kind == "missing":
        return "the field is missing."
    if kind in _UNKNOWN:
        return f"no field '{fault['loc'][-1]}'."
    value = shown(fault["input"]) if show_value else ""
    if kind == "string_pattern_mismatch":
        form = FORMS.get(fault["ctx"]["pattern"])
        if form:
            return f"{value or 'it'} is no {form}."
        if has_remedy:  # which says the form; visitors do not read patterns
            return f"{value or 'it'} is not of the form that this field has."
    message = fault["msg"].removeprefix("Value error, ").removesuffix(".")
    message = message.replace(" after validation", "").replace("Tuple", "List")
    message = message.replace("valid tuple", "valid list")
    if kind in ("model_type", "model_attributes_type"):
        message = "input should be a mapping of fields"
    sentence = f"{message[:1].lower()}{message[1:]}."
    return f"{value}: {sentence}" if show_value else sentence
