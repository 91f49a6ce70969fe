"""Scores of a few models by test and by language: those of the evidence, by the first's lead."""

from dataclasses import replace
from itertools import combinations

import pytest

from advisor.ask.assumptions import Assumptions
from advisor.ask.labels import language
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide import evidence
from advisor.decide.query import AdviceQuestion
from advisor.family import comparison
from advisor.family.score_rows import ScoreRow, benchmark_rows, fewer, language_rows, sources

M3, LARGE, BASE = "bge-m3", "bge-large-en-v1.5", "bge-base-en-v1.5"
SMALL, GEMMA2 = "bge-small-en-v1.5", "bge-multilingual-gemma2"
KINDS = ("embedder", "reranker")


@pytest.fixture(params=["catalog", "made_up"])
def either(request):
    return request.getfixturevalue(request.param)


def groups(catalog):
    """Two, three and four models of one kind, in every choice."""
    for kind in KINDS:
        ids = [key for key, variant in catalog.variants.items() if variant.kind == kind]
        for number in (2, 3, 4):
            yield from combinations(ids, number)


def figures(rows):
    return [(row.label, row.scores, row.partial) for row in rows]


def with_sets(catalog, **changes):
    """The catalog with other facts of some sets, by id with `_` for `-`."""
    named = {key.replace("_", "-"): facts for key, facts in changes.items()}
    sets = {
        key: chosen.model_copy(update=named.get(key, {}))
        for key, chosen in catalog.evidence_sets.items()
    }
    return replace(catalog, evidence_sets=sets, own={})


def test_tests_come_by_the_lead_of_the_first_and_those_of_which_a_part_is_shared_last(made_up):
    assert figures(benchmark_rows(made_up, ["multi", "big-en"])) == [
        ("Long Test", (60, 40), ""),
        ("World Test", (50, 30), ""),
        ("English Tasks, by task", (10, 30), "1 of 4 tests"),
    ]
    swapped = benchmark_rows(made_up, ["big-en", "multi"])
    assert [row.scores for row in swapped] == [(40, 60), (30, 50), (30, 10)]
    assert [row.lead for row in swapped] == [-20, -20, 20]


def test_every_score_is_that_of_the_evidence_and_rows_are_in_order(either):
    for ids in groups(either):
        rows = benchmark_rows(either, ids)
        for row in rows:
            assert row.set.kind == either.variants[ids[0]].kind and not row.set.by_language
            if row.partial:
                shared = evidence.shared_tasks(either, row.set, ids)
                assert row.partial == f"{len(shared)} of {row.set.tasks} tests"
                assert 0 < len(shared) < row.set.tasks
                expected = evidence.means_of(either, row.set, ids, shared)
            else:
                expected = evidence.scores(either, row.set.id)
            assert row.scores == tuple(expected[key] for key in ids)
        keys = [(bool(row.partial), -row.lead) for row in rows]
        assert keys == sorted(keys)
        assert len({row.label for row in rows}) == len(rows)


def test_no_test_that_holds_all_models_is_missing(either):
    for ids in groups(either):
        labels = {row.label for row in benchmark_rows(either, ids) if not row.partial}
        for chosen in either.evidence_sets.values():
            if chosen.kind == either.variants[ids[0]].kind and not chosen.by_language:
                whole = set(ids) <= evidence.scores(either, chosen.id).keys()
                assert not whole or (chosen.plain or chosen.name) in labels


def test_what_decides_on_advise_and_what_stands_beside_it_has_the_same_figures(catalog, today):
    question = AdviceQuestion(Workload.of({"languages": ["en"]}), Assumptions())
    for ids in combinations([LARGE, BASE, SMALL, GEMMA2, M3], 2):
        (decide,) = comparison.deciding_scores(catalog, ids, question, today)
        rows = {row.set.id: row for row in benchmark_rows(catalog, ids, decide.evidence.set)}
        if all(key in decide.evidence.scores for key in ids):
            decided = rows[decide.evidence.set.id]
            assert decided.scores == tuple(decide.evidence.scores[key] for key in ids)
        for row in (row for row in rows.values() if not row.partial):
            scores = evidence.scores(catalog, row.set.id)
            assert row.scores == tuple(scores[key] for key in ids), row.label
            assert row.set.caveat is None or row.set.caveat in row.note


def test_where_m3_leads_large_in_english_its_training_is_told_and_nothing_is_decided(catalog):
    chosen, rows = language_rows(catalog, ["bge-m3", "bge-large-en-v1.5"])
    (english,) = [row for row in rows if row.label == "English"]
    assert english.leader == 0 and not chosen.selects
    assert "MIRACL's training part" in english.note


def test_a_few_shared_tasks_are_the_ones_that_compare_tells(catalog, today):
    question = AdviceQuestion(Workload.of({"languages": ["en"]}), Assumptions())
    (decide,) = comparison.deciding_scores(catalog, [M3, LARGE], question, today)
    *_, partial = benchmark_rows(catalog, [M3, LARGE], decide.evidence.set)
    assert (partial.label, partial.partial) == ("English", "5 of 15 tests")
    assert all(formatting.points(score) in decide.partial.sentence for score in partial.scores)
    assert "BGE M3 has five of them" in partial.note


def test_two_sets_of_one_test_are_one_row_of_the_deciding_or_the_preferred_set(made_up):
    same = with_sets(
        made_up, english={"plain": "English"}, english_by_task={"plain": "English", "rank": 9}
    )
    ids = ["big-en", "tiny-en"]
    rows = {row.label: row for row in benchmark_rows(same, ids)}
    assert rows.keys() == {"English", "Other English Test", "World Test"}
    assert rows["English"].set.id == "english"
    asked = same.evidence_sets["english-by-task"]
    rows = {row.label: row for row in benchmark_rows(same, ids, asked)}
    assert rows["English"].set == asked
    (partial,) = (r for r in benchmark_rows(same, ["tiny-en", "multi"], asked) if r.partial)
    assert (partial.label, partial.scores) == ("English", (20, 10))


def test_every_shipped_set_has_a_plain_name_of_its_own_but_for_two_forms_of_one_test(catalog):
    by_name = {}
    for chosen in catalog.evidence_sets.values():
        assert chosen.plain and len(chosen.plain) <= 50
        by_name.setdefault((chosen.kind, chosen.plain), []).append(chosen)
    twice = {name: sets for name, sets in by_name.items() if len(sets) > 1}
    assert twice.keys() == {("embedder", "English")}
    whole, by_task = twice["embedder", "English"]
    tests = ("languages", "tasks", "metric", "source_set")
    assert all(getattr(whole, each) == getattr(by_task, each) for each in tests)
    assert whole.aspect and not by_task.aspect
    means = evidence.scores(catalog, by_task.id)
    assert means == pytest.approx(dict(evidence.scores(catalog, whole.id)), abs=0.06)


def test_a_set_without_a_plain_name_has_its_own_with_a_capital(made_up):
    assert not any(chosen.plain for chosen in made_up.evidence_sets.values())
    own = with_sets(made_up, long={"name": "your own data, 9 queries"})
    labels = [row.label for row in benchmark_rows(own, ["multi", "big-en"])]
    assert labels == ["World Test", "Your own data, 9 queries", "English Tasks, by task"]


def test_languages_are_those_of_the_set_that_compares_the_models_in_most(catalog):
    chosen, rows = language_rows(catalog, [M3, LARGE])
    assert chosen.id == "miracl-hard-negatives" and len(rows) == 18
    assert {row.label for row in rows} == {language(code) for code in chosen.languages}
    leads = [row.lead for row in rows]
    assert leads == sorted(leads, reverse=True) and rows[-1].label == "English"
    for code in chosen.languages:
        (row,) = (row for row in rows if row.label == language(code))
        scores = evidence.scores(catalog, chosen.id, (code,))
        assert row.scores == (scores[M3], scores[LARGE]) and row.set == chosen
        assert not row.partial
    assert "MIRACL's training part" in rows[0].note


def test_a_language_that_one_of_the_models_lacks_has_no_row(made_up):
    chosen, rows = language_rows(made_up, ["multi", "big-en"])
    assert chosen.id == "hard" and figures(rows) == [("English", (80, 30), "")]
    assert language_rows(made_up, ["multi", "giant"]) is None
    assert language_rows(made_up, ["rank-small", "rank-big"]) is None


def test_of_two_sets_with_as_many_languages_the_one_that_can_decide_is_taken(made_up):
    twin = made_up.evidence_sets["hard"].model_copy(
        update={"id": "twin", "rank": 30, "selects": True}
    )
    both = replace(made_up, evidence_sets={**made_up.evidence_sets, "twin": twin}, own={})
    chosen, _ = language_rows(both, ["multi", "big-en"])
    assert chosen.id == "twin"


def test_who_leads_is_who_has_the_most_and_nobody_where_figures_look_equal(made_up):
    long = made_up.evidence_sets["long"]

    def row(*scores):
        return ScoreRow("Long", scores, "", long)

    assert (row(40, 60, 55).leader, row(40, 60, 55).margin, row(40, 60, 55).lead) == (1, 5, -20)
    assert row(50, 50).leader is None and row(50.04, 50).leader is None
    assert row(50.05, 50).leader == 0


def test_models_that_no_set_compares_have_no_rows(made_up):
    alone = replace(made_up, evidence_sets={}, own={})
    assert benchmark_rows(alone, ["multi", "big-en"]) == []
    assert language_rows(alone, ["multi", "big-en"]) is None


def test_fewer_languages_are_those_of_the_visitor_and_the_widest_margins(catalog):
    _, rows = language_rows(catalog, ["bge-m3", "bge-large-en-v1.5"])
    few = fewer(rows, ["en", "tlh"], 5)
    labels = [row.label for row in few]
    assert len(few) == 5 and "English" in labels
    assert labels == [row.label for row in rows if row.label in labels]
    left_out = max(row.margin for row in rows if row.label not in labels)
    assert min(row.margin for row in few if row.label != "English") >= left_out
    assert fewer(rows, ["en"], 50) == rows


def test_every_score_has_its_source(catalog):
    pair = ["bge-m3", "bge-large-en-v1.5"]
    for rows in (benchmark_rows(catalog, pair), language_rows(catalog, pair)[1]):
        for row in rows:
            ids = sources(catalog, [row])
            assert ids and set(ids) <= set(catalog.sources), row.label
        assert set(sources(catalog, rows)) >= set(sources(catalog, rows[:1]))
