"""The catalog of a running server: read again when its files change; the last good one stays while they are broken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from advisor.catalog.load import Catalog, fingerprint, folder, load
from advisor.errors import CatalogError, Fault


class Current(NamedTuple):
    """What answers now: the newest catalog that was valid, None where none ever was; and what is wrong with the files as they are."""

    catalog: Catalog | None
    faults: tuple[Fault, ...] = ()


@dataclass
class _Kept:
    mark: str
    current: Current


class Keeper:
    """The catalogs of this process, by folder. Safe to use from several threads."""

    def __init__(self, reading: Callable[[Path], Catalog] = load) -> None:
        self._reading = reading
        self._kept: dict[Path, _Kept] = {}
        self._lock = threading.Lock()

    def current(self, root: Path) -> Current:
        """The catalog in `root` as it is now; while another thread reads changed files, the one before."""
        mark = fingerprint(root)
        kept = self._kept.get(root)
        if kept is not None and kept.mark == mark:
            return kept.current
        if not self._lock.acquire(blocking=kept is None):
            return kept.current if kept else Current(None)  # `kept` is never None here: then the lock was waited for
        try:
            kept = self._kept.get(root)
            if kept is None or kept.mark != mark:
                try:
                    found = Current(self._reading(root))
                except CatalogError as error:
                    found = Current(kept.current.catalog if kept else None, tuple(error.faults))
                kept = self._kept[root] = _Kept(mark, found)
            return kept.current
        finally:
            self._lock.release()


_KEEPER = Keeper()


def current() -> Current:
    """What this process answers from, in the folder of ADVISOR_CATALOG or the shipped one."""
    return _KEEPER.current(folder())
