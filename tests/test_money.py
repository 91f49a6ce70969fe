"""Cases worked by hand, to the cent: each id is the arithmetic. The prices are those of the shipped catalog."""

from datetime import date
from decimal import Decimal

import pytest

from advisor import costs, storage
from advisor.assumptions import Assumptions
from advisor.plans import build
from advisor.workload import Workload

TODAY = date(2026, 11, 24)
RERANK = {"task": "rerank"}


def plan(catalog, plan_id, stated, assumed=None):
    return next(p for p in build(catalog, Workload(**stated), TODAY, Assumptions(**(assumed or {}))) if p.id == plan_id)


HOSTED = [
    # (workload, offer, US dollars a month of encoding or reranking, arithmetic)
    ({}, "deepinfra-bge-large-en-v1.5", "0.36", "2,000,000 x (16 + 2) = 36 million x 0.01"),
    ({}, "cloudflare-bge-large-en-v1.5", "7.344", "36 million x 0.204"),
    ({}, "databricks-databricks-bge-large-en", "3.60108", "36 million x 0.10003"),
    ({}, "deepinfra-bge-base-en-v1.5", "0.18", "36 million x 0.005"),
    ({"queries_per_month": 1}, "deepinfra-bge-base-en-v1.5", "0.00000009", "18 tokens x 0.005: every digit stays"),
    ({"query_tokens": 30, "queries_per_month": 1_000_000}, "venice-text-embedding-bge-m3", "4.80", "32 million x 0.15"),
    ({"new_passages_per_month": 100_000}, "novita-ai-bge-m3", "0.562", "36 million + 100,000 x (200 + 2) = 56.2 million x 0.01"),
    ({"queries_per_month": 0, "new_passages_per_month": 10, "passage_tokens": 600, "passage_tokens_p95": 1200}, "deepinfra-bge-large-en-v1.5",
     "0.00006041", "10 x (600 + 2 x (0.95 x 2 + 0.05 x 3)) = 10 x 604.1 = 6,041 tokens x 0.01"),
    ({}, "nebius-bge-multilingual-gemma2", "0.32", "2,000,000 x 16, no special tokens known, x 0.01"),
    (RERANK, "novita-ai-bge-reranker-v2-m3", "220", "2,000,000 x 50 x (16 + 200 + 4) = 22 billion x 0.01"),
    (RERANK, "cloudflare-bge-reranker-base", "68.20", "22 billion x 0.0031"),
    (RERANK | {"passage_tokens": 900, "passage_tokens_p95": 900}, "cloudflare-bge-reranker-base", "158.72", "100 million pairs cut at 512 = 51.2 billion x 0.0031"),
    (RERANK | {"queries_per_month": 1000, "rerank_candidates": 1}, "novita-ai-bge-reranker-v2-m3", "0.0022", "1,000 x 220 = 220,000 x 0.01"),
]  # fmt: skip
OWN = [
    # (workload, assumptions, plan, US dollars a month of machines, arithmetic)
    ({}, {}, "bge-large-en-v1.5@aws-g6.xlarge", "587.5040", "0.8048 x 730 x 1"),
    ({"redundancy": True}, {}, "bge-large-en-v1.5@aws-g6.xlarge", "1175.0080", "0.8048 x 730 x (1 + 1 to spare)"),
    ({}, {"machine_prices": "spot"}, "bge-large-en-v1.5@gcp-g2-standard-4", "290.05528", "0.397336 x 730"),
    ({}, {}, "bge-small-en-v1.5@aws-c7i.xlarge", "130.3050", "0.1785 x 730"),
    ({"peak_queries_per_second": 10_000}, {}, "bge-large-en-v1.5@aws-g6.xlarge", "2937.5200",
     "10,000 x 18 tokens x 609,544,192 FLOPs / (0.265156 x 121e12) = 3.4197 machines, / 0.7 = 4.89, so 5 x 587.504"),
    ({"peak_queries_per_second": 10_000}, {"target_utilisation": 1}, "bge-large-en-v1.5@aws-g6.xlarge", "2350.0160", "3.42 machines filled wholly are 4 x 587.504"),
]  # fmt: skip


@pytest.mark.parametrize(("stated", "offer", "usd", "worked"), HOSTED, ids=[row[3] for row in HOSTED])
def test_a_month_at_an_endpoint(catalog, stated, offer, usd, worked):
    assert plan(catalog, offer, stated).encoding_usd.base == Decimal(usd), worked


@pytest.mark.parametrize(("stated", "assumed", "plan_id", "usd", "worked"), OWN, ids=[row[4] for row in OWN])
def test_a_month_of_machines(catalog, stated, assumed, plan_id, usd, worked):
    assert plan(catalog, plan_id, stated, assumed).encoding_usd.base == Decimal(usd), worked


@pytest.mark.parametrize(
    ("variant", "raw", "ram", "indexed_as_float32"),
    [
        ("bge-small-en-v1.5", 1_536_000_000, 2_304_000_000, True),
        ("bge-base-en-v1.5", 3_072_000_000, 4_608_000_000, True),
        ("bge-large-en-v1.5", 4_096_000_000, 6_144_000_000, True),
        ("bge-m3", 4_096_000_000, 6_144_000_000, True),
        ("bge-multilingual-gemma2", 14_336_000_000, 21_504_000_000, False),
    ],
)
def test_the_worked_examples_of_storage_hold(catalog, variant, raw, ram, indexed_as_float32):
    workload, entry = Workload(), catalog.variants[variant]
    size = storage.index_size(entry, costs.tokens(workload, entry, 8192), workload)
    assert (size.values_bytes, size.ram_bytes) == (raw, ram)
    pgvector = catalog.stores["pgvector"]
    assert (entry.embedding_dim <= storage.most_dimensions(pgvector, "float32")) is indexed_as_float32
    assert entry.embedding_dim <= storage.most_dimensions(pgvector, "float16")
    assert entry.embedding_dim <= storage.most_dimensions(catalog.stores["s3-vectors"], "float32")
    halves = storage.index_size(entry, costs.tokens(workload, entry, 8192), Workload(vector_type="float16"))
    assert (raw + 8_000_000, halves.values_bytes + 8_000_000) == (
        entry.embedding_dim * 4_000_000 + 8_000_000,
        entry.embedding_dim * 2_000_000 + 8_000_000,
    )


def test_turbopuffers_own_example_is_under_its_minimum_and_the_minimum_wins(catalog):
    workload = Workload(vector_store="turbopuffer-launch", passages=1_000_000, new_passages_per_month=600_000, queries_per_month=1_000_000)
    entry = catalog.variants["bge-base-en-v1.5"]
    size = storage.index_size(entry, costs.tokens(workload, entry, 512), workload)
    gb = Decimal("3.072")
    summed = gb * Decimal("0.33") + Decimal("0.6") * gb * 2 + gb  # storage, writes, a million queries over 3.072 GB at a dollar a PB
    assert summed < 16
    assert storage.index_usd_per_month(catalog, workload, size, None, 3072).base == 16


def test_cloudflares_free_allocation_is_the_low_end(catalog):
    month = Decimal("0.11") * 730 / 24  # 10,000 Neurons a day at 0.011 per 1,000
    amount = plan(catalog, "cloudflare-bge-reranker-base", RERANK).encoding_usd
    least = Decimal("0.0031") * (2_000_000 * 16 + 100_000_000 * 204) / 1_000_000
    assert amount.low == least - month and amount.base == amount.high == Decimal("68.20")
    small = plan(catalog, "cloudflare-bge-small-en-v1.5", {}).encoding_usd
    assert small.low == 0 and small.base == Decimal("0.72"), "36 million x 0.02 is less than what is free in a month"


def test_the_first_encoding_is_hours_of_one_machine(catalog):
    found = plan(catalog, "bge-large-en-v1.5@gcp-g2-standard-4", {"passages": 1_000_000, "passage_tokens": 447, "passage_tokens_p95": 447})
    assert found.first_hours.base == pytest.approx(449_000_000 / 49_215 / 3600)  # the speed of the middle measured run
    assert float(found.one_off_usd.base) == pytest.approx(float("0.706832") * 449_000_000 / 49_215 / 3600)


def test_a_million_tokens_on_a_g6_at_a_cent_and_at_twenty(catalog):
    assert costs.hosted_usd(58_750_400_000, Decimal("0.01")) == Decimal("0.8048") * 730
    assert costs.hosted_usd(2_879_921_569, Decimal("0.204")) == pytest.approx(Decimal("587.504"), abs=Decimal("0.0001"))
