import pytest

from advisor.base.spreadsheet import guarded


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_cell_that_begins_a_formula_gets_an_apostrophe(cell):
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["1+1=2", "a-b", "", -1, 0.5, None])
def test_any_other_cell_stays_as_it_is(cell):
    assert guarded(cell) == cell
