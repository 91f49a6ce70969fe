"""The recommendation and its alternatives as figures to sort by."""

from __future__ import annotations

from typing import Any

from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.other_plans import alternatives
from advisor.show.quality_title import short_name
from advisor.show.tables import COMPARED, NOT_KNOWN, STANDING_WORDS, parts_not_known
from advisor.sizing.ranges import Cost


def alternatives_frame(recommendation: Recommendation, kind: str) -> list[dict[str, Any]]:
    """The recommended option of a step and its alternatives, cheapest first; empty without one.

    `$ per month` and `One-off` are US dollars, `Score` points of 100: numbers, None where they are
    not known or not comparable. Where `Not known` names parts, the dollars are a lower bound.
    """
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return []
    others = [(j, text.removesuffix(".")) for j, text in alternatives(recommendation, kind)]
    rows = [(pick, STANDING_WORDS["the pick"]), *others]
    rows.sort(key=lambda row: (row[0].monthly, row[0] is not pick, row[0].id))
    return [_row(recommendation, j, text) for j, text in rows]


def _row(recommendation: Recommendation, judged: JudgedPlan, text: str) -> dict[str, Any]:
    plan, score = judged.plan, judged.quality
    return {
        "id": judged.variant_id,
        "option": judged.id,
        "Model": short_name(recommendation, judged),
        "$ per month": _dollars(judged.cost),
        "Score": None if score is None else round(float(score), 2),
        "Where": plan.where,
        "One-off": _dollars(plan.one_off_usd),
        NOT_KNOWN: parts_not_known(judged, with_once=True),
        COMPARED: text,
    }


def _dollars(cost: Cost | None) -> float | None:
    """The base of a cost; None where nothing of it is known."""
    if cost is None or (cost.at_least and not cost.base):
        return None
    return float(cost.base)
