"""The catalog as files to take away: JSON with everything, CSV with prices and scores."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd

from advisor.catalog.load import Catalog

SPREADSHEET_SIGNS = ("=", "+", "-", "@", "\t")


def as_json(catalog: Catalog) -> str:
    """Families, offers, licences and sources as JSON; prices are text, so that no digit is lost."""
    data = {
        "catalog_version": catalog.version,
        "families": {
            key: {
                "facts": family.facts.model_dump(mode="json"),
                "variants": {name: variant.model_dump(mode="json") for name, variant in family.variants.items()},
                "corrections": [correction.model_dump(mode="json") for correction in family.corrections],
            }
            for key, family in catalog.families.items()
        },
        "providers": {key: provider.model_dump(mode="json") for key, provider in catalog.providers.items()},
        "instances": {key: instance.model_dump(mode="json") for key, instance in catalog.instances.items()},
        "licences": {key: licence.model_dump(mode="json") for key, licence in catalog.licences.items()},
        "sources": {key: source.model_dump(mode="json") for key, source in catalog.sources.items()},
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def offers_csv(catalog: Catalog) -> str:
    """One row an offer, with its sources; cells that a spreadsheet would compute are quoted with an apostrophe."""
    rows = []
    for provider_id, provider, offer in catalog.offers():
        row = offer.model_dump(mode="json", exclude={"sources"})
        rows.append(
            {"provider": provider_id, "provider_name": provider.name}
            | row
            | {"sources": " ".join(dict.fromkeys(s for _, s in offer.all_source_ids()))}
        )
    return _csv(pd.DataFrame(rows))


def scores_csv(catalog: Catalog) -> str:
    """Every published score of the catalog."""
    return _csv(catalog.quality)


def _csv(frame: pd.DataFrame) -> str:
    guarded = frame.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell.startswith(SPREADSHEET_SIGNS) else cell)
    return guarded.to_csv(index=False)


FILES: tuple[tuple[str, str, Callable[[Catalog], str]], ...] = (
    ("catalog.json", "application/json", as_json),
    ("offers.csv", "text/csv", offers_csv),
    ("scores.csv", "text/csv", scores_csv),
)
"""Name, media type and maker of each file."""
