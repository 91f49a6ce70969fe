import ast
import re

import pytest

from advisor.rules.syntax import ALLOWED, MAX_LENGTH, RuleError, literal_truth, parse

COLUMNS = {
    "tokens": "number",
    "limit": "number",
    "kind": "text",
    "split": "boolean",
    "open": "boolean",
}

CONSTRUCTS = {
    "call": ["f(1) > 0", "print('x')", "__import__('os').system('ls')", "kind.upper() == 'A'"],
    "attribute": ["kind.name == 'a'", "().__class__ == 1"],
    "subscript": ["tokens[0] > 1", "kind[0:2] == 'a'"],
    "lambda": ["(lambda: True) == split", "lambda x: x"],
    "f-string": ["f'{kind}' == kind"],
    "comprehension": [
        "[t for t in (1, 2)] == tokens",
        "{t for t in (1, 2)} == tokens",
        "(t for t in (1, 2)) == tokens",
    ],
    "dictionary": ["{1: 2} == tokens"],
    "set": ["{1, 2} == tokens"],
    "conditional": ["tokens if split else limit"],
    "assignment": ["(x := 1) > 0"],
    "bytes": ["kind == b'a'"],
    "complex": ["tokens == 2j"],
    "None": ["kind == None"],
    "...": ["kind == ..."],
    "number beyond": ["tokens > 1e400", "tokens > 99999999999999999999"],
    "line": ["split\nopen", "split\ropen", "split # and open", "split\0"],
    "no question": ["tokens", "kind", "tokens + 1"],
    "no list of literals": ["kind in kind", "kind in ()"],
    "list": ["tokens == (1, 2)"],
    "yield": ["(yield) == 1"],
}
NAMED = {
    "__class__ == 1": "'__class__'",
    "__builtins__ == 1": "'__builtins__'",
    "tokns > 1": "'tokens'",
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
    "+tokens == 1": "+`",
    "split is True": "`is`",
    "split is not True": "`is not`",
    "kind > 'a'": "text",
    "kind == 1": "text",
    "tokens == 'a'": "number",
    "tokens and split": "number",
    "not tokens": "number",
    "kind + 'a' == 'b'": "text",
    "-kind == 1": "text",
    "split + 1 > 1": "boolean",
    "kind in (kind, 'a')": "`kind`",
    "kind in ('a', 1)": "`1`",
    "unknown(knd)": "'kind'",
    "unknown()": "one column",
    "unknown(kind, split)": "one column",
    "unknown(1)": "one column",
    "unknown('kind')": "one column",
    "unknown(true)": "one column",
    "unknown(tokens > 1)": "one column",
    "unknown(*kind)": "one column",
    "unknown(column=kind)": "one column",
    "unknown(unknown(kind))": "one column",
    "unknown(kind)(split)": "a call",
    "unknown == 1": "'unknown'",
}
NO_EXPRESSION = ["tokens = 1", "import os", "tokens >", "", "*split"]


def refusal(text):
    with pytest.raises(RuleError) as error:
        parse(text, COLUMNS)
    return str(error.value)


def test_each_construct_that_is_not_allowed_is_refused_with_a_sentence_of_its_own():
    told = {name: {refusal(text) for text in texts} for name, texts in CONSTRUCTS.items()}
    assert [name for name, sentences in told.items() if len(sentences) != 1] == []
    assert len(set().union(*told.values())) == len(CONSTRUCTS)


@pytest.mark.parametrize(("text", "named"), NAMED.items(), ids=[repr(text)[:40] for text in NAMED])
def test_a_refusal_names_what_is_wrong(text, named):
    assert named in refusal(text)


@pytest.mark.parametrize("text", NO_EXPRESSION)
def test_what_is_no_expression_is_refused_with_what_may_be_used(text):
    assert refusal(text).endswith(ALLOWED)


def test_a_text_of_ten_thousand_characters_is_refused_before_it_is_parsed():
    assert "10,000" in refusal("split and " * 1000)


@pytest.mark.parametrize(
    ("text", "deepest"),
    [
        ("(" * 100 + "split" + ")" * 100, "100"),
        ("not " * 100 + "split", "20"),
        ("-" * 200 + "tokens > 1", "20"),
        ("[" * 60 + "]" * 60, "60"),
    ],
)
def test_deep_nesting_is_refused(text, deepest):
    assert len(text) <= MAX_LENGTH
    assert deepest in refusal(text)


def test_the_columns_are_named_in_order_once():
    assert parse("limit < tokens and (kind == 'a' or tokens > 1) and not split", COLUMNS).names == (
        "limit",
        "tokens",
        "kind",
        "split",
    )


@pytest.mark.parametrize(
    "text",
    [
        "0 < tokens <= limit",
        "kind in ('a', 'b')",
        "tokens not in [1, -2]",
        "split == true",
        "True or open",
        "unknown(kind) or not unknown(limit)",
        "unknown(split) == open",
        "tokens / 2 > limit * -1",
    ],
)
def test_accepted(text):
    assert parse(text, COLUMNS).text == text


LONG = "'" + "x" * 80 + "'"
TOLD = [
    "tokens ** 2 > 1",
    "~tokens == 1",
    "split is True",
    "f(1) > 0",
    "tokens == (1, 2)",
    "kind == None",
    "kind == ...",
    "kind == b'a'",
    "unknown(tokens + 1)",
    "unknown()",
    "tokens > 1e16",
    "tokens + 1",
    "split and tokens",
    "open or kind",
    "not kind",
    "-kind == 1",
    "tokens + split > 1",
    "kind * 2 > 1",
    "kind == tokens",
    "kind < 'b'",
    "split >= open",
    "kind in tokens",
    "kind in ()",
    "tokens in (1, limit)",
    "tokens in (1, not 2)",
    "kind in ('a', 1)",
    "tokens in (1, -'a')",
    "tokens <",
    "split\nopen",
    "tokns > 1",
    "zzz > 1",
]
CUT = [
    f"kind in (1, {LONG})",
    f"tokens in (1, {LONG})",
    f"{LONG} in (1, 2)",
    f"kind in (kind + {LONG}, 'a')",
    f"{LONG} == 1",
    f"1 == {LONG}",
    f"{LONG} < {LONG}",
]


def test_what_is_wrong_is_told_with_what_to_write_instead(pinned):
    told = {text: refusal(text) for text in TOLD}
    assert all(name in told["zzz > 1"] for name in COLUMNS) and not any(
        name in told["tokns > 1"] for name in ("limit", "open")
    )
    assert told == pinned


def test_what_is_quoted_of_a_long_text_is_cut(pinned):
    told = {text: refusal(text) for text in CUT}
    assert not any(LONG in sentence for sentence in told.values())
    assert [text for text, sentence in told.items() if f"`{LONG[:60]}`" not in sentence] == [
        CUT[0],
        CUT[3],
    ]  # quoted: the other side, a sum
    assert told == pinned


def test_where_no_column_is_near_and_there_are_many_nothing_is_guessed():
    with pytest.raises(RuleError) as error:
        parse("zzz > 1", {f"column_{i}": "number" for i in range(30)})
    assert "'zzz'" in str(error.value) and "column_" not in str(error.value)


def test_the_longest_text_is_taken_and_one_more_character_is_not():
    text = "split" + " " * (MAX_LENGTH - 5)
    assert parse(text, COLUMNS).text == text
    assert re.findall(r"\d+", refusal(text + " ")) == ["501", "500"]


def test_the_largest_number_is_taken_in_either_sign():
    assert parse(
        "tokens > 1e15 and tokens > -1e15 and tokens < 1000000000000000", COLUMNS
    ).names == ("tokens",)
    for text in ("tokens > 1000000000000001", "tokens > -1e400", "tokens in (1, 2e15)"):
        assert "1e+15" in refusal(text)


DEEPEST = 20


def wrapped(levels):
    """Ways to put a question below `levels` others, itself included."""
    return {
        "not": "not " * (levels - 1) + "split",
        "unknown": "not " * (levels - 2) + "unknown(limit)",
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
    return (
        "split"
        if levels == 1
        else ("open and (" if levels % 2 else "open or (") + nested_and(levels - 1) + ")"
    )


@pytest.mark.parametrize("way", wrapped(DEEPEST))
def test_twenty_levels_are_taken_and_one_more_is_not(way):
    """A question is one level, and each operator around it one more."""
    assert parse(wrapped(DEEPEST)[way], COLUMNS)
    assert re.findall(r"\d+", refusal(wrapped(DEEPEST + 1)[way])) == ["20"]


def test_brackets_are_counted_before_the_text_is_parsed():
    assert parse("(" * 20 + "split" + ")" * 20, COLUMNS)
    assert parse(" and ".join(["(split)"] * 21), COLUMNS), "side by side they are not deep"
    for opened, closed in ("()", "[]", "{}"):
        assert re.findall(r"\d+", refusal(opened * 21 + "split" + closed * 21)) == ["21", "20"]


def test_the_tree_holds_the_question_and_spaces_around_it_count_for_nothing():
    assert parse("  split  ", COLUMNS).tree.id == "split"
    assert parse("'a' == kind", COLUMNS).names == ("kind",)
    assert parse("'\\d' == kind", COLUMNS).names == ("kind",), (
        "Python's warning of an odd escape is not passed on"
    )


@pytest.mark.parametrize(
    ("word", "truth"),
    [
        ("true", True),
        ("false", False),
        ("True", True),
        ("False", False),
        ("split", None),
        ("1", None),
        ("'true'", None),
    ],
)
def test_a_word_of_truth_is_known_in_either_spelling(word, truth):
    assert literal_truth(ast.parse(word, mode="eval").body) is truth


def test_a_column_named_like_a_word_of_truth_is_that_word():
    assert parse("true", {"true": "number"}).names == ()
