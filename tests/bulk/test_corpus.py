"""Reading a corpus: each form, and each reason for which a row is set aside."""

import gzip
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.base.errors import EncodeError
from advisor.bulk import blocks, corpus
from advisor.bulk.blocks import CorpusEnd
from advisor.bulk.corpus import ReadingOptions


def read(path, **reading):
    """Ids with their texts, and rows set aside with their reasons, by file and row."""
    files, _ = corpus.files(path)
    found = [
        block
        for block in blocks.plan(files, ReadingOptions(**reading), 100)
        if not isinstance(block, CorpusEnd)
    ]
    kept = [
        (key, text) for block in found for key, text in zip(block.ids, block.texts, strict=True)
    ]
    return kept, [(one.file, one.row, one.reason) for block in found for one in block.set_aside]


ROWS = [("a", "one"), ("b", 'two, "quoted"\nand a second line'), ("c", "drei Ü 🙂")]


def as_jsonl(path):
    path.write_bytes(
        "".join(
            json.dumps({"id": k, "text": t, "more": [1]}, ensure_ascii=False) + "\n"
            for k, t in ROWS
        ).encode()
    )


def as_csv(path):
    path.write_bytes(
        (
            "\ufeffid,lang,text\r\n"
            + "".join('{},en,"{}"\r\n'.format(k, t.replace('"', '""')) for k, t in ROWS)
        ).encode()
    )


def packed(write):
    def writing(path):
        write(path)
        path.write_bytes(gzip.compress(path.read_bytes()))

    return writing


def as_parquet(path):
    pq.write_table(
        pa.table({"text": [t for _, t in ROWS], "n": [1, 2, 3], "id": [k for k, _ in ROWS]}), path
    )


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("c.jsonl", as_jsonl),
        ("c.ndjson.gz", packed(as_jsonl)),
        ("c.csv", as_csv),
        ("c.CSV.gz", packed(as_csv)),
        ("c.parquet", as_parquet),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_form_gives_the_same_passages(tmp_path, name, write):
    write(tmp_path / name)
    assert read(tmp_path / name) == (ROWS, [])


def test_a_folder_is_read_in_the_order_of_names_and_hidden_files_are_left(tmp_path):
    (tmp_path / "b").mkdir()
    for name, key in (
        ("b/x.jsonl", "second"),
        ("a.jsonl", "first"),
        ("c.csv", ""),
        (".hidden.jsonl", "no"),
        ("read.me", "no"),
    ):
        text = (
            "id,text\nthird,t\n" if name.endswith("csv") else json.dumps({"id": key, "text": "t"})
        )
        (tmp_path / name).write_text(text)
    assert [key for key, _ in read(tmp_path)[0]] == ["first", "second", "third"]
    assert corpus.files(tmp_path)[1] == 1


BAD_JSON = {
    "no id": [b'{"id": "", "text": "t"}', b'{"text": "t"}'],
    "another type of id": [b'{"id": true, "text": "t"}', b'{"id": [1], "text": "t"}'],
    "a long id": [b'{"id": "%s", "text": "t"}' % (b"i" * 1001)],
    "no text": [b'{"id": "x"}'],
    "another type of text": [b'{"id": "x", "text": 5}'],
    "empty text": [b'{"id": "x", "text": " \\n"}'],
    "not UTF-8": [b'{"id": "x", "text": "\xff"}', b'{"id": "x", "text": "\\ud800"}'],
    "not JSON": [b'{"id": "x", "text": "t"', b"[" * 100_000],
    "no object": [b'["x", "t"]'],
    "too large": [b'{"id": "x", "text": "%s"}' % (b"t" * size) for size in (100_001, 2_000_000)],
    "an id twice": [b'{"id": "good", "text": "again"}'],
}


def reasons(bad, path, before, after, kept, **reading):
    """The reason of each kind of bad row, the second of a file; its neighbours are kept."""
    found = {}
    for kind, rows in bad.items():
        told = set()
        for row in rows:
            path.write_bytes(before + row + after)
            passages, [(file, number, reason)] = read(path, **reading)
            assert (passages, file, number) == (kept, path.name, before.count(b"\n") + 1), kind
            told.add(reason)
        (found[kind],) = told
    assert len(set(found.values())) == len(found)
    return found


def test_a_bad_line_of_json_is_set_aside_and_its_neighbours_are_not(tmp_path, pinned):
    before, after = b'{"id": "good", "text": "t"}\n', b'\n\n{"id": 7, "text": "u"}'
    found = reasons(
        BAD_JSON,
        tmp_path / "c.jsonl",
        before,
        after,
        [("good", "t"), ("7", "u")],
        longest_bytes=100_000,
    )
    assert "1,000" in found["a long id"] and found["too large"] == corpus.too_large(
        ReadingOptions(longest_bytes=100_000)
    )
    assert found == pinned


LARGE = corpus.too_large(ReadingOptions(longest_bytes=1_000))
BAD_CSV = {
    "a field too few": [b"x\n"],
    "a field too many": [b"x,t,u\n"],
    "no id": [b",t\n"],
    "empty text": [b"x,\n"],
    "not UTF-8": [b"x,\xff\n"],
    "not CSV": [b"x,t\ry\n"],
    "too large": [
        b"x," + b"t" * 1_001 + b"\n",
        b"x," + b"t" * 3_000_000 + b"\n",
        b'x,"' + b"t\n" * 1_500_000 + b'"\n',
        b'x,"' + b'a ""quote"", a line\nand another\n' * 3_000 + b'"\n',
        b'x,5" disk ' + b"t" * 9_000 + b"\n",
    ],
}


def test_a_bad_record_of_csv_is_set_aside_and_its_neighbours_are_not(tmp_path, pinned):
    kept = [("good", "t"), ("next", "u")]
    found = reasons(
        BAD_CSV, tmp_path / "c.csv", b"id,text\ngood,t\n", b"\nnext,u\n", kept, longest_bytes=1_000
    )
    assert [
        re.findall(r"\d+", found[kind]) for kind in ("a field too few", "a field too many")
    ] == [["1", "2"], ["3", "2"]]
    assert "1,000" in found["too large"] == LARGE and found == pinned


def test_a_quote_that_is_never_closed_is_one_row_set_aside(tmp_path):
    (tmp_path / "c.csv").write_bytes(b'id,text\ngood,t\nx,"' + b"lost,line\n" * 100_000)
    assert read(tmp_path / "c.csv", longest_bytes=1_000) == ([("good", "t")], [("c.csv", 3, LARGE)])


def test_rows_of_parquet_are_set_aside_too(tmp_path):
    raw = pa.array([b"t", b"\xff", None, b"u", b" "], pa.binary())
    texts = pa.StringArray.from_buffers(
        len(raw), raw.buffers()[1], raw.buffers()[2], raw.buffers()[0]
    )  # as a careless writer does
    pq.write_table(pa.table({"id": [1, 2, 3, None, 5], "text": texts}), tmp_path / "c.parquet")
    kept, aside = read(tmp_path / "c.parquet")
    assert kept == [("1", "t")] and [row for _, row, _ in aside] == [2, 3, 4, 5]
    (tmp_path / "c.jsonl").write_bytes(
        b'{"id": 2, "text": "\xff"}\n{"id": 3}\n{"text": "u"}\n{"id": 5, "text": " "}\n'
    )
    assert [reason for _, _, reason in aside] == [
        reason for _, _, reason in read(tmp_path / "c.jsonl")[1]
    ]


def test_strings_that_parquet_holds_as_a_dictionary_are_strings(tmp_path):
    pq.write_table(
        pa.table({"id": ["a", "b"], "text": pa.array(["t", "u"]).dictionary_encode()}),
        tmp_path / "c.parquet",
    )
    assert read(tmp_path / "c.parquet")[0] == [("a", "t"), ("b", "u")]


def test_rows_without_an_id_get_file_and_row_where_that_is_asked(tmp_path, pinned):
    (tmp_path / "c.csv").write_text("text\none\ntwo\n")
    assert read(tmp_path / "c.csv", number_rows=True)[0] == [("c.csv:2", "one"), ("c.csv:3", "two")]
    with pytest.raises(
        EncodeError, match=r"c\.csv.*'id'.*text.*--id-column.*--number-rows"
    ) as caught:
        read(tmp_path / "c.csv")
    assert str(caught.value) == pinned


def test_other_columns_can_be_named(tmp_path):
    (tmp_path / "c.jsonl").write_text('{"doc": "a", "body": "t", "id": "no"}')
    assert read(tmp_path / "c.jsonl", id_column="doc", text_column="body")[0] == [("a", "t")]


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("c.jsonl.gz", gzip.compress(b'{"id": "a", "text": "t"}\n' * 1000)[:-20], ["(KIND)"]),
        ("c.jsonl.gz", b"no gzip", ["(KIND)"]),
        ("c.parquet", b"PAR1 no parquet", ["(KIND)"]),
        ("c.csv", b"", []),
        ("c.csv", b"id,text,text\n", ["'text'", "--text-column"]),
        ("c.txt", b"t", list(corpus.FORMS)),
    ],
    ids=[
        "cut short",
        "no gzip",
        "no parquet",
        "no names of columns",
        "a column twice",
        "no such form",
    ],
)
def test_a_file_that_cannot_be_read_ends_the_run_in_a_sentence(
    tmp_path, pinned, name, content, names
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EncodeError) as caught:
        read(tmp_path / name)
    told = re.sub(r"\(\w+\)", "(KIND)", str(caught.value)).replace(f"{tmp_path}/", "")
    assert all(each in told for each in (name, *names)) and told == pinned


def test_blocks_hold_so_many_passages_and_so_many_rows_set_aside_at_most(tmp_path):
    lines = [f'{{"id": "{n}", "text": "t"}}' if n % 3 else "bad" for n in range(50)]
    (tmp_path / "c.jsonl").write_text("\n".join(lines + ["bad"] * 20))
    files, _ = corpus.files(tmp_path)
    *found, end = blocks.plan(files, ReadingOptions(), 5)
    assert (
        all(len(one.ids) <= 5 and len(one.set_aside) <= 5 for one in found)
        and sum(one.read for one in found) == 70
    )
    assert [one.number for one in found] == list(range(len(found))) and end == CorpusEnd(
        len(found), 70
    )
    again = list(blocks.plan(files, ReadingOptions(), 5, skip={0, 2}))
    assert again == [one for one in found if one.number not in (0, 2)] + [end]


def test_a_block_holds_so_many_characters_at_most(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "MOST_CHARACTERS", 1_000)
    (tmp_path / "c.jsonl").write_text(
        "".join(json.dumps({"id": n, "text": "t" * 400}) + "\n" for n in range(10))
    )
    *found, _ = blocks.plan(corpus.files(tmp_path)[0], ReadingOptions(), 100)
    assert [len(one.ids) for one in found] == [2] * 5
