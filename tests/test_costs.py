from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import costs, storage
from advisor.costs import Range, hosted_usd
from advisor.units import GIB
from advisor.workload import Workload


@pytest.mark.parametrize(
    ("tokens", "price", "usd"),
    [
        pytest.param(36_000_000, "0.01", "0.36", id="36 million tokens at a cent a million"),
        pytest.param(1, "0.0031", "0.0000000031", id="one token keeps every digit"),
        pytest.param(0, "0.204", "0", id="no token costs nothing"),
        pytest.param(10**12, "0.10003", "100030.00000", id="a trillion tokens"),
    ],
)
def test_a_hosted_price_is_exact(tokens, price, usd):
    assert hosted_usd(tokens, Decimal(price)) == Decimal(usd)


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="-1 tokens"):
        hosted_usd(-1, Decimal("0.01"))


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.decimals("0", "100", places=4))
def test_the_cost_never_falls_as_tokens_grow(first, more, price):
    assert hosted_usd(first + more, price) >= hosted_usd(first, price)


def test_texts_carry_their_special_tokens(catalog):
    found = costs.tokens(Workload(), catalog.variants["bge-large-en-v1.5"], 512)
    assert found.monthly == 2_000_000 * (16 + 2)
    assert found.once == 1_000_000 * (200 + 2)
    assert (found.vectors, found.input_p95) == (1_000_000, 452)


def test_a_passage_over_the_limit_becomes_several_vectors(catalog):
    workload = Workload(passage_tokens=600, passage_tokens_p95=1200, passages=1000)
    found = costs.tokens(workload, catalog.variants["bge-large-en-v1.5"], 512)
    parts = 0.95 * 2 + 0.05 * 3
    assert found.vectors == 2050
    assert found.once == round(1000 * (600 + 2 * parts))


def test_a_passage_that_may_not_be_split_stays_one_vector(catalog):
    workload = Workload(passage_tokens=600, passage_tokens_p95=1200, passages=1000, split_long_passages=False)
    assert costs.tokens(workload, catalog.variants["bge-large-en-v1.5"], 512).vectors == 1000


def test_a_pair_is_query_passage_and_special_tokens(catalog):
    workload = Workload(task="rerank", queries_per_month=1000, rerank_candidates=50)
    found = costs.tokens(workload, catalog.variants["bge-reranker-v2-m3"], 8000)
    assert found.per_input == 16 + 200 + 4
    assert found.monthly == 1000 * 50 * 220
    assert found.monthly_low == 1000 * 16 + 1000 * 50 * 204


def test_a_pair_is_cut_at_the_limit(catalog):
    workload = Workload(task="rerank", passage_tokens=900, passage_tokens_p95=900, queries_per_month=1, rerank_candidates=1)
    assert costs.tokens(workload, catalog.variants["bge-reranker-base"], 512).monthly == 512


def test_a_pair_shorter_than_its_query_is_not_negative(catalog):
    workload = Workload(task="rerank", query_tokens=5000, queries_per_month=10, rerank_candidates=3)
    found = costs.tokens(workload, catalog.variants["bge-reranker-base"], 512)
    assert 0 <= found.monthly_low <= found.monthly


@given(
    st.integers(1, 3000), st.integers(0, 3000), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 200), st.booleans(), st.sampled_from(["retrieve", "rerank"])
)  # fmt: skip
def test_more_queries_never_take_fewer_tokens(catalog, typical, longer, queries, more, candidates, split, task):
    variant = catalog.variants["bge-m3" if task == "retrieve" else "bge-reranker-base"]
    stated = {
        "task": task,
        "passage_tokens": typical,
        "passage_tokens_p95": typical + longer,
        "rerank_candidates": candidates,
        "split_long_passages": split,
    }
    few, many = (costs.tokens(Workload(**stated, queries_per_month=n), variant, variant.max_tokens) for n in (queries, queries + more))
    assert many.monthly >= few.monthly >= few.monthly_low >= 0


@pytest.mark.parametrize(
    ("dimensions", "kind", "size"),
    [(1024, "float32", 6_144_000_000), (384, "float32", 2_304_000_000), (3584, "float32", 21_504_000_000), (1024, "float16", 3_072_000_000), (1024, "binary", 192_000_000)],
)  # fmt: skip
def test_a_million_vectors_take_what_the_capacity_formula_says(dimensions, kind, size):
    assert storage.index_bytes(1_000_000, dimensions, kind) == size


def test_memory_costs_about_five_to_nine_dollars_a_gib(catalog):
    rate = storage.ram_usd_per_gib_month(catalog)
    assert [round(float(amount), 2) for amount in rate] == [5.38, 6.04, 9.19]


def index_usd(catalog, store, variant="bge-m3", **stated):
    workload = Workload(vector_store=store, **stated)
    found = costs.tokens(workload, catalog.variants[variant], 8192)
    size = storage.index_size(catalog.variants[variant], found, workload)
    rate = Range(Decimal(5), Decimal(6), Decimal(9))
    return storage.index_usd_per_month(catalog, workload, size, rate, storage.written_bytes(catalog.variants[variant], found, workload))


def test_a_gib_in_memory_costs_its_rate(catalog):
    found = index_usd(catalog, "ram", passages=2 * GIB // 6144)  # 6,144 bytes a vector of 1,024 dimensions
    assert [round(float(amount), 4) for amount in found] == [10, 12, 18]
    assert index_usd(catalog, "none") == costs.ZERO


@pytest.mark.parametrize(
    ("store", "stated", "usd"),
    [
        pytest.param("pinecone-standard", {}, 50, id="4.1 GB at 33 cents are under Pinecone's minimum of 50 dollars"),
        pytest.param("pinecone-standard", {"passages": 100_000_000}, 409.6 * 0.33, id="409.6 GB are not"),
        pytest.param("s3-vectors", {"passages": 100_000_000, "new_passages_per_month": 1_000_000}, 409.6 * 0.06 + 4.096 * 0.20, id="S3 charges writing"),
        pytest.param("turbopuffer-launch", {"queries_per_month": 0, "passages": 10_000_000}, 16, id="the minimum wins at turbopuffer"),
        pytest.param("turbopuffer-launch", {"passages": 10_000_000, "queries_per_month": 10_000_000}, 40.96 * 0.33 + 10 * (32 + 8.96 * 0.2), id="80 per cent off above 32 GB"),
        pytest.param("turbopuffer-launch", {"passages": 1000, "queries_per_month": 100_000_000}, 0.004096 * 0.33 + 100 * 1.28, id="a query counts 1.28 GB at least"),
        pytest.param("weaviate-cloud-flex", {}, 45, id="Weaviate's minimum"),
        pytest.param("turbopuffer-launch", {"vector_type": "int8", "queries_per_month": 0, "new_passages_per_month": 20_000_000}, 1.024 * 0.33 + 20 * 4.096 * 2, id="turbopuffer writes 4 bytes a value of any type"),
    ],
)  # fmt: skip
def test_a_store_charges_by_its_list_and_not_less_than_its_minimum(catalog, store, stated, usd):
    assert float(index_usd(catalog, store, **stated).base) == pytest.approx(usd)


@given(
    st.sampled_from(["pinecone-standard", "turbopuffer-launch", "weaviate-cloud-flex"]),
    st.integers(1, 10**10),
    st.integers(0, 10**9),
    st.integers(0, 10**8),
)
def test_a_minimum_charge_always_wins(catalog, store, passages, queries, new):
    amount = index_usd(catalog, store, passages=passages, queries_per_month=queries, new_passages_per_month=new)
    assert amount.base >= catalog.stores[store].minimum_usd_per_month


def test_pgvector_takes_memory_for_vectors_and_links_and_disk_for_both(catalog):
    held = 1_000_000 * (1024 * 4 + 8 + 320)
    assert float(index_usd(catalog, "pgvector").base) == pytest.approx(6 * held / GIB + 2 * held / 1e9 * 0.08)


def test_a_store_without_a_price_costs_nobody_knows_what(catalog):
    assert index_usd(catalog, "qdrant-cloud") is None and index_usd(catalog, "opensearch-serverless") is None


def test_sparse_and_multi_vector_output_take_their_room(catalog):
    variant = catalog.variants["bge-m3"]
    sizes = {}
    for outputs in (("dense",), ("dense", "sparse"), ("dense", "multi_vector")):
        workload = Workload(outputs=outputs, passages=10, passage_tokens=98, passage_tokens_p95=98)
        sizes[outputs[-1]] = storage.index_size(variant, costs.tokens(workload, variant, 8192), workload).values_bytes
    assert sizes == {"dense": 40_960, "sparse": 40_960 + 1000 * 8, "multi_vector": 40_960 + 1000 * 1024 * 4}


# Tokens, every field worked by hand from the formulas of docs/decisions/0003-token-counts.md

LARGE, M3_RERANKER, GEMMA = "bge-large-en-v1.5", "bge-reranker-v2-m3", "bge-multilingual-gemma2"
STATED = {
    "passages": 1000,
    "passage_tokens": 600,
    "passage_tokens_p95": 1200,
    "new_passages_per_month": 100,
    "queries_per_month": 50,
    "query_tokens": 10,
}
HAND_WORKED = [
    # Room for 510 tokens beside 2 special ones: 600 take two parts, 1,200 three; 0.95 x 2 + 0.05 x 3 = 2.05 parts of 2 special tokens each.
    ("a text is split", LARGE, 512, {}, costs.Tokens(604_100, 60_410 + 50 * 12, 60_410 + 50 * 12, 602, 604.1, 1202, 2050, 2.05)),
    ("a text that fits exactly is whole", LARGE, 602, {"passage_tokens_p95": 600}, costs.Tokens(602_000, 60_200 + 600, 60_800, 602, 602.0, 602, 1000, 1.0)),
    ("one token more makes two parts", LARGE, 601, {"passage_tokens_p95": 600}, costs.Tokens(604_000, 60_400 + 600, 61_000, 602, 604.0, 602, 2000, 2.0)),
    ("it may not be split", LARGE, 512, {"split_long_passages": False}, costs.Tokens(602_000, 60_200 + 600, 60_800, 602, 602.0, 1202, 1000, 1.0)),
    ("no limit is known", LARGE, None, {}, costs.Tokens(602_000, 60_200 + 600, 60_800, 602, 602.0, 1202, 1000, 1.0)),
    ("a limit with no room beside the special tokens", LARGE, 2, {"passage_tokens": 3, "passage_tokens_p95": 4}, costs.Tokens(9100, 910 + 600, 1510, 5, 9.1, 6, 3050, 3.05)),
    ("special tokens are not known", GEMMA, None, {}, costs.Tokens(600_000, 60_000 + 500, 60_500, 600, 600.0, 1200, 1000, 1.0)),
    # 50 queries x 20 candidates = 1,000 pairs of 10 + 600 + 4 tokens; the query billed once: 50 x 10 + 1,000 x 604.
    ("a pair", M3_RERANKER, 8192, {}, costs.Tokens(0, 614_000, 604_500, 614, 0.0, 1214, 0, 0.0)),
    ("a pair is cut", M3_RERANKER, 512, {}, costs.Tokens(0, 512_000, 502_500, 512, 0.0, 1214, 0, 0.0)),
    ("a pair of exactly the limit", M3_RERANKER, 614, {}, costs.Tokens(0, 614_000, 604_500, 614, 0.0, 1214, 0, 0.0)),
    ("a pair without a limit", M3_RERANKER, None, {}, costs.Tokens(0, 614_000, 604_500, 614, 0.0, 1214, 0, 0.0)),
    ("a query longer than the pair", M3_RERANKER, 8, {}, costs.Tokens(0, 8000, 500, 8, 0.0, 1214, 0, 0.0)),
    ("one pair a query", M3_RERANKER, 8, {"rerank_candidates": 1}, costs.Tokens(0, 400, 400, 8, 0.0, 1214, 0, 0.0)),
]  # fmt: skip


@pytest.mark.parametrize(("variant", "limit", "stated", "tokens"), [row[1:] for row in HAND_WORKED], ids=[row[0] for row in HAND_WORKED])
def test_every_count_is_that_of_the_hand_worked_case(catalog, variant, limit, stated, tokens):
    found = costs.tokens(Workload(**{**STATED, "rerank_candidates": 20, **stated}), catalog.variants[variant], limit)
    assert found._asdict() == pytest.approx(tokens._asdict())
    assert all(type(value) is type(tokens[place]) for place, value in enumerate(found)), "counts are whole numbers"


def test_a_pair_of_a_tokenizer_with_unknown_special_tokens_has_none(catalog):
    unknown = catalog.variants[M3_RERANKER].model_copy(update={"special_tokens_per_pair": None})
    assert costs.tokens(Workload(**STATED), unknown, None).per_input == 610


def test_ranges_are_added_and_multiplied_end_by_end():
    one, two = Range(Decimal(1), Decimal(2), Decimal(4)), Range(Decimal(10), Decimal(30), Decimal(70))
    assert one.plus(two) == (11, 32, 74) and two.plus(one) == one.plus(two) and one.plus(costs.ZERO) == one
    assert two.times(Decimal("0.5")) == (5, 15, 35) and isinstance(one.plus(two), Range) and isinstance(one.times(Decimal(2)), Range)


def test_a_negative_count_is_told_word_for_word():
    with pytest.raises(ValueError) as error:
        hosted_usd(-7, Decimal("0.01"))
    assert str(error.value) == "-7 tokens: a count of tokens is 0 or more."
