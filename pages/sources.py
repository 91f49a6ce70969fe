"""Sources: where every figure was read and when, the corrections, old prices, and the catalog to take away."""

import streamlit as st

from advisor import catalog as catalogs
from advisor import export, tables
from pages import shared

shared.routed()
catalog = shared.the_catalog()
money = shared.money
st.title("Where the figures are from")
st.markdown(f"{len(catalog.sources)} sources. Catalog {catalog.version}.")
asked = st.query_params.get("source")
correction = next((c for f in catalog.families.values() for c in f.corrections if c.id == st.query_params.get("correction")), None)
if correction is not None:
    with st.container(border=True):
        name = catalog.variants[correction.variant].name if correction.variant else "The family"
        st.markdown(
            f"**{name}, {correction.field}.** The listing says {money(correction.listed)}; verified is {money(correction.verified)}."
        )
        st.markdown(f"{money(correction.why)} {shared.source_links(s for _, s in correction.all_source_ids())}")
if asked:
    source = catalog.sources.get(asked)
    if source is None:
        st.info(shared.plain(f"There is no source '{asked[:60]}'; all are in the table below."))
    else:
        with st.container(border=True):
            st.markdown(f"**{shared.plain(source.title)}**")
            st.markdown(shared.plain(f"{source.what or ''} {source.url or ''} Read on {source.accessed.isoformat()}."))
for family in catalog.families.values():
    if family.corrections:
        st.header(f"Where the listing of {family.facts.name} differs from the verified facts ({len(family.corrections)})")
        shared.table(
            [
                {
                    "Model": family.variants[c.variant].name if c.variant else "the family",
                    "What": c.field,
                    "Listed": money(c.listed),
                    "Verified": money(c.verified),
                    "Why": money(c.why),
                    "Source": shared.source_links(s for _, s in c.all_source_ids()),
                }
                for c in family.corrections
            ], alt="Corrections",
        )  # fmt: skip
stale = tables.stale(catalog, catalogs.today())
st.header(f"Prices that are undated, or older than {tables.STALE_DAYS} days ({len(stale)})")
shared.table(
    [{key: money(row[key]) for key in ("Model", "Provider", "Input, per 1M tokens", "Price of", "Stated by", "Remark")} for row in stale], alt="Undated and stale prices",
)  # fmt: skip
st.header("Take the catalog away")
with st.container(horizontal=True):
    for name, mime, make in export.FILES:
        st.download_button(name, make(catalog), name, mime, icon=":material/download:", on_click="ignore")
st.header("All sources")
st.dataframe(
    tables.source_rows(catalog),
    hide_index=True,
    column_config={"Address": st.column_config.LinkColumn("Address"), "What": st.column_config.TextColumn("What", width="large")},
    alt="All sources with title, publisher, reading date and address",
)
