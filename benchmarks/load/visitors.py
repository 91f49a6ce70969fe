"""Many visitors at once: what a step takes, what goes wrong, what a visitor's memory is, and how many one server holds."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from benchmarks.load import tables
from benchmarks.load.servers import TWO_LINES, Server, State, served, stand_back, state_of
from benchmarks.load.tab import Tab
from benchmarks.load.walk import THINK_S, Log, crowd, median, p95, sent_away, warmed

SETTLE_S = 5.0
LEVELS = (10, 20, 30, 40, 50, 75, 100, 150, 200)
LEVEL_S = 40.0
ARRIVE_S = 10.0
BAR_S = 1.0


def run(count: int, minutes: float) -> str:
    """`count` visitors for some minutes, and the same number at a two-line app for the memory."""
    hello = asyncio.run(_two_lines(count))
    with served() as server:
        return asyncio.run(_walked(server, count, 60 * minutes, hello))


async def _two_lines(count: int) -> tuple[float, float, float]:
    """MiB of a two-line app with nobody, with `count` visitors, and for each."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "hello.py"
        script.write_text(TWO_LINES, encoding="utf-8")
        with served(script) as server:
            first = Tab(server.base)
            await first.open("")
            await first.close()
            await asyncio.sleep(SETTLE_S)
            before = server.state().rss_mib
            tabs = [Tab(server.base) for _ in range(count)]
            for tab in tabs:
                if (problem := (await tab.open("")).problem) != "":
                    raise RuntimeError(f"The two-line app could not be visited: {problem}")
            await asyncio.sleep(SETTLE_S)
            after = server.state().rss_mib
            await asyncio.gather(*(tab.close() for tab in tabs))
    return before, after, (after - before) / count


async def _walked(
    server: Server, count: int, seconds: float, hello: tuple[float, float, float]
) -> str:
    stand_back()
    await warmed(server.base)
    await asyncio.sleep(SETTLE_S)
    before, own = server.state(), state_of(os.getpid())
    log = Log()
    visitors = await crowd(server.base, count, seconds, log, ARRIVE_S)
    during, own_during = server.state(), state_of(os.getpid())
    await asyncio.sleep(SETTLE_S)
    idle = server.state()
    await sent_away(visitors)
    each = (idle.rss_mib - before.rss_mib) / count
    memory = tables.table(
        [
            "Memory of the server",
            "Nobody there",
            f"{count} visitors, idle after their walk",
            "For each visitor",
        ],
        [
            ["two-line app", *(f"{mib:,.2f} MiB" for mib in hello)],
            [
                "this app",
                f"{before.rss_mib:,.2f} MiB",
                f"{idle.rss_mib:,.2f} MiB",
                f"{each:,.2f} MiB",
            ],
        ],
    )
    return "\n\n".join(
        (
            f"{count} visitors for {seconds / 60:g} minutes, {THINK_S[0]:g} to {THINK_S[1]:g} s between steps, arriving within {ARRIVE_S:g} s: "
            f"{log.walks} whole walks, {len(log.steps)} steps, {sum(log.problems.values())} errors, {log.received / 1e6:,.0f} MB received.",
            tables.seconds_of(log),
            tables.problems(log),
            memory,
            f"Threads: {before.threads} before, {idle.threads} with the visitors idle. Open files: {before.files} and {idle.files}.",
            tables.judged((before, during), (own, own_during)),
        )
    )


def limit(most: int) -> str:
    """The most visitors, of a few steps, at whom 95 of 100 steps end within a second."""
    with served() as server:
        return asyncio.run(_limit(server, [level for level in LEVELS if level <= most] or [most]))


async def _limit(server: Server, levels: list[int]) -> str:
    stand_back()
    await warmed(server.base)
    rows: list[list[str]] = []
    held, over = 0, 0
    for level in levels:
        if await _holds(server, level, rows):
            held = level
        else:
            over = level
            break
    while over and over - held > max(5, held // 5):  # at most a few more
        level = (held + over) // 2
        held, over = (level, over) if await _holds(server, level, rows) else (held, level)
    told = f"{held} visitors" if held else f"fewer than {levels[0]} visitors"
    end = f"{over} are over it" if over else "more were not tried"
    return "\n\n".join(
        (
            f"One server holds **{told}** with the 95th percentile of all steps within {BAR_S:g} s ({end}). Visitors think {THINK_S[0]:g} to "
            f"{THINK_S[1]:g} s between steps; each row is {LEVEL_S:g} s after all had arrived.",
            tables.table(
                [
                    "Visitors",
                    "Steps",
                    "Median",
                    "95th percentile",
                    "Errors",
                    "Steps a second",
                    "Server, of a core",
                    "Generator, of a core",
                    "All else, of a core",
                ],
                rows,
            ),
        )
    )


async def _holds(server: Server, level: int, rows: list[list[str]]) -> bool:
    log, start = Log(), time.monotonic()

    async def middle() -> tuple[State, State]:
        await asyncio.sleep(ARRIVE_S)
        return server.state(), state_of(os.getpid())

    visitors, (before, own) = await asyncio.gather(
        crowd(server.base, level, ARRIVE_S + LEVEL_S, log, ARRIVE_S, seed=1000 * level), middle()
    )
    after, own_after = server.state(), state_of(os.getpid())
    await sent_away(visitors)
    found = log.since(start + ARRIVE_S)
    worst = p95(found.seconds)
    rows.append(
        [
            str(level),
            str(len(found.steps)),
            tables.milliseconds(median(found.seconds)),
            tables.milliseconds(worst),
            str(sum(found.problems.values())),
            f"{len(found.steps) / LEVEL_S:.1f}",
            f"{after.share(before):.0%}",
            f"{own_after.share(own):.0%}",
            f"{max(0.0, after.machine_share(before) - after.share(before) - own_after.share(own)):.0%}",
        ]
    )
    return worst <= BAR_S and not found.problems
