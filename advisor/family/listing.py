"""The as-listed view: what a family's listing states, and the sentences and groups from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from advisor.base.formatting import counted, listed
from advisor.catalog import Catalog, LoadedFamily
from advisor.catalog.schema import Listing, ListingPrice, ListingVariant, context_tokens
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


def listing_of(catalog: Catalog, family: LoadedFamily) -> Listing | None:
    """A family's listing; the family that `compared_with` names gives its name and developer."""
    listing, key = family.listing, family.facts.compared_with
    if listing is None or listing.related is None or key is None:
        return listing
    facts = catalog.families[key].facts
    named = {"name": facts.name, "developer": facts.developer}
    return listing.model_copy(update={"related": listing.related.model_copy(update=named)})


def as_listed(catalog: Catalog, family: LoadedFamily) -> AsListed:
    """The as-listed view of a family; ValueError where it has no listing."""
    listing = listing_of(catalog, family)
    if listing is None:
        raise ValueError(f"{family.facts.name} has no listing. Add listing.yaml to its folder.")
    rows = tuple(_row(variant) for variant in listing.variants)
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.released, []).append(row.name)
    ordered = {month: tuple(groups[month]) for month in sorted(groups, reverse=True)}
    longest = max((v.context for v in listing.variants if v.context), key=_tokens, default=None)
    answers = (
        _used_for(family.facts.name, listing.capabilities),
        _compared(family, listing, longest),
        _which(listing),
    )
    faq = tuple(zip(listing.faq_questions, answers, strict=True))
    name, developer = family.facts.name, family.facts.developer
    return AsListed(name, developer, listing, rows, ordered, longest, faq)


def releases(view: AsListed) -> list[Release]:
    """The releases as listed, on the first day of the month, by the capability that is named."""
    named = {variant.name: variant.capability for variant in view.listing.variants}
    return [
        Release(row.name, f"{row.released}-01", named[row.name] or "no capability named")
        for row in view.rows
    ]


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


def _used_for(name: str, capabilities: list[str]) -> str:
    if not capabilities:
        return f"The listing names no capability of {name}."
    workloads = "that workload" if len(capabilities) == 1 else "those workloads"
    return (
        f"{name} is used for {listed(capabilities)}. The family description and listed "
        f"model capabilities point to {workloads} as the best fit."
    )


def _compared(family: LoadedFamily, listing: Listing, longest: str | None) -> str:
    """How the family compares to the related one; of itself alone where none is named."""
    name, capabilities, related = family.facts.name, listing.capabilities, listing.related
    own = f"{name} by {family.facts.developer}"
    strongest = f"{own} is strongest where you need {capabilities[0]}" if capabilities else ""
    reach = [f"{name} has {counted(len(listing.variants), 'listed variant')}"]
    if longest:
        reach[0] += f" and reaches up to {longest} context"
    lead = strongest or f"The listing names no capability of {own}"
    if related is not None:
        strength = related.strongest_capability
        check = f" to check for {strength}" if strength else ""
        by = f" by {related.developer}" if related.developer else ""
        closest = f"{related.name}{by} is the closest related family{check}"
        lead += f", while {closest}"
        if related.max_context:
            reach.append(f"{related.name} reaches up to {related.max_context} context")
    return (
        f"{lead}. {', while '.join(reach)}, so compare the specs and pricing tables before "
        "choosing a production model."
    )


def _which(listing: Listing) -> str:
    """What to start with, of the rows that no other replaces."""
    rows = [row for row in listing.variants if not row.replaced_by]
    names = {row.name for row in rows} - {row.name for row in listing.variants if row.replaced_by}
    cheapest = _cheapest([price for price in listing.pricing if price.variant in names])
    if cheapest is not None:
        answer = (
            f"For the lowest listed input price, start with {cheapest.variant} through "
            f"{cheapest.provider} at ${cheapest.input_usd_per_1m}/1M input tokens."
        )
    elif _cheapest(listing.pricing) is None:
        answer = "No price is listed."
    else:
        answer = "No price is listed of a current variant."
    contexts = [(_tokens(row.context), row.released, row) for row in rows if row.context]
    if contexts:
        capable = max(contexts, key=lambda row: row[:2])[2]
        answer += (
            f" For the most capable/latest local choice, evaluate {capable.name} with "
            f"{capable.context} context."
        )
    return answer


def _tokens(context: str) -> int:
    return context_tokens(context) or 0  # what cannot be read does not load


def _cheapest(prices: list[ListingPrice]) -> ListingPrice | None:
    """The first of the price table's lowest prices."""
    known = [price for price in prices if price.input_usd_per_1m is not None]
    return min(known, key=lambda price: price.input_usd_per_1m or Decimal(0), default=None)
