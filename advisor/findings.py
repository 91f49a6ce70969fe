"""What the rules say of each plan, in sentences with the figures that decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from advisor import plans
from advisor.catalog.load import Catalog, Rule
from advisor.plans import Plan
from advisor.rules import evaluate, explain
from advisor.rules.evaluate import Values


class Finding(NamedTuple):
    """One rule's effect on one plan; `unknown` is true where a figure that it needs is not known."""

    rule: str
    effect: str
    text: str
    sources: tuple[str, ...]
    unknown: bool = False


def findings(catalog: Catalog, built: list[Plan]) -> list[tuple[Finding, ...]]:
    """For each plan, the rules that apply to it: exclusions first, then warnings and notes, each by the rules' order."""
    columns = plans.columns(built)
    found: list[list[Finding]] = [[] for _ in built]
    for rule in catalog.rules.values():
        _apply(rule, built, columns, found)
    order = ("exclude", "warn", "note")
    return [tuple(sorted(each, key=lambda f: order.index(f.effect))) for each in found]


def _apply(rule: Rule, built: list[Plan], columns: Mapping[str, Values], found: list[list[Finding]]) -> None:
    truth = evaluate.evaluate(rule.when, columns, len(built))
    entry = rule.entry
    for row in truth.true.nonzero()[0]:
        found[row].append(Finding(rule.id, entry.effect, _sentence(entry.because, built[row]), tuple(entry.sources)))
    if entry.if_unknown == "ignore":
        return
    for row in truth.unknown.nonzero()[0]:
        text = _sentence(entry.because_unknown or "", built[row])
        found[row].append(Finding(rule.id, entry.if_unknown, text, tuple(entry.sources), unknown=True))


def _sentence(template: str, plan: Plan) -> str:
    return explain.fill(template, {name: plans.shown(plan, name) for name in explain.names_in(template)})
