"""What is said of a family that has none of what BGE alone has."""

import shutil

import pytest
import yaml

from advisor import catalog as catalogs
from advisor.base.errors import CatalogError
from advisor.family import faq, price_list
from advisor.family.advice import use_when
from advisor.serve import cli
from tests.family.second_family import EDITS, changed, faults_of, listing_of, only, sentences


def answers(root, view="verified"):
    catalog = catalogs.load(root)
    return [answer.answer for answer in faq.answers(catalog, catalog.families["nova"], view)]


@pytest.mark.parametrize(
    "text",
    ["It reaches up to None context.", "It has 1 listed variants.", "1 models", "up to nan tokens",
     "0 tokens in A", "up to not known tokens", "two  spaces", "a , b"],
)  # fmt: skip
def test_the_checks_see_what_they_are_for(text):
    assert faults_of(text)


@pytest.mark.parametrize("edit", EDITS)
def test_every_sentence_reads_well(second_family, edit):
    EDITS[edit](second_family)
    catalog = catalogs.load(second_family)
    texts = list(sentences(catalog))
    assert [(text, faults) for text in texts if (faults := faults_of(text))] == []
    assert all(text[0].isupper() and text.endswith(".") for text in texts)


def test_what_is_said_of_the_family(second_family, pinned):
    catalog = catalogs.load(second_family)
    assert list(sentences(catalog)) == pinned


def test_the_listing_is_printed(second_family, monkeypatch, capsys):
    monkeypatch.setenv("ADVISOR_CATALOG", str(second_family))
    assert cli.main(["validate"]) == 0 and cli.main(["listing", "--family", "nova"]) == 0
    view = yaml.safe_load(capsys.readouterr().out.partition("\n")[2])
    assert view["family"]["max_context"] == "2M" and view["variants"][2]["context"] == "32,768"


def test_a_replaced_variant_is_nowhere_offered(second_family):
    catalog = catalogs.load(second_family)
    family = catalog.families["nova"]
    assert family.variants["nova-old"].replaced_by and "nova-old" not in family.current
    (which,) = (a for a in faq.answers(catalog, family, "verified") if a.question[:5] == "Which")
    assert "Nova Old" not in which.answer and "0.001" not in which.answer
    assert price_list.lowest(catalog, family, "embedder").offers[0][2].id == "nova-cloud-sparse"
    for key in family.current:
        advice = use_when(catalog, key)
        assert not any("Nova Old" in claim.text for claim in (*advice.wins, *advice.not_when))


def test_a_family_of_which_all_are_replaced_offers_none(second_family):
    EDITS["all replaced"](second_family)
    assert answers(second_family)[2].startswith("None for new work")


def test_advice_of_what_is_replaced_twice_names_the_last(second_family):
    path = second_family / "families/nova/variants/nova-long.yaml"
    changed(path, lambda content: content.update(replaced_by="nova-sparse"))
    assert "Nova Sparse" in use_when(catalogs.load(second_family), "nova-old").sentence


@pytest.mark.parametrize(
    ("variant", "successor", "fault"),
    [
        ("nova-long", "nova-long", "leads back to 'nova-long'"),
        ("nova-long", "nova-old", "leads back to"),
        ("nova-long", "nova-rank", "'nova-rank' does another job"),
    ],
)
def test_what_cannot_replace_a_variant_is_refused(second_family, variant, successor, fault):
    path = second_family / f"families/nova/variants/{variant}.yaml"
    changed(path, lambda content: content.update(replaced_by=successor))
    with pytest.raises(CatalogError, match=fault):
        catalogs.load(second_family)


def test_a_family_is_not_compared_with_itself(second_family):
    path = second_family / "families/nova/family.yaml"
    changed(path, lambda content: content.update(compared_with="nova"))
    with pytest.raises(CatalogError, match="it is the family itself"):
        catalogs.load(second_family)


def test_languages_of_a_variant_have_the_codes_that_questions_have(second_family):
    path = second_family / "families/nova/variants/nova-sparse.yaml"
    changed(path, lambda content: content.update(languages=["swh", "German", "DEU"]))
    assert catalogs.load(second_family).variants["nova-sparse"].languages == ["sw", "de", "de"]
    changed(path, lambda content: content.update(languages=["Germn"]))
    with pytest.raises(
        CatalogError, match=r"'Germn' is not a language code or name.\n.*German \(de\)"
    ):
        catalogs.load(second_family)


@pytest.mark.parametrize(
    ("kept", "compared_with", "jobs"),
    [
        ("nova-rank", "aquila-2", "They do different jobs."),
        (None, "bge", "They do the same jobs: both have embedders and rerankers."),
        ("nova-rank", "bge", "Both have rerankers; only BGE has embedders."),
    ],
)
def test_two_families_are_compared_by_the_kinds_of_their_variants(
    second_family, kept, compared_with, jobs
):
    if kept:
        only(second_family, kept)
    path = second_family / "families/nova/family.yaml"
    changed(path, lambda content: content.update(compared_with=compared_with))
    assert answers(second_family)[1].startswith(jobs)


def test_two_families_of_one_kind_do_the_same_job(second_family):
    only(second_family, "nova-rank")
    twin = shutil.copytree(second_family / "families/nova", second_family / "families/twin")
    (twin / "variants/nova-rank.yaml").rename(twin / "variants/twin-rank.yaml")
    for name in ("listing.yaml", "faq.yaml"):
        (twin / name).unlink()
    listing_of(second_family, related=None)
    for key, name, other in (("nova", "Nova", "twin"), ("twin", "Twin", None)):
        path = second_family / f"families/{key}/family.yaml"
        stated = {"name": name, "compared_with": other}
        changed(path, lambda content, stated=stated: content.update(stated))
    answer = answers(second_family)[1]
    assert answer.startswith("They do the same job: both have rerankers.")
    assert answer.endswith("1,500 tokens in Nova and 1,500 in Twin."), "it has no other"


def test_unknown_lengths_are_said_to_be_unknown(second_family):
    EDITS["no lengths and no days"](second_family)
    assert "of Nova none is known" in answers(second_family)[1]
    changed(
        second_family / "families/bge/family.yaml",
        lambda content: content.update(compared_with="nova"),
    )
    listing_of(second_family, related=None)
    changed(
        second_family / "families/bge/listing.yaml", lambda content: content.update(related=None)
    )
    catalog = catalogs.load(second_family)
    answer = faq.answers(catalog, catalog.families["bge"], "verified")[1].answer
    assert "The longest input is 8,192 tokens in BGE; of Nova none is known." in answer


def test_a_correction_of_the_capabilities_is_told_as_it_stands(second_family):
    first = answers(second_family)[0]
    assert "embedding and reranking" in first and "coding" not in first
    assert "Nova Long and Nova Sparse give dense and sparse vectors; the others" in first


def test_only_rich_embedders_leave_no_others(second_family):
    only(second_family, "nova-sparse")
    assert "Nova Sparse gives dense and sparse vectors." in answers(second_family)[0]


def fault(root, file):
    with pytest.raises(CatalogError) as error:
        catalogs.load(root)
    (one,) = error.value.faults
    assert one.file == f"catalog/families/nova/{file}"
    return one


@pytest.mark.parametrize(
    ("edit", "field", "words"),
    [
        ({"related": {"max_context": "long"}}, "related.max_context", "8k or 1M"),
        ({"related": {"max_context": 512}}, "related.max_context", 'Write it in quotes: "512"'),
        ({"related": {"name": "Acme"}}, "related.name", "'Acme' is not 'BGE'"),
        ({"related": {"developer": "Acme"}}, "related.developer", "Leave developer out"),
        ({"variants": []}, "variants", "Write the entries"),
    ],
)
def test_a_listing_that_cannot_be_read_is_a_fault_with_its_remedy(
    second_family, edit, field, words
):
    listing_of(second_family, **edit)
    one = fault(second_family, "listing.yaml")
    assert one.field == field and words in f"{one.problem} {one.remedy}"


def test_a_row_without_a_readable_context_is_a_fault_with_its_remedy(second_family, edit):
    edit(second_family / "families/nova/listing.yaml", "context: 1M", "context: 8 pages")
    one = fault(second_family, "listing.yaml")
    assert one.field == "variants.0.context" and "'8 pages'" in one.problem
    assert "512, 32,768, 8k or 1M; null for a dash" in one.problem


def test_a_related_family_outside_the_catalog_states_its_name(second_family):
    changed(
        second_family / "families/nova/family.yaml", lambda content: content.pop("compared_with")
    )
    one = fault(second_family, "listing.yaml")
    assert one.field == "related" and "compared_with" in one.remedy
    listing_of(second_family, related={"name": "Acme", "developer": "Acme Labs"})
    assert "while Acme by Acme Labs is the closest" in answers(second_family, "listed")[1]


def test_a_related_family_that_is_named_twice_alike_is_accepted(second_family):
    listing_of(second_family, related={"name": "BGE", "max_context": "8K"})
    assert "while BGE reaches up to 8K context" in answers(second_family, "listed")[1]
