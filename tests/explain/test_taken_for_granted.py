"""What an answer takes for granted of the index's store, of parts, and of counts of tokens."""

import pytest

from advisor import catalog as catalogs
from advisor.explain import taken_for_granted
from tests.asking import ask

TOTALS = "Every total is a lower bound. Not known: "
STORES = {
    "qdrant-cloud": (
        "The cost of vectors in Qdrant Cloud is not known. Counted is nothing; writing them the first "
        "time is not included.",
        "vector storage, vector store queries, and vector store writes.",
    ),
    "opensearch-serverless": (
        "The cost of vectors in Amazon OpenSearch Serverless (vector) is not known. Counted is "
        "its floor of about $350 per month; writing them the first time is not included.",
        "vector storage, vector store queries, and vector store writes.",
    ),
    "pinecone-standard": (
        "Vectors are kept in Pinecone serverless, Standard, AWS us-east-1 at its list price, "
        "minimum charge included; writing them the first time is not included.",
        "vector store queries and vector store writes.",
    ),
    "s3-vectors": (
        "Vectors are kept in Amazon S3 Vectors (us-east-1) at its list price; writing them the "
        "first time is not included.",
        "vector store queries.",
    ),
    "weaviate-cloud-flex": (
        "Vectors are kept in Weaviate Cloud, Flex at its list price, minimum charge included.",
        "vector store queries.",
    ),
    "pgvector": (
        "Vectors are kept in pgvector (PostgreSQL) at the price of the memory and disk they need. "
        "The database's processors are not included.",
        None,
    ),
}


@pytest.mark.parametrize("store", STORES)
def test_what_is_counted_of_a_store_and_what_is_not_known(catalog, store):
    lead, missing = STORES[store]
    stated = {"vector_store": store, "new_passages_per_month": 1000}
    lines = taken_for_granted.assumptions(ask(catalog, **stated))
    totals = [line for line in lines if line.startswith(TOTALS)]
    assert lead in lines
    assert totals == ([] if missing is None else [f"{TOTALS}{missing}"])


def test_a_store_that_nothing_is_asked_of_has_no_more_than_its_price(catalog):
    stated = {"vector_store": "pinecone-standard", "queries_per_month": 0}
    lines = taken_for_granted.assumptions(ask(catalog, **stated))
    assert not any(line.startswith(TOTALS) for line in lines)


CUT = "Passages over 400 tokens are cut into parts of at most 400, the same for every model."
CUTTING = {
    "as a rule": ({}, f"{CUT} Neighbouring parts share 50 tokens."),
    "by a token": ({"chunk_overlap_tokens": 1}, f"{CUT} Neighbouring parts share 1 token."),
    "apart": ({"chunk_overlap_tokens": 0}, CUT),
    "for a reranker": (
        {"task": "rerank", "chunk_overlap_tokens": 0},
        f"{CUT} The reranker reads parts, not whole passages.",
    ),
    "whole": (
        {"chunk_tokens": None},
        "Passages are kept whole; models that would cut them are ruled out.",
    ),
}


@pytest.mark.parametrize(("stated", "sentence"), CUTTING.values(), ids=CUTTING)
def test_how_passages_are_cut_is_said(made_up, stated, sentence):
    assert sentence in taken_for_granted.assumptions(ask(made_up, **stated))


def test_of_a_reranker_the_special_tokens_of_a_pair_are_estimated(made_up_copy, edit):
    for file in (made_up_copy / "families/acme/variants").glob("rank-*.yaml"):
        edit(file, "special_tokens_per_pair: 4", "special_tokens_per_pair: null")
    found = ask(catalogs.load(made_up_copy), task="rerank")
    (sentence,) = taken_for_granted.estimated_tokens(found)
    assert sentence.endswith(": 4 special tokens in each pair of query and passage.")
    assert sentence in taken_for_granted.assumptions(found)
