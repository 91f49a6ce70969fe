"""The catalog of a running server: files that change, break and are mended."""

import errno
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest

from advisor.catalog import fingerprint, load, reloading
from advisor.catalog.reloading import Keeper
from tests.environment import somebody

OFFERS = "offers/beta.yaml"


def price(catalog):
    return {o.id: o.usd_per_1m_input for key, _, o in catalog.offers() if key == "beta"}


@pytest.fixture
def broken(made_up_copy):
    """Breaks a file of the copied catalog in a way, and mends it again."""
    path = made_up_copy / OFFERS
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
            made_up_copy.rename(made_up_copy.with_name("away"))
        elif how == "mended":
            if made_up_copy.with_name("away").exists():
                made_up_copy.with_name("away").rename(made_up_copy)
            if path.is_dir():
                path.rmdir()
            path.write_text(text, encoding="utf-8")

    return do


HOW = [
    "half written",
    "no yaml",
    "a field that nobody knows",
    "not utf-8",
    "a folder in its place",
    "all gone",
]


@pytest.mark.parametrize("how", HOW)
def test_the_last_good_catalog_stays_while_files_are_broken_and_goes_when_they_are_mended(
    made_up_copy, broken, how
):
    keeper = Keeper()
    good = keeper.current(made_up_copy)
    assert (good.faults, good.since) == ((), None)
    broken(how)
    bad = keeper.current(made_up_copy)
    assert bad.catalog is good.catalog
    assert bad.faults and all(fault.file and fault.problem for fault in bad.faults)
    assert good.notice == ""
    assert [
        f
        for f in (f"{bad.since:%Y-%m-%d %H:%M}", bad.faults[0].file, good.catalog.version)
        if f not in bad.notice
    ] == []
    assert keeper.current(made_up_copy) is bad  # told once, not read again and again
    broken("mended")
    mended = keeper.current(made_up_copy)
    assert (mended.faults, mended.since, mended.catalog.version) == ((), None, good.catalog.version)


def test_since_is_when_it_broke_first(made_up_copy, broken):
    keeper = Keeper()
    keeper.current(made_up_copy)
    broken("no yaml")
    first = keeper.current(made_up_copy).since
    broken("half written")
    assert keeper.current(made_up_copy).since == first


def test_a_changed_price_is_read_and_a_broken_start_is_mended_without_a_restart(
    made_up_copy, broken, edit
):
    broken("no yaml")
    keeper = Keeper()
    assert keeper.current(made_up_copy).catalog is None
    broken("mended")
    before = price(keeper.current(made_up_copy).catalog)
    edit(made_up_copy / OFFERS, 'usd_per_1m_input: "0.20"', 'usd_per_1m_input: "0.77"')
    after = price(keeper.current(made_up_copy).catalog)
    assert before != after and "0.77" in {str(p) for p in after.values()}


@pytest.fixture
def open_to_all(made_up_copy):
    """A copy of the catalog that somebody else than root reaches, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)
        yield shutil.copytree(made_up_copy, Path(base) / "catalog")


@pytest.mark.parametrize(
    "place", [OFFERS, "offers", "families", "families/acme", "families/acme/variants", "rules", "."]
)
def test_what_may_not_be_read_is_a_fault_and_loses_no_price_until_it_may_again(open_to_all, place):
    keeper, path = Keeper(), open_to_all / place
    good, mode = keeper.current(open_to_all), path.stat().st_mode
    path.chmod(0)
    with somebody():
        bad = keeper.current(open_to_all)
    path.chmod(mode)
    assert bad.catalog is good.catalog and any(
        os.strerror(errno.EACCES) in fault.problem for fault in bad.faults
    )
    with somebody():
        assert keeper.current(open_to_all).faults == ()


@pytest.mark.parametrize(
    "place", ["offers", "families", "rules", "evidence", "families/bge/variants"]
)
def test_a_folder_that_is_gone_is_a_fault_and_no_smaller_catalog(copied, place):
    keeper = Keeper()
    good = keeper.current(copied)
    (copied / place).rename(copied / "away")
    bad = keeper.current(copied)
    assert bad.catalog is good.catalog and bad.faults
    (copied / "away").rename(copied / place)
    assert keeper.current(copied).faults == ()


def test_families_that_are_all_gone_are_a_fault(made_up_copy):
    keeper = Keeper()
    keeper.current(made_up_copy)
    for folder in (made_up_copy / "families").iterdir():
        shutil.rmtree(folder)
    assert keeper.current(made_up_copy).faults


def test_files_that_are_nobodys_business_change_nothing(made_up_copy):
    keeper = Keeper()
    good = keeper.current(made_up_copy)
    (made_up_copy / "offers/README.txt").write_text("not a catalog file", encoding="utf-8")
    (made_up_copy / "offers/.#novita-ai.yaml").symlink_to(
        "somebody@somewhere.1234"
    )  # how Emacs marks what is open
    (made_up_copy / "unknown").mkdir()
    now = keeper.current(made_up_copy)
    assert (now.faults, now.catalog.version) == ((), good.catalog.version)


def test_a_file_whose_name_is_no_text_is_told_as_one_that_can_be_shown(made_up_copy):
    keeper = Keeper()
    keeper.current(made_up_copy)
    with open(os.fsencode(made_up_copy / "offers") + b"/\xff.yaml", "w", encoding="utf-8") as file:
        file.write("{[")
    now = keeper.current(made_up_copy)
    assert now.faults and now.notice.encode()


def test_what_goes_while_it_is_looked_at_stops_no_look(made_up_copy):
    ended = threading.Event()

    def churn():
        while not ended.is_set():
            (made_up_copy / "families/x/variants").mkdir(parents=True)
            (made_up_copy / "families/x/variants/y").touch()
            shutil.rmtree(made_up_copy / "families/x")

    thread = threading.Thread(target=churn)
    thread.start()
    marks, looks, end = set(), 0, time.monotonic() + 60
    try:
        while (
            len(marks) < 2 or looks < 150
        ) and time.monotonic() < end:  # until it was seen both with and without
            marks.add(fingerprint(made_up_copy))
            looks += 1
    finally:
        ended.set()
        thread.join()
    assert len(marks) > 1


def test_what_changes_while_it_is_read_is_read_again(made_up_copy, edit):
    read = []

    def reading(root):
        found = load(root)
        if not read:
            edit(root / OFFERS, 'usd_per_1m_input: "0.20"', 'usd_per_1m_input: "0.77"')
        read.append(found)
        return found

    found = Keeper(reading).current(made_up_copy).catalog
    assert len(read) == 2 and found is read[1] and "0.77" in {str(p) for p in price(found).values()}


def test_a_hole_in_the_reader_takes_nothing_away(made_up_copy):
    def reading(root):
        if read:
            raise KeyError("a fault of ours")
        read.append(found := load(root))
        return found

    read = []
    keeper = Keeper(reading)
    good = keeper.current(made_up_copy)
    (made_up_copy / "new").touch()
    bad = keeper.current(made_up_copy)
    assert bad.catalog is good.catalog and "KeyError" in bad.notice


def test_who_asks_while_changed_files_are_read_gets_the_one_before_at_once(made_up_copy):
    gate, begun = threading.Event(), threading.Event()

    def slow(root):
        begun.set()
        gate.wait(20)
        return load(root)

    gate.set()
    keeper = Keeper(slow)
    first = keeper.current(made_up_copy)
    gate.clear()
    begun.clear()
    (made_up_copy / "sources.yaml").touch()
    os.utime(made_up_copy / "sources.yaml", (1, 1))
    reader = threading.Thread(target=keeper.current, args=(made_up_copy,))
    reader.start()
    assert begun.wait(10)
    assert keeper.current(made_up_copy).catalog is first.catalog
    gate.set()
    reader.join(20)
    assert keeper.current(made_up_copy).catalog is not first.catalog


def test_many_at_once_read_it_once(made_up_copy):
    read = []
    keeper = Keeper(lambda root: read.append(1) or load(root))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(keeper.current(made_up_copy).catalog))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [1] and len(found) == 8 and len(set(map(id, found))) == 1


def test_a_look_is_good_for_as_long_as_is_asked(made_up_copy, broken):
    keeper = Keeper()
    assert keeper.seen(made_up_copy, 60) is None
    good = keeper.current(made_up_copy)
    broken("no yaml")
    assert keeper.seen(made_up_copy, 60) is good and keeper.seen(made_up_copy, 0) is None
    assert keeper.current(made_up_copy).faults


def test_the_catalog_that_answers_is_that_of_the_operators_folder(made_up_copy, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up_copy))
    assert reloading.current().catalog.folder == made_up_copy
