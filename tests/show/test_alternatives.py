"""Alternatives as numbers to sort by: unknown is none, and never zero."""

import pytest

from advisor import catalog as catalogs
from advisor.explain.other_plans import alternatives
from advisor.show import tables
from advisor.show.alternatives import alternatives_frame
from tests.asking import ask


@pytest.fixture(scope="module")
def english(catalog):
    return ask(catalog)


def test_the_recommendation_stands_among_its_alternatives_the_cheapest_first(english):
    rows = alternatives_frame(english, "embedder")
    months = [row["$ per month"] for row in rows]
    assert months == sorted(months) and all(isinstance(month, float) for month in months)
    (recommended,) = [row for row in rows if row[tables.COMPARED] == "★ Recommended"]
    assert recommended["option"] == english.pick.parts[0].id
    assert {row["option"] for row in rows} - {recommended["option"]} == {
        other.judged.id for other in alternatives(english, "embedder")
    }


def test_models_have_short_names_and_each_row_its_own_option(english):
    rows = alternatives_frame(english, "embedder")
    assert "Large EN v1.5" in {row["Model"] for row in rows}
    assert not any(row["Model"].startswith("BGE") for row in rows)
    assert len({row["option"] for row in rows}) == len(rows)


def test_a_model_without_a_comparable_score_has_none_and_the_others_numbers(english):
    scores = {row["id"]: row["Score"] for row in alternatives_frame(english, "embedder")}
    assert scores["bge-m3"] is None
    assert all(isinstance(score, float) for key, score in scores.items() if key != "bge-m3")


def test_a_lower_bound_names_its_missing_parts_and_nothing_known_is_none(made_up_copy, edit):
    bounded = ask(catalogs.load(made_up_copy), vector_store="drawer")
    rows = alternatives_frame(bounded, "embedder")
    assert rows and all("vector storage" in row["Not known"] for row in rows)
    assert all(row["$ per month"] >= 300 for row in rows)
    edit(made_up_copy / "stores.yaml", '  floor_usd_per_month: "300"\n', "")
    idle = {"queries_per_month": 0, "new_passages_per_month": 0, "placement": "hosted"}
    nothing = ask(catalogs.load(made_up_copy), vector_store="drawer", **idle)
    rows = alternatives_frame(nothing, "embedder")
    assert rows and all(row["$ per month"] is None for row in rows)


def test_without_a_recommendation_there_are_no_rows(catalog):
    nothing = ask(catalog, data_may_leave=False, placement="hosted")
    assert nothing.pick is None and alternatives_frame(nothing, "embedder") == []
