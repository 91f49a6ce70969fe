"""Why a plan is not the pick: what is said is the first key of the order in which the two differ."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import catalog as catalogs
from advisor.base import formatting
from advisor.explain import reasons
from advisor.explain.why_not import DECIDES, reasons_against
from tests.asking import ask, plan
from tests.decide.workloads import WORKLOADS


def words_for(answer, judged, pick):
    """What has to stand in the sentence, of which one is enough, from the figures of both plans.

    For a single step whose index has a known price.
    """
    workload, step = answer.workload, answer.steps[0]
    scores = step.evidence.scores
    best = max(scores.values(), default=None)
    tolerance = 0.5 if workload.priority == "quality" else workload.quality_tolerance

    def short(it):
        if it.quality is None:
            return math.inf
        under = round(best - it.quality, 6)
        return 0 if under <= tolerance else math.ceil(round(under / 0.5, 6))

    def aggregator(it):
        return it.hosted and it.plan.offer.tier == "aggregator"

    def counted(it):
        points = 5 * aggregator(it) - (it.quality or 0)
        return round(it.monthly + workload.material_usd * points, 6)

    if workload.priority == "cost":
        if round(judged.monthly, 6) != round(pick.monthly, 6):
            more = formatting.usd(judged.monthly - pick.monthly)
            return [f"Cost matters most to you, and it costs {more} more per month."]
        return [words for name, words in DECIDES.items() if name not in ("monthly", "unpriced")]
    if short(judged) != short(pick):
        assert short(judged) > short(pick)
        if judged.quality is None:
            return ["has no score here"]
        return [f"{formatting.points(best - judged.quality)} points below"]
    if judged.quality is None:
        return [
            *DECIDES.values(),
            "support your languages",
            "in your languages",
            "costs",
            "counts as",
        ]
    dearer = counted(judged) - counted(pick)
    if round(dearer, 6):
        assert dearer > 0
        return [f"{formatting.usd(dearer)} per month dearer", ", which decides."]
    return list(DECIDES.values())


@settings(derandomize=True, max_examples=25, deadline=None)
@given(WORKLOADS, st.sampled_from(["retrieve", "rerank"]), st.integers(0, 20))
def test_what_is_said_is_the_first_key_in_which_the_two_differ(catalog, stated, task, start):
    store = "none" if stated["vector_store"] == "none" else "ram"
    answer = ask(catalog, **stated | {"task": task, "vector_store": store})
    if answer.pick is None:
        return
    pick = answer.pick.parts[0]
    rivals = [judged for judged in answer.fitting(pick.kind) if judged.row != pick.row]
    for judged in rivals[start::21]:
        text, words = reasons_against(answer, judged.id)[1], words_for(answer, judged, pick)
        assert any(some in text for some in words), (stated, task, judged.id, text, words)


def test_the_sentences_by_hand(made_up, made_up_copy, edit, pinned):
    answer, german = ask(made_up), ask(made_up, languages=["de"], vector_store="none")
    edit(made_up_copy / "offers/gamma.yaml", 'usd_per_1m_input: "1.00"', 'usd_per_1m_input: "0.20"')
    second_hand = ask(catalogs.load(made_up_copy), vector_store="none")
    against = {
        "too far below the best": reasons_against(answer, "beta-tiny-en"),
        "too dear": reasons_against(answer, "gamma-giant"),
        "second-hand": reasons_against(second_hand, "gamma-giant"),
        "a router": reasons_against(german, "alpha-multi"),
        "no price": reasons_against(answer, "gamma-big-en"),
        "no score": reasons_against(answer, "beta-multi"),
        "cost": reasons_against(ask(made_up, vector_store="none", priority="cost"), "gamma-giant"),
        "the pick": reasons_against(answer, "beta-big-en"),
    }
    assert "10.0" in against["too far below the best"][1]
    assert "$73.95" in against["too dear"][1], "$86.94 against $12.99"
    assert "counts as $25.00 dearer" in against["second-hand"][1], (
        "$5 for each of five points, which its five points more make up for"
    )
    assert "In all it counts as $4.40 per month dearer" in against["second-hand"][1], (
        "$8.00, an instruction included, and $3.60"
    )
    assert DECIDES["router"] in against["a router"][1]
    assert [f.text for f in plan(answer, "gamma-big-en").excluded] == against["no price"]
    assert "no score" in against["no score"][1] and against["the pick"] == [
        "This is the recommendation."
    ]
    assert against["cost"][1] == "Cost matters most to you, and it costs $36.40 more per month."
    assert {name: lines[:2] for name, lines in against.items()} == pinned
    with pytest.raises(KeyError):
        reasons_against(answer, "no-such-plan")


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"task": "rerank", "budget_usd_per_month": 250},
        {"languages": ["de"]},
        {"priority": "quality", "licence": "permissive"},
        {"priority": "cost"},
        {"data_may_leave": False},
        {"placement": "hosted", "data_may_leave": False},
        {"vector_store": "qdrant-cloud"},
        {"task": "retrieve-and-rerank", "placement": "own"},
        {"task": "retrieve-and-rerank", "budget_usd_per_month": 100},
        {"task": "retrieve-and-rerank", "placement": "own", "latency_ms_p95": 500},
    ],
    ids=str,
)
def test_every_plan_can_be_asked(catalog, stated):
    answer = ask(catalog, **stated)
    for judged in answer.judged[len(stated) :: 3]:
        lines = reasons_against(answer, judged.id)
        assert lines and all(lines)
        for text in lines:
            assert not any(bad in text for bad in ("None", "nan", "{", "  "))


def test_a_better_model_that_the_budget_for_both_steps_does_not_hold_says_so(made_up):
    answer = ask(
        made_up, task="retrieve-and-rerank", placement="own", passages=1, queries_per_month=15_000,
        priority="quality", budget_usd_per_month=420, material_usd=0,
    )  # fmt: skip
    assert answer.answer == ("big-en@acme-cpu", "rank-big@acme-cpu") and answer.pick.shared
    better = plan(answer, "giant@bazaar-gpu")
    assert better.monthly < 292.01 < 420 < 292 + 2 * 73, "and two processors for the reranker"
    assert "exceed your budget of $420" in reasons_against(answer, better.id)[1]


def test_one_that_the_latency_limit_for_both_steps_does_not_hold_says_so(made_up):
    stated = {"task": "retrieve-and-rerank", "placement": "own", "priority": "cost"}
    answer = ask(made_up, **stated)
    times = [part.plan.latency_ms.base for part in answer.pick.parts]
    limit = max(times) + min(times) / 2
    held = ask(made_up, **stated, latency_ms_p95=limit)
    texts = [reasons_against(held, j.id)[:2][-1] for j in held.judged if j.fits]
    assert any(f"exceed your latency limit of {formatting.count(limit)} ms" in t for t in texts)


def test_on_shared_machines_a_model_without_a_score_is_told_that_not_its_cost(made_up):
    answer = ask(made_up, **made_up.presets["german-inside"].workload)
    assert answer.pick.shared and answer.pick.parts[0].quality is not None
    text = reasons_against(answer, "giant@acme-gpu")[1]
    assert "no score here" in text and "$" not in text
    text = reasons_against(answer, "multi@acme-gpu")[1]
    assert "$730" in text, "$803 for a card's machine against $73 for the processor's"


def test_points_beyond_the_tolerance_read_as_more_than_it(catalog):
    """BGE Base is 6.01 points below the best, which one digit would call 6.0."""
    answer = ask(catalog, quality_tolerance=6)
    base = next(j for j in answer.judged if j.fits and j.variant_id == "bge-base-en-v1.5")
    assert reasons_against(answer, base.id)[1] == (
        "It is 6.01 points below the best model for this job, and you accept 6."
    )
    answer = ask(catalog, quality_tolerance=6, licence="permissive", budget_usd_per_month=28)
    assert answer.pick.parts[0].variant_id == "bge-base-en-v1.5"
    text = reasons.reasons(answer)[0].text
    assert " 6.01 points below the best" in text and "and you accept 6." in text
