"""What servers answer, whatever it is: used, or refused in a sentence. Real servers on this machine give the answers."""

import json
import threading
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.base.errors import EncodeError
from advisor.catalog import price_sources
from advisor.catalog.price_sources import PricesError
from advisor.encode import remote
from advisor.encode.endpoints import Endpoint
from advisor.live import hub_tokenizer, token_counts
from advisor.live.tokenizer_faults import TokenCountError
from advisor.net.client import RequestLimits
from tests.encode import servers
from tests.fuzz.fuzzing import bodies, drawn

TODAY = date(2026, 11, 24)
KEY = "sk_test_5ecret-of-the-visitor"
LIMITS = RequestLimits(
    connect_s=2,
    read_s=2,
    deadline_s=10,
    largest_bytes=400_000,
    backoff_s=0.001,
    longest_wait_s=0.002,
)
TEXTS = ["Cats purr.", "The price of a GPU"]
ROWS = [[0.6, 0.8, 0.0], [0.0, 1.0, 0.0]]
USAGE = {"prompt_tokens": 9, "total_tokens": 9}
VECTORS = {
    "openai": {
        "object": "list",
        "data": [{"index": i, "embedding": row} for i, row in enumerate(ROWS)],
        "usage": USAGE,
    },
    "tei": ROWS,
    "ollama": {"model": "m", "embeddings": ROWS, "prompt_eval_count": 9},
    "cloudflare": {"result": {"shape": [2, 3], "data": ROWS}, "success": True},
    "infinity": {
        "data": [{"index": i, "embedding": row} for i, row in enumerate(ROWS)],
        "usage": USAGE,
    },
}
SCORES = {
    "novita": {
        "results": [{"index": i, "relevance_score": score} for i, score in enumerate([0.9, 0.1])],
        "usage": USAGE,
    },
    "infinity": {
        "results": [{"index": i, "relevance_score": score} for i, score in enumerate([0.9, 0.1])],
        "usage": USAGE,
    },
    "nim": {"rankings": [{"index": i, "logit": score} for i, score in enumerate([3.5, -2.0])]},
    "tei": [{"index": i, "score": score} for i, score in enumerate([3.5, -2.0])],
    "cloudflare": {
        "result": {"response": [{"id": i, "score": score} for i, score in enumerate([0.9, 0.1])]},
        "success": True,
    },
}
INFO = {"model_id": "BAAI/bge-m3", "model_dtype": "float16", "model_type": {"embedding": {"pooling": "cls"}}, "max_input_length": 512, "max_batch_tokens": 16384, "max_client_batch_size": 32}  # fmt: skip
LIST = {
    "data": [
        {"id": "baai/bge-m3", "input_token_price_per_m": 100},
        {"id": "baai/bge-reranker-v2-m3", "pricing": {"prompt": {"price_per_m": "0.01"}}},
    ]
}
STATUSES = st.sampled_from(
    [200] * 12 + [201, 204, 301, 400, 401, 404, 413, 418, 422, 429, 500, 503, 599]
)
HEADERS = st.sampled_from(
    [{}] * 6 + [{"x-compute-tokens": value} for value in ("9", "-1", "9" * 40, "nine", "")] + [{"Retry-After": value} for value in ("0", "-1", "1e400", "9" * 400, "soon", "Wed, 99 Foo 2026", "Wed, 21 Oct 2026 07:28:00 GMT")] + [{"Content-Encoding": "gzip"}]
)  # fmt: skip


@contextmanager
def serving():
    """A server that gives what `answers` holds for GET and POST: (status, headers, body)."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = answers[self.command]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that has read enough hangs up
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    ).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def server():
    with serving() as made:
        yield made


def refused(error):
    text = str(error)
    assert text.endswith(".") and "\n" not in text and KEY not in text and len(text) < 400


def engine(base, shape, kind, variants, **fields):
    endpoint = Endpoint(
        id="here",
        name="Our server",
        base_url=base,
        shape=shape,
        model=servers.MODEL,
        kind=kind,
        **fields,
    )
    return remote.Remote(endpoint, variants, limits=LIMITS, key=KEY)


@drawn(120)
@given(
    st.sampled_from(sorted(VECTORS)).flatmap(
        lambda shape: st.tuples(st.just(shape), bodies(VECTORS[shape]))
    ),
    STATUSES,
    HEADERS,
)
@example(("tei", b"[[1e-300, 0], [1, 0]]"), 200, {})
@example(("tei", b"[[1e308, 1e308], [1, 0]]"), 200, {})
@example(
    (
        "openai",
        b'{"data": [{"index": 0, "embedding": "AADAfw=="}, {"index": 1, "embedding": "AACAPw=="}]}',
    ),
    200,
    {},
)
@example(
    (
        "openai",
        b'{"data": [{"index": 0, "embedding": "AQCAfw=="}, {"index": 1, "embedding": "AACAPw=="}]}',
    ),
    200,
    {},
)
def test_vectors_of_a_server_are_used_or_refused(server, answered, status, headers):
    base, answers = server
    shape, body = answered
    answers["GET"], answers["POST"] = (
        (200, {}, json.dumps(INFO).encode()),
        (status, headers, b"" if status == 204 else body),
    )
    try:
        got = engine(base, shape, "embedder", {}).embed(TEXTS, "passage")
    except EncodeError as error:
        refused(error)
        return
    assert status == 200 and got.dense.shape[0] == 2 and got.dense.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(got.dense, axis=1), 1, atol=1e-4)
    assert got.counted is None or 0 <= got.counted < 10**12


@drawn(120)
@given(
    st.sampled_from(sorted(SCORES)).flatmap(
        lambda shape: st.tuples(st.just(shape), bodies(SCORES[shape]))
    ),
    STATUSES,
    HEADERS,
)
def test_scores_of_a_server_are_used_or_refused(server, answered, status, headers):
    base, answers = server
    shape, body = answered
    answers["GET"], answers["POST"] = (
        (404, {}, b""),
        (status, headers, b"" if status == 204 else body),
    )
    try:
        got = engine(base, shape, "reranker", {}).rerank("Why?", TEXTS)
    except EncodeError as error:
        refused(error)
        return
    assert status == 200 and got.raw.shape == (2,) and np.isfinite(got.raw).all()
    assert ((got.sigmoid >= 0) & (got.sigmoid <= 1)).all()


@drawn(60)
@given(bodies(INFO), STATUSES, HEADERS)
def test_what_a_server_says_of_itself_is_used_or_left(server, catalog, body, status, headers):
    base, answers = server
    answers["GET"], answers["POST"] = (
        (status, headers, b"" if status == 204 else body),
        (200, {}, json.dumps([[0.5] * 1024] * 2).encode()),
    )
    made = engine(base, "tei", "embedder", catalog.variants, variant="bge-m3")
    try:
        made.embed(TEXTS, "query")
    except EncodeError as error:
        refused(error)
        return
    assert made.about.max_tokens is None or made.about.max_tokens > 0
    assert made.about.precision in (None, "fp32", "fp16") and all(
        note.endswith(".") for note in made.about.notes
    )


@drawn(80)
@given(bodies(LIST), STATUSES, HEADERS)
@example(b'{"data": [{"id": "a", "input_token_price_per_m": 1e999999999999}]}', 200, {})
def test_live_prices_are_read_or_refused(server, catalog, body, status, headers):
    base, answers = server
    answers["GET"] = (status, headers, b"" if status == 204 else body)
    try:
        live = price_sources.fetch(KEY, base, LIMITS)
    except PricesError as error:
        refused(error)
        return
    assert live and all(
        price is None or price_sources.LEAST_USD <= price <= price_sources.MOST_USD
        for price in live.values()
    )
    told = [
        *price_sources.comparison(catalog, live),
        price_sources.yaml_change(price_sources.drift(catalog, live), TODAY),
    ]
    assert all("{" not in text and KEY not in text for text in told)
    price_sources.with_prices(catalog, live)


TOKENIZER = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [{"id": 0, "content": "[UNK]", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}],
    "normalizer": {"type": "Lowercase"},
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": None,
    "decoder": None,
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "probe": 2, ".": 3}},
}  # fmt: skip


@drawn(60)
@given(bodies(TOKENIZER), STATUSES)
def test_a_fetched_tokenizer_counts_or_is_refused(server, catalog, body, status):
    base, answers = server
    answers["GET"] = (status, {}, b"" if status == 204 else body)
    variant = catalog.variants["bge-m3"]
    try:
        tokenizer = hub_tokenizer.fetch_tokenizer(variant, 10, base, 400_000)
        counts = token_counts.counter(catalog, "bge-m3", {"bge-m3": tokenizer}).text_tokens(
            ["a probe.", "", "你好 \x00"]
        )
    except TokenCountError as error:
        refused(error)
        return
    assert len(counts) == 3 and min(counts) >= 0
