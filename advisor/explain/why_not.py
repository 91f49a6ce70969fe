"""Why a plan is not the recommendation, in sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from advisor.base import formatting
from advisor.decide import choosing
from advisor.decide.choosing import BASE, ORDER, PRESUMED, SECOND_HAND_POINTS, Keys
from advisor.decide.evidence import EQUAL_POINTS
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.other_plans import versus
from advisor.explain.sentences import points_over

DECIDES = {
    "monthly": "the lower cost decides",
    "unpriced": "the smaller vector storage decides, since its price is not known",
    "worse": "the better score decides",
    "second_hand": "a provider's own price comes before a third party's or a marketplace's",
    "estimated": "published token counts come before estimated ones",
    "parameters": "the smaller model comes first",
    "once": "the lower cost of the first encoding decides",
    "router": "a provider comes before a router",
    "unlisted": "a price on the family's listing page comes first",
    "name": "alphabetical order decides",
}
"""What decides between two plans that are equal in all keys before it."""


def reasons_against(recommendation: Recommendation, plan_id: str) -> list[str]:
    """Why a plan is not the pick of its step, in sentences; KeyError where there is no such id."""
    judged = {j.id: j for j in recommendation.judged}[plan_id]
    if judged.excluded:
        return [finding.text for finding in judged.excluded]
    pick = recommendation.pick.part(judged.kind) if recommendation.pick else None
    if pick is None:
        lead = "It fits on its own, but no embedder-plus-reranker pair does"
        return [f"{lead}. Check the other step, and the limits for both."]
    if judged.row == pick.row:
        return ["This is the recommendation."]
    bar = _first_difference(judged, pick, recommendation)
    remarks = [finding.text for finding in judged.remarks]
    return [versus(recommendation, judged, pick), bar, *remarks]


def _keys(recommendation: Recommendation, judged: JudgedPlan) -> Keys | None:
    """What the plan, with the pick's other step, is compared by; None where a limit rules it out.

    Apart or on the same machines, whichever comes first.
    """
    table, workload, pick = recommendation.table, recommendation.workload, recommendation.pick
    assert pick is not None
    rows = {part.kind: part.row for part in pick.parts} | {judged.kind: judged.row}
    steps = tuple(
        replace(step, fitting=np.array([rows[step.kind]])) for step in recommendation.steps
    )
    if len(steps) == 1:
        return choosing.keys(table, steps[0], workload, BASE).only(steps[0].fitting)
    choice = choosing.choose(table, steps, workload, BASE)
    if choice is None:
        return None
    pairs = choosing.fitting_pairs(table, steps, workload)
    return pairs.only(pairs.shared == choice.shared).keys


def _beyond_a_limit(judged: JudgedPlan, recommendation: Recommendation) -> str:
    """Which limit the plan would break together with the pick's other step."""
    workload = recommendation.workload
    budget, limit = workload.budget_usd_per_month, workload.latency_ms_p95
    without = workload.model_copy(update={"budget_usd_per_month": None})
    words = f"budget of {formatting.usd(budget)} per month"
    if budget is None or _keys(replace(recommendation, workload=without), judged) is None:
        words = f"latency limit of {formatting.count(limit)} ms"
    return f"Together with the other step it would exceed your {words}."


def _first_difference(judged: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    """The first key of the order in which the plan and the pick differ, in words."""
    workload = recommendation.workload
    ours, theirs = _keys(recommendation, pick), _keys(recommendation, judged)
    if ours is None or theirs is None:
        return _beyond_a_limit(judged, recommendation)
    names = ORDER[workload.priority == "cost"]
    differing = [name for name in names if getattr(ours, name)[0] != getattr(theirs, name)[0]]
    if differing[0] == "shortfall":
        return _falls_short(judged, pick, recommendation)
    if differing[0] == "counted":
        return _counts_dearer(judged, pick, recommendation, ours, theirs)
    if differing[0] == "monthly":
        gap = formatting.usd(float(theirs.monthly[0] - ours.monthly[0]))
        return f"Cost matters most to you, and it costs {gap} more per month."
    lead = "The cost is the same"
    if ours.monthly[0] != theirs.monthly[0]:
        lead = "Cost and score together count the same"
    if differing[0] == "unpriced" and "counted" not in names:
        lead = "Cost matters most to you, and what is known of it is the same"
    return f"{lead}; {DECIDES[differing[0]]}."


def _falls_short(judged: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    """That its score, or the lack of one, keeps it back."""
    workload, step = recommendation.workload, recommendation.step(judged.kind)
    assert step is not None
    if judged.quality is None:
        if pick.quality is not None:
            return "It has no score here; models with a score come first."
        if step.unscored[judged.row] == PRESUMED:
            return "It is not known to support your languages; models that are come first."
        return "It was not tested at all in your languages; models that were come first."
    assert step.yardstick is not None
    gap = step.yardstick - judged.quality
    balanced = workload.priority == "balanced"
    most = workload.quality_tolerance if balanced else EQUAL_POINTS
    below = f"{points_over(gap, most)} points below the best model for this job"
    if step.shortfalls(workload)[pick.row]:
        return f"It is {below}, further than the recommendation."
    if balanced:
        return f"It is {below}, and you accept {most:g}."
    return f"Quality matters most to you, and it is {below}. Only {most:g} would count as equal."


def _counts_dearer(
    judged: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation, ours: Keys, theirs: Keys
) -> str:
    """What its cost, its score and who states its price come to, against the pick."""
    worth = recommendation.workload.material_usd
    parts = []
    gap = float(theirs.monthly[0] - ours.monthly[0])
    if abs(gap) >= 0.005:
        parts.append(f"costs {formatting.usd(abs(gap))} {'more' if gap > 0 else 'less'} per month")
    points = float(ours.worse[0] - theirs.worse[0])
    if worth and abs(points) >= 0.05:
        much = f"{formatting.points(abs(points))} points {'more' if points > 0 else 'less'}"
        parts.append(f"scores {much} (worth {formatting.usd(worth * abs(points))})")
    order = recommendation.table.static.order
    rest = float(theirs.counted[0] - ours.counted[0]) - gap + worth * points
    if worth and order.aggregator[judged.row] > order.aggregator[pick.row] and rest > 0:
        dearer = formatting.usd(SECOND_HAND_POINTS * worth)
        parts.append(f"counts as {dearer} dearer because only a third party states its price")
    if theirs.unpriced[0] > ours.unpriced[0]:
        parts.append("needs more vector storage, whose price is not known")
    text = f"It {formatting.listed(parts) or 'costs a little more'}"
    if len(parts) < 2 or theirs.unpriced[0] != ours.unpriced[0]:
        return f"{text}, which decides."
    total = formatting.usd(float(theirs.counted[0] - ours.counted[0]))
    return f"{text}. In all it counts as {total} per month dearer."
