"""Ten times as many visitors who encode as the queue holds, through the page Live and the server's own pool, and what that costs the other pages."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from advisor import catalog as catalogs
from advisor.base.errors import EncodeError
from advisor.encode import models
from advisor.encode.pool import FullError, Pool, PoolLimits
from advisor.live import speed
from benchmarks.load import tables
from benchmarks.load.servers import Server, served, stand_back, state_of
from benchmarks.load.tab import Run, Tab
from benchmarks.load.walk import Log, Visitor, median, p95, warmed

VARIANT = "bge-small-en-v1.5"
LIVE = f"embedder={VARIANT}&part=Similarity"
TIMES = 10
WORDS = 330
"""Words of each sentence: some seconds of work a request at BGE Small's shape, so that the queue fills."""
SENTENCES = 12
LONGEST_S = 300.0
ALONE_S = 20.0
THINK_S = (0.3, 0.7)


def write_model(folder: Path, tiny: bool = False) -> dict[str, str]:
    """BGE Small's own shape, or a tiny one, with random weights in a models' folder; the environment that names it."""
    from tools import models as made
    from tools.onnx_models import Shape

    place = folder / VARIANT
    place.mkdir(parents=True)
    made.write_embedder(
        place, shape=made.TINY if tiny else Shape.of(catalogs.load().variants[VARIANT])
    )
    return {"ADVISOR_MODELS": str(folder)}


def run(most_waiting: int = PoolLimits().most_waiting) -> str:
    """All at once, once."""
    with tempfile.TemporaryDirectory() as folder:
        environment = write_model(Path(folder))
        with served(environment=environment) as server:
            through_live = asyncio.run(_run(server, TIMES * most_waiting))
        return f"{through_live}\n\n{_pool_alone(Path(folder), TIMES * most_waiting)}"


def _pool_alone(folder: Path, count: int) -> str:
    """The same number of requests at a pool of its own, without pages: what the pool itself takes to turn one away."""
    pool = Pool()
    engine = pool.engine(models.of_variant(catalogs.load(), VARIANT, folder / VARIANT))
    engine.embed(["one text, so that the model is loaded"], "passage")
    together = threading.Barrier(count)

    def one(number: int) -> tuple[str, float]:
        texts = [speed.words(WORDS, 100 * number + place) for place in range(SENTENCES)]
        together.wait()
        start = time.perf_counter()
        try:
            engine.embed(texts, "passage")
        except FullError:
            return "turned away", time.perf_counter() - start
        except EncodeError as error:
            return str(error)[:100], time.perf_counter() - start
        return "served", time.perf_counter() - start

    with ThreadPoolExecutor(count) as threads:
        found = list(threads.map(one, range(count)))
    pool.close()
    taken: dict[str, list[float]] = {}
    for name, seconds in found:
        taken.setdefault(name, []).append(seconds)
    rows = [
        [name, str(len(s)), tables.milliseconds(median(s)), tables.milliseconds(p95(s))]
        for name, s in taken.items()
    ]
    return f"{count} threads at a pool alone, without pages:\n\n{tables.table(['What came of it', 'Requests', 'Median', '95th percentile'], rows)}"


async def encoded(tab: Tab, number: int, words: int = WORDS, sentences: int = SENTENCES) -> Run:
    """Compares sentences of this visitor's own on Live; the page is open."""
    texts = [speed.words(words, 100 * number + place) for place in range(sentences)]
    if (run := await tab.change("sentences", "\n".join(texts))).problem:
        return run
    return await tab.press("likeness_go")


def outcome(run: Run) -> str:
    """`served`, `turned away` with a sentence, or what went wrong."""
    if run.problem:
        return run.problem
    told = " ".join(alert.body for alert in run.all_of("alert"))
    if run.all_of("vega_lite_chart"):
        return "served"
    return (
        "turned away"
        if "wait for" in told or "at work" in told
        else told[:100] or "nothing on the page"
    )


async def _run(server: Server, count: int) -> str:
    stand_back()
    await warmed(server.base)
    tabs = [Tab(server.base, LONGEST_S) for _ in range(count)]
    for tab in tabs:
        if (problem := (await tab.open("live", LIVE)).problem) != "":
            raise RuntimeError(f"Live could not be opened: {problem}")
    first = await encoded(tabs[0], 9_999)  # loads the model
    if outcome(first) != "served":
        raise RuntimeError(f"Live did not encode before the load: {outcome(first)}")
    alone, quiet = Log(), server.state()
    await _visited(server.base, ALONE_S, alone, asyncio.Event())
    texts = {
        tab: "\n".join(speed.words(WORDS, 100 * place + n) for n in range(SENTENCES))
        for place, tab in enumerate(tabs)
    }
    for tab, text in texts.items():
        await tab.change("sentences", text)

    beside, done = Log(), asyncio.Event()
    before, own, start = server.state(), state_of(os.getpid()), time.monotonic()
    watching = asyncio.create_task(_visited(server.base, 600, beside, done))
    runs = await asyncio.gather(*(tab.press("likeness_go") for tab in tabs))
    taken, busy, own_after = time.monotonic() - start, server.state(), state_of(os.getpid())
    done.set()
    await watching
    outcomes = Counter(outcome(run) for run in runs)
    told = [run.told_s or run.seconds for run in runs if outcome(run) == "turned away"]
    answered = [run.seconds for run in runs if outcome(run) == "served"]
    again = await encoded(tabs[-1], 8_888)
    await asyncio.gather(*(tab.close() for tab in tabs))
    await asyncio.sleep(5)
    after = server.state()
    rows = [
        [
            name,
            str(times),
            *((tables.milliseconds(median(s)), tables.milliseconds(p95(s))) if s else ("–", "–")),
        ]
        for name, times in outcomes.most_common()
        for s in [{"served": answered, "turned away": told}.get(name, [])]
    ]
    pages = [
        [
            "nobody encodes",
            str(len(alone.steps)),
            tables.milliseconds(median(alone.seconds)),
            tables.milliseconds(p95(alone.seconds)),
        ],
        [
            f"{count} want to",
            str(len(beside.steps)),
            tables.milliseconds(median(beside.seconds)),
            tables.milliseconds(p95(beside.seconds)),
        ],
    ]
    return "\n\n".join(
        (
            f"{count} visitors press the button on Live at once, {SENTENCES} texts of {WORDS} words each, at a model of BGE Small's shape with random weights: "
            f"all was over after {taken:.1f} s.",
            tables.table(["What came of it", "Visitors", "Median", "95th percentile"], rows),
            tables.table(
                [
                    "A visitor walking Advise and Cost meanwhile",
                    "Steps",
                    "Median",
                    "95th percentile",
                ],
                pages,
            ),
            tables.problems(beside),
            f"Afterwards one who was turned away pressed again: {outcome(again)}, after {tables.milliseconds(again.seconds)}.",
            tables.table(
                ["Server", "Memory", "Threads", "Open files", "Children"],
                [
                    [name, f"{s.rss_mib:,.0f} MiB", str(s.threads), str(s.files), str(s.children)]
                    for name, s in (
                        ("with the model loaded", quiet),
                        ("at the end of the rush", busy),
                        ("all visitors gone", after),
                    )
                ],
            ),
            tables.judged((before, busy), (own, own_after)),
        )
    )


async def _visited(base: str, seconds: float, log: Log, done: asyncio.Event) -> None:
    """One visitor until the time is over or all is done."""
    visitor, end = Visitor(base, 7, log, THINK_S), time.monotonic() + seconds
    walking = asyncio.create_task(visitor.until(end))
    waiting = asyncio.create_task(done.wait())
    await asyncio.wait((walking, waiting), return_when=asyncio.FIRST_COMPLETED)
    for task in (walking, waiting):
        task.cancel()
    results = await asyncio.gather(walking, waiting, return_exceptions=True)
    await visitor.tab.close()
    for result in results:
        if isinstance(result, Exception):
            raise result
