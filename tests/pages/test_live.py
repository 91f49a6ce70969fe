"""Live through AppTest: what its boxes take, and what of a visit it keeps."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
LONG = "word " * 30_000


def live(part: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["part"] = part
    page.run()
    page.switch_page("pages/live.py").run()
    assert not page.exception
    return page


def test_a_long_text_is_taken_no_further_than_a_server_reads():
    page = live("Long texts")
    page.text_area(key="cut_text").set_value(LONG).run()
    assert not page.exception and len(page.session_state["cut_text"]) == 120_000


@pytest.mark.parametrize("part", ["Long texts", "Similarity", "M3 outputs"])
def test_every_box_for_texts_has_an_end(part):
    page = live(part)
    assert all(box.proto.max_chars for box in [*page.text_area, *page.text_input])
