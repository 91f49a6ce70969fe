"""Which entry of a catalog names which other: what the schema marks with `Ref`, wherever it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from advisor.catalog.model import Catalog
from advisor.catalog.schema import Ref
from advisor.catalog.tables import MAY_BE_EMPTY, REFERENCES, TABLES

Path = tuple[str | int, ...]


class Reference(NamedTuple):
    """A place that names another entry: `path` leads to it within the entry."""

    file: str
    entry: str
    path: Path
    kind: str
    id: str

    @property
    def field(self) -> str:
        """The place as faults have it, as `expert.sources`."""
        path = self.path[:-1] if isinstance(self.path[-1], int) else self.path
        return ".".join(str(part) for part in path)


def references(catalog: Catalog) -> Iterator[Reference]:
    """Every place of a catalog that names another entry, files being relative to its folder."""
    for file, entry, model in _entries(catalog):
        for path, kind, name in _in_value(type(model), (), model, ()):
            yield Reference(file, entry, path, kind, name)
    for table in TABLES:
        rows = getattr(catalog, table)
        for column in rows.columns.intersection(list(REFERENCES)):
            for line, name in enumerate(rows[column], 2):
                if name or column not in MAY_BE_EMPTY:
                    file = f"evidence/{table}.csv"
                    yield Reference(file, f"line {line}", (column,), REFERENCES[column].kind, name)


def named(catalog: Catalog) -> dict[str, Collection[str]]:
    """The names that each kind of reference may have; none where their file could not be read."""
    # a first stage need not be of the catalog: others' models were first stages too
    scores = (catalog.quality["with_retriever"], catalog.quality_by_language["with_retriever"])
    first_stages = {name for rows in scores for name in rows if name}
    is_whole = not any(rows.empty for rows in scores)
    return {
        "source": catalog.sources,
        "variant": catalog.variants,
        "family": catalog.families,
        "licence": catalog.licences,
        "metric": catalog.metrics,
        "cloud": catalog.clouds,
        "accelerator": catalog.accelerators,
        "CPU class": catalog.cpus,
        "accelerator or CPU class": {**catalog.accelerators, **catalog.cpus},
        "first stage": {*catalog.variants, *first_stages} if is_whole else (),
        "store": {*catalog.stores, "ram", "none"} if catalog.stores else (),
    }


def _entries(catalog: Catalog) -> Iterator[tuple[str, str, BaseModel]]:
    """(file, entry within it, its values) of all that YAML files hold."""
    for family in catalog.families.values():
        folder = f"families/{family.id}"
        yield f"{folder}/family.yaml", "", family.facts
        for key, variant in family.variants.items():
            yield f"{folder}/variants/{key}.yaml", "", variant
        for correction in family.corrections:
            yield f"{folder}/corrections.yaml", f"correction {correction.id}", correction
        for question in family.questions:
            yield f"{folder}/faq.yaml", f"question {question.id}", question
        if listing := family.listing:
            file = f"{folder}/listing.yaml"
            yield file, "", listing.model_copy(update={"variants": []})
            yield from ((file, row.name, row) for row in listing.variants)
    for provider_id, provider in catalog.providers.items():
        file = f"offers/{provider_id}.yaml"
        yield file, "", provider.model_copy(update={"offers": []})
        for offer in provider.offers:
            yield file, f"offer {offer.id}", offer
    for file, noun, entries in (
        ("licences.yaml", "licence", catalog.licences),
        ("hardware/accelerators.yaml", "accelerator", catalog.accelerators),
        ("hardware/accelerators.yaml", "cpu", catalog.cpus),
        ("hardware/instances.yaml", "cloud", catalog.clouds),
        ("hardware/instances.yaml", "instance", catalog.instances),
        ("runtimes.yaml", "runtime", catalog.runtimes),
        ("stores.yaml", "store", catalog.stores),
        ("stores.yaml", "formula", catalog.storage_formulas),
        ("evidence/benchmarks.yaml", "metric", catalog.metrics),
        ("evidence/benchmarks.yaml", "set", catalog.evidence_sets),
        ("evidence/benchmarks.yaml", "precision_comparison", catalog.precision_comparisons),
        ("workloads.yaml", "preset", catalog.presets),
        ("sources.yaml", "source", catalog.sources),
        ("sources.yaml", "citation", catalog.citations),
    ):
        for key, value in entries.items():
            yield file, f"{noun} {key}", value
    for key, rule in catalog.rules.items():
        yield f"rules/{rule.theme}.yaml", f"rule {key}", rule.entry


def _in_value(
    hint: Any, metadata: Sequence[Any], value: Any, path: Path
) -> Iterator[tuple[Path, str, str]]:
    """(path, kind, name) of every reference in a value, by the type that its field declares."""
    ref = next((mark for mark in metadata if isinstance(mark, Ref)), None)
    if ref and ref.key:
        value, path = value.get(ref.key), (*path, ref.key)
    if value is None:
        return
    origin, parts = get_origin(hint), get_args(hint)
    if ref:
        yield path, ref.kind, str(value)
    elif origin is Annotated:
        yield from _in_value(parts[0], parts[1:], value, path)
    elif origin in (Union, UnionType):
        for part in parts:
            yield from _in_value(part, (), value, path)
    elif origin is list and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _in_value(parts[0], (), item, (*path, number))
    elif origin is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _in_value(parts[1], (), item, (*path, key))
    elif isinstance(hint, type) and isinstance(value, BaseModel) and isinstance(value, hint):
        for name, field in type(value).model_fields.items():
            part = getattr(value, name)
            yield from _in_value(field.annotation, field.metadata, part, (*path, name))
