"""Scores of M3's sparse and multi-vector outputs, and which tokens carried them.

As FlagEmbedding 1.4.2 computes them, in inference/embedder/encoder_only/m3.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class SharedToken(NamedTuple):
    """A token that query and passage share, its weight in each, and its part of the score."""

    token: str
    query_weight: float
    passage_weight: float
    product: float


class TokenMatch(NamedTuple):
    """A token of the query, the passage's most similar one, and their similarity, -1 to 1."""

    query_token: str
    passage_token: str
    similarity: float


def shared_tokens(query: Mapping[str, float], passage: Mapping[str, float]) -> list[SharedToken]:
    """The tokens that both hold, the largest product first, then by token.

    >>> shared_tokens({"gpu": 0.5, "price": 0.25, "a": 0.125}, {"price": 0.5, "gpu": 0.5})[0]
    SharedToken(token='gpu', query_weight=0.5, passage_weight=0.5, product=0.25)
    """
    shared = [
        SharedToken(token, weight, passage[token], weight * passage[token])
        for token, weight in query.items()
        if token in passage
    ]
    return sorted(shared, key=lambda token: (-token.product, token.token))


def sparse_score(query: Mapping[str, float], passage: Mapping[str, float]) -> float:
    """Sum of the products of the weights of shared tokens; it has no upper limit.

    >>> sparse_score({"gpu": 0.5, "price": 0.25}, {"price": 0.5, "gpu": 0.5})
    0.375
    """
    return float(sum(token.product for token in shared_tokens(query, passage)))


def max_sim(query: NDArray[Any], passage: NDArray[Any]) -> float:
    """Mean over the query's tokens of the nearest passage token's similarity, -1 to 1.

    Shapes: (tokens, dim) each, rows of length one. ColBERT sums where M3 takes the mean.
    Raises ValueError: one has no token, or the dimensions differ."""
    return float(_similarities(query, passage).max(axis=1).mean())


def best_matches(
    query: NDArray[Any],
    passage: NDArray[Any],
    query_tokens: Sequence[str],
    passage_tokens: Sequence[str],
) -> list[TokenMatch]:
    """Each query token, in order, with its best passage token; the mean similarity is `max_sim`.

    Raises ValueError: as `max_sim`, or there is not one token a vector."""
    similar = _similarities(query, passage)
    if similar.shape != (tokens := (len(query_tokens), len(passage_tokens))):
        raise ValueError(f"{similar.shape} vectors, but {tokens} tokens, of query and passage.")
    nearest = similar.argmax(axis=1)
    return [
        TokenMatch(token, passage_tokens[place], float(row[place]))
        for token, place, row in zip(query_tokens, nearest, similar, strict=True)
    ]


def _similarities(query: NDArray[Any], passage: NDArray[Any]) -> NDArray[np.float64]:
    """Inner product of each pair of tokens, shape (query tokens, passage tokens)."""
    matrices = query.ndim == passage.ndim == 2 and len(query) and len(passage)
    if not matrices or query.shape[1] != passage.shape[1]:
        raise ValueError(
            "Vectors of tokens have shape (tokens, dim), with the same dim; "
            f"these have {query.shape} and {passage.shape}."
        )
    return query.astype(np.float64) @ passage.astype(np.float64).T
