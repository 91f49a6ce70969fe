"""Why a plan is not the pick of its step, in sentences."""

from __future__ import annotations

import numpy as np

from advisor.base import formatting
from advisor.decide.choosing import eligible, immaterial, unbeaten
from advisor.decide.evidence import EQUAL_POINTS
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain.other_plans import versus
from advisor.sizing.ranges import rounded

ORDER = (
    "who states the price (the provider before an aggregator or a marketplace)",
    "the size of the model (the smaller first)",
    "the lower cost a month",
    "the lower cost of the first encoding",
    "that a provider comes before a router",
    "that a price of the listing comes first",
    "the order of the names",
)
"""What decides among plans of equal cost, in the order of `recommend.preference_keys`."""


def reasons_against(recommendation: Recommendation, plan_id: str) -> list[str]:
    """Why a plan is not the pick of its step, in sentences; KeyError where there is no such id."""
    judged = {j.id: j for j in recommendation.judged}[plan_id]
    if judged.excluded:
        return [finding.text for finding in judged.excluded]
    pick = recommendation.pick.part(judged.kind) if recommendation.pick else None
    if pick is None:
        lead = "It fits alone, but no whole pipeline does"
        return [f"{lead}: the other step, or the budget for both, stands in the way."]
    if judged.row == pick.row:
        return ["It is the pick."]
    bar = _quality_bars(judged, recommendation) or _cost_bars(judged, pick, recommendation)
    remarks = [finding.text for finding in judged.remarks]
    return [versus(recommendation, judged, pick), bar, *remarks]


def _quality_bars(judged: JudgedPlan, recommendation: Recommendation) -> str:
    """Why its score keeps a plan from being picked; empty where it does not."""
    workload, step = recommendation.workload, recommendation.step(judged.kind)
    assert step is not None
    if workload.priority == "cost" or not step.evidence.ranks:
        return ""
    if judged.quality is None:
        return "Without a score on this set it is picked only where cost is the priority."
    gap = float(np.nanmax(step.quality[step.fitting])) - judged.quality
    if workload.priority == "quality" and gap >= EQUAL_POINTS:
        return f"Quality is the priority, and it is {formatting.points(gap)} points below the best."
    if workload.priority == "balanced" and gap > workload.quality_tolerance:
        return (
            f"It is {formatting.points(gap)} points below the best, more than the "
            f"{workload.quality_tolerance:g} that may be given up."
        )
    return ""


def _cost_bars(judged: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    """Why cost, or the order among equals, keeps a plan whose score would do from being picked."""
    workload, step = recommendation.workload, recommendation.step(judged.kind)
    assert step is not None
    if recommendation.pick is not None and recommendation.pick.shared:
        return (
            f"Both steps on the same machines cost {formatting.usd(recommendation.monthly)} a "
            "month together, less than with it and a machine for the other step."
        )
    within = [recommendation.judged[row] for row in eligible(step, step.fitting, workload)]
    cheapest = min(within, key=lambda j: (j.monthly, preference(recommendation, j)))
    if not immaterial(workload, rounded(judged.monthly - cheapest.monthly)):
        return (
            f"It costs {formatting.usd(judged.monthly - cheapest.monthly)} a month more than "
            f"{cheapest.named}, the cheapest of the plans considered; that counts."
        )
    near = [j for j in within if immaterial(workload, rounded(j.monthly - cheapest.monthly))]
    better = _beaten_by(judged, near, recommendation)
    if better is not None:
        return f"{better.named} scores better and costs no more."
    return _order_bars(judged, pick, recommendation)


def _beaten_by(
    judged: JudgedPlan, near: list[JudgedPlan], recommendation: Recommendation
) -> JudgedPlan | None:
    """Of the plans `near` in cost, the one that scores better and costs no more than this."""
    rows, table = np.array([j.row for j in near]), recommendation.table
    step = recommendation.step(judged.kind)
    assert step is not None
    best = unbeaten(table, rows, step.quality, table.base_usd)
    first_hand = min((preference(recommendation, j)[0] for j in near), default=0.0)
    if judged.row not in rows or judged.row in best:
        return None
    if preference(recommendation, judged)[0] != first_hand:
        return None
    rivals: list[JudgedPlan] = [recommendation.judged[row] for row in best]
    cheaper = (j for j in rivals if j.monthly <= judged.monthly)
    return next(j for j in cheaper if (j.quality or 0) > (judged.quality or 0))


def _order_bars(judged: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    """Which key of the order among equals, or the budget for both steps, decides for the pick."""
    workload = recommendation.workload
    lead = f"Differences below {formatting.usd(workload.material_usd)} a month do not decide"
    if abs(judged.monthly - pick.monthly) < 0.005:
        lead = "The costs are the same"
    ours, theirs = preference(recommendation, pick), preference(recommendation, judged)
    over = "with the other step it would exceed the budget"
    if theirs < ours:
        return f"{lead}, and alone it would come first; {over}."
    parts = recommendation.pick.parts if recommendation.pick else ()
    others = [part.monthly for part in parts if part.row != pick.row]
    budget = workload.budget_usd_per_month
    if budget is not None and others and judged.monthly + sum(others) > budget:
        return f"{over.capitalize()} of {formatting.usd(budget)} for both."
    which = next(name for name, a, b in zip(ORDER, ours, theirs, strict=True) if a != b)
    return f"{lead}; then {which} decides, in favour of the pick."
