"""Rule text, whatever stands in it: an expression that gives an answer, or a RuleError that says why not."""

import ast
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.rules import evaluate
from advisor.rules.columns import KINDS
from advisor.rules.syntax import MAX_LENGTH, RuleError, parse
from advisor.rules.template import fill, names_in
from tests.fuzz.fuzzing import drawn

COLUMNS = {"tokens": "number", "limit": "number", "kind": "text", "split": "boolean"}
ROWS = {
    "tokens": [None, 0.0, -1.5, 1e300, 7.0],
    "limit": [0.0, None, 2.0, -1e300, 7.0],
    "kind": ["a", "", None, "a", "\u2028"],
    "split": [True, False, None, True, False],
}
PIECES = st.one_of(
    st.sampled_from(
        [
            "tokens",
            "limit",
            "kind",
            "split",
            "true",
            "false",
            "True",
            "and",
            "or",
            "not",
            "in",
            "is",
            "if",
            "else",
            "lambda",
            "None",
            "...",
            "1",
            "0",
            "-1",
            "1e15",
            "1e16",
            "1e999",
            "0x1f",
            "1_0",
            "2j",
            "'a'",
            '"b"',
            "f'{kind}'",
            "b'a'",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ".",
            ":",
            ":=",
            ";",
            "+",
            "-",
            "*",
            "/",
            "//",
            "**",
            "%",
            "@",
            "&",
            "|",
            "^",
            "~",
            "<<",
            ">>",
            "<",
            "<=",
            "==",
            "!=",
            ">",
            ">=",
            "=",
            "!",
            "\\",
            "#",
            "\n",
            "\t",
            "\x0c",
            "\x00",
            "\ud800",
            "\u200b",
            "\uff53plit",
            "__class__",
            "await",
            "yield",
            "*",
        ]
    ),
    st.text(max_size=3),
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=25).map(" ".join),
    st.lists(PIECES, max_size=25).map("".join),
    st.text(max_size=MAX_LENGTH + 20),
    st.tuples(
        st.sampled_from(["(", "[", "not ", "-", "split and ", "tokens<", "{", "kind in ("]),
        st.integers(1, 400),
        st.sampled_from(["split", "1", ""]),
    ).map(lambda drawn: drawn[0] * drawn[1] + drawn[2]),
)


@drawn(600)
@given(TEXTS)
@example("not " * 124 + "true")
@example("-" * 490 + "1 > 1")
@example("split" + " or split" * 54)
@example("\x0csplit")
@example("'\\N{BULLET}' == kind")
@example("'\\N{no such}' == kind")
@example("kind == '\ud800'")
def test_a_rule_text_answers_or_is_refused_in_a_sentence(text):
    try:
        expression = parse(text, COLUMNS)
    except RuleError as error:
        assert str(error).strip() and "\n" not in str(error).replace(text, "")
        return
    assert len(text) <= MAX_LENGTH and set(expression.names) <= set(COLUMNS)
    assert sum(1 for _ in ast.walk(expression.tree)) <= 3 * len(text), (
        "the work for a row grows with the text and no faster"
    )
    rows = len(ROWS["kind"])
    columns = {name: evaluate.column(values, COLUMNS[name]) for name, values in ROWS.items()}
    truth = evaluate.evaluate(expression, columns, rows)
    assert (
        truth.true.shape == truth.unknown.shape == (rows,)
        and not (truth.true & truth.unknown).any()
    )
    assert truth.true.dtype == truth.unknown.dtype == np.bool_


@drawn(200)
@given(
    st.lists(
        st.sampled_from(
            [
                "{",
                "}",
                "{{",
                "}}",
                "tokens",
                "a b",
                "!r",
                ":>9",
                "\n",
                "{tokens}",
                "{limit}",
                "\ud800",
            ]
        )
        | st.text(max_size=4)
    ).map("".join)
)
@example("\x00\x01{{}}")
def test_a_sentence_takes_figures_in_plain_places_or_is_refused(template):
    try:
        names = names_in(template)
    except RuleError as error:
        assert str(error).strip()
        return
    assert all(name.isidentifier() for name in names)
    filled = fill(template, dict.fromkeys(names, "7"))
    assert (
        "7" in filled
        if names
        else filled == re.sub(r"\{\{|\}\}", lambda twice: twice[0][0], template)
    )


@pytest.mark.parametrize("name", KINDS)
def test_every_column_is_a_name_that_a_rule_can_hold(name):
    text = f"{name} == ''"
    questions = {"number": f"{name} > 0", "text": text, "list": text, "boolean": name}
    question = questions[KINDS[name]]
    assert parse(question, KINDS).names == (name,)
