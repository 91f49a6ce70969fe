"""How fast a model is here, and taking that figure to Cost and Advise: a part of Live."""

from __future__ import annotations

import streamlit as st

from advisor import catalog as catalogs
from advisor import measure
from advisor.encode.choices import Choice
from advisor.errors import AdvisorError
from pages import engines, shared


@st.cache_resource(max_entries=1, show_spinner="Measuring this machine's matrix products")
def peak() -> measure.Peak:
    """This machine's own peak, measured once."""
    return measure.peak_gflops()


def show(embedder: Choice, reranker: Choice | None) -> None:
    """Measures a model, and offers its speed to Cost and Advise."""
    st.header("How fast is it here?")
    options = [one for one in (embedder, reranker) if one is not None and not one.missing]
    ids = [one.id for one in options]
    chosen = options[ids.index(st.selectbox("Model to measure", ids, key="speed_model", bind="query-params"))]
    lengths = st.multiselect("Tokens a text", measure.LENGTHS, default=[128], key="speed_lengths", bind="query-params", format_func=str)
    batches = st.multiselect(
        "Texts at once (batch)", measure.BATCHES, default=[1, 8], key="speed_batches", bind="query-params", format_func=str
    )
    st.caption(
        f"Each length at each batch size takes about {measure.SECONDS_EACH:g} seconds after one call to warm up; waiting in the queue is not counted."
    )
    catalog = shared.the_catalog()

    def work(told):
        engine = engines.engine(chosen, told)
        top = peak()
        found = measure.run(
            engine, sorted(lengths), sorted(batches), lambda what, share: told(f"Measuring {what}."), catalog=catalog, peak=top
        )
        return found, engine.about, top

    got = engines.once("speed", (chosen, tuple(sorted(lengths)), tuple(sorted(batches))), "Measure", work, not (lengths and batches))
    if not got:
        return
    found, about, top = got
    shared.figures_table(measure.rows(found), "Speed by length and batch size")
    st.caption(shared.plain(measure.peak_sentence(top, measure.machine())))
    if doubt := measure.doubt(found, about):
        st.warning(shared.plain(doubt))
    engines.answered(about, measure.took(found))
    st.download_button(
        "throughput.csv", measure.as_csv(found, about, measure.machine(), catalog, top, catalogs.today()), "throughput.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    take(found, about)


def take(found, about) -> None:
    """Offers the fastest measurement to Cost and Advise, or says why it prices nothing."""
    best = measure.fastest(found)
    st.header("Use it in Cost and Advise")
    if why := measure.usable(about, best):
        st.warning(shared.plain(why))
        return
    price = st.number_input(
        "What this machine costs (US dollars an hour)",
        min_value=0.0,
        value=0.1,
        step=0.01,
        format="%.4f",
        key="speed_usd",
        bind="query-params",
    )
    memory = st.number_input(
        "Its memory (GiB)", min_value=0.1, value=measure.memory_gib() or 8.0, step=1.0, key="speed_gib", bind="query-params"
    )
    try:
        params = measure.params(about, best, price, memory, catalogs.today())
    except AdvisorError as error:
        st.warning(shared.plain(str(error)))
        return
    st.markdown(shared.plain(measure.use_sentence(about, best)))
    asked = {**st.session_state.get(shared.STORED, {}), **params}
    with st.container(horizontal=True):
        st.page_link("pages/cost.py", label="Use in Cost", icon=":material/payments:", query_params=asked)
        st.page_link("pages/advise.py", label="Use in Advise", icon=":material/compass_calibration:", query_params=asked)
