import numpy as np
import pytest

from advisor.sizing.latency import filled


@pytest.mark.parametrize(
    ("needed", "redundancy", "count"),
    [
        (0.0, False, 1),
        (0.7, False, 1),
        (0.71, False, 2),
        (7.0, False, 10),
        (0.1, True, 2),
        (1e15, False, 1428571428571429),
    ],
)
def test_machines_are_filled_to_seven_tenths(needed, redundancy, count):
    assert filled(np.array([needed]), 0.7, redundancy)[0] == count
