"""From which volume a machine pays, against cases worked by hand and as properties."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.base import formatting
from advisor.explain import break_even, formula
from advisor.explain.break_even import crossing_tokens
from tests.asking import ask, plan

RENT = 1.0 * 730  # US dollars a month for the machine acme-gpu


@pytest.mark.parametrize(
    ("rent", "price", "capacity", "spare", "tokens"),
    [
        pytest.param(RENT, 0.01, 1e12, 0, 73e9, id="730 / 0.01 x 1e6: 73 billion"),
        pytest.param(
            587.504,
            0.204,
            1e12,
            0,
            2.87992e9,
            id="587.504 / 0.204 x 1e6: 2.88 billion, the worked example",
        ),
        pytest.param(RENT, 0.01, 73e9, 0, 73e9, id="just carried"),
        pytest.param(RENT, 0.01, 72.9e9, 0, None, id="not carried by one, so never"),
        pytest.param(
            100,
            1.0,
            300e6,
            1,
            200e6,
            id="one to spare, so two must pay: 200 / 1 x 1e6, and one carries 300 million",
        ),
        pytest.param(
            100,
            1.0,
            150e6,
            1,
            300e6,
            id="one to spare and 150 million each: three machines at 300 million",
        ),
        pytest.param(100, 1.0, 100e6, 1, None, id="one to spare that volume never pays for"),
        pytest.param(100, 0, 1e12, 0, None, id="nothing beats a price of nothing"),
    ],
)
def test_a_machine_pays_from_the_volume_that_it_can_carry(rent, price, capacity, spare, tokens):
    crossing = crossing_tokens(rent, price, capacity, spare)
    assert crossing is None if tokens is None else crossing == pytest.approx(tokens, rel=1e-6)


@given(st.floats(1, 1e5), st.floats(0.001, 10), st.floats(1e3, 1e13), st.integers(0, 1))
def test_at_break_even_both_sides_cost_the_same_and_the_machines_carry_it(
    rent, price, capacity, spare
):
    tokens = crossing_tokens(rent, price, capacity, spare)
    if tokens is None:
        assert rent * 1e6 / price >= capacity * (1 - 1e-12)
        return
    machines = round(tokens * price / 1e6 / rent)
    assert machines * rent == pytest.approx(tokens * price / 1e6)
    assert (machines - spare) * capacity >= tokens * (1 - 1e-9)


@given(
    st.floats(1, 1e5), st.floats(0.001, 10), st.floats(0.5, 20), st.integers(0, 1),
    st.floats(1.000001, 1e4),
)  # fmt: skip
def test_from_the_volume_that_always_pays_no_added_machine_makes_it_dearer(
    rent, price, share, spare, times
):
    each = rent * 1e6 / price
    tokens = crossing_tokens(rent, price, share * each, spare, always=True)
    if tokens is None:
        assert share <= 1
        return
    machines = math.ceil(tokens * times / (share * each) * (1 - 1e-9)) + spare
    assert machines * rent <= tokens * times * price / 1e6 * (1 + 1e-9)
    first = crossing_tokens(rent, price, share * each, spare)
    assert first <= tokens
    if first < tokens:  # one machine sooner, the next one makes it dearer
        carried = (round(tokens / each) - spare - 1) * share * each
        assert (round(tokens / each)) * rent > carried * price / 1e6 * (1 - 1e-9)


def test_a_machine_that_pays_until_one_more_is_needed_says_so(catalog):
    answer = ask(catalog)
    own = plan(answer, "bge-large-en-v1.5@runpod-rtx-4090-community-cloud")
    (deepinfra,) = (
        c for c in break_even.crossings(answer, own) if c.offer.plan.where == "DeepInfra"
    )
    text = break_even.sentence(deepinfra)
    assert text == (
        "From 24.82 billion tokens per month RunPod RTX 4090, Community Cloud is at times cheaper "
        "than DeepInfra's $0.01 / 1M, from 397.12 billion always, but not at the slow end of its "
        "speed."
    )
    for tokens, is_less in ((25e9, True), (27e9, False), (371e9, False), (400e9, True)):
        (rent,) = break_even.rents_usd(answer, own, [tokens])
        price = float(deepinfra.offer.plan.figure("usd_per_1m_input"))
        assert (rent < tokens * price / 1e6) == is_less


def test_what_one_machine_carries_is_its_speed_filled_at_the_peak(made_up):
    recommendation = ask(made_up, task="rerank", placement="own")
    own = plan(recommendation, "rank-big@acme-gpu")
    fast, middle, slow = break_even.monthly_capacity(recommendation, own)
    assert middle == pytest.approx(own.plan.tokens_per_second.base * 0.7 * 730 * 3600 / 5)
    assert fast > middle > slow


def test_a_machine_that_never_pays_says_why(made_up, pinned):
    recommendation = ask(made_up)
    against = {
        machine: {
            c.offer.id: c
            for c in break_even.crossings(recommendation, plan(recommendation, f"big-en@{machine}"))
        }
        for machine in ("acme-gpu", "acme-cpu")
    }
    gpu, cpu = against["acme-gpu"], against["acme-cpu"]
    assert gpu["alpha-big-en"].tokens == pytest.approx((730 / 0.20 * 1e6,) * 3) and gpu[
        "beta-big-en"
    ].tokens == pytest.approx((730 / 0.10 * 1e6,) * 3)
    # 100 billion operations a second reached / (2 x 92 million + 4 x 20 x 400 x 18)
    # x 730 x 3600 x 0.7 / 5
    assert cpu["alpha-big-en"].capacity[1] == pytest.approx(199.33e6, rel=1e-4)
    assert cpu["alpha-big-en"].tokens == (pytest.approx(73 / 0.20 * 1e6), None, None), (
        "at the fast end, 6 ** 0.5 times faster, it carries them"
    )
    assert cpu["beta-big-en"].tokens == (None, None, None)
    assert {
        f"{machine}, {offer}": break_even.sentence(c)
        for machine, offers in against.items()
        for offer, c in offers.items()
    } == pinned


def test_the_break_even_and_the_time_of_a_request_show_their_formula(made_up, pinned):
    recommendation = ask(made_up)
    lines = break_even.formula(recommendation, plan(recommendation, "big-en@acme-gpu"))
    assert all(figure in lines[0] for figure in ("$1.00 ", "730 ", "$730 "))
    assert all(figure in lines[2] for figure in ("$730 ", "$0.20 ", "3.65 billion"))
    rerank = ask(made_up, task="rerank", placement="own")
    (line,), time = formula.latency_formula(rerank), rerank.pick.parts[0].plan.latency_ms
    assert f" {formatting.significant(time.base)} " in line
    assert formula.latency_formula(recommendation) == []
    assert {"break-even": lines, "time": line} == pinned


def test_without_a_load_nothing_is_compared(made_up):
    recommendation = ask(made_up, queries_per_month=0)
    own = plan(recommendation, "big-en@acme-gpu")
    assert break_even.crossings(recommendation, own) == []
    assert break_even.usd_per_1m(recommendation, own) is None


def test_a_fuller_machine_never_costs_more_a_token(made_up):
    for task in ("retrieve", "rerank"):
        rates = []
        for queries in (10**5, 2 * 10**5, 10**6, 10**7, 10**8, 10**9):
            recommendation = ask(made_up, task=task, placement="own", queries_per_month=queries)
            own = plan(
                recommendation, "big-en@acme-gpu" if task == "retrieve" else "rank-big@acme-gpu"
            )
            rates.append(
                (
                    break_even.usd_per_1m(recommendation, own),
                    break_even.full_usd_per_1m(recommendation, own),
                )
            )
        assert all(rate >= full * (1 - 1e-9) for rate, full in rates)
        assert rates[1][0] == pytest.approx(rates[0][0] / 2), (
            "twice the load on one machine is half the cost of a token"
        )
