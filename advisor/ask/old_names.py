"""Names that fields once had: links, records and files that say them ask what they asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from advisor.ask.stated import WRITTEN_NULL
from advisor.base import formatting
from advisor.base.errors import Fault, WorkloadError
from advisor.base.validation import shown


class OldName(NamedTuple):
    """What a field is called now, and what each value that it took is there."""

    now: str
    values: Mapping[Any, Any]
    schema: Mapping[str, Any]
    since: str
    """The day since which the new name holds."""


OLD_NAMES = {
    "split_long_passages": OldName(
        "chunk_tokens", {True: 400, False: None}, {"type": "boolean"}, "2026-11-30"
    ),
}
"""Fields of a workload by the name that they once had."""
_TRUTH: TypeAdapter[bool] = TypeAdapter(bool)


def remedy(old: str) -> str:
    """What to state in place of an old name: `State chunk_tokens: 400 for true, none for false.`"""
    name = OLD_NAMES[old]
    pairs = (
        f"{WRITTEN_NULL if now is None else now} for {str(before).lower()}"
        for before, now in name.values.items()
    )
    return f"State its new name, {name.now}: {formatting.listed(list(pairs))}."


class OldNameError(WorkloadError):
    """An old name that cannot be taken, with the fault to show for it."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        self.fault = Fault("", "", field, problem, remedy)
        super().__init__(str(self.fault))


def renamed(stated: Mapping[str, Any], *, strict: bool = False) -> dict[str, Any]:
    """What is stated, under today's names; a truth is read as those of other fields are.

    So `no` of a YAML file and 0 are false, but if `strict` only false is.

    Raises:
        OldNameError: an old name stands beside its new one, or has a value that it never took.
    """
    now = dict(stated)
    for old in OLD_NAMES.keys() & stated.keys():
        field, value = OLD_NAMES[old].now, now.pop(old)
        if field in now:
            problem = f"it is the old name of {field}, and both are stated."
            raise OldNameError(old, problem, f"Leave {old} out.")
        try:
            truth = _TRUTH.validate_python(value, strict=strict)
        except ValidationError:
            is_text = isinstance(value, str) and value in ("true", "false")
            problem = f"{shown(value)} is {'text, ' if is_text else ''}neither true nor false."
            raise OldNameError(old, problem, remedy(old)) from None
        now[field] = OLD_NAMES[old].values[truth]
    return now
