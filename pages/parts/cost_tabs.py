"""The tabs of Cost: every option, how a cost is worked out, what drives it, and when own pays."""

from __future__ import annotations

import streamlit as st

from advisor.ask.workload import Workload
from advisor.decide.priced import MEASURED_SOURCE
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import break_even, formula, sensitivity, sentences
from advisor.show import charts, crossings, tables
from pages.parts import address, answer, figures, form_fields, links, session
from pages.parts.inputs import from_list, take_button, yes
from pages.parts.markdown import bullets, numbered, plain, small

NO_PICK = "Nothing fits this workload, so there is no recommended option to look at."
NO_MACHINE = (
    "Nothing to compare: enter a query volume, and choose a model that fits a machine of known "
    "speed."
)
BREAK_EVEN = (
    "If one machine is too slow to reach its break-even volume, adding more never makes it "
    "cheaper. The fast and the slow end are those of the machine's speed."
)
INDEX = (
    "In memory: 1.5 times the raw size (Qdrant's capacity rule). Minimum charges are applied. "
    "Smaller types cost some quality, which is not counted here."
)
LATENCY = (
    "Estimated model time at peak. Not included: network, tokenising, index search, queueing. "
    "Hosted providers publish no latency."
)
SWINGS = (
    "One at a time, with the recommended option. Volumes and lengths are halved and doubled; the "
    "rest goes from the low to the high end of its estimate."
)
OWN_MACHINES = (
    "The cheapest machine for each model, and your own where its speed was measured. Speeds are "
    "estimates, so costs are ranges; 'How it is calculated' has both ends."
)


def show_options(recommendation: Recommendation) -> None:
    """Every option of each step, those that fit first."""
    for step in recommendation.steps:
        _show_fitting(recommendation, step.kind)
        _show_hosted(recommendation, step.kind)
        _show_own(recommendation, step.kind)
        _show_misfits(recommendation, step.kind)


def _show_fitting(recommendation: Recommendation, kind: str) -> None:
    st.subheader(answer.heading("Options that fit", kind, recommendation), anchor=False)
    if rows := tables.option_rows(recommendation, kind):
        figures.numbers_table(rows, f"Every {kind} option that fits, cheapest first")
    else:
        st.markdown(f"No {kind} option fits. Find a model says which limit to change.")


def _show_hosted(recommendation: Recommendation, kind: str) -> None:
    rows = tables.hosted_rows(recommendation, kind)
    if rows:
        st.subheader(answer.heading("Hosted prices", kind, recommendation), anchor=False)
        figures.numbers_table(rows, f"Hosted {kind} options with their prices")
    if gone := tables.withdrawn(recommendation, kind):
        st.markdown(bullets(text for text, _ in gone))
        links.sources(source for _, sources in gone for source in sources)


def _show_own(recommendation: Recommendation, kind: str) -> None:
    rows = tables.own_rows(recommendation, kind)
    if rows:
        st.subheader(answer.heading("On your own machine", kind, recommendation), anchor=False)
        figures.numbers_table(rows, f"The cheapest own machine for each {kind} that fits")
        st.caption(OWN_MACHINES)


def _show_misfits(recommendation: Recommendation, kind: str) -> None:
    if all(judged.fits for judged in recommendation.judged if judged.kind == kind):
        return
    label = answer.heading("Show options that do not fit", kind, recommendation)
    if yes(label, f"misfit_{kind}s"):
        rows = tables.misfit_rows(recommendation, kind)
        figures.numbers_table(rows, f"{kind.capitalize()} options that do not fit, and why")


def show_calculation(recommendation: Recommendation) -> None:
    """One option worked out with the visitor's numbers."""
    pick = recommendation.pick
    options = {j.id: j for j in recommendation.judged if recommendation.step(j.kind)}
    names = {key: each.named for key, each in options.items()}
    judged = options[from_list("Option", names, "offer", pick.parts[0].id if pick else None)]
    st.subheader(plain(judged.named), anchor=False)
    st.markdown(numbered(formula.cost_formula(judged, recommendation)))
    small(plain(sentences.price_note(judged)))
    links.sources(judged.plan.price_sources)
    for finding in judged.findings:
        small(plain(finding.text))


def show_this_machine(recommendation: Recommendation) -> None:
    """What the machine that was measured comes to, where one was."""
    if lines := sentences.this_machine(recommendation):
        st.subheader(plain(lines[0]), anchor=False)
        st.markdown(bullets(lines[1:]))
        links.sources([MEASURED_SOURCE])


def show_drivers(recommendation: Recommendation) -> None:
    """Another volume, and which input moves the total most."""
    if recommendation.pick is None:
        st.markdown(NO_PICK)
        return
    _ask_volume(recommendation)
    rows = sensitivity.swings(session.the_catalog(), recommendation)
    if not rows:
        return
    figures.show_chart(charts.tornado(rows), "tornado")
    alt = "What each input does to the monthly total"
    with st.expander("The chart as a table", icon=":material/table:"):
        figures.numbers_table(tables.swing_rows(rows), alt, number="dollar")
    st.caption(SWINGS)


def _ask_volume(recommendation: Recommendation) -> None:
    """What another volume would cost, without changing the workload."""
    st.subheader("What if traffic changes?", anchor=False)
    steps = [f"{step:g}" for step in sensitivity.VOLUMES]
    now = address.fill("volume", "1", lambda values: values[-1] if values[-1] in steps else None)
    label = "Queries and new passages, times yours"
    times = st.select_slider(label, steps, now, key="volume")
    address.says("volume", [times] if times != "1" else [])
    other = sensitivity.what_if(session.the_catalog(), recommendation, float(times))
    assert other is not None  # there is a pick
    st.markdown(plain(sensitivity.what_if_sentence(recommendation, other)))
    take_button("Use this volume", _take, other.workload, disabled=times == "1")


def _take(workload: Workload) -> None:
    """Puts the volume that was tried into the form."""
    form_fields.put(workload)
    st.session_state["volume"] = "1"


def show_break_even(recommendation: Recommendation) -> None:
    """For each step any machine against every offer of a model."""
    for step in recommendation.steps:
        _show_break_even(recommendation, step.kind)


def _show_break_even(recommendation: Recommendation, kind: str) -> None:
    hosted = [j for j in recommendation.judged if j.kind == kind and j.hosted]
    if not hosted:
        return
    heading = answer.heading("When is your own machine cheaper?", kind, recommendation)
    st.subheader(heading, anchor=False)
    left, right = st.columns(2)
    with left:
        models = sorted({j.variant_id for j in hosted})
        variant = _ask_variant(recommendation, kind, models, f"break_even_{kind}")
    own = break_even.machines_to_compare(recommendation, variant)
    machines = {j.plan.instance.id: j for j in own if j.plan.instance is not None}
    if not machines:
        st.markdown(NO_MACHINE)
        return
    names = {key: each.plan.where for key, each in machines.items()}
    with right:
        label = "Machine (cheapest per token first)"
        machine = machines[from_list(label, names, f"machine_{kind}")]
    figures.show_chart(crossings.chart(recommendation, machine), f"break-even-{kind}")
    rows = tables.break_even_rows(recommendation, machine)
    figures.numbers_table(rows, f"Break-even of a machine against each offer: {kind}", "never")
    st.markdown(numbered(break_even.formula(recommendation, machine)))
    small(plain(sentences.price_note(machine)))
    links.sources(machine.plan.price_sources)
    st.caption(BREAK_EVEN)


def _ask_variant(recommendation: Recommendation, kind: str, variants: list[str], key: str) -> str:
    """One of these models; the recommended one, where nothing is chosen."""
    part = recommendation.pick.part(kind) if recommendation.pick else None
    default = part.variant_id if part and part.variant_id in variants else None
    names = {key: recommendation.catalog.variants[key].name for key in variants}
    return from_list("Model", names, key, default)


def show_store(recommendation: Recommendation) -> None:
    """The index by precision of vectors and by store, and what encoding the corpus takes."""
    part = recommendation.pick.part("embedder") if recommendation.pick else None
    plans: dict[str, JudgedPlan] = {
        j.variant_id: j for j in reversed(recommendation.judged) if j.kind == "embedder"
    }
    variant = _ask_variant(recommendation, "embedder", sorted(plans), "index_model")
    judged = part if part and part.variant_id == variant else plans[variant]
    st.markdown(plain(sentences.encoding_sentence(recommendation, judged)))
    st.subheader("By vector store", anchor=False)
    rows = tables.store_rows(recommendation, judged)
    figures.numbers_table(rows, "The index per month in memory and in each vector store")
    links.sources(s for row in rows for s in tables.store_sources(recommendation, row["id"]))
    st.subheader("By precision of the vectors", anchor=False)
    figures.numbers_table(tables.index_rows(recommendation, judged), "The index by precision")
    st.caption(INDEX)


def show_latency(recommendation: Recommendation) -> None:
    """How long a request takes at each step."""
    rows = tables.latency_rows(recommendation)
    if not rows:
        st.markdown(NO_PICK)
        return
    figures.numbers_table(rows, "Milliseconds per request", "not published")
    st.markdown(numbered(formula.latency_formula(recommendation)))
    st.caption(LATENCY)
