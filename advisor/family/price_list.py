"""Hosted prices as the catalog has them: who states each, how old it is, how far to trust it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from advisor.base import formatting
from advisor.catalog import Catalog, LoadedFamily
from advisor.catalog.schema import Offer, Provider, Variant

STALE_DAYS = 90


def offers_of(catalog: Catalog, variant_ids: Iterable[str]) -> list[tuple[str, Provider, Offer]]:
    """Offers of some variants: known prices first, by price, first party, provider's name."""
    wanted = set(variant_ids)
    order = ("listing", "provider-page", "aggregator")
    rows = [row for row in catalog.offers() if row[2].variant in wanted]
    return sorted(
        rows,
        key=lambda row: (
            row[2].usd_per_1m_input is None,
            row[2].usd_per_1m_input or 0,
            order.index(row[2].tier),
            row[1].name,
            row[2].id,
        ),
    )


def price_rows(catalog: Catalog, variant_ids: Iterable[str], today: date) -> list[dict[str, str]]:
    """The hosted prices of some variants, each with its date, who states it, and remarks."""
    return [
        {
            "id": offer.variant,
            "offer": offer.id,
            "Model": catalog.variants[offer.variant].name,
            "Provider": provider.name,
            "Endpoint": offer.model,
            "Input, per 1M tokens": "listed at 0, no price"
            if offer.type == "trial"
            else formatting.NOT_KNOWN
            if offer.usd_per_1m_input is None
            else f"${offer.usd_per_1m_input}",
            "Longest input (tokens)": formatting.count(offer.max_tokens)
            if offer.max_tokens
            else "not stated",
            "Price of": formatting.day(offer.as_of),
            "Stated by": tier(offer, provider),
            "Remark": age_remark(offer, today),
        }
        for _, provider, offer in offers_of(catalog, variant_ids)
    ]


def tier(offer: Offer, provider: Provider) -> str:
    """Who states the price, in words."""
    words = {
        "listing": "the listing and the provider",
        "provider-page": "the provider",
        "aggregator": "an aggregator only",
    }
    return f"{words[offer.tier]} (a router)" if provider.router else words[offer.tier]


def dated(offer: Offer) -> str:
    """`Price of 2026-11-12`, or `Undated price`."""
    return f"Price of {offer.as_of.isoformat()}" if offer.as_of else "Undated price"


def price_mark(offer: Offer, today: date) -> str:
    """How far to trust a price: `2026-07-02, stale (145 days)`, `undated, aggregator only`."""
    day = offer.as_of.isoformat() if offer.as_of else ""
    aggregator = "aggregator only" if offer.tier == "aggregator" else ""
    return ", ".join(part for part in (day, age_remark(offer, today), aggregator) if part)


def age_remark(offer: Offer, today: date) -> str:
    """`stale (145 days)`, `undated`, or nothing."""
    if offer.as_of is None:
        return "undated"
    days = (today - offer.as_of).days
    return f"stale ({days} days)" if days > STALE_DAYS else ""


def stale(catalog: Catalog, today: date) -> list[dict[str, str]]:
    """Offers whose price is undated or older than 90 days."""
    rows = price_rows(catalog, catalog.variants, today)
    return [row for row in rows if row["Remark"]]


def lowest_price(catalog: Catalog, variant_id: str, today: date) -> str:
    """The lowest known hosted price of a variant with all who ask it, or that none is known."""
    known = [
        row
        for row in offers_of(catalog, [variant_id])
        if row[2].usd_per_1m_input is not None and row[2].type != "trial"
    ]
    if not known:
        return formatting.NOT_KNOWN
    least = known[0][2].usd_per_1m_input
    where = list(
        dict.fromkeys(
            provider.name for _, provider, offer in known if offer.usd_per_1m_input == least
        )
    )
    return f"{formatting.price(least)} at {formatting.listed(where)}"


@dataclass(frozen=True)
class Lowest:
    """The lowest known price of a kind: who asks it, variant and provider, first party first."""

    usd_per_1m: Decimal
    offers: tuple[tuple[Variant, Provider, Offer], ...]


def asked_by(least: Lowest) -> str:
    """`Base EN v1.5 at DeepInfra, 1 more at that price`: who asks it, and how many more do."""
    variant, provider, _ = least.offers[0]
    more = len(least.offers) - 1
    return f"{variant.name} at {provider.name}" + (f", {more} more at that price" if more else "")


def lowest(catalog: Catalog, family: LoadedFamily, kind: str) -> Lowest | None:
    """The lowest known hosted price of a family's variants of one kind; a trial is no price."""
    priced = [
        (family.variants[offer.variant], provider, offer)
        for _, provider, offer in catalog.offers()
        if offer.variant in family.variants and family.variants[offer.variant].kind == kind
        and offer.type != "trial" and offer.usd_per_1m_input is not None
    ]  # fmt: skip
    if not priced:
        return None
    least = min(offer.usd_per_1m_input or Decimal(0) for _, _, offer in priced)
    same = [row for row in priced if row[2].usd_per_1m_input == least]
    order = ("listing", "provider-page", "aggregator")
    return Lowest(
        least,
        tuple(
            sorted(
                same,
                key=lambda row: (order.index(row[2].tier), row[1].router, row[0].name, row[1].name),
            )
        ),
    )
