"""Live prices from a real server on this machine: seen, used for the visit, and the key shown nowhere."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

KEY = "sk-of-a-test-0123456789"
ASKED: list[str | None] = []


class Novita(BaseHTTPRequestHandler):
    def do_GET(self):
        ASKED.append(self.headers.get("Authorization"))
        models = [
            {"id": "baai/bge-m3", "input_token_price_per_m": 120},
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


def test_live_prices_are_compared_and_used_for_the_visit_alone(start_app, open_page, settle, novita):
    with start_app(ADVISOR_NOVITA_BASE=novita, NOVITA_API_KEY="") as address:
        page = open_page(f"{address}/sources")
        page.get_by_label("Novita key", exact=True).fill(KEY)
        page.get_by_label("Novita key", exact=True).press("Enter")
        settle(page)
        page.get_by_role("button", name="Check now").click()
        expect(page.get_by_text("Novita asks $0.012 / 1M; the catalog says $0.01 / 1M.").first).to_be_visible()
        assert ASKED[-1] == f"Bearer {KEY}"
        page.get_by_role("button", name="Use these prices for this visit").click()
        expect(page.get_by_text("This visit works with the live prices")).to_be_visible()
        assert KEY not in page.url and KEY not in page.locator("main, section").first.inner_text()
        page.get_by_test_id("stTopNavLink").filter(has_text=re.compile("^Cost$")).click()
        expect(page.get_by_role("heading", name="What does it cost a month?")).to_be_visible()
        settle(page)
        expect(page.get_by_role("cell", name="$0.012", exact=True)).to_have_count(2)  # Novita's beside Cloudflare's
        other = open_page(f"{address}/cost")
        expect(other.get_by_role("cell", name="$0.012", exact=True)).to_have_count(1)
        page.close()
        other.close()


def test_a_dead_server_costs_one_sentence(start_app, open_page, settle):
    with start_app(ADVISOR_NOVITA_BASE="http://127.0.0.1:9/openai/v1", NOVITA_API_KEY=KEY) as address:
        page = open_page(f"{address}/sources")
        page.get_by_role("button", name="Check now").click()
        expect(page.get_by_text("Novita could not be reached")).to_be_visible()
        assert page.get_by_text(KEY).count() == 0 and page.locator("[data-testid=stException]").count() == 0
        page.close()
