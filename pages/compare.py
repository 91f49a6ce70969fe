"""Compare: two to four variants side by side, with what differs marked."""

import streamlit as st

from advisor import catalog as catalogs
from advisor.family import comparison, published_scores
from pages.parts import figures, links, session
from pages.parts.markdown import plain

CHOOSE = (
    "Choose two to four. ≠ marks what differs; published scores stand side by side only where "
    "one benchmark holds all of them."
)
DIFFERENT_JOBS = (
    "These do different jobs: an embedder finds passages, a reranker orders what was found. "
    "One does not take the place of the other."
)
NO_SHARED_SET = "No published set holds all of them: there is no comparison."
FIRST = ("bge-m3", "bge-large-en-v1.5")
TITLES = {"Price": "Hosted price", "Score": "Published scores (points of 100)", "Fact": "Facts"}

session.routed()
catalog = session.the_catalog()
st.title("Compare models")
st.markdown(CHOOSE)
options = sorted(catalog.variants, key=lambda key: (catalog.family_of(key).id != "bge", key))
default = [key for key in FIRST if key in options] or options[:2]
chosen = st.multiselect(
    "Models", options, default=default, max_selections=4, key="variants", bind="query-params"
)
if len(chosen) < 2:
    st.info("Choose one more model to compare." if chosen else "Choose two models to compare.")
    st.stop()
only_differing = st.toggle("Show only what differs", key="differing", bind="query-params")
rows = comparison.side_by_side(catalog, chosen, catalogs.today())
if len({catalog.variants[key].kind for key in chosen}) > 1:
    st.warning(DIFFERENT_JOBS)
names = [catalog.variants[key].name for key in chosen]
for part, title in TITLES.items():
    st.header(title)
    label = "Benchmark" if part == "Score" else "Fact"
    shown = [
        {"≠": row["differs"], label: plain(row["label"])}
        | {plain(name): plain(row[name]) for name in names}
        for row in rows
        if row["part"] == part and (row["differs"] or not only_differing)
    ]
    if shown:
        figures.table(shown, alt=f"{title} of {', '.join(names)}")
    else:
        st.markdown(NO_SHARED_SET if part == "Score" else "Nothing differs.")
    if part == "Score" and shown:
        st.caption(plain(published_scores.metric_meanings(catalog)))
if languages := comparison.shared_languages(catalog, chosen):
    st.header("Published scores by language (points of 100)")
    figures.figures_table(languages, alt="Scores by language")
st.markdown("The source of each figure stands on the model's own page:")
links.variant_pages(dict(zip(chosen, names, strict=True)))
