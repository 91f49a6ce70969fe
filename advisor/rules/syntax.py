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

from advisor.base.errors import did_you_mean
from advisor.rules.columns import Kind

MAX_LENGTH = 500  # characters
MAX_DEPTH = 20  # nested parts
LARGEST = 1e15  # beyond it float64 no longer counts by ones

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
    """The expression that `text` holds, over `columns` (name to kind); a `RuleError` if none."""
    if len(text) > MAX_LENGTH:
        problem = f"{len(text):,} characters, more than the {MAX_LENGTH} a rule may have."
        raise RuleError(f"{problem} Split it into several rules.")
    if any(sign in text for sign in "\n\r\0#"):
        problem = "a line break, a comment or a NUL is not allowed."
        raise RuleError(f"{problem} Write the expression on one line.")
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
    checked = _Checked(columns, {})
    if checked.kind(tree, 1) != "boolean":
        remedy = "Compare it with something, so that it is true or false."
        raise RuleError(f"the expression is no question. {remedy}")
    return Expression(text, tree, tuple(checked.names))


def literal_truth(node: ast.expr) -> bool | None:
    """True or False where the node is that word, in either spelling; None where it is not."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return node.value
    return {"true": True, "false": False}.get(node.id) if isinstance(node, ast.Name) else None


def column_asked(node: ast.Call) -> ast.Name:
    """The column that `unknown(column)` asks after; a `RuleError` for anything but one name."""
    match node:
        case ast.Call(args=[ast.Name() as name], keywords=[]) if literal_truth(name) is None:
            return name
    problem = f"`unknown` takes the name of one column, and not `{_quoted(node)}`."
    raise RuleError(f"{problem} Write unknown(column).")


def _bracket_depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


@dataclass(frozen=True)
class _Checked:
    """An expression being checked: the columns that it may name, and those that it names."""

    columns: Mapping[str, Kind]
    names: dict[str, None]

    def kind(self, node: ast.expr, depth: int) -> Kind:
        """Kind of one part, after checking it and all parts below."""
        if depth > MAX_DEPTH:
            raise RuleError(f"nested more than {MAX_DEPTH} deep. Split it into several rules.")
        if literal_truth(node) is not None:
            return "boolean"
        match node:
            case ast.Name(id=name):
                if name not in self.columns:
                    nearest = did_you_mean(name, self.columns)
                    raise RuleError(f"no column '{name}'. {nearest}".strip())
                self.names[name] = None
                # a list is compared by its words, as rules were written before lists were columns
                return "text" if self.columns[name] == "list" else self.columns[name]
            case ast.Constant():
                return _constant(node)
            case ast.BoolOp():
                word = "and" if isinstance(node.op, ast.And) else "or"
                return self.expect("boolean", node.values, f"`{word}` joins questions", depth)
            case ast.UnaryOp(op=ast.Not()):
                return self.expect("boolean", [node.operand], "`not` turns a question", depth)
            case ast.UnaryOp(op=ast.USub()):
                return self.expect("number", [node.operand], "`-` takes a number", depth)
            case ast.BinOp() if type(node.op) in OPERATORS:
                why = f"`{OPERATORS[type(node.op)]}` takes numbers"
                return self.expect("number", [node.left, node.right], why, depth)
            case ast.UnaryOp() | ast.BinOp():
                raise RuleError(f"`{SYMBOLS[type(node.op)]}` is not allowed. {ALLOWED}")
            case ast.Compare():
                return self.comparison(node, depth)
            case ast.Call(func=ast.Name(id="unknown")):
                self.kind(column_asked(node), depth + 1)
                return "boolean"
        raise RuleError(f"{REFUSED.get(type(node), 'this')} is not allowed. {ALLOWED}")

    def expect(self, kind: Kind, parts: list[ast.expr], why: str, depth: int) -> Kind:
        """The kind, which all parts must have."""
        for part in parts:
            actual = self.kind(part, depth + 1)
            if actual != kind:
                raise RuleError(f"{why}, and `{_quoted(part)}` is a {actual}.")
        return kind

    def comparison(self, node: ast.Compare, depth: int) -> Kind:
        """Checks a comparison, which may be chained: both sides of each step are of one kind."""
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                self.membership(left, right, depth)
            elif type(operator) in SYMBOLS:
                raise RuleError(f"`{SYMBOLS[type(operator)]}` is not allowed. {ALLOWED}")
            else:
                first, second = (self.kind(part, depth + 1) for part in (left, right))
                if first != second:
                    problem = f"`{_quoted(left)}` is a {first} and `{_quoted(right)}` a {second}."
                    raise RuleError(f"{problem} Compare like with like.")
                if isinstance(operator, ORDERED) and first != "number":
                    problem = f"compare numbers, and `{_quoted(left)}` is a {first}."
                    raise RuleError(f"`<` and its like {problem} Use == or !=.")
            left = right
        return "boolean"

    def membership(self, left: ast.expr, right: ast.expr, depth: int) -> None:
        """Checks `left in right`: a list of literals of its kind."""
        if not isinstance(right, (ast.Tuple, ast.List)) or not right.elts:
            example = 'kind in ("embedder", "reranker")'
            raise RuleError(f"`in` takes a list of literals, as in {example}.")
        kind = self.kind(left, depth + 1)
        for element in right.elts:
            match element:
                case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                    pass
                case _:
                    problem = f"and `{_quoted(element)}` is none."
                    raise RuleError(f"`in` takes a list of literals, {problem}")
            if self.kind(element, depth + 1) != kind:
                problem = f"`{_quoted(left)}` is a {kind}, and the list holds `{_quoted(element)}`."
                raise RuleError(f"{problem} Compare like with like.")


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


def _quoted(node: ast.expr) -> str:
    """The part as text, cut where it is long."""
    return ast.unparse(node)[:60]
