"""The catalog of a running server: files that change, break and are mended."""

import os
import threading

import pytest

from advisor.catalog import current, load
from advisor.catalog.current import Keeper

OFFERS = "offers/deepinfra.yaml"


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


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_a_fault(copied):
    keeper = Keeper()
    good = keeper.current(copied)
    (copied / OFFERS).chmod(0)
    bad = keeper.current(copied)
    assert bad.catalog is good.catalog and bad.faults


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
    good = keeper.current(copied)
    broken("no yaml")
    assert keeper.current(copied, within_s=60) is good
    assert keeper.current(copied).faults


def test_the_catalog_that_answers_is_that_of_the_operators_folder(copied, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    assert current.current().catalog.folder == copied
