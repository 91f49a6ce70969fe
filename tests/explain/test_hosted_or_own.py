"""Hosted or own: the volume that is named is the engine's, and the title holds at yours."""

import math
import re

import pytest
from hypothesis import given

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.explain.hosted_or_own import EITHER, hosted_or_own
from advisor.explain.ways import kind_of
from advisor.explain.when_it_pays import JUST_BEYOND, at_volume
from tests.asking import ask
from tests.decide.test_properties import EXAMPLES, of_examples
from tests.decide.workloads import questions

TEXTS = {
    "below the break-even": {},
    "between the first and the last crossing, hosted cheaper": {"queries_per_month": 2 * 10**9},
    "between them, the machine cheaper": {"queries_per_month": 2 * 10**10},
    "above the last": {"queries_per_month": 10**11},
    "a model that no machine pays for": {"priority": "quality"},
    "one machine more than the load needs": {"redundancy": True},
    "a latency limit": {"latency_ms_p95": 20},
    "one break-even, below": {"priority": "cost"},
    "own machines asked for": {"placement": "own", "hardware": "cpu"},
    "reranking": {"task": "rerank"},
    "a latency limit that takes more machines than the load": {"latency_ms_p95": 1.5},
    "a spare machine that pays at times far away": {
        "placement": "own", "passages": 2_000_000, "passage_tokens": 80,
        "passage_tokens_p95": 200, "new_passages_per_month": 200_000,
        "queries_per_month": 150_000_000, "query_tokens": 8, "peak_queries_per_second": 200.0,
        "latency_ms_p95": 100, "redundancy": True,
    },
}  # fmt: skip


def compare(answer):
    return [both for step in answer.steps if (both := hosted_or_own(answer, step.kind)) is not None]


@pytest.mark.parametrize("stated", TEXTS.values(), ids=TEXTS.keys())
def test_what_is_said_of_hosted_and_own(catalog, pinned, stated):
    (both,) = compare(ask(catalog, **stated))
    assert {
        "title": both.title,
        "metric": both.metric,
        "note": both.note,
        "offer": both.offer.named,
        "machines": [own.plan.where for own in both.machines],
    } == pinned


def test_above_the_only_break_even_the_machine_is_cheaper(made_up):
    below, above = (compare(ask(made_up, queries_per_month=n))[0] for n in (10**8, 2 * 10**8))
    assert below.title == "Hosted stays cheaper until 2.92 billion tokens per month"
    assert above.title == (
        "Your own GPU is cheaper from 2.92 billion tokens per month: you are above it"
    )
    assert above.metric == below.metric == "2.92 B tokens"
    assert above.note == below.note == "your own GPU, per month"
    title_holds(ask(made_up, queries_per_month=2 * 10**8), above)


def test_the_offer_is_the_recommended_one_or_the_cheapest_beside_a_machine(catalog):
    hosted = ask(catalog)
    (both,) = compare(hosted)
    assert both.offer is hosted.pick.parts[0]
    own = ask(catalog, placement="own")
    (both,) = compare(own)
    assert both.offer.variant_id == own.pick.parts[0].variant_id and both.offer.hosted
    same = [j for j in own.judged if j.hosted and j.variant_id == both.offer.variant_id]
    assert both.offer.monthly == min(j.monthly for j in same)


def test_the_machines_are_a_gpu_and_a_cpu_that_pay_soonest_or_cost_least_now(catalog):
    answer = ask(catalog)
    (both,) = compare(answer)
    assert kind_of([both.gpu]) == "own-gpu" and kind_of([both.cpu]) == "own-cpu"
    assert both.machines == (both.gpu, both.cpu)
    cpus = [
        j
        for j in answer.fitting("embedder")
        if j.variant_id == both.cpu.variant_id and kind_of([j]) == "own-cpu"
    ]
    assert both.crossings[1].tokens[1] is None  # so the one of the lowest cost
    assert both.cpu.monthly == min(j.monthly for j in cpus)


def test_a_budget_decides_nothing_about_other_volumes_and_data_that_must_stay_has_no_offer(catalog):
    plain, narrow = ask(catalog), ask(catalog, budget_usd_per_month=50)
    assert [both.title for both in compare(plain)] == [both.title for both in compare(narrow)]
    assert compare(ask(catalog, data_may_leave=False)) == []
    assert compare(ask(catalog, queries_per_month=0)) == []
    assert compare(ask(catalog, budget_usd_per_month=0.001)) == []
    assert compare(ask(catalog, {"hosted_discount_percent": 100.0})) == []


def test_a_machine_without_rent_is_cheaper_at_any_volume(made_up_copy, edit):
    instances = made_up_copy / "hardware/instances.yaml"
    edit(instances, 'on_demand_usd_per_h: "1.00"', 'on_demand_usd_per_h: "0"')
    (both,) = compare(ask(catalogs.load(made_up_copy)))
    assert both.title == "Your own GPU is cheaper at any volume" and both.metric == "any volume"


BILLIONS = {"million": 1e6, "billion": 1e9, "trillion": 1e12}


def volume_of(title):
    """Tokens that a title names; None where it names none."""
    named = re.search(r"([\d,.]+)(?: (million|billion|trillion))? tokens", title)
    return named and float(named[1].replace(",", "")) * BILLIONS.get(named[2], 1)


def usd_at(answer, both, volume=1.0):
    """US dollars a month of the offer, and of the cheapest machine that fits, at a volume."""
    workload = Workload.model_validate(answer.workload.model_dump() | EITHER)
    if volume != 1:
        workload = at_volume(workload, volume)
    if workload is None:
        return None
    there = ask(answer.asked_of, answer.assumptions.stated(), **workload.stated())
    usd = there.table.base_usd
    fits = ask(answer.asked_of, answer.assumptions.stated(), **answer.workload.stated() | EITHER)
    own = [
        usd[j.row]
        for j in fits.fitting(both.kind)
        if j.variant_id == both.offer.variant_id and not j.hosted and not math.isnan(usd[j.row])
    ]
    return float(usd[both.offer.row]), float(min(own))


def title_holds(answer, both):
    hosted, own = usd_at(answer, both)
    near = 1e-6 + 1e-9 * hosted
    if both.title.startswith("Hosted"):
        assert hosted <= own + near, both.title
    else:
        assert own <= hosted + near, both.title
    if both.title == "Hosted is cheaper at any volume":
        for volume in (0.01, 100, 10_000):
            there = usd_at(answer, both, volume)
            assert there is None or there[0] <= there[1] + near, (volume, both.title)
    if "always" in both.title:
        always, tokens = volume_of(both.title) * 1.006, both.offer.plan.tokens.monthly
        for times in (1, 1.01, 1.3, 3.7, 50):
            there = usd_at(answer, both, always / tokens * times)
            assert there is None or there[1] <= there[0] + near, (times, both.title)
    if "until" in both.title:
        tokens = both.offer.plan.tokens.monthly
        crossed = [pair for pair in both.crossings if pair.tokens[1]]
        first = min(crossed, key=lambda pair: pair.tokens[1])
        start = first.tokens[1]
        assert volume_of(both.title) == pytest.approx(start, rel=0.006) and tokens < start
        last = math.ceil(start / first.capacity[1]) * first.capacity[1]  # then one more is rented
        for times in (1 / JUST_BEYOND, JUST_BEYOND) if start * JUST_BEYOND < last else ():
            there = usd_at(answer, both, start / tokens * times)
            if there is not None and start / tokens * answer.workload.queries_per_month > 1e4:
                assert (there[1] < there[0]) == (times > 1), both.title


@pytest.mark.parametrize("stated", TEXTS.values(), ids=TEXTS.keys())
def test_the_title_holds_at_your_volume_and_around_the_one_it_names(catalog, stated):
    answer = ask(catalog, **stated)
    for both in compare(answer):
        title_holds(answer, both)


@of_examples(EXAMPLES / 2)
@given(questions())
def test_what_holds_of_hosted_and_own_for_any_question(catalogs, question):
    answer = ask(catalogs.named[question.catalog], question.assumed, **question.stated)
    for both in compare(answer):
        assert both.offer.hosted and not any(own.hosted for own in both.machines)
        assert both.machines and {pair.offer.row for pair in both.crossings} == {both.offer.row}
        named = volume_of(both.title)
        if named:
            assert formatting.short(named) == both.metric.removesuffix(" tokens")
        title_holds(answer, both)
