"""Which run finds more: intervals, verdicts, and the rows that show them."""

import re
from dataclasses import replace

import numpy as np
import pytest

from advisor.live.relevance import (
    METRICS,
    TOO_FEW,
    bootstrap,
    compare,
    data_sentence,
    query_rows,
    rows,
    verdicts,
)
from tests.live.runs import BASE, LARGE, data, decimals, named, result

# Intervals and verdicts


def test_the_interval_of_equal_values_has_no_width():
    assert bootstrap(np.full(9, 0.25)) == (0.25, 0.25, 0.25)


def test_the_interval_is_about_that_of_the_normal_distribution_for_many_queries():
    values = np.random.default_rng(3).normal(0.5, 0.2, 400)
    mean, low, high = bootstrap(values)
    half = 1.96 * values.std() / 20
    assert mean == pytest.approx(values.mean())
    assert (low, high) == (
        pytest.approx(mean - half, abs=0.002),
        pytest.approx(mean + half, abs=0.002),
    )
    assert bootstrap(values) == (mean, low, high)  # the same draws each time


def test_below_thirty_queries_an_interval_is_too_narrow():
    rng = np.random.default_rng(1)
    seen = rng.choice(
        [0, 0, 0, 0, 0, 0, 0.37, -0.37, 0.5, -0.2, 1, -0.6], 100_000
    )  # differences of a query's nDCG@10

    def held(queries):
        intervals = [bootstrap(rng.choice(seen, queries), resamples=300) for _ in range(400)]
        return sum(low <= seen.mean() <= high for _, low, high in intervals) / len(intervals)

    assert held(8) < 0.88 and 0.92 < held(TOO_FEW) < 0.97


def test_a_difference_whose_interval_holds_no_zero_decides():
    one, two = result([0.8, 0.6] * 20, BASE), result([0.7, 0.6] * 20)
    got = compare(one, two)
    assert (got.verdict, len(got.wins), len(got.losses), len(got.ties)) == ("first", 20, 0, 20)
    assert got.wins[:2] == ("q0", "q2") and got.difference.value == pytest.approx(0.05)
    low, high = (f"{figure:.3f}" for figure in got.difference[1:])
    assert named(got.sentence) == ["BGE-BASE-EN-V1.5", "BGE-SMALL-EN-V1.5"]
    assert (
        decimals(got.sentence) == ["0.700", "0.650", "0.050", low, high]
        and "nDCG@10" in got.sentence
        and "40" in got.sentence
    )
    back = compare(two, one)
    assert (back.verdict, back.wins, back.losses) == (
        "second",
        (),
        got.wins,
    ) and back.sentence == got.sentence


def test_what_cannot_be_told_apart_is_said(pinned):
    got = compare(result([0.5, 0.4] * 20), result([0.4, 0.5] * 20, BASE), "MRR@10")
    assert (
        got.verdict == "equal"
        and got.metric == "MRR@10"
        and (len(got.wins), len(got.losses)) == (20, 20)
    )
    assert (
        named(got.sentence) == ["BGE-SMALL-EN-V1.5", "BGE-BASE-EN-V1.5"]
        and "MRR@10" in got.sentence
    )
    assert decimals(got.sentence)[:3] == ["0.450", "0.450", "0.000"] and re.search(
        "\u22120[.]0[1-9]", got.sentence
    )
    equal, more = (
        compare(result([value] * 40, BASE), result([0.5] * 40)).sentence for value in (0.5, 0.75)
    )
    assert (
        decimals(equal) == ["0.500", "0.500", "0.000", "0.000", "0.000"]
        and decimals(more)[2:] == ["0.250"] * 3
    )
    assert {"equal": equal, "more": more} == pinned


def test_too_few_queries_decide_nothing(pinned):
    few = compare(result([1] * (TOO_FEW - 1), BASE), result([0] * (TOO_FEW - 1)))
    assert few.verdict == "too few" and len(few.wins) == 29
    one = compare(result([0], BASE), result([1]))
    assert (
        named(few.sentence)
        == ["BGE-BASE-EN-V1.5", "BGE-SMALL-EN-V1.5"]
        == named(one.sentence)[::-1]
    )
    assert decimals(few.sentence) == decimals(one.sentence) == ["1.000", "0.000"]
    assert "29" in few.sentence and all(str(TOO_FEW) in each.sentence for each in (few, one))
    assert {"29 queries": few.sentence, "1 query": one.sentence} == pinned
    assert compare(result([1] * TOO_FEW), result([0] * TOO_FEW)).verdict == "first"


def test_differences_of_rounding_are_ties():
    assert len(compare(result([0.1 + 0.2] * 30), result([0.3] * 30)).ties) == 30


def test_runs_over_different_queries_are_not_compared():
    with pytest.raises(ValueError, match="queries"):
        compare(result([1] * 30), result([1] * 30, name="other"))


# As the page shows them


def test_runs_are_listed_with_their_intervals_the_highest_ndcg_first(pinned):
    shown = rows(
        [
            result([0.5] * 1200),
            result([0.75] * 1200, BASE),
            result([0.25] * 1200, None, standin=True),
        ]
    )
    first, second, third = (next(iter(row.values())) for row in shown)
    assert (first, second) == ("BGE-BASE-EN-V1.5", "BGE-SMALL-EN-V1.5") and third.startswith(
        "A STAND-IN"
    )
    means = {metric: decimals(shown[0][metric]) for metric in METRICS}
    assert means == {
        "nDCG@10": ["0.750"] * 3,
        "Recall@10": ["0.250"] * 3,
        "Recall@100": ["0.250"] * 3,
        "MRR@10": ["0.750"] * 3,
    }
    assert list(shown[0].values())[-2:] == ["1,200", "1.0"]  # queries, seconds
    assert shown[0] == pinned
    assert rows([]) == []


def test_an_interval_in_the_table_is_that_of_the_bootstrap():
    one = result([0, 1] * 20)
    value, low, high = bootstrap(one.values["nDCG@10"])
    assert (
        decimals(rows([one])[0]["nDCG@10"]) == [f"{value:.3f}", f"{low:.3f}", f"{high:.3f}"]
        and low < 0.4
        and high > 0.6
    )


def test_the_best_run_is_held_against_each_other_one():
    small, base, large = (
        result([0.2, 0.4] * 15),
        result([0.6, 0.4] * 15, BASE),
        result([0.1, 0.4] * 15, LARGE),
    )
    told = verdicts([small, base, large])
    assert len(told) == 2
    assert told[0].startswith(compare(base, small).sentence) and told[1].startswith(
        compare(base, large).sentence
    )
    assert [named(sentence) for sentence in told] == [
        ["BGE-BASE-EN-V1.5", f"BGE-{other}-EN-V1.5"] for other in ("SMALL", "LARGE")
    ]
    assert decimals(told[0])[:3] == ["0.500", "0.300", "0.200"]
    assert re.findall(r"\d+", told[0])[-4:] == [
        "30",
        "15",
        "0",
        "15",
    ]  # queries, of which won, lost, and alike


def test_of_few_queries_it_is_told_who_won_how_many_and_no_verdict(pinned):
    few = result([0.5, 0.5, 0.5]), result([0.9, 0.4, 0.5], BASE)
    (told,) = verdicts(few)
    assert compare(*few).verdict == "too few" and re.findall(r"\d+", told)[-4:] == [
        "30",
        "1",
        "1",
        "1",
    ]
    assert told == pinned


@pytest.mark.parametrize("results", [[], [result([1] * 30)]])
def test_one_run_has_nothing_to_be_held_against(results):
    assert verdicts(results) == []


def test_queries_on_which_runs_differ_most_come_first():
    judged = data(
        {f"q{n}": {"p": 1} for n in range(4)}, queries={f"q{n}": f"query {n}" for n in range(4)}
    )
    shown = query_rows(
        judged, [result([0.5, 0.1, 0.33333, 0.5]), result([0.5, 0.9, 0.5, 0.4], BASE)]
    )
    assert {tuple(row)[1:] for row in shown} == {("BGE-SMALL-EN-V1.5", "BGE-BASE-EN-V1.5")}
    assert [list(row.values()) for row in shown] == [
        ["query 1", 0.1, 0.9],
        ["query 2", 0.333, 0.5],
        ["query 3", 0.5, 0.4],
        ["query 0", 0.5, 0.5],
    ]


def test_two_runs_of_one_name_have_a_column_each():
    judged = data({"q0": {"p": 1}})
    (shown,) = query_rows(judged, [result([0.1]), result([0.2], BASE), result([0.3])])
    assert list(shown.values()) == ["q0", 0.1, 0.2, 0.3]
    assert [named(column) for column in shown][1:] == [
        ["BGE-SMALL-EN-V1.5"],
        ["BGE-BASE-EN-V1.5"],
        ["BGE-SMALL-EN-V1.5"],
    ]


def test_what_the_data_hold_is_counted_and_too_few_queries_are_told(pinned):
    grades = {f"q{n}": {"a": 2, "b": 1, "c": 0, "d": -1} for n in range(TOO_FEW)}
    one = replace(
        data({"q": {"a": 1, "b": 0}}, {str(n): "x" for n in range(1234)}),
        notes=("One query was left out.",),
    )
    several = data({"q": {"a": 1, "b": 1}})
    told = {
        "enough": data_sentence(data(grades)),
        "one": data_sentence(one),
        "two relevant": data_sentence(several),
    }
    counted = {name: re.findall(r"\d[\d,]*", sentence) for name, sentence in told.items()}
    assert counted["enough"] == ["4", "30", "60"] and "One query was left out." in told["one"]
    assert counted["one"] == ["1,234", "1", "1", "30"] and counted["two relevant"] == [
        "2",
        "1",
        "2",
        "30",
    ]
    nearly = data_sentence(data({f"q{n}": {"a": 1} for n in range(29)}))
    assert re.findall(r"\d+", nearly) == ["1", "29", "29", "30"]
    assert told == pinned
