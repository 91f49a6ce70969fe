"""How many candidates a limit leaves room for: asked again with as many, and with one more."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.explain import lifting, limits, reasons
from advisor.explain.candidates import affordable_candidates, largest, room
from tests.asking import ask


def affordable(answer):
    left = room(answer)
    return left and left.candidates


CHINESE = {
    "task": "retrieve-and-rerank",
    "languages": ["zh"],
    "priority": "quality",
    "latency_ms_p95": 100,
    "queries_per_month": 20_000_000,
}


def machines(answer):
    """Own machines of a pick."""
    if answer.pick.shared:
        return answer.pick.shared[1]
    return sum(part.plan.replicas[1] for part in answer.pick.parts if part.plan.replicas)


def same_plans(answer, catalog, **changed):
    """The answer to another question of the plans that were picked, if all of them fit there."""
    other = ask(catalog, **(answer.workload.stated() | changed))
    return all(other.judged[row].fits for row in answer.choice.rows), other


@pytest.mark.parametrize("most", [1, 2, 7, 100])
@pytest.mark.parametrize("bound", [0, 1, 3, 99, 100])
def test_the_largest_number_that_holds(most, bound):
    assert largest(lambda number: number <= bound, most) == min(bound, most)


def test_a_budget_says_how_many_candidates_it_pays(catalog):
    """1M queries of 16 tokens with parts of 200 and 4 special tokens, at one price by the token."""
    answer = ask(
        catalog, task="rerank", languages=["de"], placement="hosted", budget_usd_per_month=300
    )
    price = float(answer.pick.parts[0].plan.offer.usd_per_1m_input) / 1e6
    each = answer.workload.queries_per_month * (16 + 200 + 4) * price
    assert affordable(answer) == int(300 / each + 1e-9)
    for candidates, fits in ((affordable(answer), True), (affordable(answer) + 1, False)):
        assert same_plans(answer, catalog, rerank_candidates=candidates)[0] is fits
    said = " ".join(reason.text for reason in reasons.reasons(answer))
    afforded = f"This option can rerank up to {affordable(answer):,} passages per query"
    assert f"{afforded}: one more would exceed your budget of $300 per month." in said


def test_it_is_said_of_the_pick_since_another_plan_may_take_more(catalog):
    """One more is too much for the provider, and no more than before for a machine."""
    stated = {"task": "rerank", "queries_per_month": 4_500_000, "priority": "cost"}
    answer = ask(catalog, **stated, budget_usd_per_month=5_200)
    most = affordable(answer)
    fits, other = same_plans(answer, catalog, rerank_candidates=most + 1)
    assert not fits and other.pick is not None and other.monthly <= 5_200
    assert "This option" in affordable_candidates(answer)[0].text


def test_a_limit_that_providers_cannot_exceed_is_not_named(catalog):
    stated = {"task": "rerank", "placement": "hosted", "latency_ms_p95": 500}
    text = affordable_candidates(ask(catalog, **stated, budget_usd_per_month=300))[0].text
    assert "budget of $300 per month." in text and "500 ms" not in text


LIMITED = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["rerank", "retrieve-and-rerank"]),
        "languages": st.sampled_from([["en"], ["zh"], ["de", "en"]]),
        "placement": st.sampled_from(["any", "hosted", "own"]),
        "priority": st.sampled_from(["balanced", "quality", "cost"]),
        "rerank_candidates": st.integers(1, 300),
        "queries_per_month": st.integers(1_000, 30_000_000),
        "redundancy": st.booleans(),
    },
    optional={
        "budget_usd_per_month": st.integers(20, 20_000),
        "latency_ms_p95": st.integers(10, 2_000),
    },
)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(LIMITED)
def test_the_pick_keeps_to_the_limits_with_so_many_and_with_one_more_it_does_not(catalog, stated):
    answer = ask(catalog, **stated)
    most = affordable(answer)
    assume(most is not None)
    assert most >= answer.workload.rerank_candidates
    budget, late = stated.get("budget_usd_per_month"), stated.get("latency_ms_p95")
    held = []
    for candidates in (most, most + 1):
        others = {k: v for k, v in stated.items() if k not in ("budget_usd_per_month",)}
        if late is None:
            others = {k: v for k, v in others.items() if k != "latency_ms_p95"}
        other = ask(catalog, **(others | {"rerank_candidates": candidates}))
        again = other.pipeline(answer.choice)
        free = [part.plan for part in again.parts if part.plan.figure("free_covers")]
        assume(not free)  # what a free allocation covers is left out of a budget
        times = [part.plan.latency_ms for part in again.parts]
        within = budget is None or again.monthly <= budget + 1e-6
        if late is not None and again.shared is None:
            within &= sum(time.base for time in times if time) <= late
            replicas = [part.plan.replicas for part in again.parts if part.plan.replicas]
            within &= sum(count[1] for count in replicas) <= machines(answer)
        elif late is not None:
            within &= again.shared[1] <= machines(answer)
        held.append(within)
    assert held[0]
    assert not held[1] or (late is not None and answer.pick.shared)  # the wait there: see below


def test_where_no_limit_is_stated_nothing_is_said_of_candidates(catalog):
    answer = ask(catalog, task="rerank")
    assert affordable(answer) is None
    assert not any(reason.rule == "candidates" for reason in reasons.reasons(answer))
    assert affordable(ask(catalog, budget_usd_per_month=100)) is None


def test_a_latency_limit_says_nothing_of_providers_who_publish_no_latency(catalog):
    answer = ask(catalog, task="rerank", placement="hosted", latency_ms_p95=100)
    assert affordable(answer) is None


def test_the_latency_limit_that_takes_the_better_reranker_away_is_named(catalog):
    """More candidates made the pipeline cheaper, and nothing said why."""
    few, many = (ask(catalog, **CHINESE, rerank_candidates=k) for k in (160, 200))
    assert many.monthly < few.monthly
    assert [a.pick.part("reranker").variant_id for a in (few, many)] == [
        "bge-reranker-large",
        "bge-reranker-base",
    ]
    text = reasons.score_reason(many, many.pick.part("reranker")).text
    assert "Without your latency limit of 100 ms:" in text
    assert "the reranker 0.7 points better" in text


def test_fewer_candidates_that_help_are_named_and_help(catalog):
    many = ask(catalog, **CHINESE, rerank_candidates=200)
    text = reasons.score_reason(many, many.pick.part("reranker")).text
    most = int(re.search(r"With (\d+) passages reranked per query instead of 200", text)[1])
    at_most, unlimited = (
        ask(catalog, **(CHINESE | {"rerank_candidates": most})),
        ask(catalog, **(CHINESE | {"rerank_candidates": 200, "latency_ms_p95": None})),
    )
    assert at_most.pick.part("reranker").variant_id == "bge-reranker-large"
    assert at_most.monthly <= unlimited.monthly
    assert at_most.pick.named in text


def test_where_nothing_fits_fewer_candidates_may(catalog):
    answer = ask(catalog, task="rerank", budget_usd_per_month=20)
    assert answer.pick is None
    texts = [reason.text for reason in lifting.loosen(answer)]
    most = int(re.search(r"With (\d+) passages reranked per query", " ".join(texts))[1])
    fits, not_any_more = (
        ask(catalog, task="rerank", budget_usd_per_month=20, rerank_candidates=k)
        for k in (most, most + 1)
    )
    assert fits.pick is not None and not_any_more.pick is None


def test_only_limits_that_depend_on_candidates_ask_for_fewer(catalog):
    answer = ask(catalog, task="rerank", languages=["de"], licence="permissive", placement="own")
    assert not list(limits.fewer_candidates(answer))
    assert not list(limits.fewer_candidates(ask(catalog, budget_usd_per_month=1)))


def test_it_says_that_no_set_compares_all_rerankers_in_chinese(catalog):
    answer = ask(catalog, task="rerank", languages=["zh"], priority="quality")
    text = reasons.score_reason(answer, answer.pick.parts[0]).text
    assert "No benchmark compares all 3 in these languages" in text
    assert "BGE Reranker V2 M3 was only tested on another one." in text
    english = ask(catalog, task="rerank", languages=["en"], priority="quality")
    assert "No benchmark compares" not in reasons.score_reason(english, english.pick.parts[0]).text


@pytest.mark.parametrize("candidates", [10, 50, 130, 160, 200])
@pytest.mark.parametrize("task", ["rerank", "retrieve-and-rerank"])
def test_a_range_stays_a_range_where_no_machine_keeps_the_limit_at_the_slow_end(
    catalog, task, candidates
):
    """The slow end asked for machines by the load alone, and so for fewer than the base."""
    answer = ask(catalog, **(CHINESE | {"task": task, "rerank_candidates": candidates}))
    total = answer.pick.monthly_usd
    assert total.low <= total.base <= total.high
    for judged in answer.judged:
        for ends in (judged.plan.encoding_usd, judged.plan.replicas):
            assert ends is None or ends[0] <= ends[1] <= ends[2]
