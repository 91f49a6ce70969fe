"""The answers for programs as JSON bytes, in the shapes of version 1."""

from __future__ import annotations

import json
from datetime import date

from pydantic import BaseModel

from advisor.catalog import Catalog
from advisor.decide.query import AdviceQuestion
from advisor.decide.recommend import recommend
from advisor.explain.record import Record
from advisor.family.advice import use_when
from advisor.serve import schemas
from advisor.telemetry import RECOMMEND_SECONDS


def recommendation(catalog: Catalog, question: AdviceQuestion, today: date, plans: bool) -> bytes:
    """The decision record of a question, as the command line prints it; `plans` adds every plan."""
    with RECOMMEND_SECONDS.labels("program").time():
        answer = recommend(
            catalog, question.workload, today, question.asked_sets, question.assumptions
        )
    return _json(Record.of(catalog, answer, plans))


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
    return _json(schemas.CatalogAnswer.model_validate(answer))


def _json(answer: BaseModel) -> bytes:
    value = answer.model_dump(mode="json", by_alias=True)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
