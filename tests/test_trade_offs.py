from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import charts, evidence, tables, trade_offs, units
from advisor.assumptions import Assumptions
from advisor.evidence import EQUAL_POINTS
from advisor.recommend import preference, recommend
from advisor.workload import Workload

TODAY = date(2026, 11, 24)


def ask(catalog, *sets, **stated):
    return recommend(catalog, Workload.of(stated), TODAY, sets)


def answer(found):
    return found.answer


def every_step(catalog, workload):
    return [workload.model_copy(update=stated) for _, ways in trade_offs._grid(catalog, workload) for steps in ways for stated in steps]


@pytest.mark.parametrize("preset", ["english-search", "multilingual-rag", "long-contracts", "rerank-english", "air-gapped"])
def test_a_recommendation_found_from_a_near_one_is_the_same(catalog, preset):
    found = recommend(catalog, Workload.of(catalog.presets[preset].workload), TODAY)
    steps = every_step(catalog, found.workload)
    assert len(steps) > 50
    for workload in steps:
        alone, sooner = recommend(catalog, workload, TODAY), recommend(catalog, workload, TODAY, near=found)
        assert sooner.answer == alone.answer
        for rule in catalog.rules.values():
            for one, other in zip(sooner.rules.truth(rule), alone.rules.truth(rule), strict=True):
                assert np.array_equal(one, other), (rule.id, workload)


def test_another_catalog_or_precision_is_no_near_one(catalog):
    found = ask(catalog)
    sooner = recommend(catalog, found.workload, TODAY, (), Assumptions(precision="int8"), near=found)
    alone = recommend(catalog, found.workload, TODAY, (), Assumptions(precision="int8"))
    assert [j.findings for j in sooner.judged] == [j.findings for j in alone.judged] != [j.findings for j in found.judged]


def test_no_plan_of_the_front_is_beaten_and_every_other_is(catalog):
    found = ask(catalog)
    front = trade_offs.front(found, "embedder")
    ranked = [j for j in found.fitting("embedder") if j.quality is not None]
    for judged in ranked:
        beaten = [
            o
            for o in ranked
            if o.quality >= judged.quality and o.monthly <= judged.monthly and (o.quality, o.monthly) != (judged.quality, judged.monthly)
        ]
        assert (judged.id in front) == (not beaten), judged.id
    assert found.answer[0] in front


@pytest.mark.parametrize("priority", ["balanced", "quality"])
def test_the_pick_is_on_the_front_where_every_dollar_counts(catalog, priority):
    found = ask(catalog, priority=priority, material_usd=0)
    assert found.answer[0] in trade_offs.front(found, "embedder")


def test_a_pick_that_an_estimate_overturns_is_not_firm_and_the_estimate_is_named(catalog):
    stated = catalog.presets["small-knowledge-base"].workload
    assert trade_offs.firmness(ask(catalog, **stated)) == "The pick holds at the low and at the high end of every estimate."
    found = ask(catalog, **stated | {"queries_per_month": 3_000_000})
    assert found.answer == ("deepinfra-bge-base-en-v1.5",)
    assert trade_offs.firmness(found) == (
        "Not firm: at the high end of what keeping the index costs, BGE Small EN v1.5 at Cloudflare Workers AI would be the pick."
    )
    at_high = [
        next(j for j in found.judged if j.id == key).cost.high for key in ("cloudflare-bge-small-en-v1.5", "deepinfra-bge-base-en-v1.5")
    ]
    assert at_high[0] < at_high[1]


def test_a_budget_that_only_the_high_end_exceeds_is_said(catalog):
    found = ask(catalog, budget_usd_per_month=40, quality_tolerance=1)
    assert trade_offs.firmness(found) == "The pick holds, but at the high end it costs $52.97, over the budget of $40.00."


PICKS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["retrieve", "retrieve-and-rerank", "rerank"]),
        "placement": st.sampled_from(["any", "own"]),
        "languages": st.lists(st.sampled_from(["en", "zh", "de"]), min_size=1, max_size=2, unique=True),
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
    for change in trade_offs.changes(catalog, found):
        applied = recommend(catalog, Workload.of(change.workload.stated()), TODAY)
        assert answer(applied) != answer(found), change.text
        told = "nothing fits any more." if applied.pick is None else f"for {units.usd(applied.monthly)} a month."
        assert change.text.endswith(told)
        assert applied.pick is None or applied.pick.parts[0].plan.where in change.text


def test_a_change_is_the_nearest_step(catalog):
    change = next(
        c for c in trade_offs.changes(catalog, ask(catalog)) if c.field == "quality_tolerance" and c.workload.quality_tolerance > 5
    )
    assert change.workload.quality_tolerance == 8
    assert answer(ask(catalog, quality_tolerance=6)) == answer(ask(catalog)), "6 points change nothing, because Base saves less than Small"


def test_why_not_names_the_figure_that_decided(catalog):
    found = ask(catalog)
    assert trade_offs.why_not(found, "cloudflare-bge-small-en-v1.5")[:2] == [
        "2.7 points worse for $21.23 a month less.",
        "It is 7.6 points below the best, more than the 5 that may be given up.",
    ]
    assert (
        "Differences below $5.00 a month do not decide; then who states the price"
        in trade_offs.why_not(found, "databricks-databricks-bge-large-en")[1]
    )
    assert "that a provider comes before a router decides" in trade_offs.why_not(found, "openrouter-bge-large-en-v1.5")[1]
    assert "is not known, so it cannot be compared" in trade_offs.why_not(found, "siliconflow-bge-large-en-v1.5")[0]
    assert trade_offs.why_not(found, found.answer[0]) == ["It is the pick."]
    with pytest.raises(KeyError):
        trade_offs.why_not(found, "no-such-plan")


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
            lines = trade_offs.why_not(found, judged.id)
            assert lines and all(line and "None" not in line and "{" not in line for line in lines)


@settings(max_examples=12, deadline=None)
@given(PICKS, st.sampled_from([0, 1, 5, 20, 100]))
def test_what_why_not_says_of_cost_and_order_is_so(catalog, stated, material):
    found = ask(catalog, **stated, material_usd=material)
    if found.pick is None:
        return
    for judged in found.judged:
        pick = found.pick.part(judged.kind) if judged.fits else None
        if pick is None or judged is pick:
            continue
        text = " ".join(trade_offs.why_not(found, judged.id)[:2])
        if "in favour of the pick" in text:
            assert preference(found, pick) < preference(found, judged), judged.id
            assert abs(judged.monthly - pick.monthly) < max(material, 0.01)
        elif "that counts" in text:
            cheapest = min(
                j.monthly
                for j in found.fitting(judged.kind)
                if j.quality is not None or not found.role(judged.kind).evidence.ranks or stated["priority"] == "cost"
            )
            assert judged.monthly - cheapest >= material - 1e-6 and judged.monthly > cheapest
        elif "points below the best" in text:
            assert max(found.role(judged.kind).evidence.scores.values()) - judged.quality >= EQUAL_POINTS
        else:
            assert any(
                words in text
                for words in ("Without a score", "on the same machines", "would exceed the budget", "scores better and costs no more")
            ), text


def test_a_better_reranker_that_the_budget_for_both_steps_does_not_hold_is_told_so(catalog):
    found = ask(
        catalog, task="retrieve-and-rerank", placement="own", passages=1, queries_per_month=7835,
        priority="quality", budget_usd_per_month=379, material_usd=0,
    )  # fmt: skip
    better = min((j for j in found.fitting("reranker") if j.variant_id == "bge-reranker-v2-m3"), key=lambda j: j.monthly)
    assert found.answer[1].startswith("bge-reranker-large@")
    assert trade_offs.why_not(found, better.id)[1] == "With the other step it would exceed the budget of $379 for both."


def test_a_plan_beyond_what_counts_as_equal_to_the_cheapest_is_told_its_cost_not_an_order(catalog):
    found = ask(catalog, languages=["de"], vector_store="none", queries_per_month=10**9, new_passages_per_month=0, material_usd=20)
    for judged in found.judged:
        if judged.fits and judged.id not in found.answer:
            dear = judged.monthly >= min(j.monthly for j in found.fitting("embedder")) + 20 - 1e-6  # below it does not count
            assert ("that counts" in trade_offs.why_not(found, judged.id)[1]) == dear


def test_another_set_of_scores_leads_to_the_answer_by_that_set(catalog):
    sets = [s.id for s in evidence.offered(catalog, "embedder", ("en",), catalog.variants)]
    assert "longembed" in sets and "miracl-rerank-m3" not in sets
    found = ask(catalog, "longembed")
    assert found.roles[0].evidence.set.id == "longembed" and found.roles[0].evidence.title.startswith("LongEmbed retrieval")
    assert found.pick.parts[0].quality == found.roles[0].evidence.scores[found.pick.parts[0].variant_id]


def test_a_set_that_does_not_speak_for_the_workload_is_not_taken(catalog):
    assert ask(catalog, "longembed", languages=["de"]).roles[0].evidence.set.id != "longembed"
    assert ask(catalog, "no-such-set").roles[0].evidence.set.id == ask(catalog).roles[0].evidence.set.id


def test_an_estimate_of_speed_that_overturns_the_pick_is_named(catalog):
    stated = catalog.presets["air-gapped"].workload | {"rerank_candidates": 100}
    assert "end of own hardware's speed" in trade_offs.firmness(ask(catalog, **stated))


def test_where_nothing_fits_the_step_that_frees_most_plans_comes_first(catalog):
    found = ask(catalog, placement="hosted", data_may_leave=False, languages=["de"])
    told = trade_offs.changes(catalog, found)
    assert found.pick is None and told[0].field == "placement"
    assert [change.fitting for change in told] == sorted((change.fitting for change in told), reverse=True)


def test_every_drawn_plan_has_a_row_in_the_table_beneath_and_words(catalog):
    for stated in ({}, {"placement": "own"}, {"task": "retrieve-and-rerank"}):
        found = ask(catalog, **stated)
        for role in found.roles:
            chart = charts.trade_off(found, role.kind, "light")
            rows = tables.trade_off_rows(found, role.kind)
            drawn = tables.drawn(found, role.kind)
            assert 1 < len(drawn) <= len(rows)
            for j in drawn:
                assert f"{j.plan.variant.name}, {j.plan.where}: {units.points(j.quality)}" in chart.alt
                assert any(row["Model"] == j.plan.variant.name and row["Where"] == j.plan.where for row in rows)
            assert {j.id for j in drawn} >= {part.id for part in found.pick.parts if part.kind == role.kind} | trade_offs.front(
                found, role.kind
            )
