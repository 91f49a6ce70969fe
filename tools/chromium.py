"""The Chromium that the browser tests use: found, or installed, or one sentence that says what to
install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"
"""Debian's Chromium without windows, by its package and its command: the same engine."""
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The first that is there is used. Without windows a page takes less of the processor."""
SECONDS = 300  # a download that takes longer is taken to hang
MISSING = (
    "The browser tests need Chromium, and none could be installed: "
    f"install Debian's `{SHELL}` or `chromium`, or run "
    "`.venv/bin/playwright install chromium`, or set CHROMIUM to the path of one."
)


def path() -> str | None:
    """Path of a Chromium: that of CHROMIUM, a system one, or Playwright's own; None where there is
    none.
    """
    if os.environ.get("CHROMIUM"):
        return os.environ["CHROMIUM"]
    for name in NAMES:
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Gets a Chromium from Debian where this is root on such a system, otherwise through
    Playwright.
    """
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        packages = (SHELL, "chromium")  # the first is not in every release
        commands = [["apt-get", "update", "-qq"]]
        commands += [["apt-get", "install", "-y", "-qq", package] for package in packages]
    for command in commands:
        if path() is not None:
            break
        try:
            subprocess.run(command, timeout=SECONDS, check=False, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error, file=sys.stderr)


if __name__ == "__main__":
    if path() is None:
        print("No Chromium here: installing one for the browser tests.")
        install()
    if path() is None:
        sys.exit(MISSING)
