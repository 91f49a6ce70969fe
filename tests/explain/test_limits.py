"""Which limits stand in the way: without what is named, the answer is the one that is named."""

import pytest
from hypothesis import given, settings

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import lifting, limits, reasons
from tests.asking import TODAY, ask
from tests.decide.workloads import WORKLOADS

LISTED = 3


def said(answer):
    """Everything that is said of why it won, or of why nothing fits."""
    return " ".join(r.text for r in reasons.reasons(answer) or lifting.loosen(answer))


def without(catalog, answer, fields, named=None):
    """The answer where these limits are left out of what is asked, or as `named` has them."""
    stated = answer.workload.model_dump() | {name: limits.LOOSEST.get(name) for name in fields}
    for name in {"chunk_tokens", "rerank_candidates"} & set(fields) if named else ():
        stated[name] = getattr(named, name)
    if "chunk_tokens" in fields:
        half = stated["chunk_tokens"] // 2
        stated["chunk_overlap_tokens"] = min(stated["chunk_overlap_tokens"], half)
    return recommend(catalog, Workload.of(stated), TODAY)


def half_points_short(answer):
    """How far the pick falls short, by hand; more than any where nothing fits."""
    if answer.pick is None:
        return 10**9
    workload, total = answer.workload, 0
    if workload.priority == "cost":
        return 0
    tolerance = 0.5 if workload.priority == "quality" else workload.quality_tolerance
    for part in answer.pick.parts:
        scores = answer.step(part.kind).evidence.scores
        if part.quality is None:
            total += 10**6
            continue
        gap = round(max(scores.values()) - part.quality, 6)
        total += gap / 0.5 if gap > tolerance else 0
    return total


def titles(answer):
    """What each step is scored by."""
    return [step.evidence.title for step in answer.steps]


def gain(answer, freed):
    """What is said of the points that a freed answer of one step gains, scored by the same set."""
    if answer.pick is None or len(answer.steps) > 1 or titles(answer) != titles(freed):
        return ""
    before, after = answer.pick.parts[0].quality, freed.pick.parts[0].quality
    if before is None or after is None or after - before < 0.05:
        return "."
    return f", {formatting.points(after - before)} points better."


@settings(derandomize=True, max_examples=30, deadline=None)
@given(WORKLOADS)
def test_what_is_named_is_the_answer_without_the_limit(catalog, stated):
    answer = ask(catalog, **stated)
    lifts = limits.in_the_way(answer)
    now = half_points_short(answer)
    if not now:
        assert lifts == []
    text = said(answer)
    for place, lift in enumerate(lifts):
        freed = without(catalog, answer, lift.fields, lift.other.workload)
        assert lift.other.workload.rerank_candidates <= answer.workload.rerank_candidates
        assert freed.answer == lift.other.answer and freed.pick is not None
        if place < LISTED:
            least = "at least " if freed.pick.monthly_usd.at_least else ""
            named = f"{freed.pick.named}, for {least}{formatting.usd(freed.pick.monthly_usd.base)} per month"
            assert named + gain(answer, freed) in text
    if lifts and len(lifts[0].fields) == 2:
        for field in limits.stated(answer.workload):
            freed = without(catalog, answer, (field,))
            if answer.pick and field == "chunk_tokens" and titles(freed) != titles(answer):
                continue  # points of parts of another length are other points
            assert limits.shortfall(freed) >= limits.shortfall(answer), "one alone would help"
    for bad in ("None", "nan", "{", "inf"):
        assert bad not in text


def test_a_budget_below_the_floor_says_what_it_costs_in_points(catalog):
    answer = ask(catalog, budget_usd_per_month=20)
    text = reasons.reasons(answer)[0].text
    assert "Without your budget of $20.00 per month: BGE Large EN v1.5 at DeepInfra, for $" in text
    assert text.endswith(" per month, 2.7 points better.")
    assert "and you accept 5." in text


def test_the_gain_of_two_steps_is_told_of_each(catalog):
    answer = ask(catalog, task="retrieve-and-rerank", budget_usd_per_month=100)
    texts = [r.text for r in reasons.reasons(answer) if r.rule == "evidence"]
    assert "the embedder 1.1 points better." in texts[0], "54.3 and 53.2"
    assert "Without" not in texts[1]


def test_a_limit_that_changes_nothing_is_not_named(catalog):
    answer = ask(catalog, budget_usd_per_month=20, latency_ms_p95=5000, licence="commercial")
    assert [lift.fields for lift in limits.in_the_way(answer)] == [("budget_usd_per_month",)]


def test_where_no_limit_helps_alone_pairs_are_named(made_up):
    answer = ask(made_up, data_may_leave=False, placement="hosted", budget_usd_per_month=0.01)
    lifts = limits.in_the_way(answer)
    assert {lift.fields for lift in lifts} == {
        ("budget_usd_per_month", "data_may_leave"),
        ("budget_usd_per_month", "placement"),
    }
    text = lifting.loosen(answer)[0].text
    assert text.startswith(
        "Without your budget of $0.01 per month and if data may leave your network:"
    )


def test_where_nothing_helps_it_says_so(made_up):
    answer = ask(
        made_up, data_may_leave=False, placement="hosted", budget_usd_per_month=0,
        vector_store="own-database", vector_type="int8",
    )  # fmt: skip
    assert answer.pick is None and limits.in_the_way(answer) == []
    assert said(answer).startswith(
        "Lifting one or two of your limits would not help. For example: "
    )


def test_where_nothing_helps_and_nothing_is_limited_it_says_why(catalog):
    answer = ask(catalog, query_tokens=16_000)
    assert answer.pick is None and limits.stated(answer.workload) == ()
    (reason,) = lifting.loosen(answer)
    lead = "Your limits are not in the way: options are ruled out anyway. For example: "
    assert reason.text.startswith(lead)
    assert "16,000" in reason.text and reason.rule in catalog.rules


def test_where_only_the_budget_stands_in_the_way_the_cheapest_that_fits_is_named(catalog):
    (reason,) = lifting.loosen(ask(catalog, budget_usd_per_month=1))
    cheapest = min(ask(catalog).fitting("embedder"), key=lambda judged: judged.monthly)
    amount = formatting.usd(cheapest.monthly)
    assert reason.text.endswith(
        f"The cheapest that fits is {cheapest.named}, for {amount} per month."
    )
    (same,) = lifting.loosen(ask(catalog, budget_usd_per_month=1, priority="cost"))
    assert "cheapest" not in same.text


@pytest.mark.parametrize("task", ["retrieve", "retrieve-and-rerank"])
@pytest.mark.parametrize(
    "limits_set",
    [
        {},
        {"budget_usd_per_month": 3},
        {"hardware": "cpu", "licence": "commercial", "vector_store": "pgvector"},
    ],
)
def test_what_no_limit_rules_out_is_not_called_without_a_price(catalog, task, limits_set):
    answer = ask(catalog, task=task, query_tokens=9000, **limits_set)
    assert answer.pick is None and limits.in_the_way(answer) == []
    text = said(answer)
    assert "Queries of 9,000 tokens" in text and "exceed the limit" in text
    assert "known price" not in text


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"outputs": ["dense", "multi_vector"], "languages": ["ko"]}, "does not support"),
        ({"task": "rerank", "languages": ["ko"]}, "Rank"),
    ],
)
def test_where_no_model_does_the_job_it_says_why(made_up, stated, words):
    answer = ask(made_up, **stated, budget_usd_per_month=0)
    (reason,) = lifting.loosen(answer)
    kind = "reranker" if "task" in stated else "embedder"
    assert reason.text.startswith(f"No {kind} in the catalog does this job. For example: ")
    assert words in reason.text and made_up.rules[reason.rule].entry.job


def test_at_most_three_are_listed_and_the_rest_counted(catalog):
    stated = {"placement": "own", "hardware": "cpu", "latency_ms_p95": 2, "redundancy": True,
              "budget_usd_per_month": 3000}  # fmt: skip
    answer = ask(catalog, **stated)
    lifts = limits.in_the_way(answer)
    more = len(lifts) - LISTED
    assert more > 0
    text = said(answer)
    named = [lift for lift in lifts if f"{lift.words[0].upper()}{lift.words[1:]}: " in text]
    assert named == lifts[:LISTED]
    assert f"Lifting {formatting.counted(more, 'other limit')} would help too." in text


def test_where_nothing_reads_whole_passages_the_longest_parts_are_named_too(catalog):
    answer = ask(
        catalog, passages=200_000, passage_tokens=6_000, passage_tokens_p95=20_000,
        queries_per_month=50_000, query_tokens=40, chunk_tokens=None, chunk_overlap_tokens=300,
    )  # fmt: skip
    nearest, default = (reason.text for reason in lifting.loosen(answer))
    assert nearest.startswith("With passages cut into parts of 8,000 tokens: BGE M3 at ")
    assert default.startswith("With passages cut into parts of 400 tokens, 200 of them shared: ")
