"""Figures of a table as numbers: rounded as people read them, None where not known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from advisor.base import formatting
from advisor.sizing.ranges import Cost

MOST_TIMES = 100
"""Times the shortest bar of a table that the longest may be."""


def money(amount: float | Decimal | None) -> float | None:
    """US dollars in whole cents, below ten cents with three significant digits.

    >>> money(36.62630902290344), money(Decimal("0.0031417")), money(0), money(None)
    (36.63, 0.00314, 0.0, None)
    """
    if amount is None or math.isnan(amount):
        return None
    number = float(amount)
    return round(number, 2) if abs(number) >= 0.1 else digits(number)


def dollars(cost: Cost | None, end: str = "base") -> float | None:
    """An end of a cost as `money` gives it; None where nothing of it is known."""
    if cost is None or (cost.at_least and not cost.base):
        return None
    return money(getattr(cost, end))


def points(score: float | None) -> float | None:
    """A score in points of 100 with one digit, rounded as the screen has it."""
    return None if score is None else float(formatting.points(score))


def digits(number: float) -> float:
    """Three significant digits, whole from a hundred on.

    >>> digits(5.7220), digits(3848.4), digits(0.01234)
    (5.72, 3848, 0.0123)
    """
    return round(number) if abs(number) >= 100 else float(f"{number:.3g}")


def bars_compare(amounts: Sequence[float | None]) -> bool:
    """Whether bars show amounts well: all are known, and none is lost beside the largest.

    >>> bars_compare([14.3, 36.6]), bars_compare([14.3, None]), bars_compare([14.3, 9000])
    (True, False, False)
    """
    known = [amount for amount in amounts if amount is not None]
    return len(known) == len(amounts) > 0 and max(known) <= MOST_TIMES * min(known)
