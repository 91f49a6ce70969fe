"""Fields of which a person states some and leaves the others at their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.base import validation
from advisor.base.errors import Fault, WorkloadError, did_you_mean

T = TypeVar("T")
WRITTEN_NULL = "none"
"""The null of a field in an address, where an empty value is the default."""


def field(default: T, title: str, description: str, **bounds: Any) -> T:
    """A field with its default, its title in the form, its help, and pydantic's bounds."""
    value: T = Field(default, title=title, description=description, **bounds)
    return value


class StatedFields(BaseModel):
    """One shape for the form, the address, YAML and JSON. Every field has a title and a help."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Self:
        """The model with the stated fields, or a `WorkloadError` with each fault and its remedy."""
        try:
            return cls.model_validate(dict(stated))
        except ValidationError as error:
            raise WorkloadError("\n".join(map(str, cls.faults_of(error)))) from None

    @classmethod
    def faults_of(cls, error: ValidationError, *, show_values: bool = True) -> list[Fault]:
        """What is wrong with stated fields, each with the help of the field."""
        return validation.faults(error, cls._remedy, show_values=show_values)

    @classmethod
    def _remedy(cls, place: str, kind: str) -> str:
        name = place.partition(".")[0]
        if name not in cls.model_fields:
            return did_you_mean(name, cls.model_fields)
        info = cls.model_fields[name]
        return f"{info.title}: {info.description}"

    def stated(self) -> dict[str, Any]:
        """The fields that differ from their defaults: what an address or a record has to carry."""
        return {
            name: value
            for name, value in self.model_dump().items()
            if value != type(self).model_fields[name].default
        }

    def params(self) -> dict[str, str | list[str]]:
        """The stated fields as address parameters; lists repeat, true and false are words."""
        return {name: _param(value) for name, value in self.stated().items()}


def _param(value: Any) -> str | list[str]:
    if value is None:
        return WRITTEN_NULL
    if isinstance(value, tuple):
        return [str(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)
