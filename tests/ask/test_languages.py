import pytest
from iso639 import ALL_LANGUAGES

from advisor.ask import languages
from advisor.ask.languages import code, nearest, remedy
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.decide import query
from pages.parts import old_links

NAMES = {
    "en": "en", "EN": "en", "eng": "en", "English": "en", "ENGLISH": "en", " english ": "en",
    "ger": "de", "deu": "de", "German": "de", "fre": "fr", "fra": "fr",
    "Greek": "el", "Modern Greek": "el", "Swahili": "sw", "Castilian": "es", "Croatian": "hr", "Serbian": "sr",
    "Norwegian Bokmål": "nb", "norwegian bokmal": "nb", "Māori": "mi", "Haitian Creole": "ht",
    "Farsi": "fa", "Mandarin": "zh", "Cantonese": "yue", "cmn": "zh", "arb": "ar", "swh": "sw",
    "iw": "he", "in": "id", "bh": "bh", "nah": "nah", "Klingon": "tlh", "tlh": "tlh", "aaa": "aaa",
}  # fmt: skip
NEAREST = {
    "Germn": "German (de)", "Englich": "English (en)", "Portugese": "Portuguese (pt)", "jp": "Japanese (ja)",
    "CN": "Chinese (zh)", "Deutsch": "German (de)", "Français": "French (fr)", "en-US": "English (en)",
    "pt_BR": "Portuguese (pt)", "xx": "Xhosa (xh)",
}  # fmt: skip


@pytest.mark.parametrize(("stated", "expected"), NAMES.items())
def test_a_code_or_an_english_name_in_any_case_is_a_code(stated, expected):
    assert code(stated) == expected
    assert Workload.of({"languages": [stated]}).languages == (expected,)


@pytest.mark.parametrize(("stated", "suggested"), NEAREST.items())
def test_what_is_no_language_is_refused_with_the_nearest(stated, suggested):
    with pytest.raises(WorkloadError) as error:
        Workload.of({"languages": ["en", stated]})
    assert (
        str(error.value) == f"languages.1: {stated!r} is no language.\n  Did you mean {suggested}?"
    )


@pytest.mark.parametrize("stated", ["", "x" * 100_000, "日本語", "qwertyuiop", "\ud800"])
def test_where_nothing_is_near_it_says_how_a_language_is_written(stated):
    assert code(stated) is None and nearest(stated) is None and "such as German" in remedy(stated)


def test_every_language_of_the_catalog_is_one_under_its_own_code(catalog):
    models = {key for variant in catalog.variants.values() for key in variant.languages or ()}
    scored = {key for one in catalog.evidence_sets.values() for key in one.languages or ()}
    assert {key for key in models | scored if code(key) != key} == set() != models


def test_the_codes_of_two_letters_are_those_of_the_standard():
    standard = {language.part1 for language in ALL_LANGUAGES} - {None}
    assert (
        standard == languages._TWO_LETTERS
        and {key for key in standard if code(key) == key} == standard
    )


def test_a_workload_of_the_presets_is_the_same_by_name(catalog):
    preset = catalog.presets["languages-by-name"].workload
    by_name = preset | {"languages": ["German", "english", "FRA"]}
    assert Workload.of(by_name) == Workload.of(preset)


def test_a_language_that_is_stated_twice_counts_once():
    assert Workload.of({"languages": ["German", "de", "FRA", "DEU"]}).languages == ("de", "fr")


def test_every_way_in_takes_names(catalog):
    for question in (
        query.of_json(catalog, {"languages": ["German", "english"]}),
        query.of_params(catalog, {"languages": ["German", "english"]}),
    ):
        assert question.workload.languages == ("de", "en")
    with pytest.raises(query.QuestionError, match=r"Did you mean German \(de\)"):
        query.of_json(catalog, {"languages": ["Germn"]})


def test_the_address_of_a_page_has_codes_and_says_what_is_none():
    clean = old_links.under_new_names({"languages": ["German", "DE", "Germn", "fr"]})
    assert clean == {"languages": ["de", "Germn", "fr"]}
    assert query.ignored({"languages": ["German", "fr"]}, {}) == []
    (sentence,) = query.ignored({"languages": ["German", "Germn"]}, {})
    assert sentence == "languages=German,Germn: 'Germn' is no language. Did you mean German (de)?"
