"""Tokens that a workload sends."""

from __future__ import annotations

from typing import NamedTuple

from advisor.ask.workload import Workload
from advisor.catalog.instructions import instruction_tokens
from advisor.catalog.schema import Variant

ONE_IN = 20
"""One passage in so many is as long as the 95th percentile, the others as the typical one."""
SPECIAL_PER_TEXT = 2
SPECIAL_PER_PAIR = 4
"""Special tokens where a tokenizer's are not published: as many as with BERT and with XLM-R."""
SPECIAL, INSTRUCTION = "special tokens", "the instruction"
"""Counts that may be estimates, in words."""


class Tokens(NamedTuple):
    """Tokens that one variant is sent for a workload, special tokens and instructions included.

    An input is what is sent at once: a part of a passage, or a pair of a query and a part.
    `estimated` names the counts that are not published.
    """

    once: int
    monthly: int
    monthly_low: int
    query: int  # of one query, with its instruction
    per_input: int  # of the typical input, cut at the limit
    per_passage: float
    input_typical: int  # of the typical input, whole
    input_p95: int  # of the longest of 19 in 20
    vectors: int
    vectors_per_passage: float
    estimated: tuple[str, ...]


def special_tokens(variant: Variant) -> tuple[int, bool]:
    """Special tokens of a text, or of a reranker's pair, and whether that is an estimate."""
    if variant.kind == "reranker":
        count, otherwise = variant.special_tokens_per_pair, SPECIAL_PER_PAIR
    else:
        count, otherwise = variant.special_tokens_per_text, SPECIAL_PER_TEXT
    return (otherwise, True) if count is None else (count, False)


def needed_instruction(variant: Variant) -> tuple[int, bool]:
    """Tokens of the instruction that a query needs, and whether that is an estimate.

    0 where the variant needs none: one that only helps is the visitor's to add.
    """
    return instruction_tokens(variant) if variant.query_instruction_required else (0, False)


def query_tokens(workload: Workload, variant: Variant) -> int:
    """Tokens of one query to an embedder, special ones and a needed instruction included."""
    return workload.query_tokens + special_tokens(variant)[0] + needed_instruction(variant)[0]


def parts_in_twenty(workload: Workload) -> int:
    """Parts of twenty passages: 19 typical ones, and one as long as the 95th percentile."""
    lengths = (workload.passage_tokens, workload.passage_tokens_p95)
    of_typical, of_long = map(workload.parts, lengths)
    return (ONE_IN - 1) * of_typical + of_long


def tokens_sent(workload: Workload, variant: Variant, limit: int | None) -> Tokens:
    """Tokens that `variant` is sent, where one input may hold `limit` tokens (None: not known).

    docs/decisions/0016-parts-and-tokens.md has the formulas. Embedding: each part of a passage is
    its tokens and the tokenizer's special tokens; a query has the instruction too that the variant
    needs. Reranking: queries x candidates x (query + part + special tokens), each pair cut at the
    limit.
    """
    count = _pairs if variant.kind == "reranker" else _texts
    return count(workload, variant, limit)


def _texts(workload: Workload, variant: Variant, limit: int | None) -> Tokens:
    (special, guessed), (_, rough) = special_tokens(variant), needed_instruction(variant)
    in_twenty = parts_in_twenty(workload)
    parts = in_twenty / ONE_IN
    repeated = (parts - 1) * workload.overlap
    per_passage = workload.passage_tokens + repeated + special * parts
    query = query_tokens(workload, variant)
    new = round(workload.new_passages_per_month * per_passage)
    monthly = new + workload.queries_per_month * query
    whole = workload.part(workload.passage_tokens) + special
    return Tokens(
        once=round(workload.passages * per_passage),
        monthly=monthly,
        monthly_low=monthly,
        query=query,
        per_input=min(whole, limit) if limit else whole,
        per_passage=per_passage,
        input_typical=whole,
        input_p95=workload.part(workload.passage_tokens_p95) + special,
        vectors=-(-workload.passages * in_twenty // ONE_IN),  # whole numbers: 1.1 is a little more
        vectors_per_passage=parts,
        estimated=(*((SPECIAL,) if guessed else ()), *((INSTRUCTION,) if rough else ())),
    )


def _pairs(workload: Workload, variant: Variant, limit: int | None) -> Tokens:
    special, guessed = special_tokens(variant)
    query = workload.query_tokens
    whole = query + workload.part(workload.passage_tokens) + special
    pair = min(whole, limit) if limit else whole
    pairs = workload.queries_per_month * workload.rerank_candidates
    query_once = workload.queries_per_month * query + pairs * (pair - min(query, pair))
    return Tokens(
        once=0,
        monthly=pairs * pair,
        monthly_low=min(query_once, pairs * pair),
        query=query,
        per_input=pair,
        per_passage=0.0,
        input_typical=whole,
        input_p95=query + workload.part(workload.passage_tokens_p95) + special,
        vectors=0,
        vectors_per_passage=0.0,
        estimated=(SPECIAL,) if guessed else (),
    )
