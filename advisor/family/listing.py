"""The as-listed view: what a family's listing states, and the sentences and groups from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from advisor.base.formatting import listed
from advisor.catalog import LoadedFamily
from advisor.catalog.schema import Listing, ListingPrice, ListingVariant
from advisor.family.facts import Release

CURRENT = "Current"


@dataclass(frozen=True)
class ListedRow:
    """One row of the variants table, as listed."""

    variant_id: str
    name: str
    released: str
    context: str | None
    parameters: str | None
    status: str
    signals: tuple[str, ...]
    use_when: str


@dataclass(frozen=True)
class AsListed:
    """What the page shows in its as-listed view."""

    name: str
    developer: str
    listing: Listing
    rows: tuple[ListedRow, ...]
    groups: dict[str, tuple[str, ...]]
    max_context: str | None
    faq: tuple[tuple[str, str], ...]


def as_listed(family: LoadedFamily) -> AsListed:
    """The as-listed view of a family; ValueError where it has no listing."""
    listing = family.listing
    if listing is None:
        raise ValueError(f"{family.facts.name} has no listing. Add listing.yaml to its folder.")
    rows = tuple(_row(variant) for variant in listing.variants)
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.released, []).append(row.name)
    ordered = {month: tuple(groups[month]) for month in sorted(groups, reverse=True)}
    contexts = [v.context for v in listing.variants if v.context]
    longest = max(contexts, key=context_tokens, default=None)
    faq = tuple(_faq(family, listing, longest))
    name, developer = family.facts.name, family.facts.developer
    return AsListed(name, developer, listing, rows, ordered, longest, faq)


def releases(view: AsListed) -> list[Release]:
    """The releases as listed, on the first day of the month, by the capability that is named."""
    named = {variant.name: variant.capability for variant in view.listing.variants}
    return [
        Release(row.name, f"{row.released}-01", named[row.name] or "no capability named")
        for row in view.rows
    ]


def context_tokens(context: str) -> int:
    """Tokens of a context as listed, for comparing: `512` is 512, `8k` is 8,000."""
    return int(float(context[:-1]) * 1000) if context.lower().endswith("k") else int(context)


def golden(view: AsListed) -> dict[str, Any]:
    """The view as plain data, in the shape that the listing's golden file has."""
    return {
        "family": {
            "name": view.name,
            "developer": view.developer,
            "variant_count": len(view.rows),
            "release_group_count": len(view.groups),
            "provider_count": view.listing.provider_count,
            "capabilities": list(view.listing.capabilities),
            "max_context": view.max_context,
        },
        "variants": [_plain(row) for row in view.rows],
        "release_groups": {month: list(names) for month, names in view.groups.items()},
        "pricing": [price.model_dump(mode="json") for price in view.listing.pricing],
        "faq": [{"question": question, "answer": answer} for question, answer in view.faq],
    }


def _plain(row: ListedRow) -> dict[str, Any]:
    fields = {key: value for key, value in asdict(row).items() if key != "variant_id"}
    return fields | {"signals": list(row.signals)}


def _row(variant: ListingVariant) -> ListedRow:
    context = variant.context and f"{variant.context} context"
    parameters = variant.parameters and f"{variant.parameters} parameters"
    signals = [signal for signal in (variant.capability, context, parameters) if signal]
    status, use_when = CURRENT, "The listing states no signal."
    if variant.replaced_by:
        status, use_when = f"Replaced by {variant.replaced_by}", keep_only(variant.replaced_by)
    elif signals:
        use_when = f"Use when the workload needs {listed(signals)}."
    return ListedRow(
        variant.variant,
        variant.name,
        variant.released,
        variant.context,
        variant.parameters,
        status,
        tuple(signals),
        use_when,
    )


def keep_only(successor: str) -> str:
    """The use-when sentence of a variant that another replaces."""
    return f"Use only to keep an index built with it; new work goes to {successor}."


def _faq(family: LoadedFamily, listing: Listing, longest: str | None) -> list[tuple[str, str]]:
    name, developer, related = family.facts.name, family.facts.developer, listing.related
    used_for = (
        f"{name} is used for {listed(listing.capabilities)}. The family description and listed "
        "model capabilities point to those workloads as the best fit."
    )
    compared = (
        f"{name} by {developer} is strongest where you need {listing.capabilities[0]}, while "
        f"{related.name} by {related.developer} is the closest related family to check for "
        f"{related.strongest_capability}. {name} has {len(listing.variants)} listed variants and "
        f"reaches up to {longest} context, while {related.name} reaches up to "
        f"{related.max_context} context, so compare the specs and pricing tables before choosing "
        "a production model."
    )
    start, cheapest = "No price is listed.", _cheapest(listing.pricing)
    if cheapest is not None:
        start = (
            f"For the lowest listed input price, start with {cheapest.variant} through "
            f"{cheapest.provider} at ${cheapest.input_usd_per_1m}/1M input tokens."
        )
    contexts = [(context_tokens(v.context), v.released, v) for v in listing.variants if v.context]
    if contexts:
        capable = max(contexts, key=lambda row: row[:2])[2]
        start += (
            f" For the most capable/latest local choice, evaluate {capable.name} with "
            f"{capable.context} context."
        )
    return list(zip(listing.faq_questions, (used_for, compared, start), strict=True))


def _cheapest(prices: list[ListingPrice]) -> ListingPrice | None:
    """The first of the price table's lowest prices."""
    known = [price for price in prices if price.input_usd_per_1m is not None]
    return min(known, key=lambda price: price.input_usd_per_1m or Decimal(0), default=None)
