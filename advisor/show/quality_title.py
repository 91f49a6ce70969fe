"""The sentence over the chart of quality and cost: what more quality costs, or less saves."""

from __future__ import annotations

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain.sentences import parts_in_words, usd_of


def title(recommendation: Recommendation, kind: str, front: set[str]) -> str:
    """What the chart shows: what a better score costs, else what a lower one saves."""
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    fitting = list(recommendation.fitting(kind))
    if pick is None:
        return f"What each {kind} scores and costs" if fitting else f"No scored {kind} fits"
    if pick.quality is None:
        return f"{pick.plan.variant.name} has no comparable score; the others trade it for cost"
    if recommendation.pick is not None and recommendation.pick.shared:
        alone = min(fitting, key=lambda j: (j.variant_id != pick.variant_id, j.monthly, j.id))
        return (
            f"Both steps share {pick.plan.where} for {usd_of(recommendation.pick.monthly_usd)} "
            f"per month; on its own, the cheapest is {alone.named} at {usd_of(alone.cost)}"
        )
    if pick.cost.at_least:  # of all: they share a store
        return f"Costs are lower bounds: no known price for {parts_in_words(pick.cost.not_known)}"
    ranked = sorted(
        (j for j in fitting if j.id in front),
        key=lambda j: (j.monthly, preference(recommendation, j)),
    )
    gains = [(j, j.quality - pick.quality) for j in ranked if j.quality is not None]
    for other, gain in gains:
        if gain > 0:
            return f"{formatting.points(gain)} points more quality would {_change(other, pick)}"
    worse = [(j, gain) for j, gain in gains if gain < 0]
    if not worse:
        cheaper = any(pick.monthly - j.monthly >= 0.005 for j in fitting)
        return f"No {kind} that fits scores better{'' if cheaper else ' or costs less'}"
    other, loss = min(worse, key=lambda row: (-row[0].monthly, preference(recommendation, row[0])))
    return (
        f"No {kind} that fits scores better; {formatting.points(-loss)} points less would "
        f"{_change(other, pick)}"
    )


def _change(other: JudgedPlan, pick: JudgedPlan) -> str:
    """`cost $86 more per month (BGE Multilingual Gemma2 at Nebius)`, `save $9.25 per month`."""
    gap = other.monthly - pick.monthly
    if abs(gap) < 0.005:  # reads as $0.00
        return f"cost the same ({other.named})"
    amount = f"${abs(gap):,.0f}" if abs(gap) >= 10 else formatting.usd(abs(gap))
    money = f"cost {amount} more per month" if gap > 0 else f"save {amount} per month"
    return f"{money} ({other.named})"
