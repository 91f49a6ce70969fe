"""Machines for a load and a limit, and the time of a request on them, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.sizing.latency import filled, lengthening, machines, shown_ms


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


LIMITED = [
    # machines that the load fills, redundancy, ms alone, limit in ms, machines
    pytest.param(1.4, False, 50, None, 2, id="no limit: 1.4 / 0.7 is 2"),
    pytest.param(1.4, False, 30, 100, 2, id="a queue of 0.7 makes 30 ms 100: already within"),
    pytest.param(1.4, False, 50, 100, 3, id="half full at most: 1.4 / 0.5 is 2.8"),
    pytest.param(1.4, False, 90, 100, 14, id="a tenth full at most"),
    pytest.param(1.4, True, 50, 100, 3, id="the one to spare shortens the queue as well"),
    pytest.param(1.4, False, 100, 100, 2, id="an idle machine takes as long: no number helps"),
    pytest.param(1.4, False, 0.5, 100, 2, id="a hundred times as long is the most that is counted"),
    pytest.param(0.0, False, 50, 100, 1, id="no load"),
]


@pytest.mark.parametrize(("needed", "redundancy", "alone", "limit", "count"), LIMITED)
def test_machines_are_the_fewest_that_keep_load_and_limit(needed, redundancy, alone, limit, count):
    assert machines(np.array([needed]), 0.7, redundancy, np.array([alone]), limit)[0] == count
    assert machines(needed, 0.7, redundancy, alone, limit) == count, "of numbers as of arrays"


LOADS = st.floats(0, 1000)
ALONE = st.floats(0.1, 500)
FILLED = st.floats(0.1, 0.95)


@given(LOADS, FILLED, st.booleans(), ALONE, st.floats(0.1, 2000))
def test_one_machine_fewer_would_not_keep_load_and_limit(needed, filling, spare, alone, limit):
    count = machines(needed, filling, spare, alone, limit)
    by_load = filled(needed, filling, spare)
    assert count >= by_load and (count == by_load or alone < limit)
    if alone < limit * 0.999:
        assert alone * lengthening(needed, count) <= limit * (1 + 1e-6)
        if count > by_load:
            assert alone * lengthening(needed, count - 1) > limit * (1 - 1e-6)


@given(LOADS, LOADS, FILLED, st.booleans(), ALONE, st.none() | st.floats(0.1, 2000))
def test_more_load_never_takes_fewer_machines(one, other, filling, spare, alone, limit):
    less, more = sorted((one, other))
    fewer, at_more = (machines(load, filling, spare, alone, limit) for load in (less, more))
    assert fewer <= at_more


@given(LOADS, FILLED, st.booleans(), ALONE, st.floats(1, 10))
def test_a_limit_that_is_already_kept_changes_nothing(needed, filling, spare, alone, wider):
    usual = machines(needed, filling, spare, alone, None)
    limit = alone * lengthening(needed, usual) * wider * (1 + 1e-9)
    assert machines(needed, filling, spare, alone, limit) == usual


def test_a_request_takes_longer_the_fuller_a_machine_is_and_a_hundred_times_at_most():
    times = lengthening(np.array([0.0, 1.0, 1.8, 2.0, 50.0]), np.array([1.0, 2.0, 2.0, 2.0, 2.0]))
    assert times == pytest.approx([1, 2, 10, 100, 100])


@given(
    st.floats(1e-6, 0.69), st.floats(1e-3, 10), st.integers(1, 50), st.sampled_from([1, 1 + 1e-9])
)
def test_a_limit_of_just_the_time_that_is_shown_asks_for_no_more_machines(use, alone, count, slack):
    needed = np.array([use * count])
    by_load = machines(needed, 0.7, False, np.array([alone]), None)
    shown = shown_ms(np.array([alone]), needed, by_load)
    assert machines(needed, 0.7, False, np.array([alone]), float(shown[0]) * slack) == by_load
