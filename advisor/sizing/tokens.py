"""Tokens that a workload sends."""

from __future__ import annotations

import math
from typing import NamedTuple

from advisor.ask.workload import Workload
from advisor.catalog.schema import Variant

LONG_SHARE = 0.05
"""The share of passages above the 95th percentile."""


class Tokens(NamedTuple):
    """Tokens that one variant is sent for a workload, special tokens included."""

    once: int
    monthly: int
    monthly_low: int
    per_input: int
    per_passage: float
    input_p95: int
    vectors: int
    vectors_per_passage: float


def tokens_sent(workload: Workload, variant: Variant, limit: int | None) -> Tokens:
    """Tokens that `variant` is sent, where one input may hold `limit` tokens (None: not known).

    docs/decisions/0003-token-counts.md has the formulas. Embedding: each text is its tokens and the
    tokenizer's special tokens; passages over the limit are split. Reranking: queries x candidates x
    (query + passage + special tokens), each pair cut at the limit.
    """
    count = _pairs if variant.kind == "reranker" else _texts
    return count(workload, variant, limit)


def _texts(workload: Workload, variant: Variant, limit: int | None) -> Tokens:
    special = variant.special_tokens_per_text or 0
    usable = max(1, limit - special) if limit else None
    chunks = 1.0
    if usable and workload.split_long_passages:
        typical = math.ceil(workload.passage_tokens / usable)
        long = math.ceil(workload.passage_tokens_p95 / usable)
        chunks = (1 - LONG_SHARE) * typical + LONG_SHARE * long
    per_passage = workload.passage_tokens + special * chunks
    passages = round(workload.passages * per_passage)
    queries = workload.queries_per_month * (workload.query_tokens + special)
    monthly = round(workload.new_passages_per_month * per_passage) + queries
    return Tokens(
        once=passages,
        monthly=monthly,
        monthly_low=monthly,
        per_input=workload.passage_tokens + special,
        per_passage=per_passage,
        input_p95=workload.passage_tokens_p95 + special,
        vectors=math.ceil(workload.passages * chunks),
        vectors_per_passage=chunks,
    )


def _pairs(workload: Workload, variant: Variant, limit: int | None) -> Tokens:
    special = variant.special_tokens_per_pair or 0
    whole = workload.query_tokens + workload.passage_tokens + special
    pair = min(whole, limit) if limit else whole
    pairs = workload.queries_per_month * workload.rerank_candidates
    passages = pairs * (pair - min(workload.query_tokens, pair))
    query_once = workload.queries_per_month * workload.query_tokens + passages
    return Tokens(
        once=0,
        monthly=pairs * pair,
        monthly_low=min(query_once, pairs * pair),
        per_input=pair,
        per_passage=0.0,
        input_p95=workload.query_tokens + workload.passage_tokens_p95 + special,
        vectors=0,
        vectors_per_passage=0.0,
    )
