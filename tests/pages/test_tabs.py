"""Tabs: a link has the id of the open one; what one was called before still opens it."""

import pytest

from pages.parts import old_links
from tests.visiting import opened

OLD = {
    "Plans": "All options",
    "What moves it": "What drives it",
    "Break-even": "Break-even",
    "Index": "Vector store",
    "Time": "Latency",
    "Your texts": "Your texts",
}
LIVE = ("Search", "Rerank", "Similarity", "Long texts", "Instruction", "Two models", "M3 outputs")
LIVE += ("Speed", "Your data")


@pytest.mark.parametrize(("label", "now"), OLD.items())
def test_a_link_of_before_opens_the_tab_that_holds_it_now(label, now):
    assert opened("cost", part=label).session_state["part"] == now
    assert opened("cost", part=old_links.part_id(label)).session_state["part"] == now


@pytest.mark.parametrize("label", LIVE)
def test_a_tab_of_live_opens_by_its_label_and_by_its_id(label):
    for said in (label, old_links.part_id(label)):
        page = opened("live", part=said)
        assert page.session_state["part"] == label if label != LIVE[0] else not page.exception


def test_every_old_name_of_a_tab_has_a_row_here():
    assert set(old_links.OLD_PARTS) <= {label.lower().replace(" ", "-") for label in OLD}


@pytest.mark.parametrize("odd", ["", "nosuch", "../etc"])
def test_a_part_that_is_none_opens_the_first(odd):
    page = opened("cost", part=odd)
    assert page.session_state["part"] in (None, "All options")
