"""Whether a recommendation is firm: whether it holds at the ends of every estimate, and how near
its limits and the tolerance are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from advisor.base import formatting
from advisor.decide.choosing import (
    BASE,
    Ends,
    PickedRows,
    Step,
    choose,
    shared_latency_ms,
    total_usd,
)
from advisor.decide.recommend import Pipeline, Recommendation
from advisor.explain import sentences
from advisor.sizing.ranges import rounded, surely

ESTIMATES: dict[str, Ends] = {
    "at the low end of vector storage prices": Ends(keeping="low"),
    "at the high end of vector storage prices": Ends(keeping="high"),
    "at the fast end of your own machines' speed": Ends(own="low"),
    "at the slow end of your own machines' speed": Ends(own="high"),
    "if providers bill the least they may": Ends(hosted="low"),
    "at the low end of every estimate": Ends("low", "low", "low"),
    "at the high end of every estimate": Ends("high", "high", "high"),
}
"""The estimates, each at its ends, alone and together."""
CLOSE_POINTS = 0.5
"""A score so near to the edge of the tolerance is told; source sets differ by as much (0013)."""


class Firmness(NamedTuple):
    """Whether the models and the limits hold at both ends of every estimate, and the sentences."""

    firm: bool
    text: str

    @property
    def sentence(self) -> str:
        """The sentences after `Firm` or `Not firm`; empty where nothing fits."""
        return f"{'Firm' if self.firm else 'Not firm'}. {self.text}" if self.text else ""


def firm(recommendation: Recommendation) -> Firmness:
    """Whether the recommendation is firm; (False, "") where nothing fits.

    Which estimate decides if it is not, limits that are not proven to be kept, and the tolerance
    where less than half a point decides. That leaves it firm: the tolerance is the visitor's own,
    the estimates are not.
    """
    if recommendation.pick is None:
        return Firmness(False, "")
    holds, text = _at_the_ends(recommendation)
    doubts = list(_not_proven(recommendation, recommendation.pick))
    return Firmness(holds and not doubts, " ".join([text, *doubts, *_close_scores(recommendation)]))


def _at_the_ends(recommendation: Recommendation) -> tuple[bool, str]:
    """Whether the models hold at both ends of the estimates within the limits, in a sentence."""
    table, steps, workload = recommendation.table, recommendation.steps, recommendation.workload
    elsewhere = ""
    for words, ends in ESTIMATES.items():
        other = choose(table, steps, workload, ends)
        if other is None or other == recommendation.choice:
            continue
        instead = f"{words}, {recommendation.pipeline(other).named} is recommended instead"
        if not _counts_as_equal(recommendation, other, ends):
            return False, f"{sentences.capital(instead)}."
        elsewhere = elsewhere or instead
    ends_of = "the same at the low and the high end of every estimate"
    if recommendation.pick is not None and recommendation.pick.monthly_usd.at_least:
        ends_of += ", as far as costs are known"
    models = "models are" if len(steps) > 1 else "model is"
    text = f"The {models} {ends_of}" if elsewhere else f"The answer is {ends_of}"
    if over := _over_at_an_end(recommendation):
        return False, f"{text}, but {over}."
    return True, f"{text}. Only where to run may change: {elsewhere}." if elsewhere else f"{text}."


def _over_at_an_end(recommendation: Recommendation) -> str:
    """The limit that the pick would exceed at the high or slow end; empty where it keeps both."""
    table, workload = recommendation.table, recommendation.workload
    assert recommendation.pick is not None and recommendation.choice is not None
    budget = workload.budget_usd_per_month
    high = total_usd(table, recommendation.choice, Ends("high", "high", "high"))
    if budget is not None and surely(recommendation.pick.monthly) <= budget < surely(high):
        amount = sentences.usd(high, recommendation.pick.monthly_usd.not_known)
        return f"at the high end it costs {amount}, over your budget of {formatting.usd(budget)}"
    limit, slow = workload.latency_ms_p95, rounded(_slow_ms(recommendation))
    if limit is not None and slow > limit:
        return (
            "at the slow end of the machine's speed a request takes "
            f"{formatting.significant(slow)} ms, over your limit of {formatting.count(limit)} ms"
        )
    return ""


def _slow_ms(recommendation: Recommendation) -> float:
    """Milliseconds of a query on own machines at the slow end; 0 where all steps are hosted."""
    assert recommendation.pick is not None and recommendation.choice is not None
    if recommendation.choice.shared:
        first, second = recommendation.choice.rows
        return float(shared_latency_ms(recommendation.table, first, second, "high"))
    times = (part.plan.latency_ms for part in recommendation.pick.parts)
    return sum(time.high for time in times if time)


def _not_proven(recommendation: Recommendation, pick: Pipeline) -> Iterator[str]:
    """A budget that is kept only as far as costs are known, or while a free allocation covers."""
    budget = recommendation.workload.budget_usd_per_month
    if budget is None:
        return
    if surely(pick.monthly) > budget:
        free = [part for part in pick.parts if part.plan.figure("free_covers")]
        where = formatting.listed(list(dict.fromkeys(part.plan.where for part in free)))
        yield (
            f"It stays within your budget of {formatting.usd(budget)} only while the free "
            f"allocation of {where} covers the load."
        )
    if pick.monthly_usd.at_least:
        yield (
            f"It may exceed your budget of {formatting.usd(budget)}. Not known: "
            f"{sentences.parts_in_words(pick.monthly_usd.not_known)}."
        )


def _close_scores(recommendation: Recommendation) -> Iterator[str]:
    """`BGE M3 is only 0.1 points inside the 5 that you accept: at 4.8 ...`, and what is outside."""
    workload, choice = recommendation.workload, recommendation.choice
    if workload.priority != "balanced" or choice is None:
        return
    now = workload.quality_tolerance
    for step, row in zip(recommendation.steps, choice.rows, strict=True):
        gap = _gap(step, step.quality[row])
        if 0 < gap <= now < gap + CLOSE_POINTS:
            less = math.ceil(rounded(10 * gap)) / 10 - 0.1
            name = recommendation.judged[row].plan.variant.name
            spare = now - gap
            by = f"{formatting.points(spare)} points" if spare >= 0.05 else "just"
            lead = f"{name} is only {by} inside the {now:g} that you accept"
            yield from _at_tolerance(recommendation, less, lead)
    outside = sorted(
        {
            math.ceil(rounded(10 * gap)) / 10
            for step in recommendation.steps
            for gap in (_gap(step, score) for score in step.quality[step.fitting])
            if now < gap <= now + CLOSE_POINTS
        }
    )
    for more in outside:
        sentences = list(
            _at_tolerance(recommendation, more, f"Just outside the {now:g} that you accept")
        )
        if sentences:
            yield sentences[0]
            return


def _gap(step: Step, score: float) -> float:
    """Points below the best model that does the job; not a number without a score."""
    return float(rounded((step.yardstick or 0.0) - score))


def _at_tolerance(recommendation: Recommendation, points: float, lead: str) -> Iterator[str]:
    """What would be picked at another tolerance, if it is not the pick."""
    if points < 0:
        return
    tolerance = round(points, 1)
    workload = recommendation.workload.model_copy(update={"quality_tolerance": tolerance})
    table, steps = recommendation.table, recommendation.steps
    other = choose(table, steps, workload, BASE)
    if other is not None and other != recommendation.choice:
        then = recommendation.pipeline(other)
        cost = sentences.for_month(then.monthly_usd)
        yield f"{lead}: at {tolerance:g} the recommendation is {then.named}, {cost}."


def _counts_as_equal(recommendation: Recommendation, other: PickedRows, ends: Ends) -> bool:
    """Whether a choice has the pick's models at a cost whose difference does not decide."""
    table, choice = recommendation.table, recommendation.choice
    assert choice is not None
    now, then = ([table.static.places[row].variant_id for row in c.rows] for c in (choice, other))
    gap = rounded(total_usd(table, choice, ends) - total_usd(table, other, ends))
    return now == then and bool(gap <= recommendation.workload.material_usd)
