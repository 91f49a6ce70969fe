import re

from advisor.family import facts


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
    assert not any(re.search(r"\d", value) for _, value in unsourced)
    assert sorted(unsourced) == pinned


def test_the_status_of_a_variant_names_what_replaces_it(made_up):
    status = {key: facts.status(made_up, made_up.variants[key]) for key in ("old-en", "tiny-en")}
    assert "Tiny EN" in status["old-en"] and "EN" not in status["tiny-en"]
