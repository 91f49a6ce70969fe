"""Hosted, own GPU, own CPU: each way's answer is the engine's, and each sentence holds there."""

import math
from functools import cache, partial

import pytest
from hypothesis import given

from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend
from advisor.explain import limits
from advisor.explain.ways import KINDS, kind_of, restricted, ways
from advisor.explain.when_it_pays import JUST_BEYOND, STEPS, Volumes, at_volume, crossing
from tests.asking import TODAY, ask
from tests.decide.test_properties import EACH
from tests.decide.workloads import questions

PRESETS = (
    "english-search", "english-faq-on-cpu", "small-knowledge-base", "multilingual-rag",
    "multilingual-support", "long-contracts", "best-english-quality", "hybrid-search",
    "rerank-english", "rerank-multilingual", "shop-at-200-queries-a-second", "air-gapped",
    "laptop", "english-within-a-budget", "english-in-pgvector", "english-for-twenty-dollars",
    "free-of-charge", "five-billion-queries", "german-in-qdrant-cloud", "japanese-on-a-gpu",
    "three-outputs-of-ones-own", "a-hundred-million-passages", "long-passages-reranked",
    "reranking-behind-closed-doors",
)  # fmt: skip
FARTHER = tuple(sign for times in (1.05, 2, 30, 1_000) for sign in (times, 1 / times))
"""Times a volume that is named, where what is said of it still holds."""


def by_id(recommendation):
    return {way.id: way for way in ways(recommendation).ways}


def of_preset(catalog, preset):
    return ask(catalog, **catalog.presets[preset].workload)


def same_pick(pick, other):
    return pick.id == other.id and (pick.shared is None) == (other.shared is None)


@pytest.mark.parametrize("preset", PRESETS)
def test_each_way_of_a_preset_says_what_the_engine_answers(catalog, pinned, preset):
    answer = of_preset(catalog, preset)
    both = ways(answer)
    assert [way.id for way in both.ways] == ["hosted", "own-gpu", "own-cpu"]
    assert [way for way in both.ways if way.recommended] == [
        way for way in both.ways if way.pick and same_pick(way.pick, answer.pick)
    ]
    assert {
        "title": both.title,
        "ways": {way.label: (way.where, way.month, way.sentence) for way in both.ways},
    } == pinned


@pytest.mark.parametrize("preset", PRESETS)
def test_every_volume_that_a_sentence_names_is_one_at_which_it_holds(catalog, preset):
    answer = of_preset(catalog, preset)
    holds_at_its_volume(answer, ways(answer))


def holds_at_its_volume(answer, both):
    """Ask at each volume that is named, and at those that are said to make nothing of a way."""
    at = cache(partial(asked_at, answer))
    for kind, way in zip(KINDS, both.ways, strict=True):
        if way.pick is None or way.recommended:
            assert way.volume is None and way.tokens is None
        elif way.tokens is not None:
            costs_cross(answer, way, at)
        elif way.volume is not None:
            there = at(way.volume)
            assert there.pick is not None and kind_of(there.pick.parts) == kind.id
            assert kind_of(answer.pick.parts) != kind.id
        elif "Never cheaper" in way.sentence:
            never_crosses(answer, way, at)
        elif "No volume we tried" in way.sentence:
            down = answer.pick is not None and kind.id == "hosted"
            for volume in (step for step in STEPS if (step < 1 if down else step > 1)):
                there = at(volume)
                pick = there and there.pick
                assert pick is None or kind_of(pick.parts) != kind.id, volume


def asked_at(answer, volume):
    workload = at_volume(answer.workload, volume)
    return workload and recommend(
        answer.asked_of, workload, answer.today, answer.asked_sets, answer.assumptions
    )


def costs_cross(answer, way, at):
    """Just above the tokens named the machines cost less, just below more, and so on far away."""
    tokens = answer.pick.parts[0].plan.tokens.monthly
    assert way.tokens == pytest.approx(tokens * way.volume)
    own_way = way.id if way.id != "hosted" else kind_of(answer.pick.parts)
    offer = answer.pick.parts[0] if answer.pick.parts[0].hosted else way.pick.parts[0]
    own = [
        judged.row
        for judged in answer.fitting(offer.kind)
        if judged.variant_id == offer.variant_id and kind_of([judged]) == own_way
    ]
    for factor, own_is_less in ((JUST_BEYOND, True), (1 / JUST_BEYOND, False)):
        usd = at(way.volume * factor).table.base_usd
        assert (min(usd[own]) < usd[offer.row]) == own_is_less
    below, last = way.id == "hosted", way.volume
    if "; always from " in way.sentence:
        number, unit = way.sentence.split("; always from ")[1].removesuffix(".").split()
        last = float(number) * {"M": 1e6, "B": 1e9, "T": 1e12}[unit] * 1.01 / tokens  # 3 digits
    for volume in (*STEPS, *(each * times for times in FARTHER for each in {way.volume, last})):
        beyond = volume > way.volume
        unsaid = way.volume < volume < last or ("Always" in way.sentence and beyond == below)
        there = None if unsaid else at(volume)
        if there is not None:
            usd = there.table.base_usd
            assert (min(usd[own]) < usd[offer.row]) == beyond, volume


def never_crosses(answer, way, at):
    """The machines that fit cost more than the provider at every volume that is tried."""
    offer = answer.pick.parts[0]
    for volume in (1.0, *(step for step in STEPS if step > 1)):
        there = answer if volume == 1 else at(volume)
        if there is not None:
            usd = {judged.row: judged.monthly for judged in there.judged}
            own = [
                judged.row
                for judged in answer.fitting(offer.kind)
                if judged.variant_id == offer.variant_id and kind_of([judged]) == way.id
            ]
            assert min(usd[row] for row in own) > usd[offer.row]
            assert not there.pick or kind_of(there.pick.parts) != way.id


def test_hosted_english_search_says_from_when_a_gpu_pays_and_that_a_processor_never_does(catalog):
    english = by_id(ask(catalog))
    # one pays from 689 times, but from 734 times two are needed, which do not pay yet
    assert english["own-gpu"].sentence == (
        "Cheaper at times from 24.8 B tokens per month, 689 times your volume; always from 397 B."
    )
    assert english["own-cpu"].sentence.startswith("Never cheaper: one machine is too slow")
    assert english["own-cpu"].volume is None
    assert english["hosted"].sentence.endswith("less than your own CPU, the next cheapest way.")
    assert ways(ask(catalog)).title == "Hosted is the cheapest way to run it"


def test_a_processor_that_never_pays_is_dearer_than_the_provider_at_any_volume(catalog):
    answer = ask(catalog)
    offer = answer.pick.parts[0]
    for volume in (10, 100, 1_000, 10_000):
        there = asked_at(answer, volume)
        own = [
            judged.monthly
            for judged in there.judged
            if judged.variant_id == offer.variant_id and kind_of([judged]) == "own-cpu"
        ]
        hosted = next(judged for judged in there.judged if judged.id == offer.id)
        assert min(own) > hosted.monthly


def test_a_machine_that_never_costs_less_may_still_be_recommended_where_the_provider_cannot(
    catalog,
):
    answer = ask(
        catalog, {"precision": "fp16"}, task="rerank", hardware="gpu", redundancy=True,
        quality_tolerance=10,
    )  # fmt: skip
    own = by_id(answer)["own-gpu"]
    assert answer.pick.parts[0].hosted and own.volume is not None, own.sentence
    assert "it would be recommended" in own.sentence
    holds_at_its_volume(answer, ways(answer))


def test_from_the_side_of_the_machine_the_provider_is_cheaper_below_the_break_even(catalog):
    answer = ask(catalog, languages=["de", "ja", "fr"], vector_store="none", queries_per_month=10**10)  # fmt: skip
    assert kind_of(answer.pick.parts) == "own-gpu"
    hosted = by_id(answer)["hosted"]
    assert hosted.sentence == "Always cheaper below 24.8 B tokens per month, 13.8% of your volume."
    assert hosted.volume == pytest.approx(hosted.tokens / 180e9)  # 18 tokens a query
    holds_at_its_volume(answer, ways(answer))
    larger = ask(catalog, queries_per_month=10**12, languages=["got"], passages=10**5)
    holds_at_its_volume(larger, ways(larger))


@pytest.mark.parametrize(
    ("stated", "way", "words"),
    [
        ({"placement": "own"}, "hosted", "You asked for your own machines."),
        ({"data_may_leave": False}, "hosted", "Your texts may not be sent to a provider."),
        ({"placement": "hosted"}, "own-cpu", "You asked for a hosted API."),
        ({"hardware": "gpu"}, "own-cpu", "You asked for GPUs only."),
        ({"hardware": "cpu"}, "own-gpu", "You asked for CPUs only."),
    ],
)
def test_a_way_that_the_question_rules_out_says_so(catalog, stated, way, words):
    of_way = by_id(ask(catalog, **stated))[way]
    assert of_way.pick is None and of_way.bill is None and of_way.sentence == words
    kind = next(kind for kind in KINDS if kind.id == way)
    assert restricted(Workload.of(stated), kind) is None


def test_a_limit_in_the_way_is_named_with_what_fits_without_it(catalog):
    answer = ask(catalog, budget_usd_per_month=100)
    cpu = by_id(answer)["own-cpu"]
    assert cpu.pick is None and "your budget of $100 per month" in cpu.sentence
    workload = restricted(answer.workload, KINDS[2])
    without = ask(catalog, **workload.stated() | {"budget_usd_per_month": None})
    assert without.pick.named in cpu.sentence
    late = ask(catalog, latency_ms_p95=0.1)
    cpu = by_id(late)["own-cpu"]
    assert cpu.pick is None and "your latency limit of 0.1 ms" in cpu.sentence
    assert (
        limits.shortfall(ask(catalog, **restricted(late.workload, KINDS[2]).stated())) == math.inf
    )


def test_where_nothing_fits_no_way_is_recommended(catalog):
    answer = ask(catalog, budget_usd_per_month=0.001)
    both = ways(answer)
    assert answer.pick is None and both.title == "Nothing fits, hosted or on your own machine"
    assert not any(way.recommended or way.pick for way in both.ways)
    assert all("your budget of $0.0010 per month" in way.sentence for way in both.ways)


def test_a_cheaper_way_that_is_not_recommended_says_what_it_lacks(catalog):
    # a machine that is measured here has a price of nothing, and Small runs on it alone
    answers = [
        ask(catalog, priority=priority, passages=passages, queries_per_month=queries,
            quality_tolerance=tolerance, material_usd=50)
        for priority in ("quality", "balanced")
        for passages in (1_000, 10**6, 10**8)
        for queries in (10**5, 10**9, 10**10, 10**11)
        for tolerance in (1, 5)
    ]  # fmt: skip
    cheaper = [
        (answer, way)
        for answer in answers
        for way in ways(answer).ways
        if way.pick and way.pick.monthly < answer.monthly - 0.01
    ]
    assert cheaper
    for answer, way in cheaper:
        assert " per month cheaper, but " in way.sentence and not way.recommended
        assert "is recommended, though" in ways(answer).title


def test_a_mix_of_ways_is_none_of_them_and_says_so(catalog):
    answer = ask(
        catalog, task="retrieve-and-rerank", languages=["fr", "en"], cross_lingual=True,
        chunk_tokens=None, new_passages_per_month=331_131_121, priority="quality",
        outputs=["dense", "multi_vector"], vector_store="opensearch-serverless",
    )  # fmt: skip
    both = ways(answer)
    assert [part.hosted for part in answer.pick.parts] == [False, True]
    assert kind_of(answer.pick.parts) is None and not any(way.recommended for way in both.ways)
    assert both.title.startswith("A mix of your own GPU and a hosted API is the cheapest way")


def test_without_load_volume_decides_nothing(catalog):
    answer = ask(catalog, queries_per_month=0)
    sentences = [way.sentence for way in ways(answer).ways if not way.recommended]
    assert all("volume decides nothing" in sentence for sentence in sentences)


def test_another_volume_scales_queries_new_passages_and_a_stated_peak(catalog):
    workload = Workload(
        queries_per_month=100, new_passages_per_month=10, peak_queries_per_second=2.0
    )
    larger = at_volume(workload, 10)
    assert (larger.queries_per_month, larger.new_passages_per_month) == (1_000, 100)
    assert larger.peak_queries_per_second == 20 and larger.passages == workload.passages
    assert at_volume(workload, 1e12) is None and at_volume(workload, 1) is None
    assert at_volume(Workload(queries_per_month=0), 10) is None


def test_the_nearest_volume_is_found_by_a_dozen_questions(catalog):
    answer = of_preset(catalog, "long-passages-reranked")
    volumes, asked = Volumes(answer), []

    def wins(other):
        asked.append(other)
        return other.workload.queries_per_month >= 250 * answer.workload.queries_per_month

    assert volumes.nearest(wins, STEPS[5:]) == 300.0 and len(asked) <= 12


def test_nothing_crosses_where_an_offer_is_free(catalog):
    answer = ask(catalog, {"hosted_discount_percent": 100.0})
    part = answer.pick.parts[0]
    assert part.hosted and crossing(answer, part, [part]) is None


@EACH
@given(questions())
def test_what_holds_of_the_ways_of_any_question(catalogs, question):
    of = catalogs.named[question.catalog]
    answer = ask(of, question.assumed, **question.stated)
    both = ways(answer)
    assert len(both.ways) == 3 and both.title
    for kind, way in zip(KINDS, both.ways, strict=True):
        assert way.sentence.endswith(".") and (way.bill is None) == (way.pick is None)
        if way.pick is None:
            assert not way.recommended
            continue
        assert kind_of(way.pick.parts) == kind.id
        narrower = restricted(answer.workload, kind)
        again = recommend(of, narrower, TODAY, (), answer.assumptions)
        assert same_pick(way.pick, again.pick) and way.pick.monthly == again.pick.monthly
        if way.recommended:
            assert way.pick.monthly == pytest.approx(answer.monthly, rel=1e-12)
        # a narrower question never has a better answer by the same rule
        short = limits.shortfall(again) - limits.shortfall(answer)
        assert short >= 0
        if answer.workload.priority == "cost":
            assert way.pick.monthly >= answer.monthly * (1 - 1e-12) - 1e-6
    ours = kind_of(answer.pick.parts) if answer.pick else None
    assert [way.id for way in both.ways if way.recommended] == ([ours] if ours else [])
    holds_at_its_volume(answer, both)
