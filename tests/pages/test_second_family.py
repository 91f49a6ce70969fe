"""The pages that speak of a family, with one that has none of what BGE alone has."""

import pytest

from advisor.catalog.load import load
from advisor.family import faq
from pages.parts import markdown
from tests.family.second_family import EDITS, faults_of
from tests.pages.test_pages import cells, shown, words
from tests.visiting import opened

VARIANTS = ("nova-long", "nova-old", "nova-rank", "nova-short")


@pytest.mark.parametrize("edit", EDITS)
def test_the_overview_and_the_faq_run_in_both_views(second_family, monkeypatch, edit):
    EDITS[edit](second_family)
    monkeypatch.setenv("ADVISOR_CATALOG", str(second_family))
    catalog = load(second_family)
    family = catalog.families["nova"]
    for view in ("verified", "as-listed") if family.listing else ("verified",):
        overview = opened("overview", family="nova", view=view)
        names = {variant.name for variant in family.variants.values()}
        assert any(name in cell for cell in cells(overview) for name in names)
        questions = opened("faq", family="nova", view=view)
        for answer in faq.answers(catalog, family, "listed" if view != "verified" else view):
            assert shown(questions, answer.answer)
        for page in (overview, questions):
            texts = [*words(page).split("\n"), *cells(page)]
            texts += [f"{figure.value} {figure.delta}" for figure in page.metric]
            assert [(text, faults) for text in texts if (faults := faults_of(text))] == []


def test_the_figures_of_the_overview_are_of_what_is_current(second_family, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(second_family))
    page = opened("overview", family="nova")
    shown_figures = " ".join(f"{figure.value} {figure.delta}" for figure in page.metric)
    assert "Old" not in shown_figures and "1,000,000 tokens Long" in shown_figures
    assert "2026-05" in shown_figures and "$0.02" in shown_figures
    assert shown(page, "5 releases from 2026-03 to 2026-06; the latest is Nova Long")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_page_of_each_variant_runs(second_family, monkeypatch, variant):
    monkeypatch.setenv("ADVISOR_CATALOG", str(second_family))
    page = opened("variant", variant=variant)
    assert page.title[0].value == markdown.plain(load(second_family).variants[variant].name)
    assert not faults_of(words(page).replace("\n", ". "))


def test_a_replaced_variant_is_compared_with_the_one_that_replaces_it(second_family, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(second_family))
    for variant, other in (("nova-old", "nova-long"), ("nova-long", "nova-short")):
        page = opened("variant", variant=variant)
        queries = [link.proto.query_string for link in page.get("page_link")]
        assert any(variant in query and other in query for query in queries), queries


@pytest.mark.parametrize(
    ("stem", "params"),
    [("compare", {"variants": ["nova-long", "bge-m3"]}), ("compare", {"variants": ["nova-rank", "nova-short"]}), ("sources", {"correction": "nova-capabilities"})],
)  # fmt: skip
def test_the_other_pages_run(second_family, monkeypatch, stem, params):
    monkeypatch.setenv("ADVISOR_CATALOG", str(second_family))
    assert "Nova" in words(opened(stem, **params)) + "".join(cells(opened(stem, **params)))
