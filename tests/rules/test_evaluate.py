import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.rules import evaluate
from advisor.rules.syntax import MAX_DEPTH, MAX_LENGTH, parse

KINDS = {"a": "number", "b": "number", "t": "text", "p": "boolean", "q": "boolean"}
WORD = {True: "true", False: "false", None: "unknown"}


def answer(text, row):
    expression = parse(text, KINDS)
    columns = {name: evaluate.column([row.get(name)], kind) for name, kind in KINDS.items()}
    truth = evaluate.evaluate(expression, columns, 1)
    assert not (truth.true[0] and truth.unknown[0])
    return None if truth.unknown[0] else bool(truth.true[0])


AND = {
    (True, True): True,
    (True, False): False,
    (True, None): None,
    (False, True): False,
    (False, False): False,
    (False, None): False,
    (None, True): None,
    (None, False): False,
    (None, None): None,
}
OR = {
    (True, True): True,
    (True, False): True,
    (True, None): True,
    (False, True): True,
    (False, False): False,
    (False, None): None,
    (None, True): True,
    (None, False): None,
    (None, None): None,
}


@pytest.mark.parametrize(
    ("pair", "expected"),
    AND.items(),
    ids=[f"{WORD[p]} and {WORD[q]} is {WORD[e]}" for (p, q), e in AND.items()],
)
def test_and(pair, expected):
    assert answer("p and q", dict(zip("pq", pair, strict=True))) is expected


@pytest.mark.parametrize(
    ("pair", "expected"),
    OR.items(),
    ids=[f"{WORD[p]} or {WORD[q]} is {WORD[e]}" for (p, q), e in OR.items()],
)
def test_or(pair, expected):
    assert answer("p or q", dict(zip("pq", pair, strict=True))) is expected


@pytest.mark.parametrize(("value", "expected"), [(True, False), (False, True), (None, None)])
def test_not(value, expected):
    assert answer("not p", {"p": value}) is expected


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("a > b", {"a": 2.0, "b": 1.0}, True),
        ("a > b", {"a": 2.0}, None),
        ("a / b > 1", {"a": 2.0, "b": 0.0}, None),
        ("0 < a <= 5", {"a": 5.0}, True),
        ("0 < a < b", {"a": -1.0}, False),
        ("t in ('x', 'y')", {"t": "y"}, True),
        ("t not in ('x', 'y')", {"t": "y"}, False),
        ("t not in ('x', 'y')", {}, None),
        ("a in (1, -2)", {"a": -2.0}, True),
        ("t == 'x'", {}, None),
        ("p == q", {"p": False, "q": False}, True),
        ("p != true", {"p": None}, None),
        ("a * 1e15 * 1e15 * a * a > 1", {"a": 1e200}, None),
        ("unknown(a)", {}, True),
        ("unknown(a)", {"a": 0.0}, False),
        ("unknown(t)", {"t": ""}, False),
        ("unknown(p)", {"p": False}, False),
        ("unknown(a)", {"a": math.nan}, True),
        ("not unknown(a) and a > b", {"b": 1.0}, False),
        ("unknown(a) or a > b", {"b": 1.0}, True),
        ("unknown(a) == p", {"p": True}, True),
    ],
)
def test_answers(text, row, expected):
    assert answer(text, row) is expected


def test_nan_counts_as_unknown():
    assert answer("a > 1", {"a": math.nan}) is None


numbers = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["a", "b", "1", "2.5", "0"]),
        st.tuples(numbers, st.sampled_from("+-*/"), numbers).map(
            lambda p: f"({p[0]} {p[1]} {p[2]})"
        ),
        numbers.map(lambda n: f"(-{n})"),
    )
)
questions = st.deferred(
    lambda: st.one_of(
        st.sampled_from(
            ["p", "q", "true", "t == 'x'", "t != 'y'", "t in ('x', 'z')", "a not in (1, 2)"]
            + [f"unknown({name})" for name in KINDS]
        ),
        st.tuples(numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers).map(
            lambda p: f"({' '.join(p)})"
        ),
        st.tuples(questions, st.sampled_from(["and", "or"]), questions).map(
            lambda p: f"({' '.join(p)})"
        ),
        questions.map(lambda q: f"(not {q})"),
    )
)
rows = st.fixed_dictionaries(
    {
        "a": st.sampled_from([None, 0.0, 1.0, -2.0, 2.5]),
        "b": st.sampled_from([None, 0.0, 1.0, 3.0]),
        "t": st.sampled_from([None, "x", "y"]),
        "p": st.sampled_from([None, True, False]),
        "q": st.sampled_from([None, True, False]),
    }
)


def plain(node, row):
    """The slow reference: one row, one node at a time, None for unknown."""
    import ast

    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return True if node.id == "true" else row[node.id]
    if isinstance(node, ast.Call):
        return row[node.args[0].id] is None
    if isinstance(node, ast.UnaryOp):
        inner = plain(node.operand, row)
        if inner is None:
            return None
        return not inner if isinstance(node.op, ast.Not) else -inner
    if isinstance(node, ast.BinOp):
        left, right = plain(node.left, row), plain(node.right, row)
        if left is None or right is None or (isinstance(node.op, ast.Div) and right == 0):
            return None
        return {
            "Add": left + right,
            "Sub": left - right,
            "Mult": left * right,
            "Div": left / right if right else None,
        }[type(node.op).__name__]
    if isinstance(node, ast.BoolOp):
        parts = [plain(part, row) for part in node.values]
        decisive = isinstance(node.op, ast.Or)
        return decisive if decisive in parts else None if None in parts else not decisive
    left = plain(node.left, row)
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return (
            None
            if left is None
            else (left in ast.literal_eval(node.comparators[0])) == isinstance(node.ops[0], ast.In)
        )
    right = plain(node.comparators[0], row)
    if left is None or right is None:
        return None
    name = type(node.ops[0]).__name__
    return {
        "Lt": lambda: left < right,
        "LtE": lambda: left <= right,
        "Gt": lambda: left > right,
        "GtE": lambda: left >= right,
        "Eq": lambda: left == right,
        "NotEq": lambda: left != right,
    }[name]()


@settings(max_examples=400, deadline=None)
@given(questions, st.lists(rows, min_size=1, max_size=5))
def test_whole_columns_agree_with_a_slow_plain_reference(text, table):
    try:
        expression = parse(text, KINDS)
    except ValueError as error:
        assert {str(MAX_DEPTH), str(MAX_LENGTH)} & set(re.findall(r"\d+", str(error)))
        return
    columns = {
        name: evaluate.column([row[name] for row in table], kind) for name, kind in KINDS.items()
    }
    truth = evaluate.evaluate(expression, columns, len(table))
    found = [None if unknown else bool(true) for true, unknown in zip(*truth, strict=True)]
    assert found == [plain(expression.tree, row) for row in table]


# Columns of one value, chains, lists and kinds


def truth_of(text, columns, rows):
    names = {"a": "number", "b": "number", "t": "text", "p": "boolean", "q": "boolean"}
    made = {name: evaluate.column(values, names[name]) for name, values in columns.items()}
    found = evaluate.evaluate(parse(text, names), made, rows)
    return [
        None if unknown else bool(true)
        for true, unknown in zip(*np.broadcast_arrays(*found, np.empty(rows))[:2], strict=True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a > b",
        "p",
        "not p",
        "p and a > b",
        "p or a > b",
        "unknown(b) or unknown(a)",
        "t == 'x'",
        "t in ('x', 'y') and a > 1",
        "0 < b < a",
        "true",
        "a + b > 2",
    ],
)
def test_a_column_of_one_value_stands_for_every_row(text):
    many = {"a": [1.0, 3.0, None, 2.0], "b": [2.0] * 4, "p": [True] * 4, "t": ["x"] * 4}
    one = {**many, "b": [2.0], "p": [True], "t": ["x"]}
    assert truth_of(text, one, 4) == truth_of(text, many, 4)


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("true", [True] * 3),
        ("not false", [True] * 3),
        ("false", [False] * 3),
        ("a == 1", [True, False, None]),
        ("a != 1", [False, True, None]),
        ("1 == a", [True, False, None]),
        ("a in (1, 3)", [True, False, None]),
        ("a in (3, 1)", [True, False, None]),
        ("a in (2,)", [False, True, None]),
        ("a not in (3, 1)", [False, True, None]),
        ("t in ('x', 'y')", [True, None, True]),
        ("t == 'y'", [False, None, True]),
        ("0 < a < 2", [True, False, None]),
        ("0 < a < 2 < b", [False, False, False]),
        ("5 < a < b", [False, False, None]),
        ("3 > b > 2", [False, None, False]),
        ("-a == -1", [True, False, None]),
        ("-a < -1", [False, True, None]),
        ("a - 1 == 0", [True, False, None]),
        ("a * 2 + 1 == 3", [True, False, None]),
        ("a / 2 == 1", [False, True, None]),
        ("a / b > 0", [True, None, None]),
        ("a / (b - b) > 0", [None, None, None]),
        ("(a > 1) == p", [False, None, None]),
        ("(a > 1) != p", [True, None, None]),
        ("p == true", [True, None, False]),
        ("p == false", [False, None, True]),
        ("p == (not p)", [False, None, False]),
        ("(p and a > 0) == true", [True, None, False]),
        ("not p", [False, None, True]),
        ("unknown(a)", [False, False, True]),
        ("not unknown(t) and p", [True, False, False]),
        ("p and p", [True, None, False]),
        ("p or a == 2", [True, True, None]),
        ("p and a == 2 and t == 'x'", [False, None, False]),
        ("p or a == 3 or t == 'z'", [True, None, None]),
        ("a > 1e15", [False, False, None]),
        ("a == 1.0 and 1 < 2", [True, False, None]),
    ],
)
def test_each_row_has_its_own_answer(text, answers):
    columns = {
        "a": [1.0, 2.0, None],
        "b": [2.0, None, 2.0],
        "t": ["x", None, "y"],
        "p": [True, None, False],
        "q": [False, True, None],
    }
    assert truth_of(text, columns, 3) == answers


@pytest.mark.parametrize(
    ("kind", "values", "dtype"),
    [
        ("number", [1, None, 2.5, math.nan], float),
        ("text", ["a", None, "", "b"], object),
        ("boolean", [True, None, False, True], bool),
    ],
)
def test_a_column_holds_its_kind_and_what_is_known(kind, values, dtype):
    found = evaluate.column(values, kind)
    assert (
        found.values.dtype == dtype
        and found.known.dtype == bool
        and found.values.shape == found.known.shape == (4,)
    )
    known = [value is not None and value == value for value in values]
    assert found.known.tolist() == known
    assert [v for v, there in zip(found.values.tolist(), known, strict=True) if there] == [
        v for v, there in zip(values, known, strict=True) if there
    ]
    filler = {"number": 0.0, "text": "", "boolean": False}[kind]
    assert [v for v, there in zip(found.values.tolist(), known, strict=True) if not there] == [
        filler
    ] * known.count(False)


def test_an_answer_is_of_true_and_false_alone_and_of_every_row():
    columns = {"a": evaluate.column([1.0, None], "number"), "p": evaluate.column([True], "boolean")}
    for text, shape in (
        ("a > 0", 2),
        ("true", 2),
        ("a in (1, 2)", 2),
        ("not (a > 0)", 2),
        ("p and a > 0", 2),
        ("1 < 2", 2),
        ("unknown(a)", 2),
    ):
        found = evaluate.evaluate(parse(text, KINDS), columns, 2)
        assert (
            found.true.dtype == found.unknown.dtype == bool
            and found.true.shape == found.unknown.shape == (shape,)
        ), text
        assert not (found.true & found.unknown).any()


def test_arithmetic_that_overflows_makes_its_comparison_unknown_without_a_warning():
    assert truth_of("a * a > 1", {"a": [1e200, 1.0, -1e200]}, 3) == [None, False, None]
    assert truth_of("a / 0 > 1", {"a": [1.0, 0.0]}, 2) == [None, None]
    assert truth_of("a * a - a * a > 1", {"a": [1e200]}, 1) == [None]
