"""A catalog that is wrong says where, what, and what to write; all of it at once."""

import pytest

from advisor import catalog as catalogs
from advisor.errors import CatalogError

VARIANT = "families/bge/variants/bge-m3.yaml"
OFFER = "offers/novita-ai.yaml"


def faults(root):
    with pytest.raises(CatalogError) as error:
        catalogs.load(root)
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (OFFER, 'usd_per_1m_input: "0.01"', "usd_per_1m_input: 0.01", 'catalog/offers/novita-ai.yaml, offer novita-ai-bge-m3, usd_per_1m_input: 0.01 is a YAML float. Write it in quotes: "0.01".'),
        (OFFER, 'usd_per_1m_input: "0.01"', "usd_per_1m_input: 1", 'usd_per_1m_input: 1 is a YAML number. Write it in quotes: "1".'),
        (OFFER, 'usd_per_1m_input: "0.01"', 'usd_per_1m_input: "-0.01"', "usd_per_1m_input: -0.01 is negative."),
        (OFFER, 'usd_per_1m_input: "0.01"', 'usd_per_1m_input: "1O"', "'1O' is not a decimal number."),
        (OFFER, 'usd_per_1m_input: "0.01"', 'usd_per_1m_input: "NaN"', "'NaN' is not a decimal number."),
        (OFFER, "variant: bge-m3", "variant: bge-m4", "offer novita-ai-bge-m3, variant: no variant 'bge-m4'.\n  Did you mean 'bge-m3'?"),
        (OFFER, "id: novita-ai-bge-reranker-v2-m3", "id: novita-ai-bge-m3", "offer novita-ai-bge-m3, id: 'novita-ai-bge-m3' is used twice."),
        (OFFER, "litellm-1.109.1", "litelm-1.109.1", "no source 'litelm-1.109.1'.\n  Did you mean 'litellm-1.109.1'?"),
        (VARIANT, "max_tokens: 8192", "max_tokns: 8192", "no field 'max_tokns'. Did you mean 'max_tokens'?"),
        (VARIANT, "max_tokens: 8192", "max_tokens: -8192", "bge-m3.yaml, max_tokens: -8192: input should be greater than 0."),
        (VARIANT, "layers: 24", "layers: many", "layers: 'many': input should be a valid integer"),
        (VARIANT, "kind: embedder", "kind: embeder", "kind: 'embeder': input should be 'embedder', 'reranker' or 'language-model'."),
        (VARIANT, "pooling: cls\n", "pooling: cls\npooling: mean\n", "the key 'pooling' twice. Keep one"),
        (VARIANT, "layers: 24", "layers:\t24\n\tx: 1", "bge-m3.yaml, line "),
        (VARIANT, "  layers: [hf-m3-config]\n", "", "no source for layers. Name under `sources:` where each was read, or write null."),
        (VARIANT, "  layers: [hf-m3-config]\n", "  layrs: [hf-m3-config]\n", "sources names no field 'layrs'. Did you mean 'layers'?"),
        ("rules/fit.yaml", "when: not covers_languages", "when: not covers_langages", "rule languages-covered, when: no column 'covers_langages'. Did you mean 'covers_languages'?"),
        ("rules/fit.yaml", "does not cover {languages_missing}.", "does not cover {languages_mising}.", "rule languages-covered, because: no column 'languages_mising'.\n  Did you mean 'languages_missing'?"),
        ("rules/fit.yaml", "sources: [fe-readme, fe-docs-reranker]", "sources: []", "rule languages-covered, sources: []: list should have at least 1 item"),
        ("workloads.yaml", "task: rerank", "task: reorder", "preset rerank-english, workload: task: Input should be 'retrieve'"),
        ("evidence/quality.csv", "bge-large-en-v1.5,\"MTEB(eng, v1)\",average,main_score,64.23", "bge-large-en-v1.5,\"MTEB(eng, v1)\",average,main_score,642.3", "quality.csv, line 2, score: '642.3' is no number from 0 to 100."),
        ("evidence/quality.csv", "bge-large-en-v1.5,\"MTEB(eng, v1)\",average", "bge-big-en-v1.5,\"MTEB(eng, v1)\",average", "line 2, variant: no variant 'bge-big-en-v1.5'.\n  Did you mean 'bge-"),
        ("evidence/quality.csv", "variant,benchmark", "model,benchmark", "quality.csv, line 1: the columns are model"),
        ("hardware/instances.yaml", "accelerator: t4", "accelerator: t5", "no accelerator 't5'."),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_remedy(copied, edit, file, old, new, told):
    edit(copied / file, old, new)
    assert any(told in fault for fault in faults(copied)), "\n".join(faults(copied))


def test_every_fault_is_reported_at_once(copied, edit):
    edit(copied / OFFER, 'usd_per_1m_input: "0.01"', "usd_per_1m_input: 0.01")
    edit(copied / VARIANT, "max_tokens: 8192", "max_tokns: 8192")
    (copied / "stores.yaml").unlink()
    found = "\n".join(faults(copied))
    assert "YAML float" in found and "max_tokns" in found and "catalog/stores.yaml: the file is missing." in found
    assert len(faults(copied)) == 3, "a faulty entry makes no further faults where it is named"


def test_a_tab_is_named_with_its_line(copied):
    (copied / VARIANT).write_text("name: BGE M3\nkind:\n\tembedder\n", encoding="utf-8")
    assert any("bge-m3.yaml, line 3: " in fault and "spaces" in fault for fault in faults(copied))


def test_no_is_norwegian(copied, catalog):
    assert "no" in catalog.variants["bge-m3"].languages
    path = copied / "workloads.yaml"
    path.write_text(
        "presets:\n- {id: a, name: A, about: A, workload: {languages: [no, de]}, expert: {embedder: bge-m3, reranker: null, placement: hosted, why: A, sources: [fe-readme]}}\n",
        encoding="utf-8",
    )
    assert catalogs.load(copied).presets["a"].workload["languages"] == ["no", "de"]


def test_an_alias_bomb_is_refused(copied):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"] + [
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    (copied / "stores.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert any("stores.yaml, line 2: an alias" in fault for fault in faults(copied))


def test_a_file_of_fifty_megabytes_is_refused_unread(copied):
    with (copied / "sources.yaml").open("wb") as file:
        file.truncate(50_000_000)
    assert any("sources.yaml: 50,000,000 bytes, more than the 2,000,000" in fault for fault in faults(copied))


def test_bytes_that_are_no_utf8_are_named(copied):
    (copied / "stores.yaml").write_bytes(b"stores: []\n# caf\xe9\n")
    assert any("stores.yaml: byte 16 is not UTF-8." in fault for fault in faults(copied))


def test_deep_nesting_is_a_fault_not_a_crash(copied):
    (copied / "stores.yaml").write_text("stores: " + "[" * 100_000, encoding="utf-8")
    assert any("stores.yaml" in fault and "nested too deeply" in fault for fault in faults(copied))


def test_a_yaml_tag_runs_no_code(copied):
    (copied / "stores.yaml").write_text("stores: !!python/object/apply:os.system ['true']\n", encoding="utf-8")
    assert any("stores.yaml, line 1: could not determine a constructor" in fault for fault in faults(copied))


def test_a_folder_where_a_file_should_be_is_named(copied):
    (copied / "stores.yaml").unlink()
    (copied / "stores.yaml").mkdir()
    assert any("stores.yaml: it cannot be read" in fault for fault in faults(copied))


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    assert faults(tmp_path / "nowhere") == [
        f"{tmp_path / 'nowhere'}: there is no such folder.\n  Point ADVISOR_CATALOG at a catalog folder, or unset it."
    ]


def test_an_empty_folder_names_what_is_missing(tmp_path):
    assert any("sources.yaml: the file is missing." in fault for fault in faults(tmp_path))


def test_a_file_named_against_the_ids_is_refused(copied):
    (copied / VARIANT).rename(copied / "families/bge/variants/BGE_M3.yaml")
    assert any("'BGE_M3' is no id." in fault for fault in faults(copied))


def test_the_environment_names_another_catalog(copied, monkeypatch, edit):
    edit(copied / VARIANT, "name: BGE M3", "name: BGE M3 renamed")
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    assert catalogs.load().variants["bge-m3"].name == "BGE M3 renamed"


def test_the_fingerprint_changes_with_a_file(copied, edit):
    before = catalogs.fingerprint(copied)
    edit(copied / VARIANT, "name: BGE M3", "name: BGE M4")
    assert catalogs.fingerprint(copied) != before


def test_the_version_follows_the_content_not_the_folder(copied, catalog, edit):
    assert catalogs.load(copied).version == catalog.version
    edit(copied / OFFER, '"0.01"', '"0.011"')
    assert catalogs.load(copied).version != catalog.version
