"""Cases worked by hand, to the cent: each id is the arithmetic. The prices are those of the made-up catalog."""

from datetime import date
from decimal import Decimal

import pytest

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.decide.build import build_plans
from advisor.sizing import storage, tokens

TODAY = date(2026, 11, 24)
RERANK = {"task": "rerank"}


def plan(catalog, plan_id, stated, assumed=None):
    return next(p for p in build_plans(catalog, Workload(**stated), TODAY, Assumptions(**(assumed or {}))) if p.id == plan_id)


HOSTED = [
    # (workload, offer, US dollars a month of encoding or reranking, arithmetic)
    ({}, "beta-big-en", "3.60", "2,000,000 x (16 + 2) = 36 million x 0.10"),
    ({}, "alpha-big-en", "7.20", "36 million x 0.20"),
    ({}, "gamma-giant", "36", "36 million x 1.00"),
    ({"queries_per_month": 1}, "beta-big-en", "0.0000018", "18 tokens x 0.10: every digit stays"),
    ({"query_tokens": 30, "queries_per_month": 1_000_000}, "alpha-multi", "16", "32 million x 0.50"),
    ({"new_passages_per_month": 100_000}, "gamma-multi", "22.48", "36 million + 100,000 x (200 + 2) = 56.2 million x 0.40"),
    ({"queries_per_month": 0, "new_passages_per_month": 10, "passage_tokens": 600, "passage_tokens_p95": 1200}, "beta-big-en",
     "0.0006041", "10 x (600 + 2 x (0.95 x 2 + 0.05 x 3)) = 10 x 604.1 = 6,041 tokens x 0.10"),
    ({"queries_per_month": 0, "new_passages_per_month": 10, "passage_tokens": 5000, "passage_tokens_p95": 5000}, "alpha-multi",
     "0.02501", "10 x (5,000 + 2) = 50,020 tokens x 0.50: the model takes 8,000 at once"),
    ({"queries_per_month": 0, "new_passages_per_month": 10, "passage_tokens": 5000, "passage_tokens_p95": 5000}, "beta-multi",
     "0.02502", "10 x (5,000 + 2 x 2) = 50,040 tokens x 0.50: this endpoint takes 4,000 at once"),
    (RERANK, "beta-rank-big", "440", "2,000,000 x 50 x (16 + 200 + 4) = 22 billion x 0.02"),
    (RERANK, "beta-rank-small", "220", "22 billion x 0.01"),
    (RERANK | {"passage_tokens": 900, "passage_tokens_p95": 900}, "beta-rank-small", "500", "100 million pairs cut at 500 = 50 billion x 0.01"),
    (RERANK | {"queries_per_month": 1000, "rerank_candidates": 1}, "alpha-rank-big", "0.0044", "1,000 x 220 = 220,000 x 0.02"),
]  # fmt: skip
OWN = [
    # (workload, assumptions, plan, US dollars a month of machines, arithmetic)
    ({}, {}, "big-en@acme-gpu", "730", "1.00 x 730 x 1"),
    ({"redundancy": True}, {}, "big-en@acme-gpu", "1460", "1.00 x 730 x (1 + 1 to spare)"),
    ({}, {"machine_prices": "spot"}, "big-en@acme-gpu", "365", "0.50 x 730"),
    ({}, {}, "tiny-en@acme-cpu", "73", "0.10 x 730"),
    ({"peak_queries_per_second": 10_000}, {}, "big-en@acme-gpu", "2190",
     "10,000 x 18 tokens x 184,576,000 FLOPs / (0.2 x 100e12) = 1.6612 machines, / 0.7 = 2.37, so 3 x 730"),
    ({"peak_queries_per_second": 10_000}, {"target_utilisation": 1}, "big-en@acme-gpu", "1460", "1.66 machines filled wholly are 2 x 730"),
]  # fmt: skip


@pytest.mark.parametrize(("stated", "offer", "usd", "worked"), HOSTED, ids=[row[3] for row in HOSTED])
def test_a_month_at_an_endpoint(made_up, stated, offer, usd, worked):
    assert plan(made_up, offer, stated).encoding_usd.base == Decimal(usd), worked


@pytest.mark.parametrize(("stated", "assumed", "plan_id", "usd", "worked"), OWN, ids=[row[4] for row in OWN])
def test_a_month_of_machines(made_up, stated, assumed, plan_id, usd, worked):
    assert plan(made_up, plan_id, stated, assumed).encoding_usd.base == Decimal(usd), worked


@pytest.mark.parametrize(
    ("variant", "raw", "ram", "indexed_as_float32"),
    [
        ("tiny-en", 400_000_000, 600_000_000, True),
        ("big-en", 1_600_000_000, 2_400_000_000, True),
        ("multi", 2_000_000_000, 3_000_000_000, True),
        ("giant", 8_000_000_000, 12_000_000_000, False),
    ],
)
def test_the_bytes_of_an_index_are_those_of_its_values_and_half_as_much_again_in_memory(made_up, variant, raw, ram, indexed_as_float32):
    workload, entry = Workload(), made_up.variants[variant]
    size = storage.index_size(entry, tokens.tokens_sent(workload, entry, 8000), workload)
    assert (size.values_bytes, size.ram_bytes) == (raw, ram)
    database = made_up.stores["own-database"]  # 1,000 dimensions as float32, 2,000 as float16
    assert (entry.embedding_dim <= storage.most_dimensions(database, "float32")) is indexed_as_float32
    assert entry.embedding_dim <= storage.most_dimensions(database, "float16")
    assert storage.most_dimensions(made_up.stores["shelf"], "float16") == 1000, "one limit for every type"
    halves = storage.index_size(entry, tokens.tokens_sent(workload, entry, 8000), Workload(vector_type="float16"))
    assert (halves.values_bytes, halves.ram_bytes) == (raw / 2, ram / 2)


def test_a_sum_under_the_minimum_of_a_store_is_charged_the_minimum(made_up):
    workload = Workload(vector_store="shelf", passages=1_000_000, new_passages_per_month=600_000, queries_per_month=1_000_000)
    entry = made_up.variants["big-en"]
    size = storage.index_size(entry, tokens.tokens_sent(workload, entry, 500), workload)
    gb = Decimal("1.6")
    summed = gb * Decimal("0.50") + Decimal("0.6") * gb + gb  # storage, writes, a million queries over 1.6 GB at a dollar a PB
    assert summed < 10
    assert storage.index_usd_per_month(made_up, workload, size, None, Decimal(1600)).base == 10
    more = workload.model_copy(update={"queries_per_month": 10_000_000})
    assert storage.index_usd_per_month(made_up, more, size, None, Decimal(1600)).base == summed + 9 * gb


def test_a_free_allocation_is_the_low_end(made_up):
    month = Decimal("0.10") * 730 / 24  # ten cents a day
    amount = plan(made_up, "beta-rank-small", RERANK).encoding_usd
    least = Decimal("0.01") * (2_000_000 * 16 + 100_000_000 * 204) / 1_000_000
    assert amount.low == least - month and amount.base == amount.high == Decimal("220")
    small = plan(made_up, "beta-big-en", {"queries_per_month": 1_000_000}).encoding_usd
    assert small.low == 0 and small.base == Decimal("1.80"), "18 million x 0.10 is less than what is free in a month"


def test_the_first_encoding_is_hours_of_one_machine(made_up):
    found = plan(made_up, "big-en@acme-gpu", {"passages": 1_000_000, "passage_tokens": 498, "passage_tokens_p95": 498})
    assert found.first_hours.base == pytest.approx(500_000_000 / 100_000 / 3600)  # 20e12 operations a second / 200 million a token
    assert float(found.one_off_usd.base) == pytest.approx(1.00 * 500_000_000 / 100_000 / 3600)


def test_a_machine_is_paid_by_the_tokens_that_cost_as_much_at_an_endpoint(made_up):
    rent = made_up.instances["acme-gpu"].on_demand_usd_per_h * 730
    assert tokens.hosted_usd(7_300_000_000, Decimal("0.10")) == tokens.hosted_usd(3_650_000_000, Decimal("0.20")) == rent
