"""The length of parts in a real browser: by link, typed, reloaded, on other pages, and by Back."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    box,
    button,
    expect_answer,
    expect_told,
    fill,
    marked,
    menu,
    pick,
    widget,
)

OLD = "split_long_passages"


@pytest.fixture
def texts():
    """Opens the section with the length of parts."""

    def opened(page):
        marked(page, "tune", "summary").click()
        expect(box(page, "chunk_tokens")).to_be_visible()

    return opened


@pytest.mark.parametrize("name", ["advise", "cost"])
@pytest.mark.parametrize(
    ("old", "length", "new"),
    [("false", "none", {"chunk_tokens": ["none"]}), ("true", "400", {})],
)
def test_a_link_of_before_opens_under_the_new_name_and_back_leaves_it(
    app, open_page, name, old, length, new
):
    page = open_page(f"{app}/faq")
    page.goto(f"{app}/{name}?passages=777&{OLD}={old}")
    expect(box(page, "chunk_tokens")).to_have_value(length)
    assert parse_qs(urlsplit(page.url).query) == {"passages": ["777"]} | new
    page.go_back()
    expect(page).to_have_url(f"{app}/faq")


def test_a_length_by_link_outlives_reload_other_pages_and_back(app, open_page, answer):
    stated = {"chunk_tokens": 731, "chunk_overlap_tokens": 90}
    page = open_page(f"{app}/advise?chunk_tokens=731&chunk_overlap_tokens=90")

    def expect_the_question():
        expect(box(page, "chunk_tokens")).to_have_value("731")
        expect(box(page, "chunk_overlap_tokens")).to_have_value("90")
        expect(page).to_have_url(re.compile("chunk_tokens=731.*chunk_overlap_tokens=90"))

    expect_answer(page, answer(**stated))
    expect_the_question()
    page.reload()
    expect_answer(page, answer(**stated))
    expect_the_question()
    for path in ("cost", "advise"):
        menu(page, path)
        expect_the_question()
    menu(page, "faq")
    page.go_back()
    expect_answer(page, answer(**stated))
    expect_the_question()


def test_whole_passages_by_link_outlive_reload_other_pages_and_back(app, open_page, answer):
    page = open_page(f"{app}/advise?chunk_tokens=none")
    whole = answer(chunk_tokens=None)
    for step in (lambda: None, page.reload, lambda: (menu(page, "faq"), page.go_back())):
        step()
        expect_answer(page, whole)
        expect(box(page, "chunk_tokens")).to_have_value("none")
        expect(box(page, "chunk_overlap_tokens")).to_be_disabled()
        expect(page).to_have_url(f"{app}/advise?chunk_tokens=none")
    menu(page, "cost")
    expect(box(page, "chunk_tokens")).to_have_value("none")
    expect(page).to_have_url(re.compile("/cost.*chunk_tokens=none"))


def test_a_typed_length_is_answered_and_in_the_address(app, open_page, answer, texts):
    page = open_page(f"{app}/advise")
    texts(page)
    for typed, length in (("4000", 4_000), ("none", None), ("1,000", 1_000), ("60", 60)):
        field = box(page, "chunk_tokens")
        field.click()
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect_answer(page, answer(chunk_tokens=length))
        written = "none" if length is None else str(length)
        shared = "&chunk_overlap_tokens=30" if length == 60 else ""  # half of it at most
        expect(page).to_have_url(f"{app}/advise?chunk_tokens={written}{shared}")
    expect_told(page, "Each part repeats the last 30 tokens of the one before.")
    fill(page, "chunk_tokens", "400")
    expect_answer(page, answer())
    expect(page).to_have_url(f"{app}/advise")


def test_a_preset_keeps_passages_whole_and_another_cuts_them_again(app, open_page, answer, catalog):
    page = open_page(f"{app}/advise")
    for key, length in (("long-contracts", "none"), ("best-english-quality", "400")):
        preset = catalog.presets[key]
        pick(page, "preset", preset.name)
        expect_answer(page, answer(**preset.workload))
        expect(box(page, "chunk_tokens")).to_have_value(length)
    expect(page).not_to_have_url(re.compile("chunk_tokens"))


def test_a_faulty_overlap_by_link_is_in_sight_below_its_box(app, open_page, answer):
    page = open_page(f"{app}/advise?chunk_overlap_tokens=300", 390)
    section = widget(page, "chunk_tokens").locator("xpath=ancestor::details")
    expect(section.get_by_test_id("stAlertContentError")).to_contain_text("(400)")
    button(page, "mend-chunk_overlap_tokens").click()
    expect(page).to_have_url(re.compile("chunk_overlap_tokens=200"))
    expect(box(page, "chunk_overlap_tokens")).to_be_visible()
    expect_answer(page, answer(chunk_overlap_tokens=200))
