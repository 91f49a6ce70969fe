"""A visitor's own data: good files in each form, and what is said of bad ones."""

import dataclasses
import json
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.live.judged import LIMITS, SHOWN_FAULTS, OwnDataError, read
from tests.live.own_data import (
    BEIR_QRELS,
    CORPUS_JSONL,
    PASSAGES,
    QRELS,
    QUERIES,
    QUERIES_JSONL,
    places,
    uploads,
)

SMALL = LIMITS._replace(
    most_passages=2,
    most_queries=1,
    most_judgements=3,
    longest_passage=30,
    longest_query=40,
    largest_bytes=2_000,
)


def judged(
    passages=PASSAGES,
    queries=QUERIES,
    qrels=QRELS,
    limits=LIMITS,
    names=("p.csv", "q.csv", "j.txt"),
):
    return read(*uploads((passages, queries, qrels), names), limits)


def faults(**files):
    with pytest.raises(OwnDataError) as caught:
        judged(**files)
    return caught.value


# Good files


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_with_each_delimiter(delimiter):
    data = judged(PASSAGES.replace(",", delimiter), QUERIES.replace(",", delimiter))
    assert data.passages == {"p1": "Frost splits rock.", "p2": "Yeast makes gas."}
    assert data.queries == {"q1": "why do stones crack in winter", "q2": "what lifts dough"}
    assert data.judgements == {"q1": {"p1": 2}, "q2": {"p2": 1, "p1": 0}} and data.notes == ()


def test_jsonl_of_beir_puts_the_title_before_the_text():
    data = judged(
        CORPUS_JSONL, QUERIES_JSONL, BEIR_QRELS, names=("corpus.jsonl", "queries.jsonl", "test.tsv")
    )
    assert data.passages == {
        "p1": "Frost It splits rock.",
        "p2": "Yeast makes gas.",
    } and data.judgements["q1"] == {"p1": 2}


def test_a_pasted_text_says_by_itself_what_it_is():
    data = judged(CORPUS_JSONL, QUERIES, QRELS, names=("", "", ""))
    assert list(data.passages) == ["p1", "p2"] and list(data.queries) == ["q1", "q2"]


@pytest.mark.parametrize(
    "qrels",
    [
        QRELS,
        QRELS.replace(" ", "\t"),
        "\n" + QRELS.replace("\n", "  \r\n\r\n"),
        "query-id,corpus-id,score\nq1,p1,2\nq2,p2,1\nq2,p1,0\n",
        '"Query-ID";"Score";"Corpus-ID"\nq1;2;p1\nq2;1;p2\nq2;0.0;p1',
        "qid\t0\tdocid\tgrade\nq1\tQ0\tp1\t2\nq2\tQ0\tp2\t+1\nq2\tQ0\tp1\t0\n",
    ],
)
def test_judgements_are_read_as_trec_and_as_a_table(qrels):
    assert judged(qrels=qrels).judgements == {"q1": {"p1": 2}, "q2": {"p2": 1, "p1": 0}}


def test_a_byte_order_mark_is_no_part_of_the_header():
    assert (
        judged(
            *(b"\xef\xbb\xbf" + text.encode() for text in (PASSAGES, QUERIES, BEIR_QRELS))
        ).passages["p1"]
        == "Frost splits rock."
    )


def test_a_quoted_text_may_hold_the_delimiter_a_quote_and_a_line_break():
    assert judged('id,text\np1,"a, ""b""\nc"\np2,d').passages["p1"] == 'a, "b"\nc'


def test_a_line_separator_of_unicode_ends_no_line():
    data = judged(
        '{"id": 1, "text": "a\u2028b"}\n{"id": "p2", "text": "\\ud800"}',
        qrels="q1 0 1 1",
        names=("p.jsonl", "q.csv", ""),
    )
    assert data.passages == {"1": "a\u2028b", "p2": "?"}


def test_queries_without_a_relevant_passage_are_left_out_and_counted(pinned):
    data = judged(qrels="q1 0 p1 1\nq2 0 p1 0\nq2 0 p2 -2\n")
    assert list(data.queries) == list(data.judgements) == ["q1"]
    (note,) = data.notes
    assert "1" in note and "2" in note
    assert note == pinned


def test_a_part_holds_the_passages_and_queries_of_its_languages():
    data = judged(
        "id,language,text\np1,EN,Frost\np2,de,Hefe\n", "id,language,text\nq1,en,cold\nq2,en,dough\n"
    )
    assert data.languages == ("de", "en")
    assert judged("id,text,language\n p1 ,Frost, en \n", qrels="q1 0 p1 1").passage_languages == {
        "p1": "en"
    }
    part = data.part({"en"})
    assert (dict(part.passages), dict(part.queries), dict(part.judgements)) == (
        {"p1": "Frost"},
        {"q1": "cold"},
        {"q1": {"p1": 2}},
    )
    assert part.languages == ("en",) and data.part({"en", "de"}).judgements == data.judgements


# Bad files: the line, what is wrong, and what to do


@pytest.mark.parametrize(
    ("files", "place", "names"),
    [
        pytest.param({"passages": "id,text\np1,a\np1,b\n"}, ("p.csv", 3), ["p1"], id="an id twice"),
        pytest.param({"passages": 'id,text\np1,"a\nb"\np2, \n'}, ("p.csv", 4), [],
            id="an empty text"),
        pytest.param({"queries": "id,text\n,a\n"}, ("q.csv", 2), ["id", "200"], id="no id"),
        pytest.param({"queries": "name,words\nq1,a\n"}, ("q.csv", 1), ["name, words", "id,text"],
            id="another header"),
        pytest.param({"passages": "id,text\np1,a,b\n"}, ("p.csv", 2), ["3", "2"],
            id="a value too many"),
        pytest.param({"passages": 'id,text\np1,"a" b\n'}, ("p.csv", 2), [".jsonl"],
            id="a stray quote"),
        pytest.param({"passages": b"id,text\np1,a\np2,\xff\n"}, ("p.csv", 3), ["UTF-8"],
            id="not UTF-8"),
        pytest.param({"passages": PASSAGES.encode("utf-16")}, ("p.csv", 1), ["UTF-16", "UTF-8"],
            id="UTF-16"),
        pytest.param({"queries": " \n"}, ("q.csv",), ["query"], id="an empty table"),
        pytest.param({"qrels": "q1 p1 2\n"}, ("j.txt", 1), ["corpus-id"], id="three columns"),
        pytest.param({"qrels": "q1 0 p1 1\n\nq9 0 p1 1\n"}, ("j.txt", 3), ["q9"],
            id="no such query"),
        pytest.param({"qrels": "q1 0 p9 1\n"}, ("j.txt", 1), ["p9"], id="no such passage"),
        pytest.param({"qrels": "q1 0 p1 1\nq1 0 p1 0\n"}, ("j.txt", 2), ["q1", "p1"],
            id="judged twice"),
        pytest.param({"qrels": "q1 0 p1 high\n"}, ("j.txt", 1), ["high"], id="a grade in words"),
        pytest.param({"qrels": "q1 0 p1 101\n"}, ("j.txt", 1), ["101", "100"], id="a high grade"),
        pytest.param({"qrels": "q1 0 p1 0.5\n"}, ("j.txt", 1), ["0.5"], id="half a grade"),
        pytest.param({"qrels": BEIR_QRELS + "q1\tp1\n"}, ("j.txt", 4), ["2", "3"],
            id="a grade that is missing"),
        pytest.param({"qrels": "q1 0 p1 0\n"}, ("j.txt",), ["1"], id="nothing relevant"),
        pytest.param({"qrels": ""}, ("j.txt",), ["judgement"], id="no judgements"),
        pytest.param({"passages": '{"id": "p1"}', "names": ("p.jsonl", "q.csv", "j")},
            ("p.jsonl", 1), ["text"], id="JSON, no text"),
        pytest.param({"passages": '{"id": true, "text": "a"}', "names": ("", "", "")},
            ("passages", 1), ["id"], id="JSON, no id"),
        pytest.param({"passages": '{"id": "a", "text": "a"}\n[1]\n', "names": ("p.ndjson", "", "")},
            ("p.ndjson", 2), ["JSON"], id="a list"),
        pytest.param({"passages": '{"id": "p1", "text": ' + "[" * 9_999, "names": ("", "", "")},
            ("passages", 1), ["JSON"], id="nested"),
        pytest.param({"passages": "id,text\np\x1b[1m,\n", "names": ("a\nb.csv", "", "")},
            ("a?b.csv", 2), ["text"], id="odd names"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_line_and_remedy(pinned, files, place, names):
    error = faults(**files)
    assert places(error) == [place] and str(error.faults[0]) == str(error)
    assert (
        all(name in f"{error.faults[0].problem} {error.faults[0].remedy}" for name in names)
        and error.faults[0].remedy
    )
    assert str(error) == pinned


@pytest.mark.parametrize(
    ("files", "place", "counted"),
    [
        pytest.param({"passages": PASSAGES + "p3,c\np4,d\n"}, ("p.csv", 4), {"2"}, id="passages"),
        pytest.param(
            {"passages": "id,text\np1," + "a" * 31}, ("p.csv", 2), {"31", "30"}, id="a long passage"
        ),
        pytest.param(
            {"queries": "id,text\nq1," + "a" * 41}, ("q.csv", 2), {"41", "40"}, id="a long query"
        ),
        pytest.param(
            {"passages": PASSAGES + "\n" * 2_000}, ("p.csv",), {"2,050", "2,000"}, id="bytes"
        ),
        pytest.param({}, ("j.txt",), {"2", "1"}, id="queries"),
        pytest.param({"qrels": QRELS + "q1 0 p2 1\n"}, ("j.txt", 4), {"3"}, id="judgements"),
    ],
)
def test_each_limit_is_told(pinned, files, place, counted):
    error = faults(**files, limits=SMALL)
    assert (
        places(error)[0] == place
        and set(re.findall(r"\d[\d,]*", error.faults[0].problem)) == counted
    )
    assert str(error.faults[0]) == pinned


def test_what_is_over_a_limit_is_told_once():
    with pytest.raises(OwnDataError) as caught:
        judged(PASSAGES + "p3,c\np4,d\n", limits=SMALL)
    assert len(caught.value.faults) == 1


def test_data_as_large_as_the_limits_is_taken():
    data = judged(
        f"id,text\np1,{'a' * 30}\np2,b\n",
        f"id,text\nq1,{'a' * 40}\nq2,b\n",
        "q1 0 p1 1\nq1 0 p2 1\nq2 0 p1 0\n",
        SMALL,
    )
    assert len(data.passages) == 2 and len(data.queries) == 1


def test_a_long_line_of_json_is_not_parsed():
    line = '{"id": "p1", "text": "a", "x": [' + "[]," * 400_000 + "1]}"
    tracemalloc.start()
    error = faults(passages=line, names=("p.jsonl", "q.csv", "j"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (
        places(error)[0] == ("p.jsonl", 1)
        and f"{len(line):,}" in str(error)
        and "1,000,000" in str(error)
        and peak < 10_000_000
    )


def test_the_first_faults_of_all_files_are_told_and_how_many_more(pinned):
    error = faults(
        passages="id,text\n" + "p1,\n" * 12, queries="id,text\n,a\n,b\n", qrels="q1 0 p1 x\n"
    )
    last = str(error).splitlines()[-1]
    assert str(error).count("\n  ") == len(error.faults) == SHOWN_FAULTS and re.findall(
        r"\d+", last
    ) == ["5"]
    assert last == pinned


def test_texts_that_could_not_be_read_name_no_judgements_as_faulty():
    assert places(faults(passages=b"\xff")) == [("p.csv", 1)]


def test_nothing_of_a_text_is_repeated_in_a_message():
    error = faults(passages="id,text\np1,secret words\np1,secret words\n", queries="id,text\nq1,\n")
    assert len(error.faults) == 2 and "secret" not in str(error)


@given(
    st.binary(max_size=200),
    st.text(max_size=200),
    st.sampled_from(["", "a.csv", "a.tsv", "a.jsonl"]),
)
def test_any_bytes_are_read_or_told(raw, text, name):
    for content in (raw, text.encode("utf-8", "replace")):
        files = uploads((content, QUERIES, QRELS), (name, "", ""))
        for turn in range(3):
            try:
                read(*files[turn:], *files[:turn])
            except OwnDataError as error:
                assert error.faults


@given(
    st.dictionaries(
        st.text("abc \u00e9\u6f22,;\"'\t", max_size=6), st.text(max_size=30), max_size=8
    )
)
def test_what_is_written_as_jsonl_is_read_back(texts):
    wanted = {
        key.strip(): text.strip() for key, text in texts.items() if key.strip() and text.strip()
    } | {"last": "a"}
    lines = "\n".join(json.dumps({"id": key, "text": text}) for key, text in wanted.items())
    assert judged(lines, qrels="q1 0 last 1", names=("p.jsonl", "q.csv", "j")).passages == wanted


def test_the_data_is_not_to_be_changed_by_hand():
    with pytest.raises(dataclasses.FrozenInstanceError):
        judged().passages = {}
