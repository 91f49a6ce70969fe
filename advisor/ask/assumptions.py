"""The assumptions behind the figures, which a visitor may change: for form, address, record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from advisor.ask.stated import StatedFields, field
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.base.ids import DAY_PATTERN, ID_PATTERN

MEASURED = (
    "measured_variant", "measured_tokens_per_second", "measured_tokens", "measured_precision",
    "machine_usd_per_hour", "machine_memory_gib",
)  # fmt: skip
"""What makes up a measured machine: all of it is stated, or none."""
Precision = Literal["fp32", "fp16", "int8"]
PRECISIONS = ("fp32", "fp16", "int8")
VariantId = Annotated[str, Field(pattern=ID_PATTERN, max_length=60)]


class MeasuredSpeed(NamedTuple):
    """A speed that was measured, and the machine: what one hour of it costs and its memory."""

    variant: str
    tokens_per_second: float
    tokens: int
    precision: Precision
    usd_per_hour: float
    memory_gib: float
    on: date | None  # None: undated


def _a_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        sentence = "'{day}' is not a date. Write it as 2026-11-25."
        raise PydanticCustomError("day", sentence, {"day": text}) from None
    return text


class Assumptions(StatedFields):
    """The assumptions of the estimates. Every field has a default, a unit and bounds.

    A default of null takes the catalog's own range.
    """

    target_utilisation: Annotated[float, Field(ge=0.05, le=1)] = field(
        0.7,
        "Target utilisation at peak",
        "Share of a machine's speed that the peak load may use. The rest keeps queues short.",
    )
    machine_prices: Literal["on-demand", "spot"] = field(
        "on-demand",
        "Machine prices",
        "Spot is cheaper, but the cloud may take the machine back. Known for few machines.",
    )
    precision: Literal["default", "fp32", "fp16", "int8"] = field(
        "default",
        "Precision",
        "The default is fp16 on a GPU, fp32 on a CPU. int8 costs some quality. Machines without a "
        "measured speed at the chosen precision are ruled out.",
    )
    speed_percent: Annotated[float, Field(ge=1, le=1000)] = field(
        100.0,
        "Speed of your own machines (% of the estimate)",
        "100 keeps the estimate, 50 is half as fast. Enter what you measured.",
    )
    hosted_discount_percent: Annotated[float, Field(ge=0, le=100)] = field(
        0.0, "Discount on hosted prices (%)", "Deducted from every provider's price."
    )
    memory_usd_per_gib_month: Annotated[float | None, Field(gt=0, le=1000)] = field(
        None,
        "Memory price ($ per GiB per month)",
        "Empty: a low, a typical and a high price from the machines in the catalog.",
    )
    your_price_usd_per_1m: Annotated[float | None, Field(ge=0, le=1e6)] = field(
        None,
        "Your own price ($ per 1M tokens)",
        "For a provider that is not listed. Empty: none.",
    )
    your_price_variant: VariantId = field(
        "bge-m3", "Model your price applies to", "The model that you can get at this price."
    )
    measured_variant: VariantId | None = field(
        None,
        "Measured model",
        "The model whose speed you measured. Fill in all fields of the machine, or none.",
    )
    measured_tokens_per_second: Annotated[float | None, Field(gt=0, le=1e9)] = field(
        None,
        "Measured speed (tokens per second)",
        "Speed of that model on your machine. Other models are scaled from it by their FLOPs.",
    )
    measured_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = field(
        None,
        "Measured text length (tokens)",
        "Length of the texts, or of a reranker's pairs. Longer texts need more FLOPs per token.",
    )
    measured_precision: Precision | None = field(
        None, "Measured precision", "Of the weights. The speed only applies at this precision."
    )
    machine_usd_per_hour: Annotated[float | None, Field(gt=0, le=1e5)] = field(
        None,
        "Machine price ($ per hour)",
        "Its rent, or what an hour costs you with purchase, power and space.",
    )
    machine_memory_gib: Annotated[float | None, Field(gt=0, le=1e6)] = field(
        None,
        "Machine memory (GiB)",
        "Memory that the model may use. Models that do not fit are ruled out.",
    )
    measured_on: Annotated[str, Field(pattern=DAY_PATTERN), AfterValidator(_a_day)] | None = field(
        None, "Date of the measurement", "For example 2026-11-25. Empty: undated."
    )

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Self:
        """As `StatedFields.of`; what makes up a measured machine is stated together."""
        assumptions = super().of(stated)
        missing = [name for name in MEASURED if getattr(assumptions, name) is None]
        if missing and (len(missing) < len(MEASURED) or assumptions.measured_on is not None):
            names = formatting.listed(
                [f"'{cls.model_fields[name].title}' ({name})" for name in missing]
            )
            raise WorkloadError(
                f"Your measured machine lacks {names}. Fill in all of its fields, or clear them."
            )
        return assumptions

    @property
    def measured(self) -> MeasuredSpeed | None:
        """The machine whose speed was measured; None where it is not stated in full."""
        stated = [getattr(self, name) for name in MEASURED]
        if None in stated:
            return None
        day = date.fromisoformat(self.measured_on) if self.measured_on else None
        return MeasuredSpeed._make([*stated, day])


DEFAULT = Assumptions()
