"""Why a plan is not the pick of its step, in sentences."""

from __future__ import annotations

import numpy as np

from advisor.base import formatting
from advisor.decide import choosing
from advisor.decide.choosing import BASE, ORDER, SECOND_HAND_POINTS, Keys
from advisor.decide.evidence import EQUAL_POINTS
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.other_plans import versus
from advisor.explain.sentences import usd_of

DECIDES = {
    "monthly": "the lower cost a month decides",
    "unpriced": "the smaller index decides, since what it costs is not known",
    "worse": "the better score decides",
    "second_hand": "who states the price decides, the provider before an aggregator or marketplace",
    "parameters": "the smaller model comes first",
    "once": "the lower cost of the first encoding decides",
    "router": "a provider comes before a router",
    "unlisted": "a price of the listing comes first",
    "name": "the order of the names decides",
}
"""What decides between two plans that are equal in all keys before it."""


def reasons_against(recommendation: Recommendation, plan_id: str) -> list[str]:
    """Why a plan is not the pick of its step, in sentences; KeyError where there is no such id."""
    judged = {j.id: j for j in recommendation.judged}[plan_id]
    if judged.excluded:
        return [finding.text for finding in judged.excluded]
    pick = recommendation.pick.part(judged.kind) if recommendation.pick else None
    if pick is None:
        lead = "It fits alone, but no whole pipeline does"
        return [f"{lead}: the other step, or a limit for both, stands in the way."]
    if judged.row == pick.row:
        return ["It is the pick."]
    bar = _beyond_a_limit(judged, recommendation) or _first_difference(judged, pick, recommendation)
    remarks = [finding.text for finding in judged.remarks]
    return [versus(recommendation, judged, pick), bar, *remarks]


def _beyond_a_limit(judged: JudgedPlan, recommendation: Recommendation) -> str:
    """Which limit the plan would break with the pick's other step; empty where it breaks none."""
    pick, workload, table = recommendation.pick, recommendation.workload, recommendation.table
    assert pick is not None
    rows = [judged.row, *(part.row for part in pick.parts if part.kind != judged.kind)]
    if len(rows) == 1 or pick.shared is not None:
        return ""
    budget, limit = workload.budget_usd_per_month, workload.latency_ms_p95
    if budget is not None and table.figures.sure[rows].sum() > budget:
        lead = "With the other step it would exceed the budget"
        return f"{lead} of {formatting.usd(budget)} for both."
    if limit is not None and table.known_latency_ms[rows].sum() > limit:
        lead = "With the other step it would exceed the latency limit"
        return f"{lead} of {formatting.count(limit)} ms for both."
    return ""


def _first_difference(judged: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    """The first key of the order in which the plan and the pick differ, in words."""
    workload, step = recommendation.workload, recommendation.step(judged.kind)
    assert step is not None
    if recommendation.pick is not None and recommendation.pick.shared:
        return (
            f"Both steps on the same machines cost {usd_of(recommendation.pick.monthly_usd)} a "
            "month together, less than with it and a machine for the other step."
        )
    keys = choosing.keys(recommendation.table, step, workload, BASE)
    ours, theirs = (keys.only(np.array([j.row])) for j in (pick, judged))
    names = ORDER[workload.priority == "cost"]
    differing = [name for name in names if getattr(ours, name)[0] != getattr(theirs, name)[0]]
    if not differing:
        return "Nothing tells it from the pick."
    if differing[0] == "shortfall":
        return _falls_short(judged, recommendation)
    if differing[0] == "counted":
        return _counts_dearer(judged, pick, recommendation, theirs)
    lead = "Cost, counted with the score, is the same" if "counted" in names else "Cost is the same"
    if differing[0] in ("monthly", "unpriced") and "counted" not in names:
        lead = "Cost is the priority"
    return f"{lead}; {DECIDES[differing[0]]}, in favour of the pick."


def _falls_short(judged: JudgedPlan, recommendation: Recommendation) -> str:
    """That its score, or the lack of one, keeps it back."""
    workload, step = recommendation.workload, recommendation.step(judged.kind)
    assert step is not None
    if judged.quality is None:
        return "It has no score on this set, and plans of models that have one come first."
    assert step.yardstick is not None
    gap = step.yardstick - judged.quality
    below = f"{formatting.points(gap)} points below the best model that does this job"
    if workload.priority == "quality":
        equal = f"more than the {EQUAL_POINTS:g} that count as equal"
        return f"Quality is the priority, and it is {below}, {equal}."
    return f"It is {below}, more than the {workload.quality_tolerance:g} that may be given up."


def _counts_dearer(
    judged: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation, theirs: Keys
) -> str:
    """What its cost, its score and who states its price come to, against the pick."""
    worth = recommendation.workload.material_usd
    parts = []
    gap = judged.monthly - pick.monthly
    if abs(gap) >= 0.005:
        same = judged.variant_id == pick.variant_id
        known = " as far as is known" if judged.cost.at_least and not same else ""
        change = f"{formatting.usd(abs(gap))} a month {'more' if gap > 0 else 'less'}"
        parts.append(f"costs {change}{known}")
    points = (judged.quality or 0.0) - (pick.quality or 0.0)
    if worth and abs(points) >= 0.05:
        much = f"{formatting.points(abs(points))} points {'more' if points > 0 else 'less'}"
        parts.append(f"scores {much}, at {formatting.usd(worth)} a month for a point")
    order = recommendation.table.static.order
    if worth and order.aggregator[judged.row] > order.aggregator[pick.row]:
        dearer = formatting.usd(SECOND_HAND_POINTS * worth)
        parts.append(f"counts as {dearer} dearer, its price being known from an aggregator only")
    if theirs.unpriced[0] > recommendation.table.unpriced_bytes[pick.row]:
        parts.append("has the larger index, whose price is not known")
    return f"It {formatting.listed(parts) or 'costs a little more'}: that decides for the pick."
