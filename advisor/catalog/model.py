"""A catalog in memory: families, offers, machines, evidence and rules as typed values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.catalog import schema
from advisor.rules import syntax


@dataclass(frozen=True)
class ParsedRule:
    """A rule of the catalog with its expression parsed."""

    id: str
    theme: str
    entry: schema.Rule
    when: syntax.Expression


@dataclass(frozen=True)
class LoadedFamily:
    """A family with its variants; what a family's folder does not hold is None or empty."""

    id: str
    facts: schema.Family
    variants: dict[str, schema.Variant]
    listing: schema.Listing | None = None
    corrections: tuple[schema.Correction, ...] = ()
    questions: tuple[schema.Question, ...] = ()

    @property
    def current(self) -> dict[str, schema.Variant]:
        """The variants that no other replaces, by id: those that new work may go to."""
        return {key: v for key, v in self.variants.items() if v.replaced_by is None}


# one is equal to itself only, so that what is computed from it can be cached
@dataclass(frozen=True, eq=False)
class Catalog:
    """Everything the advisor knows. Mappings are by id, in the order of their ids or files."""

    version: str
    families: dict[str, LoadedFamily]
    licences: dict[str, schema.Licence]
    providers: dict[str, schema.Provider]
    accelerators: dict[str, schema.Accelerator]
    cpus: dict[str, schema.Cpu]
    instances: dict[str, schema.Instance]
    stores: dict[str, schema.Store]
    storage_formulas: dict[str, schema.StorageFormula]
    metrics: dict[str, schema.Metric]
    evidence_sets: dict[str, schema.EvidenceSet]
    least_shared_share: float
    quality: pd.DataFrame
    quality_by_language: pd.DataFrame
    throughput: pd.DataFrame
    rules: dict[str, ParsedRule]
    presets: dict[str, schema.Preset]
    sources: dict[str, schema.Source]
    folder: Path = field(compare=False)
    clouds: dict[str, schema.Cloud] = field(default_factory=dict)
    runtimes: dict[str, schema.RuntimeInstall] = field(default_factory=dict)
    citations: dict[str, schema.Citation] = field(default_factory=dict)
    precision_comparisons: dict[str, schema.PrecisionComparison] = field(default_factory=dict)
    own: dict[Any, Any] | None = field(default=None, repr=False)
    """What comes of a catalog with a visitor's own data (cache.py); None: it is for all."""

    @property
    def variants(self) -> dict[str, schema.Variant]:
        """Every variant of every family, by id."""
        families = self.families.values()
        return {key: variant for family in families for key, variant in family.variants.items()}

    def cloud_name(self, cloud_id: str) -> str:
        """Name of a cloud; its id where the catalog does not name it."""
        return self.clouds[cloud_id].name if cloud_id in self.clouds else cloud_id

    def cited(self, citation_id: str) -> tuple[str, ...]:
        """Ids of the sources of a citation; none where the catalog does not have it."""
        return tuple(self.citations[citation_id].sources) if citation_id in self.citations else ()

    @property
    def shown_presets(self) -> dict[str, schema.Preset]:
        """The presets that a visitor can start from, by id."""
        return {key: preset for key, preset in self.presets.items() if preset.shown}

    def family_of(self, variant_id: str) -> LoadedFamily:
        """The family that holds a variant."""
        return next(family for family in self.families.values() if variant_id in family.variants)

    def offers(self) -> Iterator[tuple[str, schema.Provider, schema.Offer]]:
        """Every (provider id, provider, offer), the withdrawn ones too."""
        for key, provider in self.providers.items():
            for offer in provider.offers:
                yield key, provider, offer

    def standing_offers(self) -> Iterator[tuple[str, schema.Provider, schema.Offer]]:
        """Every (provider id, provider, offer) that can be taken up: none that was withdrawn."""
        for key, provider in self.providers.items():
            for offer in provider.standing_offers:
                yield key, provider, offer
