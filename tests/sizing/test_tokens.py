import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.ask.workload import Workload
from advisor.sizing.tokens import Tokens, tokens_sent


def test_texts_carry_their_special_tokens(made_up):
    sent = tokens_sent(Workload(), made_up.variants["big-en"], 512)
    assert sent.monthly == 2_000_000 * (16 + 2)
    assert sent.once == 1_000_000 * (200 + 2)
    assert (sent.vectors, sent.input_p95) == (1_000_000, 452)


def test_a_passage_over_the_limit_becomes_several_vectors(made_up):
    workload = Workload(passage_tokens=600, passage_tokens_p95=1200, passages=1000)
    sent = tokens_sent(workload, made_up.variants["big-en"], 512)
    parts = 0.95 * 2 + 0.05 * 3
    assert sent.vectors == 2050
    assert sent.once == round(1000 * (600 + 2 * parts))


def test_a_passage_that_may_not_be_split_stays_one_vector(made_up):
    workload = Workload(
        passage_tokens=600, passage_tokens_p95=1200, passages=1000, split_long_passages=False
    )
    assert tokens_sent(workload, made_up.variants["big-en"], 512).vectors == 1000


def test_a_pair_is_query_passage_and_special_tokens(made_up):
    workload = Workload(task="rerank", queries_per_month=1000, rerank_candidates=50)
    sent = tokens_sent(workload, made_up.variants["rank-big"], 8000)
    assert sent.per_input == 16 + 200 + 4
    assert sent.monthly == 1000 * 50 * 220
    assert sent.monthly_low == 1000 * 16 + 1000 * 50 * 204


def test_a_pair_is_cut_at_the_limit(made_up):
    workload = Workload(
        task="rerank",
        passage_tokens=900,
        passage_tokens_p95=900,
        queries_per_month=1,
        rerank_candidates=1,
    )
    assert tokens_sent(workload, made_up.variants["rank-small"], 512).monthly == 512


def test_a_pair_shorter_than_its_query_is_not_negative(made_up):
    workload = Workload(task="rerank", query_tokens=5000, queries_per_month=10, rerank_candidates=3)
    sent = tokens_sent(workload, made_up.variants["rank-small"], 512)
    assert 0 <= sent.monthly_low <= sent.monthly


@given(
    st.integers(1, 3000), st.integers(0, 3000), st.integers(0, 10**6), st.integers(0, 10**6),
    st.integers(1, 200), st.booleans(), st.sampled_from(["retrieve", "rerank"])
)  # fmt: skip
def test_more_queries_never_take_fewer_tokens(
    made_up, typical, longer, queries, more, candidates, split, task
):
    variant = made_up.variants["multi" if task == "retrieve" else "rank-small"]
    stated = {
        "task": task,
        "passage_tokens": typical,
        "passage_tokens_p95": typical + longer,
        "rerank_candidates": candidates,
        "split_long_passages": split,
    }
    few, many = (
        tokens_sent(Workload(**stated, queries_per_month=n), variant, variant.max_tokens)
        for n in (queries, queries + more)
    )
    assert many.monthly >= few.monthly >= few.monthly_low >= 0


# Tokens, every field worked by hand from the formulas of docs/decisions/0003-token-counts.md

BIG, RERANKER, UNKNOWN = "big-en", "rank-big", "of unknown special tokens"


STATED = {
    "passages": 1000,
    "passage_tokens": 600,
    "passage_tokens_p95": 1200,
    "new_passages_per_month": 100,
    "queries_per_month": 50,
    "query_tokens": 10,
}


HAND_WORKED = [
    # Room for 510 tokens beside 2 special ones: 600 take two parts, 1,200 three; 0.95 x 2 + 0.05 x
    # 3 = 2.05 parts of 2 special tokens each.
    ("a text is split", BIG, 512, {}, Tokens(604_100, 60_410 + 50 * 12, 60_410 + 50 * 12, 602,
     604.1, 1202, 2050, 2.05)),
    ("a text that fits exactly is whole", BIG, 602, {"passage_tokens_p95": 600}, Tokens(602_000,
     60_200 + 600, 60_800, 602, 602.0, 602, 1000, 1.0)),
    ("one token more makes two parts", BIG, 601, {"passage_tokens_p95": 600}, Tokens(604_000,
     60_400 + 600, 61_000, 602, 604.0, 602, 2000, 2.0)),
    ("it may not be split", BIG, 512, {"split_long_passages": False}, Tokens(602_000, 60_200 + 600,
     60_800, 602, 602.0, 1202, 1000, 1.0)),
    ("no limit is known", BIG, None, {}, Tokens(602_000, 60_200 + 600, 60_800, 602, 602.0, 1202,
     1000, 1.0)),
    ("a limit with no room beside the special tokens", BIG, 2, {"passage_tokens": 3,
     "passage_tokens_p95": 4}, Tokens(9100, 910 + 600, 1510, 5, 9.1, 6, 3050, 3.05)),
    ("special tokens are not known", UNKNOWN, None, {}, Tokens(600_000, 60_000 + 500, 60_500, 600,
     600.0, 1200, 1000, 1.0)),
    # 50 queries x 20 candidates = 1,000 pairs of 10 + 600 + 4 tokens; the query billed once: 50 x
    # 10 + 1,000 x 604.
    ("a pair", RERANKER, 8192, {}, Tokens(0, 614_000, 604_500, 614, 0.0, 1214, 0, 0.0)),
    ("a pair is cut", RERANKER, 512, {}, Tokens(0, 512_000, 502_500, 512, 0.0, 1214, 0, 0.0)),
    ("a pair of exactly the limit", RERANKER, 614, {}, Tokens(0, 614_000, 604_500, 614, 0.0, 1214,
     0, 0.0)),
    ("a pair without a limit", RERANKER, None, {}, Tokens(0, 614_000, 604_500, 614, 0.0, 1214, 0,
     0.0)),
    ("a query longer than the pair", RERANKER, 8, {}, Tokens(0, 8000, 500, 8, 0.0, 1214, 0, 0.0)),
    ("one pair a query", RERANKER, 8, {"rerank_candidates": 1}, Tokens(0, 400, 400, 8, 0.0, 1214,
     0, 0.0)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("variant", "limit", "stated", "tokens"),
    [row[1:] for row in HAND_WORKED],
    ids=[row[0] for row in HAND_WORKED],
)
def test_every_count_is_that_of_the_hand_worked_case(made_up, variant, limit, stated, tokens):
    unknown = made_up.variants["giant"].model_copy(update={"special_tokens_per_text": None})
    entry = (made_up.variants | {UNKNOWN: unknown})[variant]
    sent = tokens_sent(Workload(**{**STATED, "rerank_candidates": 20, **stated}), entry, limit)
    assert sent._asdict() == pytest.approx(tokens._asdict())
    assert all(type(value) is type(tokens[place]) for place, value in enumerate(sent)), (
        "counts are whole numbers"
    )


def test_a_pair_of_a_tokenizer_with_unknown_special_tokens_has_none(made_up):
    unknown = made_up.variants[RERANKER].model_copy(update={"special_tokens_per_pair": None})
    assert tokens_sent(Workload(**STATED), unknown, None).per_input == 610
