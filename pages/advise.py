"""Advise: the pick for a workload, with its reasons, what else is possible, what would change it, and what was ruled out."""

import json

import streamlit as st

from advisor.decide.recommend import Recommendation
from advisor.explain import reasons, record, report, sentences, what_would_change
from advisor.show import charts, tables
from pages.parts import figures, form, links, markdown, session

STEPS = {"embedder": "Finding passages", "reranker": "Reranking"}


def opened(kind: str) -> None:
    """Opens the plan whose mark was clicked."""
    clicked = [
        mark["id"] for mark in st.session_state[f"trade-off-{kind}"].selection.get("plan", [])
    ]
    if clicked:
        st.session_state["plan"] = clicked[0]


def show_answer(found: Recommendation) -> None:
    """The pick as a sentence with its cost, its reasons, how firm it is, and what can be done with it."""
    pick = found.pick
    if pick is None:
        told = reasons.loosen(found)
        st.header("Nothing fits this workload")
        st.markdown(
            "Giving up one of these would help, the most helpful first:"
            if told
            else "No single requirement alone keeps a plan out."
        )
        st.markdown(links.bullets((reason.text, reason.sources) for reason in told))
    else:
        st.header(f"Use {markdown.plain(pick.named)}")
        st.markdown(
            markdown.plain(f"{report.cost(pick).capitalize()}{sentences.scores_sentence(found)}.")
        )
        st.markdown(
            links.bullets((reason.text, reason.sources) for reason in reasons.reasons(found))
        )
        st.markdown(markdown.plain(what_would_change.firmness(found)))
        for text in sentences.score_notes(found):
            markdown.small(markdown.plain(text))
    offer_actions(found)


def offer_actions(found: Recommendation) -> None:
    """Copy, download, and the ways on."""
    catalog = session.the_catalog()
    with st.container(horizontal=True):
        links.copy_link("advise", found)
        st.download_button(
            "Decision as JSON",
            lambda: json.dumps(record.as_json(catalog, found), indent=2, ensure_ascii=False),
            "decision.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Decision as Markdown",
            lambda: report.as_markdown(catalog, found),
            "decision.md",
            "text/markdown",
            icon=":material/description:",
            on_click="ignore",
        )
        st.page_link(
            "pages/cost.py",
            label="Every plan's cost",
            icon=":material/payments:",
            query_params=links.params(found),
        )
        for part in found.pick.parts if found.pick else ():
            name = part.plan.variant.name
            st.page_link(
                "pages/variant.py",
                label=f"All about {markdown.plain(name)}",
                icon=":material/info:",
                query_params={"variant": part.variant_id},
            )


def show_trade_off(found: Recommendation, kind: str) -> None:
    """Score against cost with its table; where nothing is scored, the costs alone."""
    if len(found.steps) > 1:
        st.header(STEPS[kind])
    chart = charts.trade_off(found, kind, figures.theme())
    if chart is None:
        figures.show_chart(charts.monthly_costs(found, kind, figures.theme()), f"costs-{kind}")
        return
    st.markdown(f"**{markdown.plain(chart.title)}**")
    st.altair_chart(
        chart.chart,
        width="stretch",
        alt=chart.alt,
        key=f"trade-off-{kind}",
        on_select=lambda: opened(kind),
        selection_mode="plan",
    )
    st.caption(
        "Circles are hosted endpoints, squares machines of your own; hollow ones are ruled out. The dashed line joins the front: no plan that fits is both better and cheaper. "
        f"Lines reach from the low to the high estimate. Of own machines the {tables.OWN_DRAWN} cheapest of each model and standing are drawn; Cost lists all. "
        "Click a mark to ask about that plan below."
    )
    with st.expander(
        "The chart as a table, with the endpoints that have no score", icon=":material/table:"
    ):
        rows = [
            figures.plain_row(row) | {"Model": links.variant_link(row["id"], row["Model"])}
            for row in tables.trade_off_rows(found, kind)
        ]
        figures.table(
            rows, alt=f"The {kind} plans of the chart with score, monthly cost and standing"
        )


def show_alternatives(found: Recommendation, kind: str) -> None:
    """The cheapest hosted and own plan of each variant that fits, beside the pick."""
    st.header("Also possible" if len(found.steps) == 1 else f"Also possible: {STEPS[kind].lower()}")
    rows = tables.alternative_rows(found, kind)
    if len(rows) < 2:
        st.markdown(
            f"No other {kind} fits, hosted or on a machine of your own; other places for the same model are on Cost."
        )
        return
    shown = [
        figures.plain_row(row) | {"Model": links.variant_link(row["id"], row["Model"])}
        for row in rows
    ]
    figures.table(
        shown, alt=f"The pick and the cheapest hosted and own plan of each {kind} that fits"
    )


def ask_why_not(found: Recommendation) -> None:
    """Any plan can be asked why it is not the pick."""
    st.header("Why not this one?")
    names = {
        j.id: j.named
        for j in sorted(
            found.judged, key=lambda j: (j.plan.variant.name, not j.hosted, j.plan.where)
        )
    }
    asked = st.selectbox(
        "Plan",
        list(names),
        index=None,
        key="plan",
        bind="query-params",
        placeholder="choose a plan, or click a mark",
    )
    if asked is None:
        st.caption("A plan is one model at one provider's offer, or on one machine.")
        return
    st.markdown(f"**{markdown.plain(names[asked])}**")
    st.markdown(markdown.plain(sentences.plan_sentence(found, asked)))
    st.markdown(
        "\n".join(f"- {markdown.plain(line)}" for line in what_would_change.why_not(found, asked))
    )
    st.page_link(
        "pages/cost.py",
        label="Its cost worked out",
        icon=":material/calculate:",
        query_params=links.params(found) | {"offer": asked},
    )


def show_changes(found: Recommendation) -> None:
    """The nearest steps that give another answer, each with a button that takes it."""
    section = st.expander(
        "What would change it", icon=":material/alt_route:", on_change="rerun", key="changes"
    )
    if not section.open:
        return
    with section:
        changes = what_would_change.changes(session.the_catalog(), found)
        st.caption(
            "The nearest step of a fixed grid that gives another answer, worked out with the same rules. "
            f"Tried: {what_would_change.TRIED}. What of these is not listed changes nothing."
        )
        for number, change in enumerate(changes):
            words, button = st.columns([4, 1], vertical_alignment="center")
            words.markdown(markdown.plain(change.text))
            button.button(
                "Apply",
                key=f"apply-{number}",
                on_click=form.put,
                args=(change.workload,),
                help=markdown.plain(change.text),
            )
        if not changes:
            st.markdown("No step of the grid changes the answer.")


session.routed()
found, answer = form.ask("Which model, where, at what cost?")
with answer:
    with st.container(border=True):
        show_answer(found)
    if found.pick is None:
        show_changes(found)
    for step in found.steps if found.pick else ():
        show_trade_off(found, step.kind)
        show_alternatives(found, step.kind)
    if found.pick is not None:
        show_changes(found)
    ask_why_not(found)
    with st.expander(
        f"Ruled out: {len(found.rejected)} of {len(found.judged)} plans, and by which rule",
        icon=":material/block:",
    ):
        st.caption(
            "A plan is one model at one provider's offer, or on one machine. Plans ruled out for the same reason share a line."
        )
        st.markdown(
            "\n".join(f"- {markdown.plain(text)}" for text in report.rejections(found)) or "None."
        )
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown(
            "\n".join(
                f"- {markdown.plain(text)}"
                for text in (*reasons.assumptions(found), *sentences.left_out(found))
            )
        )
        st.markdown(
            f"- Catalog {found.catalog.version}; ages of prices are counted to {found.today.isoformat()}."
        )
with st.bottom:
    st.markdown(f"**{markdown.plain(report.headline(found))}**")
