"""Which entry of a catalog names which other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from advisor.catalog import schema
from advisor.catalog.model import Catalog

Reference = tuple[str, str, str, str, Mapping[str, Any], str]


def references(catalog: Catalog, root: str) -> Iterator[Reference]:
    """(file, entry, field, id, known, kind) of every id that names another entry."""
    yield from _family_references(catalog, root)
    yield from _other_references(catalog, root)


def _family_references(catalog: Catalog, root: str) -> Iterator[Reference]:
    """What the folders of `families/` name."""
    sources, variants = catalog.sources, catalog.variants
    for family in catalog.families.values():
        base = f"{root}/families/{family.id}"
        for where, key in family.facts.all_source_ids():
            yield f"{base}/family.yaml", "", where, key, sources, "source"
        if family.facts.compared_with:
            yield (
                f"{base}/family.yaml",
                "",
                "compared_with",
                family.facts.compared_with,
                catalog.families,
                "family",
            )
        for name, variant in family.variants.items():
            file = f"{base}/variants/{name}.yaml"
            for where, key in variant.all_source_ids():
                yield file, "", where, key, sources, "source"
            nested = [(f"runtimes.{n}", r.sources) for n, r in variant.runtimes.items()]
            nested += [("onnx_available", e.sources) for e in variant.onnx_available]
            nested += [("local_files", variant.local_files.sources)] if variant.local_files else []
            nested += [("hosted_limit_seen", e.sources) for e in variant.hosted_limit_seen]
            for where, ids in nested:
                for key in ids:
                    yield file, "", where, key, sources, "source"
            for successor in variant.successors:
                yield file, "", "successors", successor.variant, variants, "variant"
            if variant.replaced_by:
                yield file, "", "replaced_by", variant.replaced_by, variants, "variant"
            if variant.licence:
                yield file, "", "licence", variant.licence, catalog.licences, "licence"
        for correction in family.corrections:
            for where, key in correction.all_source_ids():
                yield (
                    f"{base}/corrections.yaml",
                    f"correction {correction.id}",
                    where,
                    key,
                    sources,
                    "source",
                )
            if correction.variant:
                yield (
                    f"{base}/corrections.yaml",
                    f"correction {correction.id}",
                    "variant",
                    correction.variant,
                    variants,
                    "variant",
                )
        for question in family.questions:
            for where, key in question.all_source_ids():
                yield f"{base}/faq.yaml", f"question {question.id}", where, key, sources, "source"
        if family.listing:
            yield f"{base}/listing.yaml", "", "source", family.listing.source, sources, "source"
            for row in family.listing.variants:
                yield f"{base}/listing.yaml", row.name, "variant", row.variant, variants, "variant"


def _other_references(catalog: Catalog, root: str) -> Iterator[Reference]:
    """What offers, hardware, evidence and rules name."""
    sources, variants = catalog.sources, catalog.variants
    for provider_id, provider in catalog.providers.items():
        for key in provider.free_sources:
            yield f"{root}/offers/{provider_id}.yaml", "", "free_sources", key, sources, "source"
    for provider_id, _, offer in catalog.offers():
        file = f"{root}/offers/{provider_id}.yaml"
        yield file, f"offer {offer.id}", "variant", offer.variant, variants, "variant"
        for where, key in offer.all_source_ids():
            yield file, f"offer {offer.id}", where, key, sources, "source"
    sourced: list[tuple[str, str, Mapping[str, schema.Sourced]]] = [
        ("licences.yaml", "licence", catalog.licences),
        ("hardware/accelerators.yaml", "accelerator", catalog.accelerators),
        ("hardware/instances.yaml", "instance", catalog.instances),
        ("stores.yaml", "store", catalog.stores),
    ]
    for name, kind, entries in sourced:
        for entry_id, entry in entries.items():
            for where, key in entry.all_source_ids():
                yield f"{root}/{name}", f"{kind} {entry_id}", where, key, sources, "source"
    for instance_id, instance in catalog.instances.items():
        if instance.accelerator:
            yield (
                f"{root}/hardware/instances.yaml",
                f"instance {instance_id}",
                "accelerator",
                instance.accelerator,
                catalog.accelerators,
                "accelerator",
            )
        if instance.cpu:
            yield (
                f"{root}/hardware/instances.yaml",
                f"instance {instance_id}",
                "cpu",
                instance.cpu,
                catalog.cpus,
                "CPU class",
            )
    machines = {**catalog.accelerators, **catalog.cpus}
    for line, machine in enumerate(catalog.throughput["machine"], 2):
        if machine:
            yield (
                f"{root}/evidence/throughput.csv",
                f"line {line}",
                "machine",
                machine,
                machines,
                "accelerator or CPU class",
            )
    for preset_id, preset in catalog.presets.items():
        for role in ("embedder", "reranker"):
            if named := getattr(preset.expert, role):
                yield (
                    f"{root}/workloads.yaml",
                    f"preset {preset_id}",
                    f"expert.{role}",
                    named,
                    variants,
                    "variant",
                )
        for key in preset.expert.sources:
            yield (
                f"{root}/workloads.yaml",
                f"preset {preset_id}",
                "expert.sources",
                key,
                sources,
                "source",
            )
    for set_id, chosen in catalog.evidence_sets.items():
        yield (
            f"{root}/evidence/benchmarks.yaml",
            f"set {set_id}",
            "metric",
            chosen.metric,
            catalog.metrics,
            "metric",
        )
    for rule in catalog.rules.values():
        for key in rule.entry.sources:
            yield (
                f"{root}/rules/{rule.theme}.yaml",
                f"rule {rule.id}",
                "sources",
                key,
                sources,
                "source",
            )
    for name in ("quality", "quality_by_language", "throughput"):
        table: pd.DataFrame = getattr(catalog, name)
        for line, (variant_id, source_id) in enumerate(
            zip(table["variant"], table["source_id"], strict=True), 2
        ):
            yield (
                f"{root}/evidence/{name}.csv",
                f"line {line}",
                "variant",
                variant_id,
                variants,
                "variant",
            )
            yield (
                f"{root}/evidence/{name}.csv",
                f"line {line}",
                "source_id",
                source_id,
                sources,
                "source",
            )
