import pytest

from advisor import evidence
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
    from dataclasses import replace

    generous = replace(catalog, least_shared_share=0.3)
    found = evidence.choose(generous, evidence.Asked("embedder", ENGLISH), EMBEDDERS)
    assert found.set.id == "beir-results" and len(found.shared_tasks) == 5 and set(found.scores) == EMBEDDERS
    assert points(found.scores["bge-base-en-v1.5"]) == "55.0" and "5 of 15 tasks that all have" in found.title


def test_source_sets_are_never_mixed(catalog):
    assert {points(s) for s in evidence.scores(catalog, "mteb-eng-v1-retrieval").values()} == {"59.2", "54.3", "53.2", "51.7"}


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
