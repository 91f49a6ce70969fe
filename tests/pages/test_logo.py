"""The wide logo: its name in the theme's own colours, light and dark."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.show.test_slots import MODES, THEME

LOGO = Path(__file__).resolve().parents[2] / "pages" / "logo.svg"


@pytest.mark.parametrize("mode", MODES)
def test_the_logo_has_the_colours_of_the_theme(mode):
    text = LOGO.read_text(encoding="utf-8")
    light, dark = text.split("@media (prefers-color-scheme:dark)")
    style = {"light": light, "dark": dark}[mode]
    fills = dict(re.findall(r"\.(\w+)\{fill:(#\w{6})", style))
    assert fills["name"] == THEME[mode]["textColor"]
    assert fills["mark"] == THEME[mode]["primaryColor"]


def test_the_logo_is_well_formed_and_named_for_those_who_do_not_see_it():
    root = ElementTree.parse(LOGO).getroot()  # noqa: S314  # a file of our own
    assert root.get("role") == "img" and root.get("aria-label") == "BGE Advisor"
    assert "".join(root.itertext()).endswith("BGE Advisor")
