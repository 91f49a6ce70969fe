"""Overview: the family in figures, its variants, releases, specifications, providers and prices, in either view."""

import streamlit as st

from advisor import catalog as catalogs
from advisor import charts, faq, listing, tables, units, use_when
from pages import shared

shared.routed()
catalog = shared.the_catalog()
money = shared.money

left, right = st.columns([3, 1], vertical_alignment="bottom")
with right:
    families = list(catalog.families)
    first = "bge" if "bge" in families else families[0]
    key = st.selectbox("Family", families, index=families.index(first), key="family", bind="query-params") if len(families) > 1 else first
    family = catalog.families[key]
    views = ["verified", "as-listed"] if family.listing else ["verified"]
    view = st.segmented_control("Figures", views, default="verified", required=True, key="view", bind="query-params", help=(
        "verified: read at their sources. as-listed: what the listing states, word for word."
    ))  # fmt: skip
with left:
    st.title(f"Which {family.facts.name} model, where, at what cost?")
    kinds = {k: len([v for v in family.variants.values() if v.kind == k]) for k in ("embedder", "reranker", "language-model")}
    told = units.listed([f"{n} {k.replace('-', ' ')}{'' if n == 1 else 's'}" for k, n in kinds.items() if n])
    st.markdown(f"{told.capitalize()} by {family.facts.developer}: what each is for, what it costs to serve, and why.")
    st.page_link("pages/advise.py", label="Get a recommendation for your workload", icon=":material/compass_calibration:")


def verified_figures() -> None:
    """The family in four figures."""
    variants = list(family.variants.values())
    longest = max((v.max_tokens or 0 for v in variants), default=0)
    newest = tables.newest_first(family)[0][1]
    with st.container(horizontal=True):
        names = units.listed([v.name.removeprefix(f"{family.facts.name} ") for v in variants if v.max_tokens == longest])
        st.metric("Longest input", f"{units.count(longest)} tokens", delta=names, delta_color="off", delta_arrow="off", border=True)
        for kind in ("embedder", "reranker"):
            least = faq.lowest(catalog, family, kind)
            if least is not None:
                variant = least.offers[0][0]
                st.metric(f"Lowest {tables.job(variant)} price", units.price(least.usd_per_1m), help=(
                    f"US dollars for a million input tokens: {units.listed(list(dict.fromkeys(f'{v.name} at {p.name}' for v, p, _ in least.offers)))}".replace("$", "\\$")
                ), delta=faq.asked_by(least).removeprefix(family.facts.name).strip(), delta_color="off", delta_arrow="off", border=True)  # fmt: skip
        st.metric("Latest release", tables.month(newest), delta=newest.name, delta_color="off", delta_arrow="off", border=True)


def marked(value: str, correction) -> str:
    """A figure with a mark where the listing states another."""
    if correction is None:
        return money(value)
    told = f"The listing says {correction.listed}. {correction.why}".replace('"', "'")
    return f'{money(value)} [†](/sources?correction={correction.id} "{money(told)}")'


def verified() -> None:
    """The sections of the family page, from the verified facts."""
    verified_figures()
    st.header("About")
    st.markdown(f"{money(family.facts.about)} {shared.source_links(family.facts.source_ids('about'))}")
    for note in family.facts.notes:
        st.caption(money(note))
    st.header("Current variants")
    picks = shared.preset_picks()
    rows = []
    for variant_id, variant in tables.newest_first(family):
        advice = use_when.use_when(catalog, variant_id, picks)
        rows.append(
            {
                "Model": shared.variant_link(variant_id, variant.name),
                "Use when": money(advice.sentence),
                "Released": marked(tables.month(variant), tables.correction(family, variant_id, "released")),
                "Signals": " ".join(f":gray-badge[{signal}]" for signal in tables.signals(variant))
                + "".join(
                    marked("", c) for c in family.corrections if c.variant == variant_id and c.field in ("signals", "context", "parameters")
                ),
                "Status": tables.status(catalog, variant),
            }
        )
    st.table(rows, hide_index=True, border="horizontal", alt="Variants of the family with what each is for")
    if family.corrections:
        st.caption(
            "† marks a figure that differs from the listing: hover for what the listing says and why it differs, follow it for the source."
        )
    st.header("Release timeline")
    groups = tables.release_groups(family)
    shared.show_chart(charts.release_timeline(tables.releases(family), family.facts.name, shared.theme()), "timeline")
    st.caption(f"{len(groups)} release groups")
    st.table(
        [{"Released": month, "Models": units.listed(names)} for month, names in groups.items()],
        hide_index=True,
        border="horizontal",
        alt="Release groups",
    )
    st.header(f"Specifications ({len(family.variants)} models)")
    rows = tables.specification(catalog, family)
    shown = [
        {key: text for key, text in row.items() if key != "id"} | {"Model": shared.variant_link(row["id"], row["Model"])} for row in rows
    ]
    st.table(shown, hide_index=True, border="horizontal", alt="Specifications of the variants")
    st.caption("The source of each figure stands on the model's own page.")
    today = catalogs.today()
    prices = tables.price_rows(catalog, family.variants, today)
    providers = list(dict.fromkeys(row["Provider"] for row in prices))
    st.header(f"Available from ({len(providers)} providers)")
    st.markdown(units.listed(sorted(providers)) + "." if providers else "No hosted offer was found.")
    st.header("Pricing")
    if prices:
        st.caption("US dollars for a million input tokens; neither embedding nor reranking has output tokens. Serverless unless a trial.")
        shown = [
            {key: money(text) for key, text in row.items() if key not in ("id", "offer")}
            | {"Model": shared.variant_link(row["id"], row["Model"])}
            for row in prices
        ]
        st.table(shown, hide_index=True, border="horizontal", alt="Hosted prices, the lowest first")
    st.header(f"Models ({len(family.variants)})")
    shared.variant_pages({variant_id: variant.name for variant_id, variant in tables.newest_first(family)})


def as_listed() -> None:
    """The sections of the family page, as the listing states them."""
    listed = listing.as_listed(family)
    shared.small(
        "As listed: the listing's own statements. A dash is what it prints where it gives no figure. "
        + shared.source_links([listed.listing.source])
    )
    st.header("About")
    st.markdown(money(listed.listing.about))
    st.header("Current variants")
    st.caption(listed.listing.use_when_note)
    rows = [
        {
            "Model": shared.variant_link(row.variant_id, row.name),
            "Use when": row.use_when,
            "Released": row.released,
            "Signals": " ".join(f":gray-badge[{signal}]" for signal in row.signals),
            "Status": row.status,
        }
        for row in listed.rows
    ]
    st.table(rows, hide_index=True, border="horizontal", alt="Variants as listed")
    st.header("Release timeline")
    shared.show_chart(charts.release_timeline(listing.releases(listed), listed.name, shared.theme()), "timeline")
    st.caption(f"{len(listed.groups)} release groups")
    st.table(
        [{"Released": month, "Models": units.listed(list(names))} for month, names in listed.groups.items()],
        hide_index=True,
        border="horizontal",
        alt="Release groups as listed",
    )
    st.header(f"Specifications ({len(listed.rows)} models)")
    st.table(
        [{"Model": row.name, "Released": row.released, "Context": row.context or "—", "Parameters": row.parameters or "—"} for row in listed.rows],
        hide_index=True, border="horizontal", alt="Specifications as listed",
    )  # fmt: skip
    st.header(f"Available from ({listed.listing.provider_count} providers)")
    for provider in listed.listing.providers:
        inferred = (
            ": its place among the counted providers is inferred, since the listing names it in no list of providers"
            if provider.inferred
            else ""
        )
        st.markdown(f"- {provider.name}, named under {provider.named_under}{inferred}.")
    st.header("Pricing")
    st.table(
        [
            {
                "Model": price.variant,
                "Provider": price.provider,
                "Input / 1M": money(f"${price.input_usd_per_1m}") if price.input_usd_per_1m is not None else "—",
                "Output / 1M": money(f"${price.output_usd_per_1m}") if price.output_usd_per_1m is not None else "—",
                "Type": price.type,
            }
            for price in listed.listing.pricing
        ],
        hide_index=True, border="horizontal", alt="Prices as listed",
    )  # fmt: skip
    st.header("Frequently asked questions")
    for question, answer in listed.faq:
        st.markdown(f"**{question}**  \n{money(answer)}")
    st.header(f"Models ({len(listed.rows)})")
    shared.variant_pages({row.variant_id: row.name for row in listed.rows})


if view == "as-listed" and family.listing:
    as_listed()
else:
    verified()
