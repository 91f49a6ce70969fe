"""The shipped figures against arithmetic of their own, and the sources behind them."""

import pytest

from advisor.catalog import files
from advisor.catalog.instructions import instructed, instruction_tokens
from advisor.catalog.load import SHIPPED
from advisor.live.token_counts import counter

BGE = sorted(path.stem for path in (SHIPPED / "families/bge/variants").glob("*.yaml"))
POSITIONS = {"wordpiece bert-uncased": (512, 2), "xlm-roberta sentencepiece": (514, 1)}
"""Position and type embeddings of BERT and XLM-R.

Their configurations: max_position_embeddings, type_vocab_size.
"""


def test_there_are_eight_variants_and_twenty_eight_offers_by_thirteen_providers(catalog):
    assert len(BGE) == 8 == len(catalog.families["bge"].variants)
    standing = list(catalog.standing_offers())
    assert len(standing) == 28 and len({provider_id for provider_id, _, _ in standing}) == 13


def test_one_offer_was_withdrawn(catalog):
    (gone,) = [offer for _, _, offer in catalog.offers() if offer.withdrawn]
    assert gone.id == "nebius-bge-multilingual-gemma2"
    assert "probably" in gone.withdrawn.reason, "no page of the provider's own says so"
    assert all(" Nebius" not in preset.expert.why for preset in catalog.presets.values())


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


@pytest.mark.parametrize("key", BGE)
def test_the_shape_that_the_hub_shows_fits_the_parameters(catalog, key):
    v = catalog.variants[key]
    positions = {512: 512, 8192: 8194}[v.max_tokens]  # XLM-R counts two more, BERT shows its own
    if v.hub_tensor_total:  # index buffers of positions are counted there, and no parameters
        assert v.hub_tensor_total - v.parameters in (0, positions, positions + 2)
    assert v.hub_first_commit <= v.released, "it is on the hub before it is announced"
    assert v.head_dim or v.heads * (v.hidden_size // v.heads) == v.hidden_size
    assert v.kv_heads == v.heads or (v.kind == "embedder" and v.heads % v.kv_heads == 0)
    if v.sparse_dim:  # a weight for each word of the vocabulary
        assert v.sparse_dim == v.vocab_size
    heads = v.parameters_extra_heads or {}  # linear layers over the hidden state, with a bias
    assert heads == (
        {}
        if "sparse" not in v.outputs
        else {
            "sparse_linear": v.hidden_size + 1,
            "colbert_linear": v.hidden_size * v.multi_vector_dim + v.multi_vector_dim,
        }
    )


def test_the_publishers_rounded_sizes_are_those_of_the_parameters(catalog):
    named = [v for v in catalog.variants.values() if v.parameters_nominal and v.parameters]
    assert len(named) == 7
    for v in named:
        assert abs(v.parameters / 1e9 - float(v.parameters_nominal.removesuffix("B"))) < 0.7


@pytest.mark.parametrize(
    ("per_core", "operations", "per_vcpu"),
    [
        ("fp32_gflops_per_core", "fp32_flop_per_cycle_per_core", "fp32_gflops_per_vcpu"),
        (None, "int8_op_per_cycle_per_core", "int8_gops_per_vcpu"),
        (None, "bf16_flop_per_cycle_per_core", "bf16_gflops_per_vcpu"),
    ],
)
def test_a_cpus_peak_is_its_clock_times_its_operations_a_cycle(
    catalog, per_core, operations, per_vcpu
):
    checked = 0
    for cpu in catalog.cpus.values():
        if cpu.clock_mhz and getattr(cpu, per_vcpu) is not None:
            core = cpu.clock_mhz / 1e3 * getattr(cpu, operations)
            assert per_core is None or getattr(cpu, per_core) == pytest.approx(core)
            assert getattr(cpu, per_vcpu) == pytest.approx(core / cpu.vcpus_per_core)
            checked += 1
    assert checked >= 2


def test_a_dense_peak_never_falls_as_the_type_gets_narrower(catalog):
    for key, accelerator in catalog.accelerators.items():
        peaks = accelerator.peak_dense_tflops
        known = [p for p in (peaks.fp32, peaks.tf32, peaks.fp16, peaks.fp8) if p is not None]
        assert known == sorted(known), key
        assert peaks.bf16 in (None, peaks.fp16), key
        assert accelerator.memory_gb is None or not accelerator.memory_options_gb, key


def test_the_discounts_of_queries_are_those_that_the_store_words(catalog):
    (store,) = [s for s in catalog.stores.values() if s.query_steps]
    for step in store.query_steps:
        assert f"{step.discount * 100:.0f}%" in store.query_discounts
        assert f"{step.above_gb}" in store.query_discounts


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


ENGLISH = [key for key in BGE if key.endswith("-en-v1.5")]


def test_the_instruction_has_as_many_tokens_as_the_vocabulary_counts(catalog):
    assert len(ENGLISH) == 3
    for key in ENGLISH:
        entry = catalog.variants[key]
        count = counter(catalog, key)
        alone, instructed_query = count.text_tokens(["a query", instructed(entry, "a query")])
        assert count.exact and entry.query_instruction_tokens == instructed_query - alone == 8
        assert instruction_tokens(entry) == (8, False)


def test_an_instruction_whose_count_is_not_published_is_estimated(catalog, made_up):
    """Four characters a token: `<instruct>Given a question, ...` has 68, `Search:` seven."""
    gemma, giant = catalog.variants["bge-multilingual-gemma2"], made_up.variants["giant"]
    text = "<instruct>Given a question, retrieve passages that answer it\n<query>"
    assert instructed(gemma, "") == text and len(text) == 68
    assert (instruction_tokens(gemma), instruction_tokens(giant)) == ((17, True), (2, True))


def test_what_takes_no_instruction_adds_no_token(catalog):
    without = [key for key in BGE if not catalog.variants[key].query_instruction]
    assert without and all(
        instruction_tokens(catalog.variants[key]) == (0, False) for key in without
    )
