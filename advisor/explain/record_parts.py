"""The parts of a decision record: what each holds, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
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

from advisor.decide.evidence import Evidence
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain import reasons
from advisor.sizing.tokens import INSTRUCTION, SPECIAL, Tokens

ESTIMATED = {SPECIAL: "special_tokens", INSTRUCTION: "instruction"}
"""Counts of tokens that may be estimates, by their names in data."""
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


class CostRecord(RangeRecord):
    """What is known of a cost, in US dollars; `not_known` names the parts that it leaves out."""

    at_least: bool = Field(False, description="whether a part is not known, so that it is more")
    not_known: list[str] = []


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
    monthly_tokens: dict[Kind, Number | None] = {}
    estimated_tokens: dict[Kind, list[str] | None] = Field(
        {}, description="counts of tokens that are estimated, as with a plan"
    )
    vectors_per_passage: Number | None = Field(
        None, description="parts that a passage is cut into, on average; null: nothing is encoded"
    )
    shared: list[JsonValue] | None = Field(
        description="the machines that both steps share, where they do"
    )
    monthly_usd: CostRecord | None
    one_off_usd: CostRecord | None
    reasons: list[ReasonRecord]

    @classmethod
    def of(cls, recommendation: Recommendation, pick: Pipeline) -> PickRecord:
        """The pick of a recommendation; `quality` is by step: two are never scored as one."""
        embedder, reranker = pick.part("embedder"), pick.part("reranker")
        parts = {"embedder": embedder, "reranker": reranker}
        tokens = {kind: part and part.plan.tokens for kind, part in parts.items()}
        encoded = tokens["embedder"]
        return cls(
            embedder=embedder.variant_id if embedder else None,
            reranker=reranker.variant_id if reranker else None,
            placement={kind: part and placement(part.plan) for kind, part in parts.items()},
            quality={kind: part and rounded(part.quality) for kind, part in parts.items()},
            monthly_tokens={kind: sent and sent.monthly for kind, sent in tokens.items()},
            estimated_tokens={kind: sent and _estimated(sent) for kind, sent in tokens.items()},
            vectors_per_passage=encoded and rounded(encoded.vectors_per_passage),
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
    monthly_usd: CostRecord | None
    one_off_usd: CostRecord | None
    index_bytes: Number | None
    monthly_tokens: Number
    estimated_tokens: list[str] = Field(
        [],
        description="counts of tokens that are estimated, since no number is published: "
        "special_tokens, which the tokenizer adds, and instruction, which each query needs",
    )
    tokens_per_second: RangeRecord | None
    replicas: dict[Literal["low", "base", "high"], Number] | None


def figures(judged: JudgedPlan, plan: Plan) -> dict[str, Any]:
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
        "estimated_tokens": _estimated(plan.tokens),
        "tokens_per_second": plan.tokens_per_second,
        "replicas": replicas and dict(zip(("low", "base", "high"), replicas, strict=True)),
    }


def _estimated(tokens: Tokens) -> list[str]:
    return [ESTIMATED[name] for name in tokens.estimated]


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
        return cls(**figures(judged, plan), findings=judged.findings, figures=plan.figures)


class Rejected(RecordPart):
    """A plan that a rule rules out."""

    variant: str
    placement: Placement
    rule: str
    text: str


class BaseCost(RecordPart):
    """US dollars a month, and the parts that they leave out."""

    base: float
    not_known: list[str] = []


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


def rounded(figure: float | None) -> float | None:
    """Points, or another figure, to four places; None where there are none."""
    return None if figure is None else round(figure, 4)
