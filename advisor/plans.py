"""Plans: every variant with every offer for it, with all figures for one workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from advisor import costs, storage, units
from advisor.catalog.load import Catalog
from advisor.catalog.schema import Offer, Provider, Variant
from advisor.columns import COLUMNS, KINDS, WORKLOAD
from advisor.costs import Range, Tokens
from advisor.rules.evaluate import Values, column
from advisor.workload import Workload

KIND_FOR_TASK = {"retrieve": "embedder", "rerank": "reranker"}
Placement = tuple[str, Provider, Offer] | tuple[None, None, None]
NOWHERE: Placement = (None, None, None)
POOLING = {"cls": "CLS", "mean": "mean", "last_token": "last token"}


@dataclass(frozen=True)
class Plan:
    """One variant at one offer for one workload; `offer` is None where nobody offers the variant.

    Amounts are US dollars, unrounded; None is not known. `figures` are the columns that rules read.
    """

    variant_id: str
    variant: Variant
    provider_id: str | None
    provider: Provider | None
    offer: Offer | None
    tokens: Tokens
    encoding_usd: Range | None
    index_bytes: int
    index_usd: Range | None
    monthly_usd: Range | None
    one_off_usd: Decimal | None
    figures: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The offer's id, or the variant's id where there is no offer."""
        return self.offer.id if self.offer else self.variant_id

    @property
    def where(self) -> str:
        """The provider's name, or that there is none."""
        return self.provider.name if self.provider else "no provider"


def build(catalog: Catalog, workload: Workload, today: date) -> list[Plan]:
    """Every plan for a workload, by variant id and then offer id, whatever the order of the files.

    A plan for each embedder and reranker at each of its offers; a variant that nobody offers has one plan without.
    """
    offers: dict[str, list[tuple[str, Provider, Offer]]] = {}
    for placement in catalog.offers():
        offers.setdefault(placement[2].variant, []).append(placement)
    ram = storage.ram_usd_per_gib_month(catalog)
    asked = _asked(workload)
    plans = []
    for variant_id, variant in sorted(catalog.variants.items()):
        if variant.kind not in KIND_FOR_TASK.values():
            continue
        facts = _variant_figures(catalog, variant_id, variant, workload)
        known: dict[int | None, Tokens] = {}
        placements: list[Placement] = [*sorted(offers.get(variant_id, []), key=lambda o: o[2].id)] or [NOWHERE]
        for provider_id, provider, offer in placements:
            limits = [n for n in (variant.max_tokens, offer.max_tokens if offer else None) if n]
            limit = min(limits) if limits else None
            if limit not in known:
                known[limit] = costs.tokens(workload, variant, limit)
            plans.append(_plan(variant_id, variant, provider_id, provider, offer, workload, known[limit], ram, today, asked | facts, limit))
    return plans


def columns(plans: list[Plan]) -> dict[str, Values]:
    """The plans' figures as columns for the rules; a figure that is not known is unknown there."""
    return {name: column([plan.figures.get(name) for plan in plans], kind) for name, kind in KINDS.items()}


def shown(plan: Plan, name: str) -> str:
    """A figure of a plan as text, with the unit its column has."""
    value = plan.figures.get(name)
    if value is None:
        return units.NOT_KNOWN
    unit = COLUMNS[name].unit
    if unit == "usd":
        return units.usd(value)
    if unit == "usd_per_1m":
        return units.price(plan.offer.usd_per_1m_input if plan.offer else None)
    return units.count(value) if COLUMNS[name].kind == "number" else str(value)


def _asked(workload: Workload) -> dict[str, Any]:
    """The workload's columns, the same for every plan."""
    return {name: getattr(workload, name) for name in WORKLOAD if name != "languages_named"} | {
        "languages_named": len(set(workload.languages)),
        "languages_asked": units.listed(sorted(set(workload.languages))),
        "outputs_asked": units.listed(list(workload.outputs)),
    }


def _variant_figures(catalog: Catalog, variant_id: str, variant: Variant, workload: Workload) -> dict[str, Any]:
    """The columns that depend on the variant alone."""
    licence = catalog.licences.get(variant.licence or "")
    successor = variant.successors[0] if variant.successors else None
    missing = sorted(set(workload.languages) - set(variant.languages or ()))
    names = catalog.variants
    return {
        "variant": variant_id,
        "variant_name": variant.name,
        "kind": variant.kind,
        "kind_verb": "scores query-passage pairs and makes no embedding"
        if variant.kind == "reranker"
        else "makes embeddings and scores no pairs",
        "max_tokens": variant.max_tokens,
        "recommended_tokens": variant.recommended_tokens,
        "covers_languages": covers(variant, workload.languages),
        "languages_missing": units.listed(missing) or None,
        "language_count": len(variant.languages) if variant.languages is not None else None,
        "variant_gives_outputs": variant.kind == "reranker" or set(workload.outputs) <= set(variant.outputs),
        "outputs_given": units.listed(list(variant.outputs)),
        "variant_licence": licence.name if licence else variant.licence,
        "licence_permissive": licence.permissive if licence else None,
        "commercial_use": licence.commercial_use if licence else variant.commercial_use,
        "embedding_dim": variant.embedding_dim,
        "pooling": POOLING.get(variant.pooling or ""),
        "needs_query_instruction": bool(variant.query_instruction_required),
        "has_query_instruction": variant.query_instruction is not None,
        "successor": names[successor.variant].name if successor else None,
        "successor_use": successor.use_for if successor else None,
        "replaced_by": names[variant.replaced_by].name if variant.replaced_by else None,
    }


def covers(variant: Variant, languages: tuple[str, ...]) -> bool | None:
    """Whether a variant's languages hold all of `languages`; None where its list is not complete or not published."""
    if variant.languages is not None and set(languages) <= set(variant.languages):
        return True
    return False if variant.languages_complete else None


def _plan(
    variant_id: str,
    variant: Variant,
    provider_id: str | None,
    provider: Provider | None,
    offer: Offer | None,
    workload: Workload,
    tokens: Tokens,
    ram: Range | None,
    today: date,
    facts: Mapping[str, Any],
    limit: int | None,
) -> Plan:
    price = offer.usd_per_1m_input if offer and offer.type != "trial" else None
    encoding = None
    if price is not None:
        monthly = costs.hosted_usd(tokens.monthly, price)
        encoding = Range(costs.hosted_usd(tokens.monthly_low, price), monthly, monthly)
    one_off = costs.hosted_usd(tokens.once, price) if price is not None else None
    size = 0
    index: Range | None = costs.ZERO
    if variant.kind == "embedder" and workload.vector_store == "ram":
        size = storage.index_bytes(tokens.vectors, variant.embedding_dim or 0, workload.vector_type)
        index = storage.index_usd_per_month(size, ram) if ram else None
    total = encoding.plus(index) if encoding is not None and index is not None else None
    figures = dict(facts) | {
        "hosted": offer is not None,
        "provider": provider_id,
        "provider_name": provider.name if provider else None,
        "offer": offer.id if offer else None,
        "offer_type": offer.type if offer else None,
        "price_tier": offer.tier if offer else None,
        "price_age_days": (today - offer.as_of).days if offer and offer.as_of else None,
        "native_currency": offer.native_currency if offer else None,
        "usd_per_1m_input": float(price) if price is not None else None,
        "offer_max_tokens": offer.max_tokens if offer else None,
        "limit_tokens": limit,
        "input_tokens_p95": tokens.input_p95,
        "offer_gives_outputs": _offer_gives(workload, offer, variant),
        "default_pooling": POOLING.get(offer.default_pooling or "") if offer else None,
        "monthly_tokens": tokens.monthly,
        "monthly_usd": float(total.base) if total else None,
        "one_off_usd": float(one_off) if one_off is not None else None,
    }
    return Plan(variant_id, variant, provider_id, provider, offer, tokens, encoding, size, index, total, one_off, figures)


def _offer_gives(workload: Workload, offer: Offer | None, variant: Variant) -> bool | None:
    """Whether an endpoint returns the outputs asked for; every endpoint returns dense vectors, or a reranker's scores."""
    if offer is None:
        return None
    if variant.kind == "reranker" or set(workload.outputs) <= {"dense"}:
        return True
    return set(workload.outputs) <= set(offer.outputs) if offer.outputs is not None else None
