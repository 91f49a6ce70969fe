from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from advisor.ask.assumptions import MEASURED, Assumptions
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.decide.priced import priced
from advisor.decide.recommend import recommend
from advisor.explain import sentences
from advisor.sizing import storage, throughput

TODAY = date(2026, 11, 24)


STATED = {
    "measured_variant": "bge-small-en-v1.5",
    "measured_tokens_per_second": 3848,
    "measured_tokens": 128,
    "measured_precision": "fp32",
    "machine_usd_per_hour": 0.1,
    "machine_memory_gib": 8,
    "measured_on": "2026-11-24",
}


CHEAP = STATED | {"machine_usd_per_hour": 0.001}
"""So cheap that no machine of the catalog is cheaper."""


FLOPS_SMALL = 2 * 21_639_552 + 4 * 12 * 384 * 128  # for a token of a text of 128


FLOPS_BASE = 2 * 86_041_344 + 4 * 12 * 768 * 128


# In Cost and Advise

PEAK = {"peak_queries_per_second": 200, "query_tokens": 126, "vector_store": "none"}
"""Queries of 128 tokens with the special ones: 25,600 tokens a second at the peak."""


def ask(catalog, assumed=None, **stated):
    return recommend(catalog, Workload.of(stated), TODAY, (), Assumptions.of(STATED if assumed is None else assumed))


def here(found, variant="bge-small-en-v1.5"):
    return next(j for j in found.judged if j.id == f"{variant}@this-machine")


def test_a_measured_speed_costs_to_the_cent_what_the_hand_works_out(catalog):
    found = here(ask(catalog, **PEAK))
    # 25,600 / 3,848 = 6.65 machines, / 0.7 = 9.5: ten, at 730 hours and ten cents
    assert found.plan.replicas == (10, 10, 10)
    assert found.plan.encoding_usd == (Decimal("730.00"),) * 3 and found.monthly == pytest.approx(730)


def test_at_the_measured_length_the_speed_is_exactly_the_measured_one(catalog):
    speed = here(ask(catalog, passage_tokens=126)).plan.tokens_per_second
    assert speed == pytest.approx((3848, 3848, 3848))


def test_a_longer_text_takes_more_operations_a_token(catalog):
    speed = here(ask(catalog, passage_tokens=447)).plan.tokens_per_second
    assert speed.base == pytest.approx(3848 * FLOPS_SMALL / (2 * 21_639_552 + 4 * 12 * 384 * 449)) and speed.base < 3848


def test_another_model_is_scaled_by_its_operations_with_a_range_and_says_so(pinned, catalog):
    found = here(ask(catalog, passage_tokens=126), "bge-base-en-v1.5")
    base = 3848 * FLOPS_SMALL / FLOPS_BASE
    assert found.plan.tokens_per_second == pytest.approx((base / 1.3, base, base * 1.3)) and base == pytest.approx(993.3, abs=0.05)
    text = {f.rule: f.text for f in found.findings}["speed-is-scaled"]
    assert all(fact in text for fact in ("BGE Base EN v1.5", "993", "FLOPs", "BGE Small EN v1.5"))
    assert text == pinned
    assert all(f.rule != "speed-is-scaled" for f in here(ask(catalog)).findings)
    # 25,600 / 993.3 / 0.7 = 36.8 machines: 37; at the fast end 28.3: 29; at the slow end 47.9: 48
    assert here(ask(catalog, **PEAK), "bge-base-en-v1.5").plan.encoding_usd == (Decimal("2117.00"), Decimal("2701.00"), Decimal("3504.00"))


def test_a_reranker_measured_scales_embedders_and_the_other_way_round(catalog):
    assumed = STATED | {"measured_variant": "bge-reranker-base", "measured_tokens_per_second": 1118}
    found = ask(catalog, assumed, task="retrieve-and-rerank", passage_tokens=126)
    flops = 1118 * (2 * 86_042_881 + 4 * 12 * 768 * 128)
    assert here(found).plan.tokens_per_second.base == pytest.approx(flops / FLOPS_SMALL)
    assert here(
        ask(catalog, task="rerank", query_tokens=16, passage_tokens=108), "bge-reranker-base"
    ).plan.tokens_per_second.base == pytest.approx(3848 * FLOPS_SMALL / (2 * 86_042_881 + 4 * 12 * 768 * 128))


@pytest.mark.parametrize(("precision", "factor"), [("fp32", 1.3), ("fp16", 2.0), ("int8", 2.0)])
def test_the_range_of_a_scaled_speed_holds_what_our_own_runs_differ_by(catalog, precision, factor):
    assert throughput.SCALED_SPREAD[precision] == factor
    reached = [
        row["tokens_per_s"] * throughput.flops_per_token(catalog.variants[row["variant"]], row["seq_len"])
        for row in catalog.throughput.to_dict("records")
        if row["source_id"] == "own-throughput-2026-11" and row["precision"] == precision
    ]
    assert not reached or max(reached) / min(reached) < factor


def test_a_measured_machine_is_a_machine_of_ones_own(catalog):
    own = ask(catalog, CHEAP, placement="own", data_may_leave=False, redundancy=True, hardware="cpu")
    assert here(own).fits and own.pick.parts[0].plan.measured
    assert here(own).plan.price_sources == ("decision-0009-measured-here",) and "decision-0009-measured-here" in catalog.sources
    assert not here(ask(catalog, placement="hosted")).fits
    assert not here(ask(catalog, hardware="gpu")).fits


def test_a_model_that_does_not_fit_its_memory_is_ruled_out_with_the_figures(pinned, catalog):
    (excluded,) = here(ask(catalog, STATED | {"machine_memory_gib": 0.3})).excluded
    assert excluded.rule == "model-fits-memory"
    assert all(fact in excluded.text for fact in ("BGE Small EN v1.5", "441 MiB", "fp32", "307 MiB"))
    assert excluded.text == pinned


def test_a_speed_holds_at_its_own_precision_only(pinned, catalog):
    found = ask(catalog, STATED | {"precision": "int8"})
    assert here(found).plan.tokens_per_second is None and not here(found).fits
    *_, last = sentences.this_machine(found)
    assert "int8" in last and "$" not in last
    assert last == pinned
    int8 = STATED | {"measured_precision": "int8"}
    assert here(ask(catalog, int8 | {"precision": "int8"}, passage_tokens=126)).plan.tokens_per_second.base == pytest.approx(3848)
    assert here(ask(catalog, int8)).plan.figure("precision") == "int8"


def test_int8_measured_here_warns_of_its_quality_here_and_nowhere_else(catalog):
    found = ask(catalog, STATED | {"measured_precision": "int8"})
    warned = {j.plan.instance.id for j in found.judged if not j.hosted and any(f.rule == "int8-costs-quality" for f in j.findings)}
    assert warned == {"this-machine"}


def test_the_stated_price_holds_on_spot_and_the_stated_speed_whatever_the_estimate_is_changed_to(catalog):
    found = here(ask(catalog, STATED | {"machine_prices": "spot", "speed_percent": 10}, passage_tokens=126))
    assert found.plan.rent == Decimal("0.10") and found.plan.tokens_per_second.base == pytest.approx(3848)


def test_without_a_measurement_nothing_changes(catalog):
    assert priced(catalog, Assumptions()) is catalog and not any(j.plan.measured for j in ask(catalog, {}).judged)
    with_it, without = ask(catalog), ask(catalog, {})
    assert len(with_it.judged) == len(without.judged) + 8 and "this-machine" not in catalog.instances
    before = {j.id: j.monthly for j in without.judged}
    assert all(j.monthly == before[j.id] or np.isnan(before[j.id]) for j in with_it.judged if not j.plan.measured)
    assert storage.ram_usd_per_gib_month(with_it.catalog) == storage.ram_usd_per_gib_month(catalog)


def test_a_model_that_the_catalog_does_not_have_prices_nothing_and_says_so(pinned, catalog):
    told = {}
    for variant in ("no-such-model", "aquila2-7b"):
        found = ask(catalog, STATED | {"measured_variant": variant})
        assert not any(j.plan.measured for j in found.judged)
        (told[variant],) = sentences.this_machine(found)
        assert variant in told[variant]
    assert told == pinned


@pytest.mark.parametrize("name", MEASURED)
def test_an_incomplete_set_is_told_in_a_sentence_and_makes_no_machine(pinned, catalog, name):
    rest = {key: value for key, value in STATED.items() if key != name}
    with pytest.raises(WorkloadError) as error:
        Assumptions.of(rest)
    assert [field for field in STATED if f"({field})" in str(error.value)] == [name]
    assert f"'{Assumptions.model_fields[name].title}'" in str(error.value)
    assert str(error.value) == pinned
    assert priced(catalog, Assumptions(**rest)) is catalog


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("measured_on", "2026-02-30"),
        ("measured_tokens_per_second", 0),
        ("measured_tokens_per_second", float("inf")),
        ("machine_usd_per_hour", 0),
        ("measured_variant", "[x](y)"),
        ("measured_precision", "bf16"),
    ],
)
def test_a_figure_that_cannot_be_is_told_with_its_field(name, value):
    with pytest.raises(WorkloadError, match=f"^{name}: [^\n]+$"):
        Assumptions.of(STATED | {name: value})


def test_a_day_without_a_machine_is_told_with_all_that_is_missing(pinned):
    with pytest.raises(WorkloadError) as error:
        Assumptions.of({"measured_on": "2026-11-24"})
    assert all(f"({name})" in str(error.value) for name in MEASURED)
    assert str(error.value) == pinned
