import pytest

from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.decide.build import build_plans
from advisor.rules.columns import COLUMNS, KINDS
from advisor.rules.syntax import RuleError, parse

LISTS = [name for name, kind in KINDS.items() if kind == "list"]


def test_every_column_is_filled_and_nothing_else_is(made_up: Catalog, today):
    table = build_plans(made_up, Workload(), today)
    assert set(table.columns) == set(COLUMNS)


def test_a_column_of_every_plan_has_a_row_for_each_or_one_for_all(made_up: Catalog, today):
    table = build_plans(made_up, Workload(outputs=("dense", "sparse")), today)
    assert {len(values.values) for values in table.columns.values()} <= {1, len(table)}
    assert all(len(values.values) == len(values.known) for values in table.columns.values())


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("question", ['{} == "dense"', '"dense" != {}', "{} == {}", '{} in ("a",)'])
def test_a_list_is_compared_by_no_rule(name, question):
    with pytest.raises(RuleError, match="is a list"):
        parse(question.replace("{}", name), KINDS)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_no_question(name):
    with pytest.raises(RuleError):
        parse(name, KINDS)
    with pytest.raises(RuleError, match="is a list"):
        parse(f"not {name}", KINDS)
