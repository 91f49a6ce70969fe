"""Rankings, metrics and verdicts: worked by hand, and against ir-measures on TREC's own text."""

import builtins
import random
import re
from dataclasses import replace
from math import log2

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.base.errors import EncodeError
from advisor.encode.engine import Scores, Vectors, unit_length
from advisor.live.judged import JudgedData
from advisor.live.relevance import (
    METRICS,
    TOO_FEW,
    bootstrap,
    compare,
    data_sentence,
    measured,
    query_rows,
    ranked,
    reranked,
    rows,
    run,
    verdicts,
)
from tests.live.runs import BASE, LARGE, SMALL, about, decimals, found, named, result


class Letters:
    """An engine that embeds a text as its counts of letters, and scores by shared letters."""

    def __init__(self, variant=SMALL, kind="embedder", wrong=None):
        self.about, self.wrong, self.asked = about(variant, kind), wrong, []

    def embed(self, texts, role, *, instruct=True, outputs=("dense",)):
        self.asked.append((role, instruct, tuple(outputs), len(texts)))
        rows = np.array(
            [[text.count(letter) for letter in "abcdef"] for text in texts], dtype=np.float32
        )
        if self.wrong == "fewer":
            rows = rows[:-1]
        if self.wrong == "longer" and len(self.asked) > 1:
            rows = np.hstack([rows, rows])
        return Vectors(unit_length(rows) * (np.nan if self.wrong == "nan" else 1), seconds=0.5)

    def rerank(self, query, passages):
        raw = np.array(
            [-float(len(set(query) ^ set(passage))) for passage in passages], dtype=np.float32
        )
        return Scores(raw[:-1] if self.wrong == "fewer" else raw, "logit", seconds=0.25)


def data(grades, passages=None, queries=None):
    passages = passages or {key: key for graded in grades.values() for key in graded}
    return JudgedData(passages, queries or {key: key for key in grades}, grades)


# Ranking


def test_passages_are_ranked_by_their_cosine():
    vectors = unit_length(np.array([[1, 0], [1, 1], [0, 1], [-1, 0]]))
    assert ranked(vectors[:1], vectors, ["a", "b", "c", "d"]) == [("a", "b", "c", "d")]
    assert ranked(vectors[:3], vectors, ["a", "b", "c", "d"], 2) == [
        ("a", "b"),
        ("b", "a"),
        ("c", "b"),
    ]


def test_equal_passages_are_ranked_by_id():
    one = unit_length(np.ones((1, 3)))
    assert ranked(one, np.vstack([one] * 3), ["c", "a", "b"]) == [("a", "b", "c")]


def test_what_is_beyond_the_sixth_decimal_of_a_cosine_counts_as_equal():
    passages = np.array([[1.0, 0.0], [1.0 + 2e-7, 0.0], [1.0 + 1e-5, 0.0]], dtype=np.float32)
    assert ranked(passages[:1], passages, ["a", "b", "c"]) == [("c", "a", "b")]


def test_each_block_of_queries_is_ranked():
    vectors = unit_length(np.random.default_rng(0).normal(size=(600, 8)))
    ids = [f"{n:03d}" for n in range(600)]
    assert [row[0] for row in ranked(vectors, vectors, ids, 1)] == ids


@given(
    st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=2, max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_passages_changes_no_ranking(rows, shuffle):
    vectors = unit_length(np.array(rows))
    ids = [f"p{n}" for n in range(len(rows))]
    other = shuffle.sample(range(len(rows)), len(rows))
    assert ranked(vectors, vectors, ids, 5) == ranked(
        vectors, vectors[other], [ids[n] for n in other], 5
    )


# Running engines


def test_an_engine_embeds_queries_as_queries_and_passages_as_passages():
    engine = Letters()
    passages = {f"p{n}": "abcdef"[n % 6] for n in range(40)}
    judged = data({"q": {"p1": 1}}, passages, {"q": "b"})
    told = []
    got = run(engine, judged, told=lambda done, total: told.append((done, total)))
    assert engine.asked == [
        ("passage", True, ("dense",), 32),
        ("passage", True, ("dense",), 8),
        ("query", True, ("dense",), 1),
    ]
    assert told == [(32, 41), (40, 41), (41, 41)]
    assert (
        got.ranking["q"][:7] == ("p1", "p13", "p19", "p25", "p31", "p37", "p7")
        and len(got.ranking["q"]) == 40
    )
    assert (got.seconds, got.about.variant_id, got.reranker, got.reranked) == (1.5, SMALL, None, 0)


def test_at_most_a_hundred_passages_are_kept():
    judged = data({"q": {"0": 1}}, {str(n): "a" for n in range(120)}, {"q": "a"})
    assert len(run(Letters(), judged).ranking["q"]) == 100


def test_a_reranker_orders_the_first_passages_and_leaves_the_rest(pinned):
    judged = data(
        {"q": {"1": 1}}, {"1": "aab", "2": "ab", "3": "a", "4": "b", "5": "c"}, {"q": "a"}
    )
    first = run(Letters(), judged)
    assert first.ranking["q"] == ("3", "1", "2", "4", "5")
    told = []
    got = reranked(
        replace(first, ranking={"q": ("4", "1", "2", "3", "5")}),
        judged,
        Letters("bge-reranker-base", "reranker"),
        4,
        lambda *a: told.append(a),
    )
    assert got.ranking["q"] == (
        "3",
        "1",
        "2",
        "4",
        "5",
    )  # those with equal scores stay in the order they were in
    assert (got.seconds, got.reranked, told) == (first.seconds + 0.25, 4, [(1, 1)])
    two = reranked(
        replace(first, ranking={"q": ("4", "1", "2", "3", "5")}),
        judged,
        Letters("bge-reranker-base", "reranker"),
        2,
    )
    assert two.ranking["q"] == ("1", "4", "2", "3", "5")
    both = run(Letters(), judged, Letters("bge-reranker-base", "reranker"), 3)
    assert (
        both.reranked == 3
        and both.name.startswith("BGE-SMALL-EN-V1.5")
        and both.name.endswith("BGE-RERANKER-BASE")
    )
    assert both.name == pinned


@pytest.mark.parametrize("wrong", ["fewer", "nan", "longer"])
def test_vectors_that_cannot_be_right_are_no_ranking(wrong):
    judged = data({"q": {"0": 1}}, {str(n): "abc" for n in range(33)}, {"q": "a"})
    with pytest.raises(EncodeError, match="BGE-SMALL"):
        run(Letters(wrong=wrong), judged)
    few = data({"q": {"0": 1}}, {"0": "a"}, {"q": "a"})
    with pytest.raises(EncodeError, match="BGE-SMALL"):
        run(Letters(wrong=wrong), few)


def test_scores_that_are_too_few_are_no_ranking():
    judged = data({"q": {"0": 1}}, {"0": "a", "1": "b"}, {"q": "a"})
    with pytest.raises(EncodeError, match="BGE-RERANKER-BASE"):
        run(Letters(), judged, Letters("bge-reranker-base", "reranker", "fewer"))


def test_what_told_raises_ends_the_run():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Letters(), data({"q": {"a": 1}}), told=stop)


def test_a_stand_in_is_marked_in_the_name(pinned):
    named, marked = (
        replace(found({}), about=about(None, standin=standin)).name for standin in (False, True)
    )
    assert named == "A STAND-IN" and marked.startswith(named) and marked != named
    assert marked == pinned


# Metrics


HAND = [
    # (ranking, grades, nDCG@10, Recall@10, Recall@100, MRR@10)
    ("ab", {"a": 2, "b": 1}, 1, 1, 1, 1),
    (
        "ba",
        {"a": 2, "b": 1},
        (1 + 2 / log2(3)) / (2 + 1 / log2(3)),
        1,
        1,
        1,
    ),  # linear gains: 2 counts twice, not three times
    ("xa", {"a": 1}, 1 / log2(3), 1, 1, 1 / 2),
    ("xyz", {"a": 1}, 0, 0, 0, 0),
    ("", {"a": 1}, 0, 0, 0, 0),
    ("a", {"a": 1, "b": 1}, 1 / (1 + 1 / log2(3)), 1 / 2, 1 / 2, 1),
    ("0123456789a", {"a": 1}, 0, 0, 1, 0),  # place 11
    ("012345678a", {"a": 1}, 1 / log2(11), 1, 1, 1 / 10),
    ("nza", {"a": 1, "n": -1, "z": 0}, 1 / 2, 1, 1, 1 / 3),  # grades of 0 and less are not relevant
]


@pytest.mark.parametrize(("ranking", "grades", "ndcg", "r10", "r100", "mrr"), HAND)
def test_metrics_worked_by_hand(ranking, grades, ndcg, r10, r100, mrr):
    got = measured(data({"q": grades}), found({"q": tuple(ranking)}))
    assert [got.values[metric].tolist() for metric in METRICS] == [
        [pytest.approx(value)] for value in (ndcg, r10, r100, mrr)
    ]


def test_a_hundred_and_one_passages_are_looked_at_to_a_hundred():
    ranking = tuple(str(n) for n in range(101))
    assert measured(data({"q": {"99": 1}}), found({"q": ranking})).values["Recall@100"] == 1
    assert measured(data({"q": {"100": 1}}), found({"q": ranking})).values["Recall@100"] == 0


def random_run(seed, queries=40, passages=200):
    draw = random.Random(seed)
    ids = [f"p{n}" for n in range(passages)]
    grades = {
        f"q{n}": {key: draw.choice([0, 1, 1, 2, 3]) for key in draw.sample(ids, 6)} | {"p0": 1}
        for n in range(queries)
    }
    return data(grades, dict.fromkeys(ids, "a")), {
        query: tuple(draw.sample(ids, 100)) for query in grades
    }


def test_metrics_are_those_of_ir_measures_on_the_text_of_trec_files():
    judged, ranking = random_run(1)
    qrels = "".join(
        f"{q} 0 {p} {grade}\n"
        for q, graded in judged.judgements.items()
        for p, grade in graded.items()
    )
    lines = "".join(
        f"{q} Q0 {p} {place} {1 / place} mine\n"
        for q, row in ranking.items()
        for place, p in enumerate(row, 1)
    )
    names = ["nDCG@10", "R@10", "R@100", "RR@10"]
    wanted = ir_measures.calc_aggregate(
        [ir_measures.parse_measure(name) for name in names],
        ir_measures.read_trec_qrels(qrels),
        ir_measures.read_trec_run(lines),
    )
    got = measured(judged, found(ranking))
    assert [got.means[metric].value for metric in METRICS] == pytest.approx(
        [wanted[ir_measures.parse_measure(name)] for name in names]
    )
    assert 0.02 < got.means["nDCG@10"].value < 0.9 and got.queries == tuple(judged.queries)


@given(st.integers(0, 10_000))
def test_other_names_of_passages_change_no_metric(seed):
    judged, ranking = random_run(seed, queries=3, passages=110)
    names = list(judged.passages)
    new = dict(zip(names, random.Random(seed).sample(names, len(names)), strict=True))
    other = data(
        {
            q: {new[p]: grade for p, grade in graded.items()}
            for q, graded in judged.judgements.items()
        },
        dict.fromkeys(names, "a"),
    )
    one, two = (
        measured(judged, found(ranking)),
        measured(other, found({q: tuple(new[p] for p in row) for q, row in ranking.items()})),
    )
    assert all(one.values[metric].tolist() == two.values[metric].tolist() for metric in METRICS)


def test_without_ir_measures_the_next_step_is_told(pinned, monkeypatch):
    real = builtins.__import__
    monkeypatch.setattr(
        builtins,
        "__import__",
        lambda name, *rest: (
            (_ for _ in ()).throw(ImportError) if name == "ir_measures" else real(name, *rest)
        ),
    )
    with pytest.raises(EncodeError, match="ir-measures") as error:
        measured(data({"q": {"a": 1}}), found({}))
    assert str(error.value) == pinned


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
