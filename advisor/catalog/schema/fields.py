"""How fields are written, and what every entry has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from advisor.ask import languages
from advisor.base.errors import did_you_mean
from advisor.base.ids import ID_PATTERN


@dataclass(frozen=True)
class Ref:
    """Says of a field that it names another entry of the catalog, and of which kind.

    `key`: the field is a mapping, and the name stands in it under this key.
    """

    kind: str
    key: str = ""


Id = Annotated[str, Field(pattern=ID_PATTERN, description="kebab-case id, never reused")]
SourceId = Annotated[str, Ref("source")]
VariantId = Annotated[Id, Ref("variant")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Month = Annotated[
    str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="year and month, as 2024-06")
]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
Measure = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def maybe(description: str) -> Any:
    """A field that may be left out: null then."""
    return Field(default=None, description=description)


def _quoted_decimal(value: object) -> object:
    """`value` as Decimal if it is quoted text; YAML numbers are refused: floats lose digits."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, (float, int)):
        kind = "float" if isinstance(value, float) else "number"
        sentence = '{value} is a YAML {kind}. Write it in quotes: "{value}".'
        raise PydanticCustomError("unquoted_price", sentence, {"value": str(value), "kind": kind})
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        sentence = "'{value}' is not a decimal number. Write it as \"0.01\"."
        raise PydanticCustomError("not_a_price", sentence, {"value": str(value)[:60]})
    if number < 0:
        sentence = "{value} is negative. Write a price of 0 or more."
        raise PydanticCustomError("negative_price", sentence, {"value": str(value)})
    return number


Usd = Annotated[Decimal, BeforeValidator(_quoted_decimal, json_schema_input_type=str)]


def _language_code(value: object) -> object:
    """`value` as the code that questions have; YAML's `no` is a truth unless it is quoted."""
    if value is False:
        raise PydanticCustomError("language", 'no is a truth in YAML. Write it in quotes: "no".')
    if not isinstance(value, str) or languages.is_catalog_code(value):
        return value
    if (code := languages.code(value)) is None:
        figures = {"value": repr(value)[:60], "remedy": languages.remedy(value)}
        raise PydanticCustomError("language", "{value} is not a language code or name.", figures)
    return code


LanguageCode = Annotated[str, BeforeValidator(_language_code)]
_CONTEXT = re.compile(
    r"(?P<number>[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,9}(?:\.[0-9]{1,6})?)(?P<unit>[kKmM]?)"
)
_TOKENS = {"": 1, "k": 1_000, "m": 1_000_000}


def context_tokens(context: str) -> int | None:
    """Tokens of a context as a listing prints it, for comparing; None where it cannot be read.

    >>> [context_tokens(text) for text in ("512", "32,768", "8k", "1.5k", "1M", "long")]
    [512, 32768, 8000, 1500, 1000000, None]
    """
    match = _CONTEXT.fullmatch(context)
    if match is None:
        return None
    tokens = Decimal(match["number"].replace(",", "")) * _TOKENS[match["unit"].lower()]
    return int(tokens) if tokens > 0 and tokens == int(tokens) else None


def _listed_context(value: object) -> object:
    """`value` where it is a context that can be compared; YAML numbers are no text."""
    if value is None:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        sentence = '{value} is a YAML number. Write it in quotes: "{value}".'
        raise PydanticCustomError("unquoted_context", sentence, {"value": str(value)[:60]})
    if not isinstance(value, str) or context_tokens(value) is None:
        sentence = (
            "{value} is no number of tokens. Write it as the listing prints it: 512, 32,768, 8k "
            "or 1M; null for a dash."
        )
        raise PydanticCustomError("not_a_context", sentence, {"value": repr(value)[:60]})
    return value


Context = Annotated[
    Text,
    BeforeValidator(_listed_context, json_schema_input_type=Text),
    Field(description="tokens as the listing prints them: 512, 32,768, 8k or 1M; null: a dash"),
]


class Entry(BaseModel):
    """A part of a catalog file that refuses keys it does not know.

    An alias is the name that a field had before: it is still read, and version 1 of the JSON
    answers publishes it, while faults and the editor's schema have the name of today.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, populate_by_name=True, loc_by_alias=False
    )

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            old = {field.alias for field in cls.model_fields.values()}
            unknown = [key for key in data if key not in cls.model_fields and key not in old]
            if unknown:
                names = "; ".join(
                    f"no field '{key}'. {did_you_mean(str(key), cls.model_fields)}".strip()
                    for key in unknown
                )
                raise PydanticCustomError("unknown_field", "{names}", {"names": names})
        return data


class Sourced(Entry):
    """An entry whose facts each name the sources they were read in.

    `sources` is a mapping from field to source ids, or a list of ids that covers every fact of the
    entry.
    """

    NOT_FACTS: ClassVar[frozenset[str]] = frozenset({"id", "name", "note", "notes", "sources"})

    sources: dict[str, list[SourceId]] | list[SourceId] = Field(
        description="source ids, by field or for the whole entry"
    )

    def source_ids(self, field: str) -> tuple[str, ...]:
        """Ids of the sources of one field; empty where none is named."""
        if isinstance(self.sources, list):
            return tuple(self.sources)
        return tuple(self.sources.get(field, ()))

    def all_source_ids(self) -> Iterator[tuple[str, str]]:
        """Every (field, source id) pair named here."""
        if isinstance(self.sources, list):
            yield from (("sources", source) for source in self.sources)
            return
        for field, ids in self.sources.items():
            yield from ((f"sources.{field}", source) for source in ids)

    @model_validator(mode="after")
    def _every_fact_has_a_source(self) -> Self:
        if isinstance(self.sources, dict):
            odd = [name for name in self.sources if name not in type(self).model_fields]
            if odd:
                fields = type(self).model_fields
                names = "; ".join(
                    f"sources names no field '{name}'. {did_you_mean(name, fields)}" for name in odd
                )
                raise PydanticCustomError("unknown_field", "{names}", {"names": names})
        bare = [
            name
            for name in type(self).model_fields
            if name not in self.NOT_FACTS
            and getattr(self, name) not in (None, [], {}, ())
            and not self.source_ids(name)
        ]
        if bare:
            raise PydanticCustomError(
                "no_source",
                "no source for {fields}. Name under `sources:` where each was read, or write null.",
                {"fields": ", ".join(bare)},
            )
        return self


class Citation(Entry):
    """Sources that an answer cites beside those of its figures; `id` names what is cited."""

    id: Id
    sources: list[SourceId] = Field(min_length=1)


class Source(Entry):
    """Where a figure was read, and when."""

    id: Id
    title: Text
    url: Text | None = Field(description="address, or the name of the package the copy came from")
    publisher: Text | None = None
    tier: Literal["first_party", "secondary", "aggregator", "listing", "own"] | None = maybe(
        "who says it; null where it was not graded; own: a decision or measurement of this project"
    )
    accessed: date = Field(description="the day it was read")
    copy_date: str | None = maybe("date of the copy that was read, as far as it is known")
    what: Text | None = maybe("what was read there")
