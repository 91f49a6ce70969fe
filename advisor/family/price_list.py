"""Hosted prices as the catalog has them: who states each, how old it is, how far to trust it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from advisor.base import formatting
from advisor.catalog import Catalog, LoadedFamily
from advisor.catalog.schema import Offer, Provider, Variant, Withdrawal

STALE_DAYS = 90
TIERS = {
    "listing": "the listing and the provider",
    "provider-page": "the provider",
    "aggregator": "a third party only",
}
"""Who states a price, in words; first party first."""


def offers_of(catalog: Catalog, variant_ids: Iterable[str]) -> list[tuple[str, Provider, Offer]]:
    """Offers of some variants: known prices first, by price, first party, provider's name.

    The withdrawn come last.
    """
    wanted = set(variant_ids)

    def order(row: tuple[str, Provider, Offer]) -> tuple[bool, bool, Decimal | int, int, str, str]:
        _, provider, offer = row
        price, is_gone = offer.usd_per_1m_input, offer.withdrawn is not None
        return is_gone, price is None, price or 0, _tier_order(offer), provider.name, offer.id

    return sorted((row for row in catalog.offers() if row[2].variant in wanted), key=order)


def _tier_order(offer: Offer) -> int:
    return list(TIERS).index(offer.tier)


def price_rows(catalog: Catalog, variant_ids: Iterable[str], today: date) -> list[dict[str, str]]:
    """The hosted prices of some variants, each with its date, who states it, and remarks.

    Withdrawn offers are among them, as withdrawn.
    """
    return [
        {
            "id": offer.variant,
            "offer": offer.id,
            "Model": catalog.variants[offer.variant].name,
            "Provider": provider.name,
            "Endpoint": offer.model,
            "Input, per 1M tokens": _input_price(offer),
            "Longest input (tokens)": f"{offer.max_tokens:,}" if offer.max_tokens else "not stated",
            "Price of": formatting.day(offer.as_of),
            "Stated by": tier(offer, provider),
            "Remark": withdrawal(offer.withdrawn) if offer.withdrawn else age_remark(offer, today),
        }
        for _, provider, offer in offers_of(catalog, variant_ids)
    ]


def _input_price(offer: Offer) -> str:
    if offer.withdrawn is not None:
        return "withdrawn"
    if offer.type == "trial":
        return "listed at 0, no price"
    return formatting.price(offer.usd_per_1m_input).removesuffix(" / 1M")


def withdrawal(withdrawn: Withdrawal) -> str:
    """`withdrawn on 2026-05-07: why.`: since when an offer is gone, and why it counts as gone."""
    return f"withdrawn on {withdrawn.on.isoformat()}: {withdrawn.reason}"


class WithdrawnOffer(NamedTuple):
    """What to say of a withdrawn offer, and the ids of the sources of that."""

    text: str
    sources: tuple[str, ...]


def withdrawn_offers(catalog: Catalog, variant_ids: Iterable[str]) -> list[WithdrawnOffer]:
    """A sentence for each withdrawn offer of some variants: which, since when, and why."""
    return [
        WithdrawnOffer(_gone(catalog, provider, offer), tuple(offer.withdrawn.sources))
        for _, provider, offer in offers_of(catalog, variant_ids)
        if offer.withdrawn is not None
    ]


def _gone(catalog: Catalog, provider: Provider, offer: Offer) -> str:
    assert offer.withdrawn is not None
    name = catalog.variants[offer.variant].name
    return f"{name} at {provider.name} was {withdrawal(offer.withdrawn)}"


def gone_plans(catalog: Catalog) -> dict[str, str]:
    """What to say to who names the plan of a withdrawn offer, by its id."""
    return {
        offer.id: _gone(catalog, provider, offer)
        for _, provider, offer in catalog.offers()
        if offer.withdrawn is not None
    }


def providers_of(catalog: Catalog, variant_ids: Iterable[str]) -> list[str]:
    """Names of the providers with an offer of some of the variants that stands."""
    wanted = set(variant_ids)
    rows = (row for row in catalog.standing_offers() if row[2].variant in wanted)
    return sorted({provider.name for _, provider, _ in rows})


def tier(offer: Offer, provider: Provider) -> str:
    """Who states the price, in words."""
    return TIERS[offer.tier] + (" (a router)" if provider.router else "")


def dated(offer: Offer) -> str:
    """`Price dated 2026-11-12`, or `Undated price`."""
    return f"Price dated {offer.as_of.isoformat()}" if offer.as_of else "Undated price"


def price_mark(offer: Offer, today: date) -> str:
    """How far to trust a price: `2026-07-02, stale (145 days)`, `undated, third party only`."""
    day = offer.as_of.isoformat() if offer.as_of else ""
    aggregator = "third party only" if offer.tier == "aggregator" else ""
    return ", ".join(part for part in (day, age_remark(offer, today), aggregator) if part)


def age_remark(offer: Offer, today: date) -> str:
    """`stale (145 days)`, `undated`, or nothing."""
    if offer.as_of is None:
        return "undated"
    days = (today - offer.as_of).days
    return f"stale ({days} days)" if days > STALE_DAYS else ""


def stale(catalog: Catalog, today: date) -> list[dict[str, str]]:
    """Offers that stand whose price is undated or older than 90 days."""
    standing = {offer.id for _, _, offer in catalog.standing_offers()}
    rows = price_rows(catalog, catalog.variants, today)
    return [row for row in rows if row["Remark"] and row["offer"] in standing]


def lowest_price(catalog: Catalog, variant_id: str, today: date) -> str:
    """The lowest known hosted price of a variant with all who ask it, or that none is known."""
    known = [
        (provider.name, offer.usd_per_1m_input)
        for _, provider, offer in offers_of(catalog, [variant_id])
        if offer.withdrawn is None and priced(offer)
    ]
    if not known:
        return formatting.NOT_KNOWN
    least = known[0][1]
    where = list(dict.fromkeys(name for name, price in known if price == least))
    return f"{formatting.price(least)} at {formatting.listed(where)}"


def priced(offer: Offer) -> bool:
    """Whether the offer has a known price; that of a trial is none."""
    return offer.usd_per_1m_input is not None and offer.type != "trial"


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
    """The lowest known hosted price of a family's current variants of one kind; trials are none."""
    of_kind = {key: variant for key, variant in family.current.items() if variant.kind == kind}
    known = [
        (of_kind[offer.variant], provider, offer)
        for _, provider, offer in catalog.standing_offers()
        if offer.variant in of_kind and priced(offer)
    ]
    if not known:
        return None
    least = min(offer.usd_per_1m_input or Decimal(0) for _, _, offer in known)
    same = [row for row in known if row[2].usd_per_1m_input == least]
    same.sort(key=lambda row: (_tier_order(row[2]), row[1].router, row[0].name, row[1].name))
    return Lowest(least, tuple(same))


def prices_read(catalog: Catalog) -> tuple[date, date] | None:
    """The first and the last day on which the pages of hosted prices were read; None without any.

    Of each price the last reading counts.
    """
    readings = [
        [catalog.sources[key].accessed for key in offer.sources if key in catalog.sources]
        for _, _, offer in catalog.standing_offers()
    ]
    days = [max(days) for days in readings if days]
    return (min(days), max(days)) if days else None
