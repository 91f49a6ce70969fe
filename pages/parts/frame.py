"""What stands around every page: its title, the menu, its width, and the foot."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.family import price_list
from pages.parts import links, session
from pages.parts.markdown import plain, small
from pages.parts.old_links import WITH_WORKLOAD

PICTURES = Path(__file__).parents[1]
WIDTH = 1160  # pixels of a page: longer lines are hard to read
WHOSE = "BGE Advisor is not affiliated with BAAI."
MENU = {
    "overview": "Overview",
    "advise": "Find a model",
    "compare": "Compare",
    "cost": "Cost",
    "live": "Try it",
    "faq": "FAQ",
    "sources": "Sources",
}
# Streamlit 1.67 writes white on the primary colour in either theme: 2.2:1 on our dark one; and what
# a pressed button without a frame says, in a shade of it that has 3.9:1 there.
STYLE = """
<style>
.st-key-price p {font-size: 1.85rem; line-height: 1.3}
.st-key-price p small {font-size: 0.95rem}
[class*="st-key-primary"] button, .st-key-page [data-tag] {color: light-dark(#fff, #0b1a24)}
.st-key-page button[kind="tertiary"] p {color: light-dark(#0f5f8c, #6db8e0)}
.st-key-menu a {white-space: nowrap}
.st-key-page [data-testid="stTable"] :is(th, td) {min-width: 6.5rem}
</style>
"""


@contextlib.contextmanager
def around(title: str) -> Iterator[None]:
    """The frame of a page; of one that is shown within another page the page alone."""
    st.set_page_config(
        page_title=f"{title} · BGE Advisor",
        page_icon=str(PICTURES.joinpath("icon.svg")),
        layout="wide",
    )
    st.html(STYLE)
    middle = st.container(horizontal_alignment="center")
    with middle.container(width=WIDTH, key="page"):
        if st.context.is_embedded:
            yield
            return
        st.logo(str(PICTURES.joinpath("logo.svg")), size="large")
        menu = st.container(key="menu").empty()
        before = _show_menu(menu)
        try:
            yield
        finally:
            if st.session_state.get(session.STORED) != before:
                _show_menu(menu)
            _show_foot()


def head(title: str) -> DeltaGenerator:
    """The title of a page; gives the place beside it for what can be done with the page."""
    row = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    row.title(title, anchor=False)
    return row.container(width="content")


def _show_menu(place: DeltaGenerator) -> links.Parameters | None:
    """Links to the pages; those that answer a question take this visit's along. Gives it."""
    question: links.Parameters | None = st.session_state.get(session.STORED)
    with place.container(horizontal=True, gap="xxsmall"):
        for name, label in MENU.items():
            query = question if name in WITH_WORKLOAD else None
            st.page_link(f"pages/{name}.py", label=label, query_params=query)
    return question


def _show_foot() -> None:
    """When prices were checked, and which data this is."""
    if session.READING not in st.session_state:
        return
    catalog = session.the_catalog()
    st.space("medium")
    small(f":gray[{plain(f'{_prices_read(catalog)}Data version {catalog.version}. {WHOSE}')}]")


@lru_cache(maxsize=2)
def _prices_read(catalog: Catalog) -> str:
    days = price_list.prices_read(catalog)
    if days is None:
        return ""
    ends = dict.fromkeys(formatting.written_day(day) for day in days)
    return f"Prices checked {' to '.join(ends)}. "
