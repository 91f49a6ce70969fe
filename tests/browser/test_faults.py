"""Faults in a real browser: a catalog that breaks and is mended, and visitors who leave midway."""

import contextlib
import os
import re
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from playwright.sync_api import TimeoutError as LateError
from playwright.sync_api import expect

from advisor.ask.workload import Workload
from advisor.catalog.load import today
from advisor.decide.recommend import recommend
from tests.browser.conftest import box, button, expect_answer, expect_told, settle, start_app
from tests.encode import hub
from tools import models as models_tool

SMALL, RERANKER = "bge-small-en-v1.5", "bge-reranker-base"
WAIT = 120_000


def health(address):
    """Status, its word, and the files that have faults."""
    answer = requests.get(f"{address}/healthz", timeout=60)
    body = answer.json()
    return answer.status_code, body["status"], {fault["file"] for fault in body["faults"]}


def until(fact, seconds=90):
    end = time.monotonic() + seconds
    while not fact() and time.monotonic() < end:
        time.sleep(0.2)
    assert fact(), "waited too long"


def test_a_catalog_unreadable_at_start_then_mended_broken_and_mended_again(
    open_page, copied, catalog
):
    answer = recommend(catalog, Workload(), today())
    away, offers, passages = (
        copied.with_name("away"),
        copied / "offers/deepinfra.yaml",
        copied / "corpus/passages.jsonl",
    )
    text = offers.read_text(encoding="utf-8")
    copied.rename(away)
    with start_app(
        ADVISOR_CATALOG=str(copied),
        ADVISOR_MODELS=str(copied.with_name("models")),
        ADVISOR_STANDIN="",
    ) as address:
        status, word, files = health(address)
        assert (status, word) == (503, "catalog unusable") and files
        page = open_page(f"{address}/advise")
        expect_told(page, "ADVISOR_CATALOG")
        assert requests.get(f"{address}/api/v1/recommend", timeout=60).status_code == 503
        away.rename(copied)
        page.reload()
        expect_answer(page, answer, WAIT)
        assert health(address) == (200, "ok", set())

        offers.write_text(text[: len(text) // 2] + '  - id: "', encoding="utf-8")
        page.reload()
        notice = page.get_by_test_id("stAlertContentWarning")
        expect(notice).to_contain_text("catalog/offers/deepinfra.yaml", timeout=WAIT)
        expect(notice).to_contain_text(catalog.version)
        expect_answer(page, answer, WAIT)
        assert health(address) == (200, "catalog outdated", {"catalog/offers/deepinfra.yaml"})
        assert requests.get(f"{address}/api/v1/variants/bge-m3.json", timeout=60).status_code == 200

        passages.rename(
            passages.with_suffix(".away")
        )  # read when Live first needs it, and then for all that follows
        live = open_page(f"{address}/live?part=Long+texts&embedder={SMALL}")
        expect(live.get_by_text("catalog/corpus/passages.jsonl")).to_be_visible(timeout=WAIT)
        assert live.locator("[data-testid=stException]").count() == 0
        passages.with_suffix(".away").rename(passages)
        live.reload()
        expect(box(live, "cut_text")).to_be_visible(timeout=WAIT)
        expect(live.get_by_text("catalog/corpus/passages.jsonl")).to_have_count(0)

        offers.write_text(text, encoding="utf-8")
        page.reload()
        expect_answer(page, answer, WAIT)
        settle(page)
        expect(notice).to_have_count(0)
        assert health(address) == (200, "ok", set())
        for each in (page, live):
            each.close()


# Visitors who leave


@pytest.fixture(scope="module")
def service(tmp_path_factory, tiny):
    """A server with one model at hand, and a slow hub with another."""
    base = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny / "small", base / SMALL)
    with hub.serving({"BAAI/bge-reranker-base": tiny / "pair"}, drip=(2_000, 0.1)) as slow:
        own = {
            "ADVISOR_MODELS": str(base),
            "ADVISOR_STANDIN": str(base / "none"),
            "ADVISOR_HUB": str(slow),
            "ADVISOR_ENDPOINTS": "",
        }
        with start_app(**own) as address:
            yield SimpleNamespace(address=address, pid=process_of(address), hub=slow, models=base)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    models_tool.write_embedder(folder / "small")
    models_tool.write_reranker(folder / "pair")
    return folder


def process_of(address):
    """Process id of the server, which is a child of this process."""
    port = address.rpartition(":")[2]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"\0--server.port\0{port}\0".encode() in path.read_bytes():
                return int(path.parent.name)
        except OSError:
            continue
    raise AssertionError("no such process")


def held(service):
    """What the server holds for somebody, and its threads.

    That is its child processes, deleted files that are open, and requests that wait for a model.
    """
    folder = Path(f"/proc/{service.pid}")
    children = {
        child for task in folder.glob("task/*/children") for child in task.read_text().split()
    }
    deleted = 0
    for path in folder.glob("fd/*"):
        try:
            deleted += os.readlink(path).endswith("(deleted)")
        except OSError:
            continue
    metrics = requests.get(f"{service.address}/metrics", timeout=60).text
    waiting = re.search(r'advisor_waiting\{queue="encode"\} (\S+)', metrics)
    return (children, deleted, float(waiting[1]) if waiting else 0.0), len(
        list(folder.glob("task/*"))
    )


@pytest.fixture
def visitor(browser):
    """Opens an address as a visitor of its own, who may leave at any moment."""
    contexts = []

    def opened(address, come_to_rest=True):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(address, wait_until="load" if come_to_rest else "commit")
        if come_to_rest:
            settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def before(service, browser):
    """What the server holds after a visitor who waited for all answers, and left."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{service.address}/live?part=Similarity&embedder={SMALL}")
    settle(page)
    button(page, "likeness_go").click()
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible(timeout=WAIT)
    settle(page)
    context.close()
    until(lambda: held(service)[0][2] == 0)
    holdings, threads = held(service)
    yield holdings
    until(
        lambda: held(service)[1] <= threads
    )  # at the end of all, because threads that serve requests stay some seconds


def in_the_middle_of_a_rerun(visitor, service):
    for _ in range(3):
        page = visitor(f"{service.address}/advise?passages=700000&languages=de", come_to_rest=False)
        with contextlib.suppress(
            LateError
        ):  # the run may be over before the browser has drawn that it began
            page.locator("[data-testid=stApp][data-test-script-state=running]").wait_for(
                timeout=2_000
            )
        page.context.close()


def in_the_middle_of_encoding(visitor, service):
    wanted = "&".join(f"speed_lengths={n}" for n in (32, 128, 256, 512)) + "".join(
        f"&speed_batches={n}" for n in (1, 8, 32)
    )
    page = visitor(f"{service.address}/live?part=Speed&embedder={SMALL}&{wanted}")
    ((model,), _, _), _ = held(service)
    os.kill(int(model), signal.SIGSTOP)  # so that the run cannot end because the work is done
    try:
        button(page, "speed_go").click()
        until(lambda: held(service)[0][2] > 0)
        ended = runs_of_live(service)
        page.context.close()
        until(lambda: runs_of_live(service) > ended)
    finally:
        os.kill(int(model), signal.SIGCONT)


def runs_of_live(service):
    """Runs of the page's script that have ended."""
    metrics = requests.get(f"{service.address}/metrics", timeout=60).text
    return float(re.search(r'advisor_rerun_seconds_count\{page="live"\} (\S+)', metrics)[1])


def in_the_middle_of_an_upload(visitor, service):
    page = visitor(f"{service.address}/live?part=Your+data&embedder={SMALL}")
    throttle = page.context.new_cdp_session(page)
    throttle.send("Network.enable")
    throttle.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000},
    )
    done = []
    page.on("requestfinished", lambda request: done.append(request.url))
    with page.expect_request(re.compile("/_stcore/upload_file/")):
        lines = b'{"_id": "1", "text": "' + b"word " * 1_800_000 + b'"}\n'
        page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
            {"name": "passages.jsonl", "mimeType": "application/jsonl", "buffer": lines}
        )
    page.wait_for_timeout(1_000)
    assert not [url for url in done if "/_stcore/upload_file/" in url]
    page.context.close()


def in_the_middle_of_a_download(visitor, service):
    page = visitor(f"{service.address}/live?reranker={RERANKER}")
    button(page, f"fetch_{RERANKER}").click()
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=WAIT)
    page.context.close()
    other = visitor(
        f"{service.address}/live?reranker={RERANKER}"
    )  # it is the server's: it goes on, and another sees it
    expect(other.get_by_test_id("stProgress")).to_be_visible(timeout=WAIT)
    service.hub.switches.drip = None
    expect(
        button(other, f"fetch_{RERANKER}").or_(other.get_by_test_id("stProgress"))
    ).to_have_count(0, timeout=WAIT)
    assert (service.models / "BAAI--bge-reranker-base").is_dir()
    assert [path.name for path in service.models.iterdir() if "partial" in path.name] == []
    other.context.close()


@pytest.mark.parametrize(
    "leave",
    [
        in_the_middle_of_a_rerun,
        in_the_middle_of_encoding,
        in_the_middle_of_an_upload,
        in_the_middle_of_a_download,
    ],
)
def test_a_visitor_who_leaves_holds_nothing_and_the_others_are_answered(
    service, before, visitor, leave
):
    leave(visitor, service)
    other = visitor(f"{service.address}/live?part=Similarity&embedder={SMALL}")
    button(other, "likeness_go").click()
    expect(other.get_by_test_id("stVegaLiteChart")).to_be_visible(timeout=WAIT)
    assert other.locator("[data-testid=stException]").count() == 0
    other.context.close()
    until(lambda: held(service)[0] == before)
