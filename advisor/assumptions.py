"""What the figures take for granted and a visitor may change: one shape for the form, the address and the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.catalog.load import Catalog
from advisor.catalog.schema import Offer, Provider
from advisor.errors import WorkloadError, did_you_mean

YOURS = "your-price"
"""Id of the offer that stands for a price of the visitor's own."""


class Assumptions(BaseModel):
    """What the estimates take for granted. Every field has a default, a unit and bounds; a default of null takes the catalog's own range."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target_utilisation: Annotated[float, Field(ge=0.05, le=1, allow_inf_nan=False)] = Field(
        0.7, title="Filling at the peak", description="Share of a machine's speed that the peak load may take; the rest keeps queues short."
    )
    machine_prices: Literal["on-demand", "spot"] = Field(
        "on-demand", title="Machine prices", description="spot: cheaper, but the cloud may take the machine back; known for a few machines."
    )
    precision: Literal["default", "fp32", "fp16", "int8"] = Field(
        "default",
        title="Precision",
        description="default: fp16 on a GPU, fp32 on a CPU. int8 costs some quality, told where it was measured. Where no speed was measured at a precision, machines are not known and not picked.",
    )
    speed_percent: Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)] = Field(
        100.0,
        title="Speed of own machines (%)",
        description="Against the estimate: 100 leaves it, 50 is half as fast. Enter what your own measurement gives.",
    )
    hosted_discount_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = Field(
        0.0, title="Discount on hosted prices (%)", description="Taken off every provider's price."
    )
    memory_usd_per_gib_month: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = Field(
        None, title="Memory (US dollars a GiB-month)", description="Empty: low, base and high from the catalog's machines."
    )
    your_price_usd_per_1m: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = Field(
        None, title="A price of your own (US dollars per 1M tokens)", description="For a provider that is not listed. Empty: none."
    )
    your_price_variant: Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=60)] = Field(
        "bge-m3", title="The model it is for", description="The model that your price is for."
    )

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Assumptions:
        """The assumptions with the stated fields, and defaults for the rest.

        Raises:
            WorkloadError: every fault in one message, each with its field and the remedy.
        """
        unknown = [
            f"no assumption '{name}'. {did_you_mean(str(name), cls.model_fields)}".strip()
            for name in stated
            if name not in cls.model_fields
        ]
        if unknown:
            raise WorkloadError("\n".join(unknown))
        try:
            return cls.model_validate(dict(stated))
        except ValidationError as error:
            faults = error.errors(include_url=False)
            raise WorkloadError("\n".join(f"{'.'.join(str(p) for p in f['loc'])}: {f['msg']}" for f in faults)) from None

    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        return {name: value for name, value in self.model_dump().items() if value != type(self).model_fields[name].default}

    def params(self) -> dict[str, str]:
        """The changed fields as address parameters."""
        return {name: f"{value:.12g}" if isinstance(value, float) else str(value) for name, value in self.changed().items()}


DEFAULT = Assumptions()


def priced(catalog: Catalog, assumptions: Assumptions) -> Catalog:
    """The catalog with the visitor's own price and discount in it; the catalog itself where neither is stated."""
    if assumptions.your_price_usd_per_1m is None and not assumptions.hosted_discount_percent:
        return catalog
    return _priced(catalog, assumptions.your_price_usd_per_1m, assumptions.your_price_variant, assumptions.hosted_discount_percent)


@lru_cache(maxsize=16)
def _priced(catalog: Catalog, price: float | None, variant: str, discount: float) -> Catalog:
    factor = 1 - Decimal(str(discount)) / 100
    providers = {
        key: provider.model_copy(update={"offers": [_discounted(offer, factor) for offer in provider.offers]})
        for key, provider in catalog.providers.items()
    }
    if price is not None and variant in catalog.variants:
        offer = Offer.model_validate(
            {
                "id": YOURS, "variant": variant, "model": variant, "type": "serverless", "usd_per_1m_input": str(Decimal(str(price))), "usd_per_1m_output": None,
                "billing_unit": None, "as_of": None, "max_tokens": None, "tier": "provider-page", "native_currency": "USD", "note": "The price that you stated.", "sources": ["decision-0006-own-hardware"],
            }
        )  # fmt: skip
        providers[YOURS] = Provider(name="your provider", offers=[offer])
    return replace(catalog, providers=providers)


def _discounted(offer: Offer, factor: Decimal) -> Offer:
    price = offer.usd_per_1m_input
    return offer if price is None or factor == 1 else offer.model_copy(update={"usd_per_1m_input": (price * factor).normalize()})
