"""What the figures take for granted and a visitor may change: one shape for the form, the address and the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from advisor.base import formatting
from advisor.base.errors import WorkloadError, did_you_mean
from advisor.base.ids import ID_PATTERN

MEASURED = (
    "measured_variant", "measured_tokens_per_second", "measured_tokens", "measured_precision", "machine_usd_per_hour", "machine_memory_gib",
)  # fmt: skip
"""What makes up a measured machine: all of it is stated, or none."""
PRECISIONS = ("fp32", "fp16", "int8")


class MeasuredSpeed(NamedTuple):
    """A speed that was measured, and the machine: what one hour of it costs, its memory, and the day; None: undated."""

    variant: str
    tokens_per_second: float
    tokens: int
    precision: Literal["fp32", "fp16", "int8"]
    usd_per_hour: float
    memory_gib: float
    on: date | None


def _a_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("day", "No such day. Write it as 2026-11-25") from None
    return text


class Assumptions(BaseModel):
    """What the estimates take for granted. Every field has a default, a unit and bounds; a default of null takes the catalog's own range."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target_utilisation: Annotated[float, Field(ge=0.05, le=1, allow_inf_nan=False)] = Field(
        0.7,
        title="Filling at the peak",
        description="Share of a machine's speed that the peak load may take; the rest keeps queues short.",
    )
    machine_prices: Literal["on-demand", "spot"] = Field(
        "on-demand",
        title="Machine prices",
        description="spot: cheaper, but the cloud may take the machine back; known for a few machines.",
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
    memory_usd_per_gib_month: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = (
        Field(
            None,
            title="Memory (US dollars a GiB-month)",
            description="Empty: low, base and high from the catalog's machines.",
        )
    )
    your_price_usd_per_1m: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = (
        Field(
            None,
            title="A price of your own (US dollars per 1M tokens)",
            description="For a provider that is not listed. Empty: none.",
        )
    )
    your_price_variant: Annotated[
        str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=60)
    ] = Field(
        "bge-m3", title="The model it is for", description="The model that your price is for."
    )
    measured_variant: Annotated[str, Field(pattern=ID_PATTERN, max_length=60)] | None = Field(
        None,
        title="Model measured",
        description="The model whose speed was measured on your machine. Empty: no machine was measured.",
    )
    measured_tokens_per_second: (
        Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None
    ) = Field(
        None,
        title="Tokens a second measured",
        description="Of that model on your machine. Other models are scaled from it by their FLOPs.",
    )
    measured_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None,
        title="Tokens a text when measured",
        description="Length of the texts, or of the pairs of a reranker. Longer texts take more FLOPs a token.",
    )
    measured_precision: Literal["fp32", "fp16", "int8"] | None = Field(
        None,
        title="Precision when measured",
        description="Of the weights. A speed holds at its own precision.",
    )
    machine_usd_per_hour: Annotated[float, Field(gt=0, le=1e5, allow_inf_nan=False)] | None = Field(
        None,
        title="That machine (US dollars an hour)",
        description="Its rent, or what an hour of your own comes to: purchase, power and room.",
    )
    machine_memory_gib: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | None = Field(
        None,
        title="Its memory (GiB)",
        description="What the model may take. A model that does not fit is ruled out.",
    )
    measured_on: (
        Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_a_day)] | None
    ) = Field(None, title="Day of the measurement", description="As 2026-11-25. Empty: undated.")

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
            made = cls.model_validate(dict(stated))
        except ValidationError as error:
            faults = error.errors(include_url=False)
            raise WorkloadError(
                "\n".join(f"{'.'.join(str(p) for p in f['loc'])}: {f['msg']}" for f in faults)
            ) from None
        missing = [name for name in MEASURED if getattr(made, name) is None]
        if missing and (len(missing) < len(MEASURED) or made.measured_on is not None):
            names = formatting.listed(
                [f"'{cls.model_fields[name].title}' ({name})" for name in missing]
            )
            verb = "is" if len(missing) == 1 else "are"
            raise WorkloadError(
                f"Of the measured machine {names} {verb} not stated. State all of it, or empty the rest."
            )
        return made

    @property
    def measured(self) -> MeasuredSpeed | None:
        """The machine whose speed was measured; None where it is not stated in full."""
        stated = [getattr(self, name) for name in MEASURED]
        if None in stated:
            return None
        variant, tokens_per_second, tokens, precision, usd, memory = stated
        on = date.fromisoformat(self.measured_on) if self.measured_on else None
        return MeasuredSpeed(variant, tokens_per_second, tokens, precision, usd, memory, on)

    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        return {
            name: value
            for name, value in self.model_dump().items()
            if value != type(self).model_fields[name].default
        }

    def params(self) -> dict[str, str]:
        """The changed fields as address parameters."""
        return {
            name: f"{value:.12g}" if isinstance(value, float) else str(value)
            for name, value in self.changed().items()
        }


DEFAULT = Assumptions()
