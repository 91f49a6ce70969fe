"""The plans beside the pick, in points and dollars against it."""

from advisor.explain.other_plans import alternatives
from tests.asking import ask


def texts(answer):
    return {other.judged.id: other.text for other in alternatives(answer, "embedder")}


def test_an_index_whose_price_is_not_known_is_no_gift(catalog):
    beside = texts(ask(catalog, vector_store="qdrant-cloud"))
    bigger = next(text for key, text in beside.items() if "gemma2" in key and "@" not in key)
    assert bigger == (
        "4.9 points better for $0.34 more per month, at a third-party price, "
        "but its vectors take 3.5 times the space, at an unknown price, "
        "some token counts estimated."
    ), "3,584 dimensions against 1,024"
    smaller = next(text for key, text in beside.items() if "base" in key and "@" not in key)
    assert "and its vectors take 75% of the space" in smaller, "768 against 1,024"
    same = next(text for key, text in beside.items() if "large-en" in key)
    assert same.startswith("The same model") and "vectors" not in same


def test_an_index_whose_price_is_known_is_in_the_cost(catalog, made_up):
    for answer in (ask(catalog), ask(catalog, vector_store="none"), ask(made_up)):
        assert texts(answer) and all("vectors" not in text for text in texts(answer).values())


def test_what_is_better_says_who_states_its_price(catalog):
    """2 million queries at $0.01 / 1M: $0.36 for 18 tokens each, $0.70 for 35 with an instruction."""
    for store in ("pinecone-standard", "weaviate-cloud-flex", "none"):
        beside = texts(ask(catalog, vector_store=store))
        assert beside["ovhcloud-bge-multilingual-gemma2"] == (
            "4.9 points better for $0.34 more per month, at a third-party price, "
            "some token counts estimated."
        )
