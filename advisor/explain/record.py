"""The decision record: one recommendation with all that it rests on, to save, check and replay."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from advisor.base import validation
from advisor.base.errors import AdvisorError
from advisor.catalog import Catalog
from advisor.decide.evidence import Evidence
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain import formula, other_plans, reasons, taken_for_granted, what_would_change
from advisor.explain.starting_code import starting_code

LARGEST = 5_000_000  # bytes of a record that is read

Number = Annotated[int | float, WithJsonSchema({"type": "number"})]
"""A whole number stays one, so that it is written without a point."""
Kind = Annotated[str, WithJsonSchema({"type": "string", "enum": ["embedder", "reranker"]})]
"""A step; another version's is read too."""


def _as_written(shape: dict[str, Any]) -> None:
    """Takes from a published shape what holds for reading alone: defaults, bounds, extras."""
    shape["additionalProperties"] = False
    for name in shape.get("required", ()):
        for bound in ("default", "maxItems", "maxProperties"):
            shape["properties"][name].pop(bound, None)


class RecordPart(BaseModel):
    """A part of the record: written with all its fields and no others.

    Read with what a replay needs, the fields without a default; what else is there is ignored.
    Also made from an object with attributes of the same names.
    """

    model_config = ConfigDict(
        extra="ignore",
        from_attributes=True,
        json_schema_serialization_defaults_required=True,
        json_schema_extra=_as_written,
    )


class ReplayedPart(RecordPart):
    """A part that a replay reads. What is in it for people alone never keeps it from being read."""

    REPLAYED_IF_THERE: ClassVar[frozenset[str]] = frozenset()
    """Fields with a default that a replay reads: a wrong value is refused."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _default_for_people(
        cls, value: Any, handler: Callable[[Any], Any], info: ValidationInfo
    ) -> Any:
        name = info.field_name or ""
        field = cls.model_fields[name]
        try:
            return handler(value)
        except ValidationError:
            if field.is_required() or name in cls.REPLAYED_IF_THERE:
                raise
            return field.get_default(call_default_factory=True)


class RangeRecord(RecordPart):
    """An estimate; US dollars unless the field says otherwise."""

    low: float
    base: float
    high: float


class ReasonRecord(RecordPart):
    """A sentence, the rule or step that it comes from, and the ids of its sources."""

    rule: str
    text: str
    sources: list[str]


class Hosted(RecordPart):
    """A provider's endpoint."""

    type: Literal["hosted"]
    provider: str | None
    offer: str
    model: str | None
    usd_per_1m_input: str | None
    tier: str | None
    as_of: str | None
    sources: list[str]


class Own(RecordPart):
    """A machine rented by the hour."""

    type: Literal["own"]
    cloud: str
    instance: str
    precision: str | None
    usd_per_hour: str | None
    as_of: str | None
    sources: list[str]


Placement = Hosted | Own


def placement(plan: Plan) -> Placement:
    """Where a plan runs, and at which price."""
    offer, instance = plan.offer, plan.instance
    as_of = plan.as_of.isoformat() if plan.as_of else None
    if offer is not None:
        price = offer.usd_per_1m_input
        return Hosted(
            type="hosted",
            provider=plan.provider_id,
            offer=offer.id,
            model=offer.model,
            usd_per_1m_input=None if price is None else str(price),
            tier=offer.tier,
            as_of=as_of,
            sources=plan.price_sources,
        )
    assert instance is not None, "a place is an offer or a machine"
    return Own(
        type="own",
        cloud=instance.cloud,
        instance=instance.id,
        precision=plan.figure("precision"),
        usd_per_hour=None if plan.rent is None else str(plan.rent),
        as_of=as_of,
        sources=plan.price_sources,
    )


class EvidenceRecord(ReplayedPart):
    """The scores that rank the plans of one step; `set` is null where none compares them."""

    set: str | None = None
    title: str
    meaning: str | None = None
    caveat: str | None = None
    ranks: bool = False
    scores: dict[str, float]
    uplift: dict[str, float] = {}
    unranked: dict[str, str] = {}
    sources: list[str] = []

    @classmethod
    def of(cls, evidence: Evidence) -> EvidenceRecord:
        """The evidence of a step, its points rounded to four places."""
        return cls(
            set=evidence.set.id if evidence.set else None,
            title=evidence.title,
            meaning=evidence.meaning,
            caveat=evidence.set.caveat if evidence.set else None,
            ranks=evidence.ranks,
            scores={variant: round(score, 4) for variant, score in sorted(evidence.scores.items())},
            uplift={variant: round(gain, 4) for variant, gain in sorted(evidence.uplift.items())},
            unranked=evidence.unranked,
            sources=evidence.source_ids,
        )


class PickRecord(RecordPart):
    """What is advised: a variant and a placement for each step. Costs are US dollars."""

    embedder: str | None
    reranker: str | None
    placement: dict[Kind, Placement | None]
    quality: dict[Kind, float | None]
    shared: list[JsonValue] | None = Field(
        description="the machines that both steps share, where they do"
    )
    monthly_usd: RangeRecord | None
    one_off_usd: RangeRecord | None
    reasons: list[ReasonRecord]

    @classmethod
    def of(cls, recommendation: Recommendation, pick: Pipeline) -> PickRecord:
        """The pick of a recommendation; `quality` is by step: two are never scored as one."""
        embedder, reranker = pick.part("embedder"), pick.part("reranker")
        parts = {"embedder": embedder, "reranker": reranker}
        return cls(
            embedder=embedder.variant_id if embedder else None,
            reranker=reranker.variant_id if reranker else None,
            placement={kind: part and placement(part.plan) for kind, part in parts.items()},
            quality={kind: part and rounded(part.quality) for kind, part in parts.items()},
            shared=pick.shared or None,
            monthly_usd=pick.monthly_usd,
            one_off_usd=pick.one_off_usd,
            reasons=reasons.reasons(recommendation),
        )


class PlanRecord(RecordPart):
    """A variant in a place, with its figures; tokens and costs are those of a month."""

    variant: str
    placement: Placement
    quality: float | None
    monthly_usd: RangeRecord | None
    one_off_usd: RangeRecord | None
    index_bytes: Number | None
    monthly_tokens: Number
    tokens_per_second: RangeRecord | None
    replicas: dict[Literal["low", "base", "high"], Number] | None


def _figures(judged: JudgedPlan, plan: Plan) -> dict[str, Any]:
    """The fields of a `PlanRecord`; `plan` is that of `judged`, which makes it anew each time."""
    replicas = plan.replicas
    return {
        "variant": judged.variant_id,
        "placement": placement(plan),
        "quality": rounded(judged.quality),
        "monthly_usd": plan.monthly_usd,
        "one_off_usd": plan.one_off_usd,
        "index_bytes": plan.index_bytes,
        "monthly_tokens": plan.tokens.monthly,
        "tokens_per_second": plan.tokens_per_second,
        "replicas": replicas and dict(zip(("low", "base", "high"), replicas, strict=True)),
    }


class AlternativeRecord(PlanRecord):
    """A plan that was possible, and how it compares with the pick."""

    text: str


class Finding(RecordPart):
    """What one rule says of a plan."""

    rule: str
    effect: str
    text: str
    unknown: bool


class Judged(PlanRecord):
    """A plan with all that the rules say of it and the columns that they read."""

    findings: list[Finding]
    figures: dict[str, Any]

    @classmethod
    def of(cls, judged: JudgedPlan) -> Judged:
        """A plan of a recommendation."""
        plan = judged.plan
        return cls(**_figures(judged, plan), findings=judged.findings, figures=plan.figures)


class Rejected(RecordPart):
    """A plan that a rule rules out."""

    variant: str
    placement: Placement
    rule: str
    text: str


class BaseCost(RecordPart):
    """US dollars a month."""

    base: float


class Picked(RecordPart):
    """The pick as a replay compares it."""

    plans: list[str]
    named: str
    monthly_usd: BaseCost


class RecordSource(RecordPart):
    """Where a figure was read, and when."""

    title: str
    url: str | None
    publisher: str | None
    tier: str | None
    accessed: str
    copy_date: str | None
    what: str | None


class Record(ReplayedPart):
    """The decision record.

    What `python -m advisor recommend --format json` prints, and what `--record` replays.
    """

    REPLAYED_IF_THERE = frozenset({"assumed"})

    version: Literal["bge-advisor/recommendation@1"] = Field(alias="schema")
    workload: dict[str, Any]
    catalog_version: str
    date: Annotated[datetime.date, WithJsonSchema({"title": "Date", "type": "string"})]
    evidence: Annotated[dict[Kind, EvidenceRecord], Field(max_length=10)]
    pick: PickRecord | None = None
    ties: list[str] = []
    alternatives: list[AlternativeRecord] = []
    rejected: list[Rejected] = []
    loosen: list[ReasonRecord] = []
    assumptions: list[str] = []
    plans: list[Judged] | None = Field(
        default=None,
        description="only where plans=true was asked",
        exclude_if=lambda plans: plans is None,
    )
    asked_sets: Annotated[list[str], Field(max_length=20)]
    assumed: dict[str, Any] = {}
    picked: Picked | None
    prices: Annotated[dict[str, str | None], Field(max_length=100_000)]
    rules: Annotated[dict[str, str], Field(max_length=100_000)]
    firmness: str = ""
    would_change: list[str] = []
    formula: list[str] = []
    start: str = ""
    sources: dict[str, RecordSource] = {}

    @classmethod
    def of(cls, catalog: Catalog, recommendation: Recommendation, plans: bool = True) -> Record:
        """The record of a recommendation from a catalog; `plans` adds every plan."""
        pick, picked = recommendation.pick, None
        parts = pick.parts if pick else ()
        if pick:
            cost = BaseCost(base=pick.monthly)
            picked = Picked(plans=[part.id for part in parts], named=pick.named, monthly_usd=cost)
        record = cls(
            schema="bge-advisor/recommendation@1",
            workload=recommendation.workload.model_dump(mode="json"),
            catalog_version=recommendation.catalog.version,
            date=recommendation.today,
            evidence={step.kind: EvidenceRecord.of(step.evidence) for step in recommendation.steps},
            pick=PickRecord.of(recommendation, pick) if pick else None,
            ties=[tie.id for part in parts for tie in reasons.ties(recommendation, part)],
            alternatives=[
                AlternativeRecord(**_figures(judged, judged.plan), text=text)
                for step in recommendation.steps
                for judged, text in other_plans.alternatives(recommendation, step.kind)
            ],
            rejected=[
                Rejected(variant=judged.variant_id, placement=place, rule=f.rule, text=f.text)
                for judged in recommendation.rejected
                for place in [placement(judged.plan)]
                for f in judged.excluded
            ],
            loosen=reasons.loosen(recommendation),
            assumptions=taken_for_granted.assumptions(recommendation),
            asked_sets=recommendation.asked_sets,
            assumed=recommendation.assumptions.stated(),
            picked=picked,
            prices=prices(catalog),
            rules=rule_fingerprints(catalog),
            firmness=what_would_change.firmness(recommendation),
            would_change=[
                change.text for change in what_would_change.changes(catalog, recommendation)
            ],
            formula=[line for part in parts for line in formula.cost_formula(part, recommendation)],
            start="\n".join(starting_code(part.plan.variant) for part in parts),
            plans=[Judged.of(judged) for judged in recommendation.judged] if plans else None,
        )
        record.sources = {
            key: RecordSource(**catalog.sources[key].model_dump(mode="json", exclude={"id"}))
            for key in sorted(record._cited() & catalog.sources.keys())
        }
        return record

    def _cited(self) -> set[str]:
        """The ids of the sources of all its parts."""
        pick = self.pick
        placements = (
            *(pick.placement.values() if pick else ()),
            *(plan.placement for plan in (*self.alternatives, *self.rejected, *(self.plans or ()))),
        )
        parts = (
            *self.evidence.values(),
            *(pick.reasons if pick else ()),
            *self.loosen,
            *(place for place in placements if place),
        )
        return {source for part in parts for source in part.sources}


def as_json(catalog: Catalog, recommendation: Recommendation, plans: bool = True) -> dict[str, Any]:
    """The record of a recommendation as plain data."""
    return Record.of(catalog, recommendation, plans).model_dump(mode="json", by_alias=True)


def read(path: str) -> Record:
    """The record in a JSON file.

    Raises:
        AdvisorError: the file cannot be read or holds no record.
    """
    try:
        file = Path(path)
        if file.stat().st_size > LARGEST:
            raise AdvisorError(
                f"{path}: more than {LARGEST:,} bytes. "
                "A record is smaller: give the JSON that Advise saved."
            )
        return Record.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        problem = f"{path}: {error.strerror}. Give the JSON record that Advise saved."
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        problem = f"{path}: not JSON. Give the JSON record that Advise saved, not the Markdown one."
    except ValidationError as error:
        fault = validation.faults(error)[0]
        problem = (
            f"{path}, {fault.field or 'record'}: {fault.problem} "
            "Give the JSON record as Advise saved it."
        )
    raise AdvisorError(problem)


def prices(catalog: Catalog) -> dict[str, str | None]:
    """What an offer asks for a million tokens, a machine for an hour, as text; None: not known."""
    amounts = {
        f"Offer {offer.id}": (offer.usd_per_1m_input, "1M")
        for _, _, offer in catalog.offers()
        if catalog.variants[offer.variant].kind in ("embedder", "reranker")
    } | {
        f"Machine {key}": (instance.on_demand_usd_per_h, "hour")
        for key, instance in catalog.instances.items()
    }
    return {
        key: None if usd is None else f"{usd} / {unit}"
        for key, (usd, unit) in sorted(amounts.items())
    }


def rule_fingerprints(catalog: Catalog) -> dict[str, str]:
    """A fingerprint of what each rule says."""
    return {
        key: hashlib.sha256(rule.entry.model_dump_json(by_alias=True).encode()).hexdigest()[:12]
        for key, rule in sorted(catalog.rules.items())
    }


def rounded(score: float | None) -> float | None:
    """Points to four places; None where there are none."""
    return None if score is None else round(score, 4)
