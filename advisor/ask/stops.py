"""Round volumes at which a slider over seven decades stops."""

from __future__ import annotations

import math
from collections.abc import Sequence

ROUND = (10, 15, 20, 30, 40, 50, 70)
STOPS: dict[str, list[int]] = {
    "queries_per_month": [0, *(n * 10**power for power in range(1, 8) for n in ROUND), 10**9],
    "passages": [*(n * 10**power for power in range(2, 9) for n in ROUND), 10**10],
}
"""By field of a workload: 100 to 1 billion queries, and none; 1,000 to 10 billion passages."""


def nearest(stops: Sequence[int], value: int) -> int:
    """The stop that is the fewest times smaller or larger; none counts as half of one.

    >>> nearest(STOPS["passages"], 1_234_567), nearest(STOPS["queries_per_month"], 0)
    (1500000, 0)
    """
    return min(stops, key=lambda stop: abs(math.log((stop or 0.5) / (value or 0.5))))
