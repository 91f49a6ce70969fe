import ast

import pytest

from advisor.rules.syntax import MAX_LENGTH, RuleError, literal_truth, parse

COLUMNS = {"tokens": "number", "limit": "number", "kind": "text", "split": "boolean", "open": "boolean"}

REFUSED = {
    "f(1) > 0": "a call",
    "print('x')": "a call",
    "__import__('os').system('ls')": "a call",
    "kind.upper() == 'A'": "a call",
    "kind.name == 'a'": "an attribute",
    "().__class__ == 1": "an attribute",
    "__class__ == 1": "no column '__class__'",
    "__builtins__ == 1": "no column '__builtins__'",
    "tokens[0] > 1": "a subscript",
    "kind[0:2] == 'a'": "a subscript",
    "(lambda: True) == split": "a lambda",
    "lambda x: x": "a lambda",
    "f'{kind}' == kind": "an f-string",
    "[t for t in (1, 2)] == tokens": "a comprehension",
    "{t for t in (1, 2)} == tokens": "a comprehension",
    "(t for t in (1, 2)) == tokens": "a comprehension",
    "{1: 2} == tokens": "a dictionary",
    "{1, 2} == tokens": "a set",
    "tokens if split else limit": "a conditional",
    "(x := 1) > 0": "an assignment",
    "tokens ** 2 > 1": "`**`",
    "9 ** 9 ** 9 ** 9 > 1": "`**`",
    "tokens % 2 == 1": "`%`",
    "tokens // 2 == 1": "`//`",
    "tokens @ limit == 1": "`@`",
    "tokens << 2 > 1": "`<<`",
    "tokens >> 2 > 1": "`>>`",
    "tokens & 1 == 1": "`&`",
    "split | open": "`|`",
    "tokens ^ 2 == 1": "`^`",
    "~tokens == 1": "`~`",
    "+tokens == 1": "`unary +`",
    "split is True": "`is`",
    "split is not True": "`is not`",
    "kind == None": "None is not allowed",
    "kind == ...": "... is not allowed",
    "kind == b'a'": "bytes is not allowed",
    "tokens == 2j": "complex is not allowed",
    "tokens > 1e400": "a number beyond",
    "tokens > 99999999999999999999": "a number beyond",
    "tokens = 1": "not an expression",
    "import os": "not an expression",
    "tokens >": "not an expression",
    "": "not an expression",
    "split\nopen": "a line break",
    "split # and open": "a comment",
    "split\0": "NUL",
    "tokens": "no question",
    "kind": "no question",
    "tokens + 1": "no question",
    "kind > 'a'": "compare numbers",
    "kind == 1": "is a text",
    "tokens == 'a'": "is a number",
    "tokens and split": "joins questions",
    "not tokens": "turns a question",
    "kind + 'a' == 'b'": "takes numbers",
    "-kind == 1": "takes a number",
    "split + 1 > 1": "takes numbers",
    "kind in kind": "list of literals",
    "kind in ()": "list of literals",
    "kind in (kind, 'a')": "is none",
    "kind in ('a', 1)": "Compare like with like",
    "tokens == (1, 2)": "a list outside",
    "tokns > 1": "Did you mean 'tokens'?",
    "(yield) == 1": "yield",
    "*split": "not an expression",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=[repr(text)[:40] for text in REFUSED])
def test_refused_with_its_reason(text, reason):
    with pytest.raises(RuleError) as error:
        parse(text, COLUMNS)
    assert reason in str(error.value)


def test_a_text_of_ten_thousand_characters_is_refused_before_it_is_parsed():
    with pytest.raises(RuleError, match="10,000 characters"):
        parse("split and " * 1000, COLUMNS)


@pytest.mark.parametrize("text", ["(" * 100 + "split" + ")" * 100, "not " * 100 + "split", "-" * 200 + "tokens > 1", "[" * 60 + "]" * 60])
def test_deep_nesting_is_refused(text):
    assert len(text) <= MAX_LENGTH
    with pytest.raises(RuleError, match=r"nested|outside"):
        parse(text, COLUMNS)


def test_the_columns_are_named_in_order_once():
    assert parse("limit < tokens and (kind == 'a' or tokens > 1) and not split", COLUMNS).names == ("limit", "tokens", "kind", "split")


@pytest.mark.parametrize(
    "text",
    ["0 < tokens <= limit", "kind in ('a', 'b')", "tokens not in [1, -2]", "split == true", "True or open", "tokens / 2 > limit * -1"],
)
def test_accepted(text):
    assert parse(text, COLUMNS).text == text


USE = "Use columns, numbers, quoted text, + - * /, comparisons, in (...), and, or, not, parentheses."
LONG = "'" + "x" * 80 + "'"
TOLD = {
    "tokens ** 2 > 1": f"`**` is not allowed. {USE}",
    "~tokens == 1": f"`~` is not allowed. {USE}",
    "split is True": f"`is` is not allowed. {USE}",
    "f(1) > 0": f"a call is not allowed. {USE}",
    "tokens == (1, 2)": f"a list outside `in (...)` is not allowed. {USE}",
    "kind == None": f"None is not allowed. {USE}",
    "kind == ...": f"... is not allowed. {USE}",
    "kind == b'a'": f"bytes is not allowed. {USE}",
    "tokens > 1e16": "a number beyond 1e+15 is not allowed. Write a smaller one.",
    "tokens + 1": "the expression is no question. Compare it with something, so that it is true or false.",
    "split and tokens": "`and` joins questions, and `tokens` is a number.",
    "open or kind": "`or` joins questions, and `kind` is a text.",
    "not kind": "`not` turns a question, and `kind` is a text.",
    "-kind == 1": "`-` takes a number, and `kind` is a text.",
    "tokens + split > 1": "`+` takes numbers, and `split` is a boolean.",
    "kind * 2 > 1": "`*` takes numbers, and `kind` is a text.",
    "kind == tokens": "`kind` is a text and `tokens` a number. Compare like with like.",
    "kind < 'b'": "`<` and its like compare numbers, and `kind` is a text. Use == or !=.",
    "split >= open": "`<` and its like compare numbers, and `split` is a boolean. Use == or !=.",
    "kind in tokens": '`in` takes a list of literals, as in kind in ("embedder", "reranker").',
    "kind in ()": '`in` takes a list of literals, as in kind in ("embedder", "reranker").',
    "tokens in (1, limit)": "`in` takes a list of literals, and `limit` is none.",
    "tokens in (1, not 2)": "`in` takes a list of literals, and `not 2` is none.",
    "kind in ('a', 1)": "`kind` is a text, and the list holds `1`. Compare like with like.",
    "tokens in (1, -'a')": "`-` takes a number, and `'a'` is a text.",
    f"kind in (1, {LONG})": "`kind` is a text, and the list holds `1`. Compare like with like.",
    f"tokens in (1, {LONG})": f"`tokens` is a number, and the list holds `{LONG[:60]}`. Compare like with like.",
    f"{LONG} in (1, 2)": f"`{LONG[:60]}` is a text, and the list holds `1`. Compare like with like.",
    f"kind in (kind + {LONG}, 'a')": f"`in` takes a list of literals, and `{f'kind + {LONG}'[:60]}` is none.",
    f"{LONG} == 1": f"`{LONG[:60]}` is a text and `1` a number. Compare like with like.",
    f"1 == {LONG}": f"`1` is a number and `{LONG[:60]}` a text. Compare like with like.",
    f"{LONG} < {LONG}": f"`<` and its like compare numbers, and `{LONG[:60]}` is a text. Use == or !=.",
    "tokens <": f"not an expression: invalid syntax. {USE}",
    "split\nopen": "a line break, a comment or a NUL is not allowed. Write the expression on one line.",
    "split\ropen": "a line break, a comment or a NUL is not allowed. Write the expression on one line.",
    "tokns > 1": "no column 'tokns'. Did you mean 'tokens'?",
    "zzz > 1": "no column 'zzz'. Known: kind, limit, open, split, tokens.",
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), TOLD.items(), ids=[text[:40] for text in TOLD])
def test_what_is_wrong_is_told_word_for_word(text, sentence):
    with pytest.raises(RuleError) as error:
        parse(text, COLUMNS)
    assert str(error.value) == sentence


def test_where_no_column_is_near_and_there_are_many_nothing_is_guessed():
    with pytest.raises(RuleError) as error:
        parse("zzz > 1", {f"column_{i}": "number" for i in range(30)})
    assert str(error.value) == "no column 'zzz'."


def test_the_longest_text_is_taken_and_one_more_character_is_not():
    text = "split" + " " * (MAX_LENGTH - 5)
    assert parse(text, COLUMNS).text == text
    with pytest.raises(RuleError) as error:
        parse(text + " ", COLUMNS)
    assert str(error.value) == "501 characters, more than the 500 a rule may have. Split it into several rules."


def test_the_largest_number_is_taken_in_either_sign():
    assert parse("tokens > 1e15 and tokens > -1e15 and tokens < 1000000000000000", COLUMNS).names == ("tokens",)
    for text in ("tokens > 1000000000000001", "tokens > -1e400", "tokens in (1, 2e15)"):
        with pytest.raises(RuleError, match=r"a number beyond 1e\+15"):
            parse(text, COLUMNS)


DEEPEST = 20


def wrapped(levels):
    """Ways to put a question below `levels` others, itself included."""
    return {
        "not": "not " * (levels - 1) + "split",
        "minus": "tokens > " + "-" * (levels - 2) + "limit",
        "sum": "tokens > " + nested_sum(levels - 1),
        "and": nested_and(levels),
        "in": "not " * (levels - 2) + "tokens in (1, 2)",
        "left of in": "not " * (levels - 3) + "-tokens in (1, 2)",
        "in a list": "not " * (levels - 3) + "tokens in (1, -2)",
    }


def nested_sum(levels):
    return "limit" if levels == 1 else "1 + (" * (levels - 1) + "limit" + ")" * (levels - 1)


def nested_and(levels):
    return "split" if levels == 1 else ("open and (" if levels % 2 else "open or (") + nested_and(levels - 1) + ")"


@pytest.mark.parametrize("way", wrapped(DEEPEST))
def test_twenty_levels_are_taken_and_one_more_is_not(way):
    """A question is one level, and each operator around it one more."""
    assert parse(wrapped(DEEPEST)[way], COLUMNS)
    with pytest.raises(RuleError) as error:
        parse(wrapped(DEEPEST + 1)[way], COLUMNS)
    assert str(error.value) == "nested more than 20 deep. Split it into several rules."


def test_brackets_are_counted_before_the_text_is_parsed():
    assert parse("(" * 20 + "split" + ")" * 20, COLUMNS)
    assert parse(" and ".join(["(split)"] * 21), COLUMNS), "side by side they are not deep"
    for opened, closed in ("()", "[]", "{}"):
        with pytest.raises(RuleError) as error:
            parse(opened * 21 + "split" + closed * 21, COLUMNS)
        assert str(error.value) == "nested 21 deep, more than 20. Split it into several rules."


def test_the_tree_holds_the_question_and_spaces_around_it_count_for_nothing():
    assert parse("  split  ", COLUMNS).tree.id == "split"
    assert parse("'a' == kind", COLUMNS).names == ("kind",)
    assert parse("'\\d' == kind", COLUMNS).names == ("kind",), "Python's warning of an odd escape is not passed on"


@pytest.mark.parametrize(("word", "truth"), [("true", True), ("false", False), ("True", True), ("False", False), ("split", None), ("1", None), ("'true'", None)])  # fmt: skip
def test_a_word_of_truth_is_known_in_either_spelling(word, truth):
    assert literal_truth(ast.parse(word, mode="eval").body) is truth


def test_a_column_named_like_a_word_of_truth_is_that_word():
    assert parse("true", {"true": "number"}).names == ()
