"""What to give up for a better answer, or for any: the limits in the way, in sentences."""

from __future__ import annotations

from collections import Counter

import numpy as np

from advisor.base import formatting
from advisor.decide.choosing import Step
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.decide.rule_results import RuleResult
from advisor.explain import limits
from advisor.explain.sentences import Reason, capital, cheapest, for_month


def loosen(recommendation: Recommendation) -> list[Reason]:
    """Where nothing fits: each limit without which something does, and what that costs.

    Where no limit helps alone, pairs of them; where no model does the job at all, why none does.
    """
    if recommendation.pick is not None:
        return []
    jobless = [step for step in recommendation.steps if not _candidates(step)]
    if jobless:
        return [_no_model(recommendation, step.kind) for step in jobless]
    lifts = limits.in_the_way(recommendation)
    if not lifts:
        return [_nothing_helps(recommendation)]
    return [Reason(*_ruled_by(recommendation, lift)) for lift in lifts]


MOST_LIFTED = 3
"""The limits in the way that are named before the rest are counted."""


def what_stands_in_the_way(recommendation: Recommendation, part: JudgedPlan) -> str:
    """`Without your budget of $20 per month: BGE Large ..., for $34.90 per month, ...`

    Of two steps that both fall short, only the first says so.
    """
    pick, workload = recommendation.pick, recommendation.workload
    for earlier in pick.parts[: pick.parts.index(part)] if pick else ():
        if recommendation.step_of(earlier).shortfalls(workload)[earlier.row]:
            return ""
    lifts = limits.in_the_way(recommendation)
    if lifts:
        named = [_lifted(recommendation, lift) for lift in lifts[:MOST_LIFTED]]
        return " ".join([*named, *_more(lifts)])
    return _nothing_helps(recommendation).text


def _more(lifts: list[limits.Lifted]) -> list[str]:
    """How many limits, or pairs of them, are not named; empty where all are."""
    more, of_pairs = len(lifts) - MOST_LIFTED, len(lifts[0].fields) > 1
    if more < 1:
        return []
    nouns = ("other pair of limits", "other pairs of limits") if of_pairs else ("other limit",)
    return [f"Lifting {formatting.counted(more, *nouns)} would help too."]


def _lifted(recommendation: Recommendation, lift: limits.Lifted) -> str:
    other, now = lift.other.pick, recommendation.pick
    assert other is not None
    text = f"{capital(lift.words)}: {other.named}, {for_month(other.monthly_usd)}"
    gains = []
    for part in now.parts if now else ():
        better, scores = other.part(part.kind), lift.other.step(part.kind)
        title = recommendation.step_of(part).evidence.title
        if not better or better.quality is None or part.quality is None:
            continue
        points = better.quality - part.quality
        if scores and scores.evidence.title == title and abs(points) >= 0.05:
            of_step = f"the {part.kind} " if len(other.parts) > 1 else ""
            sense = "better" if points > 0 else "worse"
            gains.append(f"{of_step}{formatting.points(abs(points))} points {sense}")
    return f"{text}, {formatting.listed(gains)}." if gains else f"{text}."


def _cheapest_that_fits(lift: limits.Lifted) -> str:
    """What would do without a budget where the pick is dearer; of one step only."""
    pick, steps = lift.other.pick, lift.other.steps
    if pick is None or len(steps) > 1 or "budget_usd_per_month" not in lift.fields:
        return ""
    least = cheapest(lift.other, steps[0].kind)[0]
    if pick.monthly - least.monthly < 0.005:
        return ""
    return f" The cheapest that fits is {least.named}, {for_month(least.cost)}."


def _ruled_by(
    recommendation: Recommendation, lift: limits.Lifted
) -> tuple[str, str, tuple[str, ...]]:
    """The rule that the limit works by, the sentence, and the rule's sources."""
    text = _lifted(recommendation, lift) + _cheapest_that_fits(lift)
    parts = lift.other.pick.parts if lift.other.pick else ()
    for part in parts:
        for result in recommendation.judged[part.row].excluded:
            return result.rule, text, result.sources
    cited = recommendation.catalog.cited("steps-within-budget")
    of_budget = recommendation.workload.latency_ms_p95 is None
    of_budget |= "budget_usd_per_month" in lift.fields
    rule = "within-budget" if of_budget else "fast-enough"
    return rule, text, cited


def _nothing_helps(recommendation: Recommendation) -> Reason:
    """That no limit stands in the way, nor any two of them, with what else rules plans out."""
    stated = limits.stated(recommendation.workload)
    unlimited = limits.without(recommendation, stated)
    if limits.shortfall(unlimited) < limits.shortfall(recommendation):
        lead, example = "Lifting one or two of your limits would not help.", recommendation
    else:
        better = "better options" if recommendation.pick else "options"
        lead = f"Your limits are not in the way: {better} are ruled out anyway."
        example = unlimited
    rule = _commonest_rule(example, recommendation)
    if rule is None:
        text = "Your limits are not in the way: no option with a known price does better."
        return Reason("evidence", text, ())
    return Reason(rule.rule, f"{lead} For example: {rule.text}", rule.sources)


def _commonest_rule(asked: Recommendation, now: Recommendation) -> RuleResult | None:
    """What rules out most of the plans that would fall less short than the pick; None for none."""
    findings: list[RuleResult] = []
    for step in asked.steps:
        picked = now.pick.part(step.kind) if now.pick else None
        if picked is None and len(step.fitting):
            continue
        short = step.shortfalls(asked.workload)
        better = asked.table.of_kind(step.kind) & ~asked.rules.not_for_the_job
        if picked is not None:
            better &= short < short[picked.row]
        for row in np.flatnonzero(better):
            findings += asked.judged[row].excluded
    count = Counter(result.rule for result in findings)
    return max(findings, key=lambda result: count[result.rule], default=None)


def _candidates(step: Step) -> int:
    return len(step.evidence.scores) + len(step.evidence.unranked)


def _no_model(recommendation: Recommendation, kind: str) -> Reason:
    """Which rule of the job keeps most models of a kind out."""
    rules = recommendation.catalog.rules
    findings = [
        result
        for judged in recommendation.judged
        if judged.kind == kind
        for result in judged.excluded
        if rules[result.rule].entry.job
    ]
    if not findings:
        return Reason("evidence", f"The catalog has no {kind}.", ())
    count = Counter(result.rule for result in findings)
    first = max(findings, key=lambda result: count[result.rule])
    text = f"No {kind} in the catalog does this job. For example: {first.text}"
    return Reason(first.rule, text, first.sources)
