"""FAQ: questions about the family, answered from the catalog in either view."""

import streamlit as st

from advisor.family import faq
from pages.parts import links, markdown, session

session.routed()
catalog = session.the_catalog()
st.title("Questions and answers")
families = [
    key for key, family in catalog.families.items() if faq.answers(catalog, family, "verified")
]
first = "bge" if "bge" in families else families[0]
with st.container(horizontal=True):
    key = (
        st.selectbox(
            "Family",
            families,
            index=families.index(first),
            key="family",
            bind="query-params",
            width=220,
        )
        if families[1:]
        else first
    )
    family = catalog.families[key]
    views = ["verified", "as-listed"] if family.listing else ["verified"]
    view = st.segmented_control(
        "Answers", views, default="verified", required=True, key="view", bind="query-params"
    )
if view == "as-listed":
    st.caption(
        "The listing's own answers, word for word. Where they are wrong, the verified view and Sources say so."
    )
for answer in faq.answers(catalog, family, "listed" if view == "as-listed" else "verified"):
    st.header(markdown.plain(answer.question))
    st.markdown(markdown.plain(answer.answer))
    markdown.small(f"Rests on {links.source_links(answer.sources)}")
st.page_link(
    "pages/advise.py", label="Ask about your own workload", icon=":material/compass_calibration:"
)
