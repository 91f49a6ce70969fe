"""Long texts, every token that is sent, and what a reranker reads: answers written down first.

The catalog is the shipped one.
"""

import pytest

from advisor.explain.score_reasons import score_reason
from tests.asking import ask, plan

LONG = {
    "passages": 200_000,
    "passage_tokens": 6_000,
    "passage_tokens_p95": 20_000,
    "queries_per_month": 50_000,
    "query_tokens": 40,
}
MIDDLING = {
    "passages": 200_000,
    "passage_tokens": 3_000,
    "passage_tokens_p95": 7_500,
    "queries_per_month": 200_000,
}
BILLIONS = {"queries_per_month": 5 * 10**9, "query_tokens": 16, "vector_store": "none"}
LARGE, M3, GEMMA = (
    "deepinfra-bge-large-en-v1.5",
    "novita-ai-bge-m3",
    "ovhcloud-bge-multilingual-gemma2",
)


def picked(recommendation):
    return [part.variant_id for part in recommendation.pick.parts]


def test_long_passages_are_answered_as_the_same_text_cut_by_hand(catalog):
    """6,000 tokens are ceil(5,950 / 350) = 17 parts, 20,000 are 57: 17 + 0.05 x 40 = 19 a passage."""
    cut = ask(catalog, **LONG)
    by_hand = ask(
        catalog,
        **LONG | {"passages": 19 * 200_000, "passage_tokens": 400, "passage_tokens_p95": 400},
    )
    assert cut.answer == by_hand.answer == (LARGE,)
    assert cut.monthly == pytest.approx(by_hand.monthly, rel=1e-12)
    assert ask(catalog, **LONG, chunk_tokens=500, chunk_overlap_tokens=0).answer == (LARGE,)


def test_passages_that_are_cut_do_not_go_to_the_model_with_the_longest_context(catalog):
    assert picked(ask(catalog, **MIDDLING)) == ["bge-large-en-v1.5"]
    whole = ask(catalog, **MIDDLING, chunk_tokens=None)
    # 200,000 queries of 18 tokens at $0.01 / 1M, and 200,000 vectors of 1,024 dimensions in memory
    encoding = 200_000 * 18 * 0.01 / 1e6
    assert whole.answer == (M3,) and whole.monthly == pytest.approx(6.94, abs=0.005)
    assert float(whole.pick.parts[0].plan.encoding_usd.base) == pytest.approx(encoding)
    assert ask(catalog, **MIDDLING, split_long_passages=False).answer == (M3,)


@pytest.mark.parametrize(
    ("tokens", "rules"),
    [
        (510, []),
        (511, ["longer-than-recommended"]),
        (8_189, ["longer-than-recommended"]),
        (8_190, ["longer-than-recommended"]),
        (8_191, ["passage-fits-context", "longer-than-recommended"]),
        (8_300, ["passage-fits-context", "longer-than-recommended"]),
    ],
)
def test_a_text_that_is_sent_whole_is_held_against_both_lengths(catalog, tokens, rules):
    """Gemma2 takes 8,192 tokens, two special ones among them, and is recommended up to 512."""
    stated = {"passage_tokens": tokens, "passage_tokens_p95": tokens, "chunk_tokens": None}
    gemma = plan(ask(catalog, **stated), GEMMA)
    held = {"passage-fits-context", "longer-than-recommended"}
    assert [finding.rule for finding in gemma.findings if finding.rule in held] == rules
    assert gemma.fits == ("passage-fits-context" not in rules)


@pytest.mark.parametrize("chunk", [16, 400, 510])
def test_however_long_a_passage_is_its_parts_are_what_is_sent(catalog, chunk):
    stated = {"passage_tokens": 10**6, "passage_tokens_p95": 10**6, "chunk_tokens": chunk}
    gemma = plan(ask(catalog, **stated), GEMMA)
    rules = {finding.rule for finding in gemma.findings}
    assert gemma.fits and not rules & {"passage-fits-context", "longer-than-recommended"}


def test_an_instruction_and_special_tokens_that_are_not_published_cost_something(catalog):
    """17 tokens of the instruction (68 characters) and 2 special ones, both by an estimate."""
    recommendation = ask(catalog, **BILLIONS)
    gemma = plan(recommendation, GEMMA)
    assert gemma.plan.tokens.query == 16 + 17 + 2
    assert gemma.plan.tokens.estimated == ("special tokens", "the instruction")
    assert gemma.monthly == pytest.approx(5e9 * (16 + 17 + 2) * 0.01 / 1e6)
    assert 1_600 < gemma.monthly < 2_200
    assert recommendation.answer == (LARGE,)
    assert recommendation.monthly == pytest.approx(5e9 * (16 + 2) * 0.01 / 1e6) == 900


@pytest.mark.parametrize(
    ("chunk", "said"),
    [(1_000, ""), (1_001, "a typical part has 1,001"), (None, "a typical passage has 3,000")],
)
def test_it_is_said_that_long_parts_are_judged_by_long_documents(catalog, chunk, said):
    recommendation = ask(catalog, **MIDDLING, chunk_tokens=chunk)
    text = score_reason(recommendation, recommendation.pick.parts[0]).text
    because = f"Scores on long documents decide, because {said} tokens, more than 1,000."
    assert (because in text) == bool(said) and ("long documents" in text) == bool(said)


@pytest.mark.parametrize("priority", ["balanced", "quality", "cost"])
@pytest.mark.parametrize("chunk", [400, 600, None], ids=str)
def test_no_typical_pair_is_cut_but_for_the_lowest_cost(catalog, chunk, priority):
    stated = {"task": "retrieve-and-rerank", "passage_tokens": 700, "passage_tokens_p95": 2_000}
    recommendation = ask(
        catalog, **stated, rerank_candidates=30, chunk_tokens=chunk, priority=priority
    )
    reranker = recommendation.pick.part("reranker")
    tokens, part = reranker.plan.tokens, min(700, chunk or 700)
    assert tokens.input_typical == 16 + part + 4
    cut = tokens.per_input < tokens.input_typical
    assert not cut or priority == "cost"
    assert cut == ((chunk, priority) == (600, "cost")), "620 tokens, and the limit is 512"
    ruled = [
        judged.variant_id
        for judged in recommendation.judged
        if any(finding.rule == "typical-pair-fits-context" for finding in judged.excluded)
    ]
    assert set(ruled) == (
        {"bge-reranker-base", "bge-reranker-large"}
        if chunk == 600 and priority != "cost"
        else set()
    )


def test_a_pair_that_is_kept_whole_is_not_sent_to_the_lowest_cost(catalog):
    """There it is ruled out too: a passage that is kept whole is cut at no priority."""
    stated = {"task": "rerank", "passage_tokens": 700, "passage_tokens_p95": 700}
    for priority in ("balanced", "cost"):
        answer = ask(catalog, **stated, chunk_tokens=None, priority=priority)
        rules = {f.rule for f in plan(answer, "cloudflare-bge-reranker-base").excluded}
        assert rules == {"pair-fits-context"}


@pytest.mark.parametrize("chunk", [492, 493, 600])
def test_what_the_model_cuts_no_provider_is_to_take_whole(catalog, chunk):
    """The model takes 512 tokens; the provider states no limit of its own."""
    stated = {"task": "rerank", "passage_tokens": 700, "passage_tokens_p95": 2_000}
    answer = ask(catalog, **stated, chunk_tokens=chunk, priority="cost")
    rules = {f.rule for f in plan(answer, "cloudflare-bge-reranker-base").findings}
    assert ("typical-pair-is-cut" in rules) == (chunk + 16 + 4 > 512)
    assert "host-limit-not-stated" not in rules
