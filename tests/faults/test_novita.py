"""Novita is dead, slow, or lies: what the page Sources says, and that the catalog's prices stay."""

import contextlib
import functools
import json
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor.catalog import price_sources
from pages.parts import session
from pages.parts.markdown import plain

M3, RERANKER = "baai/bge-m3", "baai/bge-reranker-v2-m3"
CHECK, USE, UNDO = ":material/sync:", ":material/check:", ":material/undo:"
QUICK = price_sources.LIMITS._replace(connect_s=1, read_s=0.5, deadline_s=1.5, tries=1)


def script():
    """The page as app.py runs it; AppTest, given app.py itself, loses a click between the page's file and app.py."""
    import runpy
    from pathlib import Path
    from types import SimpleNamespace

    import pages.parts.session

    pages.parts.session.start(SimpleNamespace(url_path="sources"))
    runpy.run_path(str(Path(pages.__file__).with_name("sources.py")))


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
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    ).start()
    monkeypatch.setenv("NOVITA_API_KEY", "sk-of-a-test-0123456789")
    monkeypatch.setattr(
        price_sources, "fetch", functools.partial(price_sources.fetch, limits=QUICK)
    )

    def asked(reply):
        server.reply = reply
        base = f"http://127.0.0.1:{server.server_port}" if reply else "http://127.0.0.1:9"
        monkeypatch.setenv("ADVISOR_NOVITA_BASE", f"{base}/openai/v1")
        page = AppTest.from_function(script, default_timeout=60).run()
        press(page, CHECK)
        return page

    yield asked
    ended.set()
    server.shutdown()
    server.server_close()


def press(page, icon):
    next(button for button in page.button if button.proto.icon == icon).click().run()
    assert not page.exception


def has(page, icon):
    return any(button.proto.icon == icon for button in page.button)


def lines(page):
    return "\n".join(markdown.value for markdown in page.markdown)


def all_compared(page, catalog, live):
    """Whether the page has what was found, line by line."""
    return page.session_state["novita"] == live and all(
        plain(line) in lines(page) for line in price_sources.comparison(catalog, live)
    )


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
    ("reply", "named"),
    [
        (None, price_sources._BROKEN),
        (silent, price_sources._TOO_LONG),
        (dripping, price_sources._TOO_LONG),
        (sends(b"<html><body>Sign in to this network</body></html>"), "JSON"),
        (sends({"error": "no"}), "'data'"),
        (sends(b'{"data": [' + b" " * 10_000_000), "5,000,000"),
    ],
    ids=[
        "dead",
        "silent",
        "dripping",
        "a page in place of JSON",
        "JSON in place of a list",
        "10 MB",
    ],
)
def test_what_is_no_list_is_one_sentence_and_the_catalogs_prices_stay(
    sources, catalog, reply, named, pinned
):
    page = sources(reply)
    (warning,) = page.warning
    assert (
        warning.value == plain(page.session_state["novita_problem"]) and "\n" not in warning.value
    )
    assert named in page.session_state["novita_problem"]
    assert not has(page, USE) and session.LIVE not in page.session_state
    assert page.session_state[session.READING].version == catalog.version
    assert warning.value == pinned


@pytest.mark.parametrize("price", [-100, "free", float("nan"), 1e300])
def test_a_price_that_is_none_is_said_to_be_unstated_and_cannot_be_used(sources, catalog, price):
    page = sources(
        sends(
            {"data": [{"id": model, "input_token_price_per_m": price} for model in (M3, RERANKER)]}
        )
    )
    assert all_compared(page, catalog, {M3: None, RERANKER: None})
    assert not page.warning and not has(page, USE)


def test_prices_of_other_models_are_not_taken_for_ours(sources, catalog):
    other = {"meta-llama/llama-3.3-70b-instruct": Decimal("0.39")}
    page = sources(
        sends({"data": [{"id": model, "input_token_price_per_m": 3900} for model in other]})
    )
    assert all_compared(page, catalog, other) and {M3, RERANKER} <= {
        gone.model for gone in price_sources.drift(catalog, other) if gone.live is None
    }
    assert not has(page, USE)  # there is none that could be used
    assert (
        price_sources.with_prices(
            catalog, {"meta-llama/llama-3.3-70b-instruct": price_sources.MOST_USD}
        )
        is catalog
    )


def test_an_absurd_price_is_shown_and_used_only_when_the_visitor_says_so(sources, catalog):
    absurd = dict.fromkeys((M3, RERANKER), Decimal(900_000))
    page = sources(
        sends(
            {"data": [{"id": model, "input_token_price_per_m": 9_000_000_000} for model in absurd]}
        )
    )
    assert all_compared(page, catalog, absurd) and lines(page).count("900000") >= 2
    assert (
        page.session_state[session.READING].version == catalog.version
        and session.LIVE not in page.session_state
    )
    press(page, USE)
    assert any("+live-" in info.value.replace("\\", "") for info in page.info)
    press(page, UNDO)
    assert session.LIVE not in page.session_state
