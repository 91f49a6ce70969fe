"""Advise: the pick for a workload, with its reasons, what else is possible, what would change it, and what was ruled out."""

import json

import streamlit as st

from advisor import charts, record, report, tables, trade_offs, units
from pages import shared


def opened() -> None:
    """Opens the plan whose mark was clicked."""
    clicked = [mark["id"] for mark in st.session_state["trade-off"].selection.get("plan", [])]
    if clicked:
        st.session_state["plan"] = clicked[0]


def show_answer(found) -> None:
    """The pick as a sentence with its cost, its reasons, how firm it is, and what can be done with it."""
    pick, catalog = found.pick, shared.the_catalog()
    if pick is None:
        st.header("Nothing fits this workload")
        st.markdown(
            "Giving up one of these would help, the most helpful first:"
            if found.loosen
            else "No single requirement alone keeps a plan out."
        )
        st.markdown(shared.bullets((reason.text, reason.sources) for reason in found.loosen))
    else:
        st.header(f"Use {pick.plan.variant.name} at {pick.plan.where}")
        score = f" · scores {units.points(pick.quality)} on {found.evidence.set.name}" if pick.quality is not None else ""
        st.markdown(shared.money(f"{report.cost(pick).capitalize()}{score}."))
        st.markdown(shared.bullets((reason.text, reason.sources) for reason in found.reasons))
        st.markdown(shared.money(trade_offs.firmness(found)))
        if found.evidence.meaning:
            shared.small(f"{found.evidence.meaning}.")
    with st.container(horizontal=True):
        shared.copy_link("advise", found)
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
            lambda: record.as_markdown(catalog, found),
            "decision.md",
            "text/markdown",
            icon=":material/description:",
            on_click="ignore",
        )
        st.page_link("pages/cost.py", label="Every offer's cost", icon=":material/payments:", query_params=shared.params(found))
        if pick is not None:
            st.page_link(
                "pages/variant.py",
                label=f"All about {pick.plan.variant.name}",
                icon=":material/info:",
                query_params={"variant": pick.plan.variant_id},
            )


def show_trade_off(found) -> None:
    """Score against cost with its table; where nothing is scored, the costs alone."""
    chart = charts.trade_off(found, shared.theme())
    if chart is None:
        shared.show_chart(charts.monthly_costs(found, shared.theme()), "costs")
        return
    st.markdown(f"**{shared.money(chart.title)}**")
    st.altair_chart(chart.chart, width="stretch", alt=chart.alt, key="trade-off", on_select=opened, selection_mode="plan")
    st.caption(
        "On the front: no plan that fits is both better and cheaper. Lines reach from the low to the high estimate. Click a mark to ask about that plan below."
    )
    with st.expander("The chart as a table, with the plans that have no score", icon=":material/table:"):
        rows = [shared.figures(row) | {"Model": shared.variant_link(row["id"], row["Model"])} for row in tables.trade_off_rows(found)]
        shared.table(rows, alt="Every plan for the task with its score, monthly cost and standing")


def show_alternatives(found) -> None:
    """The best plan of each other variant that fits, beside the pick."""
    pick = found.pick
    st.header("Also possible")
    if not found.alternatives:
        st.markdown("No other variant fits.")
        return
    first = {
        "Model": shared.variant_link(pick.plan.variant_id, pick.plan.variant.name),
        "Provider": pick.plan.where,
        "Score": units.points(pick.quality) if pick.quality is not None else "not ranked",
        "A month": shared.money(units.usd(pick.plan.monthly_usd.base)),
        "Against the pick": "the pick",
    }
    rows = [
        {
            "Model": shared.variant_link(other.judged.plan.variant_id, other.judged.plan.variant.name),
            "Provider": other.judged.plan.where,
            "Score": units.points(other.judged.quality) if other.judged.quality is not None else "not ranked",
            "A month": shared.money(units.usd(other.judged.plan.monthly_usd.base)),
            "Against the pick": shared.money(other.text),
        }
        for other in found.alternatives
    ]
    shared.table([first, *rows], alt="The pick and the other variants that fit, with their score and monthly cost")


def ask_why_not(found) -> None:
    """Any plan can be asked why it is not the pick."""
    st.header("Why not this one?")
    names = {
        j.plan.id: f"{j.plan.variant.name} at {j.plan.where}"
        for j in sorted(found.judged, key=lambda j: (j.plan.variant.name, j.plan.where))
    }
    asked = st.selectbox("Plan", list(names), index=None, key="plan", bind="query-params", placeholder="choose a plan, or click a mark")
    if asked is None:
        st.caption("A plan is one model at one provider's offer.")
        return
    st.markdown(f"**{names[asked]}**")
    st.markdown("\n".join(f"- {shared.money(line)}" for line in trade_offs.why_not(found, asked)))


def show_changes(found) -> None:
    """The nearest steps that give another answer, each with a button that takes it."""
    section = st.expander("What would change it", icon=":material/alt_route:", on_change="rerun", key="changes")
    if not section.open:
        return
    with section:
        changes = trade_offs.changes(shared.the_catalog(), found)
        st.caption(
            "The nearest step of a fixed grid that gives another answer, worked out with the same rules. "
            f"Tried: {trade_offs.TRIED}. What of these is not listed changes nothing."
        )
        for number, change in enumerate(changes):
            words, button = st.columns([4, 1], vertical_alignment="center")
            words.markdown(shared.money(change.text))
            button.button("Apply", key=f"apply-{number}", on_click=shared.put, args=(change.workload,), help=shared.money(change.text))
        if not changes:
            st.markdown("No step of the grid changes the answer.")


shared.routed()
found, answer = shared.ask("Which model, where, at what cost?")
with answer:
    with st.container(border=True):
        show_answer(found)
    if found.pick is not None:
        show_trade_off(found)
        show_changes(found)
        show_alternatives(found)
    else:
        show_changes(found)
    ask_why_not(found)
    with st.expander(f"Ruled out: {len(found.rejected)} of {len(found.judged)} plans, and by which rule", icon=":material/block:"):
        st.caption("A plan is one model at one provider's offer. Plans ruled out for the same reason share a line.")
        st.markdown("\n".join(f"- {shared.money(text)}" for text in report.rejections(found)) or "None.")
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {shared.money(text)}" for text in found.assumptions))
        if found.evidence.set is not None and found.evidence.set.caveat:
            st.markdown(f"- {shared.money(found.evidence.title)}: {shared.money(found.evidence.set.caveat)}")
        for variant_id, why in found.evidence.unranked.items():
            st.markdown(f"- {shared.the_catalog().variants[variant_id].name}: {shared.money(why)}.")
        st.markdown(f"- Catalog {found.catalog_version}; ages of prices are counted to {found.today.isoformat()}.")
with st.bottom:
    st.markdown(f"**{shared.money(report.headline(found))}**")
