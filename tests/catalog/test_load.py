"""A catalog that is wrong says where, what, and what to write; all of it at once."""

import shutil

import pytest
import yaml

from advisor import catalog as catalogs
from advisor.base.errors import CatalogError
from advisor.catalog import files
from advisor.catalog.load import SHIPPED
from tests.withdrawing import DAY, REASON, SOURCE, withdraw

PARSE = files.parse_mapping  # conftest.py keeps what it has read once
VARIANT = "families/acme/variants/multi.yaml"
OFFER = "offers/beta.yaml"
QUALITY = "evidence/quality.csv"
FIT = "rules/fit.yaml"
FIRST = 'usd_per_1m_input: "0.20"'


def refused(root):
    with pytest.raises(CatalogError) as error:
        catalogs.load(root)
    return error.value.faults


def fault(root, file):
    """The one fault of a catalog, which is of this file."""
    (found,) = refused(root)
    assert found.file == f"{root.name}/{file}"
    return found


@pytest.mark.parametrize(
    ("file", "old", "new", "entry", "field", "named"),
    [
        pytest.param(
            OFFER,
            FIRST,
            "usd_per_1m_input: 0.20",
            "offer beta-tiny-en",
            "usd_per_1m_input",
            "0.2",
            id="a price that is a float",
        ),
        pytest.param(
            OFFER,
            FIRST,
            "usd_per_1m_input: 1",
            "offer beta-tiny-en",
            "usd_per_1m_input",
            '"1"',
            id="a price that is a number",
        ),
        pytest.param(
            OFFER,
            FIRST,
            'usd_per_1m_input: "-0.20"',
            "offer beta-tiny-en",
            "usd_per_1m_input",
            "-0.20",
            id="a negative price",
        ),
        pytest.param(
            OFFER,
            FIRST,
            'usd_per_1m_input: "1O"',
            "offer beta-tiny-en",
            "usd_per_1m_input",
            "'1O'",
            id="letters in a price",
        ),
        pytest.param(
            OFFER,
            FIRST,
            'usd_per_1m_input: "NaN"',
            "offer beta-tiny-en",
            "usd_per_1m_input",
            "'NaN'",
            id="no number for a price",
        ),
        pytest.param(
            OFFER,
            "variant: multi",
            "variant: mulit",
            "offer beta-multi",
            "variant",
            "'multi'",
            id="an unknown variant",
        ),
        pytest.param(
            OFFER,
            "id: beta-multi",
            "id: beta-big-en",
            "offer beta-big-en",
            "id",
            "'beta-big-en'",
            id="an id twice",
        ),
        pytest.param(
            OFFER,
            "sources: [acme-prices]\n- id: beta-big-en",
            "sources: [acme-price]\n- id: beta-big-en",
            "offer beta-tiny-en",
            "sources",
            "'acme-prices'",
            id="an unknown source",
        ),
        pytest.param(
            OFFER,
            "model: beta/multi\n",
            "model: beta/multi\n"
            "  withdrawn: {on: 2026-05-07, reason: It is gone., sources: [acme-price]}\n",
            "offer beta-multi",
            "withdrawn.sources",
            "'acme-prices'",
            id="a withdrawal with an unknown source",
        ),
        pytest.param(
            OFFER,
            "model: beta/multi\n",
            "model: beta/multi\n  withdrawn: {on: 2026-05-07, reason: It is gone., sources: []}\n",
            "offer beta-multi",
            "withdrawn.sources",
            "1",
            id="a withdrawal without a source",
        ),
        pytest.param(
            OFFER,
            "model: beta/multi\n",
            "model: beta/multi\n"
            "  withdrawn: {on: last May, reason: It is gone., sources: [acme-prices]}\n",
            "offer beta-multi",
            "withdrawn.on",
            "'last May'",
            id="a withdrawal on no day",
        ),
        pytest.param(
            VARIANT,
            "max_tokens: 8_000",
            "max_tokns: 8_000",
            "",
            "",
            "'max_tokens'",
            id="an unknown field",
        ),
        pytest.param(
            VARIANT,
            "max_tokens: 8_000",
            "max_tokens: -8000",
            "",
            "max_tokens",
            "-8000",
            id="a negative limit",
        ),
        pytest.param(
            VARIANT, "layers: 20", "layers: many", "", "layers", "'many'", id="a word for a number"
        ),
        pytest.param(
            VARIANT,
            "kind: embedder",
            "kind: embeder",
            "",
            "kind",
            "'embedder'",
            id="an unknown kind",
        ),
        pytest.param(
            VARIANT,
            "pooling: cls\n",
            "pooling: cls\npooling: mean\n",
            "line 19",
            "",
            "'pooling'",
            id="a key twice",
        ),
        pytest.param(
            VARIANT,
            "\nsources: [acme-facts]",
            "\nsources: {name: [acme-facts]}",
            "",
            "",
            "layers",
            id="no source",
        ),
        pytest.param(
            VARIANT,
            "\nsources: [acme-facts]",
            "\nsources: {layrs: [acme-facts]}",
            "",
            "",
            "'layers'",
            id="a source of no field",
        ),
        pytest.param(
            FIT,
            "when: not covers_languages",
            "when: not covers_langages",
            "rule languages-covered",
            "when",
            "'covers_languages'",
            id="an unknown column",
        ),
        pytest.param(
            FIT,
            "{languages_missing}",
            "{languages_mising}",
            "rule languages-covered",
            "because",
            "'languages_missing'",
            id="an unknown column in a sentence",
        ),
        pytest.param(
            FIT,
            "sources: [fe-readme, fe-docs-reranker]",
            "sources: []",
            "rule languages-covered",
            "sources",
            "1",
            id="a rule without a source",
        ),
        pytest.param(
            "rules/placement.yaml",
            "when: hosted and not data_may_leave\n",
            "when: hosted and not data_may_leave\n  job: true\n",
            "rule data-stays-inside",
            "when",
            "'hosted'",
            id="a rule of the job that reads where a model runs",
        ),
        pytest.param(
            FIT,
            'effect: note\n  because: "Put the model',
            'effect: note\n  job: true\n  because: "Put the model',
            "rule query-instruction-needed",
            "job",
            "exclude",
            id="a rule of the job that only notes",
        ),
        pytest.param(
            FIT,
            "job: true\n  if_unknown: warn",
            "job: true\n  if_unknown: exclude",
            "rule languages-covered",
            "job",
            "if_unknown",
            id="a rule of the job that excludes what is not known",
        ),
        pytest.param(
            "workloads.yaml",
            "task: retrieve-and-rerank",
            "task: reorder",
            "preset german-inside",
            "workload",
            "'retrieve'",
            id="an unknown task",
        ),
        pytest.param(
            QUALITY,
            "ndcg_at_10,50,",
            "ndcg_at_10,500,",
            "line 2",
            "score",
            "'500'",
            id="a score above 100",
        ),
        pytest.param(
            QUALITY,
            "tiny-en,",
            "tyni-en,",
            "line 2",
            "variant",
            "'tiny-en'",
            id="a score of an unknown variant",
        ),
        pytest.param(
            QUALITY,
            "variant,benchmark",
            "model,benchmark",
            "line 1",
            "",
            "model",
            id="an unknown column of a table",
        ),
        pytest.param(
            "hardware/instances.yaml",
            "accelerator: card-s",
            "accelerator: card-t",
            "instance acme-gpu",
            "accelerator",
            "'card-t'",
            id="an unknown accelerator",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_remedy(
    made_up_copy, edit, file, old, new, entry, field, named, pinned
):
    edit(made_up_copy / file, old, new)
    found = fault(made_up_copy, file)
    assert (found.entry, found.field) == (entry, field)
    assert named in f"{found.problem} {found.remedy}"
    assert str(found) == pinned


def test_each_column_of_a_place_that_a_rule_of_the_job_reads_is_a_fault(made_up_copy, edit):
    edit(
        made_up_copy / FIT,
        "when: not covers_languages",
        "when: not covers_languages and (hosted or usd_per_1m_input > 1) and passages > 5",
    )
    faults = [each for each in refused(made_up_copy) if each.field == "when"]
    assert {(each.file, each.entry) for each in faults} == {
        (f"made_up/{FIT}", "rule languages-covered")
    }
    named = [
        name for name in ("hosted", "usd_per_1m_input", "passages") if f"'{name}'" in str(faults)
    ]
    assert named == ["hosted", "usd_per_1m_input"] and len(faults) == 2
    assert all("job" in each.remedy for each in faults)


def test_every_fault_is_reported_at_once(made_up_copy, edit):
    edit(made_up_copy / OFFER, FIRST, "usd_per_1m_input: 0.20")
    edit(made_up_copy / VARIANT, "max_tokens: 8_000", "max_tokns: 8_000")
    (made_up_copy / "stores.yaml").unlink()
    assert [(found.file, found.field) for found in refused(made_up_copy)] == [
        ("made_up/families/acme/variants/multi.yaml", ""),
        ("made_up/offers/beta.yaml", "usd_per_1m_input"),
        ("made_up/stores.yaml", ""),
    ], "a faulty entry makes no further faults where it is named"


def rule_entries(root):
    return {key: rule.entry for key, rule in catalogs.load(root).rules.items()}


@pytest.mark.parametrize(
    ("file", "old_names"),
    [("rules/fit.yaml", {"matches:": "takes:", "spares:": "leaves:"})],
)
def test_a_field_is_still_read_by_the_name_it_had(made_up_copy, edit, file, old_names):
    entries = rule_entries(made_up_copy)
    for name, old in old_names.items():
        edit(made_up_copy / file, name, old)
    assert rule_entries(made_up_copy) == entries


def test_a_catalog_from_before_it_named_clouds_and_comparisons_still_loads(copied):
    for file, key in (
        ("hardware/instances.yaml", "clouds"),
        ("evidence/benchmarks.yaml", "precision_comparisons"),
    ):
        value = files.yaml_mapping(copied / file, file)
        del value[key]
        (copied / file).write_text(yaml.safe_dump(value), encoding="utf-8")
    loaded = catalogs.load(copied)
    assert loaded.cloud_name("aws") == "aws" and not loaded.precision_comparisons


def test_a_tab_is_named_with_its_line(made_up_copy):
    (made_up_copy / VARIANT).write_text("name: Multi\nkind:\n\tembedder\n", encoding="utf-8")
    assert (found := fault(made_up_copy, VARIANT)).entry == "line 3" and found.remedy


def test_no_is_norwegian(made_up_copy, edit):
    edit(made_up_copy / VARIANT, "languages: [de, en, fr, zh]", "languages: [de, no]")
    edit(made_up_copy / "workloads.yaml", "languages: [en]", "languages: [no, de]")
    found = catalogs.load(made_up_copy)
    assert (found.variants["multi"].languages, found.presets["english"].workload["languages"]) == (
        ["de", "no"],
        ["no", "de"],
    )


def test_an_alias_bomb_is_refused(made_up_copy):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"] + [
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    (made_up_copy / "stores.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert fault(made_up_copy, "stores.yaml").entry == "line 2"


def test_a_file_of_fifty_megabytes_is_refused_unread(made_up_copy):
    with (made_up_copy / "offers/beta.yaml").open("wb") as file:
        file.truncate(50_000_000)
    problem = fault(made_up_copy, "offers/beta.yaml").problem
    assert "50,000,000" in problem and "2,000,000" in problem


def test_bytes_that_are_no_utf8_are_named(made_up_copy):
    (made_up_copy / "stores.yaml").write_bytes(b"stores: []\n# caf\xe9\n")
    assert "16" in fault(made_up_copy, "stores.yaml").problem


def test_deep_nesting_is_a_fault_not_a_crash(made_up_copy):
    (made_up_copy / "stores.yaml").write_text("stores: " + "[" * 100_000, encoding="utf-8")
    assert fault(made_up_copy, "stores.yaml").remedy


def test_a_yaml_tag_runs_no_code(made_up_copy, tmp_path):
    ran = tmp_path / "ran"
    (made_up_copy / "stores.yaml").write_text(
        f"stores: !!python/object/apply:os.system ['touch {ran}']\n", encoding="utf-8"
    )
    assert fault(made_up_copy, "stores.yaml").entry == "line 1" and not ran.exists()


def test_a_folder_where_a_file_should_be_is_named(made_up_copy):
    (made_up_copy / "stores.yaml").unlink()
    (made_up_copy / "stores.yaml").mkdir()
    assert fault(made_up_copy, "stores.yaml").remedy


def test_a_folder_that_is_not_there_is_one_fault(tmp_path):
    (found,) = refused(tmp_path / "nowhere")
    assert (found.file, found.entry) == (
        str(tmp_path / "nowhere"),
        "",
    ) and "ADVISOR_CATALOG" in found.remedy


def test_an_empty_folder_names_what_is_missing(tmp_path):
    assert f"{tmp_path.name}/sources.yaml" in {found.file for found in refused(tmp_path)}


def test_a_family_whose_variants_are_gone_is_a_fault_beside_another_family(copied):
    shutil.rmtree(copied / "families/aquila-2/variants")
    assert [(fault.file, bool(fault.remedy)) for fault in refused(copied)] == [
        ("catalog/families/aquila-2/variants", True)
    ]


def test_a_missing_file_of_the_catalog_is_restored_and_another_is_looked_for(made_up_copy):
    (made_up_copy / "stores.yaml").unlink()
    assert "ADVISOR_CATALOG" in fault(made_up_copy, "stores.yaml").remedy
    missing = files.yaml_mapping(made_up_copy / "workload.yaml", "workload.yaml")
    assert missing.remedy and "ADVISOR_CATALOG" not in missing.remedy


def test_a_store_that_a_preset_misspells_is_a_fault(made_up_copy, edit):
    edit(made_up_copy / "workloads.yaml", "workload: {", "workload: {vector_store: rom, ")
    found = fault(made_up_copy, "workloads.yaml")
    assert (found.entry, found.field) == ("preset english", "workload.vector_store")
    assert "'rom'" in found.problem and "'ram'" in found.remedy


def test_a_file_named_against_the_ids_is_refused(made_up_copy):
    (made_up_copy / VARIANT).rename(made_up_copy / "families/acme/variants/Multi_.yaml")
    assert any(
        found.file.endswith("/Multi_.yaml") and "'Multi_'" in found.problem
        for found in refused(made_up_copy)
    )


def test_the_environment_names_another_catalog(made_up_copy, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up_copy))
    assert catalogs.load().folder == made_up_copy and "multi" in catalogs.load().variants


def test_the_fingerprint_changes_with_a_file(made_up_copy, edit):
    before = catalogs.fingerprint(made_up_copy)
    edit(made_up_copy / VARIANT, "name: Multi", "name: Mulit")
    assert catalogs.fingerprint(made_up_copy) != before


def test_the_version_follows_the_content_not_the_folder(made_up_copy, made_up, edit):
    assert catalogs.load(made_up_copy).version == made_up.version
    edit(made_up_copy / OFFER, FIRST, 'usd_per_1m_input: "0.21"')
    assert catalogs.load(made_up_copy).version != made_up.version


def test_a_withdrawn_offer_is_in_the_catalog_and_does_not_stand(made_up, made_up_copy):
    loaded = withdraw(made_up_copy)
    offers = {offer.id: offer for _, _, offer in loaded.offers()}
    assert offers.keys() == {offer.id for _, _, offer in made_up.offers()}
    standing = {offer.id for _, _, offer in loaded.standing_offers()}
    assert offers.keys() - standing == {"beta-big-en"}
    assert "beta-big-en" in {offer.id for _, _, offer in made_up.standing_offers()}
    gone = offers["beta-big-en"]
    assert (gone.withdrawn.on.isoformat(), gone.withdrawn.reason) == (DAY, REASON)
    assert ("withdrawn.sources", SOURCE) in gone.all_source_ids()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a:\tb", id="tab"),
        pytest.param("a: !", id="tag"),
        pytest.param("a: [!, b]", id="tag in a list"),
        pytest.param("a: !!int 010", id="tag that fits"),
        pytest.param("a: >#b", id="comment behind a block's sign"),
        pytest.param("a:\n\ufeff  b: c", id="byte order mark"),
        pytest.param("a: &b c", id="anchor"),
        pytest.param("a: 1_000\nb: 010\nc: .5\nd: no\ne: ~\nf: 2026-11-30\nno: true", id="scalars"),
        pytest.param("a: 'b\n\n  c'\nd: >-\n  e\n  f\ng: |+\n  h\n", id="texts over lines"),
        pytest.param("a: \U0001f600 é\r\nb: \x85c", id="beyond ASCII"),
    ],
)
def test_yaml_is_read_the_same_with_and_without_libyaml(monkeypatch, text):
    read = with_libyaml(monkeypatch, False, text), with_libyaml(monkeypatch, True, text)
    assert repr(read[0]) == repr(read[1])


def test_the_shipped_files_are_read_the_same_with_and_without_libyaml(monkeypatch):
    for path in sorted(SHIPPED.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        read = with_libyaml(monkeypatch, False, text), with_libyaml(monkeypatch, True, text)
        assert isinstance(read[0], dict) and repr(read[0]) == repr(read[1])


def with_libyaml(monkeypatch, has_it, text):
    """What a text is, or its fault, where PyYAML has libyaml or lacks it."""
    with monkeypatch.context() as patch:
        if not has_it:
            patch.setattr(files, "_QuickLoader", None)
        return PARSE(text, "some.yaml")
