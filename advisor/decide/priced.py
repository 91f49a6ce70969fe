"""The catalog with what a visitor states: an own price, a discount, a machine that was measured."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from advisor.ask.assumptions import Assumptions, MeasuredSpeed
from advisor.catalog.cache import once_per_catalog
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Offer, Provider
from advisor.sizing.throughput import MeasuredMachine, flops_per_token

YOURS = "your-price"
"""Id of the offer that stands for a price of the visitor's own."""
THIS_MACHINE = "this-machine"
"""Id of the machine whose speed the visitor measured."""
MEASURED_SOURCE = "decision-0009-measured-here"
"""Id of the source that says what such a machine's figures are."""


def priced(catalog: Catalog, assumptions: Assumptions) -> Catalog:
    """The catalog with the visitor's own price, discount and machine; itself where none is."""
    price, discount = assumptions.your_price_usd_per_1m, assumptions.hosted_discount_percent
    if price is None and not discount and assumptions.measured is None:
        return catalog
    variant = assumptions.your_price_variant
    return _priced(catalog, price, variant, discount, assumptions.measured)


@once_per_catalog(16)
def _priced(
    catalog: Catalog, price: float | None, variant: str, discount: float, own: MeasuredSpeed | None
) -> Catalog:
    factor = 1 - Decimal(str(discount)) / 100
    providers = {}
    for key, provider in catalog.providers.items():
        offers = [_discounted(offer, factor) for offer in provider.offers]
        providers[key] = provider.model_copy(update={"offers": offers})
    if price is not None and variant in catalog.variants:
        offer = Offer.model_validate(
            {
                "id": YOURS, "variant": variant, "model": variant, "type": "serverless",
                "usd_per_1m_input": str(Decimal(str(price))), "usd_per_1m_output": None,
                "native_currency": "USD", "billing_unit": None, "as_of": None, "max_tokens": None,
                "tier": "provider-page", "note": "The price that you stated.",
                "sources": ["decision-0006-own-hardware"],
            }
        )  # fmt: skip
        providers[YOURS] = Provider(name="your provider", offers=[offer])
    instances = dict(catalog.instances)
    if own is not None and can_be_scaled(catalog, own.variant):
        instances[THIS_MACHINE] = _machine(own)
    return replace(catalog, providers=providers, instances=instances)


def can_be_scaled(catalog: Catalog, variant_id: str) -> bool:
    """Whether a speed of a variant says how fast others are: the catalog has it, with its shape."""
    variant = catalog.variants.get(variant_id)
    if variant is None or variant.kind not in ("embedder", "reranker"):
        return False
    return flops_per_token(variant, 1) is not None


def _machine(measured: MeasuredSpeed) -> MeasuredMachine:
    """The machine that was measured; its price, as stated, holds on demand and spot alike."""
    exact = Decimal(str(measured.usd_per_hour))
    cents = exact.quantize(Decimal("0.01"))
    usd = f"{cents if cents == exact else exact:f}"
    return MeasuredMachine.model_validate(
        {
            "id": THIS_MACHINE, "cloud": "this machine", "instance": "(yours)", "region": None,
            "kind": "cpu", "vcpu": None, "ram_gib": measured.memory_gib, "accelerator": None,
            "accelerator_count": 0, "on_demand_usd_per_h": usd, "spot_usd_per_h": usd,
            "as_of": measured.on, "variant": measured.variant, "precision": measured.precision,
            "tokens_per_second": measured.tokens_per_second, "tokens": measured.tokens,
            "sources": [MEASURED_SOURCE],
        }
    )  # fmt: skip


def _discounted(offer: Offer, factor: Decimal) -> Offer:
    price = offer.usd_per_1m_input
    if price is None or factor == 1:
        return offer
    return offer.model_copy(update={"usd_per_1m_input": (price * factor).normalize()})
