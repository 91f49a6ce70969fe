"""Live prices from a real server: seen, used for the visit, and the key shown nowhere."""

import json
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from advisor.catalog import price_sources
from tests.browser.conftest import box, expect_told, fill, marked, menu

KEY = "sk-of-a-test-0123456789"
ASKED: list[str | None] = []


class Novita(BaseHTTPRequestHandler):
    def do_GET(self):
        ASKED.append(self.headers.get("Authorization"))
        models = [
            {"id": "baai/bge-m3", "input_token_price_per_m": 321},
            {"id": "baai/bge-reranker-v2-m3", "input_token_price_per_m": "100"},
        ]
        body = json.dumps({"data": models}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def novita():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Novita)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/openai/v1"
    server.shutdown()
    server.server_close()


def test_live_prices_are_compared_and_used_for_the_visit_alone(
    start_app, open_page, settle, novita, catalog
):
    live = {"baai/bge-m3": Decimal("0.0321"), "baai/bge-reranker-v2-m3": Decimal("0.01")}
    with start_app(ADVISOR_NOVITA_BASE=novita, NOVITA_API_KEY="") as address:
        page = open_page(f"{address}/sources")
        fill(page, "novita_key", KEY)
        settle(page)
        marked(page, "sync").click()
        expect_told(page, *price_sources.comparison(catalog, live))
        assert ASKED[-1] == f"Bearer {KEY}"
        marked(page, "check").click()
        expect_told(page, price_sources.with_prices(catalog, live).version)
        assert KEY not in page.url and KEY not in page.locator("main, section").first.inner_text()
        menu(page, "cost")
        page.get_by_role("tab", name="How it is calculated").click()
        box(page, "offer").click()
        page.keyboard.type("M3 at Novita")
        page.get_by_role("option", name="BGE M3 at Novita AI", exact=True).click()
        expect_told(page, "tokens × $0.0321 /")
        settle(page)
        other = open_page(page.url)
        expect_told(other, "BGE M3 at Novita AI", "tokens × $0.01 /")
        page.close()
        other.close()


def test_a_dead_server_costs_one_sentence(start_app, open_page, settle):
    with start_app(
        ADVISOR_NOVITA_BASE="http://127.0.0.1:9/openai/v1", NOVITA_API_KEY=KEY
    ) as address:
        page = open_page(f"{address}/sources")
        marked(page, "sync").click()
        with pytest.raises(price_sources.PricesError) as error:
            price_sources.fetch(KEY, "http://127.0.0.1:9/openai/v1")
        expect(page.get_by_test_id("stAlert")).to_have_text(str(error.value))
        assert (
            page.get_by_text(KEY).count() == 0
            and page.locator("[data-testid=stException]").count() == 0
        )
        page.close()
