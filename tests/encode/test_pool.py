"""Models in processes of their own, shared by visitors: loading, queues, time-outs, what a killed
process costs.
"""

import os
import re
import shutil
import signal
import threading
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from advisor.base.errors import EncodeError
from advisor.encode import models
from advisor.encode.engine import TextRefusedError
from advisor.encode.pool import FullError, most_resident
from tests.waiting import until
from tools import models as tools

LONG = ["word " * 600] * 128  # some seconds of work, even for the tiny model


@pytest.fixture
def small(catalog, tiny_embedder):
    return models.of_variant(catalog, "bge-small-en-v1.5", tiny_embedder)


@pytest.fixture
def pair(catalog, tiny_reranker):
    return models.of_variant(catalog, "bge-reranker-base", tiny_reranker)


def in_background(work):
    box = {}

    def go():
        try:
            box["value"] = work()
        except Exception as error:
            box["error"] = error

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    return box, thread


def children(model, pool):
    return pool._residents[model]._process.pid


def test_a_pooled_model_answers_as_one_in_this_process_does(pooled, small, pair):
    from advisor.encode import fastembed_engine

    pool = pooled()
    texts = ["a fox", "", "a longer text about foxes and hounds"]
    assert np.allclose(
        pool.engine(small).embed(texts, "query").dense,
        fastembed_engine.load(small).embed(texts, "query").dense,
        atol=1e-6,
    )
    assert np.allclose(
        pool.engine(pair).rerank("q", texts).raw,
        fastembed_engine.load(pair).rerank("q", texts).raw,
        atol=1e-5,
    )
    assert pool.engine(small).about == fastembed_engine.load(small).about


def test_the_model_loads_while_the_caller_goes_on(pooled, small):
    pool = pooled()
    start = time.monotonic()
    engine = pool.engine(small)
    assert (
        time.monotonic() - start < 0.5 and pool.about(small) is None and pool.resident() == [small]
    )
    assert engine.about.kind == "embedder" and pool.about(small) is not None


def test_visitors_share_one_copy(pooled, small):
    pool = pooled()
    boxes = [in_background(lambda: pool.engine(small).embed(["fox"], "query")) for _ in range(5)]
    for _, thread in boxes:
        thread.join(60)
    assert (
        len({box["value"].dense.tobytes() for box, _ in boxes}) == 1 and len(pool.resident()) == 1
    )


def test_more_texts_than_a_request_takes_go_in_parts(pooled, small, pair):
    pool = pooled(most_texts=3)
    texts = [f"text number {n}" for n in range(8)]
    made, whole = (
        pool.engine(small).embed(texts, "passage"),
        pooled().engine(small).embed(texts, "passage"),
    )
    assert (
        np.allclose(made.dense, whole.dense, atol=1e-5)
        and made.tokens == whole.tokens
        and made.counted == whole.counted
    )
    assert pool.engine(pair).rerank("q", texts).raw.shape == (8,)


def test_a_text_that_is_too_long_is_refused_before_anything_runs(pooled, small, pinned):
    with pytest.raises(TextRefusedError) as caught:
        pooled(longest_characters=10).engine(small).embed(["x" * 11], "passage")
    assert figures(caught.value) == ["11", "10"] and str(caught.value) == pinned


def figures(sentence, name=""):
    """The whole numbers of a sentence, apart from those in a model's name."""
    return re.findall(r"\d+", str(sentence).replace(name, ""))


def test_a_full_queue_says_so_and_the_others_go_on(pooled, small, pinned):
    pool = pooled(most_waiting=1)
    engine = pool.engine(small)
    engine.about  # noqa: B018  # loaded
    first, thread = in_background(lambda: engine.embed(LONG, "passage"))
    until(lambda: pool._residents[small].busy)
    told = []
    second, other = in_background(lambda: pool.engine(small, told.append).embed(["fox"], "query"))
    until(lambda: len(pool._residents[small].waiting) == 1)
    assert pool.waiting == 2
    with pytest.raises(FullError) as caught:
        engine.embed(["fox"], "query")
    thread.join(120)
    other.join(120)
    until(lambda: pool.waiting == 0)
    assert first["value"].dense.shape == (128, 32) and second["value"].dense.shape == (1, 32)
    (before,) = {words for words in told if figures(words, small.name)}
    assert small.name in before and figures(before, small.name) == figures(
        caught.value, small.name
    ) == ["1"]
    assert {"full": str(caught.value), "before yours": before} == pinned


def test_a_visitor_who_leaves_gives_the_place_back(pooled, small):
    pool = pooled(most_waiting=1)
    engine = pool.engine(small)
    engine.about  # noqa: B018  # loaded
    _, thread = in_background(lambda: engine.embed(LONG, "passage"))
    until(lambda: pool._residents[small].busy)

    def leave(words):
        raise RuntimeError("the visitor has left")

    with pytest.raises(RuntimeError):
        pool.engine(small, leave).embed(["fox"], "query")
    assert not pool._residents[small].waiting
    assert pool.engine(small).embed(["fox"], "query").dense.shape == (1, 32)
    thread.join(120)


def test_the_model_longest_unused_makes_room_and_one_at_work_does_not(pooled, small, pair, pinned):
    pool = pooled(most_resident=2)
    pool.engine(small).embed(["fox"], "query")
    pool.engine(pair).rerank("q", ["fox"])
    gone = children(small, pool)
    third = replace(small, name="Third")
    pool.engine(third).embed(["fox"], "query")
    assert set(pool.resident()) == {pair, third}
    until(lambda: not alive(gone))
    boxes = [
        in_background(lambda: pool.engine(third).embed(LONG, "passage")),
        in_background(lambda: pool.engine(pair).rerank("q", LONG)),
    ]
    until(lambda: all(one.busy for one in pool._residents.values()))
    with pytest.raises(FullError) as caught:
        pool.engine(small)
    assert (
        third.name in str(caught.value)
        and pair.name in str(caught.value)
        and str(caught.value) == pinned
    )
    for box, thread in boxes:
        thread.join(120)
        assert "value" in box


@pytest.mark.parametrize(("named", "most"), [(None, 2), ("", 2), ("1", 1), ("12", 12)])
def test_the_operator_sets_how_many_models_are_held(monkeypatch, named, most):
    monkeypatch.delenv("ADVISOR_MODELS_AT_ONCE", raising=False)
    if named is not None:
        monkeypatch.setenv("ADVISOR_MODELS_AT_ONCE", named)
    assert most_resident() == most


@pytest.mark.parametrize("named", ["0", "-1", "2.5", "two", "100", "\u0662"])
def test_a_number_of_models_that_is_none_is_told(monkeypatch, named):
    monkeypatch.setenv("ADVISOR_MODELS_AT_ONCE", named)
    with pytest.raises(ValueError, match="ADVISOR_MODELS_AT_ONCE") as caught:
        most_resident()
    assert named in str(caught.value) and figures(caught.value)[-2:] == ["1", "99"]


def test_work_that_takes_too_long_is_stopped(pooled, small, pinned):
    pool = pooled(time_out_s=0.3)
    engine = pool.engine(small)
    engine.about  # noqa: B018  # loaded
    process = children(small, pool)
    with pytest.raises(EncodeError) as caught:
        engine.embed(LONG, "passage")
    assert not alive(process) and pool.engine(small).embed(["fox"], "query").dense.shape == (
        1,
        32,
    )  # loaded anew
    assert (
        small.name in str(caught.value)
        and figures(caught.value, small.name) == ["0"]
        and str(caught.value) == pinned
    )


def test_a_killed_process_costs_its_request_and_the_next_loads_it_anew(pooled, small, pinned):
    pool = pooled()
    engine = pool.engine(small)
    engine.about  # noqa: B018  # loaded
    box, thread = in_background(lambda: engine.embed(LONG, "passage"))
    until(lambda: pool._residents[small].busy)
    os.kill(children(small, pool), signal.SIGKILL)
    thread.join(30)
    assert (
        isinstance(box["error"], EncodeError)
        and small.name in str(box["error"])
        and str(box["error"]) == pinned
    )
    assert engine.embed(["fox"], "query").dense.shape == (1, 32)


def test_a_process_killed_while_nobody_asks_is_replaced(pooled, small):
    pool = pooled()
    engine = pool.engine(small)
    engine.about  # noqa: B018  # loaded
    before = children(small, pool)
    os.kill(before, signal.SIGKILL)
    until(lambda: pool._residents[small]._ended())
    assert engine.embed(["fox"], "query").dense.shape == (1, 32) and children(small, pool) != before


def test_a_model_that_cannot_load_says_why_each_time(pooled, small, tmp_path):
    pool, broken = pooled(), replace(small, folder=tmp_path)
    for _ in range(2):
        with pytest.raises(EncodeError, match=r"model_optimized\.onnx"):
            pool.engine(broken).embed(["fox"], "query")
    assert pool.resident() == []


def test_an_unused_model_leaves_the_memory(pooled, small):
    pool = pooled(idle_s=0.2)
    pool.engine(small).embed(["fox"], "query")
    process = children(small, pool)
    until(lambda: not alive(process))
    assert pool.resident() == [] and pool.engine(small).embed(["fox"], "query").dense.shape == (
        1,
        32,
    )


def test_closing_ends_the_processes_and_tells_those_who_wait(pooled, small, pinned):
    pool = pooled()
    engine = pool.engine(small)
    engine.about  # noqa: B018  # loaded
    process = children(small, pool)
    box, thread = in_background(lambda: engine.embed(LONG, "passage"))
    until(lambda: pool._residents[small].busy)
    pool.close()
    thread.join(30)
    until(lambda: not alive(process))
    assert isinstance(box["error"], EncodeError)
    with pytest.raises(EncodeError) as closed:  # or it would start anew what was closed
        pool.engine(small)
    with pytest.raises(EncodeError) as asked:
        engine.embed(["fox"], "query")
    assert pool.resident() == [] and str(closed.value) == str(asked.value) == pinned


def test_a_visitor_who_clears_streamlits_caches_ends_no_model(small):
    from streamlit.runtime.app_session import AppSession

    from pages.parts import engines

    try:
        engines.POOL.engine(small).embed(["fox"], "query")
        process = children(small, engines.POOL)
        AppSession._handle_clear_cache_request(
            SimpleNamespace(_session_state={})
        )  # what any visitor's BackMsg.clear_cache does
        assert (
            engines.POOL.resident() == [small]
            and alive(process)
            and children(small, engines.POOL) == process
        )
    finally:
        engines.POOL._residents[small].close()


def test_a_model_that_takes_a_request_up_never_looks_idle(pooled, small):
    seen = []

    class Watched(deque):
        def popleft(self):
            taken = super().popleft()
            seen.append(resident.idle)
            return taken

    engine = pooled().engine(small)
    engine.about  # noqa: B018  # loaded
    resident = engine._pool._residents[small]
    until(lambda: resident.idle)
    resident.waiting = Watched()
    engine.embed(["fox"], "query")
    assert seen == [False]


def alive(process):
    """Whether a process runs: one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_files_that_were_replaced_are_another_model(pooled, catalog, tiny_embedder, tmp_path):
    folder = shutil.copytree(tiny_embedder, tmp_path / "model")
    before = models.of_variant(catalog, "bge-small-en-v1.5", folder)
    assert models.of_variant(catalog, "bge-small-en-v1.5", folder) == before
    first = pooled().engine(before).embed(["fox"], "query").dense
    tools.write_embedder(folder, shape=replace(tools.TINY, hidden=16, heads=2, kv_heads=2))
    after = models.of_variant(catalog, "bge-small-en-v1.5", folder)
    assert after != before
    assert (first.shape, pooled().engine(after).embed(["fox"], "query").dense.shape) == (
        (1, 32),
        (1, 16),
    )
