import gc
import weakref
from dataclasses import replace

import pytest

from advisor.catalog.cache import once_per_catalog


@pytest.fixture
def calls():
    return []


@pytest.fixture
def name_of(calls):
    @once_per_catalog(8)
    def name_of(catalog, key):
        calls.append((catalog, key))
        return object()

    return name_of


def test_what_comes_of_a_catalog_is_worked_out_once(made_up, name_of, calls):
    assert name_of(made_up, "a") is name_of(made_up, "a") is not name_of(made_up, "b")
    assert calls == [(made_up, "a"), (made_up, "b")]
    assert name_of(replace(made_up), "a") is not name_of(made_up, "a")


def test_what_comes_of_a_visits_own_data_goes_with_the_catalog(made_up, name_of, calls):
    visit = replace(made_up, own={})
    assert name_of(visit, "a") is name_of(visit, "a") is not name_of(made_up, "a")
    assert len(calls) == 2
    gone = weakref.ref(visit)
    calls.clear()
    del visit
    gc.collect()
    assert gone() is None


def test_a_visit_keeps_a_quarter_of_the_most(made_up, name_of, calls):
    visit = replace(made_up, own={})
    for key in ("a", "b", "c", "a"):
        name_of(visit, key)
    assert len(calls) == 4
    for key in ("a", "b", "c", "a"):
        name_of(made_up, key)
    assert len(calls) == 7
