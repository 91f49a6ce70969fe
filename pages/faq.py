"""FAQ: questions about the family, answered from the catalog in either view."""

import streamlit as st

from advisor.family import faq
from pages.parts import links, session
from pages.parts.family_choice import ask_family, ask_view
from pages.parts.markdown import plain, small

LISTED = (
    "The listing's own answers, word for word. "
    "Where they are wrong, the verified view and Sources say so."
)

session.routed()
catalog = session.the_catalog()
st.title("Questions and answers")
families = catalog.families.items()
with st.container(horizontal=True):
    family = ask_family([key for key, f in families if faq.answers(catalog, f, "verified")])
    view = ask_view(family, "Answers")
if view == "as-listed":
    st.caption(LISTED)
for answer in faq.answers(catalog, family, "listed" if view == "as-listed" else "verified"):
    st.header(plain(answer.question))
    st.markdown(plain(answer.answer))
    if answer.sources:
        small(f"Rests on {links.source_links(answer.sources)}")
links.advise_page("Ask about your own workload")
