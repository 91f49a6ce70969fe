"""The answers for programs as JSON bytes, in the shapes of version 1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import BaseModel

from advisor.base.errors import Fault, WorkloadError
from advisor.catalog import Catalog
from advisor.decide import query
from advisor.decide.query import AdviceQuestion, QuestionError
from advisor.decide.recommend import Recommendation, recommend
from advisor.explain.record import AnswerRecord, Record
from advisor.family.advice import use_when
from advisor.family.listing import listing_of
from advisor.serve import schemas

LARGEST_QUESTION = 65_536
"""Bytes of a question in JSON that are read."""


def question_of(catalog: Catalog, text: bytes) -> AdviceQuestion:
    """The question that a JSON object states, of a request's body or a line.

    Raises:
        QuestionError: with every fault found.
    """
    if len(text) > LARGEST_QUESTION:
        problem = f"over {LARGEST_QUESTION:,} bytes."
        raise QuestionError([Fault("", "", "", problem, "State less: a workload is smaller.")])
    return query.of_json(catalog, _mapping(text))


def _mapping(text: bytes) -> dict[str, Any]:
    problem, remedy = "not JSON.", 'Send a workload, as {"languages": ["en"]}.'
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise QuestionError([Fault("", "", "", problem, remedy)]) from None
    if not isinstance(value, dict):
        raise QuestionError([Fault("", "", "", "no JSON object.", remedy)])
    return value


def refusal(error: WorkloadError) -> Mapping[str, Any]:
    """Why a question has no answer: `error`, and `faults` with field, problem and remedy."""
    if not isinstance(error, QuestionError):
        return {"error": str(error), "faults": []}
    faults = [{"field": f.field, "problem": f.problem, "remedy": f.remedy} for f in error.faults]
    return {"error": "The question cannot be answered.", "faults": faults}


def recommendation(catalog: Catalog, question: AdviceQuestion, today: date, plans: bool) -> bytes:
    """The answer to a question; `plans`: the whole decision record with every plan."""
    answer = recommended(catalog, question, today)
    return _json(Record.of(catalog, answer, plans) if plans else AnswerRecord.of(answer))


def recommended(catalog: Catalog, question: AdviceQuestion, today: date) -> Recommendation:
    """The recommendation for a question, counting the ages of prices to `today`."""
    return recommend(catalog, question.workload, today, question.asked_sets, question.assumptions)


def variant(catalog: Catalog, variant_id: str) -> bytes:
    """Everything that the catalog holds of a variant that it has."""
    family, facts = catalog.family_of(variant_id), catalog.variants[variant_id]
    advice = use_when(catalog, variant_id)
    offers = [
        schemas.OfferOf(provider=key, provider_name=provider.name, offer=offer)
        for key, provider, offer in catalog.offers()
        if offer.variant == variant_id
    ]
    quality, by_language = (
        table[table["variant"] == variant_id]
        for table in (catalog.quality, catalog.quality_by_language)
    )
    corrections = [entry for entry in family.corrections if entry.variant == variant_id]
    cited = {
        source
        for entry in (facts, *(offer.offer for offer in offers), *corrections)
        for _, source in entry.all_source_ids()
    }
    cited |= {*quality["source_id"], *by_language["source_id"]}
    cited |= {source for claim in (*advice.wins, *advice.not_when) for source in claim.sources}
    answer = {
        "schema": "bge-advisor/variant@1",
        "catalog_version": catalog.version,
        "id": variant_id,
        "family": family.id,
        "facts": facts,
        "use_when": advice,
        "offers": offers,
        "quality": quality,
        "quality_by_language": by_language,
        "corrections": corrections,
        "sources": {key: catalog.sources[key] for key in sorted(cited & catalog.sources.keys())},
    }
    return _json(schemas.VariantAnswer.model_validate(answer))


def whole(catalog: Catalog) -> bytes:
    """The whole catalog."""
    fields = [name for name in schemas.CatalogAnswer.model_fields if name != "schema_"]
    answer = {"schema": "bge-advisor/catalog@1"} | {name: getattr(catalog, name) for name in fields}
    answer["families"] = {
        key: replace(family, listing=listing_of(catalog, family))
        for key, family in catalog.families.items()
    }
    return _json(schemas.CatalogAnswer.model_validate(answer))


def _json(answer: BaseModel) -> bytes:
    value = answer.model_dump(mode="json", by_alias=True)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
