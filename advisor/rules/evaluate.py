"""An expression's answer for every row at once: true, false, or unknown (Kleene's strong logic)."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.rules.columns import COLUMNS, Column, Kind
from advisor.rules.syntax import Expression, column_asked, literal_truth
from advisor.rules.template import listed

Bools = npt.NDArray[np.bool_]


class Values(NamedTuple):
    """One column. Shapes: both (rows,), or (1,) where one value stands for all rows.

    `values` is float64, object (text) or bool, and means nothing where not `known`.
    """

    values: npt.NDArray[Any]
    known: Bools


class Truth(NamedTuple):
    """The answer for each row. Shapes: both (rows,); false is where neither is set."""

    true: Bools
    unknown: Bools


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
DTYPES: dict[Kind, tuple[type, object]] = {
    "number": (np.float64, 0.0),
    "text": (object, ""),
    "boolean": (np.bool_, False),
    "list": (object, ()),
}


def column(values: Sequence[object], kind: Kind) -> Values:
    """A column of `kind`; None and NaN become unknown."""
    # NaN differs from itself
    known = np.array([value is not None and value == value for value in values], dtype=bool)
    dtype, filler = DTYPES[kind]
    filled = [value if there else filler for value, there in zip(values, known, strict=True)]
    return Values(np.fromiter(filled, dtype, len(filled)), known)


def evaluate(expression: Expression, columns: Mapping[str, Values], rows: int) -> Truth:
    """The answer for each row; an unknown operand or a division by zero makes it unknown."""
    with np.errstate(all="ignore"):
        return _truth(expression.tree, columns, rows)


def _truth(node: ast.expr, columns: Mapping[str, Values], rows: int) -> Truth:
    word = literal_truth(node)
    if word is not None:
        return Truth(np.full(rows, word), np.zeros(rows, dtype=bool))
    if isinstance(node, ast.Name):
        values, known = columns[node.id]
        return Truth(values.astype(bool) & known, ~known)
    if isinstance(node, ast.Call):
        known = columns[column_asked(node).id].known
        return Truth(~known, np.zeros_like(known))
    if isinstance(node, ast.UnaryOp):
        truth = _truth(node.operand, columns, rows)
        return Truth(~truth.true & ~truth.unknown, truth.unknown)
    if isinstance(node, ast.BoolOp):
        parts = [_truth(part, columns, rows) for part in node.values]
        return _all(parts) if isinstance(node.op, ast.And) else _any(parts)
    assert isinstance(node, ast.Compare)
    sides = [node.left, *node.comparators]
    return _all([_step(op, sides[i], sides[i + 1], columns, rows) for i, op in enumerate(node.ops)])


def _all(parts: list[Truth]) -> Truth:
    """False where any part is false, else unknown where any is unknown, else true."""
    # not ufunc.reduce: one value may stand for all rows
    true = reduce(np.logical_and, [part.true for part in parts])
    false = reduce(np.logical_or, [~part.true & ~part.unknown for part in parts])
    return Truth(true, ~true & ~false)


def _any(parts: list[Truth]) -> Truth:
    """True where any part is true, else unknown where any is unknown, else false."""
    true = reduce(np.logical_or, [part.true for part in parts])
    false = reduce(np.logical_and, [~part.true & ~part.unknown for part in parts])
    return Truth(true, ~true & ~false)


def _step(
    op: ast.cmpop, left: ast.expr, right: ast.expr, columns: Mapping[str, Values], rows: int
) -> Truth:
    """One comparison of a chain."""
    first = _values(left, columns, rows)
    if isinstance(op, (ast.In, ast.NotIn)):
        assert isinstance(right, (ast.Tuple, ast.List))
        literals = [ast.literal_eval(element) for element in right.elts]
        is_listed = np.logical_or.reduce([first.values == literal for literal in literals])
        return Truth((is_listed == isinstance(op, ast.In)) & first.known, ~first.known)
    second = _values(right, columns, rows)
    known = first.known & second.known
    return Truth(COMPARISONS[type(op)](first.values, second.values).astype(bool) & known, ~known)


def _in_words(column: Column, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A list as a sentence has it; the example of a rule may state the words themselves."""
    words = [value if isinstance(value, str) else listed(column, value) for value in values]
    return np.array(words, dtype=object)


def _values(node: ast.expr, columns: Mapping[str, Values], rows: int) -> Values:
    """Figures of one operand; true and false count as values where they are compared."""
    if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
        dtype = object if isinstance(node.value, str) else np.float64
        return Values(np.full(rows, node.value, dtype=dtype), np.ones(rows, dtype=bool))
    if isinstance(node, ast.Name) and literal_truth(node) is None:
        values = columns[node.id]
        if node.id in COLUMNS and COLUMNS[node.id].kind == "list":
            return Values(_in_words(COLUMNS[node.id], values.values), values.known)
        return values
    if isinstance(node, ast.BinOp):
        first, second = _values(node.left, columns, rows), _values(node.right, columns, rows)
        result = ARITHMETIC[type(node.op)](first.values, second.values)
        return Values(result, first.known & second.known & np.isfinite(result))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _values(node.operand, columns, rows)
        return Values(-inner.values, inner.known)
    truth = _truth(node, columns, rows)
    return Values(truth.true, ~truth.unknown)
