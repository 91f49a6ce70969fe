"""What the rules say of each plan, in sentences with the figures that decided."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from advisor.catalog.model import Catalog, ParsedRule
from advisor.decide.plans import Plans, shown
from advisor.rules import evaluate
from advisor.rules.evaluate import Bools, Truth
from advisor.rules.template import fill, names_in

ORDER = ("exclude", "warn", "note")


class RuleResult(NamedTuple):
    """One rule's effect on one plan; `unknown` where a figure that it needs is not known."""

    rule: str
    effect: str
    text: str
    sources: tuple[str, ...]
    unknown: bool = False


class RuleResults:
    """The rules over all plans of one workload; sentences are made only where they are wanted.

    `near`: those of a workload that differs little; what reads only the same is taken from there.
    """

    def __init__(self, catalog: Catalog, table: Plans, near: RuleResults | None = None) -> None:
        self.rules, self.table = catalog.rules, table
        self._near = near if near is not None and near.table.static is table.static else None
        self._truths: dict[str, Truth] = {}
        self._rows: dict[int, tuple[RuleResult, ...]] = {}

    @cached_property
    def excluded(self) -> Bools:
        """Which plans some rule rules out. Shape: (rows,)."""
        return self._excluded_by([rule for rule in self.rules.values() if not rule.entry.job]) | (
            self.not_for_the_job
        )

    @cached_property
    def not_for_the_job(self) -> Bools:
        """Which plans are of a variant that does not do the job at all. Shape: (rows,)."""
        return self._excluded_by([rule for rule in self.rules.values() if rule.entry.job])

    def _excluded_by(self, rules: list[ParsedRule]) -> Bools:
        out = np.zeros(len(self.table), dtype=bool)
        for rule in rules:
            if rule.entry.effect == "exclude":
                out |= self.truth(rule).true
            if rule.entry.if_unknown == "exclude":
                out |= self.truth(rule).unknown
        return out

    def truth(self, rule: ParsedRule) -> Truth:
        """A rule's answer for every plan; one stands for all where it reads the workload alone."""
        if rule.id not in self._truths:
            same = self._near is not None and not self._changed.intersection(rule.when.names)
            self._truths[rule.id] = (
                self._near.truth(rule)
                if self._near and same
                else evaluate.evaluate(rule.when, self.table.columns, 1)
            )
        return self._truths[rule.id]

    @cached_property
    def _changed(self) -> set[str]:
        """The columns that are not as in the near findings."""
        before = self._near.table.columns if self._near else {}
        return {
            name
            for name, column in self.table.columns.items()
            if column is not (was := before[name]) and not all(map(np.array_equal, column, was))
        }

    def excluding(self, row: int) -> tuple[str, ...]:
        """Ids of the rules that rule a plan out, in the rules' order."""
        rules = self.rules.values()
        return tuple(rule.id for rule in rules if self._effect(rule, row) == "exclude")

    def of(self, row: int) -> tuple[RuleResult, ...]:
        """The rules that apply to a plan: exclusions, warnings, notes, each by the rules' order."""
        if row not in self._rows:
            rules = [rule for rule in self.rules.values() if self._effect(rule, row)]
            results = [self._result(rule, row) for rule in rules]
            self._rows[row] = tuple(sorted(results, key=lambda result: ORDER.index(result.effect)))
        return self._rows[row]

    def _effect(self, rule: ParsedRule, row: int) -> str:
        """What a rule does to a plan; empty for nothing."""
        truth = self.truth(rule)
        row = 0 if len(truth.true) == 1 else row
        if truth.true[row]:
            return rule.entry.effect
        unknown = truth.unknown[row] and rule.entry.if_unknown != "ignore"
        return rule.entry.if_unknown if unknown else ""

    def _result(self, rule: ParsedRule, row: int) -> RuleResult:
        truth, entry, plan = self.truth(rule), rule.entry, self.table[row]
        sure = bool(truth.true[0 if len(truth.true) == 1 else row])
        template = entry.because if sure else entry.because_unknown or ""
        text = fill(template, {name: shown(plan, name) for name in names_in(template)})
        unknown = any(plan.figure(name) is None for name in rule.when.names)
        return RuleResult(rule.id, self._effect(rule, row), text, tuple(entry.sources), unknown)
