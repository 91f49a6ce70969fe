"""Every page opens, fits its screen, and axe-core finds no fault of ours."""

import pytest

from tests.browser.axe import axe_faults

PAGES = [
    "",
    "?view=as-listed",
    "overview?view=as-listed",
    "?family=aquila-2",
    "advise",
    "advise?task=rerank",
    "advise?task=retrieve-and-rerank&placement=own&languages=de&passages=-5",
    "compare",
    "cost",
    "cost?task=retrieve-and-rerank&placement=own&languages=de&part=Break-even",
    "cost?part=Index",
    "live",
    "live?part=Long+texts&embedder=bge-small-en-v1.5",
    "live?part=Your+data",
    "faq",
    "faq?view=as-listed",
    "sources",
    "variant?variant=bge-m3",
    "variant",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("address", PAGES)
def test_the_page_opens_fits_and_axe_finds_nothing_beyond_streamlits_own_faults(
    app, open_page, address, width, scheme
):
    page = open_page(f"{app}/{address}", width, scheme)
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator("h1").count() == 1
    for element in ("document.scrollingElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{element}.scrollWidth - {element}.clientWidth") <= 1
    if width == 1280:
        assert axe_faults(page) == [], axe_faults(page)
