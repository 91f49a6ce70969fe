"""Compare through AppTest: what decides on Advise comes first, in the languages of the address."""

import re

import pytest

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog.load import today
from advisor.decide.recommend import recommend
from advisor.family import comparison
from pages.parts import session
from pages.parts.markdown import plain
from tests.visiting import opened

PAIR = {"variants": ["bge-m3", "bge-large-en-v1.5"]}


def tables(page):
    """The rows of each table by the text for those who do not see it."""
    return {table.proto.alt: table.value.to_numpy().astype(str).tolist() for table in page.table}


def text_of(page):
    """Headings, sentences and tables in the order of the page."""
    parts = []
    for element in page.main:
        if element.type == "table":
            parts += [element.proto.alt, *element.value.to_numpy().astype(str).flatten()]
        elif isinstance(value := getattr(element, "value", None), str):
            parts.append(value)
    return "\n".join(parts)


def standing(page):
    """Names of the models in the first table of scores, as they stand."""
    rows = next(rows for alt, rows in tables(page).items() if alt.startswith("The scores"))
    return [re.match(r"\[(.*?)\]", row[0])[1] for row in rows], [row[1] for row in rows]


@pytest.mark.parametrize("params", [PAIR, {}])
def test_in_english_large_stands_ahead_of_m3_as_on_advise(catalog, params):
    page = opened("compare", **params)
    scores = recommend(catalog, Workload(), today()).steps[0].evidence.scores
    large = formatting.points(scores["bge-large-en-v1.5"])
    assert standing(page) == (["BGE Large EN v1.5", "BGE M3"], [large, "none"])
    text = text_of(page)
    assert "too few to rank by" in text
    assert re.search(r"all of these have\\\\?: BGE Large EN v1\.5 5\d\.\d and BGE M3 44\.2\.", text)


def test_the_deciding_scores_come_before_all_others_and_caveats_stand_by_the_figures(catalog):
    text = text_of(opened("compare", **PAIR))
    hard = catalog.evidence_sets["miracl-hard-negatives"]
    order = [
        "Published scores",
        "The scores that decide for English",
        plain(catalog.evidence_sets["mteb-eng-v1-retrieval"].caveat),
        "Not used for English",
        "57.7",
        plain(hard.caveat),
        "Facts",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "57.7" not in text[: text.index("Not used for")]


def test_the_languages_of_the_address_decide(catalog):
    page = opened("compare", languages=["de"], **PAIR)
    names, points = standing(page)
    assert names == ["BGE M3", "BGE Large EN v1.5"] and points[1] == "none"
    assert "does not support German" in text_of(page)
    assert plain(catalog.evidence_sets["miracl-paper"].caveat) in text_of(page)
    page.multiselect(key="languages").set_value(["en"]).run()
    assert standing(page)[0] == ["BGE Large EN v1.5", "BGE M3"]
    page.multiselect(key="languages").set_value([]).run()
    assert not page.exception and len(page.error) == 1
    page.button(key="mend-languages").click().run()
    assert page.multiselect(key="languages").value == ["en"] and standing(page)[0]


def test_a_language_by_name_is_taken_and_what_is_none_is_mended_where_it_stands():
    page = opened("compare", languages=["German"], **PAIR)
    assert "The scores that decide for German" in text_of(page)
    page = opened("compare", languages=["Germn", "fr"], **PAIR)
    assert [error.value for error in page.error] == ["'Germn' is not a language code or name."]
    page.button(key="mend-languages").click().run()
    assert page.multiselect(key="languages").value == ["de", "fr"] and not page.error
    assert standing(page)[0][0] == "BGE M3"


def test_two_kinds_have_a_table_each():
    page = opened("compare", variants=["bge-m3", "bge-reranker-base"])
    alts = [alt for alt in tables(page) if alt.startswith("The scores")]
    assert ["embedders" in alt for alt in alts] == [True, False] and "rerankers" in alts[1]
    assert comparison.WITHOUT_A_SCORE in text_of(page)


def test_it_starts_from_the_last_question_of_the_visit_but_a_link_counts_more():
    stored = {session.STORED: {"languages": ["de"], "outputs": ["sparse"]}}
    page = opened("compare", stored, **PAIR)
    assert page.multiselect(key="languages").value == ["de"]
    assert page.multiselect(key="variants").value == PAIR["variants"]
    assert "sparse vectors" in text_of(page)
    linked = opened("compare", stored, languages=["en"], **PAIR)
    assert linked.multiselect(key="languages").value == ["en"]
    assert "sparse vectors" not in text_of(linked)


@pytest.mark.parametrize(
    "odd",
    [{"passages": "x"}, {"vector_store": "../etc"}, {"odd": "1"}],
)
def test_what_a_link_cannot_mean_leaves_the_rest(odd):
    page = opened("compare", **PAIR, **odd)
    assert standing(page)[0] == ["BGE Large EN v1.5", "BGE M3"]
    assert bool(page.warning) == bool(odd.keys() & {"passages", "vector_store"})


def test_tokens_added_to_a_query_are_told():
    cells = tables(opened("compare", variants=["bge-multilingual-gemma2", "bge-small-en-v1.5"]))
    rows = {
        row[1]: row[2:] for alt, rows in cells.items() if alt.startswith("Facts") for row in rows
    }
    assert rows["Tokens added to a query"] == [
        "about 19, estimated",
        "2, and 8 more with the optional instruction",
    ]
    assert rows["Tokens added to a passage"] == ["about 2, estimated", "2"]


@pytest.mark.parametrize(
    ("priority", "words"),
    [
        (
            "balanced",
            "Among models within 5 points of the best, BGE Multilingual Gemma2 (59.2), cost decides",
        ),
        ("quality", "Among models within 0.5 points of the best"),
        ("cost", "these scores only decide between equal costs"),
    ],
)
def test_it_says_how_far_the_scores_decide(priority, words):
    assert words in text_of(opened("compare", priority=priority, **PAIR))


@pytest.mark.parametrize("fault", [{"passage_tokens": "900"}, {"measured_tokens": "8"}])
def test_a_link_with_a_fault_leaves_the_question_of_the_visit(fault):
    before = {"passages": "777", "priority": "cost"}
    page = opened("compare", {session.STORED: before}, languages=["de"], **PAIR, **fault)
    assert page.warning and page.session_state[session.STORED] == before | {"languages": ["de"]}


def test_a_language_model_is_told_to_do_another_job():
    page = opened("compare", variants=["bge-m3", "aquila2-7b"])
    assert "A language model generates text" in page.warning[0].value
