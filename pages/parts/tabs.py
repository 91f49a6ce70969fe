"""The tabs of a page, of which only the open one is worked out: labels on screen, ids in links."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from advisor.base.errors import CatalogError
from pages.parts import address
from pages.parts.markdown import plain
from pages.parts.old_links import part_id


def show(parts: Mapping[str, Callable[[], None]], first: str = "") -> None:
    """A tab for each label; what one holds is shown while it is open.

    `first` is open where nothing else is said; the first of all, if it is empty. Files of the
    catalog that a tab reads now may have broken since the rest was read."""
    first = first or next(iter(parts))
    labels = {part_id(label): label for label in parts}
    # A browser that lost its server and is told again which tab is open takes no notice of the next
    # click (Streamlit 1.67): of the first tab it is not told.
    if "part" in st.session_state or first != next(iter(parts)) or not address.is_silent("part"):
        now = address.fill("part", first, lambda values: labels.get(values[-1]), parts.__contains__)
        st.session_state.setdefault("part", now)
    tabs = st.tabs(list(parts), key="part", on_change="rerun")
    opened = st.session_state["part"]
    address.says("part", [part_id(opened)] if opened != first else [])
    for tab, show_part in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                try:
                    show_part()
                except CatalogError as error:
                    st.warning(plain(str(error)))
