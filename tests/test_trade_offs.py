from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import evidence, trade_offs, units
from advisor.evidence import EQUAL_POINTS
from advisor.recommend import preference, recommend
from advisor.workload import Workload

TODAY = date(2026, 11, 24)


def ask(catalog, evidence_set=None, **stated):
    return recommend(catalog, Workload.of(stated), TODAY, evidence_set)


def answer(found):
    return found.pick.plan.id if found.pick else None


def test_no_plan_of_the_front_is_beaten_and_every_other_is(catalog):
    found = ask(catalog)
    front = trade_offs.front(found)
    ranked = [j for j in found.judged if not j.excluded and j.quality is not None]
    for judged in ranked:
        beaten = [
            o
            for o in ranked
            if o.quality >= judged.quality and o.monthly <= judged.monthly and (o.quality, o.monthly) != (judged.quality, judged.monthly)
        ]
        assert (judged.plan.id in front) == (not beaten), judged.plan.id
    assert found.pick.plan.id in front


@pytest.mark.parametrize("priority", ["balanced", "quality"])
def test_the_pick_is_on_the_front_where_every_dollar_counts(catalog, priority):
    found = ask(catalog, priority=priority, material_usd=0)
    assert found.pick.plan.id in trade_offs.front(found)


def test_a_pick_that_an_estimate_overturns_is_not_firm_and_the_estimate_is_named(catalog):
    stated = catalog.presets["small-knowledge-base"].workload
    assert trade_offs.firmness(ask(catalog, **stated)) == "The pick holds at the low and at the high end of every estimate."
    found = ask(catalog, **stated | {"queries_per_month": 3_000_000})
    assert found.pick.plan.id == "deepinfra-bge-base-en-v1.5"
    assert trade_offs.firmness(found) == (
        "Not firm: at the high end of what memory for the index costs, BGE Small EN v1.5 at Cloudflare Workers AI would be the pick."
    )
    at_high = [
        next(j for j in found.judged if j.plan.id == key).cost.high
        for key in ("cloudflare-bge-small-en-v1.5", "deepinfra-bge-base-en-v1.5")
    ]
    assert at_high[0] < at_high[1]


def test_a_budget_that_only_the_high_end_exceeds_is_said(catalog):
    found = ask(catalog, budget_usd_per_month=40, quality_tolerance=1)
    assert trade_offs.firmness(found) == "The pick holds, but at the high end it costs $52.97, over the budget of $40.00."


PICKS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["retrieve", "rerank"]),
        "languages": st.lists(st.sampled_from(["en", "zh", "de"]), min_size=1, max_size=2, unique=True),
        "passages": st.integers(1, 10**8),
        "queries_per_month": st.integers(0, 10**8),
        "priority": st.sampled_from(["balanced", "quality", "cost"]),
        "budget_usd_per_month": st.one_of(st.none(), st.floats(1, 500)),
    }
)


@settings(max_examples=12, deadline=None)
@given(PICKS)
def test_what_would_change_the_answer_is_true_when_applied(catalog, stated):
    found = ask(catalog, **stated)
    for change in trade_offs.changes(catalog, found):
        applied = recommend(catalog, Workload.of(change.workload.stated()), TODAY)
        assert answer(applied) != answer(found), change.text
        pick = applied.pick
        told = "nothing fits any more." if pick is None else f"at {pick.plan.where}, for {units.usd(pick.cost.base)} a month."
        alone = found.pick is None and pick is not None
        assert change.text.endswith(told.replace(", for", " fits, for") if alone else told)


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
    assert trade_offs.why_not(found, found.pick.plan.id) == ["It is the pick."]
    with pytest.raises(KeyError):
        trade_offs.why_not(found, "no-such-plan")


def test_every_plan_can_be_asked_why_not(catalog):
    for stated in ({}, {"task": "rerank"}, {"languages": ["de"]}, {"priority": "quality"}, {"priority": "cost"}, {"data_may_leave": False}):
        found = ask(catalog, **stated)
        for judged in found.judged:
            lines = trade_offs.why_not(found, judged.plan.id)
            assert lines and all(line and "None" not in line and "{" not in line for line in lines)


@settings(max_examples=25, deadline=None)
@given(PICKS, st.sampled_from([0, 1, 5, 20, 100]))
def test_what_why_not_says_of_cost_and_order_is_so(catalog, stated, material):
    found = ask(catalog, **stated, material_usd=material)
    if found.pick is None:
        return
    for judged in found.judged:
        if judged.excluded or judged is found.pick:
            continue
        text = " ".join(trade_offs.why_not(found, judged.plan.id)[:2])
        if "in favour of the pick" in text:
            assert preference(found.pick) < preference(judged), judged.plan.id
            assert abs(judged.monthly - found.pick.monthly) < max(material, 0.01)
        elif "that counts" in text:
            cheapest = min(
                j.monthly
                for j in found.judged
                if not j.excluded and (j.quality is not None or not found.evidence.ranks or stated["priority"] == "cost")
            )
            assert judged.monthly - cheapest >= material - 1e-6 and judged.monthly > cheapest
        elif "points below the best" in text:
            assert max(found.evidence.scores.values()) - judged.quality >= EQUAL_POINTS
        else:
            assert "Without a score" in text, text


def test_a_plan_beyond_what_counts_as_equal_to_the_cheapest_is_told_its_cost_not_an_order(catalog):
    found = ask(catalog, languages=["de"], vector_store="none", queries_per_month=10**9, new_passages_per_month=0, material_usd=20)
    for judged in found.judged:
        if not judged.excluded and judged.plan.id != found.pick.plan.id:
            dear = judged.monthly >= min(j.monthly for j in found.judged if not j.excluded) + 20 - 1e-6  # below it does not count
            assert ("that counts" in trade_offs.why_not(found, judged.plan.id)[1]) == dear


def test_another_set_of_scores_leads_to_the_answer_by_that_set(catalog):
    sets = [s.id for s in evidence.offered(catalog, "embedder", ("en",), catalog.variants)]
    assert "longembed" in sets and "miracl-rerank-m3" not in sets
    found = ask(catalog, "longembed")
    assert found.evidence.set.id == "longembed" and found.evidence.title.startswith("LongEmbed retrieval")
    assert found.pick.quality == found.evidence.scores[found.pick.plan.variant_id]


def test_a_set_that_does_not_speak_for_the_workload_is_not_taken(catalog):
    assert ask(catalog, "longembed", languages=["de"]).evidence.set.id != "longembed"
    assert ask(catalog, "no-such-set").evidence.set.id == ask(catalog).evidence.set.id
