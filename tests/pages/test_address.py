"""What links give the widgets, and what the widgets give the address."""

import pytest

from pages.parts import session
from tests.visiting import opened


def stored(page) -> dict:
    return page.session_state[session.STORED]


@pytest.mark.parametrize(
    ("name", "values", "held"),
    [
        ("passages", ["200.0"], "200"),
        ("passages", ["200.5"], "200"),
        ("passages", ["1e6"], None),
        ("passages", ["7", "8"], "8"),
        ("passages", ["-5"], None),
        ("passages", ["inf"], None),
        ("data_may_leave", ["FALSE"], "false"),
        ("redundancy", ["True"], "true"),
        ("task", ["rerank", "xx"], "rerank"),
        ("task", ["xx", "retrieve"], None),
        ("priority", ["cost", ""], "cost"),
        ("precision", ["int8", "fp16"], "fp16"),
        ("vector_store", ["no-such-store"], None),
        ("measured_on", [""], None),
    ],
)
def test_a_link_gives_the_nearest_that_its_widget_can_hold(name, values, held):
    page = opened("advise", **{name: values})
    assert stored(page).get(name) == held


def test_of_more_models_than_can_be_compared_a_link_gives_the_first():
    many = ["bge-m3", "bge-small-en-v1.5", "bge-base-en-v1.5", "bge-large-en-v1.5"]
    page = opened("compare", variants=[*many, "bge-reranker-large"])
    assert page.multiselect(key="variants").value == many


def test_what_was_set_back_to_its_default_stays_there_where_the_question_was_brought_along():
    page = opened("faq", {session.STORED: {"task": "rerank", "queries_per_month": "5000"}})
    page.switch_page("pages/advise.py").run()
    assert stored(page) == {"task": "rerank", "queries_per_month": "5000"}
    page.selectbox(key="task").set_value("retrieve").run()
    page.number_input(key="passages").set_value(7777).run()
    assert stored(page) == {"passages": "7777", "queries_per_month": "5000"}
    assert not page.exception


def test_a_value_that_the_task_does_not_use_is_kept_for_when_it_does():
    page = opened("advise", task="rerank", rerank_candidates="30")
    for task in ("retrieve", "rerank"):
        page.selectbox(key="task").set_value(task).run()
    assert stored(page) == {"task": "rerank", "rerank_candidates": "30"}


def test_an_address_that_says_something_else_takes_a_fault_away():
    page = opened("advise", languages="de")
    page.number_input(key="passage_tokens").set_value(900).run()
    assert page.error
    page.query_params["languages"] = ["fr"]
    page.run()
    assert not page.error and page.number_input(key="passage_tokens").value == 200
    assert stored(page) == {"languages": ["fr"]}


def test_the_option_whose_cost_is_shown_is_the_recommended_one_until_a_link_names_another(catalog):
    page = opened("cost", part="how-it-is-calculated")
    first = page.selectbox(key="offer").value
    page.selectbox(key="priority").set_value("cost").run()
    assert page.selectbox(key="offer").value != first
    named = opened("cost", offer=first)
    named.selectbox(key="priority").set_value("cost").run()
    assert named.selectbox(key="offer").value == first
