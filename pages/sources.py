"""Sources: where every figure was read and when, the corrections, old prices, and the catalog to take away."""

import os

import streamlit as st

from advisor import catalog as catalogs
from advisor.catalog import price_sources
from advisor.family import price_list
from advisor.show import downloads, tables
from pages.parts import figures, links, markdown, session

session.routed()
catalog = session.the_catalog()
plain = markdown.plain
st.title("Where the figures are from")
st.markdown(f"{len(catalog.sources)} sources. Catalog {catalog.version}.")
asked = st.query_params.get("source")
correction = next(
    (
        c
        for f in catalog.families.values()
        for c in f.corrections
        if c.id == st.query_params.get("correction")
    ),
    None,
)
if correction is not None:
    with st.container(border=True):
        name = catalog.variants[correction.variant].name if correction.variant else "The family"
        st.markdown(
            f"**{plain(name)}, {plain(correction.field)}.** The listing says {plain(correction.listed)}; verified is {plain(correction.verified)}."
        )
        st.markdown(
            f"{plain(correction.why)} {links.source_links(s for _, s in correction.all_source_ids())}"
        )
if asked:
    source = catalog.sources.get(asked)
    if source is None:
        st.info(markdown.plain(f"There is no source '{asked[:60]}'; all are in the table below."))
    else:
        with st.container(border=True):
            st.markdown(f"**{markdown.plain(source.title)}**")
            st.markdown(
                markdown.plain(
                    f"{source.what or ''} {source.url or ''} Read on {source.accessed.isoformat()}."
                )
                + f" {links.source_links([asked])}"
            )
for family in catalog.families.values():
    if family.corrections:
        st.header(
            f"Where the listing of {markdown.plain(family.facts.name)} differs from the verified facts ({len(family.corrections)})"
        )
        figures.table(
            [
                {
                    "Model": plain(family.variants[c.variant].name) if c.variant else "the family",
                    "What": plain(c.field),
                    "Listed": plain(c.listed),
                    "Verified": plain(c.verified),
                    "Why": plain(c.why),
                    "Source": links.source_links(s for _, s in c.all_source_ids()),
                }
                for c in family.corrections
            ], alt="Corrections",
        )  # fmt: skip
stale = price_list.stale(catalog, catalogs.today())
st.header(f"Prices that are undated, or older than {price_list.STALE_DAYS} days ({len(stale)})")
figures.table(
    [{key: plain(row[key]) for key in ("Model", "Provider", "Input, per 1M tokens", "Price of", "Stated by", "Remark")} for row in stale], alt="Undated and stale prices",
)  # fmt: skip
st.header("Live prices at Novita AI")
st.markdown(
    "Asks Novita for its list of models and compares it with the catalog. What it finds can be used for this visit; nothing is written."
)
own = session.secret("NOVITA_API_KEY")
typed = (
    ""
    if own
    else st.text_input(
        "Novita key",
        type="password",
        key="novita_key",
        help="For this visit only: it is sent to Novita and kept nowhere else.",
    )
)
with st.container(horizontal=True):
    if st.button("Check now", icon=":material/sync:", disabled=not (own or typed)):
        with st.spinner("Asking Novita"):
            try:
                base = os.environ.get("ADVISOR_NOVITA_BASE", price_sources.BASE)
                st.session_state["novita"] = (
                    price_sources.fetch_for_all(own, base)
                    if own
                    else price_sources.fetch(typed.strip(), base)
                )
                st.session_state.pop("novita_problem", None)
            except price_sources.PricesError as error:
                st.session_state["novita_problem"] = str(error)
    if session.LIVE in st.session_state and st.button(
        "Use the catalog's prices again", icon=":material/undo:"
    ):
        del st.session_state[session.LIVE]
        st.rerun()
if problem := st.session_state.get("novita_problem"):
    st.warning(markdown.plain(problem))
elif live := st.session_state.get("novita"):
    told = price_sources.comparison(catalog, live)
    st.markdown("\n".join(f"- {markdown.plain(line)}" for line in told))
    if change := price_sources.yaml_change(price_sources.drift(catalog, live), catalogs.today()):
        usable = (
            price_sources.with_prices(catalog, live) is not catalog
        )  # not where only other models have a price
        if usable and st.button("Use these prices for this visit", icon=":material/check:"):
            st.session_state[session.LIVE] = live
            st.rerun()
        with st.expander(
            "The change as YAML, for whoever keeps the catalog", icon=":material/code:"
        ):
            st.code(change, language="yaml")
if session.LIVE in st.session_state:
    st.info(f"This visit works with the live prices: catalog {session.the_catalog().version}.")
st.header("Take the catalog away")
with st.container(horizontal=True):
    for name, mime, make in downloads.FILES:
        st.download_button(
            name, make(catalog), name, mime, icon=":material/download:", on_click="ignore"
        )
st.header("All sources")
st.dataframe(
    tables.source_rows(catalog),
    hide_index=True,
    column_config={
        "Address": st.column_config.LinkColumn("Address"),
        "What": st.column_config.TextColumn("What", width="large"),
    },
    alt="All sources with title, publisher, reading date and address",
)
