"""Amounts of money: low, base and high ends, and the one rounding before amounts are compared."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Range(NamedTuple):
    """Low, base and high of an amount in US dollars, unrounded."""

    low: Decimal
    base: Decimal
    high: Decimal

    @classmethod
    def of(cls, low: float, base: float, high: float) -> Range | None:
        """The amounts with the 15 digits that a float is good for; None where one is no number."""
        ends = (low, base, high)
        return None if any(np.isnan(ends)) else cls(*(Decimal(f"{end:.15g}") for end in ends))

    def plus(self, other: Range) -> Range:
        """The sum, end by end."""
        return Range(self.low + other.low, self.base + other.base, self.high + other.high)

    def times(self, factor: Decimal) -> Range:
        """The product with a factor, end by end."""
        return Range(self.low * factor, self.base * factor, self.high * factor)


ZERO = Range(Decimal(0), Decimal(0), Decimal(0))


class Cost(NamedTuple):
    """What is known of an amount in US dollars, and the names of the parts that are not known."""

    low: Decimal
    base: Decimal
    high: Decimal
    not_known: tuple[str, ...] = ()

    @classmethod
    def of(cls, known: Range | None, *not_known: str) -> Cost:
        """A known amount, if there is one, beside parts that are not known."""
        return cls(*(known or ZERO), not_known)

    @property
    def at_least(self) -> bool:
        """Whether a part is missing, so that the whole is more."""
        return bool(self.not_known)

    def plus(self, other: Cost) -> Cost:
        """The sum, end by end; a part that is not known of either is named once."""
        names = dict.fromkeys((*self.not_known, *other.not_known))
        ends = (self.low + other.low, self.base + other.base, self.high + other.high)
        return Cost(*ends, tuple(names))


def total(amounts: Iterable[Cost]) -> Cost:
    """The sum of costs."""
    return reduce(Cost.plus, amounts, Cost.of(ZERO))


ENDS = ("low", "base", "high")
"""The ends of an estimate, as `Range` names them."""
Float64s = npt.NDArray[np.float64]


def rounded(usd: Any) -> Any:
    """US dollars as they are compared, so that equal costs are equal; a number, or an array.

    Every sum or difference is rounded once, here, before it is compared: to a billionth, since
    coarser the costs of a single passage would be equal at most offers.
    """
    return np.round(usd, 9)


def surely(usd: Any) -> Any:
    """US dollars as a budget is held against them; a number, or an array.

    Less than the last digits of a float may be off by, so that a stated cost is a budget that
    its plan keeps.
    """
    return np.maximum(0.0, usd - 6e-10 - 1e-12 * usd)


def floats(numbers: Iterable[float | Decimal | None]) -> Float64s:
    """An array of numbers; not a number for each None."""
    return np.array([np.nan if number is None else float(number) for number in numbers])
