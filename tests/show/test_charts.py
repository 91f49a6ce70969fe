"""Charts that pages draw unchecked: each is held to Vega-Lite's schema here, for every kind of answer in both themes."""

from dataclasses import replace

import altair as alt
import pytest
from altair.utils.schemapi import SchemaValidationError

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import break_even, sensitivity, what_would_change
from advisor.explain.other_plans import alternatives
from advisor.family import facts
from advisor.show import charts, tables
from tests.asking import ask, plan


def drawn(catalog, found, theme):
    for step in found.steps:
        yield charts.trade_off(found, step.kind, theme)
        yield charts.monthly_costs(found, step.kind, theme)
        own = next(
            (
                j
                for j in found.judged
                if j.kind == step.kind and not j.hosted and j.plan.rent is not None
            ),
            None,
        )
        yield charts.break_even(found, own, theme) if own else None
    yield charts.tornado(sensitivity.swings(catalog, found), theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "stated",
    [
        {"languages": ["en"]},
        {"languages": ["en"], "placement": "own", "hardware": "cpu"},
        {"languages": ["de"], "outputs": ["dense", "sparse"]},
        {"task": "rerank", "languages": ["en"]},
        {"task": "retrieve-and-rerank", "languages": ["de"], "cross_lingual": True},
    ],
    ids=["hosted", "own", "hybrid", "rerank", "two steps"],
)
def test_what_is_drawn_is_vega_lite(made_up, today, stated, theme):
    found = recommend(made_up, Workload.of(stated), today)
    specs = [
        chart.chart.to_dict(validate=True)
        for chart in drawn(made_up, found, theme)
        if chart is not None
    ]
    assert len(specs) >= 3
    assert all(spec["layer"] for spec in specs)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_drawn_of_the_shipped_presets_is_vega_lite(catalog, today, theme):
    for preset in list(catalog.presets.values())[::4]:
        found = recommend(catalog, Workload.of(preset.workload), today)
        for chart in drawn(catalog, found, theme):
            assert chart is None or chart.chart.to_dict(validate=True)["layer"], preset.id


def test_the_timeline_is_vega_lite(catalog):
    for key, family in catalog.families.items():
        chart = charts.release_timeline(facts.releases(family), "", "light")
        assert chart is None or chart.chart.to_dict(validate=True)["layer"], key


def test_a_chart_is_drawn_as_altair_draws_it_and_checked_only_where_that_is_asked(catalog, today):
    found = recommend(catalog, Workload(), today)
    chart = charts.trade_off(found, "embedder", "light").chart
    assert chart.to_dict() == chart.to_dict(validate=True)
    wrong = charts.Layers(layer=[alt.Chart().mark_bar(height="tall")])
    assert wrong.to_dict()["layer"][0]["mark"]["height"] == "tall"
    with pytest.raises(SchemaValidationError, match="tall"):
        wrong.to_dict(validate=True)


def test_the_timeline_names_every_release_in_words_and_marks(catalog, pinned):
    family = catalog.families["bge"]
    chart = charts.release_timeline(facts.releases(family), "BGE", "light")
    for variant in family.variants.values():
        assert variant.name in chart.alt and variant.released.isoformat() in chart.alt
    spec = chart.chart.to_dict()
    assert len(next(iter(spec["datasets"].values()))) == len(family.variants)
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_a_family_without_dates_has_no_timeline(catalog):
    family = catalog.families["aquila-2"]
    undated = replace(
        family,
        variants={k: v.model_copy(update={"released": None}) for k, v in family.variants.items()},
    )
    assert charts.release_timeline(facts.releases(undated), "Aquila", "dark") is None


def test_the_cost_chart_tells_each_bar_in_words(catalog, today, pinned):
    found = recommend(catalog, Workload(), today)
    chart = charts.monthly_costs(found, "embedder", "dark")
    for bar in (
        found.pick.parts[0],
        *(other.judged for other in alternatives(found, "embedder")),
    ):
        assert (
            f"{bar.plan.variant.name}, {bar.plan.where} {formatting.usd(bar.cost.base)}"
            in chart.alt
        )
    assert (
        charts.monthly_costs(
            recommend(catalog, Workload(data_may_leave=False, placement="hosted"), today),
            "embedder",
            "dark",
        )
        is None
    )
    assert {"title": chart.title, "alt": chart.alt} == pinned


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
    spec = charts.trade_off(recommendation, "reranker", "light").chart.to_dict()
    rows = next(iter(spec["datasets"].values()))
    assert all(row["low"] > 0 for row in rows)
    domains = [
        layer["encoding"]["x"]["scale"]["domain"]
        for layer in spec["layer"]
        if "scale" in layer["encoding"]["x"]
    ]
    assert domains and all(min(domain) > 0 for domain in domains)


def test_the_chart_tells_every_crossing_in_words(made_up, pinned):
    found = ask(made_up)
    own = plan(found, "big-en@acme-cpu")
    chart = charts.break_even(found, own, "dark")
    assert (
        all(
            break_even.sentence(c).removesuffix(".") in chart.alt
            for c in break_even.crossings(found, own)
        )
        and "36 million" in chart.alt
    )
    assert "3.65 billion" in charts.break_even(found, plan(found, "big-en@acme-gpu"), "dark").title
    chart.chart.to_dict()
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_without_a_load_no_break_even_is_drawn(made_up):
    found = ask(made_up, queries_per_month=0)
    assert charts.break_even(found, plan(found, "big-en@acme-gpu"), "light") is None


def test_every_drawn_plan_has_a_row_in_the_table_beneath_and_words(made_up):
    for stated in ({}, {"placement": "own"}, {"task": "retrieve-and-rerank"}):
        found = ask(made_up, **stated)
        for step in found.steps:
            chart = charts.trade_off(found, step.kind, "light")
            rows = [set(row.values()) for row in tables.trade_off_rows(found, step.kind)]
            drawn = tables.drawn(found, step.kind)
            assert 1 < len(drawn) <= len(rows)
            for j in drawn:
                figures = {j.plan.variant.name, j.plan.where, formatting.points(j.quality)}
                assert all(figure in chart.alt for figure in figures) and any(
                    figures <= row for row in rows
                )
            assert {j.id for j in drawn} >= {
                part.id for part in found.pick.parts if part.kind == step.kind
            } | what_would_change.front(found, step.kind)
