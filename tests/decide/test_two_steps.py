"""What is picked, against a slow plain search through every plan and every pair of plans.

And the words and figures of a pipeline.
"""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base.units import HOURS_PER_MONTH
from advisor.decide import evidence
from advisor.decide.choosing import (
    BASE,
    Ends,
    PickedRows,
    Step,
    choose,
    eligible,
    immaterial,
    shared_replicas,
    total_usd,
)
from advisor.decide.evidence import EQUAL_POINTS
from advisor.decide.recommend import Pipeline, preference, recommend
from advisor.sizing.ranges import Range, rounded

TODAY = date(2026, 11, 24)


def ask(catalog, *sets, assumptions=None, **stated):
    return recommend(
        catalog,
        Workload.of(stated),
        TODAY,
        sets,
        **({"assumptions": assumptions} if assumptions else {}),
    )


# A slow plain search


def pairs(found, ends=BASE):
    """(US dollars a month, embedder's row, reranker's row, shared machines) of each that fits."""
    table, (first, second) = found.table, found.steps
    cost, places = rounded(table.monthly(*ends)), found.table.static.places
    needed, memory = table.columns["needed_bytes"].values, table.columns["memory_bytes"].values
    for one in map(int, first.fitting):
        for two in map(int, second.fitting):
            yield rounded(cost[one] + cost[two]), one, two, False
            same = (
                places[one].instance
                and places[two].instance
                and places[one].instance.id == places[two].instance.id
            )
            if same and needed[one] + needed[two] <= memory[one]:
                machines = shared_replicas(table, one, two, ends.own)
                rent = float(found.judged[one].plan.rent) * HOURS_PER_MONTH
                usd = rent * machines + table.figures.keeping[ends.keeping][one]
                yield rounded(usd), one, two, True


TWO_STEPS = st.fixed_dictionaries(
    {
        "task": st.just("retrieve-and-rerank"),
        "languages": st.sampled_from([["en"], ["de"], ["en", "zh"]]),
        "passages": st.integers(1, 10**8),
        "queries_per_month": st.integers(0, 10**8),
        "rerank_candidates": st.sampled_from([5, 50, 200]),
        "placement": st.sampled_from(["any", "hosted", "own", "own"]),
        "hardware": st.sampled_from(["any", "gpu"]),
        "priority": st.sampled_from(["balanced", "quality", "cost", "cost"]),
        "vector_store": st.sampled_from(["ram", "none"]),
        "quality_tolerance": st.sampled_from([0, 1, 5]),
        "material_usd": st.sampled_from([0, 5, 100]),
        "redundancy": st.booleans(),
        "budget_usd_per_month": st.one_of(st.none(), st.floats(5, 3000)),
    }
)


@settings(max_examples=40, deadline=None)
@given(TWO_STEPS)
def test_two_steps_are_as_good_and_as_cheap_as_a_search_through_all_pairs_allows(catalog, stated):
    searched(catalog, stated)


@settings(max_examples=30, deadline=None)
@given(TWO_STEPS, st.floats(0, 1), st.sampled_from([True, True, False]))
def test_a_budget_that_just_holds_some_pair_is_kept_and_used(catalog, stated, place, shared):
    """Budgets at which one pair more fits, most of them pairs that fit on shared machines alone."""
    stated = stated | {"budget_usd_per_month": None} | ({"placement": "own"} if shared else {})
    totals = sorted({pair[0] for pair in pairs(ask(catalog, **stated)) if pair[3] == shared})
    if totals:
        usd = totals[
            int(place**4 * (len(totals) - 1))
        ]  # mostly the cheaper ones, where little else fits
        searched(catalog, stated | {"budget_usd_per_month": usd + (1e-6 if shared else 0)})


def searched(catalog, stated):
    """The answer, checked against the search."""
    found = ask(catalog, **stated)
    budget = (
        stated["budget_usd_per_month"] if stated["budget_usd_per_month"] is not None else np.inf
    )
    feasible = [pair for pair in pairs(found) if pair[0] <= budget]
    assert (found.pick is None) == (not feasible), (
        "a pipeline is had where any pair fits, and only there"
    )
    if found.pick is None:
        return
    least, wide = min(pair[0] for pair in feasible), max(0.01, stated["material_usd"])
    assert rounded(found.monthly) <= budget
    if stated["priority"] == "cost" or not any(step.evidence.ranks for step in found.steps):
        assert found.monthly <= least + 2 * wide, (
            "each step, or both together, may cost what counts as equal more"
        )
    step = found.steps[0]
    if step.evidence.ranks and stated["priority"] != "cost":
        reachable = [
            step.quality[pair[1]] for pair in feasible if not np.isnan(step.quality[pair[1]])
        ]
        if reachable:
            gap = max(reachable) - step.quality[found.choice.rows[0]]
            assert (
                gap < EQUAL_POINTS
                if stated["priority"] == "quality"
                else gap <= stated["quality_tolerance"]
            )
    if found.choice.shared:
        one, two = found.choice.rows
        assert (one, two, True) in [pair[1:] for pair in feasible]
        apart = [pair[0] for pair in feasible if not pair[3] and pair[1:3] == (one, two)]
        assert all(found.monthly < usd + wide for usd in apart)


@settings(max_examples=30, deadline=None)
@given(TWO_STEPS.filter(lambda stated: stated["material_usd"]))
def test_without_a_material_difference_the_cheapest_of_all_pairs_is_taken(catalog, stated):
    found = ask(
        catalog, **stated | {"priority": "cost", "material_usd": 0, "budget_usd_per_month": None}
    )
    if found.pick:
        assert found.monthly == pytest.approx(min(pair[0] for pair in pairs(found)), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(TWO_STEPS)
def test_machines_are_shared_exactly_where_that_saves_what_is_material(catalog, stated):
    found = ask(
        catalog, **stated | {"priority": "cost", "budget_usd_per_month": None, "placement": "own"}
    )
    together = [pair[0] for pair in pairs(found) if pair[3]]
    if found.pick is None or not together:
        return
    alone = [choose(found.table, (step,), found.workload, BASE) for step in found.steps]
    saved = sum(total_usd(found.table, choice, BASE) for choice in alone) - min(together)
    if abs(saved - found.workload.material_usd) > 1e-6:
        assert found.choice.shared == (saved > found.workload.material_usd)


@settings(max_examples=40, deadline=None)
@given(TWO_STEPS, st.sampled_from(["retrieve", "rerank"]))
def test_one_step_is_the_first_in_the_order_of_the_plans_that_count_as_equal(catalog, stated, task):
    found = ask(catalog, **stated | {"task": task})
    if found.pick is None:
        return
    step, cost = found.steps[0], found.table.base_usd
    rows = [int(row) for row in step.fitting]
    ranked = [row for row in rows if not np.isnan(step.quality[row])]
    if step.evidence.ranks and stated["priority"] != "cost" and ranked:
        top = max(step.quality[row] for row in ranked)
        allowed = (
            (lambda gap: gap < EQUAL_POINTS)
            if stated["priority"] == "quality"
            else (lambda gap: gap <= stated["quality_tolerance"])
        )
        rows = [row for row in ranked if allowed(top - step.quality[row])]
    least = min(cost[row] for row in rows)
    near = [row for row in rows if immaterial(found.workload, rounded(cost[row] - least))]
    second_hand = {row: preference(found, found.judged[row])[0] for row in near}
    near = [row for row in near if second_hand[row] == min(second_hand.values())]

    def beaten(row):
        return any(
            step.quality[other] > step.quality[row] and cost[other] <= cost[row] for other in near
        )

    best = min(
        (row for row in near if not beaten(row)),
        key=lambda row: preference(found, found.judged[row]),
    )
    assert found.choice == PickedRows((best,))


@settings(max_examples=25, deadline=None)
@given(
    TWO_STEPS,
    st.sampled_from(["low", "base", "high"]),
    st.sampled_from(["low", "base", "high"]),
    st.sampled_from(["low", "base", "high"]),
)
def test_each_end_of_an_estimate_moves_its_own_part_alone(catalog, stated, own, hosted, keeping):
    found = ask(catalog, **stated)
    table, ends = found.table, Ends(own, hosted, keeping)
    cost = table.monthly(*ends)
    for row in [row for step in found.steps for row in step.fitting]:
        plan = found.judged[row].plan
        encoding = getattr(plan.encoding_usd, hosted if plan.hosted else own)
        assert cost[row] == pytest.approx(float(encoding + getattr(plan.index_usd, keeping)))
    choice = choose(table, found.steps, found.workload, ends)
    if choice is not None:
        expected = [
            usd
            for usd, one, two, shared in pairs(found, ends)
            if PickedRows((one, two), shared) == choice
        ]
        assert [total_usd(table, choice, ends)] == pytest.approx(expected, abs=1e-9)


# What counts as equal


def role_of(*quality, ranks=True):
    return Step(
        "embedder", SimpleNamespace(ranks=ranks), np.arange(len(quality)), np.array(quality, float)
    )


@pytest.mark.parametrize(
    ("stated", "quality", "rows"),
    [
        pytest.param(
            {"priority": "quality"},
            (50, 49.6, 49.5, np.nan),
            [0, 1],
            id="half a point less is not equal",
        ),
        pytest.param(
            {"priority": "balanced"},
            (50, 45, 44.9, np.nan),
            [0, 1],
            id="the tolerance itself may be given up",
        ),
        pytest.param(
            {"priority": "balanced", "quality_tolerance": 0},
            (50, 50, 49.9),
            [0, 1],
            id="no tolerance",
        ),
        pytest.param(
            {"priority": "cost"}, (50, 10, np.nan), [0, 1, 2], id="cost asks for no score"
        ),
        pytest.param({"priority": "quality"}, (np.nan, np.nan), [0, 1], id="nothing has a score"),
    ],
)
def test_a_score_allows_a_plan(stated, quality, rows):
    found = eligible(role_of(*quality), np.arange(len(quality)), Workload(**stated))
    assert found.tolist() == rows


def test_scores_that_do_not_rank_rule_nothing_out_and_only_the_rows_asked_about_count():
    assert eligible(
        role_of(50, 10, ranks=False), np.arange(2), Workload(priority="quality")
    ).tolist() == [0, 1]
    assert eligible(
        role_of(50, 10, 9.9), np.array([1, 2]), Workload(priority="quality")
    ).tolist() == [1, 2]


def test_a_difference_of_what_is_material_decides_and_less_does_not():
    gaps = np.array([-1, 0, 4.99, 5, 5.01])
    assert immaterial(Workload(material_usd=5), gaps).tolist() == [True, True, True, False, False]
    assert immaterial(Workload(material_usd=0), gaps).tolist() == [True, True, False, False, False]


def test_a_difference_that_is_an_error_of_counting_is_none():
    assert 0.1 + 0.2 > 0.3 and immaterial(Workload(material_usd=0), rounded(0.1 + 0.2 - 0.3))
    assert 1 - 0.9 < 0.1 and not immaterial(Workload(material_usd=0.1), rounded(1 - 0.9))


# The words and figures of what is picked


@pytest.fixture
def apart(made_up):
    """Two steps at one provider, by the token."""
    return ask(made_up, task="retrieve-and-rerank").pick


@pytest.fixture
def together(made_up):
    """Two steps on one machine; at the slow end of its speed they need a second one."""
    return ask(
        made_up, **made_up.presets["german-inside"].workload | {"queries_per_month": 20_000}
    ).pick


def test_a_pipeline_is_named_after_its_parts(made_up, apart, together, pinned):
    alone = ask(made_up, placement="own").pick
    assert (apart.id, apart.shared) == ("beta-big-en + beta-rank-big", None)
    assert together.id == "multi@acme-cpu + rank-big@acme-cpu" and together.shared
    assert alone.id == "big-en@acme-cpu"
    assert (alone.part("reranker"), alone.part("embedder")) == (None, alone.parts[0])
    assert together.part("reranker") is together.parts[1]
    for pick in (apart, together, alone):
        assert all(
            part.plan.variant.name in pick.named and part.plan.where in pick.named
            for part in pick.parts
        )
    assert {"apart": apart.named, "together": together.named, "alone": alone.named} == pinned


def test_shared_machines_are_paid_once_and_steps_apart_each(apart, together):
    rent = Decimal("0.10") * HOURS_PER_MONTH
    assert together.shared == (1, 1, 2)
    assert together.monthly_usd == Range(rent, rent, 2 * rent).plus(
        together.parts[0].plan.index_usd
    )
    assert apart.monthly_usd == apart.parts[0].cost.plus(apart.parts[1].cost)
    for found in (together, apart):
        assert found.monthly == float(found.monthly_usd.base)


def test_the_first_encoding_is_paid_once_by_the_embedder(made_up, apart, together):
    assert together.one_off_usd == together.parts[0].plan.one_off_usd
    assert together.one_off_usd.low < together.one_off_usd.base < together.one_off_usd.high
    assert apart.one_off_usd == Range(*[Decimal("20.20")] * 3), (
        "202 million tokens at ten cents a million"
    )
    assert ask(made_up, task="rerank").pick.one_off_usd == Range(Decimal(0), Decimal(0), Decimal(0))


def test_a_first_encoding_that_nobody_knows_counts_as_nothing(catalog):
    unknown = SimpleNamespace(plan=SimpleNamespace(one_off_usd=None))
    known = SimpleNamespace(
        plan=SimpleNamespace(one_off_usd=Range(Decimal(1), Decimal(2), Decimal(3)))
    )
    assert Pipeline((unknown,)).one_off_usd == Range(Decimal(0), Decimal(0), Decimal(0))
    assert Pipeline((unknown, known, known)).one_off_usd == Range(
        Decimal(2), Decimal(4), Decimal(6)
    )


def test_a_judged_plan_says_what_the_rules_and_the_evidence_say_of_it(made_up):
    found = ask(made_up, task="retrieve-and-rerank", languages=["en"])
    assert len(found.judged) == len(found.table)
    for row, judged in enumerate(found.judged):
        step = found.step(judged.kind)
        expected = step.evidence.scores.get(judged.variant_id) if step else None
        assert judged.quality == expected and judged.row == row
        assert judged.plan.id == judged.id and judged.hosted == (judged.plan.offer is not None)
        assert judged.findings == found.rules.of(row)
        assert all(f.effect == "exclude" for f in judged.excluded) and all(
            f.effect in ("warn", "note") for f in judged.remarks
        )
        assert set(judged.findings) == set(judged.remarks) | {
            f for f in judged.findings if f.effect == "exclude"
        }
        assert bool(judged.excluded) == bool(found.rules.excluded[row])
        if judged.fits:
            assert judged.cost == judged.plan.monthly_usd and judged.monthly == pytest.approx(
                float(judged.cost.base)
            )
            assert judged.plan.variant.name in judged.named and judged.plan.where in judged.named
    assert (
        [j.id for j in found.rejected]
        == [j.id for j in found.judged if found.rules.excluded[j.row]]
        != []
    )
    assert [j.row for j in found.fitting("embedder")] == found.step("embedder").fitting.tolist()
    assert all(j.fits and j.kind == "reranker" for j in found.fitting("reranker"))


def test_a_step_that_the_task_does_not_have_is_none(made_up):
    found = ask(made_up)
    assert found.step("reranker") is None and list(found.fitting("reranker")) == []
    assert [step.kind for step in found.steps] == ["embedder"] and found.step(
        "embedder"
    ) is found.steps[0]


def test_the_answer_keeps_what_was_asked(made_up):
    assumptions = Assumptions(hosted_discount_percent=50)
    found = ask(made_up, "long", assumptions=assumptions, passages=1000)
    assert (found.workload, found.assumptions, found.asked_sets, found.today) == (
        Workload(passages=1000),
        assumptions,
        ("long",),
        TODAY,
    )
    assert found.answer == tuple(
        part.id for part in found.pick.parts
    ) and found.monthly == pytest.approx(found.pick.monthly)
    full = {j.id: j for j in ask(made_up, passages=1000).judged}
    halved = [j for j in found.judged if j.hosted and j.fits]
    assert halved and all(
        2 * j.plan.encoding_usd.base == full[j.id].plan.encoding_usd.base for j in halved
    )
    nothing = ask(made_up, budget_usd_per_month=0, vector_store="ram")
    assert (nothing.pick, nothing.answer, nothing.monthly) == (None, None, None)


@pytest.mark.parametrize(
    ("stated", "sets"),
    [
        ({"passage_tokens": 1000, "passage_tokens_p95": 1500, "split_long_passages": False},
         ["long"]),
        ({"passage_tokens": 999, "passage_tokens_p95": 1500, "split_long_passages": False},
         ["english"]),
        ({"passage_tokens": 1000, "passage_tokens_p95": 1500}, ["english"]),
        ({"task": "retrieve-and-rerank"}, ["english", "rerank-over-big"]),
        ({"task": "retrieve-and-rerank", "languages": ["de", "en"]}, ["by-language",
         "rerank-by-language"]),
        ({"task": "retrieve-and-rerank", "outputs": ["dense", "sparse"]}, ["by-language",
         "rerank-over-multi"]),
        ({"task": "rerank"}, ["rerank-over-big"]),
    ],
    ids=["a thousand tokens kept whole", "one less", "a thousand that may be split",
    "a reranker over Big EN", "a reranker over Multi", "a reranker over Multi in English",
    "a reranker alone"],
)  # fmt: skip
def test_each_step_is_ranked_by_the_scores_that_speak_for_it(made_up, stated, sets):
    assert [step.evidence.set.id for step in ask(made_up, **stated).steps] == sets


def test_scores_that_were_asked_for_go_to_the_step_that_they_are_for(made_up):
    found = ask(
        made_up,
        "no-such-set",
        "rerank-over-multi",
        "long",
        "english-two",
        task="retrieve-and-rerank",
    )
    assert [step.evidence.set.id for step in found.steps] == ["long", "rerank-over-multi"]


def test_languages_count_once_and_in_any_order(made_up):
    first, second = (
        ask(made_up, languages=languages) for languages in (["de", "fr", "de"], ["fr", "de"])
    )
    assert first.steps[0].evidence == second.steps[0].evidence and first.answer == second.answer
    assert (
        first.steps[0].evidence.scores == {"multi": 65}
        and "de, fr" in first.steps[0].evidence.title
    )


def test_of_pairs_that_share_a_machine_at_one_price_the_better_reranker_is_picked(made_up):
    found = ask(
        made_up,
        task="retrieve-and-rerank",
        placement="own",
        quality_tolerance=10,
        queries_per_month=500_000,
    )
    embedder, reranker = found.pick.parts
    assert found.pick.shared and embedder.plan.instance is reranker.plan.instance
    same = [j for j in found.fitting("reranker") if j.plan.instance is reranker.plan.instance]
    assert {j.variant_id: j.quality for j in same} == {
        "rank-small": 60,
        "rank-big": 70,
    } and reranker.variant_id == "rank-big"


def test_another_catalog_or_precision_is_no_near_one(made_up):
    found = ask(made_up)
    sooner = recommend(
        made_up, found.workload, TODAY, (), Assumptions(precision="int8"), near=found
    )
    alone = recommend(made_up, found.workload, TODAY, (), Assumptions(precision="int8"))
    assert (
        [j.findings for j in sooner.judged]
        == [j.findings for j in alone.judged]
        != [j.findings for j in found.judged]
    )


def test_another_set_of_scores_leads_to_the_answer_by_that_set(made_up):
    sets = [s.id for s in evidence.offered(made_up, "embedder", ("en",), made_up.variants)]
    assert "long" in sets and "rerank-over-multi" not in sets
    found = ask(made_up, "long")
    assert (
        found.steps[0].evidence.set.id == "long"
        and made_up.evidence_sets["long"].name in found.steps[0].evidence.title
    )
    assert (found.answer, found.pick.parts[0].quality) == (("beta-multi",), 60), (
        "Big EN is twenty points worse there"
    )


def test_a_set_that_does_not_speak_for_the_workload_is_not_taken(made_up):
    assert ask(made_up, "long", languages=["de"]).steps[0].evidence.set.id != "long"
    assert (
        ask(made_up, "no-such-set").steps[0].evidence.set.id
        == ask(made_up).steps[0].evidence.set.id
    )
