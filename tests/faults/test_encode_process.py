"""The process of a model is killed, stopped or never started, and its files are cut short: who is told what, and who is served all the same."""

import errno
import os
import re
import shutil
import signal
import threading
from types import SimpleNamespace

import pytest

from advisor.base.errors import EncodeError
from advisor.encode import models
from advisor.encode import pool as pools

LONG = ["word " * 600] * 128  # some seconds of work, even for the tiny model


@pytest.fixture
def small(catalog, tiny_embedder, tmp_path):
    return models.of_variant(
        catalog, "bge-small-en-v1.5", shutil.copytree(tiny_embedder, tmp_path / "small")
    )


@pytest.fixture
def m3(catalog, tiny_m3, tmp_path):
    return models.of_variant(catalog, "bge-m3", shutil.copytree(tiny_m3, tmp_path / "m3"))


@pytest.fixture
def pair(catalog, tiny_reranker):
    return models.of_variant(catalog, "bge-reranker-base", tiny_reranker)


def encode(pool, model, texts=("fox",)):
    """The vectors, or the sentence that the visitor reads."""
    try:
        return pool.engine(model).embed(list(texts), "passage").dense
    except EncodeError as error:
        return str(error)


def unanswered(model, loading=False, time_out_s=None):
    """What is told where the model's process ended by itself, or was stopped after so long."""
    return pools._Resident._unanswered(SimpleNamespace(model=model), loading, time_out_s)


def in_background(work):
    box = []
    thread = threading.Thread(target=lambda: box.append(work()), daemon=True)
    thread.start()
    return box, thread


def soon(work):
    """What the work gives; the test fails, and does not hang, where it gives nothing."""
    box, thread = in_background(work)
    thread.join(60)
    assert box, "waits for ever"
    return box[0]


def process(pool, model):
    return pool._residents[model]._process


def test_killed_while_it_loads_all_who_wait_are_told_and_the_next_is_served(pooled, small, until):
    pool = pooled()
    pool.engine(small)
    until(lambda: process(pool, small))
    os.kill(process(pool, small).pid, signal.SIGSTOP)  # so that all are in the queue before it dies
    waiting = [in_background(lambda: encode(pool, small)) for _ in range(3)]
    until(lambda: len(pool._residents[small].waiting) == 3)
    assert pool.waiting == 4
    os.kill(process(pool, small).pid, signal.SIGKILL)
    for _, thread in waiting:
        thread.join(60)
    assert [box for box, _ in waiting] == [[unanswered(small, loading=True)]] * 3
    assert pool.waiting == 0 and encode(pool, small).shape == (1, 32)


def test_killed_while_it_encodes_its_request_is_told_and_the_others_are_served_by_the_next(
    pooled, small, pair, until
):
    pool = pooled()
    assert encode(pool, small).shape == (1, 32)
    first, busy = in_background(lambda: encode(pool, small, LONG))
    until(lambda: pool._residents[small].busy)
    os.kill(process(pool, small).pid, signal.SIGSTOP)
    others = [in_background(lambda: encode(pool, small)) for _ in range(3)]
    until(lambda: len(pool._residents[small].waiting) == 3)
    before = process(pool, small).pid
    assert pool.engine(pair).rerank("q", ["fox"]).raw.shape == (
        1,
    )  # the other model has a process of its own
    os.kill(before, signal.SIGKILL)
    for _, thread in (*others, (first, busy)):
        thread.join(60)
    assert first == [unanswered(small)]
    assert [box[0].shape for box, _ in others] == [(1, 32)] * 3
    assert process(pool, small).pid != before and pool.waiting == 0


def test_one_that_hangs_while_it_loads_is_given_up_on(pooled, small, until, monkeypatch):
    pool = pooled(load_time_out_s=0.5)
    pool.engine(small)
    until(lambda: process(pool, small))
    os.kill(process(pool, small).pid, signal.SIGSTOP)
    assert encode(pool, small) == unanswered(small, loading=True, time_out_s=0.5)
    assert pool.resident() == []


def test_a_process_that_cannot_be_started_is_told(pooled, small, monkeypatch):
    monkeypatch.setattr(pools.sys, "executable", "/nowhere/python")
    pool = pooled()
    told = soon(lambda: encode(pool, small))
    assert small.name in told and os.strerror(errno.ENOENT) in told
    monkeypatch.undo()
    assert encode(pool, small).shape == (1, 32)


def test_an_answer_that_is_none_costs_one_sentence_and_holds_nobody(pooled, small, monkeypatch):
    pool = pooled()
    assert encode(pool, small).shape == (1, 32)
    monkeypatch.setattr(pools.pickle, "load", lambda stream: [][len(stream.read(1))])
    assert soon(lambda: encode(pool, small)) == unanswered(small)
    monkeypatch.undo()
    assert encode(pool, small).shape == (1, 32)


def is_of_broken_files(told, model):
    """Whether a sentence tells that a model was not loaded and of what kind the error was, and not that its process ended."""
    kind = re.search(r"\((\w+)\)", told)
    return (
        model.name in told
        and "\n" not in told
        and kind
        and told not in [unanswered(model, loading) for loading in (True, False)]
    )


def test_a_file_cut_short_is_one_sentence_and_the_pool_goes_on(pooled, catalog, small, pair):
    pool = pooled()
    assert pool.engine(pair).rerank("q", ["fox"]).raw.shape == (1,)
    other = process(pool, pair).pid
    for name, kept in {
        "model_optimized.onnx": 0.5,
        "tokenizer.json": 0.9,
        "tokenizer_config.json": 0.5,
        "config.json": 0.5,
    }.items():
        file = small.folder / name
        whole = file.read_bytes()
        file.write_bytes(whole[: int(len(whole) * kept)])
        told = encode(pool, models.of_variant(catalog, "bge-small-en-v1.5", small.folder))
        assert is_of_broken_files(told, small), name
        file.write_bytes(whole)
    assert encode(pool, models.of_variant(catalog, "bge-small-en-v1.5", small.folder)).shape == (
        1,
        32,
    )
    assert process(pool, pair).pid == other and pool.engine(pair).rerank(
        "q", ["fox"]
    ).raw.shape == (1,)


def test_weights_beside_the_model_that_are_cut_short_are_one_sentence(pooled, catalog, m3):
    data = m3.folder / "onnx/model.onnx_data"
    whole = data.read_bytes()
    data.write_bytes(whole[: len(whole) // 2])
    pool = pooled()
    told = encode(pool, models.of_variant(catalog, "bge-m3", m3.folder))
    assert is_of_broken_files(told, m3)
    data.write_bytes(whole)
    assert encode(pool, models.of_variant(catalog, "bge-m3", m3.folder)).shape == (1, 32)


def test_weights_cut_short_under_a_model_that_is_loaded_cost_its_process_at_most(
    pooled, catalog, m3
):
    pool = pooled()
    whole = encode(pool, m3)
    data = m3.folder / "onnx/model.onnx_data"
    content = data.read_bytes()
    os.truncate(data, 0)
    got = encode(pool, m3)
    assert (
        isinstance(got, str) or got.shape == whole.shape
    )  # where the file is mapped into the memory, the process ends
    data.write_bytes(content)
    again = encode(pool, models.of_variant(catalog, "bge-m3", m3.folder))
    assert abs(again - whole).max() < 1e-6
