"""BGE Advisor: which BGE model to use, where to run it, and what it costs. Run with `make run`."""

import contextlib

import streamlit as st

from advisor import telemetry
from advisor.serve import page_lock
from pages.parts import address, frame, session

page = st.navigation(
    [
        st.Page("pages/overview.py", title="Overview", default=True),
        st.Page("pages/advise.py", title="Advise", url_path="advise"),
        st.Page("pages/compare.py", title="Compare", url_path="compare"),
        st.Page("pages/cost.py", title="Cost", url_path="cost"),
        st.Page("pages/live.py", title="Live", url_path="live"),
        st.Page("pages/faq.py", title="FAQ", url_path="faq"),
        st.Page("pages/sources.py", title="Sources", url_path="sources"),
        st.Page("pages/variant.py", title="Variant", url_path="variant", visibility="hidden"),
    ],
    position="hidden",
)
# These wait for models and servers, not for Python.
turn = contextlib.nullcontext() if page.url_path in ("live", "sources") else page_lock.PAGES.turn()
with (
    telemetry.RERUN_SECONDS.labels(page.url_path or "overview").time(),
    turn,
    frame.around(page.title),
):
    session.start(page)
    try:
        page.run()
    finally:
        address.write()
