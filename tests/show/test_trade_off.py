"""Score against cost: a place on the axis for every plan, and the chart in words and in a table."""

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import what_would_change
from advisor.show import tables, trade_off
from tests.asking import ask


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
    spec = trade_off.chart(recommendation, "reranker", "light").chart.to_dict()
    rows = next(iter(spec["datasets"].values()))
    assert all(row["low"] > 0 for row in rows)
    domains = [
        layer["encoding"]["x"]["scale"]["domain"]
        for layer in spec["layer"]
        if "scale" in layer["encoding"]["x"]
    ]
    assert domains and all(min(domain) > 0 for domain in domains)


def test_every_drawn_plan_has_a_row_in_the_table_beneath_and_words(made_up):
    for stated in ({}, {"placement": "own"}, {"task": "retrieve-and-rerank"}):
        recommendation = ask(made_up, **stated)
        for step in recommendation.steps:
            chart = trade_off.chart(recommendation, step.kind, "light")
            rows = [set(row.values()) for row in tables.trade_off_rows(recommendation, step.kind)]
            drawn = tables.drawn(recommendation, step.kind)
            assert 1 < len(drawn) <= len(rows)
            for j in drawn:
                figures = {j.plan.variant.name, j.plan.where, formatting.points(j.quality)}
                assert all(figure in chart.alt for figure in figures) and any(
                    figures <= row for row in rows
                )
            assert {j.id for j in drawn} >= {
                part.id for part in recommendation.pick.parts if part.kind == step.kind
            } | what_would_change.front(recommendation, step.kind)


def test_of_two_at_the_same_price_the_title_names_the_one_that_comes_first(catalog):
    recommendation = ask(catalog, priority="quality")
    title = trade_off.chart(recommendation, "embedder", "light").title
    first = ask(catalog).pick
    assert f"; {first.named} would be 4.9 points worse for " in title
