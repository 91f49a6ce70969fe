import re
from decimal import Decimal

import pytest

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import sentences
from advisor.sizing.ranges import Cost
from tests import asking
from tests.decide.measured import PEAK, STATED, ask, here, with_facts


def test_a_speed_holds_at_its_own_precision_only(pinned, catalog):
    found = ask(catalog, STATED | {"precision": "int8"})
    assert here(found).plan.tokens_per_second is None and not here(found).fits
    *_, last = sentences.this_machine(found)
    assert "int8" in last and "$" not in last
    assert last == pinned
    int8 = STATED | {"measured_precision": "int8"}
    assert here(
        ask(catalog, int8 | {"precision": "int8"}, passage_tokens=126)
    ).plan.tokens_per_second.base == pytest.approx(3848)
    assert here(ask(catalog, int8)).plan.figure("precision") == "int8"


def test_a_model_that_the_catalog_does_not_have_prices_nothing_and_says_so(pinned, catalog):
    told = {}
    for variant in ("no-such-model", "aquila2-7b"):
        found = ask(catalog, STATED | {"measured_variant": variant})
        assert not any(j.plan.measured for j in found.judged)
        (told[variant],) = sentences.this_machine(found)
        assert variant in told[variant]
    assert told == pinned


def test_an_undated_measurement_is_one_all_the_same(pinned, catalog):
    found = here(
        ask(catalog, {key: value for key, value in STATED.items() if key != "measured_on"})
    )
    dated, undated = sentences.price_note(here(ask(catalog))), sentences.price_note(found)
    assert (
        found.fits
        and found.plan.as_of is None
        and "2026-11-24" in dated
        and not re.search(r"\d", undated)
    )
    assert {"dated": dated, "undated": undated} == pinned


def test_the_sentences_lead_with_the_measured_model_and_say_why_another_does_not_fit(
    pinned, catalog
):
    told = sentences.this_machine(ask(catalog, **PEAK))
    assert with_facts(told[:1], "BGE Small EN v1.5", "3,848", "$0.10", "$730")
    assert with_facts(told[2:3], "BGE Small EN v1.5", "10 ", "$0.10", "$730")
    assert with_facts(told[-1:], "BGE Multilingual Gemma2", "43.9 GiB", "fp32")
    assert sentences.this_machine(ask(catalog, {})) == []
    rerank = sentences.this_machine(ask(catalog, task="rerank"))
    assert (
        with_facts(rerank[:1], "BGE Small EN v1.5", "3,848", "$0.10").count("$") == 1
        and len(rerank) == 5
    )
    assert {"retrieval": told, "reranking leads with": rerank[0]} == pinned


def test_the_cheapest_are_those_of_the_same_exact_cost(made_up, made_up_copy, today, edit):
    german = Workload(languages=("de",), vector_store="none")
    edit(made_up_copy / "offers/gamma.yaml", '"0.40"', '"0.50"')
    found = recommend(catalogs.load(made_up_copy), german, today)
    tied = sentences.cheapest(found, "embedder")
    assert {formatting.usd(j.monthly) for j in tied} == {"$18.00"}  # 2 M x (16 + 2) x 0.50 / 1e6
    assert {j.plan.where for j in tied} == {"Alpha Router", "Beta Cloud", "Gamma Models"}
    edit(made_up_copy / "offers/gamma.yaml", '"0.50"', '"0.5001"')
    near = recommend(catalogs.load(made_up_copy), german, today)
    assert (
        next(formatting.usd(j.monthly) for j in near.judged if j.id == "gamma-multi") == "$18.00"
    ), "rounded it is the same"
    assert "Gamma Models" not in {j.plan.where for j in sentences.cheapest(near, "embedder")}
    nothing = Workload(data_may_leave=False, placement="hosted")
    assert sentences.cheapest(recommend(made_up, nothing, today), "embedder") == []


KNOWN = Cost(Decimal(3), Decimal(4), Decimal(5))
UNKNOWN = Cost.of(None, "index_storage")
PARTLY = KNOWN.plus(UNKNOWN)


def test_a_cost_says_what_is_missing_and_is_never_zero_for_that():
    written = {
        KNOWN: ("$4.00", "$3.00 to $5.00", "$4.00 per month ($3.00 to $5.00)"),
        PARTLY: (
            "at least $4.00",
            "at least $3.00 to $5.00",
            "at least $4.00 per month (known: $3.00 to $5.00; not known: vector storage)",
        ),
        UNKNOWN: (
            "not known",
            "not known",
            "monthly cost not known (not known: vector storage)",
        ),
        Cost.of(None): ("$0", "$0", "$0 per month"),
    }
    for cost, (base, ends, month) in written.items():
        assert sentences.usd_of(cost) == base and sentences.low_to_high(cost) == ends
        assert sentences.a_month(cost) == month
    assert sentences.usd_of(None) == sentences.low_to_high(None) == "not known"
    assert sentences.for_month(PARTLY) == "for at least $4.00 per month"
    assert sentences.for_month(UNKNOWN) == "at an unknown monthly cost"


def test_any_plan_says_what_is_missing(made_up):
    found = asking.ask(made_up, languages=["fr"], vector_store="drawer")
    missing = "not known: vector storage and vector store queries)"
    plan = sentences.plan_sentence(found, found.pick.parts[0].id)
    assert plan.startswith(f"At least $318 per month (known: $315 to $318; {missing}")
    once = sentences.encoding_sentence(found, found.pick.parts[0])
    assert "tokens for at least $102 (not known: vector store writes), " in once
