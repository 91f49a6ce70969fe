"""Overview: the family in figures, its variants, releases, specifications, providers and prices, in either view."""

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from advisor import catalog as catalogs
from advisor.base import formatting
from advisor.catalog.schema import Correction, Listing, Usd
from advisor.family import advice, facts, listing, price_list
from advisor.show import charts
from pages.parts import figures, links, markdown, presets, session

session.routed()
catalog = session.the_catalog()
plain = markdown.plain

left, right = st.columns([3, 1], vertical_alignment="bottom")
with right:
    families = list(catalog.families)
    first = "bge" if "bge" in families else families[0]
    key = (
        st.selectbox(
            "Family", families, index=families.index(first), key="family", bind="query-params"
        )
        if len(families) > 1
        else first
    )
    family = catalog.families[key]
    views = ["verified", "as-listed"] if family.listing else ["verified"]
    view = st.segmented_control("Figures", views, default="verified", required=True, key="view", bind="query-params", help=(
        "verified: read at their sources. as-listed: what the listing states, word for word."
    ))  # fmt: skip
with left:
    st.title(f"Which {markdown.plain(family.facts.name)} model, where, at what cost?")
    kinds = {
        k: len([v for v in family.variants.values() if v.kind == k])
        for k in ("embedder", "reranker", "language-model")
    }
    told = formatting.listed(
        [f"{n} {k.replace('-', ' ')}{'' if n == 1 else 's'}" for k, n in kinds.items() if n]
    )
    st.markdown(
        f"{told.capitalize()} by {markdown.plain(family.facts.developer)}: what each is for, what it costs to serve, and why."
    )
    st.page_link(
        "pages/advise.py",
        label="Get a recommendation for your workload",
        icon=":material/compass_calibration:",
    )


def verified_figures() -> None:
    """The family in four figures."""
    variants = list(family.variants.values())
    longest = max((v.max_tokens or 0 for v in variants), default=0)
    newest = facts.newest_first(family)[0][1]
    with st.container(horizontal=True):
        names = formatting.listed(
            [
                v.name.removeprefix(f"{family.facts.name} ")
                for v in variants
                if v.max_tokens == longest
            ]
        )
        st.metric(
            "Longest input",
            f"{formatting.count(longest)} tokens",
            delta=markdown.plain(names),
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
        for kind in ("embedder", "reranker"):
            least = price_list.lowest(catalog, family, kind)
            if least is not None:
                variant = least.offers[0][0]
                st.metric(f"Lowest {facts.job(variant)} price", formatting.price(least.usd_per_1m), help=(
                    "US dollars for a million input tokens: " + plain(formatting.listed(list(dict.fromkeys(f"{v.name} at {p.name}" for v, p, _ in least.offers))))
                ), delta=plain(price_list.asked_by(least).removeprefix(family.facts.name).strip()), delta_color="off", delta_arrow="off", border=True)  # fmt: skip
        st.metric(
            "Latest release",
            facts.month(newest),
            delta=markdown.plain(newest.name),
            delta_color="off",
            delta_arrow="off",
            border=True,
        )


def marked(value: str, correction: Correction | None) -> str:
    """A figure with a mark where the listing states another."""
    if correction is None:
        return plain(value)
    told = f"The listing says {correction.listed}. {correction.why}".replace('"', "'")
    return f'{plain(value)} [†](/sources?correction={correction.id} "{plain(told)}")'


def badges(signals: Iterable[str]) -> str:
    """Signals as badges."""
    return " ".join(f":gray-badge[{markdown.plain(signal)}]" for signal in signals)


def timeline(releases: list[facts.Release], name: str, groups: Mapping[str, Sequence[str]]) -> None:
    """The releases as a chart, and by month."""
    st.header("Release timeline")
    figures.show_chart(charts.release_timeline(releases, name, figures.theme()), "timeline")
    st.caption(f"{len(groups)} release groups")
    figures.table(
        [
            {"Released": month, "Models": plain(formatting.listed(list(names)))}
            for month, names in groups.items()
        ],
        alt="Release groups",
    )


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
        differing = [
            c
            for c in family.corrections
            if c.variant == variant_id and c.field in ("signals", "context", "parameters")
        ]
        rows.append(
            {
                "Model": links.variant_link(variant_id, variant.name),
                "Use when": plain(advice.use_when(catalog, variant_id, picks).sentence),
                "Released": marked(
                    facts.month(variant), facts.correction(family, variant_id, "released")
                ),
                "Signals": "".join(
                    [badges(facts.signals(variant)), *(marked("", c) for c in differing)]
                ),
                "Status": plain(facts.status(catalog, variant)),
            }
        )
    figures.table(rows, alt="Variants of the family with what each is for")
    if family.corrections:
        told = "hover for what the listing says and why it differs, follow it for the source"
        st.caption(f"† marks a figure that differs from the listing: {told}.")


def verified_specifications() -> None:
    """The specifications table, marked in the same way."""
    st.header(f"Specifications ({len(family.variants)} models)")
    corrected = {
        "Released": "released",
        "Longest input (tokens)": "context",
        "Parameters": "parameters",
    }
    shown = []
    for row in facts.specification(catalog, family):
        marks = {
            column: marked(row[column], facts.correction(family, row["id"], field))
            for column, field in corrected.items()
        }
        shown.append(
            figures.plain_row(row) | {"Model": links.variant_link(row["id"], row["Model"])} | marks
        )
    figures.table(shown, alt="Specifications of the variants")
    st.caption("The source of each figure stands on the model's own page.")


def verified_prices() -> None:
    """Who offers the family, and every price."""
    prices = price_list.price_rows(catalog, family.variants, catalogs.today())
    providers = sorted({row["Provider"] for row in prices})
    st.header(f"Available from ({len(providers)} providers)")
    st.markdown(
        plain(f"{formatting.listed(providers)}.") if providers else "No hosted offer was found."
    )
    st.header("Pricing")
    if prices:
        st.caption(
            "US dollars for a million input tokens; neither embedding nor reranking has output tokens. Paid for what is asked, no machine to rent; an offer at no price says so."
        )
        shown = [
            figures.plain_row(row) | {"Model": links.variant_link(row["id"], row["Model"])}
            for row in prices
        ]
        figures.table(shown, alt="Hosted prices, the lowest first")


def verified() -> None:
    """The sections of the family page, from the verified facts."""
    verified_figures()
    st.header("About")
    st.markdown(
        f"{plain(family.facts.about)} {links.source_links(family.facts.source_ids('about'))}"
    )
    for note in family.facts.notes:
        st.caption(plain(note))
    verified_variants()
    timeline(facts.releases(family), family.facts.name, facts.release_groups(family))
    verified_specifications()
    verified_prices()
    models({variant_id: variant.name for variant_id, variant in facts.newest_first(family)})


def listed_price(amount: Usd | None) -> str:
    """A price as listed; a dash where the listing has one."""
    return "—" if amount is None else plain(f"${amount}")


def listed_prices(told: Listing) -> None:
    """Providers and prices, as the listing states them."""
    st.header(f"Available from ({told.provider_count} providers)")
    guess = ": its place among the counted providers is inferred, since the listing names it in no list of providers"
    st.markdown(
        "\n".join(
            f"- {plain(p.name)}, named under {plain(p.named_under)}{guess if p.inferred else ''}."
            for p in told.providers
        )
    )
    st.header("Pricing")
    rows = [
        {
            "Model": plain(price.variant),
            "Provider": plain(price.provider),
            "Input / 1M": listed_price(price.input_usd_per_1m),
            "Output / 1M": listed_price(price.output_usd_per_1m),
            "Type": plain(price.type),
        }
        for price in told.pricing
    ]
    figures.table(rows, alt="Prices as listed")


def as_listed() -> None:
    """The sections of the family page, as the listing states them."""
    listed = listing.as_listed(family)
    link = links.source_links([listed.listing.source])
    markdown.small(
        f"As listed: the listing's own statements. A dash is what it prints where it gives no figure. {link}"
    )
    st.header("About")
    st.markdown(plain(listed.listing.about))
    st.header("Current variants")
    st.caption(plain(listed.listing.use_when_note))
    rows = [
        {
            "Model": links.variant_link(row.variant_id, row.name),
            "Use when": plain(row.use_when),
            "Released": plain(row.released),
            "Signals": badges(row.signals),
            "Status": plain(row.status),
        }
        for row in listed.rows
    ]
    figures.table(rows, alt="Variants as listed")
    timeline(listing.releases(listed), listed.name, listed.groups)
    st.header(f"Specifications ({len(listed.rows)} models)")
    rows = [
        figures.plain_row(
            {
                "Model": row.name,
                "Released": row.released,
                "Context": row.context or "—",
                "Parameters": row.parameters or "—",
            }
        )
        for row in listed.rows
    ]
    figures.table(rows, alt="Specifications as listed")
    listed_prices(listed.listing)
    st.header("Frequently asked questions")
    for question, answer in listed.faq:
        st.markdown(f"**{plain(question)}**  \n{plain(answer)}")
    models({row.variant_id: row.name for row in listed.rows})


if view == "as-listed" and family.listing:
    as_listed()
else:
    verified()
