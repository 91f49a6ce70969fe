"""The shapes of version 1's answers beside the decision record.

Fields may be added in version 1; none is removed, renamed or given another meaning. A frozen copy
is in tests/serve/v1.json; a change of these shapes shows there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from advisor.catalog import schema
from advisor.catalog.model import ParsedRule


def _rows(table: Any) -> Any:
    """The rows of a table; what is not known is null."""
    if not isinstance(table, pd.DataFrame):
        return table
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _entry(rule: Any) -> Any:
    """What a rule's file says, without the expression made of it."""
    return rule.entry if isinstance(rule, ParsedRule) else rule


Rows = Annotated[list[dict[str, JsonValue]], BeforeValidator(_rows)]
Ids = Annotated[list[str], BeforeValidator(list)]
"""The ids of a mapping."""
RuleEntry = Annotated[schema.Rule, BeforeValidator(_entry)]


class Shape(BaseModel):
    """An answer, or a part of one; also made from an object with attributes of the same names."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class FaultShape(Shape):
    """What is wrong: the field (empty: the whole), the problem, and what to write instead."""

    field: str
    problem: str
    remedy: str


class Refusal(Shape):
    """Why a question has no answer."""

    error: str
    faults: list[FaultShape] = []


class CatalogFault(FaultShape):
    """A fault of a catalog's file."""

    file: str
    entry: str


class Health(Shape):
    """Whether answers can be given; `faults` are those of the catalog's files as they are now."""

    status: Literal["ok", "catalog outdated", "catalog unusable"]
    catalog_version: str | None
    faults: list[CatalogFault]


class Claim(Shape):
    """A sentence and the ids of its sources."""

    text: str
    sources: list[str]


class UseWhen(Shape):
    """When to use a variant, what it wins, and when not to use it."""

    sentence: str
    wins: list[Claim]
    not_when: list[Claim]


class OfferOf(Shape):
    """One provider's price for a variant."""

    provider: str
    provider_name: str
    offer: schema.Offer


class VariantAnswer(Shape):
    """Everything that the catalog holds of one variant."""

    schema_: Literal["bge-advisor/variant@1"] = Field(alias="schema")
    catalog_version: str
    id: str
    family: str
    facts: schema.Variant
    use_when: UseWhen
    offers: list[OfferOf]
    quality: Rows
    quality_by_language: Rows
    corrections: list[schema.Correction]
    sources: dict[str, schema.Source]


class FamilyEntry(Shape):
    """A family: its facts, and the ids of its variants."""

    facts: schema.Family
    variants: Ids
    listing: schema.Listing | None
    corrections: list[schema.Correction]
    questions: list[schema.Question]


class CatalogAnswer(Shape):
    """The whole catalog. Mappings are by id; the tables of evidence are lists of rows."""

    schema_: Literal["bge-advisor/catalog@1"] = Field(alias="schema")
    version: str
    families: dict[str, FamilyEntry]
    variants: dict[str, schema.Variant]
    licences: dict[str, schema.Licence]
    providers: dict[str, schema.Provider]
    accelerators: dict[str, schema.Accelerator]
    cpus: dict[str, schema.Cpu]
    instances: dict[str, schema.Instance]
    stores: dict[str, schema.Store]
    storage_formulas: dict[str, schema.StorageFormula]
    metrics: dict[str, schema.Metric]
    evidence_sets: dict[str, schema.EvidenceSet]
    quality: Rows
    quality_by_language: Rows
    throughput: Rows
    rules: dict[str, RuleEntry]
    presets: dict[str, schema.Preset]
    sources: dict[str, schema.Source]
