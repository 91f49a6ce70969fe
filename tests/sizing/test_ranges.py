from decimal import Decimal

import numpy as np
import pytest

from advisor.sizing.ranges import ZERO, Cost, Range, floats, rounded, total


def test_ranges_are_added_and_multiplied_end_by_end():
    one, two = (
        Range(Decimal(1), Decimal(2), Decimal(4)),
        Range(Decimal(10), Decimal(30), Decimal(70)),
    )
    assert (
        one.plus(two) == (11, 32, 74) and two.plus(one) == one.plus(two) and one.plus(ZERO) == one
    )
    assert (
        two.times(Decimal("0.5")) == (5, 15, 35)
        and isinstance(one.plus(two), Range)
        and isinstance(one.times(Decimal(2)), Range)
    )


def test_a_sum_names_each_part_that_is_not_known_once():
    one = Cost.of(Range(Decimal(1), Decimal(2), Decimal(4)))
    floor = Cost.of(Range(*[Decimal(300)] * 3), "index_storage", "index_queries")
    unknown = Cost.of(None, "encoding", "index_storage")
    assert total([]) == Cost.of(ZERO) == Cost.of(None) and total([one, one]) == (2, 4, 8, ())
    names = ("index_storage", "index_queries", "encoding")
    assert total([one, floor, unknown]) == (301, 302, 304, names)
    assert (one.at_least, floor.at_least, one.plus(unknown).at_least) == (False, True, True)


def test_an_amount_reads_as_counted_by_hand():
    low, base, high = 0.1 + 0.2, 0.18 / 1e5, 1e15
    assert low != 0.3
    assert Range.of(low, base, high) == (Decimal("0.3"), Decimal("0.0000018"), 10**15)
    assert Range.of(1.0, 2.0, np.nan) is None


def test_equal_costs_are_equal_once_they_are_rounded():
    assert 0.1 + 0.2 != 0.3 and rounded(0.1 + 0.2) == rounded(0.3)
    assert rounded(np.array([1 / 3, np.nan]))[0] == 0.333333333
    assert rounded(2e-9) > rounded(1e-9), "what one passage costs still counts"


def test_numbers_that_are_not_known_are_none():
    assert floats([Decimal("0.5"), None, 2]) == pytest.approx([0.5, np.nan, 2], nan_ok=True)
