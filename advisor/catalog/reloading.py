"""The catalog of a running server: read again when its files change; a broken one is not taken."""

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
    """The newest catalog that was valid, if any; the files' faults as they are, and since when."""

    catalog: Catalog | None
    faults: tuple[Fault, ...] = ()
    since: datetime | None = None

    @property
    def notice(self) -> str:
        """That an earlier reading answers, with the first fault of the files; empty without one."""
        if self.catalog is None or self.since is None or not self.faults:
            return ""
        first, *others = self.faults
        lists = "python -m advisor validate lists them."
        more = f" There are {len(others)} more faults: {lists}" if others else ""
        return (
            f"Since {self.since:%Y-%m-%d %H:%M} UTC the catalog's files cannot be used, so their "
            f"last good reading answers (catalog {self.catalog.version}). "
            f"{' '.join(str(first).split())}{more}"
        )


@dataclass
class _Look:
    """What one look at a folder's files gave, and when the last one was."""

    mark: str
    current: Current
    looked: float


class Keeper:
    """The catalogs of this process, by folder. Safe to use from several threads."""

    def __init__(self, reading: Callable[[Path], Catalog] = load) -> None:
        self._reading = reading
        self._looks: dict[Path, _Look] = {}
        self._lock = threading.Lock()

    def seen(self, root: Path, within_s: float) -> Current | None:
        """The catalog in `root` as seen in the last `within_s`, without a look; None: not seen."""
        look = self._looks.get(root)
        is_fresh = look is not None and time.monotonic() - look.looked < within_s
        return look.current if look and is_fresh else None

    def current(self, root: Path) -> Current:
        """The catalog in `root` as it is now; the one before while another thread reads files."""
        look = self._looks.get(root)
        if self._is_new(look, root) and self._lock.acquire(blocking=look is None):
            try:
                look = self._looks.get(root)
                if self._is_new(look, root):  # nobody else has read it meanwhile
                    self._looks[root] = self._read(root, look.current if look else Current(None))
            finally:
                self._lock.release()
        return self._looks[root].current

    def _is_new(self, look: _Look | None, root: Path) -> bool:
        if look is None or look.mark != fingerprint(root):
            return True
        look.looked = time.monotonic()
        return False

    def _read(self, root: Path, before: Current) -> _Look:
        for _ in range(2):
            # before the reading: what changes within it is read again
            looked, mark = time.monotonic(), fingerprint(root)
            try:
                current = Current(self._reading(root))
            except Exception as error:
                # of whatever kind: a hole in the reader must not take the pages away
                since = before.since or datetime.now(UTC)
                current = Current(before.catalog, _faults(root, error), since)
            # if it is another, files changed meanwhile, and half of it may be from before
            if fingerprint(root) == mark:
                break
        return _Look(mark, current, looked)


def _faults(root: Path, error: Exception) -> tuple[Fault, ...]:
    if isinstance(error, CatalogError):
        return tuple(error.faults)
    problem = f"reading it failed ({type(error).__name__})."
    remedy = "Undo the last change to it, and report this to the project."
    return (Fault(str(root), "", "", problem, remedy),)


_KEEPER = Keeper()


def current() -> Current:
    """What this process answers from, in the folder of ADVISOR_CATALOG or the shipped one."""
    return _KEEPER.current(folder())


def seen(within_s: float) -> Current | None:
    """The same as it was seen in the last `within_s`, which takes no time; None: not seen."""
    return _KEEPER.seen(folder(), within_s)
