"""Dumbbells: a mark a model, hollow for partial scores alone, with all figures in words too."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.base import formatting
from advisor.family.score_rows import ScoreRow, benchmark_rows, language_rows
from advisor.show import dumbbell
from advisor.show.slots import STEP
from tests.show.specs import layers, valid

FOUR = ["bge-m3", "bge-large-en-v1.5", "bge-base-en-v1.5", "bge-small-en-v1.5"]
PHONE, DIGIT, LETTER, BOLD = 330, 5.5, 5.6, 6.3  # pixels: a plot, and letters as measured there
NAMES = ["M3", "Large EN v1.5", "Base EN v1.5", "Small EN v1.5"]


def short(catalog, ids):
    return [catalog.variants[key].name.removeprefix("BGE ") for key in ids]


def shown(catalog, ids):
    """The charts of models that have any, with the rows of each."""
    by_language = language_rows(catalog, ids)
    for rows in (benchmark_rows(catalog, ids), by_language[1] if by_language else []):
        if rows:
            yield rows, dumbbell.chart(rows, short(catalog, ids))


def groups(catalog):
    for kind in ("embedder", "reranker"):
        ids = [key for key, variant in catalog.variants.items() if variant.kind == kind]
        for number in (2, 3, 4):
            yield from combinations(ids, number)


@pytest.fixture(scope="module")
def english(catalog):
    """M3 and Large: six whole tests, and five tasks of fifteen."""
    rows = benchmark_rows(catalog, FOUR[:2])
    return rows, valid(dumbbell.chart(rows, NAMES[:2]))


def drawn(spec):
    """The rows of a chart, and its marks."""
    (marks,) = layers(spec, "point")
    return spec["data"]["values"], marks["data"]["values"]


def made(made_up, *scores, partial="", label="Long"):
    return ScoreRow(label, scores, partial, made_up.evidence_sets["long"])


def test_every_model_has_its_mark_in_every_row_at_its_score(catalog):
    for ids in groups(catalog):
        for rows, chart in shown(catalog, ids):
            _, marks = drawn(chart.chart)
            assert len(marks) == len(rows) * len(ids)
            for index, (slot, shape, *_) in enumerate(dumbbell.MARKS[: len(ids)]):
                own = [mark for mark in marks if mark["slot"] == slot]
                assert {mark["shape"] for mark in own} == {shape}
                assert [mark["score"] for mark in own] == [row.scores[index] for row in rows]
                assert [mark["place"] for mark in own] == list(range(len(rows)))


def test_marks_are_told_apart_without_colour_and_the_key_has_the_same_signs():
    slots, shapes, _, signs = zip(*dumbbell.MARKS, strict=True)
    assert all(len(set(each)) == 4 for each in (slots, shapes, signs))
    assert dumbbell.key(NAMES[:2]) == [("blue", "●", "M3"), ("orange", "■", "Large EN v1.5")]
    assert dumbbell.key(NAMES)[2:] == [("gray", "◆", "Base EN v1.5"), ("", "▲", "Small EN v1.5")]


def test_a_row_is_hollow_dashed_and_says_of_how_many_tests_exactly_where_it_is_partial(english):
    rows, spec = english
    values, marks = drawn(spec)
    partial = {place for place, row in enumerate(rows) if row.partial}
    assert partial == {6}
    assert {mark["place"] for mark in marks if mark["filled"] == 0} == partial
    assert {mark["place"] for mark in marks if mark["filled"] == 1}.isdisjoint(partial)
    assert {value["place"] for value in values if value["partial"]} == partial
    assert values[6]["label"] == "English (5 of 15 tests)"
    (join,) = layers(spec, "rule")
    assert join["encoding"]["strokeDash"]["condition"]["test"] == "datum.partial"


def test_a_line_joins_the_least_and_the_most_and_these_have_their_values_beside_them(catalog):
    rows = benchmark_rows(catalog, FOUR)
    spec = valid(dumbbell.chart(rows, NAMES))
    values, _ = drawn(spec)
    for row, value in zip(rows, values, strict=True):
        assert (value["least"], value["most"]) == (min(row.scores), max(row.scores))
        assert value["least_points"] == formatting.points(min(row.scores))
        assert value["most_points"] == formatting.points(max(row.scores))
        points = [value[f"points{index}"] for index in range(4)]
        assert points == [formatting.points(score) for score in row.scores]
    (join,) = layers(spec, "rule")
    assert join["encoding"]["x2"] == {"field": "most"}
    *_, least, most = layers(spec, "text")
    assert (least["mark"]["align"], most["mark"]["align"]) == ("right", "left")
    assert least["mark"]["dx"] == -most["mark"]["dx"] < 0
    tooltip = {
        each["field"]: each["title"] for each in layers(spec, "point")[0]["encoding"]["tooltip"]
    }
    assert [tooltip[f"points{index}"] for index in range(4)] == NAMES


def test_who_leads_stands_at_the_right_end_in_bold_with_the_points_between(english, made_up):
    rows, spec = english
    values, _ = drawn(spec)
    for row, value in zip(rows, values, strict=True):
        name = NAMES[row.scores.index(max(row.scores))]
        assert value["lead"] == f"{name} {formatting.points(row.margin, sign=True)}"
    label, lead, *_ = layers(spec, "text")
    assert label["encoding"]["x"] == {"value": 0} and lead["encoding"]["x"] == {"value": "width"}
    assert lead["mark"]["fontWeight"] == 700 and lead["mark"]["align"] == "right"
    for scores, words in (((50.04, 50.0), "equal"), ((50.0, 40.0, 50.0), "equal at the top")):
        (value,), _ = drawn(dumbbell.chart([made(made_up, *scores)], NAMES[: len(scores)]).chart)
        assert value["lead"] == words


def test_names_and_leads_have_room_beside_each_other_on_a_phone(catalog):
    for ids in groups(catalog):
        for _, chart in shown(catalog, ids):
            for value in drawn(chart.chart)[0]:
                taken = LETTER * len(value["label"]) + BOLD * len(value["lead"])
                assert taken < PHONE, value
                assert LETTER * len(value["label"]) < PHONE - value["room"], "it is not cut"


SCORES = st.floats(0, 100).map(lambda score: round(score, 1))


@given(st.lists(st.lists(SCORES, min_size=2, max_size=4), min_size=1, max_size=4))
def test_values_beside_marks_stay_in_the_plot_of_a_phone(made_up, by_row):
    number = min(map(len, by_row))
    rows = [made(made_up, *scores[:number]) for scores in by_row]
    spec = dumbbell.chart(rows, NAMES[:number]).chart
    low, high = spec["encoding"]["x"]["scale"]["domain"]
    assert low <= -4 and high >= 92
    ticks = spec["encoding"]["x"]["axis"]["values"]
    assert ticks[0] == 0 and ticks[-1] in (80, 100) and ticks[-1] <= high
    *_, least, most = layers(spec, "text")
    for value in drawn(spec)[0]:
        left, right = (PHONE * (value[end] - low) / (high - low) for end in ("least", "most"))
        assert left + least["mark"]["dx"] - DIGIT * len(value["least_points"]) >= -0.5
        assert right + most["mark"]["dx"] + DIGIT * len(value["most_points"]) <= PHONE + 0.5


def test_rows_have_the_same_height_however_many_there_are(made_up):
    specs = [dumbbell.chart([made(made_up, 9, 1)] * number, NAMES[:2]).chart for number in (1, 9)]
    assert specs[1]["height"] - specs[0]["height"] == 8 * STEP
    assert all(spec["encoding"]["y"]["axis"] is None for spec in specs)


def test_the_words_hold_every_figure_and_say_what_is_partial(english):
    rows, _ = english
    alt = dumbbell.chart(rows, NAMES[:2]).alt
    assert alt.startswith("Scores from 0 to 100. Long documents: M3 59.5, Large EN v1.5 40.1; ")
    assert alt.endswith(
        "; English (only the 5 of 15 tests that both took): M3 44.2, Large EN v1.5 54.9."
    )
    for row in rows:
        assert row.label in alt and all(formatting.points(score) in alt for score in row.scores)


def test_of_more_than_two_the_words_say_that_all_took_the_tests(catalog):
    alt = dumbbell.chart(benchmark_rows(catalog, FOUR), NAMES).alt
    assert "English (only the 5 of 15 tests that all took): M3 44.2, " in alt


@pytest.mark.parametrize(
    ("scores", "title"),
    [
        ([(9, 1)], "M3 leads in the only test with scores: Long"),
        ([(9, 9)], "No model leads in the only test with scores: Long"),
        ([(9, 1), (9, 2)], "M3 leads in both tests"),
        ([(9, 1), (9, 2), (9, 3)], "M3 leads in all 3 tests"),
        ([(9, 9), (9, 9)], "No model leads in both tests"),
        ([(9, 1), (9, 2), (1, 9)], "M3 leads in 2 of 3 tests, Large EN v1.5 in 1"),
        ([(1, 9), (9, 9), (9, 9)], "Large EN v1.5 leads in 1 of 3 tests, equal in 2"),
    ],
    ids=str,
)
def test_the_title_counts_who_leads(made_up, scores, title):
    rows = [made(made_up, *each) for each in scores]
    assert dumbbell.chart(rows, NAMES[:2]).title == title
    partial = made(made_up, 1, 99, partial="1 of 4 tests", label="Parts")
    both = dumbbell.chart([*rows, partial], NAMES[:2]).title
    assert both == f"{title}; in Parts, tested in part, {NAMES[1]} leads", "it counts for nobody"
    assert dumbbell.chart(rows, NAMES[:2], "M3 for all").title == "M3 for all"


def test_titles_of_languages_and_of_partial_rows_alone(catalog):
    _, rows = language_rows(catalog, FOUR[:2])
    assert dumbbell.chart(rows, NAMES[:2]).title == "M3 leads in all 18 languages"
    partial = benchmark_rows(catalog, ["bge-m3", "bge-multilingual-gemma2"])
    assert (
        dumbbell.chart(partial, ["M3", "Gemma2"]).title
        == "Only partial scores: Gemma2 leads in English"
    )
    assert dumbbell.chart([], NAMES[:2]) is None


def test_the_table_has_the_same_figures_as_numbers_and_a_note_where_one_is_partial(
    english, catalog
):
    rows, _ = english
    table = dumbbell.table_rows(rows, NAMES[:2])
    assert table[0] == {"Test": "Long documents", "M3": 59.5, "Large EN v1.5": 40.1, "Note": ""}
    assert table[-1]["Note"] == "only 5 of 15 tests" and len(table) == len(rows)
    _, languages = language_rows(catalog, FOUR[:2])
    table = dumbbell.table_rows(languages, NAMES[:2])
    assert table[-1] == {"Language": "English", "M3": 57.7, "Large EN v1.5": 50.8}
