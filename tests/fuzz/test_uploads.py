"""Uploads, whatever is in them: read, or refused in sentences that name the place."""

import json
import struct
import zipfile

from hypothesis import example, given
from hypothesis import strategies as st

from advisor.live import judged, judged_zip, sample_texts, token_counts
from advisor.live.judged import JudgedLimits, OwnDataError, UploadedText
from advisor.live.sample_texts import SampleLimits
from advisor.live.tokenizer_faults import TokenCountError
from tests.fuzz.fuzzing import VALUES, drawn, spoilt_bytes
from tests.live.own_data import packed, uploads

SMALL = JudgedLimits(
    largest_bytes=5_000,
    most_passages=20,
    most_judgements=40,
    longest_passage=300,
    longest_query=100,
    largest_unpacked_bytes=20_000,
)
PASSAGES = 'id,text,title,language\n1,"Cats purr, when content.",Cats,en\n2,Bread rises with yeast.,,en\n3,你好世界,,zh\n'
QUERIES = (
    "\n".join(
        json.dumps({"_id": f"q{i}", "text": text})
        for i, text in enumerate(["why do cats purr", "bread"])
    )
    + "\n"
)
QRELS = "q0 0 1 1\nq1 0 2 2\nq1 0 3 0\n"
TABLE = "query-id\tcorpus-id\tscore\nq0\t1\t1\nq1\t2\t2\n"
CORPUS = (
    "\n".join(
        json.dumps({"_id": str(i), "title": "", "text": f"Passage {i} of them all."})
        for i in range(1, 4)
    )
    + "\n"
)
NAMES = st.sampled_from(
    [
        "",
        "a.csv",
        "a.CSV",
        "b.tsv",
        "c.jsonl",
        "d.ndjson",
        "e.txt",
        "../f.csv",
        "\x1b[2J.csv",
        "g.zip",
        "h." + "x" * 300,
    ]
)
CELLS = st.sampled_from([*',;\t\n\r"\'{}[]: 0123', "id", "_id", "text", "q0", "1", "\ufeff", "\x00", "\ud800", "query-id", "score", '{"id": 1, "text": "a b"}']) | st.text(max_size=6)  # fmt: skip


def contents(*valid):
    """A valid file spoilt, or anything made of what such files are made of."""
    return st.one_of(
        *[spoilt_bytes(text.encode()) for text in valid],
        st.lists(CELLS, max_size=40).map("".join).map(lambda text: text.encode("utf-8", "replace")),
        st.lists(VALUES, max_size=5).map(
            lambda rows: "\n".join(map(json.dumps, rows)).encode("utf-8", "replace")
        ),
        st.binary(max_size=200),
        st.just(valid[0].encode()),
    )


def told(error):
    assert error.faults and all(
        fault.file and fault.problem and fault.remedy for fault in error.faults
    )
    assert all(c.isprintable() or c == "\n" for c in str(error)), (
        "nothing of the visitor's file steers a terminal"
    )


def sound(found):
    assert found.queries and set(found.judgements) == set(found.queries)
    for grades in found.judgements.values():
        assert set(grades) <= set(found.passages) and any(grade > 0 for grade in grades.values())
    for text in [
        *found.passages.values(),
        *found.queries.values(),
        *found.passages,
        *found.queries,
    ]:
        assert text.strip() and text.encode("utf-8")
    part = found.part(found.languages)
    assert set(part.passages) <= set(found.passages) and set(part.queries) <= set(found.queries)


@drawn(250)
@given(
    NAMES,
    contents(PASSAGES, CORPUS),
    NAMES,
    contents(QUERIES, PASSAGES),
    NAMES,
    contents(QRELS, TABLE),
)
@example("", b"id,text\n1,a\n1" + b"," * 50, "", b"id,text\nq,b", "", b"q 0 1 1")
@example("", b'id,text\n1,"' + b"x" * 200_000 + b'"', "", b"id,text\nq,b", "", b"q 0 1 1")
def test_three_files_are_read_or_refused_with_their_faults(
    passages_name, passages, queries_name, queries, judgements_name, judgements
):
    names = (passages_name, queries_name, judgements_name)
    try:
        found = judged.read(*uploads((passages, queries, judgements), names), SMALL)
    except OwnDataError as error:
        told(error)
        return
    sound(found)


def zipped(files, method=zipfile.ZIP_DEFLATED):
    return packed(files.items(), method)


WHOLE = {"corpus.jsonl": CORPUS, "queries.jsonl": QUERIES, "qrels/test.tsv": TABLE}
PATHS = st.sampled_from(["corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "qrels/dev.tsv", "a/corpus.jsonl", "../x", "/etc/x", "a\\b", "C:x", "__MACOSX/corpus.jsonl", "ä.txt", "dir/"]) | st.text("abc/.\\äß\u2028", min_size=1, max_size=8)  # fmt: skip


@drawn(250)
@given(
    st.one_of(
        *[
            spoilt_bytes(zipped(WHOLE, method))
            for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        ],
        spoilt_bytes(zipped(WHOLE, zipfile.ZIP_LZMA)),
        st.dictionaries(PATHS, contents(CORPUS, QUERIES, TABLE), max_size=5)
        .map(lambda more: {**WHOLE, **more})
        .map(zipped),
        st.binary(max_size=100),
    )
)
@example(zipped({**WHOLE, "corpus.jsonl": b"0" * 10_000_000}))
@example(zipped({f"{i}": "" for i in range(600)}))
def test_a_zip_is_read_or_refused_with_its_faults(content):
    try:
        found = judged_zip.read_zip(UploadedText("data.zip", content), SMALL)
    except OwnDataError as error:
        told(error)
        return
    sound(found)


@drawn(120)
@given(st.integers(0, 3), st.integers(0, 45), st.binary(min_size=1, max_size=8))
def test_headers_of_a_zip_that_lie_are_no_other_error(which, at, lie):
    """The fields of one header of the zip, local or of the directory, or of its end, overwritten."""
    content = bytearray(zipped(WHOLE))
    starts = [
        i
        for i in range(len(content))
        if content[i : i + 4] in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")
    ]
    place = starts[which * (len(starts) - 1) // 3] + 4 + at
    content[place : place + len(lie)] = lie
    try:
        sound(judged_zip.read_zip(UploadedText("data.zip", bytes(content)), SMALL))
    except OwnDataError as error:
        told(error)


SAMPLE = SampleLimits(largest_bytes=5_000, most_passages=20, longest_characters=300)


@drawn(250)
@given(
    NAMES,
    st.one_of(contents(PASSAGES, CORPUS, "A passage.\n\nAnother one.\n"), st.text(max_size=60)),
    st.sampled_from(["blank-line", "line"]),
)
@example("a.csv", b"a,a\n1,2 words\n", "line")
@example("a.jsonl", b'{"text": "\\ud800"}', "line")
@example("", "\ud800", "line")
def test_a_sample_is_read_or_refused_in_a_sentence(name, content, split):
    try:
        found = sample_texts.passages(content, name, split, SAMPLE)
    except TokenCountError as error:
        assert str(error).strip() and len(str(error)) < 500
        return
    assert 0 < len(found) <= SAMPLE.most_passages
    for text in found:
        assert (
            text.strip()
            and text.encode("utf-8")
            and 0 < token_counts.estimated_tokens(text) <= len(text)
        )


@drawn(60)
@given(
    spoilt_bytes(struct.pack("<4sI", b"\xff\xfea\x00", 1))
    | st.text(max_size=30).map(lambda text: text.encode("utf-16"))
)
def test_utf_16_is_named_or_refused(content):
    try:
        judged.read(*uploads([content] * 3, ("a.csv", "b.csv", "c.txt")), SMALL)
    except OwnDataError as error:
        told(error)
