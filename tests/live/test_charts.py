import re

import numpy as np
import pytest

from advisor.encode.engine import Scores
from advisor.live import charts, results
from tests.live.samples import ROWS, TEXTS, figures, hits


def valid(chart):
    """The chart's specification, once Altair has held it to the schema of Vega-Lite."""
    return chart.chart.to_dict()


def layers_of(spec, mark):
    return [layer for layer in spec["layer"] if layer["mark"]["type"] == mark]


def frame(spec):
    (rows,) = spec["datasets"].values()
    return rows


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_heatmap_has_a_cell_for_every_two_sentences(theme):
    likeness = results.likeness(TEXTS, ROWS)
    chart = charts.heatmap(likeness, theme)
    spec = valid(chart)
    drawn = {
        (row["row"], row["column"]): (row["shown"], row["one"], row["other"]) for row in frame(spec)
    }
    assert (
        len(drawn) == 9
        and drawn["1", "3"] == ("-0.60", TEXTS[0], TEXTS[2])
        and drawn["2", "2"] == ("1.00", TEXTS[1], TEXTS[1])
    )
    assert chart.title == likeness.sentence
    (rects,) = layers_of(spec, "rect")
    assert rects["encoding"]["color"]["scale"]["domain"] == pytest.approx([-0.6, 1.0], abs=1e-6)


def test_those_who_do_not_see_a_chart_are_told_its_figures(pinned):
    heatmap = charts.heatmap(results.likeness(TEXTS, ROWS), "light").alt
    assert re.findall(r"-?\d(?:[.]\d+)?", heatmap) == [
        "1",
        "2",
        "0.80",
        "2",
        "3",
        "0.00",
        "1",
        "3",
        "-0.60",
    ]
    moves = results.reranked(
        hits("a", "b", "c"), Scores(np.array([0, 2, 1], dtype=np.float32), "logit", 0.1)
    )
    slope = charts.slope(moves, "light").alt
    assert re.findall(r"(?<=text of )[abc]|\d", slope) == [
        "b",
        "2",
        "1",
        "c",
        "3",
        "2",
        "a",
        "1",
        "3",
    ]
    assert {"heatmap": heatmap, "slope": slope} == pinned


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    return float(
        np.dot(
            [
                part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                for part in parts
            ],
            (0.2126, 0.7152, 0.0722),
        )
    )


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_words_of_a_heatmap_can_be_read_at_both_ends_of_its_colours(theme):
    spec = valid(charts.heatmap(results.likeness(TEXTS, ROWS), theme))
    (rects,), (words,) = layers_of(spec, "rect"), layers_of(spec, "text")
    weak, strong = rects["encoding"]["color"]["scale"]["range"]
    colour = words["encoding"]["color"]
    assert colour["value"] == charts.LEGIBLE[theme] and contrast(weak, colour["value"]) >= 4.5
    assert contrast(strong, colour["condition"]["value"]) >= 4.5


def test_a_heatmap_of_sentences_with_one_vector_is_drawn():
    chart = charts.heatmap(
        results.likeness(("a", "b"), np.array([[1, 0], [1, 0]], np.float32)), "light"
    )
    assert valid(chart) and figures(chart.alt) == {"1", "2", "1.00"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_slope_has_the_places_of_each_passage(theme):
    moves = results.reranked(
        hits("a", "b", "c"), Scores(np.array([0, 2, 1], dtype=np.float32), "logit", 0.1)
    )
    chart = charts.slope(moves, theme)
    spec = valid(chart)
    places, moved = {}, {}
    for row in frame(spec):
        places.setdefault(row["passage"], []).append(row["place"])
        moved[row["passage"]] = row["moved"]
    assert (
        places == {"a": [1, 3], "b": [2, 1], "c": [3, 2]} and moved["b"] == moved["c"] != moved["a"]
    )
    assert chart.title == results.moves_sentence(moves)
    (words,) = layers_of(spec, "text")
    assert words["encoding"]["color"] == {"value": charts.LEGIBLE[theme]}


def test_a_passage_that_stays_is_marked_so(pinned):
    moves = results.reranked(
        hits("a", "b", "c"), Scores(np.array([3, 1, 2], dtype=np.float32), "logit", 0.1)
    )
    moved = {row["passage"]: row["moved"] for row in frame(valid(charts.slope(moves, "light")))}
    assert len(set(moved.values())) == 3
    assert moved == pinned  # a stayed, b went down, c came up
