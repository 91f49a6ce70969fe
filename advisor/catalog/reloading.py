"""The catalog of a running server: read again when its files change; the last good one stays while they are broken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from advisor.base.errors import CatalogError, Fault
from advisor.catalog.load import fingerprint, folder, load
from advisor.catalog.model import Catalog


class Current(NamedTuple):
    """What answers now: the newest catalog that was valid, None where none ever was; what is wrong with the files as they are, and since when."""

    catalog: Catalog | None
    faults: tuple[Fault, ...] = ()
    since: datetime | None = None

    @property
    def notice(self) -> str:
        """That an earlier reading answers, with the first fault of the files; empty where they are as they should be."""
        if self.catalog is None or self.since is None or not self.faults:
            return ""
        first, *others = self.faults
        more = (
            f" There are {len(others)} more faults: python -m advisor validate lists them."
            if others
            else ""
        )
        return (
            f"Since {self.since:%Y-%m-%d %H:%M} UTC the catalog's files cannot be used, so their last good reading answers "
            f"(catalog {self.catalog.version}). {' '.join(str(first).split())}{more}"
        )


@dataclass
class _Kept:
    mark: str
    current: Current
    looked: float


class Keeper:
    """The catalogs of this process, by folder. Safe to use from several threads."""

    def __init__(self, reading: Callable[[Path], Catalog] = load) -> None:
        self._reading = reading
        self._kept: dict[Path, _Kept] = {}
        self._lock = threading.Lock()

    def seen(self, root: Path, within_s: float) -> Current | None:
        """The catalog in `root` as it was seen in the last `within_s`, without a look at its files; None where nobody looked since."""
        kept = self._kept.get(root)
        return (
            kept.current if kept is not None and time.monotonic() - kept.looked < within_s else None
        )

    def current(self, root: Path) -> Current:
        """The catalog in `root` as it is now; while another thread reads changed files, the one before."""
        kept = self._kept.get(root)
        if self._is_new(kept, root) and self._lock.acquire(blocking=kept is None):
            try:
                if self._is_new(
                    kept := self._kept.get(root), root
                ):  # nobody else has read it meanwhile
                    self._kept[root] = self._read(root, kept.current if kept else Current(None))
            finally:
                self._lock.release()
        return self._kept[root].current

    def _is_new(self, kept: _Kept | None, root: Path) -> bool:
        if kept is None or kept.mark != fingerprint(root):
            return True
        kept.looked = time.monotonic()
        return False

    def _read(self, root: Path, before: Current) -> _Kept:
        for _ in range(2):
            looked, mark = (
                time.monotonic(),
                fingerprint(root),
            )  # before the reading: what changes within it is read again
            try:
                found = Current(self._reading(root))
            except (
                Exception
            ) as error:  # of whatever kind: a hole in the reader must not take the pages away
                found = Current(
                    before.catalog, _faults(root, error), before.since or datetime.now(UTC)
                )
            if (
                fingerprint(root) == mark
            ):  # else files changed meanwhile, and half of it may be from before
                break
        return _Kept(mark, found, looked)


def _faults(root: Path, error: Exception) -> tuple[Fault, ...]:
    if isinstance(error, CatalogError):
        return tuple(error.faults)
    problem, remedy = (
        f"reading it failed ({type(error).__name__}).",
        "Undo the last change to it, and report this to the project.",
    )
    return (Fault(str(root), "", "", problem, remedy),)


_KEEPER = Keeper()


def current() -> Current:
    """What this process answers from, in the folder of ADVISOR_CATALOG or the shipped one."""
    return _KEEPER.current(folder())


def seen(within_s: float) -> Current | None:
    """The same as it was seen in the last `within_s`, which takes no time; None where nobody looked since."""
    return _KEEPER.seen(folder(), within_s)
