"""What drives the cost: two sliders moved, the bill read, the best saving taken, and undone."""

import re

import pytest
from playwright.sync_api import expect

from advisor.explain.bill import bill, per_1000_queries
from advisor.explain.hosted_or_own import hosted_or_own
from advisor.explain.saving import best_saving
from advisor.explain.sentences import usd_of
from tests.browser.conftest import box, expect_answer, marked, menu, settle, widget
from tests.browser.test_errands import PHONE, TOP, tab_to
from tests.browser.test_pages import overflow


def slider(page, field):
    return widget(page, f"{field}_slider").get_by_role("slider")


def expect_bill(page, recommendation) -> None:
    """Waits for the answer with all four figures, and the saving."""
    expect_answer(page, recommendation)
    spent = bill(recommendation.pick)
    compared = hosted_or_own(recommendation, "embedder")
    each = per_1000_queries(spent, recommendation.workload)
    for figure in (usd_of(spent.month), spent.one_off_amount, each, compared.metric):
        expect(widget(page, "answer")).to_contain_text(figure)
    expect(page.get_by_role("heading", level=3, name=compared.title)).to_be_visible()
    if saving := best_saving(recommendation):
        expect(widget(page, "saving")).to_contain_text(saving.lead)
    else:
        expect(widget(page, "saving")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, PHONE["width"]])
def test_two_sliders_move_the_bill_and_the_saving_is_one_click(app, open_page, answer, width):
    page = open_page(app, width)
    menu(page, "cost")
    expect_bill(page, answer())
    slider(page, "queries_per_month").press("End")
    most = 1_000_000_000
    expect(box(page, "queries_per_month")).to_have_value(str(most))
    expect(page).to_have_url(re.compile(f"queries_per_month={most}"))
    expect_bill(page, answer(queries_per_month=most))
    slider(page, "passages").press("ArrowLeft")
    stated = {"queries_per_month": most, "passages": 700_000}
    expect_bill(page, answer(**stated))
    expect(page).to_have_url(re.compile("passages=700000"))
    assert widget(page, "answer").evaluate(TOP) <= 1.5 * PHONE["height"]
    settle(page)
    assert max(overflow(page)) <= 1
    saving = best_saving(answer(**stated))
    marked(page, "savings").click()
    saved = answer(**saving.workload.stated())
    assert saved.monthly == pytest.approx(answer(**stated).monthly - saving.usd)
    expect_bill(page, saved)
    expect(page).to_have_url(re.compile(saving.field))
    page.go_back()
    expect_bill(page, answer(**stated))
    expect(box(page, "passages")).to_have_value("700000")
    expect(slider(page, "passages")).to_have_attribute("aria-valuetext", "700 k")


def test_the_bill_is_read_by_keyboard_alone(app, open_page, answer):
    page = open_page(app)
    tab_to(page, ".st-key-menu a[href^=cost]")
    page.keyboard.press("Enter")
    expect_bill(page, answer())
    tab_to(page, ".st-key-queries_per_month_slider input")
    for _ in range(3):  # the next steps are pressed before the first is answered
        page.keyboard.press("ArrowRight")
    expect(box(page, "queries_per_month")).to_have_value("5000000")
    expect_bill(page, answer(queries_per_month=5_000_000))
    focused = "document.activeElement.closest('.st-key-queries_per_month_slider') !== null"
    assert page.evaluate(focused)
    tab_to(page, ".st-key-saving button")
    page.keyboard.press("Enter")
    saving = best_saving(answer(queries_per_month=5_000_000))
    expect_bill(page, answer(**saving.workload.stated()))
