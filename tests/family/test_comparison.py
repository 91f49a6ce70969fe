"""Compare says the same as Advise: whatever it shows first, the recommendation ranks by."""

from dataclasses import replace
from itertools import combinations

import pytest

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.decide.query import AdviceQuestion
from advisor.decide.recommend import recommend
from advisor.family import comparison

NOBODY_MEASURED = "tlh"
LANGUAGES = ["en", "de", "zh", "en de", "en zh", "ja", "th", NOBODY_MEASURED]
M3, LARGE, GEMMA2 = "bge-m3", "bge-large-en-v1.5", "bge-multilingual-gemma2"
TASKS = [("embedder", "retrieve"), ("reranker", "rerank")]


@pytest.fixture(params=["catalog", "made_up"])
def either(request):
    return request.getfixturevalue(request.param)


def question(*languages, **stated):
    return AdviceQuestion(Workload.of({"languages": languages, **stated}), Assumptions())


def ids_of(catalog, kind):
    return [key for key, variant in catalog.variants.items() if variant.kind == kind]


def deciding(catalog, today, variant_ids, *languages, **stated):
    return comparison.deciding_scores(catalog, variant_ids, question(*languages, **stated), today)


def test_a_comparison_marks_what_differs(made_up, today):
    rows = comparison.side_by_side(made_up, ["tiny-en", "big-en"], today)
    assert all(bool(row["differs"]) == (row["Tiny EN"] != row["Big EN"]) for row in rows)
    shown = {(row["Tiny EN"], row["Big EN"]): row for row in rows}
    limit = next(values for values in shown if all(value.startswith("500 ") for value in values))
    assert not shown[limit]["differs"] and shown["100", "400"]["differs"]


@pytest.mark.parametrize(("kind", "task"), TASKS)
@pytest.mark.parametrize("languages", LANGUAGES)
def test_the_better_of_a_pair_is_the_better_one_on_advise(either, today, languages, kind, task):
    codes = languages.split()
    on_advise = recommend(either, Workload.of({"languages": codes, "task": task}), today)
    scores = on_advise.step(kind).evidence.scores
    for pair in combinations(ids_of(either, kind), 2):
        (shown,) = deciding(either, today, pair, *codes)
        assert shown.evidence.title == on_advise.step(kind).evidence.title
        assert {s.variant_id: s.score for s in shown.standings} == {k: scores.get(k) for k in pair}
        first, second = (scores.get(s.variant_id, -1) for s in shown.standings)
        assert first >= second, pair
        assert all((s.score is None) == bool(s.why) for s in shown.standings)


def test_a_variant_that_advise_never_ranks_by_score_says_why(catalog, today):
    (shown,) = deciding(catalog, today, [M3, LARGE], "en")
    assert [s.variant_id for s in shown.standings] == [LARGE, M3]
    assert "44.2 against 52.4 to 55.7: too few to rank by" in shown.standings[1].why
    assert comparison.WITHOUT_A_SCORE in shown.notes
    (shown,) = deciding(catalog, today, [LARGE, M3], "de")
    assert [s.variant_id for s in shown.standings] == [M3, LARGE]
    assert "does not support German" in shown.standings[1].why
    assert any("MIRACL's training part" in note for note in shown.notes)
    assert comparison.WITHOUT_A_SCORE not in shown.notes, "it is ruled out, not unranked"
    (shown,) = deciding(catalog, today, [LARGE, GEMMA2, M3], "de")
    assert [s.variant_id for s in shown.standings] == [M3, GEMMA2, LARGE]


def test_what_the_visit_asked_counts(catalog, today):
    sparse = {"outputs": ["sparse"]}
    (shown,) = deciding(catalog, today, [LARGE, M3], "en", **sparse)
    assert "sparse" in next(s.why for s in shown.standings if s.variant_id == LARGE)
    rerankers = ids_of(catalog, "reranker")
    alone, after = (
        deciding(catalog, today, rerankers, "en", "zh", task=task)[0].evidence
        for task in ("rerank", "retrieve-and-rerank")
    )
    for shown, task in ((alone, "rerank"), (after, "retrieve-and-rerank")):
        stated = {"languages": ["en", "zh"], "task": task}
        on_advise = recommend(catalog, Workload.of(stated), today)
        assert on_advise.step("reranker").evidence == shown
    whole = {"passage_tokens": 3_000, "passage_tokens_p95": 4_000, "chunk_tokens": None}
    long = question("en", **whole)
    (shown,) = comparison.deciding_scores(catalog, [M3, LARGE], long, today)
    assert shown.evidence.set.id == "longembed"


def test_each_kind_has_scores_of_its_own_and_a_language_model_none(catalog, today):
    mixed = deciding(catalog, today, ["bge-reranker-base", M3, "aquila2-7b"], "en")
    assert [(each.kind, len(each.standings)) for each in mixed] == [
        ("embedder", 1),
        ("reranker", 1),
    ]


def test_where_nothing_is_measured_cost_decides(catalog, today):
    (shown,) = deciding(catalog, today, ids_of(catalog, "reranker"), NOBODY_MEASURED)
    assert shown.notes == [comparison.COST_DECIDES]
    assert all(standing.why for standing in shown.standings)


def test_few_tasks_are_told(catalog, today):
    (shown,) = deciding(catalog, today, [M3, LARGE], "en")
    weak = shown._replace(evidence=replace(shown.evidence, weak=True))
    assert comparison.FEW_TASKS in weak.notes and comparison.FEW_TASKS not in shown.notes


def test_where_one_has_no_score_the_tests_that_all_took_stand_beside_one_another(catalog, today):
    (shown,) = deciding(catalog, today, [M3, LARGE], "en")
    table = catalog.quality_by_language
    rows = table[(table["benchmark"] == "BEIR") & table["aspect"].isin(shown.partial.tasks)]
    for key, mean in shown.partial.means.items():
        own = rows[(rows["variant"] == key) & (rows["mode"] == "dense")]
        own = own[own["metric"] == shown.partial.set.metric]
        assert len(own) == len(shown.partial.tasks) == 5
        assert own["score"].mean() == pytest.approx(mean)
    assert shown.partial.sentence in shown.notes
    assert shown.partial.sentence == (
        "On the 5 of 15 tasks of BEIR that all of these have: "
        "BGE Large EN v1.5 54.9 and BGE M3 44.2."
    )


@pytest.mark.parametrize("ids", [(LARGE, GEMMA2), (M3,)])
def test_where_all_have_a_score_or_one_is_alone_nothing_is_shared(catalog, today, ids):
    (shown,) = deciding(catalog, today, ids, "en")
    assert shown.partial is None
