import csv
import re
import tracemalloc

import pytest

from advisor.live.sample_texts import SampleLimits, passages
from advisor.live.tokenizer_faults import TokenCountError


@pytest.mark.parametrize(
    ("content", "name", "split", "sample"),
    [
        ("one\ntwo\n\n \t\n\nthree  \n", "", "blank-line", ["one\ntwo", "three"]),
        ("one\ntwo\n\nthree\n", "", "line", ["one", "two", "three"]),
        ("one\r\n\r\ntwo\rthree\r\nfour", "", "blank-line", ["one", "two\nthree\nfour"]),
        ("caf\u00e9".encode(), "a.txt", "blank-line", ["caf\u00e9"]),
        (b"\xef\xbb\xbftext\nwith a mark", "A.TXT", "line", ["text", "with a mark"]),
        ("one\u2028two", "", "line", ["one\u2028two"]),
        (
            b'id,Text \n1,"one, two\n\nthree"\n\n2,"say ""four"""\n3,\n',
            "a.csv",
            "line",
            ["one, two\n\nthree", 'say "four"'],
        ),
        (b"text\none\ntwo\n", "a.CSV", "line", ["one", "two"]),
        (b"id;body;more\na-1;one, two;x y\n", "a.csv", "line", ["one, two"]),
        (b"id\tbody\n1\tone two\n", "a.csv", "line", ["one two"]),
        (b"key,body\nk,one\nl,two words\n", "a.csv", "line", ["one", "two words"]),
        (b"n,body\n1,one\n2,two\n", "a.csv", "line", ["one", "two"]),
        ("id,body\nk,\u65e5\u672c\u8a9e\n".encode(), "a.csv", "line", ["\u65e5\u672c\u8a9e"]),
        (b"when,body\n2026-01-02 10:00,one two\n", "a.csv", "line", ["one two"]),
        (
            b'{"id": 7, "text": "one\\ntwo"}\n\n{"text": "three", "id": 8}\n',
            "a.jsonl",
            "line",
            ["one\ntwo", "three"],
        ),
        (
            b'{"id": "k", "body": "one two"}\n{"id": "l", "body": ""}',
            "a.jsonl",
            "line",
            ["one two"],
        ),
        (b'{"text": "a \\ud800 b"}', "a.jsonl", "line", ["a ? b"]),
    ],
)
def test_a_sample_is_split_into_these_passages(content, name, split, sample):
    assert passages(content, name, split) == sample


@pytest.mark.parametrize(
    ("content", "name", "facts"),
    [
        pytest.param(b"one\ntwo\n\xff\xfe", "a.txt", ["3", "UTF-8"], id="not UTF-8"),
        pytest.param(
            b"\xef\xbb\xbfone\n\xe9", "a.csv", ["2", "UTF-8"], id="not UTF-8 after a mark"
        ),
        pytest.param(b"x", "a.pdf", [".pdf", ".txt", ".csv", ".jsonl"], id="another kind of file"),
        pytest.param(
            b'text,n\n"a\nb",1\n\none, two,2\n', "a.csv", ["5", "3", "2"], id="a value too many"
        ),
        pytest.param(
            b'text\nfine\n"open\nand on', "a.csv", ["3", "table", ".jsonl"], id="an open quote"
        ),
        pytest.param(b'text\n"a" b\n', "a.csv", ["2", "table", ".jsonl"], id="a stray quote"),
        pytest.param(
            b"text\n" + b"a" * 131_073, "a.csv", ["2", "table", "131072"], id="a long field"
        ),
        pytest.param(b"a,b\n1,2\n", "a.csv", ["'text'"], id="no column of texts"),
        pytest.param(
            b'{"text": "a"}\n{"text": "b"\n',
            "a.jsonl",
            ["2", "JSON", '{"text": "..."}'],
            id="JSON that breaks off",
        ),
        pytest.param(b'{"text": "a"}\n\n["b"]\n', "a.jsonl", ["3", "JSON"], id="a list"),
        pytest.param(b"[" * 100_000, "a.jsonl", ["1", "JSON"], id="nested"),
        pytest.param(
            b'{"text": "a"}\n{"body": "b"}\n',
            "a.jsonl",
            ["2", "'text'"],
            id="an object of another kind",
        ),
        pytest.param(b'{"text": 5, "body": "b c"}\n', "a.jsonl", ["1", "'text'"], id="a number"),
        pytest.param(b'{"n": 5}\n', "a.jsonl", ["'text'"], id="no field of texts"),
        pytest.param(
            "fine\n\n" + "a" * 131_073, "", ["3", "131,073", "131,072"], id="a long passage"
        ),
    ],
)
def test_a_sample_that_cannot_be_read_says_where_and_what_to_do(pinned, content, name, facts):
    csv.field_size_limit(131_072)  # bulk encoding, in a process of its own, takes more
    with pytest.raises(TokenCountError) as caught:
        passages(content, name)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert all(
        re.search(rf"(?<![\d,]){re.escape(fact)}(?![\d,]\d)", sentence) for fact in facts
    )  # a number as a whole
    assert sentence == pinned


def test_a_sample_of_the_largest_size_is_read_and_one_more_is_not():
    assert len(passages("a" * 10, limits=SampleLimits(largest_bytes=10))) == 1
    with pytest.raises(TokenCountError, match=r"\b11\b.*\b10\b"):
        passages("\u00e9" * 5 + "a", limits=SampleLimits(largest_bytes=10))
    assert len(passages("a" * 131_072)) == 1
    assert len(passages("a\n" * 3, split="line", limits=SampleLimits(most_passages=3))) == 3
    with pytest.raises(TokenCountError, match=r"\b5\b.*\b3\b"):
        passages("a\na\n\na\na\n", split="line", limits=SampleLimits(most_passages=3))


def test_the_limits_are_five_megabytes_and_twenty_thousand_passages():
    assert len(passages("a\n" * 20_000, split="line")) == 20_000
    with pytest.raises(TokenCountError, match="20,000"):
        passages("a\n" * 20_001, split="line")
    with pytest.raises(TokenCountError, match="5,000,001"):
        passages(b"a" * 5_000_001)


def test_each_limit_of_a_sample_is_told_with_what_to_do(pinned):
    sentence = {}
    for name, text, limits in (
        ("bytes", "a" * 11, SampleLimits(10)),
        ("passages", "a\na\n\na\na\n", SampleLimits(most_passages=3)),
    ):
        with pytest.raises(TokenCountError) as caught:
            passages(text, split="line", limits=limits)
        sentence[name] = str(caught.value)
    assert "11" in sentence["bytes"] and "3" in sentence["passages"]
    assert sentence == pinned


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b'{"text":"a"}\n' * 380_000),
        ("a.csv", b"text,n\n" + b"a,1\n" * 1_200_000),
        ("a.txt", b"a\n\n" * 1_600_000),
    ],
)
def test_no_more_rows_than_are_counted_are_held(name, content):
    tracemalloc.start()
    with pytest.raises(TokenCountError, match="20,000"):
        passages(content, name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000
