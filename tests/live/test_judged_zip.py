"""A data set in a zip, as BEIR has it: good ones, and what is told of bad and hostile ones."""

import re
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.live.judged import LIMITS, SHOWN_FAULTS, JudgedData, OwnDataError, UploadedText
from advisor.live.judged_zip import read_zip
from tests.live.own_data import BEIR, BEIR_QRELS, CORPUS_JSONL, packed, places, refused


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
        read_zip(UploadedText("mine.zip", content), limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    first, last = caught.value.faults[0], str(caught.value).splitlines()[-2:]
    assert first.file == "set/qrels/test.tsv" and all(
        number in "".join([*last, first.problem]) for number in counted
    )
    assert peak < 50_000_000 and len(caught.value.faults) <= SHOWN_FAULTS
    assert {"the first fault": str(first), "the end": last} == pinned


@pytest.mark.parametrize("top", ["", "scifact/"])
def test_a_data_set_of_beir_is_read_from_its_zip(top):
    members = [(name.replace("set/", top), text) for name, text in BEIR]
    rest = [
        (f"{top}qrels/train.tsv", "not read"),
        ("__MACOSX/corpus.jsonl", "not read"),
        (f"{top}readme.md", "not read"),
        ("a/b/", ""),
    ]
    data = read_zip(UploadedText("x.zip", packed([*rest, *members])))
    assert list(data.passages) == ["p1", "p2"] and data.judgements == {
        "q1": {"p1": 2},
        "q2": {"p2": 1},
    }
    assert len(data.notes) == 1 and f"{top}qrels/test.tsv" in data.notes[0].split(" ", 1)[1]


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (("train", "dev"), "dev"),
        (("train",), "train"),
        (("mine", "all"), "all"),
        (("train", "test"), "test"),
    ],
)
def test_the_test_part_of_the_judgements_comes_first(there, taken):
    members = [
        *BEIR[:2],
        *((f"set/qrels/{split}.tsv", BEIR_QRELS if split == taken else "x") for split in there),
    ]
    assert f"set/qrels/{taken}.tsv" in read_zip(UploadedText("", packed(members))).notes[0]


def test_faults_in_a_zip_name_the_file_in_it():
    with pytest.raises(OwnDataError) as caught:
        read_zip(UploadedText("x.zip", packed([("set/corpus.jsonl", "p1"), *BEIR[1:]])))
    assert places(caught.value)[0] == ("set/corpus.jsonl", 1)


def info(name, mode=0o100644):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


@pytest.mark.parametrize(
    "name", ["../corpus.jsonl", "/etc/passwd", "set/../../x", "C:/x", "set\\..\\x", ".."]
)
def test_a_path_out_of_the_folder_is_refused(name):
    assert f"'{name}'" in refused(packed([*BEIR, (name, "x")]))


def test_a_name_cut_short_by_a_zero_is_refused():
    content = packed([*BEIR, ("set/fooZ.txt", "x")]).replace(b"set/fooZ.txt", b"set/foo\x00.txt")
    assert "'set/foo?.txt'" in refused(content)


def test_dots_inside_a_name_are_no_way_out():
    assert read_zip(UploadedText("", packed([*BEIR, ("set/a..b", "x"), ("set/...", "x")]))).queries


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
    sentence = refused(packed(BEIR[:1])).splitlines()[0]
    assert (
        "queries.jsonl" in sentence
        and "qrels/test.tsv" in sentence
        and "corpus.jsonl" not in sentence
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_each_reason_to_refuse_a_zip_is_told_with_the_remedy(pinned):
    sentences = {
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
    assert len(set(sentences.values())) == len(sentences) and all(
        len(lines.splitlines()) == 2 for lines in sentences.values()
    )
    assert sentences == pinned


def test_a_bomb_is_not_unpacked():
    bomb = packed(
        [("corpus.jsonl", b"\n" * 200_000_000), *((name[4:], text) for name, text in BEIR[1:])]
    )
    assert len(bomb) < 300_000
    tracemalloc.start()
    sentence = refused(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "'corpus.jsonl'" in sentence and re.search(
        r"\b38,\d{3},\d{3}\b", sentence
    )  # 200 times the packed size
    assert peak < 100_000_000


def test_the_ratio_is_bounded_where_the_size_is_not_yet_reached():
    members = [("set/corpus.jsonl", " " * 1_000_000), *BEIR[1:]]
    assert "200,000" in refused(packed(members))


def test_the_sizes_of_all_files_count_together():
    size = sum(len(text) for _, text in BEIR)
    assert read_zip(
        UploadedText("", packed(BEIR)), LIMITS._replace(largest_unpacked_bytes=size)
    ).queries
    assert "'set/qrels/test.tsv'" in refused(
        packed(BEIR), LIMITS._replace(largest_unpacked_bytes=size - 1)
    )


@pytest.mark.parametrize("size", [1, 10**6, 2**32 - 2])
def test_a_header_that_lies_about_the_size_is_refused(size):
    content = bytearray(packed(BEIR))
    place = content.find(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", size)  # uncompressed size in the directory
    sentence = refused(bytes(content))
    assert "'set/corpus.jsonl'" in sentence or sentence == refused(b"")


def test_sizes_in_a_zip64_field_that_lie_are_refused():
    entry = zipfile.ZipInfo("set/readme")
    entry.extra = struct.pack("<HHQQ", 1, 16, 2**60, 2**60)
    content = bytearray(packed([(entry, "x"), *BEIR]))
    place = content.find(b"PK\x01\x02")
    content[place + 20 : place + 28] = b"\xff" * 8
    assert read_zip(UploadedText("", bytes(content))).queries  # it is not read, so it harms nobody
    entry.filename = "set/corpus.jsonl"
    content = bytearray(packed([(entry, CORPUS_JSONL), *BEIR[1:]]))
    place = content.find(b"PK\x01\x02")
    content[place + 20 : place + 28] = b"\xff" * 8
    sentence = refused(bytes(content))
    assert "'set/corpus.jsonl'" in sentence or sentence == refused(b"")


def test_thousands_of_entries_are_refused_before_they_are_listed(monkeypatch):
    content = packed(
        [*BEIR, *((f"set/{number}", "") for number in range(5_000))], zipfile.ZIP_STORED
    )
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "500" in refused(content)


def test_a_directory_that_counts_fewer_entries_than_it_has_is_refused():
    content = bytearray(
        packed([*BEIR, *((f"set/{number}", "") for number in range(600))], zipfile.ZIP_STORED)
    )
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
        assert isinstance(read_zip(UploadedText("x.zip", bytes(content))), JudgedData)
    except OwnDataError as error:
        assert error.faults


def test_a_zip_as_large_as_the_limits_is_taken_and_one_more_is_told_once():
    size = len(packed(BEIR))
    assert read_zip(
        UploadedText("", packed(BEIR)), LIMITS._replace(largest_bytes=size, most_entries=3)
    ).queries
    assert f"{size:,}" in refused(packed(BEIR), LIMITS._replace(largest_bytes=size - 1))
    assert re.findall(r"\d+", refused(packed(BEIR), LIMITS._replace(most_entries=2))) == ["2"]
