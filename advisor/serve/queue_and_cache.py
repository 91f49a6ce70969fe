"""Work off the event loop, one piece at a time and few waiting, and a cache of answers."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
FIRST_USUAL_S = 0.2
"""How long a piece of work is taken to last before any was timed."""
WEIGHT_OF_LAST = 0.2
"""Of the last piece in the usual time: a slow one alone does not send everybody away for long."""


class QueueFullError(Exception):
    """As much waits as is taken on; a place may be free in `retry_after_s` whole seconds."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            f"Too many questions are waiting on this server. Ask again in {retry_after_s} s."
        )


class Work:
    """One thread for the work of programs, and a queue of `most_waiting` before it.

    One, because threads of a Python process share its time: a second would slow the pages and
    answer no sooner.
    """

    def __init__(self, most_waiting: int = 16) -> None:
        self._most = most_waiting
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._inside = 0
        self._usual_s = FIRST_USUAL_S

    @property
    def waiting(self) -> int:
        """Pieces that wait or are worked at."""
        return self._inside

    async def run(self, function: Callable[[], T]) -> T:
        """What `function` gives.

        Raises:
            QueueFullError: the queue is full.
        """
        if self._inside > self._most:
            raise QueueFullError(max(1, math.ceil(self._inside * self._usual_s)))
        self._inside += 1
        loop = asyncio.get_running_loop()
        future = self._thread.submit(self._timed, function)
        # counted out when the thread is done, also where the one who asked has gone
        future.add_done_callback(lambda _: loop.is_closed() or loop.call_soon_threadsafe(self._out))
        return await asyncio.wrap_future(future)

    def _timed(self, function: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return function()
        finally:
            self._usual_s += WEIGHT_OF_LAST * (time.perf_counter() - began - self._usual_s)

    def _out(self) -> None:
        self._inside -= 1


@dataclass(frozen=True)
class Body:
    """An answer as bytes, plain and packed with gzip, and the mark by which a client knows it."""

    plain: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, plain: bytes) -> Body:
        """The body of an answer."""
        etag = f'"{hashlib.sha256(plain).hexdigest()[:20]}"'
        return cls(plain, gzip.compress(plain, 5, mtime=0), etag)

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.plain) + len(self.packed)


class Answers:
    """Answers by question, kept up to `most_bytes`; worked out once for all who ask at one time."""

    def __init__(self, work: Work, most_bytes: int = 32_000_000) -> None:
        self._work = work
        self._most = most_bytes
        self._bodies: OrderedDict[Hashable, Body] = OrderedDict()
        self._bytes = 0
        self._tasks: dict[Hashable, asyncio.Task[Body]] = {}

    async def get(self, question: Hashable, make: Callable[[], bytes]) -> Body:
        """The answer to a question; `make` works it out, on the thread for work.

        Raises:
            QueueFullError: it is not kept, and the queue is full.
        """
        if question in self._bodies:
            self._bodies.move_to_end(question)
            return self._bodies[question]
        task = self._tasks.get(question)
        if task is None:
            task = self._tasks[question] = asyncio.create_task(self._work_out(question, make))
            task.add_done_callback(lambda _: self._tasks.pop(question, None))
        return await asyncio.shield(task)  # one who leaves takes it from nobody else

    async def _work_out(self, question: Hashable, make: Callable[[], bytes]) -> Body:
        body = await self._work.run(lambda: Body.of(make()))
        self._bodies[question] = body
        self._bytes += body.size
        while self._bytes > self._most and len(self._bodies) > 1:
            _, oldest = self._bodies.popitem(last=False)
            self._bytes -= oldest.size
        return body
