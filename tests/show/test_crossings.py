"""The break-even chart: every figure in words, lines told apart without colour, nothing cut."""

import math

import pytest
from hypothesis import given

from advisor import catalog as catalogs
from advisor.explain import break_even
from advisor.explain.hosted_or_own import hosted_or_own
from advisor.show import crossings
from tests.asking import ask, plan
from tests.decide.test_properties import EXAMPLES, of_examples
from tests.decide.workloads import questions
from tests.show.specs import layers, valid

DASHES = {"own-gpu": [10, 5], "own-cpu": [2, 4]}


def compared(catalog, kind="embedder", **stated):
    answer = ask(catalog, **stated)
    both = hosted_or_own(answer, kind)
    return answer, both, crossings.compared(answer, both)


def words_of(spec):
    (text,) = layers(spec, "text")
    return {row["word"]: row for row in text["data"]["values"]}


def drawn_lines(spec):
    """Dash and points of each line, by the colour and the dash."""
    return [
        (layer["encoding"]["color"]["datum"], layer["mark"].get("strokeDash"), layer)
        for layer in layers(spec, "line")
    ]


def test_the_chart_tells_every_crossing_in_words(made_up, pinned):
    answer = ask(made_up)
    own = plan(answer, "big-en@acme-cpu")
    chart = crossings.chart(answer, own)
    sentences = [break_even.sentence(pair) for pair in break_even.crossings(answer, own)]
    assert all(sentence in chart.alt for sentence in sentences) and "36 million" in chart.alt
    assert "3.65 billion" in crossings.chart(answer, plan(answer, "big-en@acme-gpu")).title
    valid(chart)
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_the_comparison_tells_what_each_line_is_at_your_volume(catalog, pinned):
    _, both, chart = compared(catalog)
    assert chart.title == both.title
    for judged in (both.offer, both.gpu, both.cpu):
        usd = judged.plan.encoding_usd.base
        assert f"{judged.plan.where} ${usd:.2f}" in chart.alt or f"${usd:.0f}" in chart.alt
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_without_a_load_or_a_rent_no_break_even_is_drawn(made_up, made_up_copy, edit):
    idle = ask(made_up, queries_per_month=0)
    assert crossings.chart(idle, plan(idle, "big-en@acme-gpu")) is None
    instances = made_up_copy / "hardware/instances.yaml"
    edit(instances, 'on_demand_usd_per_h: "1.00"', 'on_demand_usd_per_h: "0"')
    given = ask(catalogs.load(made_up_copy))
    own = plan(given, "big-en@acme-gpu")
    assert break_even.crossings(given, own) and crossings.chart(given, own) is None


def test_offers_are_solid_and_blue_machines_grey_with_a_dash_of_their_class(catalog):
    _, _, chart = compared(catalog)
    spec = valid(chart)
    lines = drawn_lines(spec)
    assert [(slot, dash) for slot, dash, _ in lines] == [
        ("three", DASHES["own-gpu"]),
        ("three", DASHES["own-cpu"]),
        ("one", None),
    ]
    assert [layer["mark"]["strokeWidth"] for *_, layer in lines] == [2, 2, 2.5]
    # the last offers are drawn over what they cross, and every line is named at itself
    assert {"Own GPU", "Own CPU", "Hosted"} <= words_of(spec).keys()
    assert all("legend" not in each["encoding"]["y"] for *_, each in lines)


def test_a_machine_against_all_offers_names_each_price_at_its_line(catalog):
    answer = ask(catalog)
    both = hosted_or_own(answer, "embedder")
    spec = valid(crossings.chart(answer, both.gpu))
    pairs = break_even.crossings(answer, both.gpu)
    prices = {break_even.offer_price(pair.offer).removesuffix(" / 1M") for pair in pairs}
    assert len(prices) > 1
    names = [word.split(" ")[0] for word in words_of(spec) if word.startswith("$")]
    assert sorted(names) == sorted(prices)


def test_the_diamond_stands_where_the_lines_meet_and_says_the_volume_of_the_title(catalog):
    answer, both, chart = compared(catalog)
    spec = valid(chart)
    (diamonds,) = layers(spec, "point")
    (row,) = diamonds["data"]["values"]
    tokens = both.crossings[0].tokens[1]
    assert row["tokens"] == tokens
    assert row["usd"] == pytest.approx(break_even.rents_usd(answer, both.gpu, [tokens])[0])
    assert "Break-even 24.8 B" in words_of(spec) and "24.8 billion" in chart.title


def test_the_visitors_volume_has_a_rule_and_its_words(catalog):
    _, both, chart = compared(catalog)
    spec = valid(chart)
    (rule,) = layers(spec, "rule")
    assert rule["data"]["values"] == [{"tokens": both.offer.plan.tokens.monthly}]
    assert "You: 36 M" in words_of(spec)


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"queries_per_month": 10**11},
        {"priority": "quality"},
        {"redundancy": True},
        {"latency_ms_p95": 20},
        {"task": "rerank"},
    ],
    ids=["below", "above", "never", "with a spare", "with a latency limit", "reranking"],
)
def test_what_is_named_stands_within_the_axes_and_lines_rise_machine_by_machine(catalog, stated):
    kind = "reranker" if stated.get("task") == "rerank" else "embedder"
    answer, both, chart = compared(catalog, kind, **stated)
    spec = chart.chart
    lines = layers(spec, "line")
    x, y = (lines[0]["encoding"][axis]["scale"]["domain"] for axis in "xy")
    for row in words_of(spec).values():
        assert x[0] <= row["tokens"] <= x[1] and y[0] <= row["usd"] <= y[1], row
    assert x[0] < both.offer.plan.tokens.monthly < x[1]
    for own, line in zip(both.machines, lines, strict=False):
        rows = line["data"]["values"]
        usd = [row["usd"] for row in rows]
        assert usd == sorted(usd) and line["mark"]["interpolate"] == "step-before"
        volumes = [row["tokens"] for row in rows]
        assert usd == break_even.rents_usd(answer, own, volumes)
        each = both.crossings[both.machines.index(own)].capacity[1]
        assert x[0] > each or each > x[1] or any(v == pytest.approx(each) for v in volumes)


def test_the_caption_says_that_the_index_costs_the_same_where_there_is_one():
    assert "The index costs the same either way" in crossings.caption("embedder")
    assert "index" not in crossings.caption("reranker")


def test_machines_drawn_are_those_that_the_engine_counts_with_a_latency_limit(catalog):
    answer, both, _ = compared(catalog, latency_ms_p95=20)
    for own in both.machines:
        (usd,) = break_even.rents_usd(answer, own, [float(own.plan.tokens.monthly)])
        assert usd == pytest.approx(float(own.plan.encoding_usd.base))


def test_where_a_latency_limit_takes_more_machines_no_crossing_of_the_load_alone_is_drawn(catalog):
    _, both, chart = compared(catalog, latency_ms_p95=1.5)
    assert both.metric == "not known" and both.crossings[0].tokens[1]
    spec = valid(chart)
    (diamonds,) = layers(spec, "point")
    assert diamonds["data"]["values"] == [] and "24.8" not in chart.alt
    assert not any("Break-even" in word for word in words_of(spec))


@of_examples(EXAMPLES / 2)
@given(questions())
def test_every_point_of_any_question_can_be_drawn_on_axes_whose_steps_multiply(
    catalog, made_up, question
):
    of = catalog if question.catalog == "shipped" else made_up
    answer = ask(of, question.assumed, **question.stated)
    for step in answer.steps:
        both = hosted_or_own(answer, step.kind)
        if both is None:
            continue
        spec = crossings.compared(answer, both).chart
        x, y = (layers(spec, "line")[0]["encoding"][axis]["scale"]["domain"] for axis in "xy")
        for layer in layers(spec, "line") + layers(spec, "point") + layers(spec, "text"):
            for row in layer["data"]["values"]:
                assert 0 < row["usd"] < math.inf and x[0] <= row["tokens"] <= x[1]
        for row in words_of(spec).values():
            assert y[0] <= row["usd"] <= y[1], row
        assert x[0] < answer.judged[both.offer.row].plan.tokens.monthly < x[1]
