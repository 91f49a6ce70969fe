import re

import numpy as np
import pytest

from advisor.encode.engine import Scores
from advisor.live import charts, results
from tests.live.samples import ROWS, TEXTS, figures, hits
from tests.show.specs import layers, rows, valid
from tests.show.test_slots import THEME, contrast, slot_colours


def test_a_heatmap_has_a_cell_for_every_two_sentences():
    likeness = results.likeness(TEXTS, ROWS)
    chart = charts.heatmap(likeness)
    spec = valid(chart)
    drawn = {
        (row["row"], row["column"]): (row["shown"], row["one"], row["other"]) for row in rows(spec)
    }
    assert (
        len(drawn) == 9
        and drawn["1", "3"] == ("-0.60", TEXTS[0], TEXTS[2])
        and drawn["2", "2"] == ("1.00", TEXTS[1], TEXTS[1])
    )
    assert chart.title == likeness.sentence
    (rects,) = layers(spec, "rect")
    assert rects["encoding"]["opacity"]["scale"]["domain"] == pytest.approx([-0.6, 1.0], abs=1e-6)


def test_those_who_do_not_see_a_chart_are_told_its_figures(pinned):
    heatmap = charts.heatmap(results.likeness(TEXTS, ROWS)).alt
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
    slope = charts.slope(moves).alt
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


def over(colour, ground, opacity):
    """`#rrggbb` of a colour laid over a ground."""
    pairs = ((int(c[n : n + 2], 16) for c in (colour, ground)) for n in (1, 3, 5))
    return "#" + "".join(f"{round(opacity * a + (1 - opacity) * b):02x}" for a, b in pairs)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("strength", charts.STRENGTH)
def test_the_words_of_a_heatmap_can_be_read_on_every_cell(mode, strength):
    spec = valid(charts.heatmap(results.likeness(TEXTS, ROWS)))
    (cells,), (words,) = layers(spec, "rect"), layers(spec, "text")
    cell, ink = (each["encoding"]["color"]["datum"] for each in (cells, words))
    colours = slot_colours(mode)
    ground = over(colours[cell], THEME[mode]["backgroundColor"], strength)
    assert contrast(colours[ink], ground) >= 4.5


def test_a_heatmap_of_sentences_with_one_vector_is_drawn():
    chart = charts.heatmap(results.likeness(("a", "b"), np.array([[1, 0], [1, 0]], np.float32)))
    assert valid(chart) and figures(chart.alt) == {"1", "2", "1.00"}


def test_a_slope_has_the_places_of_each_passage():
    moves = results.reranked(
        hits("a", "b", "c"), Scores(np.array([0, 2, 1], dtype=np.float32), "logit", 0.1)
    )
    chart = charts.slope(moves)
    spec = valid(chart)
    places, moved = {}, {}
    for row in rows(spec):
        places.setdefault(row["passage"], []).append(row["place"])
        moved[row["passage"]] = row["moved"]
    assert (
        places == {"a": [1, 3], "b": [2, 1], "c": [3, 2]} and moved["b"] == moved["c"] != moved["a"]
    )
    assert chart.title == results.moves_sentence(moves)
    came_up = {row["passage"] for row in rows(spec) if row["slot"] == "one"}
    assert came_up == {"b", "c"}


def test_a_passage_that_stays_is_marked_so(pinned):
    moves = results.reranked(
        hits("a", "b", "c"), Scores(np.array([3, 1, 2], dtype=np.float32), "logit", 0.1)
    )
    moved = {row["passage"]: row["moved"] for row in rows(valid(charts.slope(moves)))}
    assert len(set(moved.values())) == 3
    assert moved == pinned  # a stayed, b went down, c came up
