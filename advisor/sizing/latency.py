"""Machines for a load, and the time of a request on them."""

from __future__ import annotations

from typing import Any

import numpy as np


def whole(machines: Any) -> Any:
    """As many whole machines; a billionth of one is an error of counting (7 / 0.7 is 10)."""
    return np.ceil(np.round(machines, 9))


def filled(needed: Any, utilisation: float, redundancy: bool) -> Any:
    """Machines, one at least, that carry `needed` full machines when filled to `utilisation`."""
    return np.maximum(1.0, whole(needed / utilisation)) + (1.0 if redundancy else 0.0)


def latency_ms(
    request_flops: Any, flops: Any, cards: Any, read_ms: Any, needed: Any, machines: Any
) -> Any:
    """Milliseconds to answer one request at the peak, without network; numbers, or arrays.

    On one card, what takes longer: computing `request_flops` at `flops` operations a second of a
    machine with so many `cards`, or reading the weights once in `read_ms`; lengthened by the
    machines' use at the peak, which takes `needed` of them. Source: decision 0006.
    """
    return np.maximum(1000 * request_flops / flops * cards, read_ms) * lengthening(needed, machines)


def lengthening(needed: Any, machines: Any) -> Any:
    """How much longer a request takes at the peak: `1 / (1 - use)`, the mean of an M/M/1 queue."""
    return 1 / (1 - np.minimum(needed / machines, 0.99))
