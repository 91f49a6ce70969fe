"""Advise: the recommendation for a workload, why, what else is possible, what would change it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor.decide.recommend import Recommendation
from advisor.explain import (
    record,
    report,
    run_it,
    sentences,
    taken_for_granted,
    ways,
    what_would_change,
)
from advisor.explain.why_not import reasons_against
from advisor.show import alternatives, bars, tables, trade_off
from pages.parts import address, answer, figures, form, form_fields, links, session
from pages.parts.inputs import one_or_none
from pages.parts.markdown import bullets, plain, small

TRADE_OFF_TABLE = "The chart as a table, with the endpoints that have no score"
CHANGES = (
    "The smallest change to each input, alone, that gives another answer. "
    f"Tried: {what_would_change.TRIED}. Inputs not listed make no difference within that range."
)
OPTION = "An option is one model at one provider, or on one machine."


def offer_files(place: DeltaGenerator, recommendation: Recommendation) -> None:
    """The link to the answer, and the decision as files."""
    catalog = recommendation.catalog

    def as_json() -> str:
        decision = record.as_json(catalog, recommendation)
        return json.dumps(decision, indent=2, ensure_ascii=False)

    def as_markdown() -> str:
        return report.as_markdown(catalog, recommendation)

    with links.share(place, "advise", links.params(recommendation)):
        label = "Summary (Markdown)"
        figures.download("decision.md", as_markdown, "text/markdown", label, "description")
        figures.download("decision.json", as_json, "application/json", "Decision (JSON)")


def take_clicked(kind: str) -> None:
    """Opens the option whose mark was clicked."""
    marks = st.session_state[f"trade-off-{kind}"].selection.get("plan", [])
    if marks:
        address.put("plan", marks[0]["id"])
        st.session_state["why-not"] = True


def show_trade_off(recommendation: Recommendation, kind: str) -> None:
    """Score against cost with its table; where nothing is scored, the costs alone."""
    chart = trade_off.chart(recommendation, kind)
    if chart is None:
        figures.show_chart(bars.option_bars(recommendation, kind), f"costs-{kind}")
        return
    on_select = partial(take_clicked, kind)
    figures.show_chart(chart, f"trade-off-{kind}", on_select=on_select, selection_mode="plan")
    st.caption(plain(trade_off.caption(recommendation, kind)))
    alt = f"The {kind} options of the chart with score, monthly cost and standing"
    with st.expander(TRADE_OFF_TABLE, icon=":material/table:"):
        figures.numbers_table(tables.trade_off_rows(recommendation, kind), alt)


def show_code(recommendation: Recommendation, kind: str) -> None:
    """Code to copy for the recommended option of a step."""
    part = recommendation.pick.part(kind) if recommendation.pick else None
    if part is None:
        return
    st.subheader(answer.heading("Run it", kind, recommendation))
    snippets = run_it.snippets(recommendation, part)
    tabs = st.tabs([plain(snippet.label) for snippet in snippets], key=f"run-{kind}")
    for tab, snippet in zip(tabs, snippets, strict=True):
        with tab:
            if snippet.code:
                # a named language colours words below the contrast of text
                st.code(snippet.code, language=None, wrap_lines=True)
            for note in snippet.notes:
                small(plain(note))


def show_alternatives(recommendation: Recommendation, kind: str) -> None:
    """The cheapest hosted and own option of each model that fits, beside the recommendation."""
    st.header(answer.heading("Alternatives", kind, recommendation))
    rows = alternatives.alternatives_frame(recommendation, kind)
    if len(rows) < 2:
        none_else = f"No other {kind} fits, hosted or on your own machine"
        st.markdown(f"{none_else}. Other places for the same model are on Cost.")
        return
    st.caption("The cheapest option of each model, hosted and on your own machine.")
    figures.numbers_table(rows, f"The recommendation and its alternatives: {kind}s")


@contextmanager
def closed(label: str, key: str, icon: str) -> Iterator[bool]:
    """A section whose content is sent once it is open: it may be long, or slow to work out."""
    section = st.expander(label, icon=icon, on_change="rerun", key=key)
    with section:
        yield bool(section.open)


def show_changes(recommendation: Recommendation) -> None:
    """The nearest steps that give another answer, each with a button that takes it."""
    if recommendation.pick is None:
        st.session_state.setdefault("changes", True)
    with closed("When would the answer change?", "changes", ":material/alt_route:") as is_open:
        if not is_open:
            return
        changes = what_would_change.changes(recommendation.catalog, recommendation)
        st.caption(CHANGES)
        for number, change in enumerate(changes):
            words, button = st.columns([4, 1], vertical_alignment="center")
            text = plain(change.text)
            put = partial(form_fields.put, change.workload)
            words.markdown(text)
            button.button("Apply", key=f"apply-{number}", on_click=put, help=text)
        if not changes:
            st.markdown("Nothing we tried changes the answer.")


def ask_why_not(recommendation: Recommendation) -> None:
    """Any option can be asked why it is not recommended."""
    if st.query_params.get("plan"):  # a link asks
        st.session_state.setdefault("why-not", True)
    with closed("Why not another option?", "why-not", ":material/help:") as is_open:
        if is_open:
            show_why_not(recommendation)


def show_why_not(recommendation: Recommendation) -> None:
    """The option that is asked about, what it is, and what speaks against it."""
    judged = recommendation.judged
    plans = sorted(judged, key=lambda j: (j.plan.variant.name, not j.hosted, j.plan.where))
    names = {plan.id: plan.named for plan in plans}
    hint = "Choose an option or click a point"
    plan_id = one_or_none("Option", names, "plan", placeholder=hint)
    if plan_id is None:
        st.caption(OPTION)
        return
    st.markdown(f"**{plain(names[plan_id])}**")
    st.markdown(plain(sentences.plan_sentence(recommendation, plan_id)))
    st.markdown(bullets(reasons_against(recommendation, plan_id)))
    query = links.params(recommendation) | {"offer": plan_id}
    links.cost_page("How its cost is calculated", query, "calculate")


def show_rejections(recommendation: Recommendation) -> None:
    """What does not fit, by the rules that say so."""
    rejected, total = len(recommendation.rejected), len(recommendation.judged)
    label = f"{rejected} of {total} options do not fit"
    with closed(label, "ruled-out", ":material/block:") as is_open:
        if is_open:
            st.caption(f"{OPTION} Options that do not fit for the same reason share a line.")
            st.markdown(bullets(report.rejections(recommendation)) or "None.")


def show_evidence(recommendation: Recommendation) -> None:
    """Chart and code, side by side or step by step, then the alternatives at full width."""
    kinds = [step.kind for step in recommendation.steps]
    shows: list[Callable[[Recommendation, str], None]] = [show_trade_off, show_code]
    together = recommendation.pick is not None and recommendation.pick.shared is not None
    if together:  # what one step costs alone would not add up
        shows.remove(show_trade_off)
    st.space("small")
    if len(kinds) == 1:
        rows = [[(show, kinds[0]) for show in shows]]
    else:
        rows = [[(show, kind) for kind in kinds] for show in shows]
    for row in rows:
        for place, (show, kind) in zip(st.columns(len(row), gap="large"), row, strict=True):
            with place:
                show(recommendation, kind)
    for kind in kinds:
        show_alternatives(recommendation, kind)


def show_folds(recommendation: Recommendation) -> None:
    """All the rest, closed."""
    if recommendation.pick is not None:
        answer.show_rest(recommendation)
    show_changes(recommendation)
    ask_why_not(recommendation)
    show_rejections(recommendation)
    version, day = recommendation.catalog.version, recommendation.today.isoformat()
    dated = f"Data version {version}; ages of prices are counted to {day}."
    left_out = sentences.left_out(recommendation)
    answer.show_assumptions([*taken_for_granted.assumptions(recommendation), *left_out, dated])


session.routed()
asked = form.ask("Find your model")
if st.context.is_embedded:
    answer.show(asked.recommendation)
    st.stop()
offer_files(asked.share, asked.recommendation)
if asked.recommendation.pick is None:
    answer.show(asked.recommendation)
else:
    main, beside = st.columns([1.85, 1], gap="medium")
    with main:
        answer.show(asked.recommendation)
    with beside:
        answer.show_ways(ways.ways(asked.recommendation))
    show_evidence(asked.recommendation)
show_folds(asked.recommendation)
