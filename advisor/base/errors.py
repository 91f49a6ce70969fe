"""Faults that a reader of the message can mend: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in one place of a catalog or a workload."""

    file: str
    entry: str
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.entry, self.field) if part)
        sentence = f"{place}: {self.problem}" if place else self.problem
        return f"{sentence}\n  {self.remedy}" if self.remedy else sentence


class AdvisorError(ValueError):
    """An error whose message is meant for the person at the screen."""


class CatalogError(AdvisorError):
    """A catalog that cannot be used, with every fault found in one reading."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class WorkloadError(AdvisorError):
    """A workload that cannot be answered; the message names the field and the remedy."""


class EncodeError(AdvisorError):
    """Texts that could not be encoded, or no model for it: why, and the next step."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?` with the nearest known name, or the known names where they are few."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 20 else ""
