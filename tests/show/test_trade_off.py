"""Score against cost: a place on the axis for every plan, and the chart in words and in a table."""

import itertools
import math

import pytest

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import what_would_change
from advisor.show import tables, trade_off
from tests.asking import ask
from tests.show.specs import layers, rows, valid


def test_a_month_that_a_free_allocation_covers_has_a_place_on_an_axis_without_zero(made_up, today):
    small = Workload.of(
        {
            "task": "rerank",
            "queries_per_month": 2_000,
            "rerank_candidates": 10,
            "priority": "quality",
        }
    )
    recommendation = recommend(made_up, small, today)
    assert min(j.cost.low for j in recommendation.fitting("reranker")) == 0
    spec = valid(trade_off.chart(recommendation, "reranker"))
    assert all(row["low"] > 0 for row in rows(spec))
    assert min(spec["encoding"]["x"]["scale"]["domain"]) > 0


def test_every_drawn_plan_has_a_row_in_the_table_beneath_and_words(made_up):
    for stated in ({}, {"placement": "own"}, {"task": "retrieve-and-rerank"}):
        recommendation = ask(made_up, **stated)
        for step in recommendation.steps:
            chart = trade_off.chart(recommendation, step.kind)
            table = tables.trade_off_rows(recommendation, step.kind)
            drawn = tables.drawn(recommendation, step.kind)
            assert 1 < len(drawn) <= len(table)
            rows = {row["option"]: row for row in table}
            for j in drawn:
                score = formatting.points(j.quality)
                figures = {j.plan.variant.name, j.plan.where, score}
                assert all(figure in chart.alt for figure in figures)
                assert rows[j.id]["Score"] == float(score)
            assert {j.id for j in drawn} >= {
                part.id for part in recommendation.pick.parts if part.kind == step.kind
            } | what_would_change.front(recommendation, step.kind)


def test_of_two_at_the_same_price_the_title_names_the_one_that_comes_first(catalog):
    recommendation = ask(catalog, priority="quality")
    title = trade_off.chart(recommendation, "embedder").title
    first = ask(catalog).pick
    assert title.endswith(f"({first.named})") and "; 4.9 points less would save $" in title


@pytest.fixture(scope="module")
def english(catalog):
    return ask(catalog)


def test_the_recommended_option_alone_is_blue_larger_and_bold(english):
    marks = rows(valid(trade_off.chart(english, "embedder")))
    (blue,) = [mark for mark in marks if mark["slot"] == "one"]
    assert blue["id"] == english.pick.parts[0].id and blue["recommended"]
    assert blue["area"] > max(mark["area"] for mark in marks if mark is not blue)
    assert [mark for mark in marks if mark["recommended"]] == [blue]
    assert marks[-1] is blue, "it is drawn last, over its ties"


def test_each_model_that_fits_is_named_once_at_its_cheapest_option_or_the_recommended(english):
    marks = [mark for mark in rows(valid(trade_off.chart(english, "embedder"))) if mark["text"]]
    fits = {j.variant_id for j in english.fitting("embedder") if j.quality is not None}
    assert sorted(mark["variant"] for mark in marks) == sorted(fits)
    texts = [mark["text"] for mark in marks]
    assert len(texts) == len(set(texts)) and "Large EN v1.5 · $36.63" in texts
    for mark in marks:
        fitting = [j for j in english.fitting("embedder") if j.variant_id == mark["variant"]]
        assert mark["recommended"] or mark["usd"] == min(j.monthly for j in fitting)


def test_machines_of_ones_own_are_hollow_squares_and_what_does_not_fit_is_faint(catalog):
    recommendation = ask(catalog, budget_usd_per_month=100)
    marks = rows(valid(trade_off.chart(recommendation, "embedder")))
    by_id = {j.id: j for j in recommendation.judged}
    for mark in marks:
        judged = by_id[mark["id"]]
        assert mark["shape"] == ("circle" if judged.hosted else "square")
        assert mark["filled"] == float(judged.hosted or mark["recommended"])
        assert (mark["opacity"] < 1) is not judged.fits
    assert {mark["fits"] for mark in marks} == {True, False}


def test_a_click_selects_an_option_by_its_id(english):
    spec = valid(trade_off.chart(english, "embedder"))
    (clickable,) = [layer for layer in spec["layer"] if "params" in layer]
    assert clickable["params"] == [{"name": "plan", "select": {"type": "point", "fields": ["id"]}}]
    assert layers(spec, "point") == [clickable]


def test_every_name_stays_within_the_chart_and_off_the_others_at_both_widths(catalog, today):
    for preset in catalog.presets.values():
        recommendation = recommend(catalog, Workload.of(preset.workload), today)
        for step in recommendation.steps:
            chart = trade_off.chart(recommendation, step.kind)
            boxes = named_boxes(chart) if chart else {}
            for width, shown in boxes.items():
                for box in shown:
                    assert box[0] >= -1 and box[2] <= width + 1, (preset.id, width)
                overlaps = [
                    (a, b)
                    for a, b in itertools.combinations(shown, 2)
                    if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
                ]
                assert not overlaps, (preset.id, width)


def named_boxes(chart):
    """The edges of each name in pixels, by the width of the plot: 6 pixels a character, 12 high."""
    spec = valid(chart)
    (left, right), (low, high) = (spec["encoding"][axis]["scale"]["domain"] for axis in "xy")
    boxes = {}
    for width in (290, 620):
        for mark in rows(spec):
            if not mark["text"]:
                continue
            long = 6 * len(mark["text"])
            x = width * math.log(mark["usd"] / left) / math.log(right / left) + mark["dx"]
            y = 275 * (high - mark["score"]) / (high - low) + mark["dy"]
            x -= {"left": 0, "center": long / 2, "right": long}[mark["align"]]
            boxes.setdefault(width, []).append((x, y - 6, x + long, y + 6))
    return boxes


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((9, 1_100), [10, 30, 100, 300, 1_000]),
        ((26, 48), [30, 40]),
        ((20, 60), [20, 50]),
        ((0.0008, 2_000), [0.001, 0.01, 0.1, 1, 10, 100, 1_000]),
    ],
    ids=["hosted and own", "one digit between", "near another", "a free allocation"],
)
def test_an_axis_of_dollars_has_round_ticks(ends, ticks):
    assert set(ticks) <= set(trade_off.dollar_ticks(*ends))
    assert len(trade_off.dollar_ticks(*ends)) <= 8


def test_the_caption_names_the_benchmark_the_signs_and_the_models_without_a_score(english, pinned):
    caption = trade_off.caption(english, "embedder")
    assert english.step("embedder").evidence.set.name in caption and caption.endswith(": M3.")
    hosted = ask(english.catalog, placement="hosted")
    assert "faint" in trade_off.caption(hosted, "embedder")
    assert caption == pinned


def test_the_title_says_what_more_quality_costs(catalog, pinned):
    stated = {
        "more": {},
        "less": {"priority": "quality"},
        "neither": {"budget_usd_per_month": 15},
        "at least": {"vector_store": "qdrant-cloud"},
    }
    charts = {
        key: trade_off.chart(ask(catalog, **each), "embedder") for key, each in stated.items()
    }
    assert {key: chart.title for key, chart in charts.items()} == pinned


def test_every_standing_has_words():
    assert tuple(tables.STANDING_WORDS) == what_would_change.STANDINGS
    assert len(set(tables.STANDING_WORDS.values())) == len(what_would_change.STANDINGS)
