"""The recommendation and its alternatives as figures to sort by."""

from __future__ import annotations

from typing import Any

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.other_plans import alternatives
from advisor.explain.sentences import short_name
from advisor.show.tables import (
    COMPARED,
    NOT_KNOWN,
    STANDING_WORDS,
    dollars,
    parts_not_known,
    points,
)


def alternatives_frame(recommendation: Recommendation, kind: str) -> list[dict[str, Any]]:
    """The recommended option of a step and its alternatives, cheapest first; empty without one.

    `$ per month` and `One-off` are US dollars, `Score` points of 100: numbers, None where they are
    not known or not comparable. Where `Not known` names parts, the dollars are a lower bound.
    """
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return []
    others = [
        (j, _compared(recommendation, j, pick) or text.removesuffix("."))
        for j, text in alternatives(recommendation, kind)
    ]
    rows = [(pick, f"★ {STANDING_WORDS['the pick']}"), *others]
    rows.sort(key=lambda row: (row[0].monthly, row[0] is not pick, row[0].id))
    return [_row(recommendation, j, text) for j, text in rows]


def _compared(recommendation: Recommendation, other: JudgedPlan, pick: JudgedPlan) -> str:
    """`2.7 points less, $22.31 cheaper`; empty where two steps share machines, which takes more
    words."""
    if recommendation.pick is not None and recommendation.pick.shared:
        return ""
    gap = other.monthly - pick.monthly
    money = f"{formatting.usd(abs(gap))} {'dearer' if gap > 0 else 'cheaper'}"
    if abs(gap) < 0.005:  # reads as $0.00
        money = "same cost"
    if other.plan.place.is_from_aggregator and not pick.plan.place.is_from_aggregator:
        money += ", third-party price"
    if other.variant_id == pick.variant_id:
        return f"Same model, {money}"
    if other.quality is None or pick.quality is None:
        return f"No comparable score, {money}"
    gain = other.quality - pick.quality
    if abs(gain) < 0.05:  # reads as 0.0
        return f"Same score, {money}"
    return f"{formatting.points(abs(gain))} points {'more' if gain > 0 else 'less'}, {money}"


def _row(recommendation: Recommendation, judged: JudgedPlan, text: str) -> dict[str, Any]:
    plan = judged.plan
    return {
        "id": judged.variant_id,
        "option": judged.id,
        "Model": short_name(recommendation, judged),
        "$ per month": dollars(judged.cost),
        "Score": points(judged.quality),
        "Where": plan.where,
        **({} if judged.kind == "reranker" else {"One-off": dollars(plan.one_off_usd)}),
        NOT_KNOWN: parts_not_known(judged, with_once=True),
        COMPARED: text,
    }
