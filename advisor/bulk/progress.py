"""How far it is, on standard error: each second where somebody looks on, else now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from advisor.base.formatting import counted
from advisor.bulk.folder import WrittenBlock

EVERY_S = 1.0
EVERY_UNSEEN_S = 30.0


class RunProgress:
    """Says rows written, their rate, rows set aside and the time left. `clock` gives seconds."""

    def __init__(
        self,
        known: list[WrittenBlock],
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._seen = self._stream.isatty()
        self._clock = clock
        self._begun = self._said = clock()
        self._written = sum(entry.written for entry in known)
        self._aside = sum(entry.set_aside for entry in known)
        self._before = self._written
        self._done = self._at_start = max((entry.done for entry in known), default=0.0)

    def add(self, entry: WrittenBlock) -> None:
        """Counts a block, and says so where it is time."""
        self._written += entry.written
        self._aside += entry.set_aside
        self._done = max(self._done, entry.done)
        now = self._clock()
        if now - self._said >= (EVERY_S if self._seen else EVERY_UNSEEN_S):
            self._said = now
            line = f"\r\x1b[K{self.line()}" if self._seen else f"{self.line()}\n"
            print(line, end="", file=self._stream, flush=True)

    def line(self) -> str:
        """Where the work stands."""
        took = max(self._clock() - self._begun, 1e-9)
        share = self._done - self._at_start
        left = f", about {duration(took / share * (1 - self._done))} left" if share > 0 else ""
        rate = f"{(self._written - self._before) / took:,.0f} per second"
        passages, aside = counted(self._written, "passage"), counted(self._aside, "row")
        return f"{passages}, {rate}, {aside} set aside{left}"

    def close(self) -> None:
        """Ends the line on a terminal."""
        if self._seen:
            print("\r\x1b[K", end="", file=self._stream, flush=True)


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
