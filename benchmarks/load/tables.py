"""Results as Markdown, to be pasted into docs/measurements/load.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.load.servers import State
from benchmarks.load.walk import Log, median, p95


def milliseconds(seconds: float) -> str:
    """Seconds as whole milliseconds; a dash where there are none."""
    return "–" if seconds != seconds else f"{1000 * seconds:,.0f} ms"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under a head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def machine() -> str:
    """The day, and what it was measured on and with, as one line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = (
            line.split(":", 1)[1].strip()
            for line in info.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        )
        cpu = next(named, cpu)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{date.today().isoformat()}: {len(os.sched_getaffinity(0))} cores of {cpu}, {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, Streamlit {version('streamlit')}"
    )


def seconds_of(log: Log) -> str:
    """What each step took."""
    rows = [
        [
            name,
            str(len(taken)),
            milliseconds(median(taken)),
            milliseconds(p95(taken)),
            milliseconds(max(taken)),
        ]
        for name, taken in log.by_name().items()
    ]
    rows.append(["**all steps**", *_all(log)])
    return table(["Step", "Times", "Median", "95th percentile", "Longest"], rows)


def _all(log: Log) -> list[str]:
    taken = log.seconds
    return [
        str(len(taken)),
        milliseconds(median(taken)),
        milliseconds(p95(taken)),
        milliseconds(max(taken, default=float("nan"))),
    ]


def problems(log: Log) -> str:
    """What went wrong, and how often."""
    told = [f"- {words}: {times} times" for words, times in log.problems.most_common(20)]
    return (
        "\n".join(told)
        or "Nothing went wrong: no exception, no disconnection, no empty page, no page that stayed as it was."
    )


def judged(server: tuple[State, State], own: tuple[State, State]) -> str:
    """What part of a core the server, the load generator and everything else used, by which the figures can be judged."""
    theirs, mine, all_s = (
        server[1].share(server[0]),
        own[1].share(own[0]),
        server[1].machine_share(server[0]),
    )
    return (
        f"On the processor: server {theirs:.0%} of a core, load generator {mine:.0%}, all else {max(0.0, all_s - theirs - mine):.0%} (the process of a "
        f"model counts there). The machine has {len(os.sched_getaffinity(0))} cores: where the sum comes near that, something else slowed the server."
    )
