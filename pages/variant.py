"""Variant: all facts of one model with their sources, its prices, evidence, and when to use it."""

import streamlit as st

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base.errors import did_you_mean
from advisor.family import facts, price_list, published_scores
from advisor.family.advice import siblings, use_when
from pages.parts import figures, links, presets, session
from pages.parts.family_choice import first_family
from pages.parts.markdown import bullets, plain, small

NOTHING = "Nothing that the figures show."
SUPPORT = {
    "listed": "named or tested",
    "architecture": "its architecture is supported",
    "partial": "in part",
    "no": "no",
    None: "not known",
}
SCORES = "Points of 100. Scores compare only within one line; see Sources for where they were read."


def unknown_sentence() -> str:
    """Why no model is shown, with the nearest name."""
    if not variant_id:
        return "Choose a model:"
    name = variant_id[:60]
    nearest = did_you_mean(name, catalog.variants)
    return plain(f"There is no model '{name}' in the catalog. {nearest}")


def show_ways_on() -> None:
    """The family, and the comparison with another model of its kind."""
    same_kind = list(siblings(catalog, variant_id))
    first = first_family(list(catalog.families))
    query = {"family": family.id} if family.id != first else {}
    with st.container(horizontal=True):
        links.page("overview", f"All {family.facts.name} models", "arrow_back", query)
        if same_kind:
            successor = variant.replaced_by
            pair = [variant_id, successor if successor in same_kind else same_kind[0]]
            links.page("compare", "Compare", "compare_arrows", {"variants": pair})


def show_advice() -> None:
    """When to use the model, when not, and which workloads pick it."""
    if advice.wins or advice.not_when:  # of what is replaced the sentence above says all
        left, right = st.columns(2, gap="large")
        with left:
            st.header("What it wins")
            st.markdown(links.bullets(advice.wins) or NOTHING)
        with right:
            st.header("When not to use it, and what instead")
            st.markdown(links.bullets(advice.not_when) or NOTHING)
    st.header("Workloads that pick it")
    for key in advice.presets:
        preset = catalog.presets[key]
        links.advise_page(preset.name, Workload.of(preset.workload).params())
        st.markdown(plain(presets.won(key)))
    if not advice.presets:
        st.markdown("None of the examples. Try your own on Find a model.")


def show_facts() -> None:
    """Every fact, with what the listing says where it differs, and the sources."""
    st.header("Facts")
    variant_facts = facts.variant_facts(catalog, variant_id)
    corrected = any(fact.correction for fact in variant_facts)
    rows = []
    for fact in variant_facts:
        row = {"Fact": plain(fact.label), "Value": plain(fact.value)}
        if corrected:
            listed = f"{c.listed}. {c.why}" if (c := fact.correction) else ""
            row["The listing says"] = plain(listed)
        rows.append(row | {"Source": links.source_links(fact.sources)})
    figures.table(rows, alt=f"Facts of {variant.name} with their sources")
    for field, formula in variant.computed.items():
        st.caption(plain(f"Computed, {field.replace('_', ' ')}: {formula}"))


def show_prices() -> None:
    """Who offers the model, and at what price."""
    st.header("Hosted prices")
    offers = {offer.id: offer for _, _, offer in catalog.offers()}
    rows = []
    for row in price_list.price_rows(catalog, [variant_id], catalogs.today()):
        offer = offers[row["offer"]]
        gone = offer.withdrawn.sources if offer.withdrawn else ()
        sources = links.source_links([*offer.source_ids("usd_per_1m_input"), *gone])
        cells = figures.plain_row({k: text for k, text in row.items() if k != "Model"})
        rows.append(cells | {"Note": plain(offer.note or ""), "Source": sources})
    if rows:
        figures.table(rows, alt=f"Hosted prices of {variant.name}")
    else:
        st.markdown("No hosted offer was found.")


def show_scores() -> None:
    """What was published of the model's quality."""
    st.header("Published scores")
    scores = published_scores.variant_scores(catalog, variant_id)
    by_language = published_scores.language_scores(catalog, variant_id)
    if scores:
        figures.figures_table(scores, alt="Published scores, in points of 100")
    if by_language:
        figures.figures_table(by_language, alt="Published scores by language")
    if scores or by_language:
        st.caption(f"{SCORES} {plain(published_scores.metric_meanings(catalog))}")
    else:
        st.markdown("Not measured on any set of this catalog.")


def show_runtimes() -> None:
    """What serves the model."""
    st.header("Where it runs")
    rows = [
        {
            "Runtime": plain(name),
            "Support": SUPPORT[runtime.support],
            "Note": plain(runtime.note or ""),
            "Source": links.source_links(runtime.sources),
        }
        for name, runtime in variant.runtimes.items()
    ]
    figures.table(rows, alt=f"Runtimes for {variant.name}")


session.routed()
catalog = session.the_catalog()
variant_id = st.query_params.get("variant", "")
if variant_id not in catalog.variants:
    st.title("No such model")
    st.markdown(unknown_sentence())
    links.variant_pages({key: variant.name for key, variant in catalog.variants.items()})
    st.stop()

variant = catalog.variants[variant_id]
family = catalog.family_of(variant_id)
advice = use_when(catalog, variant_id, presets.preset_picks())
st.title(plain(variant.name))
st.markdown(plain(f"{advice.sentence} {facts.status(catalog, variant)}."))
show_ways_on()
show_advice()
show_facts()
show_prices()
show_scores()
if variant.runtimes:
    show_runtimes()
if variant.caveats or variant.notes:
    st.header("Mind")
    st.markdown(bullets([*variant.caveats, *variant.notes]))
    if read_in := links.source_links(variant.source_ids("caveats")):
        small(f"Read in {read_in}")
