"""Rankings, metrics and verdicts: worked by hand, and against ir-measures on TREC's own text."""

import builtins
import random
from dataclasses import replace
from math import log2

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.base.errors import EncodeError
from advisor.encode.engine import Scores, Vectors, unit_length
from advisor.live.relevance import (
    METRICS,
    measured,
    ranked,
    reranked,
    run,
)
from tests.live.runs import SMALL, about, data, found


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
    got = run(engine, judged, on_scored=lambda done, total: told.append((done, total)))
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
        run(Letters(), data({"q": {"a": 1}}), on_scored=stop)


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
