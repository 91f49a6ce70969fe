"""Blocks spread over servers of one model. What a server does not give goes to the others.

A server that stops answering gives its blocks back at once. It is asked again until `patience_s`
have passed, and then given up. One that takes no more for now (429) keeps its block and is asked
again as it says, as long."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.base.errors import EncodeError
from advisor.bulk import work
from advisor.bulk.blocks import Block, CorpusEnd
from advisor.bulk.folder import WrittenBlock
from advisor.bulk.run import CorpusCut
from advisor.bulk.work import BlockTask
from advisor.encode.engine import About, Engine, Float32s, ServerBusyError

PART = 64
"""Texts asked for at once: what a server without a GPU still answers in time."""
AT_ONCE = 2
PATIENCE_S = 120.0
"""A limit of so many tokens a minute is over by then."""
MOST_TRIES = 6
"""Times that a block may come back: a text that brings servers down would bring all down."""


@dataclass(frozen=True)
class _Returned:
    """A block that a server did not give, and why."""

    block: Block
    why: EncodeError


@dataclass(frozen=True)
class _Stopped:
    """A thread that works no more, and why."""

    name: str
    why: EncodeError


_Report = WrittenBlock | _Returned | _Stopped | Exception


class Fleet:
    """Endpoints that serve one model, `at_once` blocks at each."""

    def __init__(
        self,
        engines: Sequence[Engine],
        say: Callable[[str], None],
        *,
        at_once: int = AT_ONCE,
        part: int = PART,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._engines, self._say = engines, say
        self._at_once, self._part, self._patience_s = at_once, part, patience_s
        self._stop = threading.Event()
        self._todo: queue.SimpleQueue[Block] = queue.SimpleQueue()
        self._came: queue.SimpleQueue[_Report] = queue.SimpleQueue()

    def known(self) -> tuple[About, Float32s]:
        """Who answers, and its vector of the probe; servers that do not answer now are left out.

        Raises EncodeError where none answers, or they serve different models."""
        answering: list[tuple[Engine, Float32s]] = []
        why: EncodeError | None = None
        for engine in self._engines:
            try:
                answering.append((engine, work.probe(engine)))
            except EncodeError as error:
                why = error
                self._say(str(error))
        if not answering:
            raise why or EncodeError("No endpoint is named. Name one with --endpoint.")
        first, vector = answering[0]
        for other, theirs in answering[1:]:
            if not work.same_model(theirs, tuple(vector.tolist())):
                raise EncodeError(
                    f"{first.about.where} and {other.about.where} give one text different "
                    "vectors: they serve different models."
                )
        self._engines = [engine for engine, _ in answering]
        return first.about, vector

    def description(self) -> dict[str, Any]:
        """What the journal says of it."""
        return {"way": "endpoints", "workers": [engine.about.where for engine in self._engines]}

    def encoded(self, cut: CorpusCut, task: BlockTask) -> Iterator[WrittenBlock | CorpusEnd]:
        """Each block once it is on disk, and the end.

        Raises EncodeError where no server is left, or a block came back too often."""
        threads = [engine for engine in self._engines for _ in range(self._at_once)]
        for engine in threads:
            threading.Thread(target=self._serve, args=(engine, task), daemon=True).start()
        source, end = cut.blocks(), None
        back: deque[Block] = deque()
        tries: dict[int, int] = {}
        alive, out = len(threads), 0
        gone: set[str] = set()
        while end is None or back or out:
            # one more than work on them, so that nobody waits for the reader
            while out < alive + 1 and (back or end is None):
                block = back.popleft() if back else next(source)
                if isinstance(block, CorpusEnd):
                    end = block
                    continue
                self._todo.put(block)
                out += 1
            if not out:
                break
            came = self._came.get()
            if isinstance(came, WrittenBlock):
                out -= 1
                tries.pop(came.block, None)
                yield came
            elif isinstance(came, _Returned):
                out -= 1
                number = came.block.number
                # being busy is no fault of the block
                tries[number] = tries.get(number, 0) + (not isinstance(came.why, ServerBusyError))
                if tries[number] >= MOST_TRIES:
                    raise EncodeError(
                        f"Block {number:,} failed {MOST_TRIES} times, the last time so: "
                        f"{came.why} What is done stays."
                    )
                back.append(came.block)
            elif isinstance(came, _Stopped):
                alive -= 1
                if came.name not in gone:
                    self._say(f"{came.name} is given up: {came.why}")
                gone.add(came.name)
                if not alive:
                    raise EncodeError(
                        f"No server is left: {came.why} What is done stays; "
                        "run the same command again when one answers."
                    )
            else:
                raise came
        assert end is not None
        yield end

    def close(self) -> None:
        """Tells the threads to stop after the part they are at."""
        self._stop.set()

    def _serve(self, engine: Engine, task: BlockTask) -> None:
        """One thread of a server: takes blocks until it is to stop, or the server is given up."""

        def alive() -> bool:
            return not self._silent(engine, task)

        while not self._stop.is_set():
            try:
                block = self._todo.get(timeout=0.2)
            except queue.Empty:
                continue
            try:
                written = work.encode(
                    engine, block, task, part=self._part, alive=alive, paused=self._paused
                )
                self._came.put(written)
            except ServerBusyError as error:  # for all of the patience
                self._came.put(_Returned(block, error))
                self._came.put(_Stopped(engine.about.where, error))
                return
            except EncodeError as error:
                self._came.put(_Returned(block, error))
                if (why := self._waited(engine, task, error)) is not None:
                    self._came.put(_Stopped(engine.about.where, why))
                    return
            except Exception as error:  # a full disk, say: the run ends with it
                self._came.put(error)
                return

    def _silent(self, engine: Engine, task: BlockTask) -> EncodeError | None:
        """Why a server does not answer a fixed text as it did; None where it does."""
        try:
            vector = work.probe(engine)
        except EncodeError as error:
            return error
        if work.same_model(vector, task.probe):
            return None
        return EncodeError(f"{engine.about.where} serves another model now.")

    def _paused(self, busy: ServerBusyError, for_s: float) -> bool:
        """Waits as a busy server asks, else longer each time; False once the patience is spent."""
        pause_s = max(0.5, min(10, for_s) if busy.wait_s is None else busy.wait_s)
        return for_s + pause_s <= self._patience_s and not self._stop.wait(pause_s)

    def _waited(self, engine: Engine, task: BlockTask, why: EncodeError) -> EncodeError | None:
        """Waits until a server answers again; why it does not, after the patience is spent."""
        until, pause_s = time.monotonic() + self._patience_s, 0.5
        error: EncodeError | None = why
        while error is not None and not self._stop.is_set():
            error = self._silent(engine, task)
            if error is None or time.monotonic() + pause_s >= until:
                break
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, 10)
        return error
