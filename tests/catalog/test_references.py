"""Every field that the schema marks with `Ref` is followed, in whatever entry it stands."""

import shutil
import types
from typing import Annotated, Union, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from advisor import catalog as catalogs
from advisor.base.errors import CatalogError
from advisor.catalog import files, json_schemas, schema
from advisor.catalog.load import SHIPPED
from advisor.catalog.references import Reference, named, references
from advisor.catalog.schema import Ref
from tests.conftest import put_together, replace

PLACES = {
    "licences": "licences.yaml",
    "instances": "hardware/instances.yaml",
    "accelerators": "hardware/accelerators.yaml",
    "runtimes": "runtimes.yaml",
    "stores": "stores.yaml",
    "workloads": "workloads.yaml",
    "sources": "sources.yaml",
    "benchmarks": "evidence/benchmarks.yaml",
    "variant": "families/*/variants/*.yaml",
    "family": "families/*/family.yaml",
    "listing": "families/*/listing.yaml",
    "corrections": "families/*/corrections.yaml",
    "faq": "families/*/faq.yaml",
    "provider": "offers/*.yaml",
    "rules": "rules/*.yaml",
}
"""Where the files of each kind are."""
WRONG = "no-such-entry"


def marked(hint):
    """The `Ref` of a type or of a part of it; None where it has none."""
    marks = getattr(hint, "__metadata__", ()) + get_args(hint)
    return next((m for m in marks if isinstance(m, Ref)), None) or next(
        (ref for part in get_args(hint) if (ref := marked(part))), None
    )


def reference_fields():
    """(model, field) of every field of the schema that names another entry."""
    models = [getattr(schema, name) for name in schema.__all__]
    return [
        (model, name)
        for model in models
        if isinstance(model, type) and issubclass(model, BaseModel) and model is not schema.Sourced
        for name, field in model.model_fields.items()
        if marked(Annotated[(field.annotation, None, *field.metadata)])
    ]


def places(hint, value, path=()):
    """(model, field, path) of every field filled in, in a file that was read and not checked."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        models = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
        if isinstance(value, dict) and models:
            hint = next(model for model in models if value.keys() <= model.model_fields.keys())
        else:
            for part in parts:
                yield from places(part, value, path)
    if origin is list and isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(parts[0], item, (*path, number))
    elif origin is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from places(parts[1], item, (*path, key))
    elif isinstance(hint, type) and issubclass(hint, BaseModel) and isinstance(value, dict):
        for name, item in value.items():
            if item not in (None, [], {}):
                yield hint, name, (*path, name)
                yield from places(hint.model_fields[name].annotation, item, (*path, name))


def filled_in(root):
    """(file, path) of the first place of each reference in a catalog's files."""
    found = {}
    for kind, pattern in PLACES.items():
        for path in sorted(root.glob(pattern)):
            value = files.yaml_mapping(path, path.name)
            for model, name, place in places(json_schemas.FILES[kind], value):
                field = model.model_fields.get(name)
                ref = field and marked(Annotated[(field.annotation, None, *field.metadata)])
                if ref and (not ref.key or ref.key in at(value, place)):
                    key = (ref.key,) if ref.key else ()
                    found.setdefault((model, name), (path.relative_to(root), (*place, *key)))
    return found


def at(value, path):
    for part in path:
        value = value[part]
    return value


def broken(value):
    """The value with a wrong name in it."""
    if isinstance(value, dict):
        return {key: broken(item) for key, item in value.items()}
    return [WRONG, *value[1:]] if isinstance(value, list) else WRONG


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    made_up = put_together(tmp_path_factory.mktemp("made_up") / "catalog")
    replace(made_up / "workloads.yaml", "workload: {", "workload: {vector_store: ram, ")
    return {root: filled_in(root) for root in (SHIPPED, made_up)}


@pytest.mark.parametrize(
    ("model", "field"), reference_fields(), ids=lambda part: getattr(part, "__name__", part)
)
def test_a_wrong_name_in_any_field_that_names_an_entry_is_a_fault(roots, tmp_path, model, field):
    root = next(root for root, found in roots.items() if (model, field) in found)
    file, path = roots[root][model, field]
    copy = shutil.copytree(root, tmp_path / "catalog")
    value = files.yaml_mapping(copy / file, str(file))
    at(value, path[:-1])[path[-1]] = broken(at(value, path))
    (copy / file).write_text(yaml.safe_dump(value), encoding="utf-8")
    with pytest.raises(CatalogError) as error:
        catalogs.load(copy)
    faults = error.value.faults
    assert {fault.file for fault in faults} == {f"catalog/{file.as_posix()}"}
    texts = [part for part in path if isinstance(part, str)]
    for fault in faults:
        named_there = fault.field.split(".")
        assert WRONG in fault.problem
        assert texts[-1] in named_there or path[-2] in named_there


def test_the_schema_marks_what_names_an_entry():
    """A field of one of these names that is not marked would be followed by nobody."""
    names = {"sources", "source", "variant", "licence", "accelerator", "cpu", "metric"}
    unmarked = {
        f"{model}.{field}"
        for model in schema.__all__
        if model != "Sourced" and hasattr(getattr(schema, model), "model_fields")
        for field in names & set(getattr(schema, model).model_fields)
    } - {f"{model.__name__}.{field}" for model, field in reference_fields()}
    assert unmarked == {"ListingPrice.variant"}, "which names a row of the listing"


def test_every_kind_of_reference_is_looked_up(catalog, made_up):
    refs = [
        marked(Annotated[(m.model_fields[f].annotation, None, *m.model_fields[f].metadata)])
        for m, f in reference_fields()
    ]
    assert {ref.kind for ref in refs} <= named(catalog).keys()
    for found in (catalog, made_up):
        names = named(found)
        for reference in references(found):
            known = names[reference.kind]
            assert not known or reference.id in known, reference


@pytest.mark.parametrize(
    ("file", "old", "new", "entry", "field"),
    [
        pytest.param(
            "hardware/accelerators.yaml",
            "[karpenter-aws-types]",
            "[karpenter-aws-type]",
            "cpu",
            "sources",
            id="of a CPU class",
        ),
        pytest.param(
            "stores.yaml",
            "sources: [qdrant-capacity]",
            "sources: [qdrant-capacty]",
            "formula qdrant-ram",
            "sources",
            id="of a storage formula",
        ),
        pytest.param(
            "evidence/benchmarks.yaml",
            "first_stage: bge-m3",
            "first_stage: bge-m4",
            "set llamaindex-rerank-m3",
            "first_stage",
            id="of a set of scores",
        ),
    ],
)
def test_a_typo_is_told_with_the_name_that_was_meant(copied, edit, file, old, new, entry, field):
    edit(copied / file, old, new)
    with pytest.raises(CatalogError) as error:
        catalogs.load(copied)
    (fault,) = error.value.faults
    assert (fault.file, fault.field) == (f"catalog/{file}", field)
    assert fault.entry.startswith(entry) and "Did you mean" in fault.remedy


def test_a_place_in_a_list_of_names_is_the_list():
    assert Reference("x.yaml", "", ("sources", "released", 0), "source", "a").field == (
        "sources.released"
    )
    assert Reference("x.yaml", "", ("successors", 1, "variant"), "variant", "a").field == (
        "successors.1.variant"
    )
