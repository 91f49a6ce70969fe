"""How fast a model is here, and taking that figure to Cost and Advise: a part of Live."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from advisor import catalog as catalogs
from advisor.base.errors import AdvisorError
from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import About
from advisor.encode.pool import OnStatus
from advisor.live import speed
from pages.parts import engines, figures, markdown, session


@st.cache_resource(max_entries=1, show_spinner="Measuring this machine's matrix products")
def peak() -> speed.Peak:
    """This machine's own peak, measured once."""
    return speed.peak_gflops()


def show(embedder: ModelChoice, reranker: ModelChoice | None) -> None:
    """Measures a model, and offers its speed to Cost and Advise."""
    st.header("How fast is it here?")
    options = [one for one in (embedder, reranker) if one is not None and not one.missing]
    ids = [one.id for one in options]
    chosen = options[
        ids.index(st.selectbox("Model to measure", ids, key="speed_model", bind="query-params"))
    ]
    lengths = st.multiselect(
        "Tokens a text",
        speed.LENGTHS,
        default=[128],
        key="speed_lengths",
        bind="query-params",
        format_func=str,
    )
    batches = st.multiselect(
        "Texts at once (batch)",
        speed.BATCHES,
        default=[1, 8],
        key="speed_batches",
        bind="query-params",
        format_func=str,
    )
    st.caption(
        f"Each length at each batch size takes about {speed.SECONDS_EACH:g} seconds after one call to warm up; waiting in the queue is not counted."
    )
    catalog = session.the_catalog()

    def work(told: OnStatus) -> tuple[tuple[speed.Measurement, ...], About, speed.Peak]:
        engine = engines.engine(chosen, told)
        top = peak()
        found = speed.run(
            engine,
            sorted(lengths),
            sorted(batches),
            lambda what, share: told(f"Measuring {what}."),
            catalog=catalog,
            peak=top,
        )
        return found, engine.about, top

    got = engines.once(
        "speed",
        (chosen, tuple(sorted(lengths)), tuple(sorted(batches))),
        "Measure",
        work,
        not (lengths and batches),
    )
    if not got:
        return
    found, about, top = got
    figures.figures_table(speed.rows(found), "Speed by length and batch size")
    st.caption(markdown.plain(speed.peak_sentence(top, speed.machine())))
    if doubt := speed.doubt(found, about):
        st.warning(markdown.plain(doubt))
    engines.answered(about, speed.took(found))
    st.download_button(
        "throughput.csv", speed.as_csv(found, about, speed.machine(), catalog, top, catalogs.today()), "throughput.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    take(found, about)


def take(found: Sequence[speed.Measurement], about: About) -> None:
    """Offers the fastest measurement to Cost and Advise, or says why it prices nothing."""
    best = speed.fastest(found)
    st.header("Use it in Cost and Advise")
    if why := speed.usable(about, best):
        st.warning(markdown.plain(why))
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
        "Its memory (GiB)",
        min_value=0.1,
        value=speed.memory_gib() or 8.0,
        step=1.0,
        key="speed_gib",
        bind="query-params",
    )
    try:
        params = speed.params(about, best, price, memory, catalogs.today())
    except AdvisorError as error:
        st.warning(markdown.plain(str(error)))
        return
    st.markdown(markdown.plain(speed.use_sentence(about, best)))
    asked = {**st.session_state.get(session.STORED, {}), **params}
    with st.container(horizontal=True):
        st.page_link(
            "pages/cost.py", label="Use in Cost", icon=":material/payments:", query_params=asked
        )
        st.page_link(
            "pages/advise.py",
            label="Use in Advise",
            icon=":material/compass_calibration:",
            query_params=asked,
        )
