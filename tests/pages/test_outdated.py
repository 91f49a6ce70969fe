"""Pages over a catalog that breaks and is mended while they run."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from advisor.catalog import reloading
from pages.parts import markdown

ROOT = Path(__file__).resolve().parents[2]


def test_a_page_says_that_the_last_good_catalog_answers_and_stops_saying_so_when_it_is_mended(
    copied, monkeypatch
):
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    answer = [element.value for element in page.markdown]
    assert not page.warning and not page.exception
    offers = copied / "offers/deepinfra.yaml"
    text = offers.read_text(encoding="utf-8")
    offers.write_text("name: [", encoding="utf-8")
    page.run()
    notice = reloading.current().notice
    assert [warning.value for warning in page.warning] == [
        markdown.plain(notice)
    ] and "catalog/offers/deepinfra.yaml" in notice
    assert [element.value for element in page.markdown] == answer
    offers.write_text(text, encoding="utf-8")
    page.run()
    assert not page.warning and not page.exception
