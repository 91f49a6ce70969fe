"""Variant: all facts of one model with their sources, its prices, evidence, and when to use it."""

import streamlit as st

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base.errors import did_you_mean
from advisor.family import facts, price_list, published_scores
from advisor.family.advice import use_when
from pages.parts import figures, links, markdown, presets, session

session.routed()
catalog = session.the_catalog()
plain = markdown.plain
asked = st.query_params.get("variant", "")
if asked not in catalog.variants:
    st.title("No such model")
    st.markdown(
        markdown.plain(
            f"There is no model '{asked[:60]}' in the catalog. {did_you_mean(asked[:60], catalog.variants)}"
        )
        if asked
        else "Choose a model:"
    )
    links.variant_pages({key: variant.name for key, variant in catalog.variants.items()})
    st.stop()

variant = catalog.variants[asked]
family = catalog.family_of(asked)
advice = use_when(catalog, asked, presets.preset_picks())
st.title(markdown.plain(variant.name))
st.markdown(plain(f"{advice.sentence} {facts.status(catalog, variant)}."))
with st.container(horizontal=True):
    others = [
        key for key, other in family.variants.items() if key != asked and other.kind == variant.kind
    ][:1]
    st.page_link(
        "pages/overview.py",
        label=f"All {markdown.plain(family.facts.name)} models",
        icon=":material/arrow_back:",
        query_params={"family": family.id} if family.id != "bge" else {},
    )
    if others:
        st.page_link(
            "pages/compare.py",
            label="Compare",
            icon=":material/compare_arrows:",
            query_params={"variants": [asked, *others]},
        )
left, right = st.columns(2, gap="large")
with left:
    st.header("What it wins")
    st.markdown(links.bullets(advice.wins) or "Nothing that the figures show.")
with right:
    st.header("When not to use it, and what instead")
    st.markdown(links.bullets(advice.not_when) or "Nothing that the figures show.")
st.header("Workloads that pick it")
for preset in advice.presets:
    params = Workload.of(catalog.presets[preset].workload).params()
    name = catalog.presets[preset].name
    st.page_link(
        "pages/advise.py",
        label=markdown.plain(name),
        icon=":material/compass_calibration:",
        query_params=params,
    )
    st.markdown(plain(presets.won(preset)))
if not advice.presets:
    st.markdown("None of the workloads to start from; state your own on Advise.")
st.header("Facts")
rows = [
    {
        "Fact": plain(fact.label),
        "Value": plain(fact.value),
        "The listing says": plain(f"{fact.correction.listed}. {fact.correction.why}")
        if fact.correction
        else "",
        "Source": links.source_links(fact.sources),
    }
    for fact in facts.variant_facts(catalog, asked)
]
if not any(row["The listing says"] for row in rows):
    rows = [{key: text for key, text in row.items() if key != "The listing says"} for row in rows]
figures.table(rows, alt=f"Facts of {variant.name} with their sources")
for formula in variant.computed.items():
    st.caption(markdown.plain(f"Computed, {formula[0].replace('_', ' ')}: {formula[1]}"))
st.header("Hosted prices")
prices = price_list.price_rows(catalog, [asked], catalogs.today())
if prices:
    offers = {offer.id: offer for _, _, offer in catalog.offers()}
    shown = [
        {key: plain(text) for key, text in row.items() if key not in ("id", "offer", "Model")}
        | {
            "Note": plain(offers[row["offer"]].note or ""),
            "Source": links.source_links(offers[row["offer"]].source_ids("usd_per_1m_input")),
        }
        for row in prices
    ]
    figures.table(shown, alt=f"Hosted prices of {variant.name}")
else:
    st.markdown("No hosted offer was found.")
st.header("Published scores")
scores, by_language = (
    published_scores.variant_scores(catalog, asked),
    published_scores.language_scores(catalog, asked),
)
if scores:
    figures.table(
        [{key: plain(text) for key, text in row.items()} for row in scores],
        alt="Published scores, in points of 100",
    )
if by_language:
    figures.table(
        [{key: plain(text) for key, text in row.items()} for row in by_language],
        alt="Published scores by language",
    )
if not scores and not by_language:
    st.markdown("Not measured on any set of this catalog.")
else:
    st.caption(
        "Points of 100. Scores compare only within one line; see Sources for where they were read. "
        + plain(published_scores.metric_meanings(catalog))
    )
if variant.runtimes:
    st.header("Where it runs")
    words = {
        "listed": "named or tested",
        "architecture": "its architecture is supported",
        "partial": "in part",
        "no": "no",
        None: "not known",
    }
    figures.table(
        [
            {"Runtime": plain(name), "Support": words[runtime.support], "Note": plain(runtime.note or ""), "Source": links.source_links(runtime.sources)}
            for name, runtime in variant.runtimes.items()
        ], alt=f"Runtimes for {variant.name}",
    )  # fmt: skip
if variant.caveats or variant.notes:
    st.header("Mind")
    st.markdown(
        "\n".join(f"- {markdown.plain(text)}" for text in [*variant.caveats, *variant.notes])
    )
    markdown.small(f"Read in {links.source_links(variant.source_ids('caveats'))}")
