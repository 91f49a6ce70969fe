"""A server of the benchmark's own on 127.0.0.1, and what Linux says of a process: memory, threads, open files, children, time on the CPU."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
TWO_LINES = 'import streamlit as st\nst.write("hello")\n'
NICENESS = 5
"""How far the load generator stands back behind the server, in steps of Unix's nice."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class State:
    """A process at one time, itself without its children. `cpu_s` is what it has used in all, `machine_s` what all processes have."""

    rss_mib: float
    threads: int
    files: int
    children: int
    cpu_s: float
    machine_s: float
    at: float

    def share(self, before: State) -> float:
        """The part of one CPU core used since an earlier state; 1 is a whole core."""
        return (self.cpu_s - before.cpu_s) / max(self.at - before.at, 1e-9)

    def machine_share(self, before: State) -> float:
        """Cores that all processes of the machine used since an earlier state."""
        return (self.machine_s - before.machine_s) / max(self.at - before.at, 1e-9)


def state_of(pid: int) -> State:
    """The state of a process now (Linux).

    Raises:
        OSError: it has ended.
    """
    folder = Path(f"/proc/{pid}")
    status = dict(
        line.split(":", 1)
        for line in (folder / "status").read_text(encoding="utf-8").splitlines()
        if ":" in line
    )
    times = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    machine = [
        int(ticks)
        for ticks in Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]
    ]
    children: set[str] = set()
    for task in (folder / "task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            children |= set((task / "children").read_text(encoding="utf-8").split())
    return State(
        rss_mib=int(status["VmRSS"].split()[0]) / 1024,
        threads=int(status["Threads"]),
        files=len(os.listdir(folder / "fd")),
        children=len(children),
        cpu_s=(int(times[11]) + int(times[12])) / _TICKS,
        machine_s=(sum(machine[:8]) - machine[3] - machine[4])
        / _TICKS,  # all but idle, and waiting for disks
        at=time.monotonic(),
    )


@dataclass(frozen=True)
class Server:
    """A server that runs: its address and its process."""

    base: str
    pid: int

    def state(self) -> State:
        """Its state now."""
        return state_of(self.pid)


@contextlib.contextmanager
def served(
    script: Path = ROOT / "asgi.py", environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """The app, or another script, on a free port; ended when the block is left.

    Raises:
        RuntimeError: it does not answer within a minute.
    """
    port = free_port()
    options = {
        "server.port": port, "server.address": "127.0.0.1", "server.headless": "true", "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }  # fmt: skip
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    process = subprocess.Popen(
        [*command, *(f"--{name}={value}" for name, value in options.items())],
        cwd=script.parent,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(f"http://127.0.0.1:{port}", process)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stand_back() -> None:
    """Lowers this process's priority; to be called once the server runs, which would inherit it."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)


def _await(base: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{base}/_stcore/health", timeout=5, trust_env=False).is_success:
                return
        time.sleep(0.2)
    raise RuntimeError(
        f"The server at {base} did not answer within a minute. Start it by hand to see why: make run"
    )
