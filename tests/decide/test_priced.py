from decimal import Decimal

import numpy as np
import pytest

from advisor.ask.assumptions import MEASURED, Assumptions
from advisor.decide.priced import YOURS, priced
from advisor.sizing import storage
from tests import asking
from tests.decide.measured import CHEAP, FLOPS_SMALL, PEAK, STATED, ask, here

FLOPS_BASE = 2 * 86_041_344 + 4 * 12 * 768 * 128


def test_a_measured_speed_costs_to_the_cent_what_the_hand_works_out(catalog):
    judged = here(ask(catalog, **PEAK))
    # 25,600 / 3,848 = 6.65 machines, / 0.7 = 9.5: ten, at 730 hours and ten cents
    assert judged.plan.replicas == (10, 10, 10)
    assert judged.plan.encoding_usd == (Decimal("730.00"),) * 3 and judged.monthly == pytest.approx(
        730
    )


def test_at_the_measured_length_the_speed_is_exactly_the_measured_one(catalog):
    speed = here(ask(catalog, passage_tokens=126)).plan.tokens_per_second
    assert speed == pytest.approx((3848, 3848, 3848))


def test_a_longer_text_takes_more_operations_a_token(catalog):
    speed = here(ask(catalog, passage_tokens=447, chunk_tokens=None)).plan.tokens_per_second
    assert (
        speed.base == pytest.approx(3848 * FLOPS_SMALL / (2 * 21_639_552 + 4 * 12 * 384 * 449))
        and speed.base < 3848
    )


def test_another_model_is_scaled_by_its_operations_with_a_range_and_says_so(pinned, catalog):
    judged = here(ask(catalog, passage_tokens=126), "bge-base-en-v1.5")
    base = 3848 * FLOPS_SMALL / FLOPS_BASE
    assert judged.plan.tokens_per_second == pytest.approx(
        (base / 1.3, base, base * 1.3)
    ) and base == pytest.approx(993.3, abs=0.05)
    text = {f.rule: f.text for f in judged.findings}["speed-is-scaled"]
    assert all(fact in text for fact in ("BGE Base EN v1.5", "993", "FLOPs", "BGE Small EN v1.5"))
    assert text == pinned
    assert all(f.rule != "speed-is-scaled" for f in here(ask(catalog)).findings)
    # 25,600 / 993.3 / 0.7 = 36.8 machines: 37; at the fast end 28.3: 29; at the slow end 47.9: 48
    assert here(ask(catalog, **PEAK), "bge-base-en-v1.5").plan.encoding_usd == (
        Decimal("2117.00"),
        Decimal("2701.00"),
        Decimal("3504.00"),
    )


def test_a_reranker_measured_scales_embedders_and_the_other_way_round(catalog):
    assumed = STATED | {"measured_variant": "bge-reranker-base", "measured_tokens_per_second": 1118}
    recommendation = ask(catalog, assumed, task="retrieve-and-rerank", passage_tokens=126)
    flops = 1118 * (2 * 86_042_881 + 4 * 12 * 768 * 128)
    assert here(recommendation).plan.tokens_per_second.base == pytest.approx(flops / FLOPS_SMALL)
    assert here(
        ask(catalog, task="rerank", query_tokens=16, passage_tokens=108), "bge-reranker-base"
    ).plan.tokens_per_second.base == pytest.approx(
        3848 * FLOPS_SMALL / (2 * 86_042_881 + 4 * 12 * 768 * 128)
    )


def test_a_measured_machine_is_a_machine_of_ones_own(catalog):
    own = ask(
        catalog, CHEAP, placement="own", data_may_leave=False, redundancy=True, hardware="cpu"
    )
    assert here(own).fits and own.pick.parts[0].plan.measured
    assert (
        here(own).plan.price_sources == ("decision-0009-measured-here",)
        and "decision-0009-measured-here" in catalog.sources
    )
    assert not here(ask(catalog, placement="hosted")).fits
    assert not here(ask(catalog, hardware="gpu")).fits


def test_a_model_that_does_not_fit_its_memory_is_ruled_out_with_the_figures(pinned, catalog):
    (excluded,) = here(ask(catalog, STATED | {"machine_memory_gib": 0.3})).excluded
    assert excluded.rule == "model-fits-memory"
    assert all(
        fact in excluded.text for fact in ("BGE Small EN v1.5", "441 MiB", "fp32", "307 MiB")
    )
    assert excluded.text == pinned


def test_int8_measured_here_warns_of_its_quality_here_and_nowhere_else(catalog):
    recommendation = ask(catalog, STATED | {"measured_precision": "int8"})
    warned = {
        j.plan.instance.id
        for j in recommendation.judged
        if not j.hosted and any(f.rule == "int8-costs-quality" for f in j.findings)
    }
    assert warned == {"this-machine"}


def test_the_stated_price_holds_on_spot_and_the_stated_speed_whatever_the_estimate_is_changed_to(
    catalog,
):
    judged = here(
        ask(catalog, STATED | {"machine_prices": "spot", "speed_percent": 10}, passage_tokens=126)
    )
    assert judged.plan.rent == Decimal(
        "0.10"
    ) and judged.plan.tokens_per_second.base == pytest.approx(3848)


def test_without_a_measurement_nothing_changes(catalog):
    assert priced(catalog, Assumptions()) is catalog and not any(
        j.plan.measured for j in ask(catalog, {}).judged
    )
    with_it, without = ask(catalog), ask(catalog, {})
    assert (
        len(with_it.judged) == len(without.judged) + 8 and "this-machine" not in catalog.instances
    )
    before = {j.id: j.monthly for j in without.judged}
    assert all(
        j.monthly == before[j.id] or np.isnan(before[j.id])
        for j in with_it.judged
        if not j.plan.measured
    )
    assert storage.ram_usd_per_gib_month(with_it.catalog) == storage.ram_usd_per_gib_month(catalog)


@pytest.mark.parametrize(
    ("assumed", "plan_id", "usd"),
    [
        pytest.param(
            {"hosted_discount_percent": 25}, "beta-rank-big", "330.0", id="440 less a quarter"
        ),
        pytest.param(
            {"machine_prices": "spot"}, "rank-big@acme-gpu", "365.00", id="0.50 x 730 hours"
        ),
        pytest.param(
            {"your_price_usd_per_1m": 0.002, "your_price_variant": "rank-big"},
            YOURS,
            "44.000",
            id="22 billion at 0.002",
        ),
    ],
)
def test_an_assumption_changes_the_cost_to_the_cent(made_up, assumed, plan_id, usd):
    stated = (
        {"task": "rerank"}
        if plan_id != "rank-big@acme-gpu"
        else {"task": "rerank", "queries_per_month": 100_000}
    )
    assert asking.plan(
        asking.ask(made_up, assumed, **stated), plan_id
    ).plan.encoding_usd.base == Decimal(usd)


def test_a_price_of_your_own_is_picked_where_it_is_the_lowest(made_up):
    recommendation = asking.ask(
        made_up,
        {"your_price_usd_per_1m": 0.001, "your_price_variant": "rank-big"},
        task="rerank",
        priority="quality",
    )
    assert (
        recommendation.answer == (YOURS,)
        and recommendation.pick.parts[0].plan.where in recommendation.pick.named
    )
    assert asking.ask(made_up, task="rerank", priority="quality").answer == ("beta-rank-big",)


@pytest.mark.parametrize("name", MEASURED)
def test_an_incomplete_set_makes_no_machine(catalog, name):
    assert (
        priced(catalog, Assumptions(**{key: value for key, value in STATED.items() if key != name}))
        is catalog
    )
