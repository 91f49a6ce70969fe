"""Programs that ask for recommendations faster than they can be worked out, and what that costs a visitor."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benchmarks.load import tables
from benchmarks.load.servers import Server, served, stand_back, state_of
from benchmarks.load.walk import Log, Visitor, median, p95, warmed

RATE = 200
REPEATED = 20
LONGEST_S = 10.0
MOST_OPEN = 500
"""Requests on their way at once; what would be more is counted as not sent."""
AFTER_S = 60.0
ALONE_S = 20.0
THINK_S = (0.3, 0.7)


@dataclass
class Asked:
    """What came of requests: seconds by kind of answer, from when each was due."""

    answered: list[float] = field(default_factory=list)
    turned_away: list[float] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    without_retry: int = 0
    not_sent: int = 0

    @property
    def told(self) -> str:
        """What the others were, and how many of each."""
        return (
            ", ".join(f"{times} {name}" for name, times in Counter(self.others).most_common(8))
            or "none"
        )


def question(number: int) -> dict[str, Any]:
    """A workload of its own for each number."""
    languages = (["en"], ["de"], ["en", "fr"], ["zh"])[number % 4]
    return {
        "languages": languages,
        "passages": 100_000 + 997 * number,
        "queries_per_month": 500_000 + 1_000 * (number % 50),
    }


def run(seconds: float) -> str:
    """Both sets of questions, each for that long."""
    with served() as server:
        return asyncio.run(_run(server, seconds))


async def _run(server: Server, seconds: float) -> str:
    stand_back()
    await warmed(server.base)
    rows, notes = [], []
    alone = await _visited(server.base, ALONE_S)
    rows.append(["nobody asks", "0", "0", "0", "0", "–", "–", "–", *_took(alone)])
    same = [question(number) for number in range(REPEATED)]
    sets = {
        f"{REPEATED} questions again and again": itertools.cycle(same),
        "every question another": (question(number) for number in itertools.count(REPEATED)),
    }
    for name, questions in sets.items():
        before, own = server.state(), state_of(os.getpid())
        asked, beside = await asyncio.gather(
            ask(server.base, questions, seconds), _visited(server.base, seconds)
        )
        after, own_after = server.state(), state_of(os.getpid())
        rows.append(
            [
                name,
                str(len(asked.answered)),
                str(len(asked.turned_away)),
                str(len(asked.others)),
                str(asked.not_sent),
                tables.milliseconds(median(asked.answered)),
                tables.milliseconds(p95(asked.answered)),
                tables.milliseconds(p95(asked.turned_away)),
                *_took(beside),
            ]
        )
        notes.append(f"{name.capitalize()}. {tables.judged((before, after), (own, own_after))}")
        if asked.others:
            notes.append(f"Others: {asked.told}.")
        if asked.without_retry:
            notes.append(f"{asked.without_retry} refusals had no Retry-After.")
        notes.append(f"The first new question afterwards was answered {await _after(server.base)}.")
        notes.append(f"The visitor beside it: {tables.problems(beside)}")
    return "\n\n".join(
        (
            f"{RATE} requests a second for {seconds:g} s, sent when due whether or not earlier ones are answered; POST /api/v1/recommend. Times count from "
            f"when a request was due. Beside it one visitor walks and thinks {THINK_S[0]:g} to {THINK_S[1]:g} s.",
            tables.table(
                [
                    "Asked", "Answered", "Turned away (429)", "Others", "Not sent",
                    "Answered, median", "Answered, 95th", "Turned away, 95th", "Visitor's steps", "Median", "95th",
                ],
                rows,
            ),
            *notes,
        )
    )  # fmt: skip


async def ask(
    base: str, questions: Iterator[dict[str, Any]], seconds: float, rate: int = RATE
) -> Asked:
    """Sends a question at each beat of the rate."""
    found, lines, under_way = Asked(), Lines(base), set()
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if len(under_way) >= MOST_OPEN:
            found.not_sent += 1
            continue
        task = asyncio.create_task(_one(lines, next(questions), due, found))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    lines.close()
    return found


async def _one(lines: Lines, asked: dict[str, Any], due: float, found: Asked) -> None:
    try:
        async with asyncio.timeout(LONGEST_S):
            status, headers = await lines.post("/api/v1/recommend", json.dumps(asked).encode())
    except (OSError, EOFError, ValueError) as error:  # a TimeoutError is an OSError
        found.others.append(type(error).__name__)
        return
    taken = time.perf_counter() - due
    if status == 200:
        found.answered.append(taken)
    elif status == 429:
        found.turned_away.append(taken)
        found.without_retry += "retry-after" not in headers
    else:
        found.others.append(str(status))


class Lines:
    """Connections to a server, kept for the next request: just enough HTTP/1.1 to cost the load generator little.

    httpx took a third of the processor for 200 requests a second; answers are taken packed as they are, and not unpacked.
    """

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self._host, self._port = str(address.hostname), int(address.port or 80)
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: bytes) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer, once all of it is there.

        Raises:
            OSError, EOFError: the connection failed, or ended early.
            ValueError: the answer does not say how long it is.
        """
        sent = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
            f"Accept-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        while self._free:
            with contextlib.suppress(
                OSError, EOFError
            ):  # the server has closed it, being unused: another, as a browser does
                return await self._ask(*self._free.pop(), sent)
        return await self._ask(
            *await asyncio.open_connection(self._host, self._port, limit=2**20), sent
        )

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes
    ) -> tuple[int, dict[str, str]]:
        try:
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:])
            }
            if "content-length" not in headers:
                raise ValueError("The answer has no Content-Length.")
            await reader.readexactly(int(headers["content-length"]))
        except (
            BaseException
        ):  # also where it is given up: what is left of the answer must not be taken for the next
            writer.close()
            raise
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self._free.append((reader, writer))
        return int(head[0].split()[1]), headers

    def close(self) -> None:
        """Ends the connections that nobody waits at."""
        for _, writer in self._free:
            writer.close()
        self._free.clear()


async def _visited(base: str, seconds: float) -> Log:
    log = Log()
    visitor = Visitor(base, 7, log, THINK_S)
    await visitor.until(time.monotonic() + seconds)
    await visitor.tab.close()
    return log


async def _after(base: str) -> str:
    """Seconds until a new question is answered, asking again as long as it is not, for a minute at most."""
    lines, start = Lines(base), time.perf_counter()
    body = json.dumps({"passages": 77 + int(1000 * start) % 10**6}).encode()
    while (taken := time.perf_counter() - start) < AFTER_S:
        with contextlib.suppress(OSError, EOFError, ValueError):
            async with asyncio.timeout(AFTER_S - taken):
                if (await lines.post("/api/v1/recommend", body))[0] == 200:
                    return f"after {tables.milliseconds(time.perf_counter() - start)}"
        await asyncio.sleep(0.1)
    return f"not within {AFTER_S:g} s"


def _took(log: Log) -> list[str]:
    return [
        str(len(log.steps)),
        tables.milliseconds(median(log.seconds)),
        tables.milliseconds(p95(log.seconds)),
    ]
