"""The remote engine against servers on this machine: each protocol, and whatever a server can do
wrong.
"""

import base64
import json
import math
import re
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import numpy as np
import pytest
import requests

from advisor.base.errors import EncodeError
from advisor.encode import dialects, endpoints, remote
from advisor.encode.endpoint_refusals import too_long
from advisor.encode.endpoints import Endpoint
from advisor.encode.engine import Engine, FullError, ServerBusyError, TextRefusedError
from advisor.net.addresses import checked, parsed
from advisor.net.client import RequestLimits
from tests.answering_server import untold
from tests.encode import servers

KEY = "sk_test_5ecret-of-the-visitor"
QUICK = RequestLimits(
    connect_s=1, read_s=1, deadline_s=3, largest_bytes=5_000_000, backoff_s=0.01, longest_wait_s=1.2
)
TEXTS = ["Cats purr when they are content.", "The price of a GPU by the hour", "cats purr"]
QUERY = "Why do cats purr?"
EMBEDDERS = list(dialects.EMBED)
RERANKERS = list(dialects.RERANK)
CLOUDFLARE = {"embedder": "@cf/baai/bge-small-en-v1.5", "reranker": "@cf/baai/bge-reranker-base"}


def engine(
    base_url,
    shape,
    variants=None,
    *,
    kind="embedder",
    model=None,
    limits=QUICK,
    key=None,
    task=remote.TASK,
    **fields,
):
    model = model or (CLOUDFLARE[kind] if shape == "cloudflare" else servers.MODEL)
    endpoint = Endpoint(
        id="here",
        name="Our server",
        base_url=base_url,
        shape=shape,
        model=model,
        kind=kind,
        **fields,
    )
    return remote.Remote(endpoint, variants or {}, limits=limits, key=key, task=task)


def refusal(work, *kinds):
    """The one sentence or two that `work` ends with, which lead neither to the key nor to an
    exception that holds it.
    """
    with pytest.raises(EncodeError) as caught:
        work()
    error = caught.value
    assert type(error) in (kinds or (EncodeError,))
    assert error.__cause__ is None and error.__context__ is None
    assert KEY not in repr(error) + "".join(traceback.format_exception(error))
    assert "\n" not in str(error) and str(error).endswith(".")
    return str(error)


def same(found, name="Our server"):
    """The one sentence that several ways to the same fault end with, which names the server."""
    (sentence,) = set(found)
    assert name in sentence
    return sentence


@pytest.fixture(autouse=True)
def nothing_tells_the_key(caplog, capsys):
    with untold(KEY, caplog, capsys):
        yield


# What each protocol gives


@pytest.mark.parametrize("shape", EMBEDDERS)
def test_each_shape_gives_vectors_of_length_one_in_the_order_of_the_texts(shape):
    with servers.serving(shape, dim=64) as base:
        got = engine(base, shape).embed(TEXTS, "passage")
    assert got.dense.dtype == np.float32
    np.testing.assert_allclose(got.dense, [servers.vector(text, 64) for text in TEXTS], atol=1e-6)
    assert 0 < got.seconds < 3 and got.tokens is None


@pytest.mark.parametrize("shape", RERANKERS)
def test_each_shape_gives_scores_in_the_order_of_the_passages(shape):
    with servers.serving(shape) as base:
        got = engine(base, shape, kind="reranker").rerank(QUERY, TEXTS)
    expected = [servers.logit(QUERY, text) for text in TEXTS]
    assert got.scale == ("logit" if shape in ("tei", "nim") else "sigmoid")
    np.testing.assert_allclose(
        got.raw,
        expected if got.scale == "logit" else list(map(servers.sigmoid, expected)),
        rtol=1e-5,
    )
    np.testing.assert_allclose(got.sigmoid, list(map(servers.sigmoid, expected)), rtol=1e-4)
    assert got.raw.dtype == np.float32 and got.raw.argmin() == 1


TOKENS = sum(map(servers.tokens, TEXTS))
CHARACTERS = sum(map(len, TEXTS))
PAIR_TOKENS = TOKENS + 3 * servers.tokens(QUERY)
PAIR_CHARACTERS = CHARACTERS + 3 * len(QUERY)


@pytest.mark.parametrize("most", [None, 1])
@pytest.mark.parametrize(
    ("shape", "kind", "counted", "unit"),
    [
        ("openai", "embedder", TOKENS, "tokens"),
        ("novita", "embedder", TOKENS, "tokens"),
        ("tei", "embedder", TOKENS, "tokens"),
        ("infinity", "embedder", CHARACTERS, "characters"),
        ("vllm", "embedder", TOKENS, "tokens"),
        ("nim", "embedder", TOKENS, "tokens"),
        ("ollama", "embedder", TOKENS, "tokens"),
        ("cloudflare", "embedder", None, "tokens"),
        ("novita", "reranker", PAIR_TOKENS, "tokens"),
        ("tei", "reranker", PAIR_TOKENS, "tokens"),
        ("infinity", "reranker", PAIR_CHARACTERS, "characters"),
        ("vllm", "reranker", PAIR_TOKENS, "tokens"),
        ("nim", "reranker", None, "tokens"),
        ("cloudflare", "reranker", None, "tokens"),
    ],
)
def test_what_was_counted_is_told_in_its_unit_over_all_requests(shape, kind, counted, unit, most):
    with servers.serving(shape) as base:
        asked = engine(base, shape, kind=kind, max_batch=most)
        got = asked.embed(TEXTS, "passage") if kind == "embedder" else asked.rerank(QUERY, TEXTS)
    assert (got.counted, got.counted_in) == (counted, unit)
    assert len(base.posts) == (1 if most is None else 3)


@pytest.mark.parametrize(
    ("shape", "kind", "knobs"),
    [
        ("vllm", "reranker", {"usage": {}}),
        ("openai", "embedder", {"usage": None}),
        ("openai", "embedder", {"usage": {"prompt_tokens": True}}),
        ("openai", "embedder", {"usage": {"prompt_tokens": -3}}),
        ("openai", "embedder", {"usage": {"prompt_tokens": "4"}}),
        ("openai", "embedder", {"usage": {"prompt_tokens": 10**15}}),
        ("ollama", "embedder", {"counts": False}),
    ],
)
def test_without_a_count_none_is_told(shape, kind, knobs):
    with servers.serving(shape, **knobs) as base:
        asked = engine(base, shape, kind=kind)
        assert (
            asked.embed(TEXTS, "passage") if kind == "embedder" else asked.rerank(QUERY, TEXTS)
        ).counted is None


def test_a_count_that_one_of_the_requests_lacks_is_not_told():
    with servers.serving(
        "ollama",
        fault=servers.changed(lambda answer: {"embeddings": answer["embeddings"]}),
        times=1,
    ) as base:
        assert engine(base, "ollama", max_batch=2).embed(TEXTS, "passage").counted is None


@pytest.mark.parametrize(
    "header",
    [{}, {"x_compute_tokens": "-1"}, {"x_compute_tokens": "many"}, {"x_compute_tokens": "9" * 30}],
)
def test_a_tei_without_a_usable_header_tells_no_count(header):
    with servers.serving(
        "tei", fault=lambda handler, answer: servers.send(handler, 200, answer, **header)
    ) as base:
        assert engine(base, "tei").embed(TEXTS, "passage").counted is None


@pytest.mark.parametrize(
    ("shape", "path", "asked"),
    [
        ("openai", "", "/v1/embeddings"),
        ("openai", "/", "/v1/embeddings"),
        ("openai", "/v1", "/v1/embeddings"),
        ("openai", "/v1/embeddings/", "/v1/embeddings"),
        ("openai", "/v1/openai", "/v1/openai/embeddings"),
        ("openai", "/api/v1", "/api/v1/embeddings"),
        ("openai", "/v1beta/openai", "/v1beta/openai/embeddings"),
        ("openai", "/proxy", "/proxy/v1/embeddings"),
        ("novita", "", "/openai/v1/embeddings"),
        ("novita", "/openai", "/openai/v1/embeddings"),
        ("novita", "/openai/v1", "/openai/v1/embeddings"),
        ("novita", "/v3/openai", "/v3/openai/embeddings"),
        ("vllm", "", "/v1/embeddings"),
        ("vllm", "/v1", "/v1/embeddings"),
        ("nim", "", "/v1/embeddings"),
        ("nim", "/v1", "/v1/embeddings"),
        ("infinity", "", "/embeddings"),
        ("infinity", "/v1", "/v1/embeddings"),
        ("infinity", "/embeddings", "/embeddings"),
        ("tei", "", "/embed"),
        ("tei", "/v1", "/embed"),
        ("tei", "/v1/embeddings", "/embed"),
        ("tei", "/embed", "/embed"),
        ("tei", "/m3", "/m3/embed"),
        ("ollama", "", "/api/embed"),
        ("ollama", "/v1", "/api/embed"),
        ("ollama", "/api", "/api/embed"),
        ("ollama", "/api/embed", "/api/embed"),
        (
            "cloudflare",
            "/client/v4/accounts/abc/ai",
            "/client/v4/accounts/abc/ai/run/@cf/baai/bge-small-en-v1.5",
        ),
        (
            "cloudflare",
            "/client/v4/accounts/abc/ai/run",
            "/client/v4/accounts/abc/ai/run/@cf/baai/bge-small-en-v1.5",
        ),
        (
            "cloudflare",
            "/client/v4/accounts/abc/ai/v1",
            "/client/v4/accounts/abc/ai/run/@cf/baai/bge-small-en-v1.5",
        ),
    ],
)
def test_every_form_of_a_base_asks_the_same_call(shape, path, asked):
    end = next(end for end in servers.CALLS[shape] if asked.endswith(end))
    with servers.serving(shape, base=asked.removesuffix(end)) as base:
        engine(base.removesuffix(asked.removesuffix(end)) + path, shape).embed(TEXTS, "passage")
    assert [one.path for one in base.posts] == [asked]


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ("vllm", "/v1/rerank"),
        ("nim", "/v1/ranking"),
        ("novita", "/openai/v1/rerank"),
        ("tei", "/rerank"),
    ],
)
def test_rerankers_are_asked_at_their_own_path(shape, path):
    with servers.serving(shape) as base:
        engine(base + path.removeprefix(servers.BASES[shape]), shape, kind="reranker").rerank(
            QUERY, TEXTS
        )
    assert [one.path for one in base.posts] == [path]


def test_nim_is_told_the_role():
    with servers.serving("nim") as base:
        asked = engine(base, "nim")
        asked.embed(["a"], "query")
        asked.embed(["a"], "passage")
    assert [one.body["input_type"] for one in base.posts] == ["query", "passage"]


def test_cloudflare_is_asked_for_cls_pooling_where_it_would_take_the_mean():
    for model, pooling in (("@cf/baai/bge-small-en-v1.5", "cls"), ("@cf/baai/bge-m3", None)):
        with servers.serving("cloudflare", model=model) as base:
            engine(base, "cloudflare", model=model).embed(["a"], "passage")
        assert base.posts[0].body == {"text": ["a"]} | ({"pooling": pooling} if pooling else {})


def test_tei_is_asked_for_logits_and_cuts_rather_than_fails():
    with servers.serving("tei", info={"max_input_length": 5}) as base:
        engine(base, "tei").embed(["word " * 20], "passage")
        engine(base, "tei", kind="reranker").rerank("a", ["word " * 20])
    assert base.posts[0].body == {"inputs": ["word " * 20], "normalize": True, "truncate": True}
    assert base.posts[1].body == {
        "query": "a",
        "texts": ["word " * 20],
        "raw_scores": True,
        "truncate": True,
    }


def test_base64_and_results_out_of_order_are_read():
    with servers.serving("openai", dim=64, base64=True, shuffled=True) as base:
        got = engine(base, "openai").embed(TEXTS, "passage")
    np.testing.assert_allclose(got.dense, [servers.vector(text, 64) for text in TEXTS], atol=1e-6)


def test_every_shape_of_the_settings_has_its_dialects():
    shapes = set(endpoints.EndpointShape.__args__)
    assert set(dialects.EMBED) == shapes and set(dialects.RERANK) == shapes - set(
        endpoints.EMBED_ONLY
    )


# Batches


@pytest.mark.parametrize(
    ("shape", "kind", "most"),
    [
        ("openai", "embedder", 256),  # 2,048 are allowed; this app keeps the answers small
        ("tei", "embedder", 32),
        ("tei", "reranker", 32),
        ("nim", "reranker", 256),
        ("infinity", "reranker", 256),
        ("cloudflare", "embedder", 100),
        ("cloudflare", "reranker", 64),
        ("novita", "embedder", 64),
        ("ollama", "embedder", 64),
    ],
)
def test_a_request_holds_as_many_texts_as_the_server_states(shape, kind, most):
    texts = [f"text {n}" for n in range(most + 1)]
    with servers.serving(shape, dim=4) as base:
        asked = engine(base, shape, kind=kind)
        got = (
            asked.embed(texts, "passage").dense
            if kind == "embedder"
            else asked.rerank("text 3", texts).raw
        )
    assert len(got) == most + 1
    sizes = [
        max(len(value) for value in one.body.values() if isinstance(value, list))
        for one in base.posts
    ]
    assert sizes == [most, 1]


def test_the_order_of_texts_outlives_their_batches():
    texts = [f"text {n}" for n in range(70)]
    with servers.serving("ollama", dim=16) as base:
        got = engine(base, "ollama", max_batch=9).embed(texts, "passage").dense
    np.testing.assert_allclose(got, [servers.vector(text, 16) for text in texts], atol=1e-6)
    assert [len(one.body["input"]) for one in base.posts] == [9] * 7 + [7]


@pytest.mark.parametrize(
    ("stated", "own", "sizes"),
    [(2, None, [2, 2, 1]), (128, None, [5]), (4, 3, [3, 2]), (2, 3, [2, 2, 1])],
)
def test_tei_states_its_own_batch_and_the_settings_may_lower_it(stated, own, sizes):
    with servers.serving("tei", info={"max_client_batch_size": stated}) as base:
        engine(base, "tei", max_batch=own).embed(list("abcde"), "passage")
    assert [len(one.body["inputs"]) for one in base.posts] == sizes


def test_long_texts_are_sent_in_smaller_requests(monkeypatch):
    monkeypatch.setattr(remote, "MOST_BYTES", 1000)
    texts = ["a" * 400, "b" * 400, "é" * 250, "c" * 3000, "d", "e"]
    with servers.serving("openai", dim=4) as base:
        engine(base, "openai").embed(texts, "passage")
    assert [[text[0] for text in one.body["input"]] for one in base.posts] == [
        ["a", "b"],
        ["é"],
        ["c"],
        ["d", "e"],
    ]


def test_no_texts_ask_nothing(catalog):
    with servers.serving("tei") as base:
        assert engine(base, "tei", catalog.variants, variant="bge-m3").embed(
            [], "passage"
        ).dense.shape == (0, 1024)
        got = engine(base, "tei", kind="reranker").rerank(QUERY, [])
    assert got.raw.shape == (0,) and got.sigmoid.shape == (0,) and base.seen == []


# Instructions


def test_an_instruction_goes_before_queries_alone_and_only_when_asked(catalog):
    told = catalog.variants["bge-small-en-v1.5"].query_instruction
    assert told
    with servers.serving("openai", dim=384) as base:
        asked = engine(base, "openai", catalog.variants, variant="bge-small-en-v1.5")
        asked.embed(["a"], "query")
        asked.embed(["a"], "passage")
        asked.embed(["a"], "query", instruct=False)
    assert [one.body["input"] for one in base.posts] == [[told + "a"], ["a"], ["a"]]


@pytest.mark.parametrize(
    ("fields", "task"),
    [
        ({}, "Given a question, retrieve passages that answer it"),
        ({"task": "Find laws"}, "Find laws"),
    ],
)
def test_gemma2s_instruction_holds_the_task_and_the_query(catalog, fields, task):
    with servers.serving("vllm", dim=3584) as base:
        engine(base, "vllm", catalog.variants, variant="bge-multilingual-gemma2", **fields).embed(
            ["a {task} {query}"], "query"
        )
    assert base.posts[0].body["input"] == [f"<instruct>{task}\n<query>a {{task}} {{query}}"]


def test_half_a_character_is_sent_as_a_question_mark():
    with servers.serving("tei") as base:
        engine(base, "tei").embed(["a\ud800b", "☃ \x00"], "passage")
    assert base.posts[0].body["inputs"] == ["a?b", "☃ \x00"]


# Who answers


def test_about_tells_what_the_settings_say_before_anything_is_asked(catalog):
    with servers.serving("openai") as base:
        asked: Engine = engine(
            base, "openai", catalog.variants, variant="bge-m3", precision="fp16", max_tokens=512
        )
        about = asked.about
    assert (about.variant_id, about.model, about.where, about.engine) == (
        "bge-m3",
        "BAAI/bge-m3",
        "Our server",
        "remote",
    )
    assert (about.precision, about.max_tokens, about.outputs, about.standin) == (
        "fp16",
        512,
        ("dense",),
        False,
    )
    assert base.seen == []


@pytest.mark.parametrize(
    ("model", "standin"), [("BAAI/bge-large-zh-v1.5", False), ("text-embedding-3-small", True)]
)
def test_a_model_that_is_not_bge_is_a_stand_in(model, standin):
    about = engine("http://127.0.0.1:1", "openai", model=model).about
    assert (about.standin, about.variant_id) == (standin, None)


def test_tei_is_asked_once_for_what_it_is(catalog):
    with servers.serving("tei", info={"max_input_length": 512}) as base:
        asked = engine(base, "tei", catalog.variants, variant="bge-m3")
        asked.embed(["a"], "passage")
        asked.embed(["a"], "passage")
    assert [one.path for one in base.seen] == ["/info", "/embed", "/embed"]
    assert (asked.about.max_tokens, asked.about.precision) == (512, "fp16")
    assert asked.about.notes == dialects.EMBED["tei"].notes


@pytest.mark.parametrize(
    ("info", "settings", "max_tokens", "precision"),
    [
        ({"max_batch_tokens": 300}, {}, 300, "fp16"),
        ({"max_input_length": 100_000, "max_batch_tokens": 100_000}, {}, 8192, "fp16"),
        ({"model_dtype": "float32"}, {"precision": "int8", "max_tokens": 400}, 400, "int8"),
        ({"model_dtype": "bfloat16"}, {}, 8192, None),
        (
            {
                "model_dtype": ["float16"],
                "max_input_length": "9",
                "max_client_batch_size": -1,
                "model_type": 7,
                "model_id": 7,
            },
            {},
            8192,
            None,
        ),
        (
            {
                "max_input_length": True,
                "max_client_batch_size": 10**12,
                "model_type": {"embedding": [1]},
            },
            {},
            8192,
            "fp16",
        ),
    ],
)
def test_what_tei_says_of_itself_is_taken_where_it_makes_sense(
    catalog, info, settings, max_tokens, precision
):
    with servers.serving("tei", info=info, takes=32) as base:
        asked = engine(base, "tei", catalog.variants, variant="bge-m3", **settings)
        asked.embed(["a"], "passage")
    assert (asked.about.max_tokens, asked.about.precision) == (max_tokens, precision)
    assert len(asked.about.notes) == 1


@pytest.mark.parametrize(
    ("info", "names"),
    [
        ({"model_type": {"embedding": {"pooling": "mean"}}}, ["BGE M3", "cls"]),
        ({"model_id": "intfloat/e5-large"}, ["BAAI/bge-m3"]),
        ({"model_id": KEY}, ["BAAI/bge-m3"]),
    ],
    ids=["pooling", "model", "model that could be a key"],
)
def test_what_speaks_against_the_variant_is_noted(catalog, pinned, info, names):
    with servers.serving("tei", info=info) as base:
        asked = engine(base, "tei", catalog.variants, variant="bge-m3", key=KEY)
        asked.embed(["a"], "passage")
    *known, noted = asked.about.notes
    assert tuple(known) == dialects.EMBED["tei"].notes and KEY not in repr(asked.about)
    assert all(name in noted for name in names) and noted == pinned


@pytest.mark.parametrize(
    "fault",
    [
        servers.status(404),
        servers.sends(b"[]"),
        servers.sends(b"<html>"),
        servers.sends(b"[" * 200_000),
    ],
)
def test_a_tei_that_does_not_tell_what_it_is_works_with_its_documented_limits(fault):
    with servers.serving("tei", info_fault=fault) as base:
        asked = engine(base, "tei")
        asked.embed(list("abc" * 11), "passage")
    assert (
        len(asked.about.notes) == len(dialects.EMBED["tei"].notes) + 1
        and asked.about.precision is None
    )
    assert [len(one.body["inputs"]) for one in base.posts] == [32, 1]


def test_what_a_reader_of_the_result_should_know_is_noted(pinned):
    asked = [
        (shape, kind)
        for kind, shapes in (("embedder", EMBEDDERS), ("reranker", RERANKERS))
        for shape in shapes
    ]
    found = {
        f"{kind}, {shape}": engine("http://127.0.0.1:1", shape, kind=kind).about.notes
        for shape, kind in asked
    }
    (cuts,), (not_said,), (characters,) = (
        found[f"embedder, {shape}"] for shape in ("tei", "novita", "infinity")
    )
    (scale,) = found["reranker, vllm"]
    assert len({cuts, not_said, characters, scale}) == 4
    assert {key: set(notes) for key, notes in found.items() if notes} == {
        "embedder, novita": {not_said},
        "embedder, infinity": {characters},
        "embedder, tei": {cuts},
        "embedder, ollama": {cuts},
        "reranker, novita": {not_said, scale},
        "reranker, vllm": {scale},
        "reranker, infinity": {characters},
        "reranker, nim": {cuts},
        "reranker, tei": {cuts},
        "reranker, cloudflare": {scale},
    }
    assert {
        "cuts": cuts,
        "not documented": not_said,
        "characters": characters,
        "scale": scale,
    } == pinned


def test_vectors_that_are_not_of_unit_length_are_brought_to_it_and_that_is_noted(pinned):
    longer = servers.changed(lambda rows: [[3 * x for x in row] for row in rows])
    with servers.serving("tei", dim=64, fault=longer) as base:
        asked = engine(base, "tei")
        got = asked.embed(TEXTS, "passage").dense
        asked.embed(TEXTS, "passage")
    np.testing.assert_allclose(got, [servers.vector(text, 64) for text in TEXTS], atol=1e-6)
    *known, noted = asked.about.notes
    assert tuple(known) == dialects.EMBED["tei"].notes and noted == pinned


# What an engine does not do


def test_what_an_endpoint_does_not_give_is_told_before_asking(catalog, pinned):
    with servers.serving("tei") as base:
        embedder, reranker = engine(base, "tei"), engine(base, "tei", kind="reranker")
        empty = [
            refusal(lambda: embedder.embed(["a", " \n"], "passage"), TextRefusedError),
            refusal(lambda: reranker.rerank("a", ["a", ""]), TextRefusedError),
            refusal(lambda: reranker.rerank(" ", ["a"]), TextRefusedError),
        ]
        found = {
            "other outputs": refusal(
                lambda: embedder.embed(["a"], "query", outputs=("dense", "sparse"))
            ),
            "vectors of a reranker": refusal(lambda: reranker.embed(["a"], "query")),
            "scores of an embedder": refusal(lambda: embedder.rerank("a", ["a"])),
            "an empty text": same(empty, ""),
            "another variant": refusal(
                lambda: engine(base, "tei", catalog.variants, variant="bge-x")
            ),
        }
    assert (
        base.seen == []
        and len(set(found.values())) == len(found)
        and "'bge-x'" in found["another variant"]
    )
    assert found == pinned


# Keys


def test_the_key_goes_to_the_server_and_into_nothing_else(monkeypatch, pinned):
    monkeypatch.setenv("OUR_KEY", "of-the-environment")
    with servers.serving("openai", key=KEY) as base:
        asked = engine(base, "openai", key=KEY, key_env="OUR_KEY")
        asked.embed(TEXTS, "passage")
        assert KEY not in repr(asked) + str(asked) + repr(asked.about)
    assert base.posts[0].headers["Authorization"] == f"Bearer {KEY}"
    with servers.serving("openai", key="of-the-environment") as base:
        engine(base, "openai", key_env="OUR_KEY").embed(TEXTS, "passage")
        wrong, none = (
            refusal(lambda key=key: engine(base, "openai", key=key).embed(TEXTS, "passage"))
            for key in (KEY, None)
        )
    assert "Authorization" not in base.posts[-1].headers
    assert (
        "401" in wrong
        and "401" in none
        and wrong != none
        and {"another key": wrong, "no key": none} == pinned
    )


def test_a_key_that_is_not_set_is_told_in_one_sentence(monkeypatch):
    monkeypatch.delenv("OUR_KEY", raising=False)
    assert "OUR_KEY" in refusal(lambda: engine("http://127.0.0.1:1", "tei", key_env="OUR_KEY"))


def test_a_key_that_is_none_is_refused_before_asking(pinned):
    keys = [" ", f"{KEY}\n", f"{KEY}\r\nX-Other: 1", f" {KEY}", f"{KEY}\x00", f"{KEY}é", "k" * 501]
    assert (
        same(refusal(lambda key=key: engine("http://127.0.0.1:1", "tei", key=key)) for key in keys)
        == pinned
    )


# What goes wrong


def on_rows(change):
    """A fault on the rows of an OpenAI answer."""

    def changed(payload):
        payload["data"] = change(payload["data"]) or payload["data"]

    return servers.changed(changed)


def on_first(**fields):
    return on_rows(lambda rows: [rows[0] | fields, *rows[1:]])


def values(change):
    return on_rows(lambda rows: [row | {"embedding": change(row["embedding"])} for row in rows])


def once(catalog, fault, kind):
    """How a bad answer to a request for vectors is told, for which the server was asked once."""
    with servers.serving("openai", dim=384, fault=fault) as base:
        asked = engine(base, "openai", catalog.variants, variant="bge-small-en-v1.5", key=KEY)
        sentence = refusal(lambda: asked.embed(TEXTS, "passage"), kind)
    assert len(base.posts) == 1
    return sentence


@pytest.mark.parametrize(
    ("faults", "kind", "facts"),
    [
        pytest.param(
            [on_rows(lambda rows: rows[:-1])], EncodeError, ["2", "3"], id="a result too few"
        ),
        pytest.param(
            [on_rows(lambda rows: [*rows, rows[0]])],
            EncodeError,
            ["4", "3"],
            id="a result too many",
        ),
        pytest.param(
            [on_first(index=place) for place in (1, -1, 7, 0.0, False, "0", None, [0])],
            EncodeError,
            ["3"],
            id="mixed up",
        ),
        pytest.param(
            [
                on_first(embedding=value)
                for value in (
                    [0.5] * 383,
                    [],
                    None,
                    {"0": 1},
                    ["0.5"] * 384,
                    [[0.5]] * 384,
                    [True] * 384,
                    [10**400] * 384,
                    "not base64!",
                    base64.b64encode(np.ones(384, "<f4").tobytes()).decode() + "!",
                    "AAAA",
                    "",
                )
            ],
            TextRefusedError,
            [],
            id="no numbers, or not as many",
        ),
        pytest.param(
            [on_first(embedding=[value] * 384) for value in (math.nan, math.inf, 1e300, 0, 1e-40)],
            TextRefusedError,
            [],
            id="zeros, or out of bounds",
        ),
        pytest.param(
            [values(lambda row: row[:128])],
            EncodeError,
            ["128", "384", "BGE Small EN v1.5"],
            id="another model",
        ),
        pytest.param(
            [
                servers.changed(lambda payload: payload["data"]),
                servers.changed(lambda payload: {"error": {"message": KEY}}),
                servers.changed(lambda payload: {"data": {"0": 1}}),
                servers.changed(lambda payload: {"data": "abc"}),
                servers.changed(lambda payload: {"data": [1, 2, 3]}),
                servers.sends(b"null"),
                servers.sends(b'"data"'),
                "html",
                "nothing",
                "bytes",
                "deep",
                "deep-objects",
                "long-number",
            ],
            EncodeError,
            ["openai"],
            id="another shape",
        ),
        pytest.param(["cut", "closed", "no-http"], EncodeError, [], id="broken off"),
        pytest.param(["no-gzip"], EncodeError, [], id="cannot be unpacked"),
        pytest.param(["bomb", "endless"], EncodeError, ["5,000,000"], id="too large"),
        pytest.param([servers.status(301, Location="/v1/other")], EncodeError, ["301"], id="301"),
        *(
            pytest.param(
                [servers.status(status)],
                TextRefusedError if status in (400, 413, 422) else EncodeError,
                [str(status)],
                id=str(status),
            )
            for status in (204, 400, 401, 403, 404, 413, 418, 422, 424)
        ),
    ],
)
def test_a_bad_answer_is_one_sentence_and_asked_for_once(catalog, pinned, faults, kind, facts):
    sentence = same(once(catalog, fault, kind) for fault in faults)
    assert all(fact in sentence for fact in facts) and sentence == pinned


@pytest.mark.parametrize("shape", EMBEDDERS)
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"null",
        b"[[]]",
        b'{"result": null, "success": false}',
        b'{"embeddings": {}}',
        b"[{}, {}, {}]",
    ],
)
def test_no_shape_takes_the_answer_of_another(shape, body):
    rows = json.loads(body)
    listed = shape == "tei" and isinstance(rows, list)  # which is TEI's form, of other rows
    kind = TextRefusedError if listed and len(rows) == len(TEXTS) else EncodeError
    with servers.serving(shape, fault=servers.sends(body)) as base:
        told = refusal(lambda: engine(base, shape).embed(TEXTS, "passage"), kind)
    assert (shape in told) is not listed and (
        not listed or kind is TextRefusedError or str(len(rows)) in told
    )


def scored(shape, score):
    """How a score of that value is refused."""

    def spoil(payload):
        rows = payload
        for key in ("results", "rankings"):
            rows = rows[key] if isinstance(rows, dict) and key in rows else rows
        rows = rows["result"]["response"] if isinstance(rows, dict) else rows
        (name,) = {"relevance_score", "score", "logit"} & set(rows[0])
        rows[0][name] = score

    with servers.serving(shape, fault=servers.changed(spoil)) as base:
        return refusal(lambda: engine(base, shape, kind="reranker").rerank(QUERY, TEXTS))


@pytest.mark.parametrize("shape", RERANKERS)
@pytest.mark.parametrize("score", [None, True, "0.5", [0.5], math.nan, math.inf, -1e9, 10**400])
def test_a_score_that_is_no_number_is_refused(shape, score):
    assert scored(shape, score) == scored("vllm", "no number")


def test_results_of_a_rerank_must_be_one_a_passage():
    with servers.serving(
        "vllm", fault=servers.changed(lambda payload: payload | {"results": payload["results"][:2]})
    ) as base:
        sentence = refusal(lambda: engine(base, "vllm", kind="reranker").rerank(QUERY, TEXTS))
    assert re.findall(r"\d+", sentence) == ["2", "3"]


def test_scores_past_0_and_1_are_logits_where_the_scale_is_not_documented_and_a_fault_where_it_is(
    pinned,
):
    for shape in ("vllm", "novita"):
        with servers.serving(shape, scale=float) as base:
            got = engine(base, shape, kind="reranker").rerank(QUERY, TEXTS)
        assert got.scale == "logit"
        np.testing.assert_allclose(
            got.raw, [servers.logit(QUERY, text) for text in TEXTS], rtol=1e-5
        )
    with servers.serving("infinity", scale=float) as base:
        outside = refusal(lambda: engine(base, "infinity", kind="reranker").rerank(QUERY, TEXTS))
    no_number = scored("vllm", "no number")
    assert outside != no_number and {"outside of 0 to 1": outside, "no number": no_number} == pinned


def test_a_redirect_to_another_server_is_not_followed():
    with (
        servers.serving("openai") as other,
        servers.serving(
            "openai", fault=servers.status(307, Location=f"{other}/embeddings")
        ) as base,
    ):
        assert "307" in refusal(lambda: engine(base, "openai", key=KEY).embed(TEXTS, "passage"))
    assert other.seen == [] and len(base.seen) == 1


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/v1", "http://[::ffff:169.254.169.254]", "http://0.0.0.0:1"]
)
def test_an_address_that_is_never_asked_is_told(url):
    base = parsed(url)
    told = refusal(lambda: checked(base, private=True))
    assert (
        base.host in told and refusal(lambda: engine(url, "openai").embed(TEXTS, "passage")) == told
    )


def test_own_network_is_refused_where_the_caller_says_so():
    with servers.serving("tei") as base:
        endpoint = Endpoint(
            id="here", name="Our server", base_url=base, shape="tei", model="m", kind="embedder"
        )
        told = refusal(lambda: checked(parsed(base), private=False))
        assert (
            refusal(lambda: remote.Remote(endpoint, {}, private=False).embed(TEXTS, "passage"))
            == told
        )
    assert base.seen == []


@pytest.mark.parametrize("shape", EMBEDDERS)
def test_a_dead_endpoint_costs_one_sentence(shape):
    with servers.serving(shape) as base:
        pass
    begun = time.monotonic()
    assert (
        "Our server"
        in refusal(lambda: engine(base, shape).embed(TEXTS, "passage"))
        != too_long("Our server")
    )
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("fault", ["drip", "drip-headers", "silent"])
def test_a_slow_server_holds_nobody_past_the_deadline(fault):
    with servers.serving("openai", fault=fault) as base:
        begun = time.monotonic()
        slow = engine(base, "openai", limits=QUICK._replace(read_s=30, deadline_s=0.3))
        assert refusal(lambda: slow.embed(TEXTS, "passage")) == too_long("Our server")
        assert 0.2 < time.monotonic() - begun < 1


def test_a_silent_server_is_given_up_on_after_the_read_time(pinned):
    with servers.serving("openai", fault="silent") as base:
        sentence = refusal(
            lambda: engine(base, "openai", limits=QUICK._replace(read_s=0.1)).embed(
                TEXTS, "passage"
            )
        )
    assert len(base.posts) == 1 and sentence == too_long("Our server") == pinned


def test_the_deadline_is_one_for_all_batches():
    def slowly(handler, answer):
        handler.server.closing.wait(0.1)
        servers.send(handler, 200, answer)

    with servers.serving("openai", dim=4, fault=slowly) as base:
        slow = engine(base, "openai", max_batch=1, limits=QUICK._replace(deadline_s=0.35))
        assert refusal(lambda: slow.embed(["text"] * 50, "passage")) == too_long("Our server")
        time.sleep(0.3)
        assert len(base.posts) <= 5


# Visitors at an endpoint of the operator's


def test_so_many_ask_an_endpoint_at_once_and_the_next_is_told(pinned):
    under_way, most, lock, go_on = 0, 0, threading.Lock(), threading.Event()

    def counted(handler, answer):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        go_on.wait(5)
        with lock:
            under_way -= 1
        servers.send(handler, 200, answer)

    def ask(_):
        try:
            return (
                remote.Remote(one, {}, limits=QUICK._replace(read_s=9, deadline_s=9), gate=gate)
                .embed(TEXTS, "passage")
                .dense.shape
            )
        except FullError as error:
            return str(error)

    gate = remote.Gate(3)
    with (
        servers.serving("openai", dim=4, fault=counted) as base,
        ThreadPoolExecutor(20) as visitors,
    ):
        one = Endpoint(
            id="here",
            name="Our server",
            base_url=base,
            shape="openai",
            model=servers.MODEL,
            kind="embedder",
        )
        asking = [visitors.submit(ask, number) for number in range(20)]
        done, _ = wait(asking, timeout=3)
        sentence = same(each.result() for each in done)
        assert re.findall(r"\d+", sentence) == ["3"] and len(done) == 17 and sentence == pinned
        go_on.set()
        assert [each.result() for each in asking if each not in done] == [(3, 4)] * 3
        assert ask(0) == (3, 4) and most == 3  # the places are free again


def test_a_text_longer_than_visitors_may_send_is_refused_before_asking():
    with servers.serving("tei", kind="reranker") as base:
        fields = {
            "id": "here",
            "name": "Our server",
            "base_url": base,
            "shape": "tei",
            "model": "m",
        }
        embedder = remote.Remote(Endpoint(kind="embedder", **fields), {}, longest=20)
        reranker = remote.Remote(Endpoint(kind="reranker", **fields), {}, longest=20)
        told = [
            refusal(lambda: embedder.embed(["x" * 21], "passage"), TextRefusedError),
            refusal(lambda: reranker.rerank("x" * 21, ["a"]), TextRefusedError),
            refusal(lambda: reranker.rerank("a", ["x" * 21]), TextRefusedError),
        ]
    assert base.seen == [] and re.findall(r"\d+", same(told, "")) == ["21", "20"]


# Asked again


@pytest.mark.parametrize(
    ("status", "kind"), [(429, ServerBusyError), (500, EncodeError), (503, EncodeError)]
)
def test_a_passing_fault_is_got_over_and_a_lasting_one_told_after_three_tries(pinned, status, kind):
    with servers.serving("openai", dim=8, fault=servers.status(status), times=2) as base:
        assert engine(base, "openai", key=KEY).embed(TEXTS, "passage").dense.shape == (3, 8)
    assert len(base.posts) == 3
    with servers.serving("openai", fault=servers.status(status)) as base:
        told = refusal(lambda: engine(base, "openai", key=KEY).embed(TEXTS, "passage"), kind)
    assert str(status) in told and "Our server" in told and len(base.posts) == 3 and told == pinned


def test_a_tei_that_is_not_healthy_is_told_from_its_info():
    with servers.serving("tei", info_fault=servers.status(503)) as base:
        assert "503" in refusal(lambda: engine(base, "tei").embed(TEXTS, "passage"))
    assert len(base.seen) == 3 and base.posts == []


def test_each_pause_is_twice_the_last(monkeypatch):
    pauses = []
    monkeypatch.setattr("advisor.net.client.time.sleep", pauses.append)
    with servers.serving("openai", fault=servers.status(500)) as base:
        refusal(
            lambda: engine(base, "openai", limits=QUICK._replace(tries=4, backoff_s=0.25)).embed(
                TEXTS, "passage"
            )
        )
    assert pauses == [0.25, 0.5, 1.0] and all(
        later == 2 * sooner for sooner, later in pairwise(pauses)
    )


def in_seconds(seconds):
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "least_s"),
    [("1", 1), (lambda: in_seconds(1.99), 0.5), (lambda: in_seconds(-60), 0), (f"soon {KEY}", 0)],
)
def test_a_short_retry_after_is_kept_to(header, least_s):
    def busy(handler, answer):
        servers.status(429, Retry_After=header if isinstance(header, str) else header())(
            handler, answer
        )

    with servers.serving("openai", fault=busy, times=1, dim=4) as base:
        begun = time.monotonic()
        got = engine(
            base, "openai", limits=QUICK._replace(longest_wait_s=2.5, deadline_s=5), key=KEY
        ).embed(TEXTS, "passage")
    assert least_s <= time.monotonic() - begun < least_s + 1.5 and len(base.posts) == 2
    assert got.seconds < 0.5  # the waiting does not count


@pytest.mark.parametrize(
    ("header", "asked_s"),
    [
        ("7200", 7200),
        ("999999999", 999_999_999),
        (lambda: in_seconds(7200), 7200),
        (lambda: in_seconds(7200).replace("GMT", "-0000"), 7200),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1e9),
    ],
    ids=["two hours", "years", "a date", "a date without GMT", "the last date"],
)
def test_a_long_retry_after_is_not_waited_for_but_told(header, asked_s):
    header = header if isinstance(header, str) else header()
    with servers.serving("openai", fault=servers.status(429, Retry_After=header)) as base:
        told = refusal(lambda: engine(base, "openai").embed(TEXTS, "passage"), ServerBusyError)
    said_s = int(re.search(r"[\d,]{5,}", told)[0].replace(",", ""))
    assert asked_s - 5 < said_s <= asked_s and len(base.posts) == 1


def test_the_wait_that_a_server_asks_for_is_told(pinned):
    with (
        servers.serving("openai", fault=servers.status(429, Retry_After="7200")) as base,
        pytest.raises(ServerBusyError) as caught,
    ):
        engine(base, "openai").embed(TEXTS, "passage")
    assert (
        caught.value.wait_s == 7200 and "7,200" in str(caught.value) and str(caught.value) == pinned
    )


def test_a_wait_longer_than_the_longest_is_not_begun():
    with servers.serving("openai", fault=servers.status(503, Retry_After="1")) as base:
        begun = time.monotonic()
        refusal(
            lambda: engine(base, "openai", limits=QUICK._replace(longest_wait_s=0.9)).embed(
                TEXTS, "passage"
            )
        )
        assert time.monotonic() - begun < 0.5


def test_a_wait_past_the_deadline_is_not_begun():
    with servers.serving("openai", fault=servers.status(503, Retry_After="1")) as base:
        begun = time.monotonic()
        refusal(
            lambda: engine(base, "openai", limits=QUICK._replace(deadline_s=0.8)).embed(
                TEXTS, "passage"
            )
        )
        assert time.monotonic() - begun < 0.5


def test_a_second_batch_that_fails_fails_all():
    def second(handler, answer):
        if len(handler.server.seen) == 1:
            servers.send(handler, 200, answer)
        else:
            servers.status(400)(handler, answer)

    with servers.serving("openai", fault=second) as base:
        assert "400" in refusal(
            lambda: engine(base, "openai", max_batch=2).embed(TEXTS, "passage"), TextRefusedError
        )


# The servers of these tests


@pytest.mark.parametrize(
    ("shape", "path", "body", "status"),
    [
        ("nim", "/embeddings", {"model": servers.MODEL, "input": ["a"]}, 400),
        ("openai", "/embeddings", {"model": "another", "input": ["a"]}, 404),
        ("openai", "/embeddings", {"model": servers.MODEL, "input": [""]}, 400),
        ("openai", "/embeddings", {"model": servers.MODEL}, 422),
        ("tei", "/embed", {"inputs": ["a"] * 33}, 413),
        ("tei", "/embed", {"inputs": ["a " * 9000]}, 422),
        ("cloudflare", "/run/@cf/baai/bge-m3", {"text": ["a"] * 101}, 400),
        ("vllm", "/score", {}, 404),
    ],
)
def test_a_server_refuses_what_its_protocol_does(shape, path, body, status):
    with servers.serving(shape) as base:
        assert requests.post(base + path, data=json.dumps(body), timeout=2).status_code == status


def test_texts_that_share_words_are_near():
    near, far = (
        servers.vector("cats purr", 256) @ servers.vector("why cats purr", 256),
        servers.vector("cats", 256) @ servers.vector("gpu", 256),
    )
    assert near > 0.7 > 0.3 > far
