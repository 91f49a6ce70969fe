"""The decision record: one recommendation with all that it rests on, to save, check and replay."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, WithJsonSchema

from advisor.base import validation
from advisor.base.errors import AdvisorError
from advisor.catalog import Catalog
from advisor.decide.choosing import ORDER_SINCE
from advisor.decide.recommend import Recommendation
from advisor.explain import (
    formula,
    lifting,
    other_plans,
    reasons,
    taken_for_granted,
    what_would_change,
)
from advisor.explain.fingerprints import rule_fingerprints
from advisor.explain.firm import firm
from advisor.explain.record_parts import (
    AlternativeRecord,
    BaseCost,
    EvidenceRecord,
    Judged,
    Kind,
    Picked,
    PickRecord,
    ReasonRecord,
    RecordPart,
    RecordSource,
    Rejected,
    ReplayedPart,
    figures,
    placement,
)
from advisor.explain.run_it import starting_code

LARGEST = 5_000_000  # bytes of a record that is read

ONLY_WITH_PLANS = Field(
    default=None,
    description="only where plans=true was asked",
    exclude_if=lambda plans: plans is None,
)


class AnswerRecord(RecordPart):
    """The answer alone: what is advised, what else is possible, and how firm it is.

    It has no more for more plans, and is a part of the record.
    """

    version: Literal["bge-advisor/answer@1"] = Field(alias="schema")
    workload: dict[str, Any]
    catalog_version: str
    date: Annotated[datetime.date, WithJsonSchema({"title": "Date", "type": "string"})]
    evidence: dict[Kind, EvidenceRecord]
    pick: PickRecord | None
    alternatives: list[AlternativeRecord]
    loosen: list[ReasonRecord]
    asked_sets: list[str]
    assumed: dict[str, Any]
    firmness: str

    @classmethod
    def of(cls, recommendation: Recommendation) -> AnswerRecord:
        """The answer of a recommendation."""
        return cls(schema="bge-advisor/answer@1", **_answer(recommendation))


class Record(ReplayedPart):
    """The decision record.

    What `bge-advisor recommend --format json` prints, and what `--record` replays.
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
    rejected: list[Rejected] | None = ONLY_WITH_PLANS
    loosen: list[ReasonRecord] = []
    assumptions: list[str] = []
    plans: list[Judged] | None = ONLY_WITH_PLANS
    asked_sets: Annotated[list[str], Field(max_length=20)]
    assumed: dict[str, Any] = {}
    picked: Picked | None
    prices: Annotated[dict[str, str | None], Field(max_length=100_000)]
    rules: Annotated[dict[str, str], Field(max_length=100_000)]
    order: str = Field("", description="the day since which plans are put in order as they were")
    firmness: str = ""
    would_change: list[str] = []
    formula: list[str] = []
    start: str = ""
    sources: dict[str, RecordSource] = {}

    @classmethod
    def of(cls, catalog: Catalog, recommendation: Recommendation, plans: bool = False) -> Record:
        """The record of a recommendation from a catalog.

        `plans` adds every plan, and what each rejected one is ruled out by.
        """
        pick, picked = recommendation.pick, None
        parts = pick.parts if pick else ()
        if pick:
            cost = BaseCost(base=pick.monthly, not_known=pick.monthly_usd.not_known)
            picked = Picked(plans=[part.id for part in parts], named=pick.named, monthly_usd=cost)
        record = cls(
            schema="bge-advisor/recommendation@1",
            **_answer(recommendation),
            ties=[tie.id for part in parts for tie in reasons.ties(recommendation, part)],
            rejected=list(_rejected(recommendation)) if plans else None,
            assumptions=taken_for_granted.assumptions(recommendation),
            picked=picked,
            prices=prices(catalog),
            rules=rule_fingerprints(catalog),
            order=ORDER_SINCE,
            would_change=[
                change.text for change in what_would_change.changes(catalog, recommendation)
            ],
            formula=[line for part in parts for line in formula.cost_formula(part, recommendation)],
            start="\n".join(starting_code(catalog, part) for part in parts),
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
        every_plan = (*self.alternatives, *(self.rejected or ()), *(self.plans or ()))
        placements = (
            *(pick.placement.values() if pick else ()),
            *(plan.placement for plan in every_plan),
        )
        parts = (
            *self.evidence.values(),
            *(pick.reasons if pick else ()),
            *self.loosen,
            *(place for place in placements if place),
        )
        return {source for part in parts for source in part.sources}


def _answer(recommendation: Recommendation) -> dict[str, Any]:
    """The fields that the answer and the record share."""
    pick = recommendation.pick
    return {
        "workload": recommendation.workload.model_dump(mode="json"),
        "catalog_version": recommendation.catalog.version,
        "date": recommendation.today,
        "evidence": {step.kind: EvidenceRecord.of(step.evidence) for step in recommendation.steps},
        "pick": PickRecord.of(recommendation, pick) if pick else None,
        "alternatives": [
            AlternativeRecord(**figures(judged, judged.plan), text=text)
            for step in recommendation.steps
            for judged, text in other_plans.alternatives(recommendation, step.kind)
        ],
        "loosen": lifting.loosen(recommendation),
        "asked_sets": recommendation.asked_sets,
        "assumed": recommendation.assumptions.stated(),
        "firmness": firm(recommendation).sentence,
    }


def _rejected(recommendation: Recommendation) -> Iterator[Rejected]:
    """Each rejected plan, once for each rule that rules it out."""
    for judged in recommendation.rejected:
        place = placement(judged.plan)
        for finding in judged.excluded:
            yield Rejected(
                variant=judged.variant_id, placement=place, rule=finding.rule, text=finding.text
            )


def as_json(
    catalog: Catalog, recommendation: Recommendation, plans: bool = False
) -> dict[str, Any]:
    """The record of a recommendation as plain data; `plans` adds every plan."""
    return Record.of(catalog, recommendation, plans).model_dump(mode="json", by_alias=True)


def read(path: str) -> Record:
    """The record in a JSON file.

    Raises:
        AdvisorError: the file cannot be read or holds no record.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise AdvisorError(
                f"{path}: more than {LARGEST:,} bytes. "
                "A record is smaller: give the JSON that was saved."
            )
        value = json.loads(text.decode("utf-8-sig"))
        if isinstance(value, dict) and value.get("schema") == "bge-advisor/answer@1":
            raise AdvisorError(
                f"{path}: an answer without the prices and rules that a replay compares. Save the "
                "decision record: recommend --format json, plans=true, to_dict(plans=True)."
            )
        return Record.model_validate(value)
    except OSError as error:
        problem = f"{path}: {error.strerror}. Give the JSON record that was saved."
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        problem = f"{path}: not JSON. Give the JSON record that was saved, not the Markdown."
    except ValidationError as error:
        fault = validation.faults(error)[0]
        problem = (
            f"{path}, {fault.field or 'record'}: {fault.problem} "
            "Give the JSON record as it was saved."
        )
    raise AdvisorError(problem)


def prices(catalog: Catalog) -> dict[str, str | None]:
    """What an offer asks for a million tokens, a machine for an hour, as text; None: not known.

    A withdrawn offer asks nothing, and is not among them.
    """
    amounts = {
        f"Offer {offer.id}": (offer.usd_per_1m_input, "1M")
        for _, _, offer in catalog.standing_offers()
        if catalog.variants[offer.variant].kind in ("embedder", "reranker")
    } | {
        f"Machine {key}": (instance.on_demand_usd_per_h, "hour")
        for key, instance in catalog.instances.items()
    }
    return {
        key: None if usd is None else f"{usd} / {unit}"
        for key, (usd, unit) in sorted(amounts.items())
    }
