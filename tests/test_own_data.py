"""A visitor's own passages, queries and judgements: good files in each form, and what is told of bad and hostile ones."""

import dataclasses
import io
import json
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.own_data import LIMITS, SHOWN_FAULTS, File, Judged, OwnDataError, read
from advisor.own_zip import read_zip

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
    return str(caught.value)


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


def test_queries_without_a_relevant_passage_are_left_out_and_counted():
    found = judged(qrels="q1 0 p1 1\nq2 0 p1 0\nq2 0 p2 -2\n")
    assert list(found.queries) == list(found.judgements) == ["q1"]
    assert found.notes == ("1 of 2 queries have no relevant passage and are left out.",)


def test_a_part_holds_the_passages_and_queries_of_its_languages():
    found = judged("id,language,text\np1,EN,Frost\np2,de,Hefe\n", "id,language,text\nq1,en,cold\nq2,en,dough\n")
    assert found.languages == ("de", "en")
    assert judged("id,text,language\n p1 ,Frost, en \n", qrels="q1 0 p1 1").passage_languages == {"p1": "en"}
    part = found.part({"en"})
    assert (dict(part.passages), dict(part.queries), dict(part.judgements)) == ({"p1": "Frost"}, {"q1": "cold"}, {"q1": {"p1": 2}})
    assert part.languages == ("en",) and found.part({"en", "de"}).judgements == found.judgements


# Bad files: the line, what is wrong, and what to do


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"passages": "id,text\np1,a\np1,b\n"}, "p.csv, line 3: the id 'p1' is used twice.\n  Ids are unique: rename one."),
        ({"passages": 'id,text\np1,"a\nb"\np2, \n'}, "p.csv, line 4: the text is empty, or no text."),
        ({"queries": "id,text\n,a\n"}, "q.csv, line 2: no id of 1 to 200 characters."),
        ({"queries": "name,words\nq1,a\n"}, "q.csv, line 1: the header 'name, words' has no id and text.\n  Begin with a header: id,text."),
        ({"passages": "id,text\np1,a,b\n"}, "p.csv, line 2: 3 values, but the header has 2.\n  Put quotes around"),
        ({"passages": 'id,text\np1,"a" b\n'}, "p.csv, line 2: not readable as a table"),
        ({"passages": b"id,text\np1,a\np2,\xff\n"}, "p.csv, line 3: it is not UTF-8.\n  Save the file as UTF-8."),
        ({"passages": PASSAGES.encode("utf-16")}, "p.csv, line 1: it is UTF-16."),
        ({"queries": " \n"}, "q.csv: it is empty.\n  Give at least one query."),
        ({"qrels": "q1 p1 2\n"}, "j.txt, line 1: no four columns."),
        ({"qrels": "q1 0 p1 1\n\nq9 0 p1 1\n"}, "j.txt, line 3: there is no query 'q9'.\n  Add the query, or delete the line."),
        ({"qrels": "q1 0 p9 1\n"}, "j.txt, line 1: there is no passage 'p9'."),
        ({"qrels": "q1 0 p1 1\nq1 0 p1 0\n"}, "j.txt, line 2: query 'q1' and passage 'p1' were judged before."),
        ({"qrels": "q1 0 p1 high\n"}, "j.txt, line 1: 'high' is no grade."),
        ({"qrels": "q1 0 p1 101\n"}, "j.txt, line 1: '101' is no grade."),
        ({"qrels": "q1 0 p1 0.5\n"}, "j.txt, line 1: '0.5' is no grade."),
        ({"qrels": BEIR_QRELS + "q1\tp1\n"}, "j.txt, line 4: 2 values, but the header has 3."),
        ({"qrels": "q1 0 p1 0\n"}, "j.txt: no query has a relevant passage."),
        ({"qrels": ""}, "j.txt: it is empty."),
        ({"passages": '{"id": "p1"}', "names": ("p.jsonl", "q.csv", "j")}, "p.jsonl, line 1: the text is empty, or no text."),
        ({"passages": '{"id": true, "text": "a"}', "names": ("", "", "")}, "passages, line 1: no id"),
        ({"passages": '{"id": "a", "text": "a"}\n[1]\n', "names": ("p.ndjson", "", "")}, "p.ndjson, line 2: no JSON object."),
        ({"passages": '{"id": "p1", "text": ' + "[" * 9_999, "names": ("", "", "")}, "passages, line 1: no JSON object."),
        ({"passages": "id,text\np\x1b[1m,\n", "names": ("a\nb.csv", "", "")}, "a?b.csv, line 2: the text is empty"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_line_and_remedy(files, told):
    assert told in faults(**files)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"passages": PASSAGES + "p3,c\np4,d\n"}, "p.csv, line 4: more than 2 passages."),
        ({"passages": "id,text\np1," + "a" * 31}, "p.csv, line 2: 31 characters, more than the 30 that a passage may have."),
        ({"queries": "id,text\nq1," + "a" * 41}, "q.csv, line 2: 41 characters, more than the 40 that a query may have."),
        ({"passages": PASSAGES + "\n" * 2_000}, "p.csv: 2,050 bytes, more than the 2,000 that are taken."),
        ({}, "j.txt: 2 queries are judged, more than the 1 that are run."),
        ({"qrels": QRELS + "q1 0 p2 1\n"}, "j.txt, line 4: more than 3 judgements."),
    ],
)
def test_each_limit_is_told(files, told):
    assert told in faults(**files, limits=SMALL)


def test_what_is_over_a_limit_is_told_once():
    with pytest.raises(OwnDataError) as caught:
        judged(PASSAGES + "p3,c\np4,d\n", limits=SMALL)
    assert len(caught.value.faults) == 1
    size = len(packed(BEIR))
    assert read_zip(File("", packed(BEIR)), LIMITS._replace(largest_bytes=size, most_entries=3)).queries
    assert "bytes, more than" in refused(packed(BEIR), LIMITS._replace(largest_bytes=size - 1))
    assert "more than 2 files" in refused(packed(BEIR), LIMITS._replace(most_entries=2))


def test_data_as_large_as_the_limits_is_taken():
    found = judged(f"id,text\np1,{'a' * 30}\np2,b\n", f"id,text\nq1,{'a' * 40}\nq2,b\n", "q1 0 p1 1\nq1 0 p2 1\nq2 0 p1 0\n", SMALL)
    assert len(found.passages) == 2 and len(found.queries) == 1


def test_a_long_line_of_json_is_not_parsed():
    line = '{"id": "p1", "text": "a", "x": [' + "[]," * 400_000 + "1]}"
    tracemalloc.start()
    told = faults(passages=line, names=("p.jsonl", "q.csv", "j"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert " characters, more than the 1,000,000 of a line that is read." in told and peak < 10_000_000


@pytest.mark.parametrize(
    ("qrels", "told"),
    [
        ("x\n" * 400_000, "And at least 990 more faults."),
        ("query-id,corpus-id,score\n" + "x\n" * 400_000, "And at least 990 more faults."),
        ("\n" * 5_000_000, "qrels/test.tsv: 5,000,000 lines, more than the 500,000 that are read."),
        ("\t" * 5_000_000, "qrels/test.tsv: it is empty."),
        ("a\t" * 2_500_000, "qrels/test.tsv, line 1: 5,000,000 characters, more than the 1,000,000 of a line that is read."),
    ],
    ids=["short lines", "short rows", "blank lines", "one blank line", "one long line"],
)
def test_a_zip_that_is_small_takes_little_memory_for_its_faults(qrels, told):
    content = packed([*BEIR[:2], ("set/qrels/test.tsv", qrels)])
    assert len(content) < 20_000
    limits = LIMITS._replace(largest_ratio=2_000)
    tracemalloc.start()
    with pytest.raises(OwnDataError) as caught:
        read_zip(File("mine.zip", content), limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told in str(caught.value) and peak < 50_000_000
    assert len(caught.value.faults) <= SHOWN_FAULTS


def test_the_first_faults_of_all_files_are_told_and_how_many_more():
    told = faults(passages="id,text\n" + "p1,\n" * 12, queries="id,text\n,a\n,b\n", qrels="q1 0 p1 x\n")
    assert told.count("\n  ") == SHOWN_FAULTS and told.endswith("And 5 more faults.")


def test_texts_that_could_not_be_read_name_no_judgements_as_faulty():
    assert "there is no" not in faults(passages=b"\xff")


def test_nothing_of_a_text_is_repeated_in_a_message():
    told = faults(passages="id,text\np1,secret words\np1,secret words\n", queries="id,text\nq1,\n")
    assert "secret" not in told


# Zips


@pytest.mark.parametrize("top", ["", "scifact/"])
def test_a_data_set_of_beir_is_read_from_its_zip(top):
    members = [(name.replace("set/", top), text) for name, text in BEIR]
    rest = [(f"{top}qrels/train.tsv", "not read"), ("__MACOSX/corpus.jsonl", "not read"), (f"{top}readme.md", "not read"), ("a/b/", "")]
    found = read_zip(File("x.zip", packed([*rest, *members])))
    assert list(found.passages) == ["p1", "p2"] and found.judgements == {"q1": {"p1": 2}, "q2": {"p2": 1}}
    assert found.notes == (f"Judgements: {top}qrels/test.tsv.",)


@pytest.mark.parametrize(
    ("there", "taken"), [(("train", "dev"), "dev"), (("train",), "train"), (("mine", "all"), "all"), (("train", "test"), "test")]
)
def test_the_test_part_of_the_judgements_comes_first(there, taken):
    members = [*BEIR[:2], *((f"set/qrels/{split}.tsv", BEIR_QRELS if split == taken else "x") for split in there)]
    assert read_zip(File("", packed(members))).notes == (f"Judgements: set/qrels/{taken}.tsv.",)


def test_faults_in_a_zip_name_the_file_in_it():
    with pytest.raises(OwnDataError, match=r"set/corpus.jsonl, line 1: no JSON object"):
        read_zip(File("x.zip", packed([("set/corpus.jsonl", "p1"), *BEIR[1:]])))


def info(name, mode=0o100644):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


@pytest.mark.parametrize("name", ["../corpus.jsonl", "/etc/passwd", "set/../../x", "C:/x", "set\\..\\x", ".."])
def test_a_path_out_of_the_folder_is_refused(name):
    assert "leads out of the folder" in refused(packed([*BEIR, (name, "x")]))


def test_a_name_cut_short_by_a_zero_is_refused():
    content = packed([*BEIR, ("set/fooZ.txt", "x")]).replace(b"set/fooZ.txt", b"set/foo\x00.txt")
    assert "leads out of the folder" in refused(content)


def test_dots_inside_a_name_are_no_way_out():
    assert read_zip(File("", packed([*BEIR, ("set/a..b", "x"), ("set/...", "x")]))).queries


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010644])
def test_a_link_or_device_is_refused(mode):
    assert "is a link or a device" in refused(packed([*BEIR, (info("set/l", mode), "/etc/passwd")]))


def test_an_encrypted_file_is_refused():
    content = bytearray(packed(BEIR))
    place = content.find(b"PK\x01\x02")
    content[place + 8] |= 1  # general purpose bit flag
    assert "'set/corpus.jsonl' is encrypted" in refused(bytes(content))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused():
    assert "'set/corpus.jsonl' is in it twice" in refused(packed([*BEIR, BEIR[0]]))


def test_two_data_sets_are_refused():
    assert "more than one data set" in refused(packed([*BEIR, ("other/corpus.jsonl", CORPUS_JSONL)]))


def test_what_is_missing_is_named():
    assert "there is no queries.jsonl and no qrels/test.tsv." in refused(packed(BEIR[:1]))


def test_a_bomb_is_not_unpacked():
    bomb = packed([("corpus.jsonl", b"\n" * 200_000_000), *((name[4:], text) for name, text in BEIR[1:])])
    assert len(bomb) < 300_000
    tracemalloc.start()
    told = refused(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "'corpus.jsonl' unpacks to more than 38," in told and peak < 100_000_000  # 200 times the packed size


def test_the_ratio_is_bounded_where_the_size_is_not_yet_reached():
    members = [("set/corpus.jsonl", " " * 1_000_000), *BEIR[1:]]
    assert "unpacks to more than 200,000 bytes" in refused(packed(members))


def test_the_sizes_of_all_files_count_together():
    size = sum(len(text) for _, text in BEIR)
    assert read_zip(File("", packed(BEIR)), LIMITS._replace(largest_unpacked_bytes=size)).queries
    assert "'set/qrels/test.tsv' unpacks to more than" in refused(packed(BEIR), LIMITS._replace(largest_unpacked_bytes=size - 1))


@pytest.mark.parametrize("size", [1, 10**6, 2**32 - 2])
def test_a_header_that_lies_about_the_size_is_refused(size):
    content = bytearray(packed(BEIR))
    place = content.find(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", size)  # uncompressed size in the directory
    told = refused(bytes(content))
    assert "damaged" in told or "not as long as the zip says" in told


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
    assert "damaged" in told or "not as long as the zip says" in told


def test_thousands_of_entries_are_refused_before_they_are_listed(monkeypatch):
    content = packed([*BEIR, *((f"set/{number}", "") for number in range(5_000))], zipfile.ZIP_STORED)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "more than 500 files" in refused(content)


def test_a_directory_that_counts_fewer_entries_than_it_has_is_refused():
    content = bytearray(packed([*BEIR, *((f"set/{number}", "") for number in range(600))], zipfile.ZIP_STORED))
    end = content.rfind(b"PK\x05\x06")
    content[end + 8 : end + 12] = struct.pack("<HH", 3, 3)
    assert "more than 500 files" in refused(bytes(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_method_is_refused(method):
    assert "packed in a way" in refused(packed(BEIR, method))


def test_a_zip_that_is_too_large_is_refused():
    assert "bytes, more than the 100 that are taken" in refused(packed(BEIR), LIMITS._replace(largest_bytes=100))


@pytest.mark.parametrize("content", [b"", b"PK", b"id,text\np1,a\n", packed(BEIR)[:-30]])
def test_what_is_no_zip_is_told(content):
    assert "no zip that can be read" in refused(content)


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
