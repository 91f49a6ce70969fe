"""Files of the catalog change while a page is being made: the page is of one reading, and what is kept by version is of that version."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.decide import recommend
from advisor.explain import reasons


def script():
    """A page whose catalog changes half way, the first time that it is made."""
    import os
    from pathlib import Path
    from types import SimpleNamespace

    import streamlit as st

    from pages.parts import presets, session

    session.start(SimpleNamespace(url_path="overview"))
    before = session.the_catalog()
    path = Path(os.environ["ADVISOR_CATALOG"]) / "offers/beta.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            'usd_per_1m_input: "0.10"', 'usd_per_1m_input: "3.5"'
        ),
        encoding="utf-8",
    )
    st.session_state["versions"] = [before.version, session.the_catalog().version]
    st.session_state["won"] = presets.won(next(iter(before.presets)))


@pytest.fixture(autouse=True)
def fresh():
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def won(catalog):
    preset = next(iter(catalog.presets.values()))
    return reasons.won(recommend.recommend(catalog, Workload.of(preset.workload), catalogs.today()))


def test_a_page_is_of_one_reading_and_the_next_of_the_new(made_up_copy, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up_copy))
    old = catalogs.load(made_up_copy)
    page = AppTest.from_function(script, default_timeout=60).run()
    assert not page.exception
    assert (page.session_state["versions"], page.session_state["won"]) == (
        [old.version] * 2,
        won(old),
    )
    new = catalogs.load(made_up_copy)
    page.run()
    assert (page.session_state["versions"], page.session_state["won"]) == (
        [new.version] * 2,
        won(new),
    )
    assert new.version != old.version and won(new) != won(old)
