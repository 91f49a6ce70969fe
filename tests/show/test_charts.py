"""Charts that pages draw unchecked: each is held here to Vega-Lite's schema, in both themes."""

from dataclasses import replace

import altair as alt
import pytest
from altair.utils.schemapi import SchemaValidationError

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import sensitivity
from advisor.explain.other_plans import alternatives
from advisor.family import facts
from advisor.show import charts, crossings, trade_off


def drawn(catalog, found, theme):
    for step in found.steps:
        yield trade_off.chart(found, step.kind, theme)
        yield charts.monthly_costs(found, step.kind, theme)
        own = next(
            (
                j
                for j in found.judged
                if j.kind == step.kind and not j.hosted and j.plan.rent is not None
            ),
            None,
        )
        yield crossings.chart(found, own, theme) if own else None
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
    chart = trade_off.chart(found, "embedder", "light").chart
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


def test_a_chart_of_lower_bounds_says_so_in_its_words_marks_and_tooltips(catalog, today):
    found = recommend(catalog, Workload(vector_store="qdrant-cloud"), today)
    missing = "vector storage and vector store queries"
    drawings = {
        "costs": charts.monthly_costs(found, "embedder", "light"),
        "trade-off": trade_off.chart(found, "embedder", "light"),
        "tornado": charts.tornado(sensitivity.swings(catalog, found), "light"),
    }
    for name, chart in drawings.items():
        spec = chart.chart.to_dict(validate=True)
        axis = str([layer["encoding"].get("x") for layer in spec["layer"]])
        assert chart.alt.endswith(f"Not known and not drawn: {missing}."), name
        assert "at least $" in chart.alt and "as far as is known" in axis, name
        assert "at least $" in str(spec["datasets"]), name
        if name != "tornado":
            assert "'title': 'Not known'" in str(spec["layer"]), name
    whole = recommend(catalog, Workload(), today)
    for chart in drawn(catalog, whole, "light"):
        words = f"{chart and chart.title} {chart and chart.alt} {chart and chart.chart.to_dict()}"
        assert "at least $" not in words and "Not known" not in words
