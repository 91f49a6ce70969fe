"""The tabs of a page, of which only the open one is worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from advisor.base.errors import CatalogError
from pages.parts.markdown import plain


def show(parts: Mapping[str, Callable[[], None]]) -> None:
    """A tab for each label; what one holds is shown while it is open.

    Files of the catalog that a tab reads now may have broken since the rest was read."""
    tabs = st.tabs(list(parts), key="part", bind="query-params")
    for tab, show_part in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                try:
                    show_part()
                except CatalogError as error:
                    st.warning(plain(str(error)))
