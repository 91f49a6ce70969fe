"""Alternatives: the cheapest plan of each variant that fits, compared with the recommendation."""

from __future__ import annotations

from typing import NamedTuple

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain.sentences import usd_of


class Alternative(NamedTuple):
    """The cheapest plan of a variant, hosted or own, compared with the pick of its step."""

    judged: JudgedPlan
    text: str


def alternatives(recommendation: Recommendation, kind: str) -> list[Alternative]:
    """The cheapest hosted and the cheapest own plan of each variant that fits a step, the pick's
    aside; best score first, then cheapest.
    """
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return []
    cheapest: dict[tuple[str, bool], JudgedPlan] = {}
    for j in sorted(
        recommendation.fitting(kind), key=lambda j: (j.monthly, preference(recommendation, j))
    ):
        cheapest.setdefault((j.variant_id, j.hosted), j)
    shared = recommendation.pick is not None and recommendation.pick.shared is not None
    own = (pick.variant_id, pick.hosted)
    rows = [j for key, j in cheapest.items() if key != own or (shared and j.row != pick.row)]
    rows.sort(key=lambda j: (-(j.quality if j.quality is not None else -1.0), j.monthly, j.id))
    return [Alternative(j, versus(recommendation, j, pick)) for j in rows]


def versus(recommendation: Recommendation, other: JudgedPlan, pick: JudgedPlan) -> str:
    """How a plan that fits differs from the pick of its step, in points and dollars."""
    if recommendation.pick is not None and recommendation.pick.shared:
        return _versus_shared(recommendation, other, pick)
    gap = other.monthly - pick.monthly
    money = f"{formatting.usd(abs(gap))} {'more' if gap > 0 else 'less'} per month"
    if abs(gap) < 0.005:  # reads as $0.00
        money = "the same cost"
    if other.variant_id == pick.variant_id:
        return f"The same model for {money}."
    money += _only_an_aggregator(other, pick) + _index_difference(other, pick)
    money += _estimated(other, pick)
    if other.quality is None or pick.quality is None:
        step = recommendation.step(other.kind)
        unranked = step.evidence.unranked if step else {}
        reason = unranked.get(other.variant_id, "no published comparison with the recommendation")
        return f"{money[0].upper()}{money[1:]}; {reason}."
    return f"{_score_difference(other.quality - pick.quality)} for {money}."


def _index_difference(other: JudgedPlan, pick: JudgedPlan) -> str:
    """`, but its vectors take 3.5 times the space, at an unknown price`, where it is not known."""
    bytes_of = other.plan.table.unpriced_bytes
    ours, theirs = bytes_of[pick.row], bytes_of[other.row]
    if ours == theirs:
        return ""
    share = theirs / ours
    size = f"but its vectors take {share:.1f} times the space"
    if share < 1:
        size = f"and its vectors take {100 * share:.0f}% of the space"
    return f", {size}, at an unknown price"


def _estimated(other: JudgedPlan, pick: JudgedPlan) -> str:
    """`, some token counts estimated`, where the pick's are published."""
    if not other.plan.tokens.estimated or pick.plan.tokens.estimated:
        return ""
    return ", some token counts estimated"


def _only_an_aggregator(other: JudgedPlan, pick: JudgedPlan) -> str:
    """`, at a third-party price`, where the price of the pick is known better."""
    if not other.plan.place.is_from_aggregator or pick.plan.place.is_from_aggregator:
        return ""
    return ", at a third-party price"


def _score_difference(points: float) -> str:
    if abs(points) < 0.05:  # reads as 0.0
        return "The same score"
    return f"{formatting.points(abs(points))} points {'better' if points > 0 else 'worse'}"


def _versus_shared(recommendation: Recommendation, other: JudgedPlan, pick: JudgedPlan) -> str:
    """How a plan differs from the pick where both steps share machines.

    The cheapest plan of the other step stands beside it.
    """
    assert recommendation.pick is not None
    fitting = (recommendation.fitting(s.kind) for s in recommendation.steps if s.kind != other.kind)
    rest = min((judged.cost for plans in fitting for judged in plans), key=lambda cost: cost.base)
    apart = usd_of(other.cost.plus(rest))
    together = usd_of(recommendation.pick.monthly_usd)
    other_step = "the cheapest option for the other step"
    money = f"{apart} per month with {other_step}, against {together} together"
    if other.variant_id == pick.variant_id:
        return f"The same model: {money}."
    if other.quality is None or pick.quality is None:
        return f"No published comparison with the recommendation: {money}."
    return f"{_score_difference(other.quality - pick.quality)}: {money}."
