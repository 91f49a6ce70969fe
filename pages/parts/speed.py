"""How fast a model is here, and taking that figure to Cost and Advise: a part of Live."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from advisor import catalog as catalogs
from advisor.base.errors import AdvisorError
from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import About
from advisor.encode.pool import OnStatus
from advisor.live import results, speed
from pages.parts import engines, figures, links, session
from pages.parts.inputs import amount, from_list, labelled, some_of
from pages.parts.markdown import plain

PRECISION = (
    f"Each length at each batch size takes about {speed.SECONDS_EACH:g} seconds after one call "
    "to warm up; waiting in the queue is not counted."
)


@st.cache_resource(max_entries=1, show_spinner="Measuring this machine's matrix products")
def peak() -> speed.Peak:
    """This machine's own peak, measured once."""
    return speed.peak_gflops()


def some_numbers(label: str, options: Sequence[int], default: Sequence[int], key: str) -> list[int]:
    """Some of a list of numbers."""
    names = labelled(map(str, options))
    return [int(text) for text in some_of(label, names, [str(n) for n in default], key)]


def show(embedder: ModelChoice, reranker: ModelChoice | None) -> None:
    """Measures a model, and offers its speed to Cost and Advise."""
    st.header("How fast is it here?")
    options = {c.id: c for c in (embedder, reranker) if c is not None and not c.missing}
    names = {key: each.label for key, each in options.items()}
    chosen_id = from_list("Model to measure", names, "speed_model")
    chosen = options[chosen_id]
    lengths = sorted(some_numbers("Tokens per text", speed.LENGTHS, [128], "speed_lengths"))
    batches = sorted(some_numbers("Texts at once (batch)", speed.BATCHES, [1, 8], "speed_batches"))
    st.caption(PRECISION)
    catalog = session.the_catalog()

    def work(on_status: OnStatus) -> tuple[tuple[speed.Measurement, ...], About, speed.Peak]:
        def on_measured(what: str, share: float) -> None:
            on_status(f"Measuring {what}.")

        engine = engines.engine(chosen, on_status)
        best = peak()
        measurements = speed.run(engine, lengths, batches, on_measured, catalog=catalog, peak=best)
        return measurements, engine.about, best

    inputs = (chosen, lengths, batches)
    measured = engines.result_on_click("speed", inputs, "Measure", work, not (lengths and batches))
    if not measured:
        return
    measurements, about, machine_peak = measured
    machine = speed.machine()
    figures.figures_table(speed.rows(measurements), "Speed by length and batch size")
    st.caption(plain(speed.peak_sentence(machine_peak, machine)))
    if doubt := speed.doubt(measurements, about):
        st.warning(plain(doubt))
    st.caption(plain(results.who(about, speed.seconds_taken(measurements))))
    engines.show_notes(about)
    csv = speed.as_csv(measurements, about, machine, catalog, machine_peak, catalogs.today())
    figures.download("throughput.csv", csv, "text/csv")
    take(measurements, about)


def take(measurements: Sequence[speed.Measurement], about: About) -> None:
    """Offers the fastest measurement to Cost and Advise, or says why it prices nothing."""
    best = speed.fastest(measurements)
    st.header("Use this speed for costs")
    if reason := speed.reason_unusable(about, best):
        st.warning(plain(reason))
        return
    label = "What this machine costs (US dollars an hour)"
    price = amount(label, "speed_usd", 0.1, (0.0, None), step=0.01, format="%.4f")
    memory = amount(
        "Its memory (GiB)", "speed_gib", speed.memory_gib() or 8.0, (0.1, None), step=1.0
    )
    try:
        params = speed.params(about, best, price, memory, catalogs.today())
    except AdvisorError as error:
        st.warning(plain(str(error)))
        return
    st.markdown(plain(speed.use_sentence(about, best)))
    query = {**st.session_state.get(session.STORED, {}), **params}
    with st.container(horizontal=True):
        links.cost_page("Use in Cost", query)
        links.advise_page("Use in Find a model", query)
