"""Machines for a load, and the time of a request on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor.sizing.ranges import rounded

LONGEST = 100
"""Times that a request takes at most, for machines without any rest."""


def whole(machines: Any) -> Any:
    """As many whole machines; a billionth of one is an error of counting (7 / 0.7 is 10)."""
    return np.ceil(np.round(machines, 9))


def filled(needed: Any, utilisation: float, redundancy: bool) -> Any:
    """Machines, one at least, that carry `needed` full machines when filled to `utilisation`."""
    return np.maximum(1.0, whole(needed / utilisation)) + (1.0 if redundancy else 0.0)


def machines(
    needed: Any, utilisation: float, redundancy: bool, service_ms: Any, limit_ms: float | None
) -> Any:
    """The fewest machines that carry the load and answer a request within `limit_ms`.

    As `filled` where there is no limit, or where even an idle machine takes as long. A limit is
    held against the time as it is shown (`shown_ms`), so that one of just that time is kept.
    """
    by_load = filled(needed, utilisation, redundancy)
    if limit_ms is None:
        return by_load
    share = service_ms / limit_ms
    reachable = (share > 1 / LONGEST) & (share < 1)
    use = np.where(reachable, 1 - share, 1.0)
    enough = np.maximum(by_load, whole(needed / use))
    one_less = np.maximum(by_load, enough - 1)
    fewest = np.where(shown_ms(service_ms, needed, one_less) <= limit_ms, one_less, enough)
    return np.where(reachable, fewest, by_load)


def service_ms(request_flops: Any, flops: Any, cards: Any, read_ms: Any) -> Any:
    """Milliseconds to answer one request on an idle machine, without network; numbers, or arrays.

    On one card, what takes longer: computing `request_flops` at `flops` operations a second of a
    machine with so many `cards`, or reading the weights once in `read_ms`. Source: decision 0006.
    """
    return np.maximum(1000 * request_flops / flops * cards, read_ms)


def shown_ms(service_ms: Any, needed: Any, machines: Any) -> Any:
    """Milliseconds of a request at the peak, to a billionth; numbers, or arrays."""
    return rounded(service_ms * lengthening(needed, machines))


def lengthening(needed: Any, machines: Any) -> Any:
    """How much longer a request takes at the peak: `1 / (1 - use)`, the mean of an M/M/1 queue."""
    return 1 / (1 - np.minimum(needed / machines, 1 - 1 / LONGEST))
