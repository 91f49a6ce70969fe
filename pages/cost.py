"""Cost: what hosted offers and machines of one's own come to in a month, where one overtakes the other, the index, and what moves the total."""

import streamlit as st

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.priced import MEASURED_SOURCE
from advisor.explain import break_even, formula, reasons, report, sensitivity, sentences
from advisor.show import charts, downloads, tables
from pages.parts import figures, form, links, markdown, session, texts

session.routed()
STEPS = {"embedder": "Finding passages", "reranker": "Reranking"}


def heading(text: str, kind: str) -> str:
    """A heading that names the step where there are two."""
    return f"{text}: {STEPS[kind].lower()}" if len(found.steps) > 1 else text


def show_least() -> None:
    """The lowest cost of each step, in a sentence."""
    for step in found.steps:
        least = sentences.cheapest(found, step.kind)
        if not least:
            st.header(f"No {step.kind} plan fits this workload")
            st.markdown(
                "The tables say for each what rules it out; Advise says which requirement to give up."
            )
            continue
        lead = f"{STEPS[step.kind]}: " if len(found.steps) > 1 else ""
        st.header(markdown.plain(lead + sentences.cheapest_sentence(found, step.kind)))
        tokens = least[0].plan.tokens
        once = f", {formatting.count(tokens.once)} once" if step.kind == "embedder" else ""
        st.markdown(f"{formatting.count(tokens.monthly)} tokens a month{once}.")
    if found.pick is not None:
        st.markdown(markdown.plain(f"Advise picks {found.pick.named}: {report.cost(found.pick)}."))
    with st.container(horizontal=True):
        links.copy_link("cost", found)
        st.page_link(
            "pages/advise.py",
            label="Which of them to take",
            icon=":material/compass_calibration:",
            query_params=links.params(found),
        )
        for name, mime, make in downloads.cost_files(found):
            st.download_button(
                name, make, name, mime, icon=":material/download:", on_click="ignore"
            )


def ask_volume() -> None:
    """What another volume would cost, without changing the workload."""
    if found.pick is None:
        return
    st.header("What if the volume were another?")
    steps = [f"{step:g}" for step in sensitivity.VOLUMES]
    times = st.select_slider(
        "Times the queries and new passages", steps, value="1", key="volume", bind="query-params"
    )
    asked = sensitivity.what_if(session.the_catalog(), found, float(times))
    assert asked is not None  # there is a pick
    st.markdown(markdown.plain(sensitivity.what_if_sentence(found, asked)))
    st.button(
        "Take this volume",
        on_click=take,
        args=(asked.workload,),
        disabled=times == "1",
        icon=":material/check:",
    )


def take(workload: Workload) -> None:
    """Puts the volume that was tried into the form."""
    form.put(workload)
    st.session_state["volume"] = "1"


def show_this_machine() -> None:
    """What the machine that was measured comes to, where one was."""
    told = sentences.this_machine(found)
    if told:
        st.header(markdown.plain(told[0]))
        st.markdown("\n".join(f"- {markdown.plain(text)}" for text in told[1:]))
        markdown.small(links.source_links([MEASURED_SOURCE]))


def show_formula() -> None:
    """One plan worked out with the visitor's numbers."""
    st.header("How one of them is worked out")
    plans = {j.id: j for j in found.judged if found.step(j.kind)}
    picked = found.pick.parts[0].id if found.pick else next(iter(plans))
    chosen = st.selectbox(
        "Plan", list(plans), index=list(plans).index(picked), key="offer", bind="query-params"
    )
    judged = plans[chosen]
    st.markdown(f"**{markdown.plain(judged.named)}**")
    st.markdown(
        "\n".join(f"1. {markdown.plain(line)}" for line in formula.cost_formula(judged, found))
    )
    markdown.small(
        markdown.plain(sentences.price_note(judged)) + links.source_links(judged.plan.price_sources)
    )
    for finding in judged.findings:
        markdown.small(markdown.plain(finding.text))


def show_break_even(kind: str) -> None:
    """From which volume a machine of one's own costs less than each offer of the same model."""
    part = found.pick.part(kind) if found.pick else None
    variants = sorted({j.variant_id for j in found.judged if j.kind == kind and j.hosted})
    if not variants:
        return
    st.header(heading("When does a machine of your own pay?", kind))
    first = variants.index(part.variant_id) if part and part.variant_id in variants else 0
    variant = st.selectbox(
        "Model", variants, index=first, key=f"break_even_{kind}", bind="query-params"
    )
    machines = {
        j.plan.instance.id: j
        for j in break_even.machines_to_compare(found, variant)
        if j.plan.instance is not None
    }
    if not machines:
        st.markdown(
            "Without a load, or a machine whose figures are known and that holds the model, nothing can be compared."
        )
        return
    chosen = st.selectbox(
        "Machine (the cheapest a token first)",
        list(machines),
        key=f"machine_{kind}",
        bind="query-params",
    )
    figures.show_chart(
        charts.break_even(found, machines[chosen], figures.theme()), f"break-even-{kind}"
    )
    figures.figures_table(
        tables.break_even_rows(found, machines[chosen]),
        "Break-even against each offer of the model",
    )
    st.markdown(
        "\n".join(
            f"1. {markdown.plain(line)}" for line in break_even.formula(found, machines[chosen])
        )
    )
    markdown.small(
        markdown.plain(sentences.price_note(machines[chosen]))
        + links.source_links(machines[chosen].plan.price_sources)
    )
    st.caption(
        "A volume counts as carried where the machines hold the peak at the filling assumed. Where one machine cannot carry the volume at which it pays, more never catch up. "
        "Fast to slow: at the two ends of the machine's speed, which are six times apart."
    )


def show_index() -> None:
    """The index by type of vector and by store, and what encoding the corpus takes."""
    step = found.step("embedder")
    if step is None:
        return
    part = found.pick.part("embedder") if found.pick else None
    variants = {j.variant_id: j for j in reversed(found.judged) if j.kind == "embedder"}
    st.header("The index, and encoding the corpus")
    names = sorted(variants)
    first = names.index(part.variant_id) if part else 0
    chosen = st.selectbox("Model", names, index=first, key="index_model", bind="query-params")
    judged = part if part and part.variant_id == chosen else variants[chosen]
    st.markdown(markdown.plain(sentences.encoding_sentence(found, judged)))
    figures.figures_table(tables.index_rows(found, judged), "The index by type of vector")
    rows = [
        figures.plain_row(row)
        | {"Source": links.source_links(tables.store_sources(found, row["id"]))}
        for row in tables.store_rows(found, judged)
    ]
    figures.table(rows, "A month of the index in memory and in each store")
    st.caption(
        "In RAM: 1.5 times the values (Qdrant's capacity rule). A minimum charge wins over a smaller sum. Smaller types cost some quality, which is not counted."
    )


def show_latency() -> None:
    """What one request takes."""
    rows = tables.latency_rows(found)
    if not rows:
        return
    st.header("How long a request takes")
    figures.figures_table(rows, "Milliseconds a request")
    st.markdown("\n".join(f"1. {markdown.plain(line)}" for line in formula.latency_formula(found)))
    st.caption(
        "Computing at the peak, lengthened by the machine's use. Left out: network, tokenising, searching the index, and waiting in bursts. Providers publish none."
    )


def show_swings() -> None:
    """Which assumption moves the total most."""
    rows = sensitivity.swings(session.the_catalog(), found)
    if not rows:
        return
    st.header("What moves the total")
    figures.show_chart(charts.tornado(rows, figures.theme()), "tornado")
    with st.expander("The chart as a table", icon=":material/table:"):
        figures.figures_table(
            tables.swing_rows(rows), "What each assumption does to the monthly total"
        )
    st.caption(
        "Each alone, the pick kept. Volumes and lengths are halved and doubled; the rest goes from the low to the high end of its estimate."
    )


def show_plans(kind: str) -> None:
    """Every offer, the cheapest own machine of each model, and all plans to sort."""
    st.header(heading("Every hosted offer", kind))
    offers = tables.cost_rows(found, kind)
    if offers:
        shown = [
            figures.plain_row(row) | {"Model": links.variant_link(row["id"], row["Model"])}
            for row in offers
        ]
        figures.table(
            shown, alt="Every hosted offer with its price and monthly cost, cheapest first"
        )
    else:
        st.markdown("No hosted offer was found.")
    st.header(heading("On machines of your own", kind))
    own = tables.own_rows(found, kind)
    if own:
        shown = [
            figures.plain_row(row) | {"Model": links.variant_link(row["id"], row["Model"])}
            for row in own
        ]
        figures.table(shown, alt="The cheapest machine of one's own for each model that fits")
        st.caption(
            "For each model the cheapest machine that fits, and yours where its speed was measured. Ranges are those of the speed: its ends are six times apart where it is estimated."
        )
    else:
        st.markdown("No model fits on a machine whose figures are known.")
    label = heading("All plans to sort, on every machine", kind)
    with st.expander(
        label, icon=":material/table:", on_change="rerun", key=f"all-{kind}"
    ) as section:
        if section.open:
            st.dataframe(
                tables.plan_rows(found, kind),
                hide_index=True,
                placeholder="not known",
                alt=f"Every {kind} plan with its figures",
            )


def show_part(label: str) -> None:
    """What a tab holds; only the open one is worked out."""
    if label == "Plans":
        show_this_machine()
        show_formula()
        for step in found.steps:
            show_plans(step.kind)
    elif label == "What moves it":
        ask_volume()
        show_swings()
    elif label == "Break-even":
        for step in found.steps:
            show_break_even(step.kind)
    elif label == "Index":
        show_index()
    elif label == "Time":
        show_latency()
    else:
        texts.show(found)


found, answer = form.ask("What does it cost a month?")
with answer:
    with st.container(border=True):
        show_least()
    for step in found.steps:
        figures.show_chart(
            charts.monthly_costs(found, step.kind, figures.theme()), f"costs-{step.kind}"
        )
    labels = [
        "Plans",
        "What moves it",
        "Break-even",
        *(["Index"] if found.step("embedder") else []),
        "Time",
        "Your texts",
    ]
    for label, tab in zip(labels, st.tabs(labels, key="part", bind="query-params"), strict=True):
        if tab.open:
            with tab:
                show_part(label)
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {markdown.plain(text)}" for text in reasons.assumptions(found)))
least = [
    sentences.cheapest_sentence(found, step.kind)
    for step in found.steps
    if sentences.cheapest(found, step.kind)
]
if least:
    with st.bottom:
        st.markdown(f"**{markdown.plain('; '.join(least))}.**")
