"""Scores of sparse and multi-vector outputs, worked by hand."""

import re

import numpy as np
import pytest

from advisor.live.matching import (
    SharedToken,
    TokenMatch,
    best_matches,
    max_sim,
    shared_tokens,
    sparse_score,
)

QUERY = {"▁price": 0.25, "▁gpu": 0.5, "▁of": 0.125}
PASSAGE = {"▁gpu": 0.75, "▁price": 0.5, "▁month": 1.0}


def test_the_sparse_score_sums_the_products_of_shared_tokens() -> None:
    assert sparse_score(QUERY, PASSAGE) == 0.5 * 0.75 + 0.25 * 0.5
    assert sparse_score(PASSAGE, QUERY) == 0.5


def test_without_a_shared_token_the_sparse_score_is_zero() -> None:
    assert sparse_score(QUERY, {"▁month": 1.0}) == 0
    assert sparse_score({}, PASSAGE) == 0
    assert shared_tokens(QUERY, {}) == []


def test_shared_tokens_come_with_the_largest_product_first_and_then_by_name() -> None:
    assert shared_tokens(QUERY, PASSAGE) == [
        SharedToken("▁gpu", 0.5, 0.75, 0.375),
        SharedToken("▁price", 0.25, 0.5, 0.125),
    ]
    assert [
        shared.token for shared in shared_tokens({"b": 1.0, "a": 1.0}, {"a": 1.0, "b": 1.0})
    ] == [
        "a",
        "b",
    ]


# Two query tokens, three passage tokens: products 1, 0.6, 0 and 0, 0.8, -1
QUERY_VECTORS = np.array([[1, 0], [0, 1]], np.float32)
PASSAGE_VECTORS = np.array([[1, 0], [0.6, 0.8], [0, -1]], np.float32)


def test_max_sim_is_the_mean_over_query_tokens_of_the_largest_similarity() -> None:
    assert max_sim(QUERY_VECTORS, PASSAGE_VECTORS) == pytest.approx((1 + 0.8) / 2)


def test_max_sim_is_not_symmetric() -> None:
    assert max_sim(PASSAGE_VECTORS, QUERY_VECTORS) == pytest.approx((1 + 0.8 + 0) / 3)


def test_a_text_matches_itself_fully() -> None:
    assert max_sim(PASSAGE_VECTORS, PASSAGE_VECTORS) == pytest.approx(1)


def test_best_matches_names_the_nearest_passage_token_of_each_query_token() -> None:
    matches = best_matches(
        QUERY_VECTORS, PASSAGE_VECTORS, ["▁gpu", "▁cost"], ["▁card", "▁price", "</s>"]
    )
    assert matches == [
        TokenMatch("▁gpu", "▁card", pytest.approx(1)),
        TokenMatch("▁cost", "▁price", pytest.approx(0.8)),
    ]
    assert sum(shared.similarity for shared in matches) / len(matches) == pytest.approx(
        max_sim(QUERY_VECTORS, PASSAGE_VECTORS)
    )


def test_a_negative_best_similarity_stays_negative() -> None:
    assert max_sim(QUERY_VECTORS[1:], PASSAGE_VECTORS[2:]) == -1


@pytest.mark.parametrize(
    ("query", "passage"),
    [
        (np.empty((0, 2)), PASSAGE_VECTORS),
        (QUERY_VECTORS, np.empty((0, 2))),
        (QUERY_VECTORS, np.ones((3, 4))),
        (QUERY_VECTORS[0], PASSAGE_VECTORS),
    ],
    ids=["no query token", "no passage token", "other dimension", "one vector for the text"],
)
def test_vectors_that_cannot_be_compared_are_refused(
    query: np.ndarray, passage: np.ndarray
) -> None:
    with pytest.raises(ValueError, match=re.escape(str(passage.shape))):
        max_sim(query, passage)


def test_tokens_that_do_not_fit_the_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 2\)"):
        best_matches(QUERY_VECTORS, PASSAGE_VECTORS, ["a", "b"], ["c", "d"])
