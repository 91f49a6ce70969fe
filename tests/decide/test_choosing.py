"""What is picked, against a slow plain search through every plan and every pair of plans."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.ask.workload import Workload
from advisor.base.units import HOURS_PER_MONTH
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
from advisor.decide.recommend import preference
from advisor.sizing.ranges import rounded
from tests.asking import ask

# A slow plain search


def pairs(recommendation, ends=BASE):
    """(US dollars a month, embedder's row, reranker's row, shared machines) of each that fits."""
    table, (first, second) = recommendation.table, recommendation.steps
    cost, places = rounded(table.monthly(*ends)), recommendation.table.static.places
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
                rent = float(recommendation.judged[one].plan.rent) * HOURS_PER_MONTH
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
    recommendation = ask(catalog, **stated)
    budget = (
        stated["budget_usd_per_month"] if stated["budget_usd_per_month"] is not None else np.inf
    )
    feasible = [pair for pair in pairs(recommendation) if pair[0] <= budget]
    assert (recommendation.pick is None) == (not feasible), (
        "a pipeline is had where any pair fits, and only there"
    )
    if recommendation.pick is None:
        return
    least, wide = min(pair[0] for pair in feasible), max(0.01, stated["material_usd"])
    assert rounded(recommendation.monthly) <= budget
    if stated["priority"] == "cost" or not any(
        step.evidence.ranks for step in recommendation.steps
    ):
        assert recommendation.monthly <= least + 2 * wide, (
            "each step, or both together, may cost what counts as equal more"
        )
    step = recommendation.steps[0]
    if step.evidence.ranks and stated["priority"] != "cost":
        reachable = [
            step.quality[pair[1]] for pair in feasible if not np.isnan(step.quality[pair[1]])
        ]
        if reachable:
            gap = max(reachable) - step.quality[recommendation.choice.rows[0]]
            assert (
                gap < EQUAL_POINTS
                if stated["priority"] == "quality"
                else gap <= stated["quality_tolerance"]
            )
    if recommendation.choice.shared:
        one, two = recommendation.choice.rows
        assert (one, two, True) in [pair[1:] for pair in feasible]
        apart = [pair[0] for pair in feasible if not pair[3] and pair[1:3] == (one, two)]
        assert all(recommendation.monthly < usd + wide for usd in apart)


@settings(max_examples=30, deadline=None)
@given(TWO_STEPS.filter(lambda stated: stated["material_usd"]))
def test_without_a_material_difference_the_cheapest_of_all_pairs_is_taken(catalog, stated):
    recommendation = ask(
        catalog, **stated | {"priority": "cost", "material_usd": 0, "budget_usd_per_month": None}
    )
    if recommendation.pick:
        assert recommendation.monthly == pytest.approx(
            min(pair[0] for pair in pairs(recommendation)), abs=1e-6
        )


@settings(max_examples=30, deadline=None)
@given(TWO_STEPS)
def test_machines_are_shared_exactly_where_that_saves_what_is_material(catalog, stated):
    recommendation = ask(
        catalog, **stated | {"priority": "cost", "budget_usd_per_month": None, "placement": "own"}
    )
    together = [pair[0] for pair in pairs(recommendation) if pair[3]]
    if recommendation.pick is None or not together:
        return
    alone = [
        choose(recommendation.table, (step,), recommendation.workload, BASE)
        for step in recommendation.steps
    ]
    saved = sum(total_usd(recommendation.table, choice, BASE) for choice in alone) - min(together)
    if abs(saved - recommendation.workload.material_usd) > 1e-6:
        assert recommendation.choice.shared == (saved > recommendation.workload.material_usd)


@settings(max_examples=40, deadline=None)
@given(TWO_STEPS, st.sampled_from(["retrieve", "rerank"]))
def test_one_step_is_the_first_in_the_order_of_the_plans_that_count_as_equal(catalog, stated, task):
    recommendation = ask(catalog, **stated | {"task": task})
    if recommendation.pick is None:
        return
    step, cost = recommendation.steps[0], recommendation.table.base_usd
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
    near = [row for row in rows if immaterial(recommendation.workload, rounded(cost[row] - least))]
    second_hand = {row: preference(recommendation, recommendation.judged[row])[0] for row in near}
    near = [row for row in near if second_hand[row] == min(second_hand.values())]

    def beaten(row):
        return any(
            step.quality[other] > step.quality[row] and cost[other] <= cost[row] for other in near
        )

    best = min(
        (row for row in near if not beaten(row)),
        key=lambda row: preference(recommendation, recommendation.judged[row]),
    )
    assert recommendation.choice == PickedRows((best,))


@settings(max_examples=25, deadline=None)
@given(
    TWO_STEPS,
    st.sampled_from(["low", "base", "high"]),
    st.sampled_from(["low", "base", "high"]),
    st.sampled_from(["low", "base", "high"]),
)
def test_each_end_of_an_estimate_moves_its_own_part_alone(catalog, stated, own, hosted, keeping):
    recommendation = ask(catalog, **stated)
    table, ends = recommendation.table, Ends(own, hosted, keeping)
    cost = table.monthly(*ends)
    for row in [row for step in recommendation.steps for row in step.fitting]:
        plan = recommendation.judged[row].plan
        encoding = getattr(plan.encoding_usd, hosted if plan.hosted else own)
        assert cost[row] == pytest.approx(float(encoding + getattr(plan.index_usd, keeping)))
    choice = choose(table, recommendation.steps, recommendation.workload, ends)
    if choice is not None:
        expected = [
            usd
            for usd, one, two, shared in pairs(recommendation, ends)
            if PickedRows((one, two), shared) == choice
        ]
        assert [total_usd(table, choice, ends)] == pytest.approx(expected, abs=1e-9)


# What counts as equal


def step_of(*quality, ranks=True):
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
    step, every = step_of(*quality), np.arange(len(quality))
    assert eligible(step, every, Workload(**stated)).tolist() == rows


def test_scores_that_do_not_rank_rule_nothing_out_and_only_the_rows_asked_about_count():
    assert eligible(
        step_of(50, 10, ranks=False), np.arange(2), Workload(priority="quality")
    ).tolist() == [0, 1]
    assert eligible(
        step_of(50, 10, 9.9), np.array([1, 2]), Workload(priority="quality")
    ).tolist() == [1, 2]


def test_a_difference_of_what_is_material_decides_and_less_does_not():
    gaps = np.array([-1, 0, 4.99, 5, 5.01])
    assert immaterial(Workload(material_usd=5), gaps).tolist() == [True, True, True, False, False]
    assert immaterial(Workload(material_usd=0), gaps).tolist() == [True, True, False, False, False]


def test_a_difference_that_is_an_error_of_counting_is_none():
    assert 0.1 + 0.2 > 0.3 and immaterial(Workload(material_usd=0), rounded(0.1 + 0.2 - 0.3))
    assert 1 - 0.9 < 0.1 and not immaterial(Workload(material_usd=0.1), rounded(1 - 0.9))


def test_of_pairs_that_share_a_machine_at_one_price_the_better_reranker_is_picked(made_up):
    recommendation = ask(
        made_up,
        task="retrieve-and-rerank",
        placement="own",
        quality_tolerance=10,
        queries_per_month=500_000,
    )
    embedder, reranker = recommendation.pick.parts
    assert recommendation.pick.shared and embedder.plan.instance is reranker.plan.instance
    same = [
        j for j in recommendation.fitting("reranker") if j.plan.instance is reranker.plan.instance
    ]
    assert {j.variant_id: j.quality for j in same} == {
        "rank-small": 60,
        "rank-big": 70,
    } and reranker.variant_id == "rank-big"
