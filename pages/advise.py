"""Advise: the pick for a workload, with its reasons, what else is possible, and what was ruled out."""

import json

import streamlit as st

from advisor import charts, report, units
from pages import shared

shared.routed()
catalog = shared.the_catalog()
found, answer = shared.ask("Which model, where, at what cost?")
workload, pick = found.workload, found.pick
with answer:
    with st.container(border=True):
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
            if found.evidence.meaning:
                shared.small(f"{found.evidence.meaning}.")
        with st.container(horizontal=True):
            shared.copy_link("advise", workload)
            st.download_button(
                "Decision as JSON",
                json.dumps(report.as_json(found, plans=True), indent=2, ensure_ascii=False),
                "recommendation.json",
                "application/json",
                icon=":material/download:",
                on_click="ignore",
            )
            st.page_link("pages/cost.py", label="Every offer's cost", icon=":material/payments:", query_params=workload.params())
            if pick is not None:
                st.page_link(
                    "pages/variant.py",
                    label=f"All about {pick.plan.variant.name}",
                    icon=":material/info:",
                    query_params={"variant": pick.plan.variant_id},
                )
    if pick is not None:
        shared.show_chart(charts.monthly_costs(found, shared.theme()), "costs")
        st.header("Also possible")
        if found.alternatives:
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
            shared.table(
                [first, *rows],
                alt="The pick and the other variants that fit, with their score and monthly cost",
            )
        else:
            st.markdown("No other variant fits.")
    with st.expander(f"Ruled out: {len(found.rejected)} of {len(found.judged)} plans, and by which rule", icon=":material/block:"):
        st.caption("A plan is one model at one provider's offer. Plans ruled out for the same reason share a line.")
        st.markdown("\n".join(f"- {shared.money(text)}" for text in report.rejections(found)) or "None.")
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {shared.money(text)}" for text in found.assumptions))
        if found.evidence.set is not None and found.evidence.set.caveat:
            st.markdown(f"- {shared.money(found.evidence.title)}: {shared.money(found.evidence.set.caveat)}")
        for variant_id, why in found.evidence.unranked.items():
            st.markdown(f"- {catalog.variants[variant_id].name}: {shared.money(why)}.")
        st.markdown(f"- Catalog {found.catalog_version}; ages of prices are counted to {found.today.isoformat()}.")
with st.bottom:
    st.markdown(f"**{shared.money(report.headline(found))}**")
