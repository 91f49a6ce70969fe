"""Weights come from the hub in a child process, whole or not at all."""

import contextlib
import errno
import io
import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import fastembed
import huggingface_hub
import pytest
import requests
from requests.adapters import BaseAdapter

from advisor.base.errors import EncodeError
from advisor.encode import download_process, downloads
from advisor.encode.downloads import Download, Downloads, Files, Patience
from advisor.encode.hub_files import OTHER_STEP, Hub, Order, Problem
from tests.encode import hub
from tests.waiting import until

FILES = Files("BAAI/bge-m3", "onnx/model.onnx", ("onnx/model.onnx_data",))
FOLDER = "BAAI--bge-m3"
DATA = bytes(range(256)) * 4_000
HASTY = Patience(stall_s=0.6)


@pytest.fixture(scope="module")
def repo(tmp_path_factory) -> Path:
    """A repository with all files of a model, no model in them."""
    folder = tmp_path_factory.mktemp("repo")
    (folder / "onnx").mkdir()
    contents = {
        "onnx/model.onnx": b"model" * 50,
        "onnx/model.onnx_data": DATA,
        "tokenizer.json": b'{"a": "\xc3\xa9"}',
        "README.md": b"no",
    }
    contents |= {
        name: b"{}\n"
        for name in ("tokenizer_config.json", "config.json", "special_tokens_map.json")
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def store(tmp_path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def start(store):
    """Starts downloads into `store`, and ends what still runs."""
    started = []

    def starting(base, files=FILES, patience=None, **options):
        started.append(Download(files, store, hub=base, patience=patience, **options))
        return started[-1]

    yield starting
    for each in started:
        each.cancel()


def left(store):
    """What is in the store apart from locks, which stay."""
    return (
        sorted(path.name for path in store.iterdir() if path.suffix != ".lock")
        if store.exists()
        else []
    )


def contents(folder):
    return {
        name: path.read_bytes()
        for name, path in hub.files_of(folder).items()
        if name not in ("README.md", "complete.json")
    }


def resolved(base):
    """Files that were asked for, where they start."""
    found = [
        (request.path, request.headers.get("range", ""))
        for request in base.seen
        if "/resolve/" in request.path
    ]
    return [(path.partition("/resolve/")[2].partition("/")[2], part) for path, part in found]


def test_a_model_is_fetched_whole_and_is_then_at_hand_without_a_network(repo, store, start):
    assert downloads.at_hand(FILES, store) is None and FILES.repo in downloads.lacking(FILES, store)
    with hub.serving({FILES.repo: repo}) as base:
        got = start(base)
        assert got.wait(10) == "done", got.sentence
    assert got.folder == store / FOLDER == downloads.at_hand(FILES, store)
    assert (
        got.done_bytes == got.total_bytes == sum(map(len, contents(repo).values()))
        and got.share == 1.0
    )
    assert contents(store / FOLDER) == contents(repo)
    assert left(store) == [FOLDER] and downloads.lacking(FILES, store) is None
    assert not (store / FOLDER / "README.md").exists()
    kept = json.loads((store / FOLDER / "complete.json").read_text())
    assert kept["repo"] == FILES.repo and kept["revision"] == hub.COMMIT
    assert kept["files"]["onnx/model.onnx_data"] == {
        "size": len(DATA),
        "sha256": hub.hashlib.sha256(DATA).hexdigest(),
    }


def test_what_was_fetched_loads(tiny_m3, store, start):
    with hub.serving({FILES.repo: tiny_m3}) as base:
        assert start(base).wait(10) == "done"
    folder = downloads.at_hand(FILES, store)
    model = fastembed.TextEmbedding(
        "mixedbread-ai/mxbai-embed-large-v1",
        specific_model_path=str(folder),
        providers=["CPUExecutionProvider"],
    )
    assert len(next(iter(model.embed(["a text"])))) == 32


def test_progress_is_told_and_a_cancelled_download_leaves_nothing(repo, store, start, pinned):
    with hub.serving({FILES.repo: repo}, drip=(20_000, 0.2)) as base:
        got = start(base)
        seen = []
        for _ in range(2):
            until(lambda: got.done_bytes > (seen[-1] if seen else 0))
            seen.append(got.done_bytes)
        assert (
            got.state == "downloading"
            and got.running
            and got.total_bytes == sum(map(len, contents(repo).values()))
        )
        done = f"{got.done_bytes / 1e6:.1f} MB"
        sentence = got.sentence
        assert (
            0 < got.share < 1
            and FILES.repo in sentence
            and re.findall(r"[\d.]+ MB", sentence) == [done, "1.0 MB"]
        )
        assert left(store) == [f"{FOLDER}.partial-{got._child.pid}"]
        assert os.getpgid(got._child.pid) == got._child.pid  # Ctrl+C does not reach it
        began = time.monotonic()
        got.cancel()
        assert time.monotonic() - began < 2
    assert got.state == "cancelled" and not got.running and FILES.repo in got.sentence
    assert {"under way": sentence.replace(done, "DONE", 1), "cancelled": got.sentence} == pinned
    assert left(store) == [] and not Path(f"/proc/{got._child.pid}").exists()
    assert downloads.at_hand(FILES, store) is None


def test_cancelling_what_is_over_changes_nothing(repo, start):
    with hub.serving({FILES.repo: repo}) as base:
        got = start(base)
        got.wait(10)
        got.cancel()
    assert got.state == "done"


REFUSALS = {
    "401": ({"status": 401, "where": "api"}, ["BAAI/bge-m3", "401", "HF_TOKEN"]),
    "403": ({"status": 403, "where": "files"}, ["BAAI/bge-m3", "403", "HF_TOKEN"]),
    "401, gated": (
        {"status": 401, "error_code": "GatedRepo", "where": "files"},
        ["401", "HUB/BAAI/bge-m3", "HF_TOKEN"],
    ),
    "404": ({"status": 404, "where": "files"}, ["BAAI/bge-m3", "404"]),
    "429": ({"status": 429, "retry_after": "37"}, ["429", "37"]),
    "429 with a date": ({"status": 429, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, ["429"]),
    "503": ({"status": 503, "where": "api"}, ["127.0.0.1", "503"]),
    "500": ({"status": 500, "where": "files"}, ["127.0.0.1", "500"]),
    "418": ({"status": 418}, ["127.0.0.1", "418"]),
    "no JSON": ({"body": b"<html>Sign in</html>"}, ["127.0.0.1"]),
    "no size": (
        {"body": b'{"sha": "x", "siblings": [{"rfilename": "config.json"}]}'},
        ["127.0.0.1"],
    ),
    "no files": ({"body": b'{"sha": "x", "siblings": []}'}, ["BAAI/bge-m3", "onnx/model.onnx"]),
    "a byte short": ({"short": True}, ["onnx/model.onnx", "249", "250"]),
    "other bytes": ({"wrong_bytes": True}, ["onnx/model.onnx", "sha256"]),
    "another host": ({"cdn": "https://example.com"}, ["127.0.0.1"]),
    "stalled": ({"pause_after": 0}, ["127.0.0.1"]),
    "broken off": ({"break_after": 0, "breaks": 99}, ["127.0.0.1"]),
    "broken off, no ranges": ({"break_after": 100, "breaks": 99, "no_ranges": True}, ["127.0.0.1"]),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_the_hub_refuses_or_spoils_is_told_in_a_sentence_and_leaves_nothing(
    repo, store, start, pinned, case
):
    switches, names = REFUSALS[case]
    with hub.serving({FILES.repo: repo}, **switches) as base:
        got = start(base, patience=HASTY)
        assert got.wait(6) == "failed"
    problem = got.problem.replace(base, "HUB")
    assert (
        all(name in problem for name in names)
        and got.problem == got.sentence
        and problem.endswith(".")
        and "\n" not in problem
    )
    assert left(store) == [] and downloads.at_hand(FILES, store) is None and got.folder is None
    assert problem == pinned


def test_a_small_file_too_is_checked_byte_for_byte(repo, store, start):
    with hub.serving({FILES.repo: repo}, wrong_bytes=True) as base:
        got = start(base, Files(FILES.repo, "config.json"))
        assert got.wait(10) == "failed"
    assert "config.json" in got.problem and "git" in got.problem
    assert left(store) == []


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:1", "https://hub.invalid"], ids=["refused", "no such name"]
)
def test_a_hub_that_is_not_there_is_noticed_at_once(store, start, pinned, base):
    began = time.monotonic()
    got = start(base)
    assert got.wait(10) == "failed"
    assert time.monotonic() - began < 5
    assert (
        urlsplit(base).hostname in got.problem
        and OTHER_STEP in got.problem
        and got.problem == pinned
    )
    assert left(store) == []


@pytest.mark.parametrize(
    ("patience", "figures"),
    [
        (Patience(answer_s=0.5), []),
        (Patience(ask_s=0.9), ["0.9"]),  # as where the look-up of the name hangs
    ],
    ids=["by the child", "by the parent"],
)
def test_a_hub_that_accepts_and_never_answers_is_given_up_on(
    repo, store, start, pinned, patience, figures
):
    began = time.monotonic()
    with hub.serving({FILES.repo: repo}, silent=True) as base:
        got = start(base, patience=patience)
        assert got.wait(10) == "failed"
    assert 0.4 < time.monotonic() - began < 3
    problem = got.problem.replace(base, "HUB").replace("127.0.0.1", "HOST")
    assert re.findall(r"\d[\d.]*", problem) == figures and left(store) == [] and problem == pinned
    assert not Path(f"/proc/{got._child.pid}").exists()


def test_by_itself_a_dead_hub_takes_ten_seconds_at_most():
    patience = Patience()
    assert patience.answer_s < patience.ask_s == patience.quiet_s("asking") <= 10
    assert patience.connect_s + patience.stall_s < patience.quiet_s("downloading") <= 90


def test_what_broke_off_is_taken_up_where_it_stopped(repo, store, start):
    with hub.serving({FILES.repo: repo}, break_after=300_000, breaks=2) as base:
        assert start(base).wait(10) == "done"
        assert [part for name, part in resolved(base) if name == "onnx/model.onnx_data"] == [
            "",
            "bytes=300000-",
            "bytes=600000-",
        ]
    assert contents(store / FOLDER) == contents(repo)


def test_where_the_hub_knows_no_parts_a_file_starts_anew(repo, store, start):
    with hub.serving({FILES.repo: repo}, break_after=300_000, breaks=1, no_ranges=True) as base:
        assert start(base).wait(10) == "done"
        assert [part for name, part in resolved(base) if name == "onnx/model.onnx_data"] == [
            "",
            "bytes=300000-",
        ]
    assert contents(store / FOLDER) == contents(repo)


def test_a_killed_child_leaves_nothing(repo, store, start, pinned):
    with hub.serving({FILES.repo: repo}, drip=(20_000, 0.2)) as base:
        got = start(base)
        until(lambda: got.done_bytes)
        os.kill(got._child.pid, signal.SIGKILL)
        assert got.wait(5) == "failed"
    assert (
        FILES.repo in got.problem and f"{signal.SIGKILL:d}" in got.problem and got.problem == pinned
    )
    assert left(store) == []


PARENT = """
import sys, time
from pathlib import Path
from advisor.encode.downloads import Download, Files
files = Files("BAAI/bge-m3", "onnx/model.onnx", ("onnx/model.onnx_data",))
got = Download(files, Path(sys.argv[1]), hub=sys.argv[2])
while not got.done_bytes:
    time.sleep(0.01)
print(got._child.pid, flush=True)
time.sleep(60)
"""


def test_the_child_ends_with_its_parent_and_what_it_left_goes_with_the_next_download(
    repo, store, start
):
    with hub.serving(
        {FILES.repo: repo}, pause_after=300_000
    ) as base:  # so that the child waits, and does not notice by what it says
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, str(store), base], stdout=subprocess.PIPE, text=True
        ) as parent:
            child = int(parent.stdout.readline())
            parent.kill()
        until(lambda: not running(child))
        assert (
            left(store) == [f"{FOLDER}.partial-{child}"] and downloads.at_hand(FILES, store) is None
        )
        base.switches.pause_after = None
        assert start(base, Files(FILES.repo, "config.json")).wait(10) == "done"
    assert left(store) == [FOLDER]


def running(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_left_overs_of_other_models_go_too_but_not_what_is_under_way(repo, store, start):
    other = Files("BAAI/other", "config.json")
    (store / "BAAI--gone.partial-1" / "onnx").mkdir(parents=True)
    with hub.serving({FILES.repo: repo, other.repo: repo}, drip=(20_000, 0.2)) as base:
        slow = start(base)
        until(lambda: slow.done_bytes)
        assert start(base, other).wait(10) == "done"
        assert left(store) == [f"{FOLDER}.partial-{slow._child.pid}", "BAAI--other"]


KILLED = """
import os, pathlib, signal, sys
from advisor.encode import model_folders
rename = pathlib.Path.rename
def killed(path, target):
    rename(path, target)
    os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path.rename = killed
model_folders.swap(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
"""


def test_a_model_moved_aside_by_a_download_that_was_killed_is_put_back_at_the_next_start(
    store, fetched, monkeypatch
):
    (partial := store / f"{FOLDER}.partial-1").mkdir()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(partial), str(fetched)], check=False)
    assert killed.returncode == -signal.SIGKILL and downloads.at_hand(FILES, store) is None
    monkeypatch.setenv("ADVISOR_MODELS", str(store))
    downloads.Downloads()
    assert downloads.at_hand(FILES, store) == fetched and left(store) == [FOLDER]


def test_of_two_downloads_of_one_model_the_second_says_that_it_is_under_way(
    repo, store, start, pinned
):
    with hub.serving({FILES.repo: repo}, drip=(20_000, 0.2)) as base:
        first = start(base)
        until(lambda: first.done_bytes)
        second = start(base)
        assert (
            second.wait(5) == "failed" and FILES.repo in second.problem and second.problem == pinned
        )
        assert (store / f"{FOLDER}.lock").read_text() == f"{first._child.pid}\n"
        base.switches.drip = None
        assert first.wait(10) == "done"
    assert downloads.at_hand(FILES, store) and left(store) == [FOLDER]


def test_a_lock_of_a_process_that_ended_is_taken_over(repo, store, start):
    store.mkdir()
    (store / f"{FOLDER}.lock").write_text("1\n")
    with hub.serving({FILES.repo: repo}) as base:
        assert start(base).wait(10) == "done"


@pytest.fixture(scope="module")
def fetched_once(repo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fetched")
    with hub.serving({FILES.repo: repo}) as base:
        assert Download(FILES, folder, hub=base).wait(10) == "done"
    return folder


@pytest.fixture
def fetched(fetched_once, store):
    """The folder of a model that is at hand."""
    shutil.copytree(fetched_once, store)
    return store / FOLDER


def test_a_file_that_was_cut_short_later_is_told_and_alone_fetched_again(
    repo, store, start, fetched, pinned
):
    path = fetched / "onnx/model.onnx_data"
    with path.open("r+b") as file:
        file.truncate(1_000)
    assert downloads.at_hand(FILES, store) is None
    cut = downloads.lacking(FILES, store)
    path.unlink()
    gone = downloads.lacking(FILES, store)
    assert all(
        "onnx/model.onnx_data" in sentence and FILES.repo in sentence for sentence in (cut, gone)
    )
    assert re.findall(r"\d[\d,]{3,}", cut) == ["1,000", f"{len(DATA):,}"] and not re.findall(
        r"\d[\d,]{3,}", gone
    )
    assert {"cut short": cut, "gone": gone} == pinned
    with hub.serving({FILES.repo: repo}) as base:
        assert start(base).wait(10) == "done"
        assert [name for name, _ in resolved(base)] == ["onnx/model.onnx_data"]
    assert (
        contents(store / FOLDER) == contents(repo)
        and left(store) == [FOLDER]
        and downloads.at_hand(FILES, store)
    )


def test_a_file_whose_bytes_changed_is_fetched_again(repo, store, start, fetched):
    (fetched / "onnx/model.onnx_data").write_bytes(DATA[::-1])
    with hub.serving({FILES.repo: repo}) as base:
        assert start(base).wait(10) == "done"
        assert [name for name, _ in resolved(base)] == ["onnx/model.onnx_data"]
    assert contents(store / FOLDER) == contents(repo)


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{}",
        '{"files": []}',
        '{"files": {"config.json": 3}}',
        '{"files": {"config.json": {"size": "3"}}}',
    ],
)
def test_a_folder_whose_manifest_says_nothing_is_not_at_hand(store, fetched, manifest):
    (fetched / "complete.json").write_text(manifest)
    lacking = downloads.lacking(FILES, store)
    assert downloads.at_hand(FILES, store) is None and all(
        name in lacking for name in (str(fetched), "complete.json", FILES.repo)
    )


def test_two_models_of_one_repository_stay_together(repo, store, start, fetched, tmp_path, pinned):
    two = tmp_path / "two"
    shutil.copytree(repo, two)
    (two / "onnx/model_int8.onnx").write_bytes(b"small")
    second = Files(FILES.repo, "onnx/model_int8.onnx")
    lacking = downloads.lacking(second, store)
    assert "onnx/model_int8.onnx" in lacking and FILES.repo in lacking and lacking == pinned
    with hub.serving({FILES.repo: two}) as base:
        assert start(base, second).wait(10) == "done"
        assert [name for name, _ in resolved(base)] == ["onnx/model_int8.onnx"]
    assert downloads.at_hand(FILES, store) == downloads.at_hand(second, store) == store / FOLDER


def test_files_of_another_commit_are_not_mixed(repo, store, start, fetched, tmp_path):
    newer = tmp_path / "newer"
    shutil.copytree(repo, newer)
    (newer / "tokenizer.json").write_bytes(b"{}")
    with hub.serving({FILES.repo: newer}, commit="f" * 40) as base:
        assert start(base, Files(FILES.repo, "config.json")).wait(10) == "done"
    assert (store / FOLDER / "tokenizer.json").read_bytes() == b"{}"
    assert "onnx/model.onnx" in downloads.lacking(
        FILES, store
    ) and "onnx/model.onnx_data" not in downloads.lacking(FILES, store)


def test_a_failed_download_leaves_the_model_that_is_there(repo, store, start, fetched):
    with hub.serving({FILES.repo: repo}, status=503) as base:
        assert start(base).wait(10) == "failed"
    assert downloads.at_hand(FILES, store) == fetched


def test_files_that_a_repository_may_lack_are_left_out(repo, store, start, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(repo, bare)
    for name in FILES.optional:
        (bare / name).unlink()
    with hub.serving({FILES.repo: bare}) as base:
        assert start(base).wait(10) == "done"
    assert downloads.at_hand(FILES, store)
    (bare / "tokenizer_config.json").unlink()
    with hub.serving({"BAAI/bare": bare}) as base:
        got = start(base, Files("BAAI/bare", "onnx/model.onnx"))
        assert got.wait(10) == "failed"
    assert "BAAI/bare" in got.problem and "tokenizer_config.json" in got.problem


def test_a_disk_without_room_is_told_in_figures_before_anything_is_fetched(
    repo, store, start, pinned
):
    with hub.serving({FILES.repo: repo}) as base:
        got = start(base, spare_bytes=10**18)
        assert got.wait(10) == "failed"
        assert not resolved(base)
    free = downloads.free_bytes(store) / 1e9
    *asked, told_free = re.findall(r"[\d.]+ [MG]B", got.problem)
    assert asked == ["1.0 MB", "1000000000.00 GB"] and float(
        told_free.removesuffix(" GB")
    ) == pytest.approx(free, rel=0.01)
    assert FILES.repo in got.problem and "ADVISOR_MODELS" in got.problem and left(store) == []
    assert got.problem.replace(told_free, "FREE").replace(str(store), "STORE") == pinned


def test_a_disk_that_fills_up_is_told(repo, store, start, pinned):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with hub.serving({FILES.repo: repo}) as base:
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (100_000, hard)
        )  # the child inherits it; writing on fails with EFBIG
        try:
            got = start(base)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert got.wait(10) == "failed"
    full = download_process.disk_problem(OSError(errno.ENOSPC, "No space left on device"), "STORE")
    assert got.problem.replace(str(store), "STORE") == full and left(store) == []
    assert "ADVISOR_MODELS" in full and full == pinned


def test_a_store_that_cannot_be_written_to_is_told(repo, tmp_path, pinned):
    (tmp_path / "file").write_text("")
    with hub.serving({FILES.repo: repo}) as base:
        got = Download(FILES, tmp_path / "file" / "models", hub=base)
        assert got.wait(10) == "failed"
    assert (
        str(tmp_path / "file" / "models") in got.problem
        and os.strerror(errno.ENOTDIR) in got.problem
        and "ADVISOR_MODELS" in got.problem
    )
    assert got.problem.replace(str(tmp_path), "FOLDER") == pinned


def test_the_token_is_sent_to_the_hub_and_never_shown(
    repo, store, start, monkeypatch, capfd, pinned
):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with hub.serving({FILES.repo: repo}, token="hf_secret") as base:
        assert start(base).wait(10) == "done"
        assert {
            ("authorization" in request.headers)
            for request in base.seen
            if request.path.startswith("/cdn/")
        } == {False}
    with hub.serving({FILES.repo: repo}, token="hf_other") as gated:
        got = start(gated, Files(FILES.repo, "config.json"))
        assert (
            got.wait(10) == "failed"
            and f"{gated}/{FILES.repo}" in got.problem
            and "HF_TOKEN" in got.problem
        )
    with hub.serving({FILES.repo: repo}, status=403) as base:
        other = start(base)
        assert other.wait(10) == "failed" and "HF_TOKEN" in other.problem and "403" in other.problem
    assert {
        "terms to accept": got.problem.replace(gated, "HUB"),
        "another token": other.problem,
    } == pinned
    said = (
        "".join(capfd.readouterr())
        + got.problem
        + other.problem
        + "".join(path.read_text() for path in store.rglob("*.json"))
    )
    assert "secret" not in said
    monkeypatch.delenv("HF_TOKEN")
    with hub.serving({FILES.repo: repo}) as base:
        assert start(base).wait(10) == "done"
        assert all("authorization" not in request.headers for request in base.seen)


class Scripted(BaseAdapter):
    """Answers requests off this machine: each with the next (status, Location)."""

    def __init__(self, answers):
        super().__init__()
        self.answers, self.requests = iter(answers), []

    def send(self, request, **_):
        self.requests.append(request)
        status, location = next(self.answers)
        response = requests.Response()
        response.status_code, response.url, response.request, response.raw = (
            status,
            request.url,
            request,
            io.BytesIO(),
        )
        response.headers.update({"Location": location} if location else {})
        return response

    def close(self):
        pass


def asked(base, answers):
    """A hub at `base` that answers so, and a request for a file to it."""
    adapter = Scripted(answers)
    asking = Hub(Order(base, "BAAI/bge-m3", (), (), "/x"))
    asking.client.session.mount("https://", adapter)
    asking.client.session.mount("http://", adapter)
    with contextlib.suppress(Problem):
        asking.file("main", "onnx/model.onnx", 0)
    return adapter.requests


def test_the_token_goes_to_no_other_host(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    steps = [
        (307, "/api/resolve-cache/x"),
        (302, "https://cas-bridge.xethub.hf.co/x?signed"),
        (200, None),
    ]
    found = [
        (request.url, request.headers.get("Authorization"))
        for request in asked("https://huggingface.co", steps)
    ]
    assert found == [
        ("https://huggingface.co/BAAI/bge-m3/resolve/main/onnx/model.onnx", "Bearer hf_secret"),
        ("https://huggingface.co/api/resolve-cache/x", "Bearer hf_secret"),
        ("https://cas-bridge.xethub.hf.co/x?signed", None),
    ]
    assert [
        request.headers.get("Authorization")
        for request in asked("http://mirror.example", [(200, None)])
    ] == [None]


def test_a_password_in_netrc_is_not_sent(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine huggingface.co login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert [
        request.headers.get("Authorization")
        for request in asked("https://huggingface.co", [(200, None)])
    ] == [None]


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/x",
        "https://huggingface.co.example.com/x",
        "https://nothf.co/x",
        "http://cdn-lfs.hf.co/x",
        "https://cdn-lfs.hf.co:8443/x",
        "https://hf.co@127.0.0.1/x",
        "https://127.0.0.1\\@hf.co/x",
        "file:///etc/passwd",
        "//localhost/x",
    ],
)
def test_a_redirect_off_the_hubs_hosts_is_not_followed(location):
    assert len(asked("https://huggingface.co", [(302, location), (200, None)])) == 1


def test_a_redirect_without_end_is_given_up_on():
    assert (
        len(asked("https://huggingface.co", itertools.repeat((302, "https://huggingface.co/x"))))
        == 6
    )


def test_the_hub_and_the_folder_come_from_the_environment(repo, tmp_path, monkeypatch):
    monkeypatch.setenv("ADVISOR_MODELS", str(tmp_path / "own"))
    with hub.serving({FILES.repo: repo}) as base:
        monkeypatch.setenv("ADVISOR_HUB", base)
        got = Download(FILES)
        assert got.wait(10) == "done"
    assert downloads.at_hand(FILES) == tmp_path / "own" / FOLDER
    monkeypatch.delenv("ADVISOR_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert downloads.models_folder() == tmp_path / "cache" / "bge-advisor" / "models"
    assert downloads.free_bytes() > 0
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert downloads.models_folder() == Path.home() / ".cache" / "bge-advisor" / "models"


def test_a_hub_on_this_machine_is_not_asked_through_a_proxy(repo, start, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with hub.serving({FILES.repo: repo}) as base:
        assert start(base).wait(10) == "done"


def test_one_download_at_a_time(repo, store, pinned):
    downloads = Downloads()
    with hub.serving({FILES.repo: repo, "BAAI/other": repo}, drip=(20_000, 0.2)) as base:
        first = downloads.start(FILES, store, hub=base)
        assert downloads.start(FILES, store, hub=base) is first is downloads.current
        with pytest.raises(EncodeError) as caught:
            downloads.start(Files("BAAI/other", "config.json"), store, hub=base)
        assert FILES.repo in str(caught.value) and str(caught.value) == pinned
        first.cancel()
        base.switches.drip = None
        second = downloads.start(Files("BAAI/other", "config.json"), store, hub=base)
        assert second.wait(10) == "done" and downloads.current is second


def test_what_is_no_name_of_a_repository_is_refused(store, pinned):
    told = {}
    for name in ("bge-m3", "../../x", "BAAI/bge m3", "BAAI/..", "https://x/y"):
        with pytest.raises(EncodeError) as caught:
            Download(Files(name, "x"), store, hub="http://127.0.0.1:1").cancel()
        told[name] = str(caught.value)
    assert all(f"'{name}'" in sentence for name, sentence in told.items())
    assert told["bge-m3"] == pinned


def test_a_folder_of_somebodys_own_is_asked_for_what_it_lacks(repo, tmp_path):
    assert downloads.missing(FILES, repo) == ()
    assert downloads.missing(FILES, tmp_path) == FILES.required


def test_huggingface_hub_too_downloads_from_the_hub_of_these_tests(repo, tmp_path, monkeypatch):
    """So that it answers as the hub does."""
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    with hub.serving({FILES.repo: repo}) as base:
        api = huggingface_hub.HfApi(endpoint=base, token=False)
        stated = api.model_info(FILES.repo, files_metadata=True)
        assert stated.sha == hub.COMMIT and {each.rfilename: each.size for each in stated.siblings}[
            "onnx/model.onnx_data"
        ] == len(DATA)
        api.snapshot_download(FILES.repo, local_dir=tmp_path / "got", cache_dir=tmp_path / "cache")
    assert {
        name: content
        for name, content in contents(tmp_path / "got").items()
        if not name.startswith(".cache")
    } == contents(repo)
