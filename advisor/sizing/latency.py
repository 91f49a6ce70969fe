"""Machines for a load, and how much longer a request takes where they are in use."""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor.sizing.tokens import Floats


def filled(needed: Floats, utilisation: float, redundancy: bool) -> Floats:
    """Machines that carry `needed` (in machines at full speed) when filled to `utilisation`: one at least, one more where redundancy is asked."""
    return np.maximum(1.0, np.ceil(needed / utilisation - 1e-9)) + (1.0 if redundancy else 0.0)


def lengthening(needed: Any, replicas: Any) -> Any:
    """How much longer a request takes at the peak: `1 / (1 - use)`, where use is the load of one of the replicas."""
    return 1 / (1 - np.minimum(needed / replicas, 0.99))
