import re

from advisor.ask.workload import Workload
from advisor.family import facts
from advisor.sizing.tokens import query_tokens


def test_a_fact_that_differs_from_the_listing_carries_its_correction(catalog):
    found = {
        fact.correction.field: fact
        for fact in facts.variant_facts(catalog, "bge-multilingual-gemma2")
        if fact.correction
    }
    assert (
        found["released"].value == "2024-07-26" and found["released"].correction.listed == "2024-06"
    )
    assert found["context"].correction.id == "gemma2-context"


def test_every_shown_fact_of_the_family_has_a_source_or_is_not_known(catalog, pinned):
    unsourced = {
        (fact.label, fact.value)
        for key in catalog.families["bge"].variants
        for fact in facts.variant_facts(catalog, key)
        if not fact.sources
    }
    published = [value for _, value in unsourced if not value.endswith(", estimated")]
    assert not any(re.search(r"\d", value) for value in published)
    assert sorted(unsourced) == pinned


def test_tokens_added_are_told_by_what_they_are_and_where_they_are_estimates(catalog, made_up):
    def added(of, key):
        rows = [f for f in facts.variant_facts(of, key) if f.label.startswith("Tokens added")]
        assert all(fact.sources or fact.value.endswith(", estimated") for fact in rows)
        return {fact.label.removeprefix("Tokens added to a "): fact.value for fact in rows}

    optional = "2, and 8 more with the optional instruction"
    assert added(catalog, "bge-large-en-v1.5") == {"query": optional, "passage": "2"}
    assert added(catalog, "bge-m3") == {"query": "2", "passage": "2"}
    assert added(catalog, "bge-multilingual-gemma2") == {
        "query": "about 19, estimated",
        "passage": "about 2, estimated",
    }
    assert added(catalog, "bge-reranker-base") == {"pair": "4"}
    assert added(catalog, "aquila2-7b") == {}
    assert added(made_up, "giant") == {"query": "about 4, partly estimated", "passage": "2"}
    rough = "2, and about 2 more with the optional instruction"
    assert added(made_up, "old-en")["query"] == rough


def test_a_query_is_counted_with_the_tokens_that_are_told(catalog):
    for key in ("bge-m3", "bge-large-en-v1.5", "bge-multilingual-gemma2"):
        by_label = {f.label: f.value for f in facts.variant_facts(catalog, key)}
        count = re.search(r"\d+", by_label["Tokens added to a query"])[0]
        assert query_tokens(Workload(query_tokens=16), catalog.variants[key]) == 16 + int(count)


def test_the_status_of_a_variant_names_what_replaces_it(made_up):
    status = {key: facts.status(made_up, made_up.variants[key]) for key in ("old-en", "tiny-en")}
    assert "Tiny EN" in status["old-en"] and "EN" not in status["tiny-en"]
