"""Pages that compute are run one after the other.

Threads of a Python process share its time. Twenty visitors who click at once are all slow where
their pages are run together, and each page costs half as much again; one after the other, most are
not (docs/measurements/load.md).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

PATIENCE_S = 20.0
"""After which a page is run beside the one whose turn it is.

A page that hangs slows the others, and stops none.
"""


class Turns:
    """Whose turn it is; a thread has it or has not."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._turn = threading.Lock()
        self._thread = threading.local()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for this thread's turn, and ends it."""
        self._take()
        try:
            yield
        finally:
            self._give()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Lets others go ahead while this thread waits for something else, as a server's answer.

        Does nothing where it has no turn.
        """
        if not self._give():
            yield
            return
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        self._thread.has = self._turn.acquire(timeout=self._patience_s)

    def _give(self) -> bool:
        had = getattr(self._thread, "has", False)
        if had:
            self._thread.has = False
            self._turn.release()
        return had


PAGES = Turns()
