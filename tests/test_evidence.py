import csv
import statistics
from dataclasses import replace

import pytest

from advisor import evidence
from advisor.catalog.load import SHIPPED
from advisor.units import points

ENGLISH = ("en",)
EMBEDDERS = {"bge-small-en-v1.5", "bge-base-en-v1.5", "bge-large-en-v1.5", "bge-m3", "bge-multilingual-gemma2"}


def test_the_preferred_set_that_is_complete_for_all_is_taken(catalog):
    found = evidence.choose(catalog, evidence.Asked("embedder", ENGLISH), {"bge-large-en-v1.5", "bge-base-en-v1.5"})
    assert (found.set.id, found.ranks, found.unranked) == ("mteb-eng-v1-retrieval", True, {})
    assert {k: points(v) for k, v in found.scores.items()} == {"bge-large-en-v1.5": "54.3", "bge-base-en-v1.5": "53.2"}


def test_a_third_of_a_benchmark_does_not_overturn_the_whole(catalog):
    found = evidence.choose(catalog, evidence.Asked("embedder", ENGLISH), EMBEDDERS)
    assert found.set.id == "mteb-eng-v1-retrieval" and set(found.scores) == EMBEDDERS - {"bge-m3"}
    assert "5 of 15 BEIR tasks" in found.unranked["bge-m3"] and "44.2 against 52.4 to 55.7" in found.unranked["bge-m3"]


def test_shared_tasks_stand_for_the_set_where_they_are_enough(catalog):
    generous = replace(catalog, least_shared_share=0.3)
    found = evidence.choose(generous, evidence.Asked("embedder", ENGLISH), EMBEDDERS)
    assert found.set.id == "beir-results" and len(found.shared_tasks) == 5 and set(found.scores) == EMBEDDERS
    assert points(found.scores["bge-base-en-v1.5"]) == "55.0" and "5 of 15 tasks that all have" in found.title


def test_source_sets_are_never_mixed(catalog):
    assert {points(s) for s in evidence.scores(catalog, "mteb-eng-v1-retrieval").values()} == {"59.2", "54.3", "53.2", "51.7"}


def test_who_reported_the_english_scores_is_counted_as_their_rows_say(catalog):
    rows = catalog.quality_by_language.loc[lambda t: (t["benchmark"] == "BEIR") & (t["aspect"] != "average")]
    reported = rows["note"].str.startswith("self-reported").groupby(rows["variant"]).sum().to_dict()
    english = {key for key in reported if key.endswith("-en-v1.5")}
    assert reported.pop("bge-multilingual-gemma2") == 15 and reported.pop("bge-m3") == 0
    assert set(reported) == english and set(reported.values()) == {9}
    for name in ("mteb-eng-v1-retrieval", "beir-results"):
        caveat = catalog.evidence_sets[name].caveat
        assert "15" in caveat and "BGE Multilingual Gemma2 and " in caveat and "9 of " in caveat


def test_an_incomplete_average_does_not_stand_beside_a_complete_one(catalog):
    assert "bge-multilingual-gemma2" not in evidence.scores(catalog, "mteb-medical-v1-retrieval")
    assert set(evidence.scores(catalog, "mteb-medical-v1-retrieval")) == EMBEDDERS - {"bge-multilingual-gemma2"}


def test_no_comparison_is_said_where_no_set_holds_two(catalog):
    found = evidence.choose(catalog, evidence.Asked("embedder", ("ko",)), {"bge-m3", "bge-multilingual-gemma2"})
    assert not found.ranks and set(found.scores) == {"bge-m3"}
    assert "not measured" in found.unranked["bge-multilingual-gemma2"]


def test_a_variant_nobody_measured_has_no_score_not_zero(catalog):
    found = evidence.choose(catalog, evidence.Asked("embedder", ("xx",)), {"bge-multilingual-gemma2"})
    assert found.scores == {} and not found.ranks and found.title == "no published comparison"


def test_a_mean_over_many_languages_does_not_speak_for_english(catalog):
    assert "mteb-multilingual-v2-retrieval" not in [s.id for s in evidence.admissible(catalog, evidence.Asked("embedder", ENGLISH))]
    assert "mteb-multilingual-v2-retrieval" in [s.id for s in evidence.admissible(catalog, evidence.Asked("embedder", ("de", "pl")))]


def test_domain_sets_are_never_chosen_by_themselves(catalog):
    for languages in (ENGLISH, ("de",), ("zh",)):
        assert all(s.domain == "general" for s in evidence.admissible(catalog, evidence.Asked("embedder", languages)))


def test_by_language_the_mean_is_over_the_languages_asked(catalog):
    one, other = (evidence.scores(catalog, "miracl-paper", (code,))["bge-m3"] for code in ("de", "fr"))
    both = evidence.scores(catalog, "miracl-paper", ("de", "fr"))["bge-m3"]
    assert both == pytest.approx((one + other) / 2)
    assert evidence.scores(catalog, "miracl-paper", ("de", "xx")) == {}


def test_rerankers_are_judged_over_one_first_stage_of_the_same_table(catalog):
    found = evidence.choose(catalog, evidence.Asked("reranker", ENGLISH), {"bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3"})
    assert found.set.first_stage == "bge-large-en-v1.5"
    assert {k: points(v, sign=True) for k, v in found.uplift.items()} == {
        "bge-reranker-base": "+10.7",
        "bge-reranker-large": "+10.8",
        "bge-reranker-v2-m3": "+13.2",
    }


def test_a_reranker_over_miracl_is_compared_with_the_same_table_only(catalog):
    chosen = catalog.evidence_sets["miracl-rerank-m3"]
    languages = tuple(chosen.languages)
    assert round(evidence.first_stage_score(catalog, chosen, languages), 1) == 67.9
    assert round(evidence.scores(catalog, chosen.id, languages)["bge-reranker-v2-m3"], 1) == 72.8


def test_long_passages_are_judged_by_long_documents_first(catalog):
    found = evidence.choose(catalog, evidence.Asked("embedder", ENGLISH, long=True), {"bge-m3", "bge-large-en-v1.5"})
    assert found.set.id == "longembed" and {k: points(v) for k, v in found.scores.items()} == {
        "bge-m3": "59.5",
        "bge-large-en-v1.5": "40.1",
    }


def test_a_reranker_is_judged_over_the_embedder_that_it_follows(catalog):
    over = {
        stage: evidence.choose(catalog, evidence.Asked("reranker", ENGLISH, first_stage=stage), {"bge-reranker-base", "bge-reranker-v2-m3"})
        for stage in ("bge-m3", "bge-large-en-v1.5")
    }
    assert {stage: found.set.first_stage for stage, found in over.items()} == {"bge-m3": "bge-m3", "bge-large-en-v1.5": "bge-large-en-v1.5"}
    assert points(over["bge-m3"].uplift["bge-reranker-v2-m3"], sign=True) == "+11.1"


def test_a_set_that_one_candidate_was_trained_on_is_never_chosen_by_itself(catalog):
    english = {"bge-small-en-v1.5", "bge-base-en-v1.5", "bge-large-en-v1.5", "bge-m3"}
    assert evidence.choose(catalog, evidence.Asked("embedder", ENGLISH), english).set.id == "mteb-eng-v1-retrieval"
    assert "miracl-hard-negatives" in [s.id for s in evidence.offered(catalog, "embedder", ENGLISH, english)]


# A slow plain reading of the tables, one row at a time


def plain_rows(chosen):
    """Rows of a set as its entry in benchmarks.yaml says: one benchmark, source set, metric and first stage; one mode or aspect."""
    with (SHIPPED / "evidence" / f"{chosen.table}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            same = (row["benchmark"], row["source_set"], row["metric"]) == (chosen.benchmark, chosen.source_set, chosen.metric)
            same = same and row["with_retriever"] == (chosen.first_stage or "") and row["score"] != ""
            if chosen.table == "quality_by_language":
                same = same and row["mode"] == (chosen.mode or "")
            elif chosen.aspect is not None:
                same = same and row["aspect"] == chosen.aspect
            if same:
                yield row


def plain_scores(chosen, languages):
    if chosen.aspect is not None:
        whole = (lambda row: float(row["tasks"]) == chosen.tasks) if chosen.allow_incomplete else (lambda row: row["complete"] == "1")
        return {row["variant"]: float(row["score"]) for row in plain_rows(chosen) if whole(row)}
    by_variant = {}
    for row in plain_rows(chosen):
        by_variant.setdefault(row["variant"], {})[row["aspect"]] = float(row["score"])
    asked = languages if chosen.by_language else {aspect for found in by_variant.values() for aspect in found} - {"average"}
    return {name: statistics.mean(found[a] for a in asked) for name, found in by_variant.items() if asked and set(asked) <= set(found)}


@pytest.mark.parametrize("languages", [(), ("en",), ("de",), ("de", "fr"), ("en", "zh", "ko"), ("ar", "xx")], ids=str)
def test_the_scores_of_every_set_are_those_of_a_slow_plain_reading(catalog, languages):
    for chosen in catalog.evidence_sets.values():
        assert dict(evidence.scores(catalog, chosen.id, languages)) == pytest.approx(plain_scores(chosen, languages)), chosen.id


@pytest.mark.parametrize("languages", [("en",), ("de", "fr"), ("xx",)], ids=str)
def test_the_first_stage_of_every_set_is_that_of_a_slow_plain_reading(catalog, languages):
    stages = {}
    for chosen in catalog.evidence_sets.values():
        aspects = languages if chosen.by_language else ("retrieval",)
        alone = replace_stage(chosen)
        found = [float(row["score"]) for row in plain_rows(alone) if row["variant"] == chosen.first_stage and row["aspect"] in aspects]
        expected = statistics.mean(found) if found and chosen.first_stage in catalog.variants else None
        stages[chosen.id] = evidence.first_stage_score(catalog, chosen, languages)
        assert stages[chosen.id] == (None if expected is None else pytest.approx(expected)), chosen.id
    assert (stages["miracl-rerank-m3"] is None) == (languages == ("xx",)) and stages["cmteb-reranking"] is None


def replace_stage(chosen):
    """The set as its first stage stands in the same table: with no retriever before it, whatever its mode."""
    modes = {row["mode"] for row in plain_modes(chosen)} if chosen.table == "quality_by_language" else {None}
    assert len(modes) <= 1, "one row a language"
    return chosen.model_copy(update={"first_stage": None, "aspect": None, "mode": next(iter(modes), None)})


def plain_modes(chosen):
    with (SHIPPED / "evidence/quality_by_language.csv").open(encoding="utf-8", newline="") as file:
        return [
            row
            for row in csv.DictReader(file)
            if (row["benchmark"], row["variant"], row["with_retriever"]) == (chosen.benchmark, chosen.first_stage, "")
        ]


# The ladder of decision 0004, step by step

NDCG = "nDCG@10: how well the first ten results are ordered, the most relevant first; 100 is perfect"
RERANKERS = {"bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3"}
M3_OF_BEIR = (
    "no complete score on MTEB(eng, v1) retrieval; on the 5 of 15 BEIR tasks that BGE M3 shares with the others (ArguAna, NFCorpus, SCIDOCS, SciFact, "
    "TRECCOVID) its mean is 44.2 against {range}; too few to rank by"
)
LADDER = [
    # kind, languages, candidates, set, compares, title, sources, unranked
    ("embedder", ("en",), EMBEDDERS, "mteb-eng-v1-retrieval", True, "MTEB(eng, v1) retrieval (nDCG@10, 15 tasks, MTEB results repository)", ("mteb-results",), {"bge-m3": M3_OF_BEIR.format(range="52.4 to 55.7")}),
    ("embedder", ("en",), {"bge-m3", "bge-multilingual-gemma2"}, "mteb-eng-v1-retrieval", False, "MTEB(eng, v1) retrieval (nDCG@10, 15 tasks, MTEB results repository)", ("mteb-results",), {"bge-m3": M3_OF_BEIR.format(range="55.7 to 55.7")}),
    ("embedder", ("en",), {"bge-m3"}, "miracl-paper", True, "MIRACL, by language (nDCG@10, language en, table 1 of the BGE-M3 paper)", ("flag-bge-m3-miracl",), {}),
    ("embedder", ("de",), EMBEDDERS, "mteb-multilingual-v2-retrieval", True, "MTEB(Multilingual, v2) retrieval (nDCG@10, 18 tasks, MTEB results repository)", ("mteb-results",), {"bge-multilingual-gemma2": "not measured on MTEB(Multilingual, v2) retrieval"}),
    ("embedder", ("de", "fr"), {"bge-m3", "bge-multilingual-gemma2"}, "miracl-paper", False, "MIRACL, by language (nDCG@10, languages de, fr, table 1 of the BGE-M3 paper)", ("flag-bge-m3-miracl",), {"bge-multilingual-gemma2": "not measured on MIRACL, by language"}),
    ("embedder", ("pl",), {"bge-m3"}, "mteb-multilingual-v2-retrieval", True, "MTEB(Multilingual, v2) retrieval (nDCG@10, 18 tasks, MTEB results repository)", ("mteb-results",), {}),
    ("reranker", ("en",), RERANKERS, "llamaindex-rerank-large", True, "LlamaIndex evaluation, over BGE Large EN v1.5 (MRR, 1 data set, BAAI, a picture in its repository)", ("flag-llm-reranker-readme",), {}),
    ("reranker", ("de",), RERANKERS, "miracl-rerank-m3", False, "MIRACL, top 100 of BGE M3, by language (nDCG@10, language de, BAAI, a picture in its repository)", ("flag-llm-reranker-readme",), {name: "not measured on MIRACL, top 100 of BGE M3, by language" for name in ("bge-reranker-base", "bge-reranker-large")}),
    ("reranker", ("zh",), RERANKERS, "cmteb-reranking", True, "C-MTEB reranking (MAP, 6 tasks, BAAI)", ("flag-reranker-readme",), {"bge-reranker-v2-m3": "not measured on C-MTEB reranking"}),
    ("reranker", ("pl",), RERANKERS, None, False, "no published comparison", (), dict.fromkeys(RERANKERS, "not measured on any set for this task and these languages")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "languages", "candidates", "set_id", "ranks", "title", "sources", "unranked"), LADDER, ids=[f"{row[0]} {' '.join(row[1])} {len(row[2])}" for row in LADDER])  # fmt: skip
def test_the_ladder_gives_a_set_its_title_its_sources_and_what_is_left_out(
    catalog, kind, languages, candidates, set_id, ranks, title, sources, unranked
):
    found = evidence.choose(catalog, evidence.Asked(kind, languages), candidates)
    assert (found.set and found.set.id, found.ranks, found.title, found.source_ids, found.unranked) == (
        set_id,
        ranks,
        title,
        sources,
        unranked,
    )
    assert set(found.scores) == candidates - set(unranked) and found.shared_tasks == ()
    if found.set and found.set.metric == "ndcg_at_10":
        assert found.meaning == NDCG


ORDERS = [
    (evidence.Asked("embedder", ("en",)), ["mteb-eng-v1-retrieval", "miracl-paper", "mteb-eng-v2-retrieval", "beir-results"]),
    (evidence.Asked("embedder", ("en",), long=True), ["longembed", "mldr-paper", "mteb-eng-v1-retrieval", "miracl-paper", "mteb-eng-v2-retrieval", "beir-results"]),
    (evidence.Asked("embedder", ("de", "pl")), ["mteb-multilingual-v2-retrieval"]),
    (evidence.Asked("embedder", ("en", "de")), ["miracl-paper", "mteb-multilingual-v2-retrieval"]),
    (evidence.Asked("reranker", ("en",)), ["llamaindex-rerank-large", "beir-rerank-large", "miracl-rerank-m3", "llamaindex-rerank-m3"]),
    (evidence.Asked("reranker", ("en",), first_stage="bge-m3"), ["miracl-rerank-m3", "llamaindex-rerank-m3", "llamaindex-rerank-large", "beir-rerank-large"]),
    (evidence.Asked("reranker", ("zh",), first_stage="bge-m3"), ["miracl-rerank-m3", "cmteb-reranking"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "ids"), ORDERS, ids=[str(tuple(asked)) for asked, _ in ORDERS])
def test_the_sets_that_speak_for_a_question_come_in_their_order(catalog, asked, ids):
    assert [s.id for s in evidence.admissible(catalog, asked)] == ids


def test_a_visitor_may_choose_the_sets_that_compare_two_of_the_candidates(catalog):
    def ids(kind, languages, candidates):
        return [s.id for s in evidence.offered(catalog, kind, languages, candidates)]

    assert ids("embedder", ENGLISH, catalog.variants) == [
        "mteb-eng-v1-retrieval",
        "mteb-eng-v2-retrieval",
        "beir-results",
        "miracl-hard-negatives",
        "longembed",
        "r2med-retrieval",
        "chemteb-retrieval",
    ]
    assert ids("reranker", ENGLISH, catalog.variants) == ["llamaindex-rerank-large", "llamaindex-rerank-m3"]
    assert ids("embedder", ENGLISH, {"bge-m3", "bge-multilingual-gemma2"}) == []
    assert ids("embedder", ENGLISH, {"bge-m3"}) == [], "one alone is no comparison"


def test_a_set_that_is_asked_for_is_taken_where_it_compares_two_candidates(catalog):
    pair = {"bge-m3", "bge-large-en-v1.5", "bge-multilingual-gemma2"}
    found = evidence.choose(catalog, evidence.Asked("embedder", ENGLISH), pair, "miracl-hard-negatives")
    assert (found.set.id, found.ranks, set(found.scores)) == ("miracl-hard-negatives", True, pair - {"bge-multilingual-gemma2"})
    assert "bge-multilingual-gemma2" in found.unranked
    for asked in ("miracl-rerank-m3", "mteb-nld-v1-retrieval", "none-such", None):
        assert evidence.choose(catalog, evidence.Asked("embedder", ENGLISH), pair, asked).set.id == "mteb-eng-v1-retrieval", asked


@pytest.mark.parametrize(
    ("set_id", "languages", "shared", "title"),
    [
        ("miracl-paper", (), (), "MIRACL, by language (nDCG@10, by language, table 1 of the BGE-M3 paper)"),
        ("miracl-paper", ("de",), (), "MIRACL, by language (nDCG@10, language de, table 1 of the BGE-M3 paper)"),
        ("miracl-paper", ("de", "fr"), (), "MIRACL, by language (nDCG@10, languages de, fr, table 1 of the BGE-M3 paper)"),
        ("llamaindex-rerank-large", (), (), "LlamaIndex evaluation, over BGE Large EN v1.5 (MRR, 1 data set, BAAI, a picture in its repository)"),
        ("longembed", ("en",), (), "LongEmbed retrieval (nDCG@10, 6 tasks, MTEB results repository)"),
    ],
)  # fmt: skip
def test_a_set_is_named_with_its_metric_its_extent_and_who_computed_it(catalog, set_id, languages, shared, title):
    assert evidence.describe(catalog, catalog.evidence_sets[set_id], languages, shared) == title


def test_shared_tasks_are_those_that_all_candidates_have(catalog):
    beir = catalog.evidence_sets["beir-results"]
    five = ("ArguAna", "NFCorpus", "SCIDOCS", "SciFact", "TRECCOVID")
    assert evidence.shared_tasks(catalog, beir, EMBEDDERS) == five
    assert evidence.shared_tasks(catalog, beir, [*EMBEDDERS, "bge-m3"]) == five, "one named twice is one"
    assert len(evidence.shared_tasks(catalog, beir, EMBEDDERS - {"bge-m3"})) == 15
    assert evidence.shared_tasks(catalog, beir, ["bge-m3", "bge-reranker-base"]) == ()
    assert evidence.shared_tasks(catalog, beir, []) == ()
    assert evidence.shared_tasks(catalog, catalog.evidence_sets["miracl-paper"], ["bge-m3"]) == (), "languages are no tasks"
    assert evidence.shared_tasks(catalog, catalog.evidence_sets["longembed"], ["bge-m3"]) == ()


def test_the_mean_over_shared_tasks_is_taken_from_half_of_the_set_on(catalog):
    """5 of 15 tasks are shared: at a third they count, just above it they do not."""
    asked = evidence.Asked("embedder", ENGLISH)
    for share, taken in ((1 / 3, "beir-results"), (0.3334, "mteb-eng-v1-retrieval")):
        found = evidence.choose(replace(catalog, least_shared_share=share), asked, EMBEDDERS)
        assert found.set.id == taken
    generous = evidence.choose(replace(catalog, least_shared_share=0.3), asked, EMBEDDERS)
    with_all = {row["variant"]: [] for row in plain_rows(generous.set)}
    for row in plain_rows(generous.set):
        if row["aspect"] in generous.shared_tasks:
            with_all[row["variant"]].append(float(row["score"]))
    assert generous.scores == pytest.approx({name: statistics.mean(with_all[name]) for name in EMBEDDERS})
    assert (generous.ranks, generous.unranked, generous.source_ids) == (True, {}, ("mteb-results",))
    assert generous.title == "BEIR, by task (nDCG@10, mean of the 5 of 15 tasks that all have, MTEB results repository)"


def test_the_uplift_is_the_score_less_that_of_the_first_stage(catalog):
    found = evidence.choose(catalog, evidence.Asked("reranker", ENGLISH), RERANKERS)
    assert found.uplift == {name: score - found.first_stage_score for name, score in found.scores.items()} != {}
    assert evidence.choose(catalog, evidence.Asked("reranker", ("zh",)), RERANKERS).uplift == {}
