"""Visitors who come, walk and leave for half an hour, programs that ask now and then, an encoding now and then: does anything grow?"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.load import api, tables
from benchmarks.load.encoding import LIVE, encoded, outcome, write_model
from benchmarks.load.servers import Server, State, served, stand_back, state_of
from benchmarks.load.tab import Tab
from benchmarks.load.walk import THINK_S, Log, Visitor, median, p95, warmed

ROW_S = 300.0
SAMPLE_S = 10.0
ASK_S = 1.0
ENCODE_S = 30.0
KEPT_S = 120.0
"""How long Streamlit keeps the session of a visitor who has left (server.disconnectedSessionTTL)."""


def run(minutes: float, count: int) -> str:
    """About `count` visitors at any time, for some minutes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(environment=write_model(Path(folder), tiny=True)) as server,
    ):
        return asyncio.run(_run(server, 60 * minutes, count))


async def _run(server: Server, seconds: float, count: int) -> str:
    stand_back()
    await warmed(server.base)
    encodes: Counter[str] = Counter()
    await _encode(server.base, 0, encodes)  # loads the model
    await asyncio.sleep(5)
    own, start, log, asked = state_of(os.getpid()), time.monotonic(), Log(), api.Asked()
    end, samples = start + seconds, [server.state()]
    await asyncio.gather(
        *(_visits(server.base, place, count, end, log) for place in range(count)),
        _questions(server.base, end, asked),
        _encodings(server.base, end, encodes),
        _samples(server, end, samples),
    )
    own_after = state_of(os.getpid())
    every = min(ROW_S, seconds / 6)
    rows = [("after warming up", samples[0])]
    rows += [
        (f"{every * n / 60:.3g} minutes", _nearest(samples, start + every * n))
        for n in range(1, round(seconds / every) + 1)
    ]
    if seconds > KEPT_S:
        await asyncio.sleep(KEPT_S + 15)
        last = Tab(
            server.base
        )  # Streamlit 1.67 lets the sessions of those who left go when the next visitor leaves
        await last.open("advise")
        await last.close()
        await asyncio.sleep(5)
        rows.append((f"{KEPT_S + 20:g} s after the last of them left", server.state()))
    return "\n\n".join(
        (
            f"{seconds / 60:g} minutes, {count} places for visitors who come, walk once (thinking {THINK_S[0]:g} to {THINK_S[1]:g} s) and leave, one question a "
            f"second to the JSON route, every third new, and an encoding each {ENCODE_S:g} s: {log.walks} walks, {len(log.steps)} steps, "
            f"{sum(log.problems.values())} errors; median {tables.milliseconds(median(log.seconds))}, 95th percentile {tables.milliseconds(p95(log.seconds))}. "
            f"Questions: {len(asked.answered)} answered, {len(asked.turned_away)} turned away, others: {asked.told}. "
            f"Encodings: {', '.join(f'{times} {name}' for name, times in encodes.items())}.",
            tables.table(
                ["Server", "Memory", "Threads", "Open files", "Children"],
                [
                    [name, f"{s.rss_mib:,.0f} MiB", str(s.threads), str(s.files), str(s.children)]
                    for name, s in rows
                ],
            ),
            slope(samples, start),
            tables.problems(log),
            tables.judged((samples[0], samples[-1]), (own, own_after)),
        )
    )


def slope(samples: list[State], start: float) -> str:
    """How the memory grew in each half, in MiB an hour, as a sentence: a leak grows in both alike, filling caches slow down."""
    middle = (start + samples[-1].at) / 2
    halves = []
    for half in ([s for s in samples if s.at < middle], [s for s in samples if s.at >= middle]):
        if len(half) < 3:
            return "Too short for a slope."
        hours = np.array([s.at for s in half]) / 3600
        halves.append(float(np.polyfit(hours - hours[0], [s.rss_mib for s in half], 1)[0]))
    return (
        f"Memory grew by {halves[0]:+,.1f} MiB an hour in the first half and by {halves[1]:+,.1f} in the second (straight lines through a sample each "
        f"{SAMPLE_S:g} s). What a server keeps for all visitors fills and then stays; a leak would grow in the second half as in the first."
    )


def _nearest(samples: list[State], at: float) -> State:
    return min(samples, key=lambda s: abs(s.at - at))


async def _visits(base: str, place: int, count: int, end: float, log: Log) -> None:
    """One visitor after another, each with a walk of its own."""
    await asyncio.sleep(min(60.0, end - time.monotonic()) * place / count)
    for number in itertools.count():
        if time.monotonic() >= end:
            return
        visitor = Visitor(base, 1000 * (place + 1) + number, log)
        try:
            await visitor.walk(end)
        finally:
            await visitor.tab.close()


async def _questions(base: str, end: float, asked: api.Asked) -> None:
    questions = (
        api.question(number if number % 3 == 0 else number % api.REPEATED)
        for number in itertools.count()
    )
    while (left := end - time.monotonic()) > 0:
        part = await api.ask(base, questions, min(left, 60.0), rate=round(1 / ASK_S))
        asked.answered += part.answered
        asked.turned_away += part.turned_away
        asked.others += part.others
        await asyncio.sleep(ASK_S)


async def _encode(base: str, number: int, encodes: Counter[str]) -> None:
    tab = Tab(base)
    opened = await tab.open("live", LIVE)
    encodes[opened.problem or outcome(await encoded(tab, number, words=20))] += 1
    await tab.close()


async def _encodings(base: str, end: float, encodes: Counter[str]) -> None:
    for number in itertools.count(1):
        if time.monotonic() + ENCODE_S > end:
            return
        await asyncio.sleep(ENCODE_S)
        await _encode(base, number, encodes)


async def _samples(server: Server, end: float, samples: list[State]) -> None:
    while time.monotonic() < end:
        await asyncio.sleep(min(SAMPLE_S, max(0.0, end - time.monotonic())))
        samples.append(server.state())
