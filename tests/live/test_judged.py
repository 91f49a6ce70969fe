"""A visitor's own passages, queries and judgements: good files in each form, and what is told of bad and hostile ones."""

import dataclasses
import io
import json
import re
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.live.judged import LIMITS, SHOWN_FAULTS, File, Judged, OwnDataError, read
from advisor.live.judged_zip import read_zip

PASSAGES = "id,text\np1,Frost splits rock.\np2,Yeast makes gas.\n"
QUERIES = "id,text\nq1,why do stones crack in winter\nq2,what lifts dough\n"
QRELS = "q1 0 p1 2\nq2 0 p2 1\nq2 0 p1 0\n"
CORPUS_JSONL = '{"_id": "p1", "title": "Frost", "text": "It splits rock."}\n{"_id": "p2", "title": "", "text": "Yeast makes gas."}\n'
QUERIES_JSONL = '{"_id": "q1", "text": "why do stones crack in winter"}\n{"_id": "q2", "text": "what lifts dough", "metadata": {}}\n'
BEIR_QRELS = "query-id\tcorpus-id\tscore\nq1\tp1\t2\nq2\tp2\t1\n"
SMALL = LIMITS._replace(most_passages=2, most_queries=1, most_judgements=3, longest_passage=30, longest_query=40, largest_bytes=2_000)


def judged(passages=PASSAGES, queries=QUERIES, qrels=QRELS, limits=LIMITS, names=("p.csv", "q.csv", "j.txt")):
    files = [
        File(name, text if isinstance(text, bytes) else text.encode()) for name, text in zip(names, (passages, queries, qrels), strict=True)
    ]
    return read(*files, limits)


def faults(**files):
    with pytest.raises(OwnDataError) as caught:
        judged(**files)
    return caught.value


def places(error):
    """Each fault's file, with its line where it names one."""
    return [(fault.file, *map(int, re.findall(r"\d+", fault.entry))) for fault in error.faults]


def packed(members, method=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, text) pairs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


BEIR = (("set/corpus.jsonl", CORPUS_JSONL), ("set/queries.jsonl", QUERIES_JSONL), ("set/qrels/test.tsv", BEIR_QRELS))


def refused(content, limits=LIMITS):
    with pytest.raises(OwnDataError) as caught:
        read_zip(File("mine.zip", content), limits)
    assert str(caught.value).startswith("mine.zip: ") and len(caught.value.faults) == 1
    return str(caught.value)


# Good files


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_with_each_delimiter(delimiter):
    found = judged(PASSAGES.replace(",", delimiter), QUERIES.replace(",", delimiter))
    assert found.passages == {"p1": "Frost splits rock.", "p2": "Yeast makes gas."}
    assert found.queries == {"q1": "why do stones crack in winter", "q2": "what lifts dough"}
    assert found.judgements == {"q1": {"p1": 2}, "q2": {"p2": 1, "p1": 0}} and found.notes == ()


def test_jsonl_of_beir_puts_the_title_before_the_text():
    found = judged(CORPUS_JSONL, QUERIES_JSONL, BEIR_QRELS, names=("corpus.jsonl", "queries.jsonl", "test.tsv"))
    assert found.passages == {"p1": "Frost It splits rock.", "p2": "Yeast makes gas."} and found.judgements["q1"] == {"p1": 2}


def test_a_pasted_text_says_by_itself_what_it_is():
    found = judged(CORPUS_JSONL, QUERIES, QRELS, names=("", "", ""))
    assert list(found.passages) == ["p1", "p2"] and list(found.queries) == ["q1", "q2"]


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
    assert judged(*(b"\xef\xbb\xbf" + text.encode() for text in (PASSAGES, QUERIES, BEIR_QRELS))).passages["p1"] == "Frost splits rock."


def test_a_quoted_text_may_hold_the_delimiter_a_quote_and_a_line_break():
    assert judged('id,text\np1,"a, ""b""\nc"\np2,d').passages["p1"] == 'a, "b"\nc'


def test_a_line_separator_of_unicode_ends_no_line():
    found = judged('{"id": 1, "text": "a\u2028b"}\n{"id": "p2", "text": "\\ud800"}', qrels="q1 0 1 1", names=("p.jsonl", "q.csv", ""))
    assert found.passages == {"1": "a\u2028b", "p2": "?"}


def test_queries_without_a_relevant_passage_are_left_out_and_counted(pinned):
    found = judged(qrels="q1 0 p1 1\nq2 0 p1 0\nq2 0 p2 -2\n")
    assert list(found.queries) == list(found.judgements) == ["q1"]
    (note,) = found.notes
    assert "1" in note and "2" in note
    assert note == pinned


def test_a_part_holds_the_passages_and_queries_of_its_languages():
    found = judged("id,language,text\np1,EN,Frost\np2,de,Hefe\n", "id,language,text\nq1,en,cold\nq2,en,dough\n")
    assert found.languages == ("de", "en")
    assert judged("id,text,language\n p1 ,Frost, en \n", qrels="q1 0 p1 1").passage_languages == {"p1": "en"}
    part = found.part({"en"})
    assert (dict(part.passages), dict(part.queries), dict(part.judgements)) == ({"p1": "Frost"}, {"q1": "cold"}, {"q1": {"p1": 2}})
    assert part.languages == ("en",) and found.part({"en", "de"}).judgements == found.judgements


# Bad files: the line, what is wrong, and what to do


@pytest.mark.parametrize(
    ("files", "place", "names"),
    [
        pytest.param({"passages": "id,text\np1,a\np1,b\n"}, ("p.csv", 3), ["p1"], id="an id twice"),
        pytest.param({"passages": 'id,text\np1,"a\nb"\np2, \n'}, ("p.csv", 4), [], id="an empty text"),
        pytest.param({"queries": "id,text\n,a\n"}, ("q.csv", 2), ["id", "200"], id="no id"),
        pytest.param({"queries": "name,words\nq1,a\n"}, ("q.csv", 1), ["name, words", "id,text"], id="another header"),
        pytest.param({"passages": "id,text\np1,a,b\n"}, ("p.csv", 2), ["3", "2"], id="a value too many"),
        pytest.param({"passages": 'id,text\np1,"a" b\n'}, ("p.csv", 2), [".jsonl"], id="a stray quote"),
        pytest.param({"passages": b"id,text\np1,a\np2,\xff\n"}, ("p.csv", 3), ["UTF-8"], id="not UTF-8"),
        pytest.param({"passages": PASSAGES.encode("utf-16")}, ("p.csv", 1), ["UTF-16", "UTF-8"], id="UTF-16"),
        pytest.param({"queries": " \n"}, ("q.csv",), ["query"], id="an empty table"),
        pytest.param({"qrels": "q1 p1 2\n"}, ("j.txt", 1), ["corpus-id"], id="three columns"),
        pytest.param({"qrels": "q1 0 p1 1\n\nq9 0 p1 1\n"}, ("j.txt", 3), ["q9"], id="no such query"),
        pytest.param({"qrels": "q1 0 p9 1\n"}, ("j.txt", 1), ["p9"], id="no such passage"),
        pytest.param({"qrels": "q1 0 p1 1\nq1 0 p1 0\n"}, ("j.txt", 2), ["q1", "p1"], id="judged twice"),
        pytest.param({"qrels": "q1 0 p1 high\n"}, ("j.txt", 1), ["high"], id="a grade in words"),
        pytest.param({"qrels": "q1 0 p1 101\n"}, ("j.txt", 1), ["101", "100"], id="a high grade"),
        pytest.param({"qrels": "q1 0 p1 0.5\n"}, ("j.txt", 1), ["0.5"], id="half a grade"),
        pytest.param({"qrels": BEIR_QRELS + "q1\tp1\n"}, ("j.txt", 4), ["2", "3"], id="a grade that is missing"),
        pytest.param({"qrels": "q1 0 p1 0\n"}, ("j.txt",), ["1"], id="nothing relevant"),
        pytest.param({"qrels": ""}, ("j.txt",), ["judgement"], id="no judgements"),
        pytest.param({"passages": '{"id": "p1"}', "names": ("p.jsonl", "q.csv", "j")}, ("p.jsonl", 1), ["text"], id="JSON, no text"),
        pytest.param({"passages": '{"id": true, "text": "a"}', "names": ("", "", "")}, ("passages", 1), ["id"], id="JSON, no id"),
        pytest.param({"passages": '{"id": "a", "text": "a"}\n[1]\n', "names": ("p.ndjson", "", "")}, ("p.ndjson", 2), ["JSON"], id="a list"),
        pytest.param({"passages": '{"id": "p1", "text": ' + "[" * 9_999, "names": ("", "", "")}, ("passages", 1), ["JSON"], id="nested"),
        pytest.param({"passages": "id,text\np\x1b[1m,\n", "names": ("a\nb.csv", "", "")}, ("a?b.csv", 2), ["text"], id="odd names"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_line_and_remedy(pinned, files, place, names):
    error = faults(**files)
    assert places(error) == [place] and str(error.faults[0]) == str(error)
    assert all(name in f"{error.faults[0].problem} {error.faults[0].remedy}" for name in names) and error.faults[0].remedy
    assert str(error) == pinned


@pytest.mark.parametrize(
    ("files", "place", "counted"),
    [
        pytest.param({"passages": PASSAGES + "p3,c\np4,d\n"}, ("p.csv", 4), {"2"}, id="passages"),
        pytest.param({"passages": "id,text\np1," + "a" * 31}, ("p.csv", 2), {"31", "30"}, id="a long passage"),
        pytest.param({"queries": "id,text\nq1," + "a" * 41}, ("q.csv", 2), {"41", "40"}, id="a long query"),
        pytest.param({"passages": PASSAGES + "\n" * 2_000}, ("p.csv",), {"2,050", "2,000"}, id="bytes"),
        pytest.param({}, ("j.txt",), {"2", "1"}, id="queries"),
        pytest.param({"qrels": QRELS + "q1 0 p2 1\n"}, ("j.txt", 4), {"3"}, id="judgements"),
    ],
)
def test_each_limit_is_told(pinned, files, place, counted):
    error = faults(**files, limits=SMALL)
    assert places(error)[0] == place and set(re.findall(r"\d[\d,]*", error.faults[0].problem)) == counted
    assert str(error.faults[0]) == pinned


def test_what_is_over_a_limit_is_told_once():
    with pytest.raises(OwnDataError) as caught:
        judged(PASSAGES + "p3,c\np4,d\n", limits=SMALL)
    assert len(caught.value.faults) == 1
    size = len(packed(BEIR))
    assert read_zip(File("", packed(BEIR)), LIMITS._replace(largest_bytes=size, most_entries=3)).queries
    assert f"{size:,}" in refused(packed(BEIR), LIMITS._replace(largest_bytes=size - 1))
    assert re.findall(r"\d+", refused(packed(BEIR), LIMITS._replace(most_entries=2))) == ["2"]


def test_data_as_large_as_the_limits_is_taken():
    found = judged(f"id,text\np1,{'a' * 30}\np2,b\n", f"id,text\nq1,{'a' * 40}\nq2,b\n", "q1 0 p1 1\nq1 0 p2 1\nq2 0 p1 0\n", SMALL)
    assert len(found.passages) == 2 and len(found.queries) == 1


def test_a_long_line_of_json_is_not_parsed():
    line = '{"id": "p1", "text": "a", "x": [' + "[]," * 400_000 + "1]}"
    tracemalloc.start()
    told = faults(passages=line, names=("p.jsonl", "q.csv", "j"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert places(told)[0] == ("p.jsonl", 1) and f"{len(line):,}" in str(told) and "1,000,000" in str(told) and peak < 10_000_000


@pytest.mark.parametrize(
    ("qrels", "counted"),
    [
        ("x\n" * 400_000, ["990"]),
        ("query-id,corpus-id,score\n" + "x\n" * 400_000, ["990"]),
        ("\n" * 5_000_000, ["5,000,000", "500,000"]),
        ("\t" * 5_000_000, []),
        ("a\t" * 2_500_000, ["5,000,000", "1,000,000"]),
    ],
    ids=["short lines", "short rows", "blank lines", "one blank line", "one long line"],
)
def test_a_zip_that_is_small_takes_little_memory_for_its_faults(pinned, qrels, counted):
    content = packed([*BEIR[:2], ("set/qrels/test.tsv", qrels)])
    assert len(content) < 20_000
    limits = LIMITS._replace(largest_ratio=2_000)
    tracemalloc.start()
    with pytest.raises(OwnDataError) as caught:
        read_zip(File("mine.zip", content), limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    first, last = caught.value.faults[0], str(caught.value).splitlines()[-2:]
    assert first.file == "set/qrels/test.tsv" and all(number in "".join([*last, first.problem]) for number in counted)
    assert peak < 50_000_000 and len(caught.value.faults) <= SHOWN_FAULTS
    assert {"the first fault": str(first), "the end": last} == pinned


def test_the_first_faults_of_all_files_are_told_and_how_many_more(pinned):
    told = faults(passages="id,text\n" + "p1,\n" * 12, queries="id,text\n,a\n,b\n", qrels="q1 0 p1 x\n")
    last = str(told).splitlines()[-1]
    assert str(told).count("\n  ") == len(told.faults) == SHOWN_FAULTS and re.findall(r"\d+", last) == ["5"]
    assert last == pinned


def test_texts_that_could_not_be_read_name_no_judgements_as_faulty():
    assert places(faults(passages=b"\xff")) == [("p.csv", 1)]


def test_nothing_of_a_text_is_repeated_in_a_message():
    told = faults(passages="id,text\np1,secret words\np1,secret words\n", queries="id,text\nq1,\n")
    assert len(told.faults) == 2 and "secret" not in str(told)


# Zips


@pytest.mark.parametrize("top", ["", "scifact/"])
def test_a_data_set_of_beir_is_read_from_its_zip(top):
    members = [(name.replace("set/", top), text) for name, text in BEIR]
    rest = [(f"{top}qrels/train.tsv", "not read"), ("__MACOSX/corpus.jsonl", "not read"), (f"{top}readme.md", "not read"), ("a/b/", "")]
    found = read_zip(File("x.zip", packed([*rest, *members])))
    assert list(found.passages) == ["p1", "p2"] and found.judgements == {"q1": {"p1": 2}, "q2": {"p2": 1}}
    assert len(found.notes) == 1 and f"{top}qrels/test.tsv" in found.notes[0].split(" ", 1)[1]


@pytest.mark.parametrize(
    ("there", "taken"), [(("train", "dev"), "dev"), (("train",), "train"), (("mine", "all"), "all"), (("train", "test"), "test")]
)
def test_the_test_part_of_the_judgements_comes_first(there, taken):
    members = [*BEIR[:2], *((f"set/qrels/{split}.tsv", BEIR_QRELS if split == taken else "x") for split in there)]
    assert f"set/qrels/{taken}.tsv" in read_zip(File("", packed(members))).notes[0]


def test_faults_in_a_zip_name_the_file_in_it():
    with pytest.raises(OwnDataError) as caught:
        read_zip(File("x.zip", packed([("set/corpus.jsonl", "p1"), *BEIR[1:]])))
    assert places(caught.value)[0] == ("set/corpus.jsonl", 1)


def info(name, mode=0o100644):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


@pytest.mark.parametrize("name", ["../corpus.jsonl", "/etc/passwd", "set/../../x", "C:/x", "set\\..\\x", ".."])
def test_a_path_out_of_the_folder_is_refused(name):
    assert f"'{name}'" in refused(packed([*BEIR, (name, "x")]))


def test_a_name_cut_short_by_a_zero_is_refused():
    content = packed([*BEIR, ("set/fooZ.txt", "x")]).replace(b"set/fooZ.txt", b"set/foo\x00.txt")
    assert "'set/foo?.txt'" in refused(content)


def test_dots_inside_a_name_are_no_way_out():
    assert read_zip(File("", packed([*BEIR, ("set/a..b", "x"), ("set/...", "x")]))).queries


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010644])
def test_a_link_or_device_is_refused(mode):
    assert "'set/l'" in refused(packed([*BEIR, (info("set/l", mode), "/etc/passwd")]))


def encrypted():
    content = bytearray(packed(BEIR))
    place = content.find(b"PK\x01\x02")
    content[place + 8] |= 1  # general purpose bit flag
    return bytes(content)


def test_an_encrypted_file_is_refused():
    assert "'set/corpus.jsonl'" in refused(encrypted())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused():
    assert "'set/corpus.jsonl'" in refused(packed([*BEIR, BEIR[0]]))


def test_two_data_sets_are_refused():
    refused(packed([*BEIR, ("other/corpus.jsonl", CORPUS_JSONL)]))


def test_what_is_missing_is_named():
    told = refused(packed(BEIR[:1])).splitlines()[0]
    assert "queries.jsonl" in told and "qrels/test.tsv" in told and "corpus.jsonl" not in told


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_each_reason_to_refuse_a_zip_is_told_with_the_remedy(pinned):
    told = {
        "a path that leads out": refused(packed([*BEIR, ("../corpus.jsonl", "x")])),
        "a link": refused(packed([*BEIR, (info("set/l", 0o120777), "/etc/passwd")])),
        "encrypted": refused(encrypted()),
        "a name twice": refused(packed([*BEIR, BEIR[0]])),
        "two data sets": refused(packed([*BEIR, ("other/corpus.jsonl", CORPUS_JSONL)])),
        "files that are missing": refused(packed(BEIR[:1])),
        "too large": refused(packed(BEIR, zipfile.ZIP_STORED), LIMITS._replace(largest_bytes=100)),
        "unpacked too large": refused(packed(BEIR), LIMITS._replace(largest_unpacked_bytes=100)),
        "too many files": refused(packed(BEIR), LIMITS._replace(most_entries=2)),
        "another method": refused(packed(BEIR, zipfile.ZIP_LZMA)),
        "no zip": refused(b""),
    }
    assert len(set(told.values())) == len(told) and all(len(sentences.splitlines()) == 2 for sentences in told.values())
    assert told == pinned


def test_a_bomb_is_not_unpacked():
    bomb = packed([("corpus.jsonl", b"\n" * 200_000_000), *((name[4:], text) for name, text in BEIR[1:])])
    assert len(bomb) < 300_000
    tracemalloc.start()
    told = refused(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "'corpus.jsonl'" in told and re.search(r"\b38,\d{3},\d{3}\b", told)  # 200 times the packed size
    assert peak < 100_000_000


def test_the_ratio_is_bounded_where_the_size_is_not_yet_reached():
    members = [("set/corpus.jsonl", " " * 1_000_000), *BEIR[1:]]
    assert "200,000" in refused(packed(members))


def test_the_sizes_of_all_files_count_together():
    size = sum(len(text) for _, text in BEIR)
    assert read_zip(File("", packed(BEIR)), LIMITS._replace(largest_unpacked_bytes=size)).queries
    assert "'set/qrels/test.tsv'" in refused(packed(BEIR), LIMITS._replace(largest_unpacked_bytes=size - 1))


@pytest.mark.parametrize("size", [1, 10**6, 2**32 - 2])
def test_a_header_that_lies_about_the_size_is_refused(size):
    content = bytearray(packed(BEIR))
    place = content.find(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", size)  # uncompressed size in the directory
    told = refused(bytes(content))
    assert "'set/corpus.jsonl'" in told or told == refused(b"")


def test_sizes_in_a_zip64_field_that_lie_are_refused():
    entry = zipfile.ZipInfo("set/readme")
    entry.extra = struct.pack("<HHQQ", 1, 16, 2**60, 2**60)
    content = bytearray(packed([(entry, "x"), *BEIR]))
    place = content.find(b"PK\x01\x02")
    content[place + 20 : place + 28] = b"\xff" * 8
    assert read_zip(File("", bytes(content))).queries  # it is not read, so it harms nobody
    entry.filename = "set/corpus.jsonl"
    content = bytearray(packed([(entry, CORPUS_JSONL), *BEIR[1:]]))
    place = content.find(b"PK\x01\x02")
    content[place + 20 : place + 28] = b"\xff" * 8
    told = refused(bytes(content))
    assert "'set/corpus.jsonl'" in told or told == refused(b"")


def test_thousands_of_entries_are_refused_before_they_are_listed(monkeypatch):
    content = packed([*BEIR, *((f"set/{number}", "") for number in range(5_000))], zipfile.ZIP_STORED)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "500" in refused(content)


def test_a_directory_that_counts_fewer_entries_than_it_has_is_refused():
    content = bytearray(packed([*BEIR, *((f"set/{number}", "") for number in range(600))], zipfile.ZIP_STORED))
    end = content.rfind(b"PK\x05\x06")
    content[end + 8 : end + 12] = struct.pack("<HH", 3, 3)
    assert "500" in refused(bytes(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_method_is_refused(method):
    assert "'set/corpus.jsonl'" in refused(packed(BEIR, method))


def test_a_zip_that_is_too_large_is_refused():
    assert f"{len(packed(BEIR)):,}" in refused(packed(BEIR), LIMITS._replace(largest_bytes=100))


@pytest.mark.parametrize("content", [b"", b"PK", b"id,text\np1,a\n", packed(BEIR)[:-30]])
def test_what_is_no_zip_is_told(content):
    assert refused(content) == refused(b"no zip")


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
@example([(10, 0xFF)])
def test_a_damaged_zip_is_read_or_refused_and_nothing_else(changes):
    content = bytearray(packed(BEIR))
    for place, byte in changes:
        content[place % len(content)] = byte
    try:
        assert isinstance(read_zip(File("x.zip", bytes(content))), Judged)
    except OwnDataError as error:
        assert error.faults


@given(st.binary(max_size=200), st.text(max_size=200), st.sampled_from(["", "a.csv", "a.tsv", "a.jsonl"]))
def test_any_bytes_are_read_or_told(raw, text, name):
    for content in (raw, text.encode("utf-8", "replace")):
        files = [File(name, content), File("", QUERIES.encode()), File("", QRELS.encode())]
        for turn in range(3):
            try:
                read(*files[turn:], *files[:turn])
            except OwnDataError as error:
                assert error.faults


@given(st.dictionaries(st.text("abc \u00e9\u6f22,;\"'\t", max_size=6), st.text(max_size=30), max_size=8))
def test_what_is_written_as_jsonl_is_read_back(texts):
    wanted = {key.strip(): text.strip() for key, text in texts.items() if key.strip() and text.strip()} | {"last": "a"}
    lines = "\n".join(json.dumps({"id": key, "text": text}) for key, text in wanted.items())
    assert judged(lines, qrels="q1 0 last 1", names=("p.jsonl", "q.csv", "j")).passages == wanted


def test_the_data_is_not_to_be_changed_by_hand():
    with pytest.raises(dataclasses.FrozenInstanceError):
        judged().passages = {}
