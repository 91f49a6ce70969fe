"""Charts that pages draw unchecked: each is held here to Vega-Lite's schema and to the slots."""

from dataclasses import replace

import pytest

from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend
from advisor.explain import sensitivity
from advisor.family import facts
from advisor.show import bars, charts, crossings, trade_off
from tests.show.specs import layers, rows, valid


def drawn(catalog, found):
    for step in found.steps:
        yield trade_off.chart(found, step.kind)
        yield bars.option_bars(found, step.kind)
        own = next(
            (
                j
                for j in found.judged
                if j.kind == step.kind and not j.hosted and j.plan.rent is not None
            ),
            None,
        )
        yield crossings.chart(found, own) if own else None
    yield charts.tornado(sensitivity.swings(catalog, found))


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
def test_what_is_drawn_is_vega_lite_in_the_colours_of_the_theme(made_up, today, stated):
    found = recommend(made_up, Workload.of(stated), today)
    specs = [valid(chart) for chart in drawn(made_up, found) if chart is not None]
    assert len(specs) >= 3
    assert all(spec["layer"] for spec in specs)


def test_what_is_drawn_of_the_shipped_presets_is_vega_lite(catalog, today):
    for preset in list(catalog.presets.values())[::4]:
        found = recommend(catalog, Workload.of(preset.workload), today)
        for chart in drawn(catalog, found):
            assert chart is None or valid(chart)["layer"], preset.id


def test_the_timeline_is_vega_lite(catalog):
    for key, family in catalog.families.items():
        chart = charts.release_timeline(facts.releases(family), "")
        assert chart is None or valid(chart)["layer"], key


def test_the_timeline_names_every_release_in_words_and_marks(catalog, pinned):
    family = catalog.families["bge"]
    chart = charts.release_timeline(facts.releases(family), "BGE")
    for variant in family.variants.values():
        assert variant.name in chart.alt and variant.released.isoformat() in chart.alt
    marks = rows(valid(chart))
    assert len(marks) == len(family.variants) == len({row["row"] for row in marks})
    assert {row["short"] for row in marks} >= {"M3", "Large EN v1.5"}
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_a_family_without_dates_has_no_timeline(catalog):
    family = catalog.families["aquila-2"]
    undated = replace(
        family,
        variants={k: v.model_copy(update={"released": None}) for k, v in family.variants.items()},
    )
    assert charts.release_timeline(facts.releases(undated), "Aquila") is None


def test_a_chart_of_lower_bounds_says_so_in_its_words_marks_and_tooltips(catalog, today):
    found = recommend(catalog, Workload(vector_store="qdrant-cloud"), today)
    missing = "vector storage and vector store queries"
    drawings = {
        "costs": bars.option_bars(found, "embedder"),
        "trade-off": trade_off.chart(found, "embedder"),
        "tornado": charts.tornado(sensitivity.swings(catalog, found)),
    }
    for name, chart in drawings.items():
        spec = valid(chart)
        assert chart.alt.endswith(f"Not known and not drawn: {missing}."), name
        assert "at least $" in chart.alt and "at least $" in str(rows(spec)), name
        if name == "tornado":
            assert "as far as is known" in str(spec["layer"])
        else:
            assert name == "costs" or "'title': 'Not known'" in str(spec["layer"]), name
            assert "as far as is known" in chart.title or "lower bounds" in chart.title, name
    whole = recommend(catalog, Workload(), today)
    for chart in drawn(catalog, whole):
        words = f"{chart and chart.title} {chart and chart.alt} {chart and chart.chart}"
        assert "at least $" not in words and "Not known" not in words


def test_the_tornado_names_each_assumption_once(catalog, today):
    swings = sensitivity.swings(catalog, recommend(catalog, Workload(), today))
    spec = valid(charts.tornado(swings))
    assert [row["label"] for row in rows(spec) if row["first"]] == [s.name for s in swings]
    (named,) = [each for each in layers(spec, "text") if "datum.first" in str(each)]
    assert named["encoding"]["x"] == {"value": 0}
