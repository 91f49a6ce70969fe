"""Cost: what the recommended option costs, where the money goes, and when your own machine pays."""

from __future__ import annotations

import re
from functools import partial

import streamlit as st

from advisor.base import formatting
from advisor.explain import bill, hosted_or_own, saving, sentences, taken_for_granted
from advisor.show import bars, crossings, downloads
from pages.parts import (
    address,
    answer,
    cost_tabs,
    figures,
    form,
    form_fields,
    links,
    session,
    tabs,
    texts,
)
from pages.parts.markdown import plain, small

BREAK_EVEN = {"embedder": "Break-even: search", "reranker": "Break-even: rerank"}


def show_totals() -> None:
    """What the recommended option costs: per month, once, per 1,000 queries, and break-even."""
    if pick is None:
        answer.show(recommendation)
        return
    spent, queries = bill.bill(pick), recommendation.workload.queries_per_month
    with st.container(key="answer"):
        st.header(plain(pick.named), anchor=False)
        with st.grid(4, min_column_width=150):
            spread = sentences.spread(spent.month).strip(" ()")
            card("Per month", sentences.usd_of(spent.month), spread or "no range")
            if recommendation.step("embedder"):
                plan = pick.parts[0].plan
                once = f"{sentences.about(plan)}{formatting.short(plan.tokens.once)} tokens"
                card("Once, to encode all", spent.one_off_amount, once)
            if each := bill.per_1000_queries(spent, recommendation.workload):
                of_what = f"The whole month over {formatting.short(queries)} queries"
                card("Per 1,000 queries", each, "of the whole bill", f"{of_what}: part is fixed.")
            for compared in () if pick.shared else hosted_or_own_of.values():
                label = BREAK_EVEN[compared.kind] if len(pick.parts) > 1 else "Break-even"
                short, *rest = re.split("[;:,] ", compared.note, maxsplit=1)
                card(label, compared.metric, short, compared.note if rest else "")
        if len(pick.parts) > 1:  # the charts of each step say it of one
            answer.show_bill(spent)
        with st.container(horizontal=True):
            links.advise_page("Why this option?", links.params(recommendation))


def card(label: str, value: str, note: str, hint: str = "") -> None:
    """A figure with the line under it, and more on hover."""
    more = plain(sentences.capital(hint)) if hint else None
    st.metric(label, plain(value), plain(note), "off", help=more, border=True, delta_arrow="off")


def show_options(kind: str) -> None:
    """What each option costs, as stacked bars."""
    chart = bars.option_bars(recommendation, kind)
    if chart is None:
        return
    step = f"{answer.STEPS[kind]}: " if len(recommendation.steps) > 1 else ""
    st.markdown(f"### {plain(f'{step}{chart.title}')}")
    small(":gray[Dollars per month: the cheapest hosted and own option of each model that fits.]")
    figures.draw(chart, f"costs-{kind}")
    parts = (part for way in bars.options(recommendation, kind) for part in way.parts)
    answer.show_key({part[0]: part for part in parts}.values())


def show_saving() -> None:
    """The change that saves most, with a button that makes it."""
    best = saving.best_saving(recommendation)
    if best is None or st.context.is_embedded:  # there is no form to change
        return
    with st.container(border=True, key="saving"):
        st.markdown(f"**{plain(best.lead)}** {plain(best.caveat)}")
        st.button(
            plain(best.label),
            on_click=form_fields.put,
            args=(best.workload,),
            icon=":material/savings:",
        )


def show_hosted_or_own(compared: hosted_or_own.HostedOrOwn) -> None:
    """From which volume your own machine costs less than the recommended offer."""
    st.markdown(f"### {plain(compared.title)}")
    small(f":gray[{plain(crossings.caption(compared.kind))}]")
    if chart := crossings.compared(recommendation, compared):
        figures.draw(chart, f"own-{compared.kind}")


def show_where_it_goes() -> None:
    """Bars and break-even of each step side by side; of two that share machines there are none."""
    if pick is not None and pick.shared is not None:
        show_saving()
        return
    for step in recommendation.steps:
        st.space("small")
        left, right = st.columns(2, gap="large")
        with left:
            show_options(step.kind)
            if step is recommendation.steps[0]:
                show_saving()
        if step.kind in hosted_or_own_of:
            with right:
                show_hosted_or_own(hosted_or_own_of[step.kind])


session.routed()
asked = form.ask("What will it cost?", by_volume=True)
recommendation = asked.recommendation
pick = recommendation.pick
hosted_or_own_of = {
    step.kind: compared
    for step in recommendation.steps
    if (compared := hosted_or_own.hosted_or_own(recommendation, step.kind))
}
show_totals()
show_where_it_goes()
cost_tabs.show_this_machine(recommendation)
if st.context.is_embedded:
    st.stop()
with links.share(asked.share, "cost", links.params(recommendation)):
    for name, mime, make in downloads.cost_files(recommendation):
        figures.download(name, make, mime)
st.space("small")
with_index = recommendation.step("embedder") is not None
PARTS = {
    "All options": cost_tabs.show_options,
    "How it is calculated": cost_tabs.show_calculation,
    "What drives it": cost_tabs.show_drivers,
    "Break-even": cost_tabs.show_break_even,
    **({"Vector store": cost_tabs.show_store} if with_index else {}),
    "Latency": cost_tabs.show_latency,
    "Your texts": texts.show,
}
# links of before had the calculation of an option in the first tab
tabs.show(
    {label: partial(show, recommendation) for label, show in PARTS.items()},
    "How it is calculated" if address.stated().get("offer") else "",
)
answer.show_assumptions(taken_for_granted.assumptions(recommendation))
