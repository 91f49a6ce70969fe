"""The change that saves most: pressing its button gives what it says, and no need is given up."""

import time

import pytest
from hypothesis import given

from advisor.decide.recommend import recommend
from advisor.explain.bill import PART_NAMES
from advisor.explain.saving import best_saving, savings
from tests.asking import ask
from tests.decide.test_properties import EXAMPLES, of_examples
from tests.decide.workloads import questions

NEEDS = (
    "task", "languages", "cross_lingual", "passages", "passage_tokens", "passage_tokens_p95",
    "new_passages_per_month", "queries_per_month", "query_tokens", "peak_queries_per_second",
    "outputs", "data_may_leave", "licence", "budget_usd_per_month", "latency_ms_p95",
    "quality_tolerance", "material_usd",
)  # fmt: skip
"""What a visitor has or promised: no saving touches it."""
TEXTS = {
    "english search": {},
    "own processors": {"placement": "own", "hardware": "cpu", "passages": 20_000},
    "a gpu asked for": {"hardware": "gpu", "placement": "own", "languages": ["ja"]},
    "hosted asked for at a large volume": {
        "placement": "hosted", "queries_per_month": 10**11, "vector_store": "none",
    },
    "search and rerank": {
        "task": "retrieve-and-rerank", "languages": ["de"], "cross_lingual": True,
        "passages": 10**7, "queries_per_month": 10**6,
    },
    "rerank": {"task": "rerank", "priority": "quality", "queries_per_month": 500_000},
    "quality first": {"priority": "quality"},
    "a spare machine": {
        "placement": "own", "redundancy": True, "queries_per_month": 150_000_000,
        "peak_queries_per_second": 200.0, "query_tokens": 8,
    },
    "reports in parts": {"passages": 200_000, "passage_tokens": 6000, "passage_tokens_p95": 20_000},
    "in a store with a price": {"vector_store": "turbopuffer-launch"},
    "in a store without one": {"vector_store": "qdrant-cloud", "task": "retrieve-and-rerank"},
    "cost first": {"priority": "cost"},
    "nothing to save": {"passages": 10_000, "queries_per_month": 30_000, "vector_store": "none"},
}  # fmt: skip


def pressed(answer, saving):
    """The answer after the button, asked afresh."""
    return recommend(
        answer.asked_of, saving.workload, answer.today, answer.asked_sets, answer.assumptions
    )


@pytest.mark.parametrize("stated", TEXTS.values(), ids=TEXTS.keys())
def test_what_each_saving_says(catalog, pinned, stated):
    answer = ask(catalog, **stated)
    best = best_saving(answer)
    assert {
        "best": best and best.label,
        "savings": [(row.label, row.slot, row.text) for row in savings(answer)],
    } == pinned


def test_english_search_leads_with_compact_vectors(catalog):
    answer = ask(catalog, passage_tokens_p95=400)
    best = best_saving(answer)
    assert best.text == (
        "Compact vectors (int8) would save about $25.90 per month, all of it in the vector index. "
        "How much quality that costs is not known for this model: measure it first."
    )
    assert best.slot == "index" and best.label == "Use int8 vectors"
    assert best.workload == answer.workload.model_copy(update={"vector_type": "int8"})


def test_binary_vectors_never_lead(catalog):
    first, second, *_ = savings(ask(catalog))
    assert first.value == "binary" and best_saving(ask(catalog)) == second


@pytest.mark.parametrize(
    "stated", [{"priority": "quality"}, {"quality_tolerance": 1}, {"quality_tolerance": 0}]
)
def test_a_worse_score_than_is_accepted_never_leads(catalog, stated):
    now = ask(catalog, **stated)
    rows = savings(now)
    too_bad = [row for row in rows if not row.is_good_enough]
    assert {"priority", "vector_store"} <= {row.field for row in too_bad}
    best = best_saving(now)
    assert best is not None and best.is_good_enough
    then = ask(catalog, **best.workload.stated())
    floor = now.steps[0].floor(now.workload)
    assert then.pick.parts[0].quality >= min(floor, now.pick.parts[0].quality)


def test_nothing_is_offered_where_nothing_fits_or_the_bill_is_cents(catalog):
    assert savings(ask(catalog, budget_usd_per_month=0.001)) == []
    cents = ask(catalog, passages=10_000, queries_per_month=30_000)
    assert cents.monthly < 1 and best_saving(cents) is None


def test_a_change_whose_costs_become_unknown_is_left_out(catalog):
    stores = {
        row.value for row in savings(ask(catalog, passages=10**8)) if row.field == "vector_store"
    }
    assert stores and not stores & {"qdrant-cloud", "opensearch-serverless"}
    unknown = ask(catalog, vector_store="qdrant-cloud", task="retrieve-and-rerank")
    assert unknown.pick.monthly_usd.at_least
    (row,) = [row for row in savings(unknown) if row.field == "rerank_candidates"]
    assert "would save at least $" in row.lead
    assert not any(row.field == "vector_type" for row in savings(unknown))


def test_another_model_is_named_with_the_points_that_it_costs(catalog):
    (row,) = [row for row in savings(ask(catalog)) if row.field == "priority"]
    then = pressed(ask(catalog), row)
    points = ask(catalog).pick.parts[0].quality - then.judged[then.choice.rows[0]].quality
    assert f"{then.pick.named} would then be recommended: {points:.1f} points less" in row.caveat


def test_all_changes_together_are_asked_in_a_blink(catalog):
    answer = ask(catalog)
    savings(answer)
    spent = []
    for _ in range(5):
        start = time.process_time()
        savings(answer)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.12  # 30 ms on an idle processor


@of_examples(EXAMPLES / 4)
@given(questions())
def test_pressing_the_button_saves_what_it_says_for_any_question(catalogs, question):
    answer = ask(catalogs.named[question.catalog], question.assumed, **question.stated)
    rows = savings(answer)
    assert [row.usd for row in rows] == sorted((row.usd for row in rows), reverse=True)
    assert len({row.label for row in rows}) == len(rows)
    now = answer.pick
    for row in rows:
        then = pressed(answer, row)
        assert then.pick is not None
        assert then.monthly == pytest.approx(answer.monthly - row.usd, rel=1e-9, abs=1e-6)
        assert row.usd >= 1 and row.usd >= 0.01 * answer.monthly
        assert row.slot in PART_NAMES and row.lead.endswith(".") and row.caveat.endswith(".")
        before, after = answer.workload.model_dump(), row.workload.model_dump()
        assert not [name for name in NEEDS if before[name] != after[name]]
        if then.pick.monthly_usd.at_least:
            assert set(then.pick.monthly_usd.not_known) <= set(now.monthly_usd.not_known)
        assert ("would then be recommended" in row.caveat) == (
            then.pick.id != now.id or (then.pick.shared is None) != (now.shared is None)
        )
    best = best_saving(answer)
    assert best is None or best in rows
