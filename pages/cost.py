"""Cost: what every hosted offer and the best machines of one's own come to in a month for one workload, with the formula."""

import streamlit as st

from advisor import charts, reasons, tables, units
from pages import shared

shared.routed()
catalog = shared.the_catalog()
found, answer = shared.ask("What does it cost a month?")
STEPS = {"embedder": "Finding passages", "reranker": "Reranking"}


def show_least() -> None:
    """The lowest cost of each step, in a sentence."""
    for role in found.roles:
        least = tables.cheapest(found, role.kind)
        if not least:
            st.header(f"No {role.kind} plan fits this workload")
            st.markdown("The tables say for each what rules it out; Advise says which requirement to give up.")
            continue
        lead = f"{STEPS[role.kind]}: " if len(found.roles) > 1 else ""
        st.header(shared.money(lead + tables.cheapest_sentence(found, role.kind)))
        tokens = least[0].plan.tokens
        once = f", {units.count(tokens.once)} once" if role.kind == "embedder" else ""
        st.markdown(f"{units.count(tokens.monthly)} tokens a month{once}.")
    with st.container(horizontal=True):
        shared.copy_link("cost", found)
        st.page_link(
            "pages/advise.py", label="Which of them to take", icon=":material/compass_calibration:", query_params=shared.params(found)
        )


def show_formula() -> None:
    """One plan worked out with the visitor's numbers."""
    st.header("How one of them is worked out")
    plans = {j.id: j for j in found.judged if found.role(j.kind)}
    picked = found.pick.parts[0].id if found.pick else next(iter(plans))
    chosen = st.selectbox("Plan", list(plans), index=list(plans).index(picked), key="offer", bind="query-params")
    judged = plans[chosen]
    st.markdown(f"**{judged.named}**")
    st.markdown("\n".join(f"1. {shared.money(line)}" for line in tables.formula(judged, found)))
    shared.small(shared.money(tables.price_note(judged)) + shared.source_links(judged.plan.price_sources))
    for finding in judged.findings:
        shared.small(shared.money(finding.text))


def show_plans(kind: str) -> None:
    """Every offer, the cheapest own machine of each model, and all plans to sort."""
    several = f": {STEPS[kind].lower()}" if len(found.roles) > 1 else ""
    st.header(f"Every hosted offer{several}")
    offers = tables.cost_rows(found, kind)
    if offers:
        shown = [shared.figures(row) | {"Model": shared.variant_link(row["id"], row["Model"])} for row in offers]
        shared.table(shown, alt="Every hosted offer with its price and monthly cost, cheapest first")
    else:
        st.markdown("No hosted offer was found.")
    st.header(f"On machines of your own{several}")
    own = tables.own_rows(found, kind)
    if own:
        shown = [shared.figures(row) | {"Model": shared.variant_link(row["id"], row["Model"])} for row in own]
        shared.table(shown, alt="The cheapest machine of one's own for each model that fits")
        st.caption(
            "For each model the cheapest machine that fits. Ranges are those of the speed: the slowest and the fastest published run."
        )
    else:
        st.markdown("No model fits on a machine whose figures are known.")
    with st.expander(
        f"All plans to sort, on every machine{several}", icon=":material/table:", on_change="rerun", key=f"all-{kind}"
    ) as section:
        if section.open:
            st.dataframe(tables.plan_rows(found, kind), hide_index=True, placeholder="not known", alt=f"Every {kind} plan with its figures")


with answer:
    with st.container(border=True):
        show_least()
    for role in found.roles:
        shared.show_chart(charts.monthly_costs(found, role.kind, shared.theme()), f"costs-{role.kind}")
    show_formula()
    for role in found.roles:
        show_plans(role.kind)
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {shared.money(text)}" for text in reasons.assumptions(found)))
least = [tables.cheapest_sentence(found, role.kind) for role in found.roles if tables.cheapest(found, role.kind)]
if least:
    with st.bottom:
        st.markdown(shared.money(f"**{'; '.join(least)}.**"))
