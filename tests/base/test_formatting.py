import re
from decimal import Decimal

import pytest

from advisor.base import formatting


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "$0"), (0.36, "$0.36"), (34.899, "$34.90"), (121.21, "$121"), (1234567, "$1,234,567"),
        (Decimal("0.0031"), "$0.0031"), (0.00000000012, "$0.00000000012")],
)  # fmt: skip
def test_dollars(amount, shown):
    assert formatting.usd(amount) == shown


@pytest.mark.parametrize(("score", "shown"), [(51.65, "51.7"), (54.34, "54.3"), (9.25, "9.3")])
def test_points_round_halves_up(score, shown):
    assert formatting.points(score) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (999.6, "1 k"), (1_049, "1.05 k"), (36_000_000, "36 M"),
        (24_820_000_000, "24.8 B"), (999_900_000, "1 B"), (1.5e12, "1.5 T")],
)  # fmt: skip
def test_counts_in_short_have_three_digits_and_a_letter(number, shown):
    assert formatting.short(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(33_360_000, "33.4M"), (567_754_752, "568M"), (9_241_713_152, "9.24B")]
)
def test_parameters(number, shown):
    assert formatting.parameters(number) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(6_144_000_000, "5.72 GiB"), (512, "512 bytes"), (2**40 * 3, "3 TiB")]
)
def test_memory(size, shown):
    assert formatting.memory(size) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.3512, "0.351"),
        (8.314, "8.31"),
        (99.96, "100"),
        (1234.5, "1,234"),
        (7_100_000, "7,100,000"),
    ],
)
def test_three_significant_digits_and_never_an_exponent(number, shown):
    assert formatting.significant(number) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b, and c")],
)
def test_words_are_joined_as_in_english(words, shown):
    assert formatting.listed(words) == shown


def test_what_is_not_known_is_said_in_words_and_the_least_is_told_from_nothing(pinned):
    unknown = {
        "dollars": formatting.usd(None),
        "points": formatting.points(None),
        "parameters": formatting.parameters(None),
        "memory": formatting.memory(None),
    }
    assert not re.search(r"\d", "".join(unknown.values()))
    least = formatting.usd(1e-15)
    assert least != formatting.usd(0) and Decimal(least.rpartition("$")[2]) == Decimal("1e-12")
    assert {**unknown, "less than can be shown": least} == pinned


@pytest.mark.parametrize(
    ("counted", "shown"),
    [
        ((1, "request"), "1 request"),
        ((0, "request"), "0 requests"),
        ((2_000, "request"), "2,000 requests"),
        ((1, "query", "queries"), "1 query"),
        ((2, "query", "queries"), "2 queries"),
    ],
)
def test_a_count_has_its_noun(counted, shown):
    assert formatting.counted(*counted) == shown
