"""Colours by slot: what the theme gives them, and that they can be seen and read in both modes."""

import tomllib
from pathlib import Path

import pytest

from advisor.show.slots import MARKDOWN, SLOTS

CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"
THEME = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
MODES = ["light", "dark"]


def luminance(colour):
    """Relative luminance of `#rrggbb`, as WCAG 2 defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def slot_colours(mode):
    return dict(zip(SLOTS, THEME[mode]["chartCategoricalColors"], strict=True))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_the_themes_words_can_be_read_on_its_grounds(mode, ground):
    theme = THEME[mode]
    names = [key for key in theme if key.endswith("TextColor")]
    for key in {"textColor", "linkColor", *names}:
        assert contrast(theme[key], theme[ground]) >= 4.5, key


@pytest.mark.parametrize("mode", MODES)
def test_badges_and_headings_of_tables_can_be_read(mode):
    theme = THEME[mode]
    for hue in ("blue", "orange", "green", "violet", "gray"):
        assert contrast(theme[f"{hue}TextColor"], theme[f"{hue}BackgroundColor"]) >= 4.5, hue
    heading, ground = "dataframeHeaderTextColor", "dataframeHeaderBackgroundColor"
    assert contrast(theme[heading], theme[ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_marks_stand_out_and_words_of_charts_can_be_read(mode, ground):
    colours = slot_colours(mode)
    for slot in set(SLOTS) - {"track"}:
        least = 4.5 if slot in ("ink", "soft") else 3
        assert contrast(colours[slot], THEME[mode][ground]) >= least, slot


@pytest.mark.parametrize("mode", MODES)
def test_a_key_in_text_has_the_hue_of_its_mark(mode):
    colours = slot_colours(mode)
    for slot, hue in MARKDOWN.items():
        mark, key = (c[1:] for c in (colours[slot], THEME[mode][f"{hue}Color"]))
        far = max(abs(int(mark[n : n + 2], 16) - int(key[n : n + 2], 16)) for n in (0, 2, 4))
        assert far <= 16, f"{slot}: {mark} and {key}"
