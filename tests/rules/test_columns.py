import pytest

from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.decide.build import build_plans
from advisor.rules.columns import COLUMNS, KINDS
from advisor.rules.evaluate import column, evaluate
from advisor.rules.syntax import RuleError, parse
from advisor.rules.template import listed

LISTS = [name for name, kind in KINDS.items() if kind == "list"]


def test_every_column_is_filled_and_nothing_else_is(made_up: Catalog, today):
    table = build_plans(made_up, Workload(), today)
    assert set(table.columns) == set(COLUMNS)


def test_a_column_of_every_plan_has_a_row_for_each_or_one_for_all(made_up: Catalog, today):
    table = build_plans(made_up, Workload(outputs=("dense", "sparse")), today)
    assert {len(values.values) for values in table.columns.values()} <= {1, len(table)}
    assert all(len(values.values) == len(values.known) for values in table.columns.values())


@pytest.mark.parametrize(
    ("question", "outputs", "answer"),
    [
        ('outputs_asked != "dense"', ("dense",), False),
        ('outputs_asked != "dense"', ("dense", "multi_vector"), True),
        ('outputs_asked == "dense and multi-vector"', ("dense", "multi_vector"), True),
        ('outputs_asked in ("sparse", "dense")', ("dense",), True),
    ],
)
def test_a_list_is_compared_by_its_words_as_before_lists_were_columns(
    made_up: Catalog, today, question, outputs, answer
):
    table = build_plans(made_up, Workload(outputs=outputs), today)
    truth = evaluate(parse(question, KINDS), table.columns, len(table))
    assert truth.true.tolist() in ([answer], [answer] * len(table))
    stated = {"outputs_asked": column([listed(COLUMNS["outputs_asked"], outputs)], "list")}
    assert evaluate(parse(question, KINDS), stated, 1).true.tolist() == [answer]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_no_question(name):
    for question in (name, f"not {name}"):
        with pytest.raises(RuleError):
            parse(question, KINDS)
