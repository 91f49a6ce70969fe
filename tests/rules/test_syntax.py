import pytest

from advisor.rules.syntax import MAX_LENGTH, RuleError, parse

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
