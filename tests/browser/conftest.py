"""The real app in a real Chromium: a server on a free port, a page for each test."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Download, Page, expect, sync_playwright
from xdist.scheduler import LoadFileScheduling

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.decide import recommend
from advisor.decide.recommend import Recommendation
from advisor.explain.sentences import usd_of
from pages.parts.frame import MENU
from tools import chromium
from tools.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PROBES = ("_stcore/health", "_stcore/host-config")
"""Addresses that Streamlit's page probes below a deep link and that answer 404 (seen in 1.67)."""
SECONDS = 60
expect.set_options(timeout=20_000)  # the default of 5 s is short for a busy machine


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


class WholeFilesFirst(LoadFileScheduling):
    """A file whose tests share what it has started goes to one worker, and before all others; the
    tests of the other files fill up, so that no worker waits at the end for a long file.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if shares(file) else nodeid


@cache
def shares(file: str) -> bool:
    """Whether tests of a file share a fixture of that file."""
    return 'scope="module"' in (ROOT / file).read_text(encoding="utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where `--dist loadfile` is asked for, for these tests alone."""
    return WholeFilesFirst(config, log) if config.getoption("dist") == "loadfile" else None


@contextlib.contextmanager
def start_app(**environment: str):
    """Address of the app, served by a process of its own that ends with the context."""
    port = free_port()
    options = ("--server.port", str(port), "--server.fileWatcherType", "none")
    command = [sys.executable, "-m", "streamlit", "run", "asgi.py", *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(SECONDS * 4):
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                if requests.get(f"{address}/_stcore/health", timeout=5).ok:
                    break
            if process.poll() is not None:
                pytest.fail(f"The app ended at its start:\n{process.stdout.read()}")
            time.sleep(0.25)
        else:
            pytest.fail(f"The app did not answer within {SECONDS} seconds.")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


@pytest.fixture(scope="session")
def app():
    with start_app() as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.path(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def clean_pages():
    """Blank pages that other tests have had, each in a context of its own, by the server asked.

    In a new one the browser opens a window, and fetches and compiles all of Streamlit's scripts:
    that is more than half of the work of a page.
    """
    return defaultdict(list)


def clean(page: Page) -> Page:
    """Leaves nothing of a test in a page and its context but the files that the browser keeps."""
    for other in page.context.pages:
        if other != page:
            other.close()
    page.evaluate("sessionStorage.clear()")
    everything = {"origin": page.evaluate("location.origin"), "storageTypes": "all"}
    page.goto("about:blank")
    browser = page.context.new_cdp_session(page)
    browser.send("Storage.clearDataForOrigin", everything)
    browser.send("Page.resetNavigationHistory")
    browser.detach()
    page.context.clear_cookies()
    return page


@pytest.fixture
def open_page(browser, clean_pages):
    """Opens an address at a width and in a colour scheme, as a visitor of its own; console errors
    fail the test.
    """
    opened_pages, errors = [], []

    def went_wrong(error) -> None:
        errors.append(str(error))

    def told(message) -> None:
        if message.type == "error" and not _probe(message):
            errors.append(f"{message.text} {message.location}")

    def opened(address: str, width: int = 1280, scheme: str = "light") -> Page:
        clean_ones = clean_pages[urlsplit(address).netloc]
        page = clean_ones.pop() if clean_ones else browser.new_context().new_page()
        opened_pages.append((clean_ones, page))
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(20_000)
        page.on("pageerror", went_wrong)
        page.on("console", told)
        page.goto(address)
        settle(page)
        return page

    yield opened
    for clean_ones, page in reversed(opened_pages):
        if page.is_closed():  # before its server ended, which no other test asks
            page.context.close()
        else:
            clean_ones.append(clean(page))
            page.remove_listener("pageerror", went_wrong)
            page.remove_listener("console", told)
    assert errors == []


def _probe(message) -> bool:
    return any(message.location.get("url", "").endswith(probe) for probe in PROBES)


def settle(page: Page) -> None:
    """Waits until the page has its heading and the script has come to rest."""
    page.locator("h1").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(400)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def widget(where, key: str):
    """A widget by its key in the code, of which Streamlit makes a class; labels are wording."""
    return where.locator(f".st-key-{re.sub('[^a-zA-Z0-9_-]', '-', key)}")


def box(where, key: str):
    return widget(where, key).locator("input, textarea").first


def fill(page: Page, key: str, value) -> None:
    field = box(page, key)
    field.fill(str(value))
    field.press("Enter" if field.evaluate("field => field.tagName") == "INPUT" else "Control+Enter")


def button(where, key: str):
    return widget(where, key).locator("[data-testid^=stBaseButton]").first


def marked(where, icon: str, element: str = "button"):
    """A button, or what opens an expander (`summary`), by its icon."""
    icons = ":is([data-testid=stIconMaterial], [data-testid=stExpanderIcon])"
    return where.locator(f"{element}:has({icons}:text-is('{icon}'))")


def pick(page: Page, key: str, option: str) -> None:
    """One of the choices that stand side by side."""
    group = widget(page, key)
    group.get_by_role("radio", name=option, exact=True).or_(
        group.get_by_role("button", name=option, exact=True)
    ).first.click()


def choose(page: Page, key: str, option: str) -> None:
    """One of a list."""
    box(page, key).click()
    page.get_by_role("option", name=option, exact=True).click()


def open_sections(page: Page) -> None:
    """Opens all that is closed on the page, also what is drawn only then."""
    closed = page.get_by_test_id("stMain").locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click()
        settle(page)


def menu(page: Page, path: str) -> None:
    name = MENU[path or "overview"]
    widget(page, "menu").get_by_role("link", name=name, exact=True).click()
    expect(page).to_have_url(re.compile(f"/{path}([?].*)?$"))


def download(page: Page, icon: str) -> Download:
    """A file that the button beside the title offers, by the icon of its button."""
    marked(page, "ios_share").click()
    with page.expect_download() as downloaded:
        marked(page, icon).click()
    return downloaded.value


def link_to(where, path: str):
    """Links to a page, but those of the menu."""
    links = f"[data-testid=stPageLink-NavLink][href^='{path}']"
    return where.locator(f"{links}:not(.st-key-menu *)")


def expect_answer(page: Page, recommendation: Recommendation, timeout: float | None = None) -> None:
    """Waits until Advise gives this answer, with its cost."""
    pick, card = recommendation.pick, widget(page, "answer")
    if pick is None:
        expect(card).to_contain_text("Nothing fits", timeout=timeout)
        return
    expect(card.get_by_role("heading", level=2)).to_have_text(pick.named, timeout=timeout)
    expect(card).to_contain_text(usd_of(pick.monthly_usd), timeout=timeout)


def expect_told(page: Page, *texts: str) -> None:
    """Waits until the page has each of these texts."""
    for text in texts:
        expect(page.get_by_test_id("stMain")).to_contain_text(text)


@pytest.fixture
def answer(catalog):
    """The recommendation that the app must give for what is stated."""

    def recommended(**stated):
        return recommend.recommend(catalog, Workload.of(stated), catalogs.today())

    return recommended


@pytest.fixture(name="settle")
def _settle():
    return settle


@pytest.fixture(name="start_app")
def _start_app():
    return start_app
