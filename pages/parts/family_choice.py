"""Which family a page speaks of, and in which view."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.catalog import LoadedFamily
from pages.parts.inputs import from_list, one_of
from pages.parts.session import the_catalog

VIEWS = {"verified": "Checked by us", "as-listed": "As published"}


def first_family(families: Sequence[str]) -> str:
    """The family shown where nothing is chosen: BGE where it is one of them."""
    return "bge" if "bge" in families else families[0]


def ask_family(families: Sequence[str]) -> LoadedFamily:
    """One of these families; nothing is asked where there is one."""
    key = first_family(families)
    if len(families) > 1:
        names = {each: the_catalog().families[each].facts.name for each in families}
        key = from_list("Family", names, "family", key, width=220)
    return the_catalog().families[key]


def ask_view(family: LoadedFamily, label: str, hint: str | None = None) -> str:
    """`verified` or `as-listed`."""
    views = VIEWS if family.listing else {"verified": VIEWS["verified"]}
    return one_of(label, views, "view", hint=hint)
