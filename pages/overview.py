"""Overview: the family in figures, its variants, releases, specifications and prices."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import streamlit as st

from advisor import catalog as catalogs
from advisor.base import formatting
from advisor.catalog.schema import Correction, Listing, Usd
from advisor.family import advice, extremes, facts, listing, price_list
from advisor.show import charts
from pages.parts import figures, links, presets, session
from pages.parts.family_choice import ask_family, ask_view
from pages.parts.markdown import plain, small

VIEWS = "verified: read at their sources. as-listed: what the listing states, word for word."
DAGGER = (
    "† marks a figure that differs from the listing: hover for what the listing says and why it "
    "differs, follow it for the source."
)
PRICES = (
    "US dollars for a million input tokens; neither embedding nor reranking has output tokens. "
    "Paid for what is asked, no machine to rent; an offer at no price says so."
)
INFERRED = (
    ": its place among the counted providers is inferred, "
    "since the listing names it in no list of providers"
)
AS_LISTED = (
    "As listed: the listing's own statements. A dash is what it prints where it gives no figure."
)
KINDS = ("embedder", "reranker", "language-model")
# Columns of the specifications, with the field of a correction.
CORRECTED = {
    "Released": "released",
    "Longest input (tokens)": "context",
    "Parameters": "parameters",
}
UNDER_SIGNALS = ("signals", "context", "parameters")  # fields whose corrections are marked there
UNPRINTED = "—"  # what the listing has where it gives no figure


def contents_sentence() -> str:
    """How many models of each kind the family has, and who made them."""
    variants = family.variants.values()
    counts = {kind: sum(variant.kind == kind for variant in variants) for kind in KINDS}
    models = [formatting.counted(n, kind.replace("-", " ")) for kind, n in counts.items() if n]
    lead = f"{formatting.listed(models).capitalize()} by {plain(family.facts.developer)}"
    whose = "what it is for" if len(variants) == 1 else "what each is for"
    return f"{lead}: {whose}, what it costs to serve, and why."


def figure(label: str, value: str, note: str, hint: str | None = None) -> None:
    """One of the family's figures, with what it is of below it."""
    st.metric(
        label, value, plain(note), delta_color="off", delta_arrow="off", border=True, help=hint
    )


def verified_figures() -> None:
    """The family in up to four figures, of the variants that none replaces."""
    current = family.current.values()
    prefix = f"{family.facts.name} "
    with st.container(horizontal=True):
        if longest := extremes.longest(current):
            tokens = f"{formatting.count(longest[0].max_tokens)} tokens"
            names = [variant.name.removeprefix(prefix) for variant in longest]
            figure("Longest input", tokens, formatting.listed(names))
        for kind in ("embedder", "reranker"):
            least = price_list.lowest(catalog, family, kind)
            if least is not None:
                offers = dict.fromkeys(f"{v.name} at {p.name}" for v, p, _ in least.offers)
                label = f"Lowest {facts.job(least.offers[0][0])} price"
                seller = price_list.asked_by(least).removeprefix(prefix)
                sellers = plain(formatting.listed(list(offers)))
                hint = f"US dollars for a million input tokens: {sellers}"
                figure(label, formatting.price(least.usd_per_1m), seller, hint)
        if latest := extremes.latest(current):
            names = [variant.name for variant in latest]
            figure("Latest release", facts.month(latest[0]), formatting.listed(names))


def marked(value: str, correction: Correction | None) -> str:
    """A figure with a mark where the listing states another."""
    if correction is None:
        return plain(value)
    hover = f"The listing says {correction.listed}. {correction.why}".replace('"', "'")
    return f'{plain(value)} [†](/sources?correction={correction.id} "{plain(hover)}")'


def badges(signals: Iterable[str]) -> str:
    """Signals as badges."""
    return " ".join(f":gray-badge[{plain(signal)}]" for signal in signals)


def timeline(
    releases: list[facts.Release],
    name: str,
    groups: Mapping[str, Sequence[str]],
    replaced: Collection[str],
) -> None:
    """The releases as a chart, and by month."""
    st.header("Release timeline")
    chart = charts.release_timeline(releases, name, replaced)
    figures.show_chart(chart, "timeline")
    if months := [month for month in groups if month != formatting.NOT_KNOWN]:
        st.caption(formatting.counted(len(months), "release group"))
    rows = [
        {"Released": month, "Models": plain(formatting.listed(list(names)))}
        for month, names in groups.items()
    ]
    figures.table(rows, alt="Release groups")


def models(names: dict[str, str]) -> None:
    """Links to the pages of the models, by id and name."""
    st.header(f"Models ({len(names)})")
    links.variant_pages(names)


def verified_variants() -> None:
    """The variants table, with a mark at each figure that the listing states otherwise."""
    st.header("Current variants")
    picks = presets.preset_picks()
    rows = []
    for variant_id, variant in facts.newest_first(family):
        released = facts.correction(family, variant_id, "released")
        corrections = (c for c in family.corrections if c.variant == variant_id)
        marks = [marked("", c) for c in corrections if c.field in UNDER_SIGNALS]
        rows.append(
            {
                "Model": links.variant_link(variant_id, variant.name),
                "Use when": plain(advice.use_when(catalog, variant_id, picks).sentence),
                "Released": marked(facts.month(variant), released),
                "Signals": "".join([badges(facts.signals(variant)), *marks]),
                "Status": plain(facts.status(catalog, variant)),
            }
        )
    figures.table(rows, alt="Variants of the family with what each is for")
    if family.corrections:
        st.caption(DAGGER)


def verified_specifications() -> None:
    """The specifications table, marked in the same way."""
    st.header(f"Specifications ({formatting.counted(len(family.variants), 'model')})")
    rows = []
    for row in facts.specification(catalog, family):
        cells = figures.model_row(row)
        for column, field in CORRECTED.items():
            cells[column] = marked(row[column], facts.correction(family, row["id"], field))
        rows.append(cells)
    figures.table(rows, alt="Specifications of the variants")
    st.caption("The source of each figure stands on the model's own page.")


def verified_prices() -> None:
    """Who offers the family, and every price."""
    rows = price_list.price_rows(catalog, family.variants, catalogs.today())
    providers = price_list.providers_of(catalog, family.variants)
    st.header(f"Available from ({formatting.counted(len(providers), 'provider')})")
    sentence = f"{formatting.listed(providers)}." if providers else "No hosted offer was found."
    st.markdown(plain(sentence))
    if rows:
        st.header("Pricing")
        st.caption(PRICES)
        figures.models_table(rows, "Hosted prices, the lowest first")


def verified() -> None:
    """The sections of the family page, from the verified facts."""
    verified_figures()
    st.header("About")
    sources = links.source_links(family.facts.source_ids("about"))
    st.markdown(f"{plain(family.facts.about)} {sources}")
    for note in family.facts.notes:
        st.caption(plain(note))
    verified_variants()
    replaced = [variant.name for variant in family.variants.values() if variant.replaced_by]
    timeline(facts.releases(family), family.facts.name, facts.release_groups(family), replaced)
    verified_specifications()
    verified_prices()
    models({variant_id: variant.name for variant_id, variant in facts.newest_first(family)})


def listed_price(amount: Usd | None) -> str:
    """A price as listed; a dash where the listing has one."""
    return UNPRINTED if amount is None else f"${amount}"


def listed_prices(statements: Listing) -> None:
    """Providers and prices, as the listing states them."""
    st.header(f"Available from ({formatting.counted(statements.provider_count, 'provider')})")
    lines = []
    for provider in statements.providers:
        note = INFERRED if provider.inferred else ""
        lines.append(f"- {plain(provider.name)}, named under {plain(provider.named_under)}{note}.")
    st.markdown("\n".join(lines) or "The listing names none of them.")
    st.header("Pricing")
    rows = [
        {
            "Model": price.variant,
            "Provider": price.provider,
            "Input / 1M": listed_price(price.input_usd_per_1m),
            "Output / 1M": listed_price(price.output_usd_per_1m),
            "Type": price.type,
        }
        for price in statements.pricing
    ]
    figures.figures_table(rows, alt="Prices as listed")


def as_listed() -> None:
    """The sections of the family page, as the listing states them."""
    listed = listing.as_listed(catalog, family)
    small(f"{AS_LISTED} {links.source_links([listed.listing.source])}")
    st.header("About")
    st.markdown(plain(listed.listing.about))
    st.header("Current variants")
    st.caption(plain(listed.listing.use_when_note))
    variants = [
        {
            "Model": links.variant_link(row.variant_id, row.name),
            "Use when": plain(row.use_when),
            "Released": plain(row.released),
            "Signals": badges(row.signals),
            "Status": plain(row.status),
        }
        for row in listed.rows
    ]
    figures.table(variants, alt="Variants as listed")
    replaced = [row.name for row in listed.listing.variants if row.replaced_by]
    timeline(listing.releases(listed), listed.name, listed.groups, replaced)
    st.header(f"Specifications ({formatting.counted(len(listed.rows), 'model')})")
    specifications = [
        {
            "Model": row.name,
            "Released": row.released,
            "Context": row.context or UNPRINTED,
            "Parameters": row.parameters or UNPRINTED,
        }
        for row in listed.rows
    ]
    figures.figures_table(specifications, alt="Specifications as listed")
    listed_prices(listed.listing)
    st.header("Frequently asked questions")
    for question, answer in listed.faq:
        st.markdown(f"**{plain(question)}**  \n{plain(answer)}")
    models({row.variant_id: row.name for row in listed.rows})


session.routed()
catalog = session.the_catalog()
left, right = st.columns([3, 1], vertical_alignment="bottom")
with right:
    family = ask_family(list(catalog.families))
    view = ask_view(family, "Figures", VIEWS)
with left:
    st.title(f"Which {plain(family.facts.name)} model, where, at what cost?")
    st.markdown(contents_sentence())
    links.advise_page("Get a recommendation for your workload")
if view == "as-listed":
    as_listed()
else:
    verified()
