from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.choosing import Ends, choose, eligible, immaterial
from advisor.decide.evidence import EQUAL_POINTS
from advisor.decide.recommend import preference, recommend
from advisor.explain import what_would_change
from advisor.explain.why_not import ORDER, reasons_against
from advisor.sizing.ranges import rounded

TODAY = date(2026, 11, 24)


def ask(catalog, *sets, **stated):
    return recommend(catalog, Workload.of(stated), TODAY, sets)


def answer(found):
    return found.answer


def every_step(catalog, workload):
    return [
        workload.model_copy(update=stated)
        for _, ways in what_would_change._grid(catalog, workload)
        for steps in ways
        for stated in steps
    ]


@pytest.mark.parametrize(
    "preset",
    ["english-search", "multilingual-rag", "long-contracts", "rerank-english", "air-gapped"],
)
def test_a_recommendation_found_from_a_near_one_is_the_same(catalog, preset):
    found = recommend(catalog, Workload.of(catalog.presets[preset].workload), TODAY)
    steps = every_step(catalog, found.workload)
    assert len(steps) > 50
    for workload in steps:
        alone, sooner = (
            recommend(catalog, workload, TODAY),
            recommend(catalog, workload, TODAY, near=found),
        )
        assert sooner.answer == alone.answer
        for rule in catalog.rules.values():
            for one, other in zip(sooner.rules.truth(rule), alone.rules.truth(rule), strict=True):
                assert np.array_equal(one, other), (rule.id, workload)


def test_no_plan_of_the_front_is_beaten_and_every_other_is(catalog):
    found = ask(catalog)
    front = what_would_change.front(found, "embedder")
    ranked = [j for j in found.fitting("embedder") if j.quality is not None]
    for judged in ranked:
        beaten = [
            o
            for o in ranked
            if o.quality >= judged.quality
            and o.monthly <= judged.monthly
            and (o.quality, o.monthly) != (judged.quality, judged.monthly)
        ]
        assert (judged.id in front) == (not beaten), judged.id
    assert found.answer[0] in front


@pytest.mark.parametrize("priority", ["balanced", "quality"])
def test_the_pick_is_on_the_front_where_every_dollar_counts(catalog, priority):
    found = ask(catalog, priority=priority, material_usd=0)
    assert found.answer[0] in what_would_change.front(found, "embedder")


def chosen(found, ends):
    """The ids that are picked with each estimate at an end."""
    return tuple(
        found.judged[row].id for row in choose(found.table, found.steps, found.workload, ends).rows
    )


def test_a_pick_that_an_estimate_overturns_is_not_firm_and_the_estimate_is_named(made_up, pinned):
    firm, memory, speed = (
        ask(made_up),
        ask(made_up, quality_tolerance=10),
        ask(made_up, task="rerank"),
    )
    assert (
        {chosen(firm, ends) for ends in what_would_change.ESTIMATES.values()}
        == {firm.answer}
        == {("beta-big-en",)}
    )
    assert (memory.answer, chosen(memory, Ends(keeping="low"))) == (
        ("beta-tiny-en",),
        ("beta-big-en",),
    )
    assert (speed.answer, chosen(speed, Ends(own="low"))) == (
        ("beta-rank-big",),
        ("rank-big@bazaar-gpu",),
    )
    told = {
        name: what_would_change.firmness(found)
        for name, found in (("firm", firm), ("memory", memory), ("speed", speed))
    }
    assert "Big EN" in told["memory"] and "Bazaar" in told["speed"]
    assert told == pinned


def test_a_budget_that_only_the_high_end_exceeds_is_said(made_up, pinned):
    told = what_would_change.firmness(ask(made_up, budget_usd_per_month=14, quality_tolerance=1))
    assert "$14.78" in told and "$14.00" in told, (
        "$3.60 for tokens, and 2.4 GB of memory at $5 a GiB"
    )
    assert told == pinned


PICKS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["retrieve", "retrieve-and-rerank", "rerank"]),
        "placement": st.sampled_from(["any", "own"]),
        "languages": st.lists(
            st.sampled_from(["en", "zh", "de"]), min_size=1, max_size=2, unique=True
        ),
        "passages": st.integers(1, 10**8),
        "queries_per_month": st.integers(0, 10**8),
        "priority": st.sampled_from(["balanced", "quality", "cost"]),
        "budget_usd_per_month": st.one_of(st.none(), st.floats(1, 500)),
    }
)


@settings(max_examples=8, deadline=None)
@given(PICKS)
def test_what_would_change_the_answer_is_true_when_applied(catalog, stated):
    found = ask(catalog, **stated)
    for change in what_would_change.changes(catalog, found):
        applied = recommend(catalog, Workload.of(change.workload.stated()), TODAY)
        assert answer(applied) != answer(found), change.text
        if applied.pick is None:
            assert "$" not in change.text
        else:
            assert (
                formatting.usd(applied.monthly) in change.text
                and applied.pick.parts[0].plan.where in change.text
            )


def test_each_change_is_told_in_a_sentence(made_up, pinned):
    changes = what_would_change.changes(made_up, ask(made_up))
    assert {"quality_tolerance", "budget_usd_per_month", "placement", "languages"} <= {
        change.field for change in changes
    }
    assert [change.text for change in changes] == pinned


def test_a_change_is_the_nearest_step(made_up):
    found = ask(made_up)
    looser = next(
        c
        for c in what_would_change.changes(made_up, found)
        if c.field == "quality_tolerance" and c.workload.quality_tolerance > 5
    )
    assert looser.workload.quality_tolerance == 10
    assert answer(ask(made_up, quality_tolerance=8)) == answer(found), (
        "Tiny EN is ten points below the best"
    )


def test_why_not_names_the_figure_that_decided(made_up, made_up_copy, edit, pinned):
    found, german = ask(made_up), ask(made_up, languages=["de"], vector_store="none")
    edit(made_up_copy / "offers/gamma.yaml", 'usd_per_1m_input: "1.00"', 'usd_per_1m_input: "0.05"')
    second_hand = ask(catalogs.load(made_up_copy), vector_store="none")
    told = {
        "too far below the best": reasons_against(found, "beta-tiny-en"),
        "too dear": reasons_against(found, "gamma-giant"),
        "second-hand": reasons_against(second_hand, "gamma-giant"),
        "a router": reasons_against(german, "alpha-multi"),
        "no price": reasons_against(found, "gamma-big-en"),
        "no score": reasons_against(found, "beta-multi"),
        "beaten": reasons_against(
            ask(made_up, vector_store="none", priority="cost"), "beta-tiny-en"
        ),
        "the pick": reasons_against(found, "beta-big-en"),
    }
    gap = found.monthly - next(j.monthly for j in found.judged if j.id == "beta-tiny-en")
    assert (
        "5.0" in told["too far below the best"][0]
        and formatting.usd(gap) in told["too far below the best"][0]
    )
    assert "10.0" in told["too far below the best"][1] and "$68.16" in told["too dear"][1], (
        "$80.70 against $12.54"
    )
    assert ORDER[0] in told["second-hand"][1] and ORDER[4] in told["a router"][1]
    assert [
        f.text for f in next(j for j in found.judged if j.id == "gamma-big-en").excluded
    ] == told["no price"]
    assert "Big EN" in told["beaten"][1] and len(told["the pick"]) == 1
    assert {name: lines[:2] for name, lines in told.items()} == pinned
    with pytest.raises(KeyError):
        reasons_against(found, "no-such-plan")


def test_every_plan_can_be_asked_why_not(catalog):
    for number, stated in enumerate(
        (
            {},
            {"task": "rerank"},
            {"languages": ["de"]},
            {"priority": "quality"},
            {"priority": "cost"},
            {"data_may_leave": False},
            {"placement": "hosted", "data_may_leave": False},
            {"task": "retrieve-and-rerank", "placement": "own"},
        )
    ):
        found = ask(catalog, **stated)
        for judged in found.judged[number % 3 :: 3]:
            lines = reasons_against(found, judged.id)
            assert lines and all(line and "None" not in line and "{" not in line for line in lines)


def deciding(found, judged, pick, within):
    """What has to stand in the sentence on why a plan is not the pick, of which one is enough; nothing where no figure decides."""
    step, quality, asked = found.step(judged.kind), judged.quality, found.workload
    if step.evidence.ranks and asked.priority != "cost":
        if quality is None:
            return []
        gap = float(np.nanmax(step.quality[step.fitting])) - quality
        if gap >= EQUAL_POINTS if asked.priority == "quality" else gap > asked.quality_tolerance:
            return [formatting.points(gap)]
    if found.pick.shared:
        return [formatting.usd(found.monthly)]
    least = min(j.monthly for j in within)
    if not immaterial(asked, rounded(judged.monthly - least)):
        return [formatting.usd(judged.monthly - least)]
    mine, theirs = preference(found, judged), preference(found, pick)
    better = [
        j for j in within if (j.quality or 0) > (quality or 0) and j.monthly <= judged.monthly
    ]
    if mine < theirs:  # alone it would come first
        assert better or asked.budget_usd_per_month is not None
        return [j.named for j in better]
    budget = (
        [] if asked.budget_usd_per_month is None else [formatting.usd(asked.budget_usd_per_month)]
    )
    order = next(name for name, one, two in zip(ORDER, theirs, mine, strict=True) if one != two)
    return [order, *budget, *(j.named for j in better)]


@settings(max_examples=12, deadline=None)
@given(PICKS, st.sampled_from([0, 1, 5, 20, 100]))
def test_what_why_not_says_of_cost_and_order_is_so(catalog, stated, usd):
    found = ask(catalog, **stated, material_usd=usd)
    if found.pick is None:
        return
    within = {
        step.kind: [found.judged[row] for row in eligible(step, step.fitting, found.workload)]
        for step in found.steps
    }
    for judged in found.judged:
        pick = found.pick.part(judged.kind) if judged.fits else None
        if pick is None or judged is pick:
            continue
        text, needed = (
            reasons_against(found, judged.id)[1],
            deciding(found, judged, pick, within[judged.kind]),
        )
        assert text and (not needed or any(words in text for words in needed)), (
            judged.id,
            text,
            needed,
        )


def test_a_better_reranker_that_the_budget_for_both_steps_does_not_hold_is_told_so(made_up):
    found = ask(
        made_up, task="retrieve-and-rerank", placement="own", passages=1, queries_per_month=15_000,
        priority="quality", budget_usd_per_month=379, material_usd=0,
    )  # fmt: skip
    assert found.answer == ("giant@bazaar-gpu", "rank-small@acme-cpu"), "$292 and $73"
    better = next(j for j in found.fitting("reranker") if j.id == "rank-big@acme-cpu")
    assert better.monthly == 146 and "$379" in reasons_against(found, better.id)[1], (
        "two processors"
    )


def test_a_plan_beyond_what_counts_as_equal_to_the_cheapest_is_told_its_cost_not_an_order(made_up):
    found = ask(
        made_up,
        languages=["de"],
        vector_store="none",
        queries_per_month=10**7,
        new_passages_per_month=0,
        material_usd=20,
    )
    assert found.answer == ("multi@acme-cpu",), "$73, against $72 by an aggregator's word"
    told = {
        j.id: reasons_against(found, j.id)[1]
        for j in found.judged
        if j.id in ("gamma-multi", "beta-multi", "multi@bazaar-gpu")
    }
    assert ORDER[0] in told["gamma-multi"] and ORDER[2] in told["beta-multi"]
    assert "$220" in told["multi@bazaar-gpu"], "$292 against $72"


def test_where_nothing_fits_the_step_that_frees_most_plans_comes_first(made_up):
    found = ask(made_up, placement="own", budget_usd_per_month=60)
    told = what_would_change.changes(made_up, found)
    assert found.pick is None and (told[0].field, told[0].fitting) == ("placement", 6), (
        "the offers under $60"
    )
    assert {change.field: change.fitting for change in told}["budget_usd_per_month"] == 3, (
        "three models on the cheapest machine, under $100"
    )
    assert [change.fitting for change in told] == sorted(
        (change.fitting for change in told), reverse=True
    )


def test_a_slow_end_over_the_latency_limit_is_not_called_firm(made_up):
    found = ask(made_up, task="rerank", placement="own", queries_per_month=1000, latency_ms_p95=300)
    time = found.pick.parts[0].plan.latency_ms
    assert time.base < 300 < time.high
    assert formatting.count(round(time.high)) in what_would_change.firmness(
        found
    ) and "300" in what_would_change.firmness(found)
