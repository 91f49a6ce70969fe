import pytest
from iso639 import ALL_LANGUAGES

from advisor.ask import languages
from advisor.ask.languages import code, codes, nearest, remedy
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.decide import query
from pages.parts import old_links

NAMES = {
    "en": "en", "EN": "en", "eng": "en", "English": "en", "ENGLISH": "en", " english ": "en",
    "ger": "de", "deu": "de", "German": "de", "fre": "fr", "fra": "fr",
    "Greek": "el", "Modern Greek": "el", "Swahili": "sw", "Castilian": "es", "Croatian": "hr", "Serbian": "sr",
    "Norwegian Bokmål": "no", "norwegian bokmal": "no", "nb": "no", "nn": "nn", "Māori": "mi", "Haitian Creole": "ht",
    "Occitan": "oc", "Konkani": "kok", "Dogri": "doi", "Nahuatl": "nah", "Mandarin Chinese": "zh",
    "Farsi": "fa", "Mandarin": "zh", "Cantonese": "yue", "cmn": "zh", "arb": "ar", "swh": "sw", "als": "sq", "fil": "tl",
    "iw": "he", "in": "id", "bh": "bh", "nah": "nah", "Klingon": "tlh", "tlh": "tlh", "aaa": "aaa",
}  # fmt: skip
NEAREST = {
    "Germn": "German (de)", "Englich": "English (en)", "Portugese": "Portuguese (pt)", "jp": "Japanese (ja)",
    "CN": "Chinese (zh)", "Deutsch": "German (de)", "Français": "French (fr)", "en-US": "English (en)",
    "pt_BR": "Portuguese (pt)", "Suomi": "Finnish (fi)", "Cebuan": "Cebuano (ceb)", "Low Germna": "Low German (nds)",
    "Simplified Chinese": "Chinese (zh)", "xx": "Xhosa (xh)",
}  # fmt: skip


@pytest.mark.parametrize(("stated", "expected"), NAMES.items())
def test_a_code_or_an_english_name_in_any_case_is_a_code(stated, expected):
    assert code(stated) == expected
    assert Workload.of({"languages": [stated]}).languages == (expected,)


@pytest.mark.parametrize(("stated", "suggested"), NEAREST.items())
def test_what_is_no_language_is_refused_with_the_nearest(stated, suggested):
    with pytest.raises(WorkloadError) as error:
        Workload.of({"languages": ["en", stated]})
    fault = f"languages.1: {stated!r} is not a language code or name.\n  Did you mean {suggested}?"
    assert str(error.value) == fault


@pytest.mark.parametrize("stated", ["", "x" * 100_000, "日本語", "qwertyuiop", "\ud800", "Hakka"])
def test_where_nothing_is_near_it_says_how_a_language_is_written(stated):
    assert code(stated) is None and nearest(stated) is None
    assert "such as German" in remedy(stated)


@pytest.mark.parametrize(
    "stated", ["und", "mis", "zxx", "mul", "Sami", "Ndebele", "Balochi", "en" + " " * 60 + "x", "ß"]
)
def test_what_stands_for_no_language_or_for_several_is_none(stated):
    assert code(stated) is None


def test_every_language_of_the_catalog_is_one_under_its_own_code(catalog):
    models = {key for variant in catalog.variants.values() for key in variant.languages or ()}
    scored = {key for one in catalog.evidence_sets.values() for key in one.languages or ()}
    assert {key for key in models | scored if code(key) != key} == set() != models


def test_the_codes_of_two_letters_are_those_of_the_standard():
    two = {language.part1: language.part3 for language in ALL_LANGUAGES if language.part1}
    assert set(two) == languages._TWO_LETTERS
    assert {three: key for key, three in two.items()} == languages._THREE_LETTERS
    assert {key for key in two if code(key) != key} == {"nb"}


def test_every_code_of_the_standard_is_taken_and_stays_the_same():
    living = [one for one in ALL_LANGUAGES if one.retire_reason is None and one.scope != "S"]
    for language in living:
        key = code(language.part3)
        assert key is not None and code(key) == key


def test_a_workload_of_the_presets_is_the_same_by_name(catalog):
    preset = catalog.presets["languages-by-name"].workload
    by_name = preset | {"languages": ["German", "english", "FRA"]}
    assert Workload.of(by_name) == Workload.of(preset)


def test_a_language_that_is_stated_twice_counts_once():
    assert Workload.of({"languages": ["German", "de", "FRA", "DEU"]}).languages == ("de", "fr")
    assert codes(["German", "de", "Germn"]) == ["de", "Germn"]


def test_one_language_may_stand_without_a_list():
    assert Workload.of({"languages": "German", "outputs": "sparse"}) == Workload(
        languages=("de",), outputs=("sparse",)
    )


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
    assert (
        sentence
        == "languages=German,Germn: 'Germn' is not a language code or name. Did you mean German (de)?"
    )
