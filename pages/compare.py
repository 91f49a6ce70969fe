"""Compare: two to four variants side by side, with what differs marked."""

import streamlit as st

from advisor import catalog as catalogs
from advisor.family import comparison, published_scores
from pages.parts import figures, links, markdown, session

session.routed()
catalog = session.the_catalog()
st.title("Compare models")
st.markdown(
    "Choose two to four. ≠ marks what differs; published scores stand side by side only where one benchmark holds all of them."
)
options = sorted(catalog.variants, key=lambda key: (catalog.family_of(key).id != "bge", key))
default = [key for key in ("bge-m3", "bge-large-en-v1.5") if key in options] or options[:2]
chosen = st.multiselect(
    "Models", options, default=default, max_selections=4, key="variants", bind="query-params"
)
if len(chosen) < 2:
    st.info("Choose one more model to compare." if chosen else "Choose two models to compare.")
    st.stop()
only = st.toggle("Show only what differs", key="differing", bind="query-params")
rows = comparison.side_by_side(catalog, chosen, catalogs.today())
kinds = {catalog.variants[key].kind for key in chosen}
if len(kinds) > 1:
    st.warning(
        "These do different jobs: an embedder finds passages, a reranker orders what was found. One does not take the place of the other."
    )
names = [catalog.variants[key].name for key in chosen]
for part, title in (
    ("Price", "Hosted price"),
    ("Score", "Published scores (points of 100)"),
    ("Fact", "Facts"),
):
    shown = [row for row in rows if row["part"] == part and (row["differs"] or not only)]
    st.header(title)
    if shown:
        figures.table(
            [{"≠": row["differs"], "Benchmark" if part == "Score" else "Fact": markdown.plain(row["label"])} | {markdown.plain(name): markdown.plain(row[name]) for name in names} for row in shown], alt=f"{title} of {', '.join(names)}",
        )  # fmt: skip
    else:
        st.markdown(
            "No published set holds all of them: there is no comparison."
            if part == "Score"
            else "Nothing differs."
        )
    if part == "Score" and shown:
        st.caption(markdown.plain(published_scores.metric_meanings(catalog)))
languages = comparison.shared_languages(catalog, chosen)
if languages:
    st.header("Published scores by language (points of 100)")
    figures.table([figures.plain_row(row) for row in languages], alt="Scores by language")
st.markdown("The source of each figure stands on the model's own page:")
links.variant_pages(dict(zip(chosen, names, strict=True)))
