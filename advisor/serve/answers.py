"""The answers for programs as JSON bytes, in the shapes of version 1."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pandas as pd

from advisor.catalog import Catalog
from advisor.decide.query import AdviceQuestion
from advisor.decide.recommend import recommend
from advisor.explain import record
from advisor.family.advice import use_when
from advisor.serve import schemas
from advisor.telemetry import RECOMMEND_SECONDS


def recommendation(catalog: Catalog, question: AdviceQuestion, today: date, plans: bool) -> bytes:
    """The decision record of a question, as the command line prints it; `plans` adds every plan."""
    with RECOMMEND_SECONDS.labels("program").time():
        found = recommend(
            catalog, question.workload, today, question.asked_sets, question.assumptions
        )
    return _json(record.as_json(catalog, found, plans=plans))


def variant(catalog: Catalog, variant_id: str) -> bytes:
    """Everything that the catalog holds of a variant that it has."""
    family = catalog.family_of(variant_id)
    facts = catalog.variants[variant_id]
    advice = use_when(catalog, variant_id)
    offers = [
        schemas.OfferOf(provider=key, provider_name=provider.name, offer=offer)
        for key, provider, offer in catalog.offers()
        if offer.variant == variant_id
    ]
    scores = {
        name: _rows(table[table["variant"] == variant_id])
        for name, table in _tables(catalog).items()
    }
    corrections = [c for c in family.corrections if c.variant == variant_id]
    named = {
        source
        for entry in (facts, *(o.offer for o in offers), *corrections)
        for _, source in entry.all_source_ids()
    }
    named |= {str(row["source_id"]) for rows in scores.values() for row in rows}
    named |= {source for claim in (*advice.wins, *advice.not_when) for source in claim.sources}
    answer = schemas.VariantAnswer(
        schema_="bge-advisor/variant@1",
        catalog_version=catalog.version,
        id=variant_id,
        family=family.id,
        facts=facts,
        use_when=schemas.UseWhen(
            sentence=advice.sentence,
            wins=[schemas.Claim(text=c.text, sources=list(c.sources)) for c in advice.wins],
            not_when=[schemas.Claim(text=c.text, sources=list(c.sources)) for c in advice.not_when],
        ),
        offers=offers,
        quality=scores["quality"],
        quality_by_language=scores["quality_by_language"],
        corrections=corrections,
        sources={key: catalog.sources[key] for key in sorted(named & set(catalog.sources))},
    )
    return _json(answer.model_dump(mode="json", by_alias=True))


def whole(catalog: Catalog) -> bytes:
    """The whole catalog."""
    answer = schemas.CatalogAnswer(
        schema_="bge-advisor/catalog@1",
        version=catalog.version,
        families={
            key: schemas.FamilyEntry(
                facts=f.facts,
                variants=list(f.variants),
                listing=f.listing,
                corrections=list(f.corrections),
                questions=list(f.questions),
            )
            for key, f in catalog.families.items()
        },
        variants=catalog.variants,
        licences=catalog.licences,
        providers=catalog.providers,
        accelerators=catalog.accelerators,
        cpus=catalog.cpus,
        instances=catalog.instances,
        stores=catalog.stores,
        storage_formulas=catalog.storage_formulas,
        metrics=catalog.metrics,
        evidence_sets=catalog.evidence_sets,
        quality=_rows(catalog.quality),
        quality_by_language=_rows(catalog.quality_by_language),
        throughput=_rows(catalog.throughput),
        rules={key: rule.entry for key, rule in catalog.rules.items()},
        presets=catalog.presets,
        sources=catalog.sources,
    )
    return _json(answer.model_dump(mode="json", by_alias=True))


def _tables(catalog: Catalog) -> dict[str, pd.DataFrame]:
    return {"quality": catalog.quality, "quality_by_language": catalog.quality_by_language}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table; what is not known is null."""
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
