"""The rules of a catalog, parsed; each does what its example says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.base.errors import Fault, did_you_mean
from advisor.catalog import schema
from advisor.catalog.model import ParsedRule
from advisor.rules import evaluate, syntax
from advisor.rules.columns import KINDS, OF_VARIANT, WORKLOAD
from advisor.rules.template import names_in


def parsed_rule(
    key: str, theme: str, entry: schema.Rule, file: str
) -> tuple[ParsedRule | None, list[Fault]]:
    """The rule, if its expression can be read, and the faults of its sentences and example."""
    place = f"rule {key}"
    try:
        when = syntax.parse(entry.when, KINDS)
    except syntax.RuleError as error:
        return None, [Fault(file, place, "when", str(error), "")]
    faults = _job_faults(entry, when, file, place)
    for where in ("because", "because_unknown"):
        try:
            for name in names_in(getattr(entry, where) or ""):
                if name not in KINDS:
                    remedy = did_you_mean(name, KINDS)
                    faults.append(Fault(file, place, where, f"no column '{name}'.", remedy))
        except syntax.RuleError as error:
            faults.append(Fault(file, place, where, str(error), ""))
    for expected in ("matches", "spares", "unknown"):
        row = getattr(entry.example, expected)
        if row is not None and (outcome := _outcome(when, row)) != expected:
            problem, remedy = f"the rule gives '{outcome}' there.", "Fix the example, or the rule."
            faults.append(Fault(file, place, f"example.{expected}", problem, remedy))
    return ParsedRule(key, theme, entry, when), faults


def _job_faults(entry: schema.Rule, when: syntax.Expression, file: str, place: str) -> list[Fault]:
    """What keeps a rule of the job from saying the same of a variant wherever it runs."""
    if not entry.job:
        return []
    faults = []
    if entry.effect != "exclude" or entry.if_unknown == "exclude":
        problem = "a rule of the job excludes what is known not to do it, and nothing else."
        remedy = "Set effect to exclude and if_unknown to something else, or leave job out."
        faults.append(Fault(file, place, "job", problem, remedy))
    for name in sorted(set(when.names) - OF_VARIANT - WORKLOAD.keys()):
        problem = f"the job does not depend on '{name}', which differs from place to place."
        faults.append(Fault(file, place, "when", problem, "Leave job out: it is a limit."))
    return faults


def _outcome(when: syntax.Expression, row: Mapping[str, Any]) -> str:
    """What the expression gives for one row of an example; columns left out are unknown."""
    columns = {name: evaluate.column([row.get(name)], KINDS[name]) for name in when.names}
    truth = evaluate.evaluate(when, columns, 1)
    return "unknown" if truth.unknown[0] else "matches" if truth.true[0] else "spares"
