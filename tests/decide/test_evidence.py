import csv
import re
import statistics
from dataclasses import replace

import pytest

from advisor import catalog as catalogs
from advisor.catalog.load import SHIPPED
from advisor.decide import evidence

ENGLISH = ("en",)
EMBEDDERS = {"tiny-en", "big-en", "multi", "giant"}
RERANKERS = {"rank-small", "rank-big"}


def figures(text):
    """The numbers of a sentence, as they stand in it."""
    return re.findall(r"\d+(?:\.\d+)?", text)


def test_the_preferred_set_that_is_complete_for_all_is_taken(made_up):
    comparison = evidence.choose(
        made_up, evidence.ScoresWanted("embedder", ENGLISH), {"big-en", "tiny-en"}
    )
    assert (comparison.set.id, comparison.ranks, comparison.unranked) == ("english", True, {})
    assert comparison.scores == {"big-en": 55, "tiny-en": 50}


def test_a_quarter_of_a_benchmark_does_not_overturn_the_whole(made_up):
    comparison = evidence.choose(made_up, evidence.ScoresWanted("embedder", ENGLISH), EMBEDDERS)
    assert comparison.set.id == "english" and set(comparison.scores) == EMBEDDERS - {"multi"}
    assert (
        figures(comparison.unranked["multi"]) == ["1", "4", "10.0", "20.0", "40.0"]
        and "Ants" in comparison.unranked["multi"]
    )


def test_shared_tasks_stand_for_the_set_where_they_are_enough(made_up):
    generous = replace(made_up, least_shared_share=0.25)
    comparison = evidence.choose(generous, evidence.ScoresWanted("embedder", ENGLISH), EMBEDDERS)
    assert (comparison.set.id, comparison.shared_tasks) == ("english-by-task", ("Ants",))
    assert comparison.scores == {"tiny-en": 20, "big-en": 30, "giant": 40, "multi": 10} and {
        "1",
        "4",
    } <= set(figures(comparison.title))


def test_source_sets_are_never_mixed(made_up):
    assert evidence.scores(made_up, "english") == {"tiny-en": 50, "big-en": 55, "giant": 60}, (
        "another lab has 70 for Tiny EN"
    )


def test_who_reported_the_english_scores_is_counted_as_their_rows_say(catalog):
    rows = catalog.quality_by_language.loc[
        lambda t: (t["benchmark"] == "BEIR") & (t["aspect"] != "average")
    ]
    reported = rows["note"].str.startswith("self-reported").groupby(rows["variant"]).sum().to_dict()
    english = {reported[key] for key in reported if key.endswith("-en-v1.5")}
    assert reported["bge-m3"] == 0 and len(english) == 1, "one number stands for all English models"
    for name in ("mteb-eng-v1-retrieval", "beir-results"):
        caveat = catalog.evidence_sets[name].caveat
        assert catalog.variants["bge-multilingual-gemma2"].name in caveat
        assert {str(count) for count in (reported["bge-multilingual-gemma2"], *english)} <= set(
            figures(caveat)
        )


def test_an_incomplete_average_does_not_stand_beside_a_complete_one(made_up):
    assert evidence.scores(made_up, "many-languages") == {
        "tiny-en": 20,
        "big-en": 30,
        "multi": 50,
    }, "Giant has eight of the ten tasks"


def test_a_score_that_stands_alone_ranks_its_model_before_those_without_one(made_up):
    comparison = evidence.choose(
        made_up, evidence.ScoresWanted("embedder", ("de",)), {"multi", "giant"}
    )
    assert comparison.ranks and comparison.scores == {"multi": 60}
    assert set(comparison.unranked) == {"giant"} and comparison.measured == {"multi"}


def test_a_model_that_one_set_measures_alone_is_measured(made_up):
    """Multi stands alone on the Language Test: that rules out no set, and compares it with none."""
    comparison = evidence.choose(made_up, evidence.ScoresWanted("embedder", ENGLISH), EMBEDDERS)
    assert comparison.measured == EMBEDDERS and set(comparison.unranked) == {"multi"}
    german = evidence.choose(made_up, evidence.ScoresWanted("embedder", ("de",)), EMBEDDERS)
    assert german.measured == {"tiny-en", "big-en", "multi"} == set(german.scores), (
        "Giant has eight of ten tasks, and keeps no set from being complete for the others"
    )


def test_where_nothing_else_compares_two_the_tasks_that_most_share_do(made_up):
    """Of four tasks two share Ants and Bees; the others have one each, of which one is Ants."""
    shared = {"giant": "Ants Bees Cats", "big-en": "Ants Bees", "multi": "Ants", "tiny-en": "Dogs"}
    table = made_up.quality_by_language
    own = [
        aspect in shared.get(v, "") for v, aspect in zip(table.variant, table.aspect, strict=True)
    ]
    sets = {"english-by-task": made_up.evidence_sets["english-by-task"]}
    partial = replace(made_up, quality_by_language=table[own], evidence_sets=sets)
    english = evidence.ScoresWanted("embedder", ENGLISH)
    comparison = evidence.choose(partial, english, EMBEDDERS)
    assert comparison.weak and comparison.ranks and comparison.measured == frozenset()
    assert comparison.shared_tasks == ("Ants", "Bees")
    assert comparison.scores == {"giant": 45, "big-en": 35}
    assert set(comparison.unranked) == {"multi", "tiny-en"}
    assert not evidence.choose(partial, english, {"multi", "tiny-en"}).ranks, "they share none"
    assert not evidence.choose(made_up, english, EMBEDDERS).weak


def test_a_variant_nobody_measured_has_no_score_not_zero(made_up, pinned):
    comparison = evidence.choose(made_up, evidence.ScoresWanted("embedder", ("xx",)), {"giant"})
    assert comparison.scores == {} and comparison.set is None and not comparison.ranks
    assert {"title": comparison.title, "why": comparison.unranked["giant"]} == pinned


def test_a_mean_over_many_languages_does_not_speak_for_english(made_up):
    assert "many-languages" not in [
        s.id for s in evidence.admissible(made_up, evidence.ScoresWanted("embedder", ENGLISH))
    ]
    assert "many-languages" in [
        s.id for s in evidence.admissible(made_up, evidence.ScoresWanted("embedder", ("de", "pl")))
    ]


def test_domain_sets_are_never_chosen_by_themselves(catalog):
    for languages in (ENGLISH, ("de",), ("zh",)):
        assert all(
            s.domain == "general"
            for s in evidence.admissible(catalog, evidence.ScoresWanted("embedder", languages))
        )


def test_by_language_the_mean_is_over_the_languages_asked(made_up):
    means = {
        codes: evidence.scores(made_up, "by-language", codes)
        for codes in (("de",), ("fr",), ("de", "fr"), ("de", "xx"))
    }
    assert means == {
        ("de",): {"multi": 60},
        ("fr",): {"multi": 70},
        ("de", "fr"): {"multi": 65},
        ("de", "xx"): {},
    }


def test_rerankers_are_judged_over_one_first_stage_of_the_same_table(made_up):
    comparison = evidence.choose(made_up, evidence.ScoresWanted("reranker", ENGLISH), RERANKERS)
    assert (comparison.set.first_stage, comparison.first_stage_score) == ("big-en", 50)
    assert comparison.uplift == {"rank-small": 10, "rank-big": 20}


def test_a_reranker_by_language_is_compared_with_the_same_table_only(made_up):
    chosen = made_up.evidence_sets["rerank-by-language"]
    assert evidence.first_stage_score(made_up, chosen, ("de", "fr")) == 64, (
        "not the 65 of the other table"
    )
    assert evidence.scores(made_up, chosen.id, ("de", "fr")) == {"rank-big": 75}


def test_long_passages_are_judged_by_long_documents_first(made_up):
    comparison = evidence.choose(
        made_up, evidence.ScoresWanted("embedder", ENGLISH, long=True), {"multi", "big-en"}
    )
    assert (comparison.set.id, comparison.scores) == ("long", {"multi": 60, "big-en": 40})


def test_a_reranker_is_judged_over_the_embedder_that_it_follows(made_up):
    over = {
        stage: evidence.choose(
            made_up, evidence.ScoresWanted("reranker", ENGLISH, first_stage=stage), RERANKERS
        )
        for stage in ("multi", "big-en")
    }
    assert {stage: found.set.first_stage for stage, found in over.items()} == {
        "multi": "multi",
        "big-en": "big-en",
    }
    assert over["multi"].uplift == {"rank-small": 6, "rank-big": 12}


def test_a_set_that_one_candidate_was_trained_on_is_never_chosen_by_itself(made_up):
    english = {"tiny-en", "big-en", "multi"}
    assert (
        evidence.choose(made_up, evidence.ScoresWanted("embedder", ENGLISH), english).set.id
        == "english"
    )
    assert "hard" in [s.id for s in evidence.offered(made_up, "embedder", ENGLISH, english)], (
        "complete for all three"
    )


# A slow plain reading of the tables, one row at a time


def plain_rows(chosen):
    """Rows of a set as its entry in benchmarks.yaml says.

    One benchmark, source set, metric and first stage; one mode or aspect.
    """
    with (SHIPPED / "evidence" / f"{chosen.table}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            same = (row["benchmark"], row["source_set"], row["metric"]) == (
                chosen.benchmark,
                chosen.source_set,
                chosen.metric,
            )
            same = (
                same and row["with_retriever"] == (chosen.first_stage or "") and row["score"] != ""
            )
            if chosen.table == "quality_by_language":
                same = same and row["mode"] == (chosen.mode or "")
            elif chosen.aspect is not None:
                same = same and row["aspect"] == chosen.aspect
            if same:
                yield row


def plain_scores(chosen, languages):
    if chosen.aspect is not None:
        whole = (
            (lambda row: float(row["tasks"]) == chosen.tasks)
            if chosen.allow_incomplete
            else (lambda row: row["complete"] == "1")
        )
        return {row["variant"]: float(row["score"]) for row in plain_rows(chosen) if whole(row)}
    by_variant = {}
    for row in plain_rows(chosen):
        by_variant.setdefault(row["variant"], {})[row["aspect"]] = float(row["score"])
    asked = (
        languages
        if chosen.by_language
        else {aspect for found in by_variant.values() for aspect in found} - {"average"}
    )
    return {
        name: statistics.mean(found[a] for a in asked)
        for name, found in by_variant.items()
        if asked and set(asked) <= set(found)
    }


@pytest.mark.parametrize(
    "languages", [(), ("en",), ("de",), ("de", "fr"), ("en", "zh", "ko"), ("ar", "xx")], ids=str
)
def test_the_scores_of_every_set_are_those_of_a_slow_plain_reading(catalog, languages):
    for chosen in catalog.evidence_sets.values():
        assert dict(evidence.scores(catalog, chosen.id, languages)) == pytest.approx(
            plain_scores(chosen, languages)
        ), chosen.id


@pytest.mark.parametrize("languages", [("en",), ("de", "fr"), ("xx",)], ids=str)
def test_the_first_stage_of_every_set_is_that_of_a_slow_plain_reading(catalog, languages):
    stages = {}
    for chosen in catalog.evidence_sets.values():
        aspects = languages if chosen.by_language else ("retrieval",)
        alone = replace_stage(chosen)
        found = [
            float(row["score"])
            for row in plain_rows(alone)
            if row["variant"] == chosen.first_stage and row["aspect"] in aspects
        ]
        expected = (
            statistics.mean(found) if found and chosen.first_stage in catalog.variants else None
        )
        stages[chosen.id] = evidence.first_stage_score(catalog, chosen, languages)
        assert stages[chosen.id] == (None if expected is None else pytest.approx(expected)), (
            chosen.id
        )
    assert (stages["miracl-rerank-m3"] is None) == (languages == ("xx",)) and stages[
        "cmteb-reranking"
    ] is None


def replace_stage(chosen):
    """The set as its first stage stands in the same table: no retriever before it, any mode."""
    modes = (
        {row["mode"] for row in plain_modes(chosen)}
        if chosen.table == "quality_by_language"
        else {None}
    )
    assert len(modes) <= 1, "one row a language"
    return chosen.model_copy(
        update={"first_stage": None, "aspect": None, "mode": next(iter(modes), None)}
    )


def plain_modes(chosen):
    with (SHIPPED / "evidence/quality_by_language.csv").open(encoding="utf-8", newline="") as file:
        return [
            row
            for row in csv.DictReader(file)
            if (row["benchmark"], row["variant"], row["with_retriever"])
            == (chosen.benchmark, chosen.first_stage, "")
        ]


# The ladder of decision 0004, step by step

LADDER = [
    # kind, languages, candidates, set, compares, in brackets of the title, unranked
    ("embedder", ("en",), EMBEDDERS, "english", True, ("nDCG@10", "4"), {"multi"}),
    ("embedder", ("en",), {"multi", "giant"}, "english-by-task", True, ("nDCG@10", "1", "4"),
     set()),
    ("embedder", ("en",), {"multi"}, "by-language", True, ("nDCG@10", "English"), set()),
    ("embedder", ("de",), {"tiny-en", "big-en", "multi"}, "many-languages", True, ("nDCG@10",
     "10"), set()),
    ("embedder", ("de",), EMBEDDERS, "many-languages", True, ("nDCG@10", "10"), {"giant"}),
    ("embedder", ("de", "fr"), {"multi", "giant"}, "by-language", True, ("nDCG@10", "German and French"),
     {"giant"}),
    ("embedder", ("pl",), {"multi"}, "many-languages", True, ("nDCG@10", "10"), set()),
    ("reranker", ("en",), RERANKERS, "rerank-over-big", True, ("MRR", "1"), set()),
    ("reranker", ("de",), RERANKERS, "rerank-by-language", True, ("nDCG@10", "German"),
     {"rank-small"}),
    ("reranker", ("zh",), RERANKERS, "rerank-candidates", True, ("MRR", "6"), {"rank-small"}),
    ("reranker", ("pl",), RERANKERS, None, False, (), RERANKERS),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "languages", "candidates", "set_id", "ranks", "extent",
"unranked"), LADDER,
ids=[f"{row[0]} {' '.join(row[1])} {len(row[2])}" for row in LADDER])  # fmt: skip
def test_the_ladder_gives_a_set_its_title_its_sources_and_what_is_left_out(
    made_up, pinned, kind, languages, candidates, set_id, ranks, extent, unranked
):
    comparison = evidence.choose(made_up, evidence.ScoresWanted(kind, languages), candidates)
    assert (
        comparison.set and comparison.set.id,
        comparison.ranks,
        set(comparison.unranked),
        comparison.shared_tasks,
        comparison.weak,
    ) == (
        set_id,
        ranks,
        unranked,
        ("Ants",) if set_id == "english-by-task" else (),
        set_id == "english-by-task",
    )
    assert set(comparison.scores) == candidates - unranked
    assert comparison.source_ids == ((f"acme-scores-{set_id}",) if set_id else ())
    if comparison.set:
        assert (
            comparison.set.name in comparison.title
            and comparison.set.publisher_of_scores in comparison.title
        )
        assert all(part in comparison.title for part in extent)
        assert made_up.metrics[comparison.set.metric].meaning in comparison.meaning
    assert {
        "title": comparison.title,
        "meaning": comparison.meaning,
        "unranked": comparison.unranked,
    } == pinned


ORDERS = [
    (evidence.ScoresWanted("embedder", ("en",)), ["english", "by-language", "english-two",
     "english-by-task"]),
    (evidence.ScoresWanted("embedder", ("en",), long=True), ["long", "english", "by-language",
     "english-two", "english-by-task"]),
    (evidence.ScoresWanted("embedder", ("de", "pl")), ["many-languages"]),
    (evidence.ScoresWanted("embedder", ("en", "de")), ["by-language", "many-languages"]),
    (evidence.ScoresWanted("reranker", ("en",)), ["rerank-over-big", "rerank-by-language",
     "rerank-over-multi"]),
    (evidence.ScoresWanted("reranker", ("en",), first_stage="multi"), ["rerank-by-language",
     "rerank-over-multi", "rerank-over-big"]),
    (evidence.ScoresWanted("reranker", ("zh",), first_stage="multi"), ["rerank-candidates"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "ids"), ORDERS, ids=[str(tuple(asked)) for asked, _ in ORDERS])
def test_the_sets_that_speak_for_a_question_come_in_their_order(made_up, asked, ids):
    assert [s.id for s in evidence.admissible(made_up, asked)] == ids


def test_a_visitor_may_choose_the_sets_that_compare_two_of_the_candidates(made_up):
    def ids(kind, languages, candidates):
        return [s.id for s in evidence.offered(made_up, kind, languages, candidates)]

    assert ids("embedder", ENGLISH, made_up.variants) == [
        "english",
        "english-two",
        "english-by-task",
        "hard",
        "long",
    ]
    assert ids("reranker", ENGLISH, made_up.variants) == ["rerank-over-big", "rerank-over-multi"]
    assert ids("embedder", ENGLISH, {"multi", "giant"}) == []
    assert ids("embedder", ENGLISH, {"multi"}) == [], "one alone is no comparison"


def test_a_set_that_is_asked_for_is_taken_where_it_compares_two_candidates(made_up):
    comparison = evidence.choose(
        made_up, evidence.ScoresWanted("embedder", ENGLISH), {"multi", "big-en", "giant"}, "long"
    )
    assert (
        comparison.set.id,
        comparison.ranks,
        set(comparison.scores),
        set(comparison.unranked),
    ) == (
        "long",
        True,
        {"multi", "big-en"},
        {"giant"},
    )
    for asked in ("rerank-by-language", "many-languages", "none-such", None):
        assert (
            evidence.choose(
                made_up,
                evidence.ScoresWanted("embedder", ENGLISH),
                {"multi", "big-en", "giant"},
                asked,
            ).set.id
            == "english"
        ), asked


def test_a_set_is_named_with_its_metric_its_extent_and_who_computed_it(made_up, pinned):
    asked = [
        ("by-language", ()),
        ("by-language", ("de",)),
        ("by-language", ("de", "fr")),
        ("rerank-over-big", ()),
        ("long", ("en",)),
    ]
    titles = {
        f"{key} {' '.join(codes)}": evidence.describe(made_up, made_up.evidence_sets[key], codes)
        for key, codes in asked
    }
    assert all(
        made_up.evidence_sets[key.split(" ")[0]].name in title and "Acme Labs" in title
        for key, title in titles.items()
    )
    assert (
        "German and French" in titles["by-language de fr"]
        and "MRR" in titles["rerank-over-big "]
        and "6" in titles["long en"]
    )
    assert titles == pinned


def test_shared_tasks_are_those_that_all_candidates_have(made_up):
    tasks = made_up.evidence_sets["english-by-task"]
    assert evidence.shared_tasks(made_up, tasks, EMBEDDERS) == ("Ants",)
    assert evidence.shared_tasks(made_up, tasks, [*EMBEDDERS, "multi"]) == ("Ants",), (
        "one named twice is one"
    )
    assert evidence.shared_tasks(made_up, tasks, EMBEDDERS - {"multi"}) == (
        "Ants",
        "Bees",
        "Cats",
        "Dogs",
    )
    assert evidence.shared_tasks(made_up, tasks, ["multi", "rank-small"]) == ()
    assert evidence.shared_tasks(made_up, tasks, []) == ()
    assert evidence.shared_tasks(made_up, made_up.evidence_sets["by-language"], ["multi"]) == (), (
        "languages are no tasks"
    )
    assert evidence.shared_tasks(made_up, made_up.evidence_sets["long"], ["multi"]) == ()


def test_the_mean_over_shared_tasks_is_taken_from_the_least_share_on(made_up):
    """1 of 4 tasks is shared: at a quarter it counts, just above it does not."""
    asked = evidence.ScoresWanted("embedder", ENGLISH)
    for share, taken in ((0.25, "english-by-task"), (0.2501, "english")):
        assert (
            evidence.choose(replace(made_up, least_shared_share=share), asked, EMBEDDERS).set.id
            == taken
        )
    generous = evidence.choose(replace(made_up, least_shared_share=0.25), asked, EMBEDDERS)
    assert (generous.ranks, generous.unranked, generous.source_ids) == (
        True,
        {},
        ("acme-scores-english-by-task",),
    )


def test_the_mean_is_over_all_shared_tasks(made_up_copy, edit):
    edit(
        made_up_copy / "evidence/quality_by_language.csv",
        "multi,English Tasks,dense,Ants,",
        "multi,English Tasks,dense,Dogs,ndcg_at_10,30,acme,,acme-scores-english-by-task,\n"
        "multi,English Tasks,dense,Ants,",
    )
    comparison = evidence.choose(
        catalogs.load(made_up_copy), evidence.ScoresWanted("embedder", ENGLISH), EMBEDDERS
    )
    assert (comparison.set.id, comparison.shared_tasks) == (
        "english-by-task",
        ("Ants", "Dogs"),
    ) and {
        "2",
        "4",
    } <= set(figures(comparison.title))
    assert comparison.scores == {"tiny-en": 50, "big-en": 55, "giant": 65, "multi": 20}


def test_the_uplift_is_the_score_less_that_of_the_first_stage(made_up):
    comparison = evidence.choose(made_up, evidence.ScoresWanted("reranker", ENGLISH), RERANKERS)
    assert (
        comparison.uplift
        == {name: score - comparison.first_stage_score for name, score in comparison.scores.items()}
        != {}
    )
    assert (
        evidence.choose(made_up, evidence.ScoresWanted("reranker", ("zh",)), RERANKERS).uplift == {}
    ), "the candidates are given"
