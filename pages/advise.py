"""Advise: the pick for a workload, why, what else is possible, and what would change it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from advisor.decide.recommend import Recommendation
from advisor.explain import (
    lifting,
    reasons,
    record,
    report,
    sentences,
    taken_for_granted,
    what_would_change,
)
from advisor.explain.why_not import reasons_against
from advisor.show import charts, tables, trade_off
from pages.parts import answer, figures, form, form_fields, links, session
from pages.parts.inputs import one_or_none
from pages.parts.markdown import bullets, plain, small

if TYPE_CHECKING:  # Streamlit exports no name of it
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

WHY_NOTHING = "Why, and what would help:"
TRADE_OFF = (
    "Circles are hosted endpoints, squares machines of your own; hollow ones are ruled out. "
    "The dashed line joins the front: no plan that fits is both better and cheaper. "
    "Lines reach from the low to the high estimate. "
    f"Of own machines the {tables.OWN_DRAWN} cheapest of each model and standing are drawn; "
    "Cost lists all. Click a mark to ask about that plan below."
)
TRADE_OFF_TABLE = "The chart as a table, with the endpoints that have no score"
CHANGES = (
    "The smallest change to each input, alone, that gives another answer. "
    f"Tried: {what_would_change.TRIED}. Inputs not listed make no difference within that range."
)
PLAN = "A plan is one model at one provider's offer, or on one machine."


def take_clicked(kind: str) -> None:
    """Opens the plan whose mark was clicked."""
    marks = st.session_state[f"trade-off-{kind}"].selection.get("plan", [])
    if not marks:
        return
    st.session_state["plan"] = marks[0]["id"]
    st.session_state["why-not"] = True


def show_answer(recommendation: Recommendation) -> None:
    """The pick with its cost, its reasons, how firm it is, and what can be done with it."""
    pick = recommendation.pick
    if pick is None:
        st.header("Nothing fits this workload")
        st.markdown(WHY_NOTHING)
        reliefs = lifting.loosen(recommendation)
        st.markdown(links.bullets((relief.text, relief.sources) for relief in reliefs))
    else:
        cost = sentences.capital(report.cost(pick))
        st.header(f"Use {plain(pick.named)}")
        st.markdown(plain(f"{cost}{sentences.scores_sentence(recommendation)}."))
        st.markdown(links.bullets((r.text, r.sources) for r in reasons.reasons(recommendation)))
        st.markdown(plain(what_would_change.firmness(recommendation)))
        for note in sentences.score_notes(recommendation):
            small(plain(note))
    offer_actions(recommendation)


def offer_actions(recommendation: Recommendation) -> None:
    """Copy, download, and the ways on."""
    catalog = session.the_catalog()

    def as_json() -> str:
        decision = record.as_json(catalog, recommendation)
        return json.dumps(decision, indent=2, ensure_ascii=False)

    def as_markdown() -> str:
        return report.as_markdown(catalog, recommendation)

    with st.container(horizontal=True):
        links.copy_link("advise", recommendation)
        label = "Decision as Markdown"
        figures.download("decision.json", as_json, "application/json", "Decision as JSON")
        figures.download("decision.md", as_markdown, "text/markdown", label, "description")
        links.cost_page("Every plan's cost", links.params(recommendation))
        for part in recommendation.pick.parts if recommendation.pick else ():
            links.variant_page(part.variant_id, f"All about {part.plan.variant.name}")


def show_trade_off(recommendation: Recommendation, kind: str) -> None:
    """Score against cost with its table; where nothing is scored, the costs alone."""
    if len(recommendation.steps) > 1:
        st.header(answer.STEPS[kind])
    chart = trade_off.chart(recommendation, kind, figures.theme())
    if chart is None:
        costs = charts.monthly_costs(recommendation, kind, figures.theme())
        figures.show_chart(costs, f"costs-{kind}")
        return
    on_select = partial(take_clicked, kind)
    figures.show_chart(chart, f"trade-off-{kind}", on_select=on_select, selection_mode="plan")
    st.caption(TRADE_OFF)
    alt = f"The {kind} plans of the chart with score, monthly cost and standing"
    with st.expander(TRADE_OFF_TABLE, icon=":material/table:"):
        figures.models_table(tables.trade_off_rows(recommendation, kind), alt)


def show_alternatives(recommendation: Recommendation, kind: str) -> None:
    """The cheapest hosted and own plan of each variant that fits, beside the pick."""
    st.header(answer.heading("Also possible", kind, recommendation))
    rows = tables.alternative_rows(recommendation, kind)
    if len(rows) < 2:
        none_else = f"No other {kind} fits, hosted or on a machine of your own"
        st.markdown(f"{none_else}; other places for the same model are on Cost.")
        return
    alt = f"The pick and the cheapest hosted and own plan of each {kind} that fits"
    figures.models_table(rows, alt)


def closed(label: str, key: str, icon: str) -> ExpanderContainer:
    """A section whose content is sent once it is open: it may be long, or slow to work out."""
    return st.expander(label, icon=icon, on_change="rerun", key=key)


def ask_why_not(recommendation: Recommendation) -> None:
    """Any plan can be asked why it is not the pick."""
    if st.query_params.get("plan"):  # a link asks
        st.session_state.setdefault("why-not", True)
    section = closed("Why not another plan?", "why-not", ":material/help:")
    if section.open:
        with section:
            show_why_not(recommendation)


def show_why_not(recommendation: Recommendation) -> None:
    """The plan that is asked about, what it is, and what speaks against it."""
    judged = recommendation.judged
    plans = sorted(judged, key=lambda j: (j.plan.variant.name, not j.hosted, j.plan.where))
    names = {plan.id: plan.named for plan in plans}
    hint = "Choose an option or click a point"
    plan_id = one_or_none("Option", names, "plan", placeholder=hint)
    if plan_id is None:
        st.caption(PLAN)
        return
    st.markdown(f"**{plain(names[plan_id])}**")
    st.markdown(plain(sentences.plan_sentence(recommendation, plan_id)))
    st.markdown(bullets(reasons_against(recommendation, plan_id)))
    query = links.params(recommendation) | {"offer": plan_id}
    links.cost_page("Its cost worked out", query, "calculate")


def show_changes(recommendation: Recommendation) -> None:
    """The nearest steps that give another answer, each with a button that takes it."""
    section = closed("What would change it", "changes", ":material/alt_route:")
    if not section.open:
        return
    with section:
        changes = what_would_change.changes(session.the_catalog(), recommendation)
        st.caption(CHANGES)
        for number, change in enumerate(changes):
            words, button = st.columns([4, 1], vertical_alignment="center")
            text = plain(change.text)
            put = partial(form_fields.put, change.workload)
            words.markdown(text)
            button.button("Apply", key=f"apply-{number}", on_click=put, help=text)
        if not changes:
            st.markdown("Nothing that was tried changes the answer.")


def show_rejections(recommendation: Recommendation) -> None:
    """What is ruled out, by the rules that do so."""
    rejected, total = len(recommendation.rejected), len(recommendation.judged)
    label = f"Ruled out: {rejected} of {total} plans, and by which rule"
    section = closed(label, "ruled-out", ":material/block:")
    if section.open:
        with section:
            st.caption(f"{PLAN} Plans ruled out for the same reason share a line.")
            st.markdown(bullets(report.rejections(recommendation)) or "None.")


session.routed()
asked = form.ask("Find your model")
recommendation = asked.recommendation
with st.container():
    with st.container(border=True):
        show_answer(recommendation)
    if recommendation.pick is not None:
        for step in recommendation.steps:
            show_trade_off(recommendation, step.kind)
            show_alternatives(recommendation, step.kind)
    show_changes(recommendation)
    ask_why_not(recommendation)
    show_rejections(recommendation)
    version, day = recommendation.catalog.version, recommendation.today.isoformat()
    dated = f"Catalog {version}; ages of prices are counted to {day}."
    left_out = sentences.left_out(recommendation)
    answer.show_assumptions([*taken_for_granted.assumptions(recommendation), *left_out, dated])
