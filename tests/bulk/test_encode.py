"""Bulk encoding from end to end: what is written, what is refused, what a kill leaves, and what comes of it when the run goes on."""

import contextlib
import hashlib
import ipaddress
import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pyarrow.parquet as pq
import pytest

from advisor.base.errors import EncodeError
from advisor.bulk import check, folder, vectors, work
from advisor.encode import fastembed_engine, models
from advisor.net.addresses import EXAMPLE
from advisor.serve import cli
from tests.bulk.conftest import passages, write_jsonl
from tests.encode import servers

SMALL = "bge-small-en-v1.5"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, catalog):
    monkeypatch.setenv("ADVISOR_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("ADVISOR_ENDPOINTS", raising=False)
    monkeypatch.setattr(cli.catalog, "load", lambda: catalog)


@pytest.fixture(scope="module")
def small(catalog, tiny_embedder):
    return fastembed_engine.load(models.of_variant(catalog, SMALL, tiny_embedder), 1)


@pytest.fixture
def encode(tmp_path, tiny_embedder, capsys):
    """Encodes a corpus into `out` with the tiny model; gives status, what is printed, and what is said beside it."""

    def running(corpus, *arguments, out=tmp_path / "out", folder=tiny_embedder):
        own = [] if folder is None else ["--folder", folder, "--threads", 1]
        status = cli.main(
            [
                str(each)
                for each in (
                    "encode",
                    corpus,
                    "--model",
                    SMALL,
                    *own,
                    "--out",
                    out,
                    "--rows",
                    64,
                    *arguments,
                )
            ]
        )
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return running


def stored(out):
    """Ids and vectors in the order of the blocks, and the manifest."""
    manifest = json.loads((out / "manifest.json").read_text())
    read = [vectors.read(out / block["file"]) for block in manifest["blocks"] if block["file"]]
    return (
        [key for ids, _, _ in read for key in ids],
        np.concatenate([rows for _, rows, _ in read]),
        manifest,
    )


def journal(out):
    return [
        json.loads(line)
        for line in (out / "journal.jsonl").read_bytes().splitlines(keepends=True)
        if line.endswith(b"\n")
    ]


def blocks_done(out):
    return [line["block"] for line in journal(out) if "block" in line]


def whole(out, corpus=None):
    """Rows read, vectors and rows set aside of a folder that the check finds whole."""
    return [
        int(figure.replace(",", ""))
        for figure in re.findall(r"\d[\d,]*", check.checked(out, corpus).replace(str(out), ""))
    ]


def last(err, **left_out):
    """The last line of what is said, with names in the place of folders and servers."""
    line = err.splitlines()[-1]
    for name, varies in left_out.items():
        line = line.replace(str(varies), name.upper())
    return line


def where(server):
    return urlsplit(str(server)).netloc


def command(*arguments, tiny):
    told = [
        "-m",
        "advisor",
        "encode",
        *map(str, arguments),
        "--model",
        SMALL,
        "--folder",
        str(tiny),
        "--threads",
        "1",
    ]
    return subprocess.Popen(
        [sys.executable, *told],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


# What is written


def test_vectors_are_those_of_the_engine_in_the_order_of_the_corpus(
    encode, jsonl, small, tmp_path, pinned
):
    rows = passages(150)
    status, out, err = encode(jsonl(150))
    ids, found, manifest = stored(tmp_path / "out")
    done = out.replace(str(tmp_path / "out"), "OUT").strip()
    assert status == 0 and re.findall(
        r"\d+", done.replace(small.about.model, "").replace("float32", "")
    ) == ["150", "3", "0", "150"]
    assert f"--check {tmp_path / 'out'}" in out
    checked = {
        "whole": check.checked(tmp_path / "out"),
        "against the corpus": check.checked(tmp_path / "out", jsonl(150)),
    }
    checked = {
        name: sentence.replace(str(tmp_path / "out"), "OUT") for name, sentence in checked.items()
    }
    assert checked["whole"] != checked["against the corpus"] and {"done": done, **checked} == pinned
    assert ids == [row["id"] for row in rows]
    assert found == pytest.approx(
        small.embed([row["text"] for row in rows], "passage").dense, abs=1e-5
    )
    assert [block["first_id"] for block in manifest["blocks"]] == ["p0", "p64", "p128"]
    assert manifest["totals"] == {"read": 150, "written": 150, "set_aside": 0, "blocks": 3}
    assert (
        manifest["corpus"][0]["file"] == "corpus.jsonl"
        and len(manifest["corpus"][0]["sha256"]) == 64
    )
    assert err.splitlines()[: len(small.about.notes)] == list(small.about.notes)


def test_bad_rows_are_set_aside_and_counted(encode, tmp_path):
    lines = [json.dumps(row) for row in passages(100)]
    lines[10:10] = ["no json", '{"id": "p3", "text": "again"}', '{"id": "x", "text": ""}']
    (tmp_path / "c.jsonl").write_text("\n".join(lines))
    assert encode(tmp_path / "c.jsonl")[0] == 0
    ids, _, manifest = stored(tmp_path / "out")
    aside = [
        json.loads(line) for line in (tmp_path / "out" / "set-aside.jsonl").read_text().splitlines()
    ]
    assert ids == [row["id"] for row in passages(100)] and manifest["totals"]["read"] == 103
    assert [(row["row"], row["id"]) for row in aside] == [(11, ""), (12, "p3"), (13, "x")] and len(
        {row["reason"] for row in aside}
    ) == 3
    assert whole(tmp_path / "out", tmp_path / "c.jsonl") == [103, 100, 3]


@pytest.mark.parametrize(("kind", "bytes_each"), [("float32", 4), ("float16", 2), ("int8", 1)])
def test_each_type_is_as_near_as_it_says(encode, jsonl, small, tmp_path, kind, bytes_each):
    encode(jsonl(70), "--type", kind)
    _, found, _ = stored(tmp_path / "out")
    exact = small.embed([row["text"] for row in passages(70)], "passage").dense
    largest = np.abs(exact).max(axis=1, keepdims=True)
    bound = {
        "float32": 0,
        "float16": np.maximum(np.abs(exact) / 2048, 3e-8),
        "int8": largest / 254,
    }[kind]
    assert (
        np.abs(found - exact) <= bound + 1e-5
    ).all()  # the batches of 64 and 6 move values by 1e-6 themselves
    table = pq.read_table(tmp_path / "out" / "vectors" / "block-000000.parquet")
    assert (
        table.schema.field("vector").type.value_type.bit_width == 8 * bytes_each
        and table.schema.field("vector").type.list_size == 32
    )
    about = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert (about["type"], about["dim"], about["pooling"], about["normalised"]) == (
        kind,
        "32",
        "cls",
        "true",
    )
    assert whole(tmp_path / "out") == [70, 70, 0]


def test_int8_reaches_both_its_ends_and_keeps_zeros():
    whole, scales = vectors.quantised(np.array([[1, -1, 0.5], [0, 0, 0]], np.float32))
    assert whole.tolist() == [[127, -127, 64], [0, 0, 0]] and scales == pytest.approx([1 / 127, 0])


def test_an_empty_corpus_gives_a_manifest_without_vectors(encode, tmp_path):
    (tmp_path / "c.jsonl").write_text("\n")
    assert encode(tmp_path / "c.jsonl")[0] == 0
    assert whole(tmp_path / "out", tmp_path / "c.jsonl") == [0, 0, 0]


# Going on


def test_a_killed_run_goes_on_and_no_passage_is_lost_or_twice(
    encode, tiny_embedder, jsonl, small, tmp_path
):
    corpus, out = jsonl(4_000), tmp_path / "out"
    process = command(corpus, "--out", out, "--rows", 64, tiny=tiny_embedder)
    until = time.monotonic() + 60
    while not (out / "journal.jsonl").exists() or len(blocks_done(out)) < 3:
        assert process.poll() is None and time.monotonic() < until, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = blocks_done(out)
    assert (
        process.returncode == -signal.SIGKILL
        and not (out / "manifest.json").exists()
        and 3 <= len(before) < 63
    )
    with (out / "journal.jsonl").open("ab") as stream:
        stream.write(b'{"block": 9')  # as a kill in the middle of a line leaves it
    (out / "vectors" / ".block-000009.parquet.1.tmp").write_bytes(b"half")
    status, _, err = encode(corpus)
    ids, _, manifest = stored(out)
    assert (
        status == 0
        and [str(len(before))] in [re.findall(r"\d+", line) for line in err.splitlines()]
        and len(manifest["runs"]) == 2
    )
    assert sorted(blocks_done(out)) == list(range(63)), "a block that was done is not done again"
    assert ids == [row["id"] for row in passages(4_000)]
    assert whole(out, corpus) == [4_000, 4_000, 0]
    assert not list((out / "vectors").glob(".*"))


def unfinished(out):
    (out / "manifest.json").unlink()


def test_a_damaged_block_is_found_and_done_again(encode, jsonl, small, tmp_path, pinned):
    corpus, out = jsonl(200), tmp_path / "out"
    encode(corpus)
    _, first, _ = stored(out)
    victim = out / "vectors" / "block-000001.parquet"
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    (out / "vectors" / "block-000002.parquet").unlink()
    assert cli.main(["encode", "--check", str(out)]) == 2
    unfinished(out)
    status, _, err = encode(corpus)
    damaged, kept = err.rpartition(small.about.notes[-1])[2].split("\n")[1:3]
    assert status == 0 and [re.findall(r"\d+", line) for line in (damaged, kept)] == [
        ["2", "1"],
        ["2"],
    ]
    assert {"damaged": damaged, "kept": kept} == pinned
    assert stored(out)[1] == pytest.approx(first, abs=1e-6) and whole(out, corpus) == [200, 200, 0]


def test_the_same_command_on_a_finished_folder_says_so_and_does_nothing(encode, jsonl, tmp_path):
    corpus = jsonl(70)
    first = encode(corpus)
    times = {
        path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert encode(corpus)[:2] == first[:2]
    assert {
        path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()
    } == times


@pytest.mark.parametrize(
    "change",
    [
        lambda corpus: ("--type", "int8"),
        lambda corpus: ("--rows", "32"),
        lambda corpus: ("--id-column", "doc"),
        lambda corpus: write_jsonl(corpus, passages(71)) and (),
    ],
    ids=["type", "rows in a block", "columns", "corpus"],
)
def test_going_on_with_something_else_is_refused(encode, jsonl, tmp_path, pinned, change):
    corpus = jsonl(70)
    encode(corpus)
    before = (tmp_path / "out" / "journal.jsonl").read_bytes()
    status, out, err = encode(corpus, *change(corpus))
    told = last(err, out=tmp_path / "out")
    assert (status, out) == (2, "") and (tmp_path / "out" / "journal.jsonl").read_bytes() == before
    assert "OUT" in told and "--out" in told and told == pinned


def test_other_weights_under_the_same_name_are_refused(encode, jsonl, tmp_path, tiny_embedder):
    from tools import models as made

    encode(jsonl(70))
    made.write_embedder(tmp_path / "other")
    (tmp_path / "other" / "tokenizer.json").write_text(
        (tiny_embedder / "tokenizer.json").read_text() + "\n"
    )
    status, _, err = encode(jsonl(70), folder=tmp_path / "other")
    assert (
        status == 2
        and str(tmp_path / "out") in err.splitlines()[-1]
        and "weights" in err.splitlines()[-1]
    )


def test_two_runs_in_one_folder_are_refused(encode, jsonl, tmp_path, pinned):
    corpus = jsonl(70)
    encode(corpus)
    plan = journal(tmp_path / "out")[0]["plan"]
    held = folder.Folder(tmp_path / "out", plan)
    try:
        status, _, err = encode(corpus)
    finally:
        held.close()
    told = last(err, out=tmp_path / "out")
    assert status == 2 and "OUT" in told and "--out" in told and told == pinned
    assert encode(corpus)[0] == 0


def test_a_kill_while_the_journal_was_first_written_leaves_a_folder_that_is_taken(
    encode, jsonl, tmp_path
):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".journal.jsonl.17-0a1b2c3d.tmp").write_text('{"format"')
    (tmp_path / "out" / "lock").touch()
    assert encode(jsonl(5))[0] == 0
    assert not list((tmp_path / "out").glob(".*"))


def test_a_folder_with_something_else_in_it_is_left_alone(encode, jsonl, tmp_path, pinned):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    status, _, err = encode(jsonl(5))
    assert status == 2 and [
        path.name for path in (tmp_path / "out").iterdir() if path.name != "lock"
    ] == ["mine.txt"]
    inside, _, of_inside = encode(jsonl(5).parent, out=tmp_path / "inside")
    assert inside == 2 and not (tmp_path / "inside").exists()
    told = {
        "files of another kind": last(err, out=tmp_path / "out"),
        "within the corpus": last(of_inside),
    }
    assert "OUT" in told["files of another kind"] and told == pinned


# Checks


def tampered(out, change):
    manifest = json.loads((out / "manifest.json").read_text())
    change(manifest)
    (out / "manifest.json").write_text(json.dumps(manifest))


def swap(out):
    one, two = (out / "vectors" / f"block-00000{n}.parquet" for n in (0, 1))
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            lambda out: (out / "vectors" / "block-000001.parquet").unlink(),
            "vectors/block-000001.parquet",
        ),
        (swap, "vectors/block-000000.parquet"),
        (
            lambda out: (out / "vectors" / "block-7.parquet").write_bytes(b""),
            "vectors/block-7.parquet",
        ),
        (lambda out: (out / "set-aside.jsonl").write_text("{}\n"), "set-aside.jsonl"),
        (lambda out: tampered(out, lambda m: m["totals"].update(read=99)), "manifest.json"),
        (lambda out: tampered(out, lambda m: m["blocks"].pop()), "manifest.json"),
        (lambda out: tampered(out, lambda m: m["corpus"][0].update(sha256="0")), "manifest.json"),
    ],
    ids=[
        "a file gone",
        "two files swapped",
        "a file too many",
        "other rows set aside",
        "other totals",
        "a block gone",
        "another corpus",
    ],
)
def test_the_check_finds_what_is_not_whole(encode, jsonl, tmp_path, capsys, pinned, damage, named):
    corpus, out = jsonl(130), tmp_path / "out"
    encode(corpus)
    damage(out)
    assert cli.main(["encode", "--check", str(out), str(corpus)]) == 2
    told = capsys.readouterr().err.replace(str(out), "OUT").strip()
    assert "OUT" in told and named in told and told == pinned


def rewritten(out, ids, rows):
    """Puts other vectors into a block, with a manifest that agrees."""
    packed = vectors.packed(
        ids, rows, "float32", {"model": json.loads((out / "manifest.json").read_text())["model"]}
    )
    (out / "vectors" / "block-000000.parquet").write_bytes(packed)
    told = {
        "sha256": hashlib.sha256(packed).hexdigest(),
        "bytes": len(packed),
        "first_id": ids[0],
        "last_id": ids[-1],
    }
    tampered(out, lambda m: m["blocks"][0].update(told))


def test_the_check_finds_vectors_that_are_none_and_ids_that_are_twice(
    encode, jsonl, tmp_path, pinned
):
    corpus, out = jsonl(130), tmp_path / "out"
    encode(corpus)
    ids, rows, _ = vectors.read(out / "vectors" / "block-000000.parquet")
    found = set()
    for bad in (np.nan, 3.0):
        broken = rows.copy()
        broken[5, 0] = bad
        rewritten(out, ids, broken)
        with pytest.raises(EncodeError) as caught:
            check.checked(out)
        found.add(str(caught.value).replace(str(out), "OUT"))
    (off,) = found
    rewritten(out, [*ids[:-1], ids[0]], rows)
    with pytest.raises(EncodeError, match=r"\bp0\b") as caught:
        check.checked(out, corpus)
    twice = str(caught.value).replace(str(out), "OUT")
    assert [sentence.count("\n- ") for sentence in (off, twice)] == [
        1,
        2,
    ]  # the second is not as the corpus has it either
    assert "vectors/block-000000.parquet" in off and "vectors/block-000000.parquet" in twice
    assert {"a vector": off, "an id": twice} == pinned


# Servers


def fleet(*urls, more=()):
    told = [part for url in urls for part in ("--endpoint", str(url))]
    return [*told, "--shape", "tei", "--patience", "0", "--at-once", "1", *more]


def after(count, then):
    """A fault from the (count + 1)th request on."""
    asked = iter(range(10**9))

    def reply(handler, answer):
        if next(asked) < count:
            servers.send(handler, 200, answer)
        else:
            then(handler, answer)

    return reply


def on_server(catalog, text):
    return servers.vector(text, catalog.variants[SMALL].embedding_dim)


def test_what_a_dying_server_does_not_give_the_other_gives(encode, jsonl, tmp_path, catalog):
    dim = catalog.variants[SMALL].embedding_dim
    with (
        servers.serving("tei", dim=dim, fault=after(6, servers.FAULTS["closed"])) as dying,
        servers.serving("tei", dim=dim) as living,
    ):
        status, _, err = encode(jsonl(900), *fleet(dying, living), folder=None)
        assert len(dying.posts) >= 6 and len(living.posts) > 10
    ids, found, manifest = stored(tmp_path / "out")
    assert (
        status == 0
        and where(dying) in err
        and where(living) not in err
        and len(manifest["runs"][0]["workers"]) == 2
    )
    assert ids == [row["id"] for row in passages(900)] and whole(tmp_path / "out", jsonl(900)) == [
        900,
        900,
        0,
    ]
    assert found[[0, 899]] == pytest.approx(
        np.array([on_server(catalog, passages(900)[n]["text"]) for n in (0, 899)]), abs=1e-5
    )


def test_when_all_servers_are_gone_what_is_done_stays_and_others_go_on(
    encode, jsonl, tmp_path, catalog, pinned
):
    dim, corpus, out = catalog.variants[SMALL].embedding_dim, jsonl(900), tmp_path / "out"
    with servers.serving(
        "tei", dim=dim, fault=after(10, servers.status(503, Retry_After="60"))
    ) as dying:
        status, _, err = encode(corpus, *fleet(dying), folder=None)
    before = blocks_done(out)
    told = last(err, server=where(dying))
    assert (
        status == 2
        and all(fact in told for fact in ("SERVER", "503", "60"))
        and told == pinned
        and 1 <= len(before) < 15
    )
    with servers.serving("tei", dim=dim) as living:
        assert encode(corpus, *fleet(living), folder=None)[0] == 0
    assert sorted(blocks_done(out)) == list(range(15)) and whole(out, corpus) == [900, 900, 0]


def test_a_text_that_a_server_does_not_take_is_set_aside_alone(encode, tmp_path, catalog):
    rows = passages(80)
    rows[33]["text"] += " poison"

    def refuse(handler, answer):
        body = handler.server.seen[-1].body
        poisoned = any("poison" in text for text in body["inputs"])
        servers.status(413)(handler, answer) if poisoned else servers.send(handler, 200, answer)

    with servers.serving("tei", dim=catalog.variants[SMALL].embedding_dim, fault=refuse) as base:
        status, _, _ = encode(write_jsonl(tmp_path / "c.jsonl", rows), *fleet(base), folder=None)
    aside = json.loads((tmp_path / "out" / "set-aside.jsonl").read_text())
    assert status == 0 and (aside["row"], aside["id"]) == (34, "p33") and "413" in aside["reason"]
    assert whole(tmp_path / "out", tmp_path / "c.jsonl") == [80, 79, 1]


def test_a_limit_of_tokens_in_a_time_is_waited_for_and_sets_nothing_aside(
    encode, tmp_path, catalog
):
    rows = passages(20)
    rows[7]["text"] = " ".join(["cat"] * 90)
    corpus = write_jsonl(tmp_path / "c.jsonl", rows)
    window_s, most, spent = 4, 120, {}

    def counting(handler, answer):
        window = int(time.monotonic() / window_s)
        asked = sum(map(servers.tokens, handler.server.seen[-1].body["inputs"]))
        if spent.get(window, 0) + asked > most:
            servers.status(429)(handler, answer)
        else:
            spent[window] = spent.get(window, 0) + asked
            servers.send(handler, 200, answer)

    with servers.serving("tei", dim=catalog.variants[SMALL].embedding_dim, fault=counting) as base:
        status, _, err = encode(corpus, *fleet(base, more=("--patience", "30")), folder=None)
    assert status == 0, err
    assert stored(tmp_path / "out")[0] == [row["id"] for row in rows] and whole(
        tmp_path / "out", corpus
    ) == [20, 20, 0]


def test_a_server_that_stays_busy_is_given_up_after_the_patience_and_what_is_done_stays(
    encode, jsonl, tmp_path, catalog, pinned
):
    busy = after(3, servers.status(429, Retry_After="40"))
    with servers.serving("tei", dim=catalog.variants[SMALL].embedding_dim, fault=busy) as base:
        status, _, err = encode(jsonl(150), *fleet(base, more=("--patience", "20")), folder=None)
    told = last(err, server=where(base))
    assert status == 2 and all(fact in told for fact in ("SERVER", "429", "40")) and told == pinned
    assert blocks_done(tmp_path / "out") == [0] and not list((tmp_path / "out").glob("set-aside*"))


def test_a_fault_of_the_servers_own_sets_no_text_aside(encode, jsonl, tmp_path, catalog):
    def failing(handler, answer):  # all but the probe
        probe = handler.server.seen[-1].body["inputs"] == [work.PROBE]
        servers.send(handler, 200, answer) if probe else servers.status(500, Retry_After="60")(
            handler, answer
        )

    with servers.serving("tei", dim=catalog.variants[SMALL].embedding_dim, fault=failing) as base:
        status, _, err = encode(jsonl(5), *fleet(base), folder=None)
    assert status == 2 and where(base) in last(err) and "500" in last(err, server=where(base))
    assert not list((tmp_path / "out").glob("set-aside*"))


def test_servers_of_different_models_are_refused(encode, jsonl, catalog, pinned):
    dim = catalog.variants[SMALL].embedding_dim
    other = servers.changed(lambda rows: [row[::-1] for row in rows])
    with (
        servers.serving("tei", dim=dim) as one,
        servers.serving("tei", dim=dim, fault=other) as two,
    ):
        status, _, err = encode(jsonl(5), *fleet(one, two), folder=None)
    told = last(err, one=where(one), two=where(two))
    assert status == 2 and "ONE" in told and "TWO" in told and told == pinned


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (
            ("--endpoint", "http://127.0.0.1:1", "--endpoint", "http://127.0.0.1:1"),
            ["http://127.0.0.1:1", "--at-once"],
        ),
        (("--endpoint", "ftp://127.0.0.1"), ["base_url", EXAMPLE]),
        (("--endpoint", "nobody"), ["'nobody'", "ADVISOR_ENDPOINTS"]),
        (("--endpoint", "http://127.0.0.1:1", "--key-env", "no key"), ["127.0.0.1:1", "key_env"]),
        (
            ("--model", "bge-reranker-base", "--endpoint", "http://127.0.0.1:1"),
            ["BGE Reranker Base"],
        ),
        (("--gpus", "-1"), ["--gpus"]),
    ],
    ids=[
        "one server twice",
        "no address",
        "no such endpoint",
        "no such variable",
        "a reranker",
        "less than no GPU",
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(encode, jsonl, pinned, arguments, names):
    status, out, err = encode(jsonl(5), *arguments, folder=None)
    assert (status, out) == (2, "") and all(name in err for name in names) and err.strip() == pinned


def test_without_corpus_or_folder_the_command_says_what_to_write(capsys, pinned):
    assert cli.main(["encode"]) == 2
    told = capsys.readouterr().err.strip()
    assert all(name in told for name in ("CORPUS", "--model", "--out")) and told == pinned


# Ray


def test_without_ray_one_sentence_says_what_to_install(encode, jsonl, monkeypatch):
    from advisor.bulk import on_ray

    monkeypatch.setattr(on_ray, "find_spec", lambda name: None)
    status, _, err = encode(jsonl(5), "--ray", "local")
    assert status == 2 and err.splitlines()[-1] == on_ray.INSTALL


def listening(parent):
    """Addresses on which a process and those that it started listen, by Linux's /proc."""
    parents, sockets = {}, set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(entry.name)] = int(
                (entry / "stat").read_text().rpartition(")")[2].split()[1]
            )
    family = {parent}
    while more := {child for child, of in parents.items() if of in family} - family:
        family |= more
    for one in family:
        with contextlib.suppress(OSError):
            sockets |= {os.readlink(path) for path in Path(f"/proc/{one}/fd").iterdir()}
    found = set()
    for name in ("tcp", "tcp6"):
        for row in map(str.split, Path(f"/proc/net/{name}").read_text().splitlines()[1:]):
            if row[3] == "0A" and f"socket:[{row[9]}]" in sockets:
                raw = b"".join(
                    bytes.fromhex(row[1].partition(":")[0])[at : at + 4][::-1]
                    for at in range(0, 16 if name == "tcp6" else 4, 4)
                )
                address = ipaddress.ip_address(raw)
                found.add(str(getattr(address, "ipv4_mapped", None) or address))
    return found


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or find_spec("ray") is None,
    reason="Ray is not installed, or this is not Linux: pip install 'ray[data]'.",
)
def test_two_workers_of_ray_encode_what_one_process_does(tiny_embedder, tmp_path, small):
    corpus, out = (
        write_jsonl(tmp_path / "c.jsonl", [*passages(500), {"id": "p1", "text": "again"}]),
        tmp_path / "out",
    )
    process = command(
        corpus, "--out", out, "--rows", 32, "--ray", "local", "--workers", 2, tiny=tiny_embedder
    )
    heard = set()
    while process.poll() is None:
        heard |= listening(process.pid)
        time.sleep(0.3)
    err = process.communicate()[1]
    assert process.returncode == 0, err
    assert heard == {"127.0.0.1"}, "Ray listens to this machine alone"
    ids, found, manifest = stored(out)
    assert ids == [row["id"] for row in passages(500)] and manifest["totals"] == {
        "read": 501,
        "written": 500,
        "set_aside": 1,
        "blocks": 16,
    }
    assert found == pytest.approx(
        small.embed([row["text"] for row in passages(500)], "passage").dense, abs=1e-5
    )
    assert manifest["runs"][0]["way"] == "ray" and manifest["runs"][0]["workers"] == 2
    assert whole(out, corpus) == [501, 500, 1]
