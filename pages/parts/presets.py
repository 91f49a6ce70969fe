"""The answers to the presets, worked out once for all visitors."""

from __future__ import annotations

from datetime import date

import streamlit as st

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.decide.recommend import Recommendation, recommend
from advisor.explain import reasons
from pages.parts import session


def _recommendation(catalog: Catalog, preset: str, day: date) -> Recommendation:
    return recommend(catalog, Workload.of(catalog.presets[preset].workload), day)


@st.cache_resource(max_entries=4, show_spinner=False)
def _picks(version: str, day: date, _catalog: Catalog) -> dict[str, tuple[str, ...]]:
    shown = _catalog.shown_presets
    picks = {preset: _recommendation(_catalog, preset, day).pick for preset in shown}
    return {p: tuple(part.variant_id for part in pick.parts) for p, pick in picks.items() if pick}


@st.cache_resource(max_entries=4, show_spinner=False)
def _won(version: str, day: date, preset: str, _catalog: Catalog) -> str:
    return reasons.won(_recommendation(_catalog, preset, day))


def won(preset: str) -> str:
    """What a preset's pick costs and why it won."""
    catalog = session.for_all()  # a preset asks for no evidence of a visit's own
    return _won(catalog.version, catalogs.today(), preset, catalog)


def preset_picks() -> dict[str, tuple[str, ...]]:
    """The variants that the engine picks for each preset that is shown."""
    catalog = session.for_all()
    return _picks(catalog.version, catalogs.today(), catalog)
