"""The shapes of version 1's answers. Fields may be added in version 1; none is removed, renamed or given another meaning.

A frozen copy is in tests/serve/v1.json; a change of these shapes shows there.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from advisor.catalog import schema


class Shape(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Range(Shape):
    """An estimate; US dollars unless the field says otherwise."""

    low: float
    base: float
    high: float


class Reason(Shape):
    """A sentence, the rule or step that it comes from, and the ids of its sources."""

    rule: str
    text: str
    sources: list[str]


class Hosted(Shape):
    """A provider's endpoint."""

    type: Literal["hosted"]
    provider: str | None
    offer: str
    model: str | None
    usd_per_1m_input: str | None
    tier: str | None
    as_of: str | None
    sources: list[str]


class Own(Shape):
    """A machine rented by the hour."""

    type: Literal["own"]
    cloud: str
    instance: str
    precision: str | None
    usd_per_hour: str | None
    as_of: str | None
    sources: list[str]


Placement = Hosted | Own


class Evidence(Shape):
    """The published scores that rank the plans of one step; `set` is null where none compares them."""

    set: str | None
    title: str
    meaning: str | None
    caveat: str | None
    ranks: bool
    scores: dict[str, float]
    uplift: dict[str, float]
    unranked: dict[str, str]
    sources: list[str]


class Pick(Shape):
    """What is advised: a variant and a placement for each step. Costs are US dollars."""

    embedder: str | None
    reranker: str | None
    placement: dict[Literal["embedder", "reranker"], Placement | None]
    quality: dict[Literal["embedder", "reranker"], float | None]
    shared: list[JsonValue] | None = Field(
        description="the machines that both steps share, where they do"
    )
    monthly_usd: Range | None
    one_off_usd: Range | None
    reasons: list[Reason]


class Plan(Shape):
    """A variant in a place, with its figures; tokens and costs are those of a month."""

    variant: str
    placement: Placement
    quality: float | None
    monthly_usd: Range | None
    one_off_usd: Range | None
    index_bytes: float | None
    monthly_tokens: float
    tokens_per_second: Range | None
    replicas: dict[Literal["low", "base", "high"], float] | None


class Alternative(Plan):
    """A plan that was possible, and how it compares with the pick."""

    text: str


class Finding(Shape):
    """What one rule says of a plan."""

    rule: str
    effect: str
    text: str
    unknown: bool


class Judged(Plan):
    """A plan with all that the rules say of it and the columns that they read."""

    findings: list[Finding]
    figures: dict[str, Any]


class Rejected(Shape):
    """A plan that a rule rules out."""

    variant: str
    placement: Placement
    rule: str
    text: str


class BaseCost(Shape):
    """US dollars a month."""

    base: float


class Picked(Shape):
    """The pick as a replay compares it."""

    plans: list[str]
    named: str
    monthly_usd: BaseCost


class RecordSource(Shape):
    """Where a figure was read, and when."""

    title: str
    url: str | None
    publisher: str | None
    tier: str | None
    accessed: str
    copy_date: str | None
    what: str | None


class Recommendation(Shape):
    """The decision record: what `python -m advisor recommend --format json` prints, and what `--record` replays."""

    schema_: Literal["bge-advisor/recommendation@1"] = Field(alias="schema")
    workload: dict[str, Any]
    catalog_version: str
    date: str
    evidence: dict[Literal["embedder", "reranker"], Evidence]
    pick: Pick | None
    ties: list[str]
    alternatives: list[Alternative]
    rejected: list[Rejected]
    loosen: list[Reason]
    assumptions: list[str]
    asked_sets: list[str]
    assumed: dict[str, Any]
    picked: Picked | None
    prices: dict[str, str | None]
    rules: dict[str, str]
    firmness: str
    would_change: list[str]
    formula: list[str]
    start: str
    sources: dict[str, RecordSource]
    plans: list[Judged] | None = Field(default=None, description="only where plans=true was asked")


class Fault(Shape):
    """One thing that is wrong: the field (empty: the whole), the problem, and what to write instead."""

    field: str
    problem: str
    remedy: str


class Refusal(Shape):
    """Why a question has no answer."""

    error: str
    faults: list[Fault] = []


class CatalogFault(Fault):
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
    quality: list[dict[str, JsonValue]]
    quality_by_language: list[dict[str, JsonValue]]
    corrections: list[schema.Correction]
    sources: dict[str, schema.Source]


class FamilyEntry(Shape):
    """A family: its facts, and the ids of its variants."""

    facts: schema.Family
    variants: list[str]
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
    quality: list[dict[str, JsonValue]]
    quality_by_language: list[dict[str, JsonValue]]
    throughput: list[dict[str, JsonValue]]
    rules: dict[str, schema.Rule]
    presets: dict[str, schema.Preset]
    sources: dict[str, schema.Source]
