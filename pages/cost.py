"""Cost: what every hosted offer comes to in a month for one workload, with the formula."""

import streamlit as st

from advisor import charts, tables, units
from pages import shared

shared.routed()
catalog = shared.the_catalog()
found, answer = shared.ask("What does it cost a month?")
rows = tables.cost_rows(found)
plans = {judged.plan.id: judged for judged in found.judged}
with answer:
    least = tables.cheapest(found)
    with st.container(border=True):
        if least:
            st.header(shared.money(tables.cheapest_sentence(found)))
            tokens = least[0].plan.tokens
            st.markdown(f"{units.count(tokens.monthly)} tokens a month, {units.count(tokens.once)} once.")
        else:
            st.header("No offer fits this workload")
            st.markdown("The table says for each what rules it out; Advise says which requirement to give up.")
        with st.container(horizontal=True):
            shared.copy_link("cost", found)
            st.page_link(
                "pages/advise.py", label="Which of them to take", icon=":material/compass_calibration:", query_params=shared.params(found)
            )
    shared.show_chart(charts.monthly_costs(found, shared.theme()), "costs")
    st.header("How one of them is worked out")
    offers = [row["offer"] for row in rows]
    picked = found.pick.plan.id if found.pick else offers[0]
    chosen = st.selectbox(
        "Offer",
        offers,
        index=offers.index(picked),
        key="offer",
        bind="query-params",
    )
    judged = plans[chosen]
    st.markdown(f"**{judged.plan.variant.name} at {judged.plan.where}**")
    st.markdown("\n".join(f"1. {shared.money(line)}" for line in tables.formula(judged, found)))
    if judged.plan.offer is not None:
        offer = judged.plan.offer
        shared.small(
            shared.money(f"{tables.dated(offer)}, stated by {tables.tier(offer, judged.plan.provider)}. {offer.note or ''} ")
            + shared.source_links(offer.source_ids("usd_per_1m_input"))
        )
    for finding in judged.findings:
        shared.small(shared.money(finding.text))
    st.header("Every offer")
    shown = [shared.figures(row) | {"Model": shared.variant_link(row["id"], row["Model"])} for row in rows]
    shared.table(shown, alt="Every hosted offer with its price and monthly cost, cheapest first")
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {shared.money(text)}" for text in found.assumptions))
if least:
    with st.bottom:
        st.markdown(shared.money(f"**{tables.cheapest_sentence(found)}.**"))
