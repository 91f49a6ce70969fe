"""The models of this server: each in its own process, shared by all, bounded, with a queue."""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from advisor.base.errors import EncodeError
from advisor.base.formatting import counted
from advisor.encode import engine as engines
from advisor.encode.engine import DENSE, About, FullError, Outputs, Role, Scores, Vectors
from advisor.encode.models import Model

T = TypeVar("T")
_ROOT = Path(__file__).resolve().parents[2]


class PoolLimits(NamedTuple):
    """What a server takes on; times in seconds.

    `most_texts` and `longest_characters` bound one request, `time_out_s` its work without the
    waiting. A model that nobody has used for `idle_s` leaves the memory."""

    most_resident: int = 2
    most_waiting: int = 8
    most_texts: int = 512
    longest_characters: int = engines.LONGEST_CHARACTERS
    time_out_s: float = 120
    load_time_out_s: float = 300
    idle_s: float = 900


def most_resident() -> int:
    """Models in memory at once; raises ValueError where ADVISOR_MODELS_AT_ONCE is not 1 to 99."""
    named = os.environ.get("ADVISOR_MODELS_AT_ONCE") or str(PoolLimits().most_resident)
    if not re.fullmatch("[1-9][0-9]?", named):
        raise ValueError(
            f"ADVISOR_MODELS_AT_ONCE is '{named}'. Write a whole number from 1 to 99, or leave "
            "it out."
        )
    return int(named)


@dataclass
class _Request:
    """One request of a visitor: `done` is set when `answer` holds what came of it."""

    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    begun: bool = False
    answer: tuple[str, Any] | None = None
    done: threading.Event = field(default_factory=threading.Event)


OnStatus = Callable[[str], None]
"""Takes the sentence for where a visitor stands."""


class _Resident:
    """One model in its process, to which its thread alone speaks, and those who wait for it."""

    def __init__(self, model: Model, limits: PoolLimits, threads: int | None):
        self.model = model
        self.about: About | None = None
        self.problem = ""
        self.used = time.monotonic()
        self.waiting: deque[_Request] = deque()
        self.busy = True  # loading, at first
        self._limits = limits
        self._threads = threads
        self._work = threading.Condition()
        self.gone = False  # takes no request any more
        self._process: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._serve, name=f"encode {model.name}", daemon=True).start()

    def submit(self, request: _Request) -> bool:
        """Puts a request into the queue; False where it is full, or the model is going."""
        with self._work:
            if self.gone or len(self.waiting) >= self._limits.most_waiting:
                return False
            self.waiting.append(request)
            self._work.notify()
            return True

    def withdraw(self, request: _Request) -> None:
        """Takes a request out of the queue, its visitor gone; one that has begun runs on."""
        with self._work, contextlib.suppress(ValueError):
            self.waiting.remove(request)

    def stands(self, request: _Request) -> str:
        """Where a request stands, as a sentence."""
        name = self.model.name
        if request.begun:
            return f"{name} is {'working' if self.about else 'loading'}."
        with self._work:
            ahead = self.waiting.index(request) if request in self.waiting else 0
        if not self.about:
            return f"{name} is loading" + (f"; {ahead} before you." if ahead else ".")
        wait = counted(ahead + self.busy, "request is", "requests are")
        return f"{wait} before yours at {name}."

    @property
    def idle(self) -> bool:
        """Nothing runs and nobody waits."""
        with self._work:
            return not self.busy and not self.waiting

    def close(self) -> None:
        """Ends the process; those who wait are told."""
        with self._work:
            self.gone = True
            self._work.notify()
        if self._process is not None:
            self._process.kill()

    def _serve(self) -> None:
        try:
            self._start()
            state, value = self._ask(_Request("load", (self.model, self._threads), {}))
            if state == "done":
                self.about = value
                while (request := self._next()) is not None:
                    if self._ended():  # killed while nobody asked
                        self.waiting.appendleft(request)
                        break
                    request.begun = True
                    request.answer = self._ask(request)
                    self.used = time.monotonic()
                    # before anyone hears of it, so that nobody joins this queue
                    self.gone = self.gone or self._ended()
                    request.done.set()
                    if self.gone:
                        break
            else:
                self.problem = value
        except OSError as error:  # the system starts no process now
            self.problem = (
                f"No process could be started for {self.model.name} "
                f"({error.strerror}). Try again in a minute."
            )
        finally:
            self._end()

    def _next(self) -> _Request | None:
        """The next request; None when the model has been idle for long or must go."""
        with self._work:
            self.busy = False
            waited = self._work.wait_for(lambda: self.gone or self.waiting, self._limits.idle_s)
            if self.gone or not waited:
                self.gone = True
                return None
            self.busy = True  # before the queue is empty, so that it never looks idle
            return self.waiting.popleft()

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _start(self) -> None:
        own = {"PYTHONPATH": str(_ROOT), "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "advisor.encode.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | own,
        )

    def _ask(self, request: _Request) -> tuple[str, Any]:
        """The process's answer; ("problem", sentence) where it took too long or ended."""
        process, loading = self._process, request.method == "load"
        time_out_s = self._limits.load_time_out_s if loading else self._limits.time_out_s
        message = (request.method, request.arguments, request.named)
        assert process is not None and process.stdin is not None and process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(time_out_s, stop)
        timer.daemon = True
        try:
            timer.start()
            pickle.dump(message, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            answer: tuple[str, Any] = pickle.load(process.stdout)  # noqa: S301  # from our own child
            return answer
        # pickle raises many kinds for half an answer; nobody may be left waiting for one
        except Exception:
            process.kill()
            process.wait()
            return "problem", self._unanswered(loading, time_out_s if late.is_set() else None)
        finally:
            timer.cancel()

    def _unanswered(self, loading: bool, time_out_s: float | None) -> str:
        """The sentence for a process that was stopped after `time_out_s`, or ended by itself."""
        name = self.model.name
        if time_out_s is not None:
            how_long, step = f"{time_out_s:,.0f} seconds", "Send fewer or shorter texts."
            if loading:
                how_long += " to load"
                step = "Try again when this machine is less busy, or choose a smaller model."
            return f"{name} took longer than {how_long} and was stopped. {step}"
        when, step = "", "Try again with fewer or shorter texts."
        if loading:
            when, step = " while it loaded", "Try again, or choose a smaller model."
        return f"The process of {name} ended{when}, perhaps for want of memory. {step}"

    def _end(self) -> None:
        with self._work:
            self.gone = True
            left = list(self.waiting)
            self.waiting.clear()
        for request in left:
            stopped = f"{self.model.name} was stopped before your texts were reached. Try again."
            request.answer = ("problem", self.problem) if self.problem else ("again", stopped)
            request.done.set()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


class Pool:
    """Models for many visitors. Thread-safe; made once in a process."""

    def __init__(self, limits: PoolLimits | None = None, threads: int | None = None):
        self.limits = limits or PoolLimits()
        self._threads = threads
        self._lock = threading.Lock()
        self._residents: dict[Model, _Resident] = {}
        self._closed = False
        atexit.register(self.close)

    def engine(self, model: Model, on_status: OnStatus | None = None) -> Pooled:
        """The model as an engine, loaded in the background; `on_status` hears how a request waits.

        Raises FullError where other models are at work in every place, EncodeError once closed."""
        self._resident(model)
        return Pooled(self, model, on_status)

    def about(self, model: Model) -> About | None:
        """What a resident model says of itself; None while it loads, or is not resident."""
        with self._lock:
            resident = self._residents.get(model)
        return resident.about if resident and not resident.gone else None

    def resident(self) -> list[Model]:
        """The models in memory or on their way into it."""
        with self._lock:
            return [model for model, resident in self._residents.items() if not resident.gone]

    @property
    def waiting(self) -> int:
        """Requests that wait or are worked at, of all models; one that loads counts as one."""
        with self._lock:
            present = [resident for resident in self._residents.values() if not resident.gone]
            return sum(len(resident.waiting) + resident.busy for resident in present)

    def close(self) -> None:
        """Ends every process, for good."""
        with self._lock:
            self._closed = True
            residents = list(self._residents.values())
            self._residents.clear()
        for resident in residents:
            resident.close()

    def _resident(self, model: Model) -> _Resident:
        with self._lock:
            if self._closed:
                raise EncodeError(
                    "This server is about to end and encodes no more. Try again in a minute."
                )
            present = {key: value for key, value in self._residents.items() if not value.gone}
            self._residents = present
            if model not in present:
                if len(present) >= self.limits.most_resident:
                    idle = [resident for resident in present.values() if resident.idle]
                    if not idle:
                        raise FullError(_all_at_work([model.name for model in present]))
                    present.pop(min(idle, key=lambda resident: resident.used).model).close()
                present[model] = _Resident(model, self.limits, self._threads)
            return present[model]

    def ask(
        self, model: Model, on_status: OnStatus | None, method: str, *arguments: Any, **named: Any
    ) -> Any:
        """What the model answers, after waiting in its queue.

        Raises FullError where the queue is full, EncodeError where it cannot load or answer."""
        for _ in range(2):
            state, value = self._asked(model, on_status, _Request(method, arguments, named))
            # "again": a model that left the memory, or died, before it reached the request
            if state != "again":
                break
        if state != "done":
            raise EncodeError(value)
        return value

    def _asked(
        self, model: Model, on_status: OnStatus | None, request: _Request
    ) -> tuple[str, Any]:
        """The answer of a model to a request that waits its turn."""
        resident = self._resident(model)
        if not resident.submit(request):
            if not resident.gone:
                raise engines.queue_full(self.limits.most_waiting, model.name)
            if resident.problem:
                return "problem", resident.problem
            return "again", f"{model.name} left the memory. Try again."
        try:
            while not request.done.wait(0.25):
                if on_status is not None:
                    on_status(resident.stands(request))
        finally:  # Streamlit ends a visitor's run from within `on_status`
            resident.withdraw(request)
        assert request.answer is not None
        return request.answer


class Pooled:
    """A model of the pool as an engine: requests wait their turn, within the pool's limits."""

    def __init__(self, pool: Pool, model: Model, on_status: OnStatus | None):
        self._pool, self._model = pool, model
        self._ask = partial(pool.ask, model, on_status)

    @property
    def about(self) -> About:
        """Who answers, once the model is loaded; raises EncodeError where it cannot be."""
        known = self._pool.about(self._model)
        return known if known is not None else self._ask("about")

    def embed(
        self, texts: Sequence[str], role: Role, *, instruct: bool = True, outputs: Outputs = DENSE
    ) -> Vectors:
        """Vectors, as `Engine.embed` gives them, in parts, so that others have their turn."""
        ask = partial(self._ask, "embed", role=role, instruct=instruct, outputs=tuple(outputs))
        answers: list[Vectors] = [ask(part) for part in self._parts(texts)]
        if len(answers) == 1:
            return answers[0]
        return replace(
            answers[0],
            dense=np.concatenate([answer.dense for answer in answers]),
            sparse=_rows([answer.sparse for answer in answers]),
            multi_vector=_rows([answer.multi_vector for answer in answers]),
            pieces=_rows([answer.pieces for answer in answers]),
            **_sums(answers),
        )

    def rerank(self, query: str, passages: Sequence[str]) -> Scores:
        """Scores, as `Engine.rerank` gives them, in parts as for `embed`."""
        engines.refuse_long([query], self._pool.limits.longest_characters)
        ask = partial(self._ask, "rerank", query)
        answers: list[Scores] = [ask(part) for part in self._parts(passages)]
        if len(answers) == 1:
            return answers[0]
        raw = np.concatenate([answer.raw for answer in answers])
        return replace(answers[0], raw=raw, **_sums(answers))

    def _parts(self, texts: Sequence[str]) -> list[list[str]]:
        engines.refuse_long(texts, self._pool.limits.longest_characters)
        size = self._pool.limits.most_texts
        return [list(texts[start : start + size]) for start in range(0, len(texts), size)] or [[]]


def _all_at_work(names: list[str]) -> str:
    """The sentence for a server whose every place is taken."""
    return (
        f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} at work, and this server "
        f"holds {counted(len(names), 'model')} at once. Try again in a minute."
    )


def _sums(parts: Sequence[Vectors | Scores]) -> dict[str, Any]:
    """What the parts of one request took and counted, as if it had been one."""
    return {
        "seconds": sum(part.seconds for part in parts),
        "tokens": tuple(n for part in parts for n in part.tokens or ()),
        "counted": sum(part.counted or 0 for part in parts),
    }


def _rows(parts: Sequence[tuple[T, ...] | None]) -> tuple[T, ...] | None:
    """The rows of all parts, in order; None where there are none of that kind."""
    return None if parts[0] is None else tuple(row for part in parts for row in part or ())
