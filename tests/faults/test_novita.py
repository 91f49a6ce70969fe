"""Novita is dead, slow, or lies: what the page Sources says, and that the catalog's prices stay."""

import contextlib
import functools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor import prices
from pages import shared

M3, RERANKER = "baai/bge-m3", "baai/bge-reranker-v2-m3"
QUICK = prices.LIMITS._replace(connect_s=1, read_s=0.5, deadline_s=1.5, tries=1)


def script():
    """The page as app.py runs it; AppTest, given app.py itself, loses a click between the page's file and app.py."""
    import runpy
    from pathlib import Path
    from types import SimpleNamespace

    from pages import shared

    shared.start(SimpleNamespace(url_path="sources"))
    runpy.run_path(str(Path(shared.__file__).with_name("sources.py")))


class Novita(BaseHTTPRequestHandler):
    def do_GET(self):
        with contextlib.suppress(OSError):  # who asks may have given up
            self.server.reply(self)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def sources(monkeypatch):
    """The page Sources after Novita was asked and gave `reply`; None: nobody is there."""
    st.cache_resource.clear()
    ended = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Novita)
    server.ended = ended
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("NOVITA_API_KEY", "sk-of-a-test-0123456789")
    monkeypatch.setattr(prices, "fetch", functools.partial(prices.fetch, limits=QUICK))

    def asked(reply):
        server.reply = reply
        base = f"http://127.0.0.1:{server.server_port}" if reply else "http://127.0.0.1:9"
        monkeypatch.setenv("ADVISOR_NOVITA_BASE", f"{base}/openai/v1")
        page = AppTest.from_function(script, default_timeout=60).run()
        press(page, "Check now")
        return page

    yield asked
    ended.set()
    server.shutdown()
    server.server_close()


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def has(page, label):
    return any(button.label == label for button in page.button)


def sends(body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def silent(handler):
    handler.server.ended.wait(30)


def dripping(handler):
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.ended.wait(0.05):
        handler.wfile.write(b" ")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (None, "could not be reached"),
        (silent, "took too long to answer"),
        (dripping, "took too long to answer"),
        (sends(b"<html><body>Sign in to this network</body></html>"), "is not JSON"),
        (sends({"error": "no"}), "no list of models"),
        (sends(b'{"data": [' + b" " * 10_000_000), "larger than 5,000,000 bytes"),
    ],
    ids=["dead", "silent", "dripping", "a page in place of JSON", "JSON in place of a list", "10 MB"],
)
def test_what_is_no_list_is_one_sentence_and_the_catalogs_prices_stay(sources, catalog, reply, told):
    page = sources(reply)
    (warning,) = page.warning
    assert told in warning.value and warning.value.count("\n") == 0
    assert not has(page, "Use these prices for this visit") and shared.LIVE not in page.session_state
    assert page.session_state[shared.READING].version == catalog.version


@pytest.mark.parametrize("price", [-100, "free", float("nan"), 1e300])
def test_a_price_that_is_none_is_said_to_be_unstated_and_cannot_be_used(sources, price):
    page = sources(sends({"data": [{"id": model, "input_token_price_per_m": price} for model in (M3, RERANKER)]}))
    lines = "\n".join(markdown.value for markdown in page.markdown)
    assert lines.count("Novita lists it without a price; the catalog says") == 2
    assert not page.warning and not has(page, "Use these prices for this visit")


def test_prices_of_other_models_are_not_taken_for_ours(sources, catalog):
    page = sources(sends({"data": [{"id": "meta-llama/llama-3.3-70b-instruct", "input_token_price_per_m": 3900}]}))
    lines = "\n".join(markdown.value for markdown in page.markdown)
    assert lines.count("Novita does not list it any more; the catalog says") == 2
    assert not has(page, "Use these prices for this visit")  # there is none that could be used
    assert prices.with_prices(catalog, {"meta-llama/llama-3.3-70b-instruct": prices.MOST_USD}) is catalog


def test_an_absurd_price_is_shown_and_used_only_when_the_visitor_says_so(sources, catalog):
    page = sources(sends({"data": [{"id": model, "input_token_price_per_m": 9_000_000_000} for model in (M3, RERANKER)]}))
    lines = "\n".join(markdown.value for markdown in page.markdown)
    assert "Novita asks $900000 / 1M; the catalog says $0.01 / 1M." in lines.replace("\\", "")
    assert page.session_state[shared.READING].version == catalog.version and shared.LIVE not in page.session_state
    press(page, "Use these prices for this visit")
    assert any("+live-" in info.value.replace("\\", "") for info in page.info)
    press(page, "Use the catalog's prices again")
    assert shared.LIVE not in page.session_state
