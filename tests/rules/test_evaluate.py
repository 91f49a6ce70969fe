import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.rules import evaluate
from advisor.rules.syntax import parse

KINDS = {"a": "number", "b": "number", "t": "text", "p": "boolean", "q": "boolean"}
WORD = {True: "true", False: "false", None: "unknown"}


def answer(text, row):
    expression = parse(text, KINDS)
    columns = {name: evaluate.column([row.get(name)], kind) for name, kind in KINDS.items()}
    truth = evaluate.evaluate(expression, columns, 1)
    assert not (truth.true[0] and truth.unknown[0])
    return None if truth.unknown[0] else bool(truth.true[0])


AND = {(True, True): True, (True, False): False, (True, None): None, (False, True): False, (False, False): False, (False, None): False, (None, True): None, (None, False): False, (None, None): None}  # fmt: skip
OR = {(True, True): True, (True, False): True, (True, None): True, (False, True): True, (False, False): False, (False, None): None, (None, True): True, (None, False): None, (None, None): None}  # fmt: skip


@pytest.mark.parametrize(("pair", "expected"), AND.items(), ids=[f"{WORD[p]} and {WORD[q]} is {WORD[e]}" for (p, q), e in AND.items()])
def test_and(pair, expected):
    assert answer("p and q", dict(zip("pq", pair, strict=True))) is expected


@pytest.mark.parametrize(("pair", "expected"), OR.items(), ids=[f"{WORD[p]} or {WORD[q]} is {WORD[e]}" for (p, q), e in OR.items()])
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
    ],
)
def test_answers(text, row, expected):
    assert answer(text, row) is expected


def test_nan_counts_as_unknown():
    assert answer("a > 1", {"a": math.nan}) is None


numbers = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["a", "b", "1", "2.5", "0"]),
        st.tuples(numbers, st.sampled_from("+-*/"), numbers).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        numbers.map(lambda n: f"(-{n})"),
    )
)
questions = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["p", "q", "true", "t == 'x'", "t != 'y'", "t in ('x', 'z')", "a not in (1, 2)"]),
        st.tuples(numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers).map(lambda p: f"({' '.join(p)})"),
        st.tuples(questions, st.sampled_from(["and", "or"]), questions).map(lambda p: f"({' '.join(p)})"),
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
    if isinstance(node, ast.UnaryOp):
        inner = plain(node.operand, row)
        if inner is None:
            return None
        return not inner if isinstance(node.op, ast.Not) else -inner
    if isinstance(node, ast.BinOp):
        left, right = plain(node.left, row), plain(node.right, row)
        if left is None or right is None or (isinstance(node.op, ast.Div) and right == 0):
            return None
        return {"Add": left + right, "Sub": left - right, "Mult": left * right, "Div": left / right if right else None}[
            type(node.op).__name__
        ]
    if isinstance(node, ast.BoolOp):
        parts = [plain(part, row) for part in node.values]
        decisive = isinstance(node.op, ast.Or)
        return decisive if decisive in parts else None if None in parts else not decisive
    left = plain(node.left, row)
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return None if left is None else (left in ast.literal_eval(node.comparators[0])) == isinstance(node.ops[0], ast.In)
    right = plain(node.comparators[0], row)
    if left is None or right is None:
        return None
    name = type(node.ops[0]).__name__
    return {"Lt": lambda: left < right, "LtE": lambda: left <= right, "Gt": lambda: left > right, "GtE": lambda: left >= right, "Eq": lambda: left == right, "NotEq": lambda: left != right}[name]()  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(questions, st.lists(rows, min_size=1, max_size=5))
def test_whole_columns_agree_with_a_slow_plain_reference(text, table):
    try:
        expression = parse(text, KINDS)
    except ValueError as error:
        assert "deep" in str(error) or "characters" in str(error)
        return
    columns = {name: evaluate.column([row[name] for row in table], kind) for name, kind in KINDS.items()}
    truth = evaluate.evaluate(expression, columns, len(table))
    found = [None if unknown else bool(true) for true, unknown in zip(*truth, strict=True)]
    assert found == [plain(expression.tree, row) for row in table]
