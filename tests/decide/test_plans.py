"""What one plan costs and how fast it is, worked by hand, to the cent: ids are the arithmetic.

The prices are those of the made-up catalog.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.decide.build import build_plans
from tests.asking import TODAY, UNCUT

RERANK = {"task": "rerank"}
OF_498 = {"passage_tokens": 498, "passage_tokens_p95": 498, "chunk_tokens": 498}


def plan(catalog, plan_id, assumed=None, **stated):
    return next(
        p
        for p in build_plans(catalog, Workload(**stated), TODAY, Assumptions(**(assumed or {})))
        if p.id == plan_id
    )


HOSTED = [
    # (workload, offer, US dollars a month of encoding or reranking, arithmetic)
    ({}, "beta-big-en", "3.60", "2,000,000 x (16 + 2) = 36 million x 0.10"),
    ({}, "alpha-big-en", "7.20", "36 million x 0.20"),
    ({}, "gamma-giant", "40", "2,000,000 x (16 + 2 + 2 of `Search: `) = 40 million x 1.00"),
    ({"queries_per_month": 1}, "beta-big-en", "0.0000018", "18 tokens x 0.10: every digit stays"),
    ({"query_tokens": 30, "queries_per_month": 1_000_000}, "alpha-multi", "16",
     "32 million x 0.50"),
    ({"new_passages_per_month": 100_000, "passage_tokens_p95": 400}, "gamma-multi", "22.48",
     "36 million + 100,000 x (200 + 2) = 56.2 million x 0.40"),
    ({"new_passages_per_month": 100_000}, "gamma-multi", "22.584",
     "36 million + 100,000 x (200 + 0.05 x 50 + 1.05 x 2) = 56.46 million x 0.40"),
    ({"queries_per_month": 0, "new_passages_per_month": 10, "passage_tokens": 600,
     "passage_tokens_p95": 1200}, "beta-big-en",
     "0.0006592", "2.1 parts: 10 x (600 + 1.1 x 50 + 2.1 x 2) = 10 x 659.2 = 6,592 tokens x 0.10"),
    ({"queries_per_month": 0, "new_passages_per_month": 10, "passage_tokens": 5000,
     "passage_tokens_p95": 5000, "chunk_tokens": None}, "alpha-multi",
     "0.02501", "10 x (5,000 + 2) = 50,020 tokens x 0.50: kept whole"),
    ({"queries_per_month": 0, "new_passages_per_month": 10, "passage_tokens": 5000,
     "passage_tokens_p95": 5000}, "beta-multi",
     "0.02865", "15 parts: 10 x (5,000 + 14 x 50 + 15 x 2) = 57,300 tokens x 0.50"),
    (RERANK, "beta-rank-big", "440", "2,000,000 x 50 x (16 + 200 + 4) = 22 billion x 0.02"),
    (RERANK, "beta-rank-small", "220", "22 billion x 0.01"),
    (RERANK | {"passage_tokens": 900, "passage_tokens_p95": 900}, "beta-rank-small", "420",
     "100 million x (16 + 400 + 4), a part each = 42 billion x 0.01"),
    (RERANK | {"passage_tokens": 900, "passage_tokens_p95": 900, "chunk_tokens": None},
     "beta-rank-small", "500", "100 million pairs cut at 500 = 50 billion x 0.01"),
    (RERANK | {"queries_per_month": 1000, "rerank_candidates": 1}, "alpha-rank-big", "0.0044",
     "1,000 x 220 = 220,000 x 0.02"),
]  # fmt: skip
OWN = [
    # (workload, assumptions, plan, US dollars a month of machines, arithmetic)
    ({}, {}, "big-en@acme-gpu", "730", "1.00 x 730 x 1"),
    ({"redundancy": True}, {}, "big-en@acme-gpu", "1460", "1.00 x 730 x (1 + 1 to spare)"),
    ({}, {"machine_prices": "spot"}, "big-en@acme-gpu", "365", "0.50 x 730"),
    ({}, {}, "tiny-en@acme-cpu", "73", "0.10 x 730"),
    ({"peak_queries_per_second": 10_000}, {}, "big-en@acme-gpu", "2190",
     "10,000 x 18 tokens x 184,576,000 FLOPs / (0.2 x 100e12) = 1.6612 machines, "
     "/ 0.7 = 2.37, so 3 x 730"),
    ({"peak_queries_per_second": 10_000}, {"target_utilisation": 1}, "big-en@acme-gpu", "1460",
     "1.66 machines filled wholly are 2 x 730"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "offer", "usd", "worked"), HOSTED, ids=[row[3] for row in HOSTED]
)
def test_a_month_at_an_endpoint(made_up, stated, offer, usd, worked):
    assert plan(made_up, offer, **stated).encoding_usd.base == Decimal(usd), worked


@pytest.mark.parametrize(
    ("stated", "assumed", "plan_id", "usd", "worked"), OWN, ids=[row[4] for row in OWN]
)
def test_a_month_of_machines(made_up, stated, assumed, plan_id, usd, worked):
    assert plan(made_up, plan_id, assumed, **stated).encoding_usd.base == Decimal(usd), worked


def test_a_free_allocation_is_the_low_end(made_up):
    month = Decimal("0.10") * 730 / 24  # ten cents a day
    amount = plan(made_up, "beta-rank-small", **RERANK).encoding_usd
    least = Decimal("0.01") * (2_000_000 * 16 + 100_000_000 * 204) / 1_000_000
    assert float(amount.low) == pytest.approx(float(least - month))
    assert amount.base == amount.high == Decimal("220")
    small = plan(made_up, "beta-big-en", queries_per_month=1_000_000).encoding_usd
    assert small.low == 0 and small.base == Decimal("1.80"), (
        "18 million x 0.10 is less than what is free in a month"
    )


def test_the_first_encoding_is_hours_of_one_machine(made_up):
    own = plan(made_up, "big-en@acme-gpu", passages=1_000_000, **OF_498)
    assert own.first_hours.base == pytest.approx(
        500_000_000 / 100_000 / 3600
    )  # 20e12 operations a second / 200 million a token
    assert float(own.one_off_usd.base) == pytest.approx(1.00 * 500_000_000 / 100_000 / 3600)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.floats(0.05, 0.5), st.integers(0, 10**10))
def test_doubling_the_filling_never_raises_the_cost(made_up, filling, queries):
    one, two = (
        plan(
            made_up,
            "rank-big@acme-gpu",
            {"target_utilisation": u},
            **RERANK,
            queries_per_month=queries,
        ).encoding_usd
        for u in (filling, 2 * filling)
    )
    assert two.base <= one.base and two.low <= two.base <= two.high


def test_a_request_takes_longer_on_a_fuller_machine(made_up):
    calm, full = (
        plan(made_up, "rank-big@acme-gpu", **RERANK, queries_per_month=q) for q in (1000, 1_500_000)
    )
    share = float(full.table.needed["base"][full.row])
    assert full.latency_ms.base == pytest.approx(
        calm.latency_ms.base / (1 - share / full.replicas[1]), rel=0.01
    )
    assert full.latency_ms.base > 1.2 * calm.latency_ms.base
    assert plan(made_up, "beta-rank-big", **RERANK).latency_ms is None


def test_memory_of_a_stated_price_has_no_range(made_up):
    index = plan(made_up, "beta-multi", {"memory_usd_per_gib_month": 4}, **UNCUT).index_usd
    assert index.low == index.high and float(index.base) == pytest.approx(4 * 3_000_000_000 / 2**30)
    assert (usual := plan(made_up, "beta-multi").index_usd).low < usual.high


def test_a_slower_machine_is_slower_by_that_much(made_up):
    usual, slow = (
        plan(made_up, "multi@acme-gpu", assumed).tokens_per_second
        for assumed in ({}, {"speed_percent": 50})
    )
    assert slow.base == pytest.approx(usual.base / 2)


def beside(catalog, instance_id, **update):
    """The catalog with one machine more, `other`: one of its own with other facts."""
    other = catalog.instances[instance_id].model_copy(update={"id": "other"} | update)
    return replace(catalog, instances=catalog.instances | {"other": other})


def test_the_estimate_holds_for_the_machine_that_was_measured(made_up):
    speed = plan(made_up, "big-en@acme-gpu", **OF_498).tokens_per_second
    assert speed.base == pytest.approx(100_000)
    assert speed.high / speed.base == pytest.approx(
        speed.base / speed.low
    ) and speed.high / speed.low == pytest.approx(6)


def test_rent_is_hours_times_machines(made_up):
    own = plan(made_up, "multi@acme-gpu", redundancy=True)
    assert own.replicas == (2, 2, 2)
    assert own.encoding_usd.base == 1460  # 2 x 730 x 1.00


def test_one_short_query_takes_at_least_as_long_as_reading_the_weights_on_one_card(made_up):
    own = plan(made_up, "giant@acme-gpu", queries_per_month=0)
    assert own.latency_ms.base == pytest.approx(
        1000 * 16e9 / 1000e9
    )  # 8 billion parameters of 2 bytes, a terabyte a second
    catalog = beside(made_up, "acme-gpu-large", accelerator_count=8)
    one, eight = (
        plan(catalog, f"multi@{key}", queries_per_month=0) for key in ("acme-gpu-large", "other")
    )
    assert eight.tokens_per_second.base == pytest.approx(8 * one.tokens_per_second.base)
    assert one.latency_ms.base == pytest.approx(eight.latency_ms.base), (
        "a query runs on one of the eight cards"
    )


def test_machines_whose_figures_are_not_known_have_no_speed(made_up):
    own = plan(made_up, "multi@acme-memory")
    assert own.tokens_per_second is None and own.encoding_usd is None and own.replicas is None
    month = own.monthly_usd
    assert month.not_known == ("encoding",) and month.base == own.index_usd.base > 0
    assert plan(made_up, "multi@acme-memory", vector_store="none").monthly_usd is None


def test_a_machine_whose_processor_is_named_has_the_speed_of_its_class(made_up):
    catalog = beside(made_up, "acme-cpu", vcpu=8)
    two, eight = (plan(catalog, f"multi@{key}") for key in ("acme-cpu", "other"))
    assert eight.tokens_per_second.base == pytest.approx(4 * two.tokens_per_second.base)
    assert eight.monthly_usd is not None


def test_a_machine_that_is_let_on_spot_only_has_no_price_on_demand(made_up):
    catalog = beside(made_up, "acme-gpu", on_demand_usd_per_h=None)
    assert plan(catalog, "multi@other").encoding_usd is None
    assert plan(catalog, "multi@other", {"machine_prices": "spot"}).encoding_usd.base == Decimal(
        365
    )  # 730 x 0.50


def test_a_rerank_request_takes_the_time_of_all_its_candidates(made_up):
    own = plan(
        made_up, "rank-big@acme-gpu", task="rerank", rerank_candidates=50, queries_per_month=0
    )
    assert own.latency_ms.base == pytest.approx(1000 * 50 * 220 / own.tokens_per_second.base)
    assert own.latency_ms.low < own.latency_ms.base < own.latency_ms.high


def test_machines_carry_the_average_where_the_stated_peak_is_below_it(made_up):
    assert (
        plan(
            made_up, "big-en@acme-gpu", queries_per_month=10**11, peak_queries_per_second=1
        ).replicas[1]
        > 1
    )
