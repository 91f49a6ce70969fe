"""The rules' expressions: parsed once with Python's own grammar, of which a small part is let in.

A rule asks of columns, numbers and quoted text with + - * /, comparisons, `in (...)`, `and`, `or`,
`not` and parentheses. `unknown(column)` is the only call: true where the column's value is not
known, and never itself unknown.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from advisor.base.errors import did_you_mean

Kind = Literal["number", "text", "boolean", "list"]
MAX_LENGTH = 500  # characters
MAX_DEPTH = 20  # nested parts
LARGEST = 1e15  # beyond it float64 no longer counts by ones

UNKNOWN = "unknown"
"""The only call of the language, of one column's name."""
ALLOWED = (
    "Use columns, numbers, quoted text, + - * /, comparisons, in (...), unknown(column), "
    "and, or, not, parentheses."
)
REFUSED: dict[type[ast.AST], str] = {
    ast.Call: "a call",
    ast.Attribute: "an attribute (a dot after a name)",
    ast.Subscript: "a subscript (square brackets after a name)",
    ast.Lambda: "a lambda",
    ast.JoinedStr: "an f-string",
    ast.IfExp: "a conditional (if ... else)",
    ast.NamedExpr: "an assignment (:=)",
    ast.Starred: "a star",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Tuple: "a list outside `in (...)`",
    ast.List: "a list outside `in (...)`",
    ast.Slice: "a slice",
}
OPERATORS: dict[type[ast.AST], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
SYMBOLS: dict[type[ast.AST], str] = {
    ast.Pow: "**", ast.Mod: "%", ast.FloorDiv: "//", ast.MatMult: "@", ast.LShift: "<<",
    ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.Is: "is",
    ast.IsNot: "is not", ast.UAdd: "unary +", ast.Invert: "~",
}  # fmt: skip
ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


class RuleError(ValueError):
    """A rule that cannot be read; the message says what is wrong and what to write instead."""


@dataclass(frozen=True)
class Expression:
    """An expression that was checked: every part of it is allowed, and its kinds fit."""

    text: str
    tree: ast.expr
    names: tuple[str, ...]


def parse(text: str, columns: Mapping[str, Kind]) -> Expression:
    """The expression that `text` holds, over `columns` (name to kind).

    Raises:
        RuleError: the text is too long or too deep, uses what is not allowed, names an unknown
            column, mixes kinds, or is not a question that is true or false.
    """
    if len(text) > MAX_LENGTH:
        raise RuleError(
            f"{len(text):,} characters, more than the {MAX_LENGTH} a rule may have. "
            "Split it into several rules."
        )
    if any(sign in text for sign in "\n\r\0#"):
        raise RuleError(
            "a line break, a comment or a NUL is not allowed. Write the expression on one line."
        )
    depth = _bracket_depth(text)
    if depth > MAX_DEPTH:
        raise RuleError(f"nested {depth} deep, more than {MAX_DEPTH}. Split it into several rules.")
    try:
        with warnings.catch_warnings():
            # of an odd escape: DeprecationWarning up to Python 3.11, SyntaxWarning from 3.12 on
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        detail = error.msg if isinstance(error, SyntaxError) else "it is too deeply nested"
        raise RuleError(f"not an expression: {detail}. {ALLOWED}") from None
    names: dict[str, None] = {}
    if _kind(tree, columns, names, 1) != "boolean":
        raise RuleError(
            "the expression is no question. Compare it with something, so that it is true or false."
        )
    return Expression(text, tree, tuple(names))


def literal_truth(node: ast.expr) -> bool | None:
    """True or False where the node is that word, in either spelling; None where it is not."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return node.value
    return {"true": True, "false": False}.get(node.id) if isinstance(node, ast.Name) else None


def column_asked(node: ast.Call) -> ast.Name:
    """The column whose value `unknown(column)` asks after.

    Raises:
        RuleError: the brackets hold anything but one name.
    """
    match node:
        case ast.Call(args=[ast.Name() as name], keywords=[]) if literal_truth(name) is None:
            return name
    raise RuleError(
        f"`{UNKNOWN}` takes the name of one column, and not `{_quoted(node)}`. "
        f"Write {UNKNOWN}(column)."
    )


def _bracket_depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _kind(node: ast.expr, columns: Mapping[str, Kind], names: dict[str, None], depth: int) -> Kind:
    """Kind of one part, after checking it and all parts below; `names` collects the columns."""
    if depth > MAX_DEPTH:
        raise RuleError(f"nested more than {MAX_DEPTH} deep. Split it into several rules.")
    if literal_truth(node) is not None:
        return "boolean"
    if isinstance(node, ast.Name):
        if node.id not in columns:
            raise RuleError(f"no column '{node.id}'. {did_you_mean(node.id, columns)}".strip())
        names[node.id] = None
        # a list is compared by its words, as rules were written before lists were columns
        return "text" if columns[node.id] == "list" else columns[node.id]
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.BoolOp):
        word = "and" if isinstance(node.op, ast.And) else "or"
        for part in node.values:
            _expect("boolean", part, f"`{word}` joins questions", columns, names, depth)
        return "boolean"
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            _expect("boolean", node.operand, "`not` turns a question", columns, names, depth)
            return "boolean"
        if isinstance(node.op, ast.USub):
            _expect("number", node.operand, "`-` takes a number", columns, names, depth)
            return "number"
        raise RuleError(f"`{SYMBOLS[type(node.op)]}` is not allowed. {ALLOWED}")
    if isinstance(node, ast.BinOp):
        if type(node.op) not in OPERATORS:
            raise RuleError(f"`{SYMBOLS[type(node.op)]}` is not allowed. {ALLOWED}")
        for part in (node.left, node.right):
            _expect(
                "number", part, f"`{OPERATORS[type(node.op)]}` takes numbers", columns, names, depth
            )
        return "number"
    if isinstance(node, ast.Compare):
        _comparison(node, columns, names, depth)
        return "boolean"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == UNKNOWN:
        _kind(column_asked(node), columns, names, depth + 1)
        return "boolean"
    raise RuleError(f"{REFUSED.get(type(node), 'this')} is not allowed. {ALLOWED}")


def _constant(node: ast.Constant) -> Kind:
    value = node.value
    if isinstance(value, str):
        return "text"
    if isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise RuleError(f"a number beyond {LARGEST:g} is not allowed. Write a smaller one.")
        return "number"
    shown = "..." if value is ... else "None" if value is None else type(value).__name__
    raise RuleError(f"{shown} is not allowed. {ALLOWED}")


def _expect(
    kind: Kind,
    node: ast.expr,
    why: str,
    columns: Mapping[str, Kind],
    names: dict[str, None],
    depth: int,
) -> None:
    actual = _kind(node, columns, names, depth + 1)
    if actual != kind:
        raise RuleError(f"{why}, and `{_quoted(node)}` is a {actual}.")


def _comparison(
    node: ast.Compare, columns: Mapping[str, Kind], names: dict[str, None], depth: int
) -> None:
    """Checks a comparison, which may be chained: both sides of each step are of one kind."""
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, (ast.In, ast.NotIn)):
            _membership(left, right, columns, names, depth)
        elif type(operator) in SYMBOLS:
            raise RuleError(f"`{SYMBOLS[type(operator)]}` is not allowed. {ALLOWED}")
        else:
            first, second = (_kind(part, columns, names, depth + 1) for part in (left, right))
            if first != second:
                raise RuleError(
                    f"`{_quoted(left)}` is a {first} and `{_quoted(right)}` a {second}. "
                    "Compare like with like."
                )
            if isinstance(operator, ORDERED) and first != "number":
                raise RuleError(
                    f"`<` and its like compare numbers, and `{_quoted(left)}` is a {first}. "
                    "Use == or !=."
                )
        left = right


def _membership(
    left: ast.expr, right: ast.expr, columns: Mapping[str, Kind], names: dict[str, None], depth: int
) -> None:
    if not isinstance(right, (ast.Tuple, ast.List)) or not right.elts:
        raise RuleError('`in` takes a list of literals, as in kind in ("embedder", "reranker").')
    kind = _kind(left, columns, names, depth + 1)
    for element in right.elts:
        match element:
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                pass
            case _:
                raise RuleError(f"`in` takes a list of literals, and `{_quoted(element)}` is none.")
        if _kind(element, columns, names, depth + 1) != kind:
            raise RuleError(
                f"`{_quoted(left)}` is a {kind}, and the list holds `{_quoted(element)}`. "
                "Compare like with like."
            )


def _quoted(node: ast.expr) -> str:
    """The part as text, cut where it is long."""
    return ast.unparse(node)[:60]
