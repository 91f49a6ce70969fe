"""Stacked bars: every part in its colour, every figure in words, and the recommended set apart."""

import pytest

from advisor.base import formatting
from advisor.explain.other_plans import alternatives
from advisor.explain.sentences import short_name
from advisor.show import bars
from advisor.show.bars import MOST_OPTIONS, Way
from advisor.show.slots import MARKDOWN
from tests.asking import ask
from tests.show.specs import layers, rows, valid

INDEX, ENCODING = ("index", "Vector index", 34.54), ("encoding", "Encoding", 0.36)
MACHINE = ("machine", "Machine", 130.30)
WAYS = [
    Way("Hosted API · DeepInfra", "$34.90", [INDEX, ENCODING], True),
    Way("Own CPU · AWS c7i.xlarge", "$165", [INDEX, MACHINE], False),
]


def drawn(layer):
    return layer["data"]["values"]


def test_every_part_of_a_bill_has_a_colour_of_its_own_and_none_is_that_of_other_families():
    slots = list(bars.PART_SLOTS.values())
    assert len(set(slots)) == 4 and "four" not in slots and set(slots) <= MARKDOWN.keys()


def test_the_parts_of_a_bill_follow_one_another_and_fill_the_bar():
    spec = valid(bars.answer_bar([INDEX, ENCODING, ("reranking", "Reranking", 0.0)]))
    pieces = rows(spec)
    assert [(p["slot"], p["from"], p["to"]) for p in pieces] == [
        ("one", 0, 34.54),
        ("two", 34.54, pytest.approx(34.9)),
    ]
    (bar,) = layers(spec, "bar")
    assert bar["encoding"]["x"]["scale"]["domain"] == [0, pytest.approx(34.9)]
    assert spec["height"] == bar["mark"]["height"] == 16 and bar["encoding"]["x"]["axis"] is None


def test_the_words_of_the_answers_bar_hold_all_its_figures():
    chart = bars.answer_bar([INDEX, ENCODING, ("machine", "Machine", 0)])
    assert chart.title == "Vector index: 99% of the bill"
    assert chart.alt == (
        "Where $34.90 per month goes: vector index $34.54 (99%), encoding $0.36 (1%)."
    )
    assert bars.key([INDEX, ENCODING]) == [
        ("blue", "Vector index", "$34.54", "99%"),
        ("orange", "Encoding", "$0.36", "1%"),
    ]


@pytest.mark.parametrize(
    ("amounts", "shares"),
    [((999, 1), ["over 99%", "under 1%"]), ((1, 1), ["50%", "50%"]), ((1, 0), ["100%"])],
    ids=["a part that would round to none", "halves", "a part of zero"],
)
def test_no_part_of_a_bill_is_rounded_to_none_or_to_all_of_it(amounts, shares):
    parts = [("index", "Vector index", amounts[0]), ("encoding", "Encoding", amounts[1])]
    assert [entry.share for entry in bars.key(parts)] == shares


def test_a_bill_of_one_part_says_all_and_a_bill_of_nothing_is_not_drawn():
    assert bars.answer_bar([MACHINE]).title == "Machine: all of the bill"
    assert bars.answer_bar([("index", "Vector index", 0.0)]) is None
    assert bars.answer_bar([]) is None and bars.ways_bars([]) is None


def test_ways_share_one_scale_that_ends_with_the_dearest():
    (pieces,) = layers(valid(bars.ways_bars(WAYS)), "bar")
    assert [(p["place"], p["slot"]) for p in drawn(pieces)] == [
        (0, "one"), (0, "two"), (1, "one"), (1, "three"),
    ]  # fmt: skip
    domain = pieces["encoding"]["x"]["scale"]["domain"]
    assert domain == [0, pytest.approx(164.84)]
    assert max(p["to"] for p in drawn(pieces)) == domain[1]


def test_the_recommended_way_is_starred_and_bold_and_names_stand_over_their_bars():
    spec = valid(bars.ways_bars(WAYS))
    assert [row["label"] for row in rows(spec)] == [
        "★ Hosted API · DeepInfra",
        "Own CPU · AWS c7i.xlarge",
    ]
    label, total = layers(spec, "text")
    assert label["mark"]["fontWeight"] == {"expr": "datum.recommended ? 700 : 400"}
    assert label["encoding"]["x"] == {"value": 0} and label["mark"]["align"] == "left"
    assert total["encoding"]["x"] == {"value": "width"} and total["mark"]["align"] == "right"
    assert spec["encoding"]["y"]["axis"] is None and spec["height"] == 46 * len(WAYS)


def test_the_words_of_ways_hold_every_total_and_part():
    chart = bars.ways_bars(WAYS)
    assert chart.title == "Hosted API · DeepInfra is the cheapest: $34.90 per month"
    assert chart.alt == (
        "US dollars per month. Hosted API · DeepInfra (recommended) $34.90 (vector index $34.54, "
        "encoding $0.36); Own CPU · AWS c7i.xlarge $165 (vector index $34.54, machine $130)."
    )
    assert bars.ways_bars(WAYS, "Hosted is cheapest").title == "Hosted is cheapest"


def test_ways_that_cost_nothing_are_named_without_a_bar():
    spec = valid(bars.ways_bars([Way("Free tier", "$0", [("encoding", "Encoding", 0.0)], True)]))
    assert [row["total"] for row in rows(spec)] == ["$0"]
    (pieces,) = layers(spec, "bar")
    assert drawn(pieces) == [] and pieces["encoding"]["x"]["scale"]["domain"] == [0, 1]


def test_the_chart_of_options_tells_each_bar_in_words(catalog, pinned):
    answer = ask(catalog)
    chart, pick = bars.option_bars(answer, "embedder"), answer.pick.parts[0]
    spec = valid(chart)
    plans = [pick, *(other.judged for other in alternatives(answer, "embedder"))]
    plans.sort(key=lambda plan: plan.monthly)
    assert len(rows(spec)) == MOST_OPTIONS == len(plans) - 2
    for plan in plans[:MOST_OPTIONS]:
        mark = " (recommended)" if plan is pick else ""
        name = f"{short_name(answer, plan)} · {plan.plan.where}{mark}"
        assert f"{name} {formatting.usd(plan.cost.base)} (" in chart.alt
    assert chart.alt.endswith(" 2 more options are not drawn.")
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_options_are_cheapest_first_with_one_recommended_and_parts_that_add_up(catalog):
    for stated in ({}, {"task": "rerank"}, {"task": "retrieve-and-rerank"}, {"placement": "own"}):
        answer = ask(catalog, **stated)
        for step in answer.steps:
            ways = bars.options(answer, step.kind)
            sums = [sum(usd for *_, usd in way.parts) for way in ways]
            assert sums == pytest.approx(sorted(sums))
            assert [way.recommended for way in ways].count(True) == 1
            for way, usd in zip(ways, sums, strict=True):
                assert way.total == formatting.usd(usd)


def test_the_recommended_option_is_drawn_however_many_are_cheaper(catalog, monkeypatch):
    monkeypatch.setattr(bars, "MOST_OPTIONS", 2)
    answer = ask(catalog)
    drawn_rows = rows(valid(bars.option_bars(answer, "embedder")))
    assert [row["recommended"] for row in drawn_rows] == [False, True]
    assert drawn_rows[1]["label"] == "★ Large EN v1.5 · DeepInfra"
    assert "8 more options are not drawn" in bars.option_bars(answer, "embedder").alt


def test_the_title_says_what_dominates_the_bill_or_which_option_is_cheapest(catalog):
    def titles(**stated):
        answer = ask(catalog, **stated)
        return [bars.option_bars(answer, step.kind).title for step in answer.steps]

    assert titles() == ["99% of the bill is the vector index, not the model"]
    assert titles(placement="own") == ["The machine is 78% of the bill"]
    (rerank,) = titles(task="rerank")
    assert (
        rerank
        == "Reranker Base · Cloudflare Workers AI is the cheapest that fits: $68.20 per month"
    )
    two = titles(task="retrieve-and-rerank")  # neither is the whole bill
    assert all("is the cheapest that fits" in title for title in two)


def test_options_of_unknown_cost_are_lower_bounds_and_none_is_drawn_where_nothing_fits(catalog):
    answer = ask(catalog, vector_store="qdrant-cloud")
    chart = bars.option_bars(answer, "embedder")
    assert all(row["total"].startswith("at least $") for row in rows(valid(chart)))
    assert "as far as is known: at least $" in chart.title
    missing = "vector storage and vector store queries"
    assert chart.alt.endswith(f"Not known and not drawn: {missing}.")
    nothing = ask(catalog, budget_usd_per_month=0.001)
    assert bars.option_bars(nothing, "embedder") is None
    assert bars.options(nothing, "embedder") == []
    assert bars.option_bars(ask(catalog), "reranker") is None
