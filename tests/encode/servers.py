"""Servers on this machine that speak each protocol of docs/operations.md, well or badly.

    with servers.serving("tei", dim=1024) as base_url:
        Remote(endpoint at base_url, ...)
    base_url.seen   # what was asked: method, path, headers, body

Vectors are hashed bags of words, so texts that share words are near. A request that its protocol
does not allow is refused.
"""

import base64
import contextlib
import gzip
import json
import re
import threading
import zlib
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

import numpy as np

from tests.answering_server import (
    Server,
    broken_off,
    flood,
    no_http,
    silent,
    trickled_body,
    trickled_headers,
)

MODEL = "BAAI/bge-m3"
BASES = {
    "openai": "/v1",
    "novita": "/openai/v1",
    "tei": "",
    "infinity": "",
    "vllm": "/v1",
    "nim": "/v1",
    "ollama": "",
    "cloudflare": "/client/v4/accounts/abc/ai",
}


class Seen(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Base(str):
    """The base address of a server, with what it has seen."""

    seen: list[Seen]
    server: Server

    @property
    def posts(self):
        return [one for one in self.seen if one.method == "POST"]


class Refused(Exception):
    def __init__(self, status, payload=None):
        self.status, self.payload = status, payload


def words(text):
    return re.findall(r"\w+", text.lower())


def tokens(text):
    return len(words(text)) + 2


def vector(text, dim):
    """Sum of a random vector for each word, of unit length."""
    bag = np.ones(dim) * 1e-3
    for word in words(text):
        bag += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(dim)
    return bag / np.linalg.norm(bag)


def logit(query, passage):
    return float(12 * vector(query, 64) @ vector(passage, 64) - 4)


def sigmoid(x):
    return float(1 / (1 + np.exp(-x)))


def need(condition, status=400, payload=None):
    if not condition:
        raise Refused(status, payload)


def strings(value, most):
    need(
        isinstance(value, list) and value and all(isinstance(text, str) and text for text in value)
    )
    need(len(value) <= most)
    return value


# One function a protocol and call: what is asked -> (payload, headers). `at` holds the knobs of
# `serving`.


def openai_embed(asked, at, allowed=("model", "input", "encoding_format"), usage=None):
    need(set(asked) <= set(allowed) and asked.get("encoding_format", "float") == "float")
    need(asked["model"] == at["model"], 404)
    texts = strings(asked["input"], at.get("most", 2048))
    rows = [list(map(float, vector(text, at["dim"]))) for text in texts]
    if at.get("base64"):
        rows = [base64.b64encode(np.array(row, "<f4").tobytes()).decode() for row in rows]
    data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]
    if at.get("shuffled"):
        data.reverse()
    counted = sum(map(tokens, texts))
    usage = {"prompt_tokens": counted, "total_tokens": counted} if usage is None else usage(texts)
    return {
        "object": "list",
        "data": data,
        "model": at["model"],
        "usage": at.get("usage", usage),
    }, {}


def characters(texts):
    counted = sum(map(len, texts))
    return {"prompt_tokens": counted, "total_tokens": counted}


def infinity_embed(asked, at):
    return openai_embed(asked, at, ("model", "input"), characters)


def nim_embed(asked, at):
    need(asked.get("input_type") in ("query", "passage"))
    return openai_embed(asked, at, ("model", "input", "input_type"))


def scored(query, texts, place, value, scale):
    rows = [{place: i, value: scale(logit(query, text))} for i, text in enumerate(texts)]
    return sorted(rows, key=lambda row: -row[value])


def documents(asked, at, allowed=("model", "query", "documents", "top_n")):
    need(set(asked) <= set(allowed) and asked["query"])
    need(asked["model"] == at["model"], 404)
    texts = strings(asked["documents"], at.get("most", 2048))
    return texts, scored(
        asked["query"], texts, "index", "relevance_score", at.get("scale", sigmoid)
    )[: asked.get("top_n", len(texts))]


def novita_rerank(asked, at):
    texts, rows = documents(asked, at)
    counted = sum(tokens(asked["query"]) + tokens(text) for text in texts)
    usage = {"completion_tokens": 0, "prompt_tokens": counted, "total_tokens": counted}
    return {
        "id": "1",
        "results": [row | {"document": {"text": texts[row["index"]]}} for row in rows],
        "usage": usage,
    }, {}


def vllm_rerank(asked, at):
    payload, _ = novita_rerank(asked, at)
    return payload | {
        "model": at["model"],
        "usage": at.get("usage", {"total_tokens": payload["usage"]["total_tokens"]}),
    }, {}


def infinity_rerank(asked, at):
    texts, rows = documents(
        asked, at, ("model", "query", "documents", "top_n", "return_documents", "raw_scores")
    )
    counted = sum(len(asked["query"]) + len(text) for text in texts)
    return {
        "object": "rerank",
        "results": rows,
        "usage": {"prompt_tokens": counted, "total_tokens": counted},
    }, {}


def nim_rank(asked, at):
    need(
        set(asked) <= {"model", "query", "passages", "truncate"}
        and asked["truncate"] in ("NONE", "START", "END")
    )
    texts = strings([passage["text"] for passage in asked["passages"]], 512)
    return {"rankings": scored(asked["query"]["text"], texts, "index", "logit", float)}, {}


def tei(name, allowed):
    def call(asked, at):
        need(
            set(asked) <= set(allowed), 422, {"error": "unknown field", "error_type": "Validation"}
        )
        texts = strings(asked[name], 10**6)
        need(
            len(texts) <= at.get("takes", at["info"]["max_client_batch_size"]),
            413,
            {"error": "batch size", "error_type": "Validation"},
        )
        cut = asked.get("truncate") or all(
            tokens(text) <= at["info"]["max_input_length"] for text in texts
        )
        need(cut, 422, {"error": "too long", "error_type": "Validation"})
        counted = sum(map(tokens, texts)) + (
            len(texts) * tokens(asked["query"]) if "query" in asked else 0
        )
        headers = {
            "x-compute-type": "gpu+optimized",
            "x-compute-tokens": str(counted),
            "x-inference-time": "3",
        }
        if "query" in asked:
            return scored(
                asked["query"],
                texts,
                "index",
                "score",
                float if asked.get("raw_scores") else sigmoid,
            ), headers
        return [list(map(float, vector(text, at["dim"]))) for text in texts], headers

    return call


def ollama_embed(asked, at):
    need(asked["model"] == at["model"], 404)
    texts = strings(asked["input"], 10**6)
    count = {"prompt_eval_count": sum(map(tokens, texts))} if at.get("counts", True) else {}
    return {
        "model": at["model"],
        "embeddings": [list(map(float, vector(text, at["dim"]))) for text in texts],
        "total_duration": 1,
    } | count, {}


def cloudflare(asked, at):
    if "query" in asked:
        need(set(asked) <= {"query", "contexts", "top_k"})
        texts = strings([context["text"] for context in asked["contexts"]], 10**6)
        result = {
            "response": scored(asked["query"], texts, "id", "score", sigmoid)[
                : asked.get("top_k", len(texts))
            ]
        }
    else:
        texts = strings(asked["text"], 100)
        pooling = asked.get("pooling", "cls" if at["model"].endswith("bge-m3") else "mean")
        rows = [
            vector(text if pooling == "cls" else text + " another pooling", at["dim"])
            for text in texts
        ]
        result = {
            "shape": [len(texts), at["dim"]],
            "data": [list(map(float, row)) for row in rows],
            "pooling": pooling,
        }
    return {"result": result, "success": True, "errors": [], "messages": []}, {}


CALLS = {
    "openai": {"/embeddings": openai_embed},
    "novita": {"/embeddings": openai_embed, "/rerank": novita_rerank},
    "tei": {
        "/embed": tei("inputs", ("inputs", "normalize", "truncate")),
        "/rerank": tei("texts", ("query", "texts", "raw_scores", "truncate", "return_text")),
    },
    "infinity": {"/embeddings": infinity_embed, "/rerank": infinity_rerank},
    "vllm": {"/embeddings": openai_embed, "/rerank": vllm_rerank},
    "nim": {"/embeddings": nim_embed, "/ranking": nim_rank},
    "ollama": {"/api/embed": ollama_embed},
    "cloudflare": {
        f"/run/{model}": cloudflare
        for model in ("@cf/baai/bge-small-en-v1.5", "@cf/baai/bge-m3", "@cf/baai/bge-reranker-base")
    },
}
TEI_INFO = {
    "model_id": MODEL,
    "model_sha": "fca1",
    "model_dtype": "float16",
    "served_model_name": MODEL,
    "model_type": {"embedding": {"pooling": "cls"}},
    "max_concurrent_requests": 512,
    "max_input_length": 8192,
    "max_batch_tokens": 16384,
    "max_batch_requests": None,
    "max_client_batch_size": 32,
    "auto_truncate": True,
    "tokenization_workers": 4,
    "version": "1.9.3",
}


# Faults: what a handler sends in place of the answer that it would give


def send(handler, status=200, body=b"", **headers):
    handler.send_response(status)
    for name, value in {
        "Content_Type": "application/json",
        "Content_Length": str(len(body)),
        **headers,
    }.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def status(code, **headers):
    """Answers with a status; the body holds the key that was sent, as careless servers do."""
    return lambda handler, _: send(
        handler,
        code,
        f'{{"error": "bad key {handler.headers["Authorization"]}"}}'.encode(),
        **headers,
    )


def sends(body, **headers):
    return lambda handler, _: send(handler, 200, body, **headers)


def changed(change):
    """The answer with its JSON changed: `change` takes the payload, and gives or alters one."""

    def reply(handler, answer):
        payload = json.loads(answer)
        other = change(payload)
        send(handler, 200, json.dumps(payload if other is None else other).encode())

    return reply


FAULTS = {
    "html": sends(b"<!doctype html><title>Sign in</title>", Content_Type="text/html"),
    "nothing": sends(b""),
    "cut": lambda handler, answer: send(
        handler, 200, answer[:-20], Content_Length=str(len(answer))
    ),
    "closed": lambda handler, _: broken_off(handler),
    "no-http": lambda handler, _: no_http(handler),
    "deep": sends(b"[" * 200_000),
    "deep-objects": sends(b'{"data":' * 100_000),
    "bytes": sends(b"\xff\xfe\xfa"),
    "long-number": sends(b"[[" + b"9" * 5000 + b"]]"),
    "bomb": sends(gzip.compress(b" " * 60_000_000, 9), Content_Encoding="gzip"),
    "no-gzip": sends(b"no gzip", Content_Encoding="gzip"),
    "drip": lambda handler, _: trickled_body(handler),
    "drip-headers": lambda handler, _: trickled_headers(handler),
    "silent": lambda handler, _: silent(handler),
    "endless": lambda handler, _: flood(handler),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        at = self.server.at
        self.note(None)
        answer = (
            json.dumps(at["info"]).encode()
            if at["shape"] == "tei" and self.path == "/info"
            else None
        )
        self.reply(answer, at["info_fault"], {})

    def do_POST(self):
        at, headers = self.server.at, {}
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(body)
        self.note(asked)
        number = len([one for one in self.server.seen if one.method == "POST"])
        fault = at["fault"] if at["times"] is None or number <= at["times"] else None
        answer: bytes | None = None
        call = (
            CALLS[at["shape"]].get(self.path.removeprefix(at["base"]))
            if self.path.startswith(at["base"])
            else None
        )
        try:
            need(call, 404)
            need(at["key"] is None or self.headers["Authorization"] == f"Bearer {at['key']}", 401)
            payload, headers = call(asked, at)
            answer = json.dumps(payload).encode()
        except Refused as refused:
            fault = fault or status(refused.status)
        except (KeyError, TypeError):
            fault = fault or status(422)
        self.reply(answer, fault, headers)

    def reply(self, answer, fault, headers):
        with contextlib.suppress(ConnectionError):
            if fault is not None:
                (FAULTS[fault] if isinstance(fault, str) else fault)(self, answer or b"{}")
            elif answer is None:
                send(self, 404)
            else:
                send(self, 200, answer, **headers)

    def note(self, asked):
        with self.server.lock:
            self.server.seen.append(Seen(self.command, self.path, dict(self.headers), asked))

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(
    shape,
    *,
    model=MODEL,
    dim=1024,
    key=None,
    fault=None,
    times=None,
    info=None,
    info_fault=None,
    base=None,
    host="127.0.0.1",
    **knobs,
):
    """The base address of a server of that shape, as its documents write it.

    `fault` is a name of `FAULTS` or what `status`, `sends` or `changed` give; the first `times`
    POSTs have it (None: all). `info` changes TEI's /info. `knobs`: most, takes, base64, shuffled,
    usage, scale, counts, read by the calls above.
    """
    server = Server(Handler, host)
    server.lock = threading.Lock()
    base = BASES[shape] if base is None else base
    fixed = {
        "shape": shape,
        "model": model,
        "dim": dim,
        "key": key,
        "fault": fault,
        "times": times,
        "info_fault": info_fault,
        "base": base,
    }
    server.at = knobs | fixed | {"info": TEI_INFO | (info or {})}
    address = Base(f"http://{host}:{server.server_port}{base}")
    address.seen, address.server = server.seen, server
    with server.running():
        yield address
