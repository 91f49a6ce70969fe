"""Visitors: each opens Advise by a link, changes passages, languages and budget, goes on to Cost, opens its parts, and thinks in between."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.load.tab import Run, Tab, WalkError

THINK_S = (3.0, 8.0)
"""Seconds between two steps, evenly spread."""
PASSAGES = (20_000, 150_000, 750_000, 3_000_000, 12_000_000, 60_000_000)
LANGUAGES = (["en"], ["de"], ["zh"], ["en", "de"], ["en", "fr", "es"], ["en", "zh"])
BUDGETS = (15.0, 60.0, 250.0, 4000.0)
QUERIES = (100_000, 400_000, 900_000, 5_000_000)
PARTS = ("What drives it", "Break-even", "Vector store", "Latency", "All options")
LOOKS_AT_CHANGES = 0.25
"""How many walks open "What would change it", the slowest part of Advise."""


@dataclass(frozen=True)
class Step:
    """One step: its name, when it was sent, how long it took (NaN: it could not be sent), and what was wrong (empty: nothing)."""

    name: str
    at: float
    seconds: float
    problem: str = ""


@dataclass
class Log:
    """What visitors saw."""

    steps: list[Step] = field(default_factory=list)
    walks: int = 0
    received: int = 0

    def since(self, at: float) -> Log:
        """The steps sent since a time."""
        return Log([step for step in self.steps if step.at >= at], self.walks, self.received)

    @property
    def seconds(self) -> list[float]:
        """How long each step took that was sent, those with a problem included."""
        return [step.seconds for step in self.steps if step.seconds == step.seconds]

    @property
    def problems(self) -> Counter[str]:
        """What was wrong, and how often."""
        return Counter(f"{step.name}: {step.problem}" for step in self.steps if step.problem)

    def by_name(self) -> dict[str, list[float]]:
        """The steps' seconds by their name."""
        found: dict[str, list[float]] = {}
        for step in self.steps:
            if step.seconds == step.seconds:
                found.setdefault(step.name, []).append(step.seconds)
        return found


def median(seconds: list[float]) -> float:
    """The middle of some seconds; not a number where there are none."""
    return statistics.median(seconds) if seconds else float("nan")


def p95(seconds: list[float]) -> float:
    """The 95th percentile of some seconds: the least that 95 in 100 do not exceed; not a number where there are none."""
    return sorted(seconds)[max(0, -(-len(seconds) * 95 // 100) - 1)] if seconds else float("nan")


class Visitor:
    """One visitor in one tab. `think` is slept between steps; walks are the same for the same seed."""

    def __init__(
        self, base: str, seed: int, log: Log, think: tuple[float, float] = THINK_S
    ) -> None:
        self._base, self.tab = base, Tab(base)
        self._random, self._log, self._think = random.Random(seed), log, think
        self._at_advise = False
        self._passages, self._budget = 0, 0.0

    async def until(self, end: float) -> None:
        """Walks again and again until a time; after an error that ended the connection, in a new tab."""
        while time.monotonic() < end:
            await self.walk(end)
            if not self.tab.is_open:
                self.tab, self._at_advise = Tab(self._base), False

    async def walk(self, end: float = float("inf"), most_steps: int | None = None) -> None:
        """One walk; left early at `end`, after `most_steps`, or at a step after which the tab is closed."""
        any_of = self._random.choice
        # another than before, else the page would rightly stay as it is
        self._passages = any_of([one for one in PASSAGES if one != self._passages])
        self._budget = any_of([one for one in BUDGETS if one != self._budget])
        passages, budget = (
            self._passages + self._random.randrange(1000),
            self._budget,
        )  # so that no answer is kept from before
        languages = any_of([one for one in LANGUAGES if one != ["en"]])
        if self._at_advise:
            steps = []
        else:
            query = f"queries_per_month={any_of(QUERIES)}"
            steps = [("open Advise", lambda: self.tab.open("advise", query))]
        steps += [
            ("change passages", lambda: self.tab.change("passages", passages)),
            ("change languages", lambda: self.tab.change("languages", languages)),
            ("change budget", lambda: self.tab.change("budget_usd_per_month", budget)),
        ]
        if self._random.random() < LOOKS_AT_CHANGES:
            steps.append(("open What would change it", lambda: self.tab.turn("changes", True)))
        steps += [
            ("languages back", lambda: self.tab.change("languages", ["en"])),
            ("go to Cost", lambda: self.tab.follow("Cost in detail")),
        ]
        steps += [(f"open {part}", lambda part=part: self.tab.turn("part", part)) for part in PARTS]
        steps += [("back to Advise", lambda: self.tab.follow("Why this option?"))]
        for name, go in steps[:most_steps]:
            if time.monotonic() >= end:
                return
            goes_on = await self._step(name, go)
            await asyncio.sleep(self._random.uniform(*self._think))
            if not goes_on:
                return
        self._at_advise = True
        self._log.walks += 1

    async def _step(self, name: str, go: Callable[[], Awaitable[Run]]) -> bool:
        """Does a step and writes it down; whether the walk can go on."""
        before, at = self.tab.last.words, time.monotonic()
        try:
            run = await go()
        except WalkError as error:
            self._log.steps.append(Step(name, at, float("nan"), str(error)))
            await self.tab.close()
            return False
        self._log.received += run.received
        problem = run.problem or ("" if run.words != before else "the page is the same as before")
        self._log.steps.append(Step(name, at, run.seconds, problem))
        return self.tab.is_open


async def crowd(
    base: str,
    count: int,
    seconds: float,
    log: Log,
    arrive_s: float = 10.0,
    think: tuple[float, float] = THINK_S,
    seed: int = 0,
) -> list[Visitor]:
    """`count` visitors who arrive one after another within `arrive_s` and walk for `seconds` from now; they stay, and are to be sent away."""
    end = time.monotonic() + seconds
    visitors = [Visitor(base, seed + number, log, think) for number in range(count)]

    async def one(place: int) -> None:
        await asyncio.sleep(min(arrive_s, seconds) * place / count)
        await visitors[place].until(end)

    await asyncio.gather(*(one(place) for place in range(count)))
    return visitors


async def sent_away(visitors: list[Visitor]) -> None:
    """Closes every visitor's tab."""
    await asyncio.gather(*(visitor.tab.close() for visitor in visitors))


async def warmed(base: str, walks: int = 3) -> None:
    """Walks quickly, alone, so that what a server keeps for all visitors is there before anything is measured.

    Raises:
        RuntimeError: the walks had problems.
    """
    log = Log()
    visitor = Visitor(base, 10_000, log, (0.0, 0.0))
    for _ in range(walks):
        await visitor.walk()
    await visitor.tab.close()
    if log.problems:
        raise RuntimeError(f"Walking alone already had problems: {'; '.join(log.problems)}")
