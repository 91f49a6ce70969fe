"""Cost: a month at hosted offers and on own machines, break-even, the index, what moves it."""

import streamlit as st

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.priced import MEASURED_SOURCE
from advisor.decide.recommend import JudgedPlan
from advisor.explain import break_even, formula, report, sensitivity, sentences, taken_for_granted
from advisor.show import charts, crossings, downloads, tables
from pages.parts import address, answer, figures, form, form_fields, links, session, tabs, texts
from pages.parts.inputs import from_list, take_button
from pages.parts.markdown import bullets, numbered, plain, small

NONE_FITS = "The tables say why each does not fit; Find a model says which requirement to give up."
NO_PICK = "Nothing fits this workload, so there is no recommendation to work this out for."
NO_MACHINE = (
    "Without a load, or a machine whose figures are known and that holds the model, "
    "nothing can be compared."
)
BREAK_EVEN = (
    "A volume counts as carried where the machines hold the peak at the filling assumed. "
    "Where one machine cannot carry the volume at which it pays, more never catch up. "
    "Range: at the two ends of the machine's speed, which are six times apart."
)
INDEX = (
    "In memory: 1.5 times the values (Qdrant's capacity rule). "
    "A minimum charge wins over a smaller sum. "
    "Smaller types cost some quality, which is not counted."
)
LATENCY = (
    "Computing at the peak, lengthened by the machine's use. Left out: network, tokenising, "
    "searching the index, and waiting in bursts. Providers publish none."
)
SWINGS = (
    "Each alone, the pick kept. Volumes and lengths are halved and doubled; "
    "the rest goes from the low to the high end of its estimate."
)
OWN_MACHINES = (
    "For each model the cheapest machine that fits, and yours where its speed was measured. "
    "Ranges are those of the speed: its ends are six times apart where it is estimated."
)


def show_least() -> None:
    """The lowest cost of each step, in a sentence."""
    for step in recommendation.steps:
        least = sentences.cheapest(recommendation, step.kind)
        if not least:
            st.header(f"No {step.kind} plan fits this workload")
            st.markdown(NONE_FITS)
            continue
        cost = sentences.cheapest_sentence(recommendation, step.kind)
        if len(recommendation.steps) > 1:
            cost = f"{answer.STEPS[step.kind]}: {cost[0].lower()}{cost[1:]}"
        st.header(plain(cost))
        tokens = least[0].plan.tokens
        once = f", {formatting.count(tokens.once)} once" if step.kind == "embedder" else ""
        about = "about " if tokens.estimated else ""
        st.markdown(f"{about}{formatting.count(tokens.monthly)} tokens a month{once}.".capitalize())
    if pick is not None:
        st.markdown(plain(f"Recommended: {pick.named}, {report.cost(pick)}."))
    with st.container(horizontal=True):
        links.advise_page("Which should I choose?", links.params(recommendation))


def ask_volume() -> None:
    """What another volume would cost, without changing the workload."""
    if pick is None:
        return
    st.header("What if the volume were another?")
    steps = [f"{step:g}" for step in sensitivity.VOLUMES]
    label = "Times the queries and new passages"
    now = address.fill("volume", "1", lambda values: values[-1] if values[-1] in steps else None)
    times = st.select_slider(label, steps, now, key="volume")
    address.says("volume", [times] if times != "1" else [])
    other = sensitivity.what_if(session.the_catalog(), recommendation, float(times))
    assert other is not None  # there is a pick
    st.markdown(plain(sensitivity.what_if_sentence(recommendation, other)))
    take_button("Take this volume", take, other.workload, disabled=times == "1")


def take(workload: Workload) -> None:
    """Puts the volume that was tried into the form."""
    form_fields.put(workload)
    st.session_state["volume"] = "1"


def show_this_machine() -> None:
    """What the machine that was measured comes to, where one was."""
    lines = sentences.this_machine(recommendation)
    if lines:
        st.header(plain(lines[0]))
        st.markdown(bullets(lines[1:]))
        small(links.source_links([MEASURED_SOURCE]))


def show_price_note(judged: JudgedPlan) -> None:
    """What is to be known of a plan's price, with its sources."""
    small(plain(sentences.price_note(judged)) + links.source_links(judged.plan.price_sources))


def show_formula() -> None:
    """One plan worked out with the visitor's numbers."""
    st.header("How one of them is worked out")
    plans = {j.id: j for j in recommendation.judged if recommendation.step(j.kind)}
    names = {key: each.named for key, each in plans.items()}
    judged = plans[from_list("Option", names, "offer", pick.parts[0].id if pick else None)]
    st.markdown(f"**{plain(judged.named)}**")
    st.markdown(numbered(formula.cost_formula(judged, recommendation)))
    show_price_note(judged)
    for finding in judged.findings:
        small(plain(finding.text))


def ask_variant(kind: str, variants: list[str], key: str) -> str:
    """One of these variants; the pick's, where nothing is chosen."""
    part = pick.part(kind) if pick else None
    default = part.variant_id if part and part.variant_id in variants else None
    names = {key: recommendation.catalog.variants[key].name for key in variants}
    return from_list("Model", names, key, default)


def show_break_even(kind: str) -> None:
    """From which volume an own machine costs less than each offer of the same model."""
    hosted = [j for j in recommendation.judged if j.kind == kind and j.hosted]
    if not hosted:
        return
    st.header(answer.heading("When does a machine of your own pay?", kind, recommendation))
    variant = ask_variant(kind, sorted({j.variant_id for j in hosted}), f"break_even_{kind}")
    own = break_even.machines_to_compare(recommendation, variant)
    machines = {j.plan.instance.id: j for j in own if j.plan.instance is not None}
    if not machines:
        st.markdown(NO_MACHINE)
        return
    label = "Machine (the cheapest a token first)"
    names = {key: each.plan.where for key, each in machines.items()}
    machine = machines[from_list(label, names, f"machine_{kind}")]
    chart = crossings.chart(recommendation, machine)
    figures.show_chart(chart, f"break-even-{kind}")
    rows = tables.break_even_rows(recommendation, machine)
    figures.figures_table(rows, "Break-even against each offer of the model")
    st.markdown(numbered(break_even.formula(recommendation, machine)))
    show_price_note(machine)
    st.caption(BREAK_EVEN)


def show_index() -> None:
    """The index by type of vector and by store, and what encoding the corpus takes."""
    part = pick.part("embedder") if pick else None
    variants = {j.variant_id: j for j in reversed(recommendation.judged) if j.kind == "embedder"}
    st.header("The index, and encoding the corpus")
    variant = ask_variant("embedder", sorted(variants), "index_model")
    judged = part if part and part.variant_id == variant else variants[variant]
    st.markdown(plain(sentences.encoding_sentence(recommendation, judged)))
    figures.figures_table(tables.index_rows(recommendation, judged), "The index by type of vector")
    rows = []
    for row in tables.store_rows(recommendation, judged):
        sources = links.source_links(tables.store_sources(recommendation, row["id"]))
        rows.append(figures.plain_row(row) | {"Source": sources})
    figures.table(rows, "A month of the index in memory and in each store")
    st.caption(INDEX)


def show_latency() -> None:
    """What one request takes."""
    rows = tables.latency_rows(recommendation)
    if not rows:
        st.markdown(NO_PICK)
        return
    st.header("How long a request takes")
    figures.figures_table(rows, "Milliseconds a request")
    st.markdown(numbered(formula.latency_formula(recommendation)))
    st.caption(LATENCY)


def show_swings() -> None:
    """Which assumption moves the total most."""
    rows = sensitivity.swings(session.the_catalog(), recommendation)
    if not rows:
        return
    st.header("What moves the total")
    figures.show_chart(charts.tornado(rows), "tornado")
    alt = "What each assumption does to the monthly total"
    with st.expander("The chart as a table", icon=":material/table:"):
        figures.figures_table(tables.swing_rows(rows), alt)
    st.caption(SWINGS)


def show_plans(kind: str) -> None:
    """Every offer, the cheapest own machine of each model, and all plans to sort."""
    st.header(answer.heading("Every hosted offer", kind, recommendation))
    if offers := tables.cost_rows(recommendation, kind):
        alt = "Every hosted offer with its price and monthly cost, cheapest first"
        figures.models_table(offers, alt)
    else:
        st.markdown("No hosted offer was found.")
    if gone := tables.withdrawn(recommendation, kind):
        st.markdown(links.bullets(gone))
    st.header(answer.heading("On machines of your own", kind, recommendation))
    if own := tables.own_rows(recommendation, kind):
        figures.models_table(own, "The cheapest machine of one's own for each model that fits")
        st.caption(OWN_MACHINES)
    else:
        st.markdown("No model fits on a machine whose figures are known.")
    label = answer.heading("All plans to sort, on every machine", kind, recommendation)
    section = st.expander(label, icon=":material/table:", on_change="rerun", key=f"all-{kind}")
    if section.open:
        rows = figures.columns_to_show(tables.plan_rows(recommendation, kind))
        alt = f"Every {kind} plan with its figures"
        section.dataframe(rows, hide_index=True, placeholder="not known", alt=alt)


def show_every_plan() -> None:
    """The measured machine, one plan worked out, and all plans."""
    show_this_machine()
    show_formula()
    for step in recommendation.steps:
        show_plans(step.kind)


def show_what_moves() -> None:
    """Another volume, and the assumptions."""
    if pick is None:
        st.markdown(NO_PICK)
    ask_volume()
    show_swings()


def show_break_evens() -> None:
    """Break-even of each step."""
    for step in recommendation.steps:
        show_break_even(step.kind)


session.routed()
asked = form.ask("What will it cost?", by_volume=True)
recommendation = asked.recommendation
pick = recommendation.pick
with links.share(asked.share, "cost", recommendation):
    for name, mime, make in downloads.cost_files(recommendation):
        figures.download(name, make, mime)
with st.container():
    with st.container(border=True):
        show_least()
    for step in recommendation.steps:
        costs = charts.monthly_costs(recommendation, step.kind)
        figures.show_chart(costs, f"costs-{step.kind}")
    tabs.show(
        {
            "All options": show_every_plan,
            "What drives it": show_what_moves,
            "Break-even": show_break_evens,
            **({"Vector store": show_index} if recommendation.step("embedder") else {}),
            "Latency": show_latency,
            "Your texts": lambda: texts.show(recommendation),
        }
    )
    answer.show_assumptions(taken_for_granted.assumptions(recommendation))
