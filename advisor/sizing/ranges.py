"""An amount with its low and its high end."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Range(NamedTuple):
    """Low, base and high of an amount in US dollars, unrounded."""

    low: Decimal
    base: Decimal
    high: Decimal

    def plus(self, other: Range) -> Range:
        """The sum, end by end."""
        return Range(self.low + other.low, self.base + other.base, self.high + other.high)

    def times(self, factor: Decimal) -> Range:
        """The product with a factor, end by end."""
        return Range(self.low * factor, self.base * factor, self.high * factor)


ZERO = Range(Decimal(0), Decimal(0), Decimal(0))

ENDS = ("low", "base", "high")
"""The ends of an estimate, as `Range` names them."""
Float64s = npt.NDArray[np.float64]
