"""The shipped figures against arithmetic of their own, and the sources behind them."""

import pytest

from advisor.catalog import files
from advisor.catalog.load import SHIPPED

BGE = sorted(path.stem for path in (SHIPPED / "families/bge/variants").glob("*.yaml"))
POSITIONS = {"wordpiece bert-uncased": (512, 2), "xlm-roberta sentencepiece": (514, 1)}
"""Position and type embeddings of BERT and XLM-R (their configurations: max_position_embeddings, type_vocab_size)."""


def test_there_are_eight_variants_fourteen_providers_and_twenty_nine_offers(catalog):
    assert len(BGE) == 8 == len(catalog.families["bge"].variants)
    assert len(catalog.providers) == 14
    assert len(list(catalog.offers())) == 29


def test_context_comes_in_the_hundreds_not_rounded(catalog):
    assert {catalog.variants[key].max_tokens for key in BGE} == {512, 8192}


@pytest.mark.parametrize("key", [k for k in BGE if k != "bge-multilingual-gemma2"])
def test_the_parameters_of_an_encoder_follow_from_its_shape(catalog, key):
    v = catalog.variants[key]
    h, ff = v.hidden_size, v.intermediate_size
    positions, types = POSITIONS[v.tokenizer]
    if v.tokenizer.startswith("xlm") and v.max_tokens == 8192:
        positions = 8194
    layer = 4 * (h * h + h) + (h * ff + ff) + (ff * h + h) + 4 * h
    head = h * h + h + (h + 1 if v.kind == "reranker" else 0)
    assert (
        v.parameters
        == v.vocab_size * h + positions * h + types * h + 2 * h + v.layers * layer + head
    )


def test_the_parameters_of_gemma2_follow_from_its_shape(catalog):
    v = catalog.variants["bge-multilingual-gemma2"]
    h, ff, d = v.hidden_size, v.intermediate_size, v.head_dim
    layer = 2 * h * v.heads * d + 2 * h * v.kv_heads * d + 3 * h * ff + 4 * h
    assert v.parameters == v.vocab_size * h + v.layers * layer + h


@pytest.mark.parametrize("key", BGE)
def test_compute_and_memory_follow_from_the_parameters(catalog, key):
    v = catalog.variants[key]
    assert v.non_embedding_parameters == v.parameters - v.vocab_size * v.hidden_size
    assert v.weights_bytes["fp16"] == 2 * v.parameters and v.weights_bytes["int8"] == v.parameters
    assert (
        0 <= v.weights_bytes["fp32"] - 4 * v.parameters < 0.003 * 4 * v.parameters
    )  # the file's header


@pytest.mark.parametrize("key", BGE)
def test_every_fact_in_the_file_names_a_source(catalog, key):
    raw = files.yaml_mapping(SHIPPED / f"families/bge/variants/{key}.yaml", key)
    unsourced = {
        "name",
        "computed",
        "notes",
        "runtimes",
        "local_files",
        "languages_note",
        "sources",
    }  # parts name their own
    for field, value in raw.items():
        if field not in unsourced and value not in (None, [], {}):
            assert raw["sources"].get(field), f"{key}: {field}"
            assert all(source in catalog.sources for source in raw["sources"][field])


def test_every_offer_names_where_its_price_was_read(catalog):
    for _, _, offer in catalog.offers():
        assert offer.source_ids("usd_per_1m_input"), offer.id


def test_a_trial_has_no_price(catalog):
    assert [
        offer.usd_per_1m_input for _, _, offer in catalog.offers() if offer.type == "trial"
    ] == [None]


def test_decisions_named_as_sources_are_in_the_docs(catalog):
    for source in catalog.sources.values():
        if source.url and source.url.startswith("docs/"):
            assert (SHIPPED.parent / source.url).is_file(), source.url


def test_nobody_has_withdrawn_a_variant(catalog):
    assert [key for key in BGE if catalog.variants[key].replaced_by] == []


def test_the_listing_names_every_verified_variant(catalog):
    family = catalog.families["bge"]
    assert {row.variant for row in family.listing.variants} == set(family.variants)
    for row in family.listing.variants:
        assert family.variants[row.variant].name == row.name
