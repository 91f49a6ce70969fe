"""Compare in a browser: its languages are in the address, and it agrees with Advise."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import box, expect_answer, marked, menu, settle, widget
from tests.browser.test_errands import tab_to
from tests.browser.test_pages import overflow

PAIR = "variants=bge-m3&variants=bge-large-en-v1.5"
M3, LARGE = "BGE M3", "BGE Large EN v1.5"


def expect_verdict(page, better: str) -> None:
    """Waits until a model is the better fit, and the heading names it first."""
    card = page.locator("[class*=st-key-card-]").filter(has_text="Better fit")
    expect(card.get_by_role("heading", level=3).first).to_contain_text(better)
    short = better.removeprefix("BGE ")
    expect(page.get_by_role("heading", level=2).first).to_have_text(re.compile(f"^Choose {short}"))


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
    expect_verdict(page, M3)
    expect(page).to_have_url(re.compile("languages=de"))
    add_language(page, "English")
    expect(page).to_have_url(re.compile("languages=de&languages=en"))
    page.reload()
    settle(page)
    expect_languages(page, "German", "English")
    expect_verdict(page, M3)
    link = page.url
    menu(page, "faq")
    page.go_back()
    expect(page).to_have_url(re.compile("/compare"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare models")
    expect_languages(page, "German", "English")
    other = open_page(link)
    expect_languages(other, "German", "English")
    expect_verdict(other, M3)


def test_an_old_link_has_large_ahead_of_m3_in_english(app, open_page, catalog):
    page = open_page(f"{app}/compare?{PAIR}")
    expect_languages(page, "English")
    expect_verdict(page, LARGE)
    hard = catalog.evidence_sets["miracl-hard-negatives"]
    expect(page.get_by_text(hard.caveat).first).to_be_visible()


def test_the_question_of_the_visit_goes_from_advise_to_compare_and_back(app, open_page, answer):
    page = open_page(f"{app}/advise?languages=de&passages=70000")
    expect_answer(page, answer(languages=["de"], passages=70_000))
    menu(page, "compare")
    expect_languages(page, "German")
    expect(page).to_have_url(re.compile("languages=de.*passages=70000"))
    expect_verdict(page, M3)
    add_language(page, "English")
    expect(page).to_have_url(re.compile("languages=de&languages=en"))
    link = page.url
    menu(page, "advise")
    expect_answer(page, answer(languages=["de", "en"], passages=70_000))
    menu(page, "compare")
    expect_languages(page, "German", "English")
    assert "passages=70000" in link
    other = open_page(link)
    expect_verdict(other, M3)


def test_the_verdict_and_its_link_reach_a_phone(app, open_page):
    page = open_page(app)
    menu(page, "compare")
    expect_verdict(page, LARGE)
    add_language(page, "German")
    expect_verdict(page, M3)
    tags = widget(page, "variants").locator("[data-tag]")
    marked(page, "ios_share").click()
    shared = page.get_by_test_id("stPopoverBody")
    link = shared.get_by_test_id("stCode").inner_text().strip()
    assert "variants=bge-m3&variants=bge-large-en-v1.5" in link, "named even at their default"
    phone = open_page(link, 390)
    expect_verdict(phone, M3)
    expect_languages(phone, "English", "German")
    expect(widget(phone, "variants").locator("[data-tag]")).to_have_text(tags.all_inner_texts())
    top = phone.get_by_role("heading", level=2).first.bounding_box()["y"]
    assert top < 1.5 * 844
    settle(phone)
    assert max(overflow(phone)) <= 1
    cells = phone.get_by_test_id("stTable").locator("td").all()
    assert min(cell.bounding_box()["width"] for cell in cells) > 90, "no column of single words"
    with phone.expect_download() as downloaded:
        marked(phone, "ios_share").click()
        marked(phone, "download").first.click()
    assert "# Choose M3" in Path(downloaded.value.path()).read_text(encoding="utf-8")


def test_two_models_are_compared_by_keyboard_alone(app, open_page):
    page = open_page(app)
    tab_to(page, ".st-key-menu a[href^=compare]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare models")
    settle(page)
    tab_to(page, ".st-key-pair button")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("variants=bge-large-en-v1.5&variants=bge-base-en-v1.5"))
    expect(page.get_by_role("heading", level=3).nth(1)).to_contain_text("BGE Base EN v1.5")
    tab_to(page, ".st-key-primary-share button", backward=True)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text("variants=bge-large-en-v1.5")
