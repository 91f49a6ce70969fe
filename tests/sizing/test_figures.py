"""Machines, money and time of a workload at a place, each formula against a case worked by hand."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.ask.workload import Workload
from advisor.sizing.figures import MILLION, Rates, figures_of, first_hours, hosted_usd, load_of
from advisor.sizing.ranges import ENDS


@pytest.mark.parametrize(
    ("tokens", "price", "usd"),
    [
        pytest.param(36_000_000, "0.01", "0.36", id="36 million tokens at a cent a million"),
        pytest.param(1, "0.0031", "0.0000000031", id="one token keeps every digit"),
        pytest.param(0, "0.204", "0", id="no token costs nothing"),
        pytest.param(10**12, "0.10003", "100030.00000", id="a trillion tokens"),
    ],
)
def test_a_hosted_price_is_tokens_by_the_price(tokens, price, usd):
    assert hosted_usd(tokens, Decimal(price) / MILLION) == Decimal(usd)
    assert hosted_usd(tokens, float(price) / MILLION) == pytest.approx(float(usd))


def test_what_is_free_is_taken_off_and_no_more():
    assert hosted_usd(np.array([5, 50]), 1.0, 20).tolist() == [0, 30]


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.decimals("0", "100", places=4))
def test_the_cost_never_falls_as_tokens_grow(first, more, price):
    assert hosted_usd(first + more, price) >= hosted_usd(first, price)


def test_a_first_encoding_takes_its_operations_at_the_speed():
    assert first_hours(1000, 7.2e9, np.array([1e9, 2e9])).tolist() == [2.0, 1.0]


@pytest.fixture
def places():
    """An endpoint at a dollar a million tokens, a dollar of them free, and two equal machines.

    The machines reach 1, 2 and 4 TFLOP/s for 730 dollars a month; the second was measured.
    """
    nan, ends = np.nan, zip(ENDS, (1e12, 2e12, 4e12), strict=True)
    return Rates(
        prices=np.array([1e-6, nan, nan]),
        free=np.array([1.0, 0.0, 0.0]),
        rents=np.array([nan, 730.0, 730.0]),
        flops={end: np.array([nan, speed, speed]) for end, speed in ends},
        cards=np.ones(3),
        read_ms=np.zeros(3),
        hosted=np.array([True, False, False]),
        measured=np.array([False, False, True]),
        loads=np.zeros(3, dtype=np.int64),
    )


@pytest.fixture
def load(made_up):
    """500,000 queries of 16 + 2 tokens a month, and a million passages of 200 + 2."""
    workload = Workload(queries_per_month=500_000, passage_tokens_p95=400)
    return workload, load_of(made_up, workload, made_up.variants["big-en"], 512, None)


def test_an_endpoint_bills_tokens_and_a_machine_its_rent(places, load):
    workload, of_variant = load
    figures = figures_of(places, (of_variant,), workload, 0.7, 100)
    assert figures.monthly_tokens[0] == 9_000_000
    hosted, own, _ = zip(*(figures.encoding[end] for end in ENDS), strict=True)
    assert hosted == pytest.approx((8, 9, 9)) and own == (730, 730, 730)
    assert figures.once["base"][0] == pytest.approx(202)
    assert of_variant.index_usd.not_known == ("index_storage",), "no price of memory was given"
    assert not figures.keeping["base"].any(), "what is not known adds nothing"
    assert np.isnan([figures.replicas["base"][0], figures.latency_ms["base"][0]]).all()


@pytest.mark.parametrize(
    ("free", "covered", "sure"), [(8.99, False, 9), (9.01, True, 0), (0, False, 9)]
)
def test_what_a_free_allocation_covers_is_not_held_against_a_budget(
    places, load, free, covered, sure
):
    workload, of_variant = load
    rates = replace(places, free=np.array([free, 0.0, 0.0]))
    figures = figures_of(rates, (of_variant,), workload, 0.7, 100)
    assert figures.free_covers.tolist() == [covered, False, False]
    assert figures.sure.tolist() == [sure, 730, 730]
    assert figures.encoding["base"][0] == pytest.approx(9), "what is shown leaves nothing out"


def test_machines_are_added_until_a_request_keeps_to_the_limit(places, load):
    """A request alone takes 18 x 184 million operations at 2 TFLOP/s; the load fills 0.003."""
    workload, of_variant = load
    usual = figures_of(places, (of_variant,), workload, 0.7, 100)
    tight = workload.model_copy(update={"peak_queries_per_second": 1000.0})
    alone, needed = usual.service_ms["base"][1], 1000 * of_variant.request_flops / 2e12
    for limit in (None, alone * 1.5, alone * 1.25, alone):
        limited = tight.model_copy(update={"latency_ms_p95": limit})
        figures = figures_of(places, (of_variant,), limited, 0.7, 100)
        most = 0.7 if limit is None else min(0.7, 1 - alone / limit) or 0.7
        assert figures.replicas["base"][1] == np.ceil(needed / most)
        if limit and limit > alone:
            assert figures.latency_ms["base"][1] <= limit


def test_the_low_cost_goes_with_the_high_speed(places, load):
    workload, of_variant = load
    figures = figures_of(places, (of_variant,), workload, 0.7, 100)
    operations = 1_000_000 * of_variant.passage_flops
    for end, flops in zip(ENDS, (4e12, 2e12, 1e12), strict=True):
        hours = operations / flops / 3600
        assert figures.first_hours[end][1] == pytest.approx(hours)
        assert figures.once[end][1] == pytest.approx(hours), "a dollar an hour"
        assert figures.needed[end][1] == pytest.approx(
            workload.peak * of_variant.request_flops / flops
        )
    speeds = [figures.tokens_per_second[end][1] for end in ENDS]
    assert speeds == pytest.approx([flops / of_variant.token_flops for flops in (1e12, 2e12, 4e12)])


def test_a_share_of_the_speed_is_of_estimates_alone(places, load):
    workload, of_variant = load
    figures = figures_of(places, (of_variant,), workload, 0.7, 50)
    assert figures.flops["base"][1:].tolist() == [1e12, 2e12]


def test_a_variant_of_unknown_shape_takes_nobody_knows_how_long(made_up, places):
    variant = made_up.variants["big-en"].model_copy(update={"layers": None})
    load = load_of(made_up, Workload(), variant, 512, None)
    assert (load.request_flops, load.passage_flops, load.token_flops) == (None, None, None)
    figures = figures_of(replace(places), (load,), Workload(), 0.7, 100)
    assert figures.encoding["base"][0] > 0 and np.isnan(figures.encoding["base"][1:]).all()
