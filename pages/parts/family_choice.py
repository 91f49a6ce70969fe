"""Which family a page speaks of, and in which view."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from advisor.catalog import LoadedFamily
from pages.parts.inputs import one_of
from pages.parts.session import the_catalog


def first_family(families: Sequence[str]) -> str:
    """The family shown where nothing is chosen: BGE where it is one of them."""
    return "bge" if "bge" in families else families[0]


def ask_family(families: Sequence[str]) -> LoadedFamily:
    """One of these families; nothing is asked where there is one."""
    key = first_family(families)
    if len(families) > 1:
        first = families.index(key)
        key = st.selectbox("Family", families, first, key="family", bind="query-params", width=220)
    return the_catalog().families[key]


def ask_view(family: LoadedFamily, label: str, hint: str | None = None) -> str:
    """`verified` or `as-listed`."""
    views = ["verified", "as-listed"] if family.listing else ["verified"]
    return one_of(label, views, "view", hint)
