"""Names on the screen, ids in the address: Back, Forward, reload, the menu, and links of before."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    box,
    choose,
    expect_answer,
    fill,
    menu,
    pick,
    settle,
    widget,
)

LINK = "/advise?task=retrieve-and-rerank&languages=de&languages=en&queries_per_month=3000000"


def question(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def expect_languages(page: Page, *names: str) -> None:
    expect(widget(page, "languages").locator("[data-tag]")).to_have_text(list(names))


def expect_question(page: Page, **stated: list[str]) -> None:
    """Waits until the address asks exactly this."""
    query = "&".join(f"{name}={value}" for name, values in stated.items() for value in values)
    expect(page).to_have_url(re.compile(rf"/\w*{re.escape('?' + query) if query else ''}$"))


def test_ids_of_a_link_are_names_on_the_page_and_a_choice_by_name_is_an_id_again(
    open_page, app, answer
):
    page = open_page(app + LINK)
    expect_languages(page, "German", "English")
    expect(box(page, "task")).to_have_value("Search + rerank")
    expect(box(page, "queries_per_month")).to_have_value("3000000")
    assert page.url == app + LINK
    choose(page, "placement", "Our own machines")
    rest = {"languages": ["de", "en"], "queries_per_month": ["3000000"], "placement": ["own"]}
    expect_question(page, task=["retrieve-and-rerank"], **rest)
    stated = {"languages": ["de", "en"], "queries_per_month": 3_000_000, "placement": "own"}
    expect_answer(page, answer(task="retrieve-and-rerank", **stated))
    choose(page, "task", "Search")
    expect_question(page, **rest)
    expect_answer(page, answer(**stated))


def test_back_and_forward_take_one_change_at_a_time_and_reload_keeps_it(open_page, app, answer):
    page = open_page(app + "/overview")
    menu(page, "advise")
    fill(page, "passages", 5_000_000)
    expect_question(page, passages=["5000000"])
    choose(page, "priority", "Quality")
    expect_question(page, passages=["5000000"], priority=["quality"])
    page.go_back()
    expect_answer(page, answer(passages=5_000_000))
    expect(box(page, "priority")).to_have_value("Balanced")
    page.go_back()
    expect_answer(page, answer())
    expect(box(page, "passages")).to_have_value("1000000")
    page.go_forward()
    expect_answer(page, answer(passages=5_000_000))
    page.reload()
    settle(page)
    expect_answer(page, answer(passages=5_000_000))
    page.go_back()
    page.go_back()
    expect(page).to_have_title(re.compile("Overview"))


def test_an_example_is_one_step_of_back(open_page, app, answer, catalog):
    page = open_page(app + "/advise?passages=5000000")
    preset = catalog.presets["multilingual-rag"]
    pick(page, "preset", preset.name)
    expect_answer(page, answer(**preset.workload))
    expect(page).not_to_have_url(re.compile("passages=5000000"))  # it is written last
    page.go_back()
    expect_answer(page, answer(passages=5_000_000))
    assert question(page) == {"passages": ["5000000"]}


def test_the_menu_takes_the_question_along_and_back_returns_to_it_whole(open_page, app, answer):
    page = open_page(app + "/advise?languages=de")
    expect_answer(page, answer(languages=["de"]))
    widget(page, "languages").locator("input").press_sequentially("Engl")
    page.keyboard.press("Enter")
    expect_question(page, languages=["de", "en"])
    page.keyboard.press("Escape")
    menu(page, "cost")
    expect_question(page, languages=["de", "en"])
    expect_languages(page, "German", "English")
    fill(page, "queries_per_month", 7_000_000)
    expect_question(page, languages=["de", "en"], queries_per_month=["7000000"])
    menu(page, "advise")
    expect_answer(page, answer(languages=["de", "en"], queries_per_month=7_000_000))
    page.go_back()
    page.go_back()
    expect_question(page, languages=["de", "en"])
    page.go_back()
    expect_answer(page, answer(languages=["de", "en"]))


def test_what_is_at_its_default_is_not_in_the_address(open_page, app):
    page = open_page(app + "/advise?languages=en&passages=1000000&utm_source=mail")
    fill(page, "passages", 2_000_000)
    expect(page).to_have_url(re.compile("passages=2000000"))
    assert question(page) == {"utm_source": ["mail"], "passages": ["2000000"]}
