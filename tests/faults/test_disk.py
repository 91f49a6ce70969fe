"""A disk that is full, a real one: a file system of 2 MB mounted for the test. tests/encode/test_downloads.py has a limit on the size of files instead."""

import os
import shutil
import subprocess

import pytest

from advisor.encode import downloads
from advisor.encode.downloads import Download, Files, Patience
from tests.encode import hub

FILES = Files("BAAI/bge-m3", "onnx/model.onnx", ("onnx/model.onnx_data",))
SIZE = 2_000_000


@pytest.fixture
def disk(tmp_path):
    """A file system of its own, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if not done or done.returncode:
        pytest.skip("This user may mount no file system.")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(disk):
    """Takes every byte that is left."""
    with (disk / "filler").open("ab", buffering=0) as file:
        for size in (65_536, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def left(store):
    return sorted(path.name for path in store.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize("when", ["before", "half way"])
def test_a_disk_that_is_full_is_told_keeps_nothing_half_and_is_good_again_when_there_is_room(
    disk, repo, until, when
):
    store = disk / "models"
    store.mkdir()
    if when == "before":
        fill(disk)
    drip = (20_000, 0.02) if when == "half way" else None
    with hub.serving({FILES.repo: repo}, drip=drip) as base:
        got = Download(FILES, store, hub=base, spare_bytes=0, patience=Patience(ask_s=60))
        if when == "half way":
            until(lambda: got.done_bytes > 100_000)
            fill(disk)
            base.switches.drip = None
        assert got.wait(60) == "failed"
        assert (
            str(store) in got.problem
            and "ADVISOR_MODELS" in got.problem
            and "MB" not in got.problem
        )
        assert left(store) == [] and downloads.at_hand(FILES, store) is None
        base.switches.drip = None
        (disk / "filler").unlink()
        again = Download(FILES, store, hub=base, spare_bytes=0, patience=Patience(ask_s=60))
        assert again.wait(60) == "done"
    assert downloads.at_hand(FILES, store) == store / "BAAI--bge-m3"
    assert shutil.disk_usage(disk).free < SIZE - os.path.getsize(repo / "onnx/model.onnx_data")


def test_a_model_that_is_at_hand_stays_where_its_successor_finds_no_room(disk, repo, tmp_path):
    store = disk / "models"
    newer = shutil.copytree(repo, tmp_path / "newer")
    (newer / "onnx/model.onnx_data").write_bytes(bytes(reversed(range(256))) * 4_000)
    with hub.serving({FILES.repo: repo}) as base:
        assert (
            Download(FILES, store, hub=base, spare_bytes=0, patience=Patience(ask_s=60)).wait(60)
            == "done"
        )
    with hub.serving({FILES.repo: newer}, commit="f" * 40) as base:
        got = Download(FILES, store, hub=base, spare_bytes=0, patience=Patience(ask_s=60))
        assert (
            got.wait(60) == "failed" and "1.0 MB" in got.problem and "ADVISOR_MODELS" in got.problem
        )
    assert left(store) == ["BAAI--bge-m3"] and downloads.at_hand(FILES, store)
    assert (store / "BAAI--bge-m3/onnx/model.onnx_data").read_bytes() == (
        repo / "onnx/model.onnx_data"
    ).read_bytes()
