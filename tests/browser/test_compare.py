"""Compare in a browser: its languages are in the address, and it agrees with Advise."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import box, expect_answer, menu, settle, widget

PAIR = "variants=bge-m3&variants=bge-large-en-v1.5"
M3, LARGE = "BGE M3", "BGE Large EN v1.5"


def expect_order(page, *names: str) -> None:
    """Waits until the models stand so in the table of the scores that decide."""
    expect(deciding(page).locator("a")).to_have_text(list(names))


def deciding(page):
    return page.get_by_test_id("stTable").filter(has_text="Why there is none").first


def expect_languages(page, *names: str) -> None:
    expect(widget(page, "languages").locator("[data-tag]")).to_have_text(list(names))


def add_language(page, name: str) -> None:
    """Types a name, for the list of them is long and only its first ones are there to be clicked."""
    box(page, "languages").fill(name)
    page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")  # the list stays open, over the page


def test_the_languages_of_the_address_come_back_on_reload_and_with_back(app, open_page, catalog):
    page = open_page(f"{app}/compare?{PAIR}&languages=de")
    expect_languages(page, "German")
    expect_order(page, M3, LARGE)
    expect(page).to_have_url(re.compile("languages=de"))
    add_language(page, "English")
    expect(page).to_have_url(re.compile("languages=de&languages=en"))
    page.reload()
    settle(page)
    expect_languages(page, "German", "English")
    expect_order(page, M3, LARGE)
    link = page.url
    menu(page, "faq")
    page.go_back()
    expect(page).to_have_url(re.compile("/compare"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare models")
    expect_languages(page, "German", "English")
    other = open_page(link)
    expect_languages(other, "German", "English")
    expect_order(other, M3, LARGE)


def test_an_old_link_has_large_ahead_of_m3_in_english(app, open_page, catalog):
    page = open_page(f"{app}/compare?{PAIR}")
    expect_languages(page, "English")
    expect_order(page, LARGE, M3)
    hard = catalog.evidence_sets["miracl-hard-negatives"]
    expect(page.get_by_text(hard.caveat)).to_be_visible()


def test_the_question_of_the_visit_goes_from_advise_to_compare_and_back(app, open_page, answer):
    page = open_page(f"{app}/advise?languages=de&passages=70000")
    expect_answer(page, answer(languages=["de"], passages=70_000))
    menu(page, "compare")
    expect_languages(page, "German")
    expect(page).to_have_url(re.compile("languages=de.*passages=70000"))
    expect_order(page, M3, LARGE)
    add_language(page, "English")
    expect(page).to_have_url(re.compile("languages=de&languages=en"))
    link = page.url
    menu(page, "advise")
    expect_answer(page, answer(languages=["de", "en"], passages=70_000))
    menu(page, "compare")
    expect_languages(page, "German", "English")
    assert "passages=70000" in link
    other = open_page(link)
    expect_order(other, M3, LARGE)
