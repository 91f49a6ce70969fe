"""The answer to a question as the pages show it: what, where, at what cost, and why."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from advisor.base import formatting
from advisor.decide.recommend import Pipeline, Recommendation
from advisor.explain import lifting, reasons, sentences
from advisor.explain.bill import Bill, bill, budget_share
from advisor.explain.firm import firm
from advisor.explain.lead import decided
from advisor.explain.ways import Ways
from advisor.show import bars
from advisor.show.bars import Part
from pages.parts import figures, links
from pages.parts.markdown import bullets, plain, small

NOT_UPDATED = "Not updated:"  # before an answer to other figures than those of the form
STEPS = {"embedder": "Finding passages", "reranker": "Reranking"}
FIRST = "Encoding the whole corpus, once, before the first query."
NOTHING = "Nothing fits this workload"
WHY_NOTHING = "What stands in the way, and what would help:"


def heading(text: str, kind: str, recommendation: Recommendation) -> str:
    """A heading that names the step where there are two."""
    return f"{text}: {STEPS[kind].lower()}" if len(recommendation.steps) > 1 else text


def show(recommendation: Recommendation) -> None:
    """The recommendation with its cost, where the money goes, why, and how firm it is."""
    pick = recommendation.pick
    with st.container(border=True, key="answer"):
        if pick is None:
            _show_nothing(recommendation)
            return
        is_firm, firmness = firm(recommendation)
        _show_badges(pick, is_firm=is_firm)
        st.header(plain(pick.named), anchor=False)
        spent = bill(pick)
        _show_price(spent)
        _show_metrics(recommendation, spent)
        show_bill(spent)
        _show_reasons(recommendation)
        st.markdown(plain(firmness))
        _show_warnings(pick)
        _show_ways_on(recommendation, pick)


def _show_nothing(recommendation: Recommendation) -> None:
    st.header(NOTHING, anchor=False)
    st.markdown(WHY_NOTHING)
    reliefs = lifting.loosen(recommendation)
    st.markdown(bullets(relief.text for relief in reliefs))
    links.sources(source for relief in reliefs for source in relief.sources)


def _show_badges(pick: Pipeline, *, is_firm: bool) -> None:
    """That it is recommended, whether it is firm, and one warning."""
    with st.container(horizontal=True, gap="xsmall"):
        st.badge("Recommended", icon=":material/star:", color="blue")
        if is_firm:
            st.badge("Firm", icon=":material/check:", color="green")
        else:
            st.badge("Not firm", icon=":material/balance:", color="orange")
        if any(part.plan.as_of is None for part in pick.parts):
            st.badge("Price undated", icon=":material/schedule:", color="gray")


def _show_warnings(pick: Pipeline) -> None:
    """What the rules warn of, each once."""
    remarks = (remark for part in pick.parts for remark in part.remarks)
    for text in dict.fromkeys(remark.text for remark in remarks if remark.effect == "warn"):
        small(f":material/warning: {plain(text)}")


def _show_price(spent: Bill) -> None:
    """Dollars per month with their range: the largest figure of the page."""
    month = spent.month
    text = f"**{plain(sentences.usd_of(month))}** :small[per month]"
    if month.base and (spread := sentences.spread(month)):
        text += f" :small[:gray[{plain(spread.strip())}]]"
    with st.container(key="price"):
        st.markdown(text)


def _show_metrics(recommendation: Recommendation, spent: Bill) -> None:
    with st.grid(4, min_column_width=92):
        budget = recommendation.workload.budget_usd_per_month
        if share := budget_share(recommendation):
            _metric("Budget used", share, f"of {formatting.usd(budget)}")
        if recommendation.step("embedder"):
            _metric("One-off cost", spent.one_off_amount, "to encode all", FIRST)
        if spent.machines:
            _metric("Machines", formatting.count(spent.machines), "all month")
        for step in recommendation.steps:
            part = recommendation.pick.part(step.kind) if recommendation.pick else None
            if part is None:
                continue
            score = "not comparable" if part.quality is None else formatting.points(part.quality)
            label = "Score" if len(recommendation.steps) == 1 else step.kind.capitalize()
            _metric(label, score, "of 100", step.evidence.title)


def _metric(label: str, value: str, note: str, hint: str | None = None) -> None:
    hint = plain(hint) if hint else None
    st.metric(label, plain(value), plain(note) or None, "off", help=hint, delta_arrow="off")


def parts_of(spent: Bill) -> list[Part]:
    """The parts of a bill as charts take them."""
    return [(part.slot, part.label, float(part.usd.base)) for part in spent.parts]


def show_bill(spent: Bill) -> None:
    """Where the money goes, as one bar under what to see in it."""
    st.markdown(f"**{plain(spent.takeaway)}**")
    parts = parts_of(spent)
    if len(parts) > 1 and (chart := bars.answer_bar(parts)):
        figures.draw(chart, "bill")
        show_key(parts, with_figures=True)


def show_key(parts: Iterable[Part], *, with_figures: bool = False) -> None:
    """Which colour is which part of a cost."""
    texts = []
    for entry in bars.key(list(parts)):
        text = f":{entry.colour}[■] {entry.label}"
        if with_figures:
            text += f" **{plain(entry.usd)}** :gray[{plain(entry.share)}]"
        texts.append(text.replace(" ", "\u00a0"))
    st.markdown("  ".join(texts))


def _show_reasons(recommendation: Recommendation) -> None:
    """The reasons that decided, in the order in which they did."""
    lines = (
        f"1. **{plain(reason.lead)}** {plain(reason.text)}"
        for reason in decided(recommendation).lead
    )
    st.markdown("\n".join(lines))


def _show_ways_on(recommendation: Recommendation, pick: Pipeline) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        links.cost_page("Cost in detail", links.params(recommendation))
        for part in pick.parts:
            links.variant_page(part.variant_id, f"{part.plan.variant.name} details")
        why = reasons.reasons(recommendation)
        links.sources(source for reason in why for source in reason.sources)


def show_rest(recommendation: Recommendation) -> None:
    """All reasons in full, and what the scores mean."""
    with st.expander("All reasons", icon=":material/list:"):
        st.markdown(links.bullets((r.text, r.sources) for r in reasons.reasons(recommendation)))
        for note in sentences.score_notes(recommendation):
            small(plain(note))


def show_ways(three: Ways) -> None:
    """A hosted API, your own GPU and your own CPU side by side, each at its best."""
    with st.container(border=True, key="ways"):
        st.markdown(f"### {plain(three.title)}")
        shown = [way for way in three.ways if way.pick is not None and way.bill is not None]
        rows = [
            bars.Way(f"{way.label} · {way.where}", way.month, parts_of(way.bill), way.recommended)
            for way in shown
            if way.bill is not None
        ]
        if chart := bars.ways_bars(rows, three.title):
            figures.draw(chart, "ways-chart")
            show_key({part[0]: part for row in rows for part in row.parts}.values())
        for way in three.ways:
            models = (part.plan.variant.name for part in way.pick.parts) if way.pick else ()
            with_what = f" ({formatting.listed(list(models))})" if way.pick else ""
            small(f"**{plain(way.label)}**{plain(with_what)}: {plain(way.sentence)}")


def show_assumptions(texts: Iterable[str]) -> None:
    """What the figures assume."""
    with st.expander("Assumptions behind these numbers", icon=":material/fact_check:"):
        st.markdown(bullets(texts))
