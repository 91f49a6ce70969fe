"""Whether a recommendation is firm, in a sentence or two for beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from advisor.decide.choosing import BASE, choose
from advisor.decide.recommend import Recommendation
from advisor.explain.sentences import capital
from advisor.explain.what_would_change import (
    ESTIMATES,
    counts_as_equal,
    not_proven,
    over_at_an_end,
)

TENTHS = 4
"""How many tenths of a point the tolerance is moved either way: by less than half a point."""


class Firmness(NamedTuple):
    """Whether the model and the limits hold at both ends of every estimate, and the sentences."""

    firm: bool
    text: str


def firm(recommendation: Recommendation) -> Firmness:
    """Whether the recommendation is firm; (False, "") where nothing fits.

    What another tolerance so near would change is said too, and leaves it firm: the tolerance is
    the visitor's own, the estimates are not.
    """
    if recommendation.pick is None:
        return Firmness(False, "")
    holds, text = _at_the_ends(recommendation)
    doubts = list(not_proven(recommendation, recommendation.pick))
    return Firmness(
        holds and not doubts, " ".join([text, *doubts, *near_tolerance(recommendation)])
    )


def _at_the_ends(recommendation: Recommendation) -> tuple[bool, str]:
    """Whether the model holds at both ends of the estimates within its limits, in a sentence."""
    table, steps, workload = recommendation.table, recommendation.steps, recommendation.workload
    assert recommendation.pick is not None
    elsewhere = False
    for words, ends in ESTIMATES.items():
        other = choose(table, steps, workload, ends)
        if other is None or other == recommendation.choice:
            continue
        if not counts_as_equal(recommendation, other, ends):
            named = recommendation.pipeline(other).named
            return False, f"{capital(words)}, {named} would be recommended instead."
        elsewhere = True
    ends_of = "the same at the low and the high end of every estimate"
    if recommendation.pick.monthly_usd.at_least:
        ends_of += ", as far as costs are known"
    over = over_at_an_end(recommendation, "it")
    model = "models are" if len(steps) > 1 else "model is"
    text = f"The {model} {ends_of}" if elsewhere else f"The answer is {ends_of}"
    if over:
        return False, f"{text}, but {over}."
    return True, f"{text}; only where to run would change." if elsewhere else f"{text}."


def near_tolerance(recommendation: Recommendation) -> Iterator[str]:
    """`The answer would change if you accepted only 4.8 points less quality than the best, not 5.`

    For each way, the nearest tenth of a point, by less than half a point, at which it does.
    """
    workload, now = recommendation.workload, recommendation.workload.quality_tolerance
    if workload.priority != "balanced":
        return
    for sign, only in ((-1, "only "), (1, "")):
        for tenths in range(1, TENTHS + 1):
            points = round(now + sign * tenths / 10, 6)
            if not 0 <= points <= 100:
                break
            other = workload.model_copy(update={"quality_tolerance": points})
            choice = choose(recommendation.table, recommendation.steps, other, BASE)
            if choice != recommendation.choice:
                yield (
                    f"The answer would change if you accepted {only}{points:g} points less "
                    f"quality than the best, not {now:g}."
                )
                break
