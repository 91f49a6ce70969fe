"""Sources: where figures were read and when, corrections, old prices, and the catalog to take."""

import os

import streamlit as st

from advisor import catalog as catalogs
from advisor.base.formatting import counted
from advisor.catalog import price_sources
from advisor.catalog.schema import Correction, Usd
from advisor.family import price_list
from advisor.show import downloads, tables
from pages.parts import figures, links, session
from pages.parts.markdown import bullets, plain

STALE_COLUMNS = ("Model", "Provider", "Input, per 1M tokens", "Price of", "Stated by", "Remark")
LIVE_PRICES = (
    "Asks Novita for its list of models and compares it with the catalog. "
    "What it finds can be used for this visit; nothing is written."
)
KEY_HELP = "For this visit only: it is sent to Novita and kept nowhere else."
NOVITA, PROBLEM = "novita", "novita_problem"


def show_correction(correction: Correction) -> None:
    """One correction that a link asks for."""
    name = catalog.variants[correction.variant].name if correction.variant else "The family"
    values = f"{plain(correction.listed)}; verified is {plain(correction.verified)}"
    with st.container(border=True):
        st.markdown(f"**{plain(name)}, {plain(correction.field)}.** The listing says {values}.")
        st.markdown(f"{plain(correction.why)} {correction_sources(correction)}")


def correction_sources(correction: Correction) -> str:
    """Links to what a correction rests on."""
    return links.source_links(source_id for _, source_id in correction.all_source_ids())


def show_source(source_id: str) -> None:
    """One source that a link asks for."""
    source = catalog.sources.get(source_id)
    if source is None:
        st.info(plain(f"There is no source '{source_id[:60]}'; all are in the table below."))
        return
    read = f"{source.what or ''} {source.url or ''} Read on {source.accessed.isoformat()}."
    with st.container(border=True):
        st.markdown(f"**{plain(source.title)}**")
        st.markdown(f"{plain(read)} {links.source_links([source_id])}")


def show_corrections() -> None:
    """Where the listings differ from what was verified."""
    for family in catalog.families.values():
        if not family.corrections:
            continue
        name, number = plain(family.facts.name), len(family.corrections)
        st.header(f"Where the listing of {name} differs from the verified facts ({number})")
        rows = [
            {
                "Model": plain(catalog.variants[c.variant].name) if c.variant else "the family",
                "What": plain(c.field),
                "Listed": plain(c.listed),
                "Verified": plain(c.verified),
                "Why": plain(c.why),
                "Source": correction_sources(c),
            }
            for c in family.corrections
        ]
        figures.table(rows, alt="Corrections")


def show_stale() -> None:
    """Prices that are old, or of no known day."""
    rows = price_list.stale(catalog, catalogs.today())
    days = price_list.STALE_DAYS
    st.header(f"Prices that are undated, or older than {days} days ({len(rows)})")
    cells = [{column: row[column] for column in STALE_COLUMNS} for row in rows]
    figures.figures_table(cells, alt="Undated and stale prices")


def check_prices(own_key: str, typed_key: str) -> None:
    """Asks Novita, and keeps its prices or what went wrong for the visit."""
    base = os.environ.get("ADVISOR_NOVITA_BASE", price_sources.BASE)
    fetch = price_sources.fetch_for_all if own_key else price_sources.fetch
    try:
        st.session_state[NOVITA] = fetch(own_key or typed_key.strip(), base)
        st.session_state.pop(PROBLEM, None)
    except price_sources.PricesError as error:
        st.session_state[PROBLEM] = str(error)


def ask_live_prices() -> None:
    """Checks the catalog's prices against the provider's own."""
    st.header("Live prices at Novita AI")
    st.markdown(LIVE_PRICES)
    own_key = session.secret("NOVITA_API_KEY")
    typed_key = ""
    if not own_key:
        typed_key = st.text_input("Novita key", type="password", key="novita_key", help=KEY_HELP)
    with st.container(horizontal=True):
        disabled = not (own_key or typed_key)
        if st.button("Check now", icon=":material/sync:", disabled=disabled):
            with st.spinner("Asking Novita"):
                check_prices(own_key, typed_key)
        label = "Use the catalog's prices again"
        if session.LIVE in st.session_state and st.button(label, icon=":material/undo:"):
            del st.session_state[session.LIVE]
            st.rerun()
    if problem := st.session_state.get(PROBLEM):
        st.warning(plain(problem))
    elif prices := st.session_state.get(NOVITA):
        offer_prices(prices)
    if session.LIVE in st.session_state:
        st.info(f"This visit works with the live prices: catalog {session.the_catalog().version}.")


def offer_prices(prices: dict[str, Usd | None]) -> None:
    """What differs, to use for this visit or to take into the catalog."""
    st.markdown(bullets(price_sources.comparison(catalog, prices)))
    drift = price_sources.drift(catalog, prices)
    change = price_sources.yaml_change(drift, catalogs.today())
    if not change:
        return
    # The catalog stays the same where only other models have a price.
    usable = price_sources.with_prices(catalog, prices) is not catalog
    if usable and st.button("Use these prices for this visit", icon=":material/check:"):
        st.session_state[session.LIVE] = prices
        st.rerun()
    with st.expander("The change as YAML, for whoever keeps the catalog", icon=":material/code:"):
        st.code(change, language="yaml")


session.routed()
catalog = session.the_catalog()
st.title("Where the figures are from")
st.markdown(f"{counted(len(catalog.sources), 'source')}. Catalog {catalog.version}.")
for family in catalog.families.values():
    for correction in family.corrections:
        if correction.id == st.query_params.get("correction"):
            show_correction(correction)
if source_id := st.query_params.get("source"):
    show_source(source_id)
show_corrections()
show_stale()
ask_live_prices()
st.header("Take the catalog away")
with st.container(horizontal=True):
    for name, mime, make in downloads.FILES:
        figures.download(name, make(catalog), mime)
st.header("All sources")
what = st.column_config.TextColumn("What", width="large")
columns = {"Address": st.column_config.LinkColumn("Address"), "What": what}
alt = "All sources with title, publisher, reading date and address"
st.dataframe(tables.source_rows(catalog), hide_index=True, column_config=columns, alt=alt)
