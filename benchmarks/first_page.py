"""First page in a browser, and memory of the server, against a two-line Streamlit app in the same run.

python -m benchmarks.first_page
"""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.load.servers import served, state_of
from tools import chromium

ROOT = Path(__file__).resolve().parents[1]
TWO_LINES = "import streamlit as st\nst.title('Hello')\n"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        small = Path(folder) / "hello.py"
        small.write_text(TWO_LINES, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=FLAGS)
        with (
            served(small) as hello,
            served(ROOT / "app.py") as ours,
        ):
            pairs = [
                (seconds_to_heading(browser, hello.base), seconds_to_heading(browser, ours.base))
                for _ in range(8)
            ][1:]
            advise = [seconds_to_heading(browser, f"{ours.base}/advise") for _ in range(7)]
            first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(
                f"first page: two lines {first:.2f} s, Overview {second:.2f} s ({second / first:.2f} times)"
            )
            print(
                f"Advise by its address: {statistics.median(advise):.2f} s ({statistics.median(advise) / first:.2f} times)"
            )
            print(
                f"memory after these visits: two lines {state_of(hello.pid).rss_mib:.0f} MiB, ours {state_of(ours.pid).rss_mib:.0f} MiB"
            )
        browser.close()


if __name__ == "__main__":
    main()
