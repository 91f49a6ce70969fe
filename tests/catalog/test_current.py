"""The catalog of a running server: files that change, break and are mended."""

import contextlib
import functools
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest

from advisor.catalog import current, fingerprint, load, read
from advisor.catalog.current import Keeper
from advisor.catalog.load import SHIPPED

OFFERS = "offers/deepinfra.yaml"
PARSED = functools.lru_cache(maxsize=None)(read.parse_mapping)


@pytest.fixture(autouse=True)
def parsed_once(monkeypatch):
    """Reads and checks every file each time, but makes YAML of the same text once: most of a reading's time."""
    monkeypatch.setattr(read, "parse_mapping", PARSED)


def price(catalog):
    return {o.id: o.usd_per_1m_input for key, _, o in catalog.offers() if key == "deepinfra"}


@pytest.fixture
def broken(copied):
    """Breaks a file of the copied catalog in a way, and mends it again."""
    path = copied / OFFERS
    text = path.read_text(encoding="utf-8")

    def do(how):
        if how == "half written":
            path.write_text(text[: len(text) // 2] + '  - id: "', encoding="utf-8")
        elif how == "no yaml":
            path.write_text("{[", encoding="utf-8")
        elif how == "a field that nobody knows":
            path.write_text(text.replace("name:", "nmae:", 1), encoding="utf-8")
        elif how == "not utf-8":
            path.write_bytes(b"\xff\xfe\x00")
        elif how == "a folder in its place":
            path.unlink()
            path.mkdir()
        elif how == "all gone":
            copied.rename(copied.with_name("away"))
        elif how == "mended":
            if copied.with_name("away").exists():
                copied.with_name("away").rename(copied)
            if path.is_dir():
                path.rmdir()
            path.write_text(text, encoding="utf-8")

    return do


HOW = ["half written", "no yaml", "a field that nobody knows", "not utf-8", "a folder in its place", "all gone"]


@pytest.mark.parametrize("how", HOW)
def test_the_last_good_catalog_stays_while_files_are_broken_and_goes_when_they_are_mended(copied, broken, how):
    keeper = Keeper()
    good = keeper.current(copied)
    assert (good.faults, good.since) == ((), None)
    broken(how)
    bad = keeper.current(copied)
    assert bad.catalog is good.catalog
    assert bad.faults and all(fault.file and fault.problem for fault in bad.faults)
    assert bad.notice.startswith("Since 20") and bad.faults[0].file in bad.notice and good.notice == ""
    assert keeper.current(copied) is bad  # told once, not read again and again
    broken("mended")
    mended = keeper.current(copied)
    assert (mended.faults, mended.since, mended.catalog.version) == ((), None, good.catalog.version)


def test_since_is_when_it_broke_first(copied, broken):
    keeper = Keeper()
    keeper.current(copied)
    broken("no yaml")
    first = keeper.current(copied).since
    broken("half written")
    assert keeper.current(copied).since == first


def test_a_changed_price_is_read_and_a_broken_start_is_mended_without_a_restart(copied, broken, edit):
    broken("no yaml")
    keeper = Keeper()
    assert keeper.current(copied).catalog is None
    broken("mended")
    before = price(keeper.current(copied).catalog)
    edit(copied / OFFERS, 'usd_per_1m_input: "0.01"', 'usd_per_1m_input: "0.77"')
    after = price(keeper.current(copied).catalog)
    assert before != after and "0.77" in {str(p) for p in after.values()}


@contextlib.contextmanager
def somebody():
    """Not root, whom no permission stops."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def open_to_all():
    """A copy of the catalog that somebody else than root reaches, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)
        yield shutil.copytree(SHIPPED, Path(base) / "catalog")


@pytest.mark.parametrize("place", [OFFERS, "offers", "families", "families/bge", "families/bge/variants", "rules", "."])
def test_what_may_not_be_read_is_a_fault_and_loses_no_price_until_it_may_again(open_to_all, place):
    keeper, path = Keeper(), open_to_all / place
    good, mode = keeper.current(open_to_all), path.stat().st_mode
    path.chmod(0)
    with somebody():
        bad = keeper.current(open_to_all)
    path.chmod(mode)
    assert bad.catalog is good.catalog and any("Permission denied" in fault.problem for fault in bad.faults)
    with somebody():
        assert keeper.current(open_to_all).faults == ()


@pytest.mark.parametrize("place", ["offers", "families", "rules", "evidence", "families/bge/variants"])
def test_a_folder_that_is_gone_is_a_fault_and_no_smaller_catalog(copied, place):
    keeper = Keeper()
    good = keeper.current(copied)
    (copied / place).rename(copied / "away")
    bad = keeper.current(copied)
    assert bad.catalog is good.catalog and bad.faults
    (copied / "away").rename(copied / place)
    assert keeper.current(copied).faults == ()


def test_families_that_are_all_gone_are_a_fault(copied):
    keeper = Keeper()
    keeper.current(copied)
    for folder in (copied / "families").iterdir():
        shutil.rmtree(folder)
    assert keeper.current(copied).faults


def test_files_that_are_nobodys_business_change_nothing(copied):
    keeper = Keeper()
    good = keeper.current(copied)
    (copied / "offers/README.txt").write_text("not a catalog file", encoding="utf-8")
    (copied / "offers/.#novita-ai.yaml").symlink_to("somebody@somewhere.1234")  # how Emacs marks what is open
    (copied / "unknown").mkdir()
    now = keeper.current(copied)
    assert (now.faults, now.catalog.version) == ((), good.catalog.version)


def test_a_file_whose_name_is_no_text_is_told_as_one_that_can_be_shown(copied):
    keeper = Keeper()
    keeper.current(copied)
    with open(os.fsencode(copied / "offers") + b"/\xff.yaml", "w", encoding="utf-8") as file:
        file.write("{[")
    now = keeper.current(copied)
    assert now.faults and now.notice.encode()


def test_what_goes_while_it_is_looked_at_stops_no_look(copied):
    ended = threading.Event()

    def churn():
        while not ended.is_set():
            (copied / "families/x/variants").mkdir(parents=True)
            (copied / "families/x/variants/y").touch()
            shutil.rmtree(copied / "families/x")

    thread = threading.Thread(target=churn)
    thread.start()
    marks, looks, end = set(), 0, time.monotonic() + 60
    try:
        while (len(marks) < 2 or looks < 150) and time.monotonic() < end:  # until it was seen both with and without
            marks.add(fingerprint(copied))
            looks += 1
    finally:
        ended.set()
        thread.join()
    assert len(marks) > 1


def test_what_changes_while_it_is_read_is_read_again(copied, edit):
    read = []

    def reading(root):
        found = load(root)
        if not read:
            edit(root / OFFERS, 'usd_per_1m_input: "0.01"', 'usd_per_1m_input: "0.77"')
        read.append(found)
        return found

    found = Keeper(reading).current(copied).catalog
    assert len(read) == 2 and found is read[1] and "0.77" in {str(p) for p in price(found).values()}


def test_a_hole_in_the_reader_takes_nothing_away(copied):
    def reading(root):
        if read:
            raise KeyError("a fault of ours")
        read.append(found := load(root))
        return found

    read = []
    keeper = Keeper(reading)
    good = keeper.current(copied)
    (copied / "new").touch()
    bad = keeper.current(copied)
    assert bad.catalog is good.catalog and "KeyError" in bad.notice


def test_who_asks_while_changed_files_are_read_gets_the_one_before_at_once(copied):
    gate, begun = threading.Event(), threading.Event()

    def slow(root):
        begun.set()
        gate.wait(20)
        return load(root)

    gate.set()
    keeper = Keeper(slow)
    first = keeper.current(copied)
    gate.clear()
    begun.clear()
    (copied / "sources.yaml").touch()
    os.utime(copied / "sources.yaml", (1, 1))
    reader = threading.Thread(target=keeper.current, args=(copied,))
    reader.start()
    assert begun.wait(10)
    assert keeper.current(copied).catalog is first.catalog
    gate.set()
    reader.join(20)
    assert keeper.current(copied).catalog is not first.catalog


def test_many_at_once_read_it_once(copied):
    read = []
    keeper = Keeper(lambda root: read.append(1) or load(root))
    found = []
    threads = [threading.Thread(target=lambda: found.append(keeper.current(copied).catalog)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [1] and len(found) == 8 and len(set(map(id, found))) == 1


def test_a_look_is_good_for_as_long_as_is_asked(copied, broken):
    keeper = Keeper()
    assert keeper.seen(copied, 60) is None
    good = keeper.current(copied)
    broken("no yaml")
    assert keeper.seen(copied, 60) is good and keeper.seen(copied, 0) is None
    assert keeper.current(copied).faults


def test_the_catalog_that_answers_is_that_of_the_operators_folder(copied, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    assert current.current().catalog.folder == copied
