"""Colours of charts are the theme's, in the mode that the browser asks for, and follow it."""

import pytest
from playwright.sync_api import expect

from tests.show.test_slots import MODES, THEME, slot_colours

MARKS = "[data-testid=stVegaLiteChart] .mark-symbol path"
NAMES = "[data-testid=stVegaLiteChart] .mark-text.role-mark text"
LABELS = "[data-testid=stVegaLiteChart] .role-axis-label text"


def fills(page, selector):
    """The fills of what is drawn, as `#rrggbb`."""
    return set(page.locator(selector).evaluate_all("all => all.map(e => e.getAttribute('fill'))"))


@pytest.mark.parametrize("first", MODES)
def test_marks_names_and_axes_have_the_colours_of_the_mode_and_follow_it(app, open_page, first):
    page = open_page(f"{app}/advise", scheme=first)
    second = MODES[1 - MODES.index(first)]
    assert THEME[first]["chartCategoricalColors"] != THEME[second]["chartCategoricalColors"]
    for mode in (first, second):
        page.emulate_media(color_scheme=mode)
        colours = slot_colours(mode)
        recommended = page.locator(f"{MARKS}[fill='{colours['one']}']")
        expect(recommended.first).to_be_visible()
        assert fills(page, MARKS) <= {colours["one"], colours["three"]}
        assert fills(page, NAMES) == {colours["ink"]}
        assert fills(page, LABELS) == {colours["soft"]}
