"""The errand that visitors come for, with a mouse, on a phone, and by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from advisor.explain.bill import budget_share
from advisor.explain.lead import decided
from tests.browser.conftest import (
    box,
    choose,
    expect_answer,
    expect_told,
    fill,
    marked,
    menu,
    settle,
    widget,
)
from tests.browser.test_pages import overflow

BUDGET = 500
STATED = {
    "task": "retrieve-and-rerank",
    "languages": ["en", "de"],
    "budget_usd_per_month": BUDGET,
}
QUERY = "task=retrieve-and-rerank&languages=en&languages=de&budget_usd_per_month=500"
PHONE = {"width": 390, "height": 844}
TOP = """card => card.getBoundingClientRect().top
  + document.querySelector('[data-testid=stMain]').scrollTop"""
MOST_TABS = 40  # from one field to the next that is meant


def expect_errand_done(page: Page, recommendation) -> None:
    """Waits for the answer, its cost, what of the budget it takes, and the reasons for it."""
    expect_answer(page, recommendation)
    expect(page).to_have_url(re.compile(rf"/advise\?{QUERY}$"))
    share, reasons = budget_share(recommendation), decided(recommendation).lead
    assert share and reasons
    expect_told(page, "per month", share, *(reason.lead for reason in reasons))


@pytest.fixture
def recommendation(answer):
    recommendation = answer(**STATED)
    assert recommendation.pick is not None
    return recommendation


def test_a_german_and_english_rag_with_a_budget_is_answered_on_a_phone_and_shared_to_a_desk(
    app, open_page, recommendation
):
    page = open_page(app, PHONE["width"])
    page.set_viewport_size(PHONE)
    menu(page, "advise")
    choose(page, "task", "Search + rerank")
    box(page, "languages").press_sequentially("German")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    fill(page, "budget_usd_per_month", BUDGET)
    expect_errand_done(page, recommendation)
    settle(page)
    assert max(overflow(page)) <= 1
    for name in widget(page, "menu").get_by_role("link").all():
        expect(name).to_be_visible()
    assert widget(page, "answer").evaluate(TOP) <= 1.5 * PHONE["height"]
    marked(page, "ios_share").click()
    link = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode").inner_text().strip()
    assert link == f"{app}/advise?{QUERY}"
    expect_errand_done(open_page(link), recommendation)


def tab_to(page: Page, place: str, backward: bool = False) -> None:
    """Presses Tab until what has the focus is, or stands in, what a selector names."""
    page.locator(place).first.wait_for()
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if backward else "Tab")
        if page.evaluate("place => Boolean(document.activeElement.closest(place))", place):
            return
    raise AssertionError(f"Tab never came to {place}.")


def test_the_same_errand_goes_on_a_desk_by_keyboard_alone(app, open_page, recommendation):
    page = open_page(app)
    tab_to(page, ".st-key-menu a[href^=advise]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Find your model")
    settle(page)
    tab_to(page, ".st-key-task input")
    while page.locator("[role=option][data-focused]").all_inner_texts() != ["Search + rerank"]:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("task=retrieve-and-rerank"))
    tab_to(page, ".st-key-languages input")
    page.keyboard.type("German")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("languages=en&languages=de"))
    page.keyboard.press("Enter")  # once too often
    settle(page)
    tags = widget(page, "languages").locator("[data-tag]")
    expect(tags).to_have_text(["English", "German"])
    tab_to(page, ".st-key-budget_usd_per_month input")
    page.keyboard.type(str(BUDGET))
    page.keyboard.press("Enter")
    expect_errand_done(page, recommendation)
    tab_to(page, ".st-key-primary-share button", backward=True)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text(f"{app}/advise?{QUERY}")
