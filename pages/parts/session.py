"""What one visit sees: the catalog as the page found it, with its own prices and measurements."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base.errors import CatalogError
from advisor.catalog import Catalog, price_sources, reloading
from advisor.catalog.schema import Usd
from advisor.decide.query import SCORES, AdviceQuestion, QuestionError, of_params
from advisor.live import as_evidence
from advisor.live.relevance import Measured
from pages.parts import address
from pages.parts.markdown import plain
from pages.parts.old_links import NOW

FIELDS = tuple(Workload.model_fields)
ASSUMED = tuple(Assumptions.model_fields)
STATED = (*FIELDS, *NOW, *ASSUMED, *SCORES.values())  # of a question, in the order of an address
STORED = "workload"
IGNORED = "ignored"  # what of the address the form could not take, until another page is entered
READING = "reading_of_the_catalog"
LIVE = "live_prices"
YOURS = "your_evidence"
WITH_YOURS = "catalog_with_your_evidence"
MOST_FAULTS = 200
VALIDATE = "`python -m advisor validate` prints the same list."
FIX = f"Fix the files below and reload this page; {VALIDATE}"


@dataclass(frozen=True, eq=False)
class VisitEvidence:
    """What this visit measured on data of its own, for Advise to take."""

    results: tuple[Measured, ...]
    languages: tuple[str, ...]


def start(page: st.Page) -> None:
    """Loads the catalog, or shows its faults; brings the workload to the pages that use it."""
    now = reloading.current()
    if now.catalog is None:
        show_faults(CatalogError(now.faults))
        st.stop()
    st.session_state[READING] = now.catalog
    if now.notice:
        st.warning(plain(now.notice))
    if st.session_state.get("page") != page.url_path:
        st.session_state["page"] = page.url_path
        st.session_state.pop(IGNORED, None)
        address.enter(st.session_state.get(STORED, {}), STATED)
    address.begin()


def routed() -> None:
    """Hands a page that was opened first of all on a fresh server to app.py.

    Until `st.navigation` was called once in the process, Streamlit 1.67 runs files of a `pages`
    folder by themselves: a deep link as the very first visit would show no navigation."""
    # Another visitor may have turned it off meanwhile.
    if PagesManager.uses_pages_directory or READING not in st.session_state:
        PagesManager.uses_pages_directory = False
        st.rerun()


def the_catalog() -> Catalog:
    """The catalog as this run of the page began with it, and what this visit measured, if it did.

    So no page mixes two readings."""
    shared = for_all()
    evidence: VisitEvidence | None = st.session_state.get(YOURS)
    if not evidence:
        st.session_state.pop(WITH_YOURS, None)
        return shared
    today = catalogs.today()
    mark = (shared, evidence, today)
    # One catalog for the same measurements, so that what is worked out from it is remembered.
    before: tuple[object, Catalog] | None = st.session_state.get(WITH_YOURS)
    if before is not None and before[0] == mark:
        return before[1]
    own = as_evidence.with_yours(shared, evidence.results, evidence.languages, today)
    st.session_state[WITH_YOURS] = (mark, own)
    return own


def last_question() -> AdviceQuestion | None:
    """What the last answer of this visit is for; None where the catalog has it no more."""
    stored: dict[str, str | list[str]] | None = st.session_state.get(STORED)
    if stored is None:
        return None
    params = {name: [v] if isinstance(v, str) else v for name, v in stored.items()}
    try:
        return of_params(the_catalog(), params)
    except QuestionError:
        return None


def for_all() -> Catalog:
    """The catalog without what this visit measured; with live prices where this visit uses them."""
    catalog: Catalog = st.session_state[READING]
    live = st.session_state.get(LIVE)
    return _with_live(catalog, tuple(sorted(live.items()))) if live else catalog


@lru_cache(maxsize=8)
def _with_live(catalog: Catalog, live: tuple[tuple[str, Usd | None], ...]) -> Catalog:
    """One catalog for the same live prices, so that what is worked out from it is remembered."""
    return price_sources.with_prices(catalog, dict(live))


def secret(name: str) -> str:
    """A key of the operator's, from the environment or the secrets; empty where there is none."""
    if os.environ.get(name):
        return os.environ[name]
    try:
        return str(st.secrets.get(name, ""))
    except FileNotFoundError:
        return ""


def show_faults(error: CatalogError) -> None:
    """The page of a catalog that cannot be used."""
    number = len(error.faults)
    st.title("The catalog cannot be used")
    st.markdown(f"{number} {'fault' if number == 1 else 'faults'} found. {FIX}")
    rows = [
        {
            "Where": ", ".join(p for p in (f.file, f.entry, f.field) if p),
            "What is wrong": f.problem,
            "What to do": f.remedy,
        }
        for f in error.faults[:MOST_FAULTS]
    ]
    st.table([{key: plain(text) for key, text in row.items()} for row in rows], hide_index=True)
    if number > len(rows):
        st.caption(f"The first {len(rows)} of {number} are shown.")
