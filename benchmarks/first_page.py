"""First page in a browser, and memory of the server, against a two-line Streamlit app in the same run.

python -m benchmarks.first_page
"""

import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from playwright.sync_api import Browser, sync_playwright

from tools import chromium

ROOT = Path(__file__).resolve().parents[1]
TWO_LINES = "import streamlit as st\nst.title('Hello')\n"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@contextlib.contextmanager
def served(script: Path):
    """Address and process of a Streamlit app on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        "--server.port",
        str(port),
        "--server.address",
        "127.0.0.1",
    ]
    process = subprocess.Popen(
        [*command, "--server.headless", "true", "--browser.gatherUsageStats", "false"],
        cwd=script.parent,
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(240):
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).ok:
                    break
            time.sleep(0.25)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(timeout=20)


def seconds_to_heading(browser: Browser, address: str) -> float:
    """Seconds from opening an address in a fresh context to the heading on the screen and the script at rest."""
    context = browser.new_context()
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address)
    page.locator("h1").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    taken = time.perf_counter() - start
    context.close()
    return taken


def memory_mib(process: subprocess.Popen) -> float:
    """Resident memory of a process, in MiB (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return (
        int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
        / 1024
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        small = Path(folder) / "hello.py"
        small.write_text(TWO_LINES, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=FLAGS)
        with (
            served(small) as (hello, hello_process),
            served(ROOT / "app.py") as (ours, our_process),
        ):
            pairs = [
                (seconds_to_heading(browser, hello), seconds_to_heading(browser, ours))
                for _ in range(8)
            ][1:]
            advise = [seconds_to_heading(browser, f"{ours}/advise") for _ in range(7)]
            first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(
                f"first page: two lines {first:.2f} s, Overview {second:.2f} s ({second / first:.2f} times)"
            )
            print(
                f"Advise by its address: {statistics.median(advise):.2f} s ({statistics.median(advise) / first:.2f} times)"
            )
            print(
                f"memory after these visits: two lines {memory_mib(hello_process):.0f} MiB, ours {memory_mib(our_process):.0f} MiB"
            )
        browser.close()


if __name__ == "__main__":
    main()
