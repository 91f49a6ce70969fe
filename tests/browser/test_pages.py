"""Every page opens, fits its screen, and axe-core finds no fault of ours."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import expect_answer, marked, open_sections, widget

PAGES = [
    "",
    "?view=as-listed",
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


VISITS = [
    pytest.param("light", (1280, 390), id="light"),
    pytest.param("dark", (390, 1280), id="dark"),
]
"""Each page is loaded in both schemes and at both widths. The window is then given the other width:
most of a visit's work is its load, and a layout that only a new load mends would be a fault too.
"""
OVERFLOW = """() => [document.scrollingElement, document.querySelector('[data-testid=stMain]')]
  .map(element => element.scrollWidth - element.clientWidth)"""


@pytest.mark.parametrize(("scheme", "widths"), VISITS)
@pytest.mark.parametrize("address", PAGES)
def test_the_page_opens_fits_and_axe_finds_nothing_beyond_streamlits_own_faults(
    app, open_page, settle, address, scheme, widths
):
    page = open_page(f"{app}/{address}", widths[0], scheme)
    for width in widths:
        if width != widths[0]:
            page.set_viewport_size({"width": width, "height": 900})
            settle(page)
        assert page.locator("[data-testid=stException]").count() == 0
        assert page.locator("h1").count() == 1
        assert max(overflow(page)) <= 1, width
        if width == 1280:
            assert axe_faults(page) == [], axe_faults(page)


def test_find_a_model_with_all_of_it_open_has_no_fault_of_ours(app, open_page, settle):
    page = open_page(f"{app}/advise?plan=cloudflare-bge-small-en-v1.5")
    open_sections(page)
    assert page.locator("[data-testid=stException]").count() == 0
    assert max(overflow(page)) <= 1
    faults = []
    for scheme, icon in (("light", "ios_share"), ("dark", "menu_book")):
        page.emulate_media(color_scheme=scheme)
        marked(page, icon).first.click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        settle(page)
        faults += axe_faults(page)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    assert faults == []


def test_within_another_page_stands_the_answer_alone_or_why_there_is_none(app, open_page, answer):
    page = open_page(f"{app}/faq")
    page.goto(f"{app}/advise?embed=true&task=rerank")
    expect_answer(page, answer(task="rerank"))
    for key in ("menu", "form", "preset", "primary-share"):
        expect(widget(page, key)).to_have_count(0)
    expect(page.locator("h1, header img, [data-testid=stLogo]")).to_have_count(0)
    expect(page.get_by_text("not affiliated")).to_have_count(0)
    page.goto(f"{app}/advise?embed=true&passages=-5&languages=klingonn")
    why = page.get_by_test_id("stAlertContentError")
    expect(why).to_contain_text("passages")
    expect(why).to_contain_text("klingonn")
    expect(widget(page, "answer")).to_have_count(0)


def overflow(page) -> list[int]:
    """By how much the page is wider than its window, and its main part than itself.

    A chart is drawn anew for another width, and on a busy machine that takes longer than the
    script: what is too wide is looked at again before it counts.
    """
    for _ in range(4):
        if max(pixels := page.evaluate(OVERFLOW)) <= 1:
            break
        page.wait_for_timeout(1_000)
    return pixels
