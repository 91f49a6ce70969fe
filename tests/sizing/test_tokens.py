import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.ask.workload import Workload
from advisor.sizing.tokens import INSTRUCTION, SPECIAL, Tokens, query_tokens, tokens_sent

CUTS = [
    # tokens of a passage, longest part, overlap, parts, tokens of all parts
    (1, 400, 50, 1, 1),
    (400, 400, 50, 1, 400),
    (401, 400, 50, 2, 401 + 50),
    (750, 400, 50, 2, 750 + 50),  # 400 and 350 more
    (751, 400, 50, 3, 751 + 2 * 50),
    (6_000, 400, 50, 17, 6_000 + 16 * 50),
    (1_000, 100, 0, 10, 1_000),
    (1_000, 100, 50, 19, 1_000 + 18 * 50),
    (17, 16, 8, 2, 17 + 8),
    (32_769, 32_768, 16_384, 2, 32_769 + 16_384),
    (10**6, None, 50, 1, 10**6),
]


@pytest.mark.parametrize(("tokens", "chunk", "overlap", "parts", "sent"), CUTS)
def test_a_passage_is_cut_into_parts(made_up, tokens, chunk, overlap, parts, sent):
    workload = Workload(
        passages=1,
        passage_tokens=tokens,
        passage_tokens_p95=tokens,
        chunk_tokens=chunk,
        chunk_overlap_tokens=overlap,
    )
    assert workload.parts(tokens) == parts
    assert workload.part(tokens) == min(tokens, chunk or tokens)
    counts = tokens_sent(workload, made_up.variants["multi"], None)
    assert (counts.vectors, counts.once) == (parts, sent + 2 * parts), "two special tokens a part"


@given(st.integers(1, 10**4), st.integers(16, 1_000), st.integers(0, 500))
def test_the_parts_are_those_of_a_walk_along_the_text(tokens, chunk, overlap):
    workload = Workload(chunk_tokens=chunk, chunk_overlap_tokens=min(overlap, chunk // 2))
    ends = [min(chunk, tokens)]
    while ends[-1] < tokens:
        start = ends[-1] - workload.overlap
        ends.append(min(start + chunk, tokens))
    assert workload.parts(tokens) == len(ends)


def test_texts_carry_their_special_tokens(made_up):
    sent = tokens_sent(Workload(passage_tokens_p95=400), made_up.variants["big-en"], 512)
    assert sent.monthly == 2_000_000 * (16 + 2)
    assert sent.once == 1_000_000 * (200 + 2)
    assert (sent.vectors, sent.input_p95) == (1_000_000, 402)


@pytest.mark.parametrize(("limit", "variant"), [(500, "big-en"), (8_000, "multi"), (None, "giant")])
def test_parts_are_the_same_for_every_model(made_up, limit, variant):
    workload = Workload(passage_tokens=600, passage_tokens_p95=1200, passages=1000)
    sent = tokens_sent(workload, made_up.variants[variant], limit)
    parts = 0.95 * 2 + 0.05 * 4
    assert sent.vectors == 2100
    assert sent.once == round(1000 * (600 + (parts - 1) * 50 + 2 * parts))


@pytest.mark.parametrize(
    ("passages", "longest", "vectors"),
    [(200_000, 3, 220_000), (855, 31, 2_138), (1, 3, 2), (10**12, 3, 11 * 10**11)],
)
def test_vectors_are_counted_in_whole_numbers(made_up, passages, longest, vectors):
    """Of 20 passages 19 have one part: passages x (19 + longest) / 20, rounded up."""
    cut = {"chunk_tokens": 100, "chunk_overlap_tokens": 0, "passage_tokens": 100}
    workload = Workload(passages=passages, passage_tokens_p95=100 * longest, **cut)
    assert tokens_sent(workload, made_up.variants["multi"], None).vectors == vectors


def test_a_passage_that_is_kept_whole_stays_one_vector(made_up):
    workload = Workload(
        passage_tokens=600, passage_tokens_p95=1200, passages=1000, chunk_tokens=None
    )
    assert tokens_sent(workload, made_up.variants["big-en"], 512).vectors == 1000


def test_only_an_instruction_that_is_needed_is_counted(made_up):
    """Giant needs `Search: `, some 2 tokens; Old EN does a little better with `Find: `."""
    giant, old = (made_up.variants[name] for name in ("giant", "old-en"))
    assert [query_tokens(Workload(), variant) for variant in (giant, old)] == [16 + 2 + 2, 16 + 2]
    published = giant.model_copy(update={"query_instruction_tokens": 3})
    sent = tokens_sent(Workload(queries_per_month=1000), published, 8_000)
    assert (sent.monthly, sent.estimated) == (1000 * (16 + 2 + 3), ())


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
        chunk_tokens=None,
        queries_per_month=1,
        rerank_candidates=1,
    )
    assert tokens_sent(workload, made_up.variants["rank-small"], 512).monthly == 512


def test_a_reranker_reads_a_part(made_up):
    workload = Workload(
        task="rerank",
        passage_tokens=900,
        passage_tokens_p95=2000,
        queries_per_month=1,
        rerank_candidates=1,
    )
    sent = tokens_sent(workload, made_up.variants["rank-small"], 512)
    assert (sent.monthly, sent.input_p95) == (16 + 400 + 4, 16 + 400 + 4)


def test_a_pair_shorter_than_its_query_is_not_negative(made_up):
    workload = Workload(task="rerank", query_tokens=5000, queries_per_month=10, rerank_candidates=3)
    sent = tokens_sent(workload, made_up.variants["rank-small"], 512)
    assert 0 <= sent.monthly_low <= sent.monthly


@given(
    st.integers(1, 3000), st.integers(0, 3000), st.integers(0, 10**6), st.integers(0, 10**6),
    st.integers(1, 200), st.none() | st.integers(16, 3000), st.sampled_from(["retrieve", "rerank"])
)  # fmt: skip
def test_more_queries_never_take_fewer_tokens(
    made_up, typical, longer, queries, more, candidates, chunk, task
):
    variant = made_up.variants["multi" if task == "retrieve" else "rank-small"]
    stated = {
        "task": task,
        "passage_tokens": typical,
        "passage_tokens_p95": typical + longer,
        "rerank_candidates": candidates,
        "chunk_tokens": chunk,
    }
    few, many = (
        tokens_sent(Workload(**stated, queries_per_month=n), variant, variant.max_tokens)
        for n in (queries, queries + more)
    )
    assert many.monthly >= few.monthly >= few.monthly_low >= 0


# Tokens, every field worked by hand from the formulas of docs/decisions/0016-parts-and-tokens.md

BIG, RERANKER, UNKNOWN = "big-en", "rank-big", "of unknown special tokens"


STATED = {
    "passages": 1000,
    "passage_tokens": 600,
    "passage_tokens_p95": 1200,
    "new_passages_per_month": 100,
    "queries_per_month": 50,
    "query_tokens": 10,
}
WHOLE = {"chunk_tokens": None}


HAND_WORKED = [
    # Parts of 400 that repeat 50: 600 tokens take two, 1,200 four; 0.95 x 2 + 0.05 x 4 = 2.1 parts
    # of 2 special tokens each, and 1.1 x 50 tokens that are repeated: 600 + 55 + 4.2.
    ("a text is cut", BIG, 512, {}, Tokens(659_200, 65_920 + 50 * 12, 66_520, 12, 402, 659.2, 402,
     402, 2100, 2.1, ())),
    # 1,200 tokens take three parts: 2.05.
    ("nothing is repeated", BIG, 512, {"chunk_overlap_tokens": 0}, Tokens(604_100, 60_410 + 600,
     61_010, 12, 402, 604.1, 402, 402, 2050, 2.05, ())),
    # 1,200 tokens take ceil(1,000 / 200) = five: 2.15 parts, 230 tokens repeated.
    ("half is repeated", BIG, 512, {"chunk_overlap_tokens": 200}, Tokens(834_300, 83_430 + 600,
     84_030, 12, 402, 834.3, 402, 402, 2150, 2.15, ())),
    ("a text of exactly one part is whole", BIG, 602, {"chunk_tokens": 600,
     "passage_tokens_p95": 600}, Tokens(602_000, 60_200 + 600, 60_800, 12, 602, 602.0, 602, 602,
     1000, 1.0, ())),
    ("one token more makes two parts", BIG, 602, {"chunk_tokens": 599, "passage_tokens_p95": 600},
     Tokens(654_000, 65_400 + 600, 66_000, 12, 601, 654.0, 601, 601, 2000, 2.0, ())),
    ("it is kept whole", BIG, 512, WHOLE, Tokens(602_000, 60_200 + 600, 60_800, 12, 512, 602.0, 602,
     1202, 1000, 1.0, ())),
    ("no limit is known", BIG, None, WHOLE, Tokens(602_000, 60_200 + 600, 60_800, 12, 602, 602.0,
     602, 1202, 1000, 1.0, ())),
    # Giant, of 2 special tokens by an estimate, and some 2 of `Search: ` before each query.
    ("special tokens are not known", UNKNOWN, None, WHOLE, Tokens(602_000, 60_200 + 50 * 14, 60_900,
     14, 602, 602.0, 602, 1202, 1000, 1.0, (SPECIAL, INSTRUCTION))),
    # 50 queries x 20 candidates = 1,000 pairs of 10 + 400 + 4 tokens; the query billed once: 50 x
    # 10 + 1,000 x 404.
    ("a pair", RERANKER, 8192, {}, Tokens(0, 414_000, 404_500, 10, 414, 0.0, 414, 414, 0, 0.0, ())),
    ("a pair of a whole passage", RERANKER, 8192, WHOLE, Tokens(0, 614_000, 604_500, 10, 614, 0.0,
     614, 1214, 0, 0.0, ())),
    ("a pair is cut", RERANKER, 512, WHOLE, Tokens(0, 512_000, 502_500, 10, 512, 0.0, 614, 1214, 0,
     0.0, ())),
    ("a pair of exactly the limit", RERANKER, 614, {"chunk_tokens": 600}, Tokens(0, 614_000,
     604_500, 10, 614, 0.0, 614, 614, 0, 0.0, ())),
    ("a pair without a limit", RERANKER, None, WHOLE, Tokens(0, 614_000, 604_500, 10, 614, 0.0, 614,
     1214, 0, 0.0, ())),
    ("a query longer than the pair", RERANKER, 8, {}, Tokens(0, 8000, 500, 10, 8, 0.0, 414, 414, 0,
     0.0, ())),
    ("one pair a query", RERANKER, 8, {"rerank_candidates": 1}, Tokens(0, 400, 400, 10, 8, 0.0, 414,
     414, 0, 0.0, ())),
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
    (*figures, estimated), (*worked, guessed) = sent, tokens
    assert figures == pytest.approx(worked) and estimated == guessed
    assert all(type(value) is type(tokens[place]) for place, value in enumerate(sent)), (
        "counts are whole numbers"
    )


def test_a_pair_of_a_tokenizer_with_unknown_special_tokens_has_four_by_an_estimate(made_up):
    unknown = made_up.variants[RERANKER].model_copy(update={"special_tokens_per_pair": None})
    sent = tokens_sent(Workload(**STATED), unknown, None)
    assert (sent.per_input, sent.estimated) == (10 + 400 + 4, (SPECIAL,))
