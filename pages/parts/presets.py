"""The answers to the presets, worked out once for all visitors."""

from __future__ import annotations

from datetime import date

import streamlit as st

from advisor import catalog
from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.decide import recommend
from advisor.explain import reasons
from pages.parts import session


@st.cache_resource(max_entries=4, show_spinner=False)
def _picks(version: str, day: date, _found: Catalog) -> dict[str, tuple[str, ...]]:
    picked = {
        key: recommend.recommend(_found, Workload.of(preset.workload), day).pick
        for key, preset in _found.presets.items()
    }
    return {
        key: tuple(part.variant_id for part in pick.parts) for key, pick in picked.items() if pick
    }


@st.cache_resource(max_entries=4, show_spinner=False)
def _won(version: str, day: date, preset: str, _found: Catalog) -> str:
    return reasons.won(
        recommend.recommend(_found, Workload.of(_found.presets[preset].workload), day)
    )


def won(preset: str) -> str:
    """What a preset's pick costs and why it won."""
    found = session.for_all()  # a preset asks for no evidence of a visit's own
    return _won(found.version, catalog.today(), preset, found)


def preset_picks() -> dict[str, tuple[str, ...]]:
    """The variants that the engine picks for each preset."""
    found = session.for_all()
    return _picks(found.version, catalog.today(), found)
