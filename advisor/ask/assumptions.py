"""What the figures take for granted and a visitor may change, for form, address and record."""

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
        sentence = "'{day}' is no day of the calendar. Write it as 2026-11-25."
        raise PydanticCustomError("day", sentence, {"day": text}) from None
    return text


class Assumptions(StatedFields):
    """What the estimates take for granted. Every field has a default, a unit and bounds.

    A default of null takes the catalog's own range.
    """

    target_utilisation: Annotated[float, Field(ge=0.05, le=1)] = field(
        0.7,
        "Filling at the peak",
        "Share of a machine's speed that the peak load may take; the rest keeps queues short.",
    )
    machine_prices: Literal["on-demand", "spot"] = field(
        "on-demand",
        "Machine prices",
        "spot: cheaper, but the cloud may take the machine back; known for a few machines.",
    )
    precision: Literal["default", "fp32", "fp16", "int8"] = field(
        "default",
        "Precision",
        "default: fp16 on a GPU, fp32 on a CPU. int8 costs some quality, told where it was "
        "measured. Where no speed was measured at a precision, machines are not known and not "
        "picked.",
    )
    speed_percent: Annotated[float, Field(ge=1, le=1000)] = field(
        100.0,
        "Speed of own machines (%)",
        "Against the estimate: 100 leaves it, 50 is half as fast. Enter what your own "
        "measurement gives.",
    )
    hosted_discount_percent: Annotated[float, Field(ge=0, le=100)] = field(
        0.0, "Discount on hosted prices (%)", "Taken off every provider's price."
    )
    memory_usd_per_gib_month: Annotated[float | None, Field(gt=0, le=1000)] = field(
        None,
        "Memory (US dollars a GiB-month)",
        "Empty: low, base and high from the catalog's machines.",
    )
    your_price_usd_per_1m: Annotated[float | None, Field(ge=0, le=1e6)] = field(
        None,
        "A price of your own (US dollars per 1M tokens)",
        "For a provider that is not listed. Empty: none.",
    )
    your_price_variant: VariantId = field(
        "bge-m3", "The model it is for", "The model that your price is for."
    )
    measured_variant: VariantId | None = field(
        None,
        "Model measured",
        "The model whose speed was measured on your machine. Empty: no machine was measured.",
    )
    measured_tokens_per_second: Annotated[float | None, Field(gt=0, le=1e9)] = field(
        None,
        "Tokens a second measured",
        "Of that model on your machine. Other models are scaled from it by their FLOPs.",
    )
    measured_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = field(
        None,
        "Tokens a text when measured",
        "Length of the texts, or of the pairs of a reranker. Longer texts take more FLOPs a token.",
    )
    measured_precision: Precision | None = field(
        None, "Precision when measured", "Of the weights. A speed holds at its own precision."
    )
    machine_usd_per_hour: Annotated[float | None, Field(gt=0, le=1e5)] = field(
        None,
        "That machine (US dollars an hour)",
        "Its rent, or what an hour of your own comes to: purchase, power and room.",
    )
    machine_memory_gib: Annotated[float | None, Field(gt=0, le=1e6)] = field(
        None, "Its memory (GiB)", "What the model may take. A model that does not fit is ruled out."
    )
    measured_on: Annotated[str, Field(pattern=DAY_PATTERN), AfterValidator(_a_day)] | None = field(
        None, "Day of the measurement", "As 2026-11-25. Empty: undated."
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
                f"Of the measured machine {names} {'is' if len(missing) == 1 else 'are'} "
                "not stated. State all of it, or empty the rest."
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
