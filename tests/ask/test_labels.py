from typing import get_args

import pytest

from advisor.ask.assumptions import Assumptions
from advisor.ask.labels import LABELS, label, language
from advisor.ask.languages import code
from advisor.ask.workload import Output, Workload

FIELDS = Workload.model_fields | Assumptions.model_fields


def _choices(field):
    """The values that a field may have, without null; empty where it has no list of them."""
    if field == "outputs":
        return set(get_args(Output))
    kinds = get_args(FIELDS[field].annotation)
    each = [value for kind in kinds for value in (get_args(kind) or [kind])]
    return {value for value in each if isinstance(value, str)}


def test_each_value_of_a_choice_has_a_label_of_its_own():
    choices = {field: _choices(field) for field in FIELDS if _choices(field)}
    assert {field: set(LABELS[field]) for field in choices} == choices
    assert {field for field in LABELS if field not in choices} == {"vector_store"}
    assert [field for field, of in LABELS.items() if len(set(of.values())) < len(of)] == []


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("task", "retrieve-and-rerank", "Search + rerank"),
        ("outputs", "multi_vector", "Multi-vector (ColBERT)"),
        ("vector_store", "ram", "In memory (self-run)"),
        ("vector_store", "pgvector", "pgvector"),
        ("languages", "de", "German"),
        ("redundancy", True, "Yes"),
        ("passages", 5, "5"),
    ],
)
def test_a_value_is_shown_by_its_label_and_otherwise_as_it_is(field, value, shown):
    assert label(field, value) == shown


def test_each_language_of_the_catalog_has_a_name_and_is_read_back_by_it(catalog):
    codes = {key for variant in catalog.variants.values() for key in variant.languages or ()}
    names = {key: language(key) for key in codes}
    assert {key: name for key, name in names.items() if name == key} == {}
    assert {key: name for key, name in names.items() if code(name) != key} == {}
    assert language("el") == "Greek" and language("qaa") == "qaa"
