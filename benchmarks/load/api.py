"""Programs that ask for recommendations faster than they can be worked out, and what that costs a visitor."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.load import tables
from benchmarks.load.servers import Server, served, stand_back, state_of
from benchmarks.load.walk import Log, Visitor, median, p95, warmed

RATE = 200
REPEATED = 20
LONGEST_S = 10.0
MOST_OPEN = 500
"""Requests on their way at once; what would be more is counted as not sent."""
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


def question(number: int) -> dict[str, Any]:
    """A workload of its own for each number."""
    languages = (["en"], ["de"], ["en", "fr"], ["zh"])[number % 4]
    return {"languages": languages, "passages": 100_000 + 997 * number, "queries_per_month": 500_000 + 1_000 * (number % 50)}


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
        asked, beside = await asyncio.gather(ask(server.base, questions, seconds), _visited(server.base, seconds))
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
            notes.append("Others: " + "; ".join(sorted(set(asked.others))[:5]))
        if asked.without_retry:
            notes.append(f"{asked.without_retry} refusals had no Retry-After.")
        notes.append(f"The first new question afterwards was answered after {tables.milliseconds(await _after(server.base))}.")
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


async def ask(base: str, questions: Iterator[dict[str, Any]], seconds: float, rate: int = RATE) -> Asked:
    """Sends a question at each beat of the rate."""
    found, open_now = Asked(), set()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=MOST_OPEN)
    async with httpx.AsyncClient(base_url=base, timeout=LONGEST_S, limits=limits, trust_env=False) as web:
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = start + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if len(open_now) >= MOST_OPEN:
                found.not_sent += 1
                continue
            task = asyncio.create_task(_one(web, next(questions), due, found))
            open_now.add(task)
            task.add_done_callback(open_now.discard)
            if number % 20 == 0:
                await asyncio.sleep(0)
        await asyncio.gather(*open_now)
    return found


async def _one(web: httpx.AsyncClient, asked: dict[str, Any], due: float, found: Asked) -> None:
    try:
        # read as it comes: unpacking it would be this process's work, not the server's
        async with web.stream("POST", "/api/v1/recommend", json=asked, headers={"Accept-Encoding": "gzip"}) as response:
            async for _ in response.aiter_raw():
                pass
    except httpx.HTTPError as error:
        found.others.append(type(error).__name__)
        return
    taken = time.perf_counter() - due
    if response.status_code == 200:
        found.answered.append(taken)
    elif response.status_code == 429:
        found.turned_away.append(taken)
        found.without_retry += "retry-after" not in response.headers
    else:
        found.others.append(str(response.status_code))


async def _visited(base: str, seconds: float) -> Log:
    log = Log()
    visitor = Visitor(base, 7, log, THINK_S)
    await visitor.until(time.monotonic() + seconds)
    await visitor.tab.close()
    return log


async def _after(base: str) -> float:
    """Seconds until a new question is answered, asking again as long as it is turned away."""
    start = time.perf_counter()
    async with httpx.AsyncClient(base_url=base, timeout=LONGEST_S, trust_env=False) as web:
        for _ in range(100):
            if (await web.post("/api/v1/recommend", json={"passages": 77 + int(1000 * start) % 10**6})).status_code != 429:
                break
            await asyncio.sleep(0.1)
    return time.perf_counter() - start


def _took(log: Log) -> list[str]:
    return [str(len(log.steps)), tables.milliseconds(median(log.seconds)), tables.milliseconds(p95(log.seconds))]
