"""How fast Live encodes, and what encoding costs the other pages. Run with `python -m benchmarks.encoding`; prints ratios, asserts nothing.

Vectors: the local engine against fastembed called directly and against onnxruntime with texts sorted by length; BGE Small's own shape with
random weights (speed does not depend on their values), the same batch size and threads, texts of mixed length, in turns within one run.
Pages: reruns of Cost while the pool encodes, against reruns while nothing does.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
from fastembed import TextEmbedding
from streamlit.testing.v1 import AppTest
from tokenizers import Tokenizer

from advisor import catalog as catalogs
from advisor.encode import fastembed_engine, models
from advisor.encode.pool import Pool
from advisor.live import speed
from tools import models as made
from tools.onnx_models import Shape

ROOT = Path(__file__).resolve().parents[1]
VARIANT = "bge-small-en-v1.5"
BATCH = 32


def mixed_texts(count: int) -> list[str]:
    """Texts of 8 to 400 words, most of them short, as passages are."""
    lengths = np.random.default_rng(0).gamma(2.0, 50.0, count).clip(8, 400).astype(int)
    return [speed.words(int(length), place) for place, length in enumerate(lengths)]


def sorted_directly(folder: Path, threads: int) -> Callable[[list[str]], np.ndarray]:
    """onnxruntime by hand: texts sorted by tokens, padded to the longest of their batch, the first token's vector."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    session = ort.InferenceSession(
        str(folder / "model_optimized.onnx"), options, providers=["CPUExecutionProvider"]
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(512)
    tokenizer.no_padding()

    def encode(texts: list[str]) -> np.ndarray:
        encoded = tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda place: -len(encoded[place].ids))
        vectors = np.empty((len(texts), 384), np.float32)
        for start in range(0, len(texts), BATCH):
            places = order[start : start + BATCH]
            width = len(encoded[places[0]].ids)
            ids, mask = (
                np.zeros((len(places), width), np.int64),
                np.zeros((len(places), width), np.int64),
            )
            for row, place in enumerate(places):
                ids[row, : len(encoded[place].ids)] = encoded[place].ids
                mask[row, : len(encoded[place].ids)] = 1
            first = session.run(
                None,
                {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
            )[0][:, 0]
            vectors[places] = first / np.linalg.norm(first, axis=1, keepdims=True)
        return vectors

    return encode


def vectors(folder: Path, threads: int, count: int, rounds: int) -> None:
    """Prints seconds of each way, and the engine's speed against the others."""
    texts = mixed_texts(count)
    engine = fastembed_engine.load(models.of_variant(catalogs.load(), VARIANT, folder), threads)
    direct = TextEmbedding(
        "BAAI/bge-small-en-v1.5",
        specific_model_path=str(folder),
        threads=threads,
        providers=["CPUExecutionProvider"],
    )
    ways: dict[str, Callable[[list[str]], np.ndarray]] = {
        "local engine": lambda given: engine.embed(given, "passage").dense,
        "fastembed called directly": lambda given: np.array(
            list(direct.embed(given, batch_size=BATCH))
        ),
        "onnxruntime, sorted": sorted_directly(folder, threads),
    }
    for kind, given in (
        ("mixed lengths", texts),
        ("one length", [speed.words(100, place) for place in range(count)]),
    ):
        results = {name: way(given) for name, way in ways.items()}  # also warms up
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.perf_counter()
                way(given)
                taken[name].append(time.perf_counter() - start)
        first = "local engine"
        mine = statistics.median(taken[first])
        print(f"{count} texts of {kind}, {threads} threads: {first} {mine:.2f} s")
        for name in list(ways)[1:]:
            near = float((results[first] * results[name]).sum(axis=1).min())
            print(
                f"  {name} {statistics.median(taken[name]):.2f} s: the engine is {statistics.median(taken[name]) / mine:.2f} times as fast (cosine {near:.6f})"
            )


def reruns(page: AppTest, times: int) -> float:
    """Median seconds of a rerun with another number of queries."""
    taken = []
    for number in range(times):
        page.number_input(key="queries_per_month").set_value(2_000_000 + number)
        start = time.perf_counter()
        page.run()
        taken.append(time.perf_counter() - start)
        assert not page.exception
    return statistics.median(taken)


def pages(folder: Path, times: int) -> None:
    """Prints what a rerun of Cost takes while the pool encodes, and while nothing does."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    page.switch_page("pages/cost.py").run()
    pool = Pool()
    engine = pool.engine(models.of_variant(catalogs.load(), VARIANT, folder))
    print(f"Live holds {engine.about.model} in a process of its own")
    stop = threading.Event()

    def encode() -> None:
        while not stop.is_set():
            engine.embed(mixed_texts(64), "passage")

    reruns(page, 3)
    quiet, busy = [], []
    for _ in range(3):
        quiet.append(reruns(page, times))
        stop.clear()
        thread = threading.Thread(target=encode)
        thread.start()
        time.sleep(0.5)
        busy.append(reruns(page, times))
        stop.set()
        thread.join()
    pool.close()
    still, working = statistics.median(quiet), statistics.median(busy)
    print(
        f"A rerun of Cost: {1000 * still:.0f} ms alone, {1000 * working:.0f} ms while texts are encoded: {working / still:.2f} times"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=speed.threads())
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made.write_embedder(Path(folder), shape=Shape.of(catalogs.load().variants[VARIANT]))
        vectors(Path(folder), asked.threads, asked.texts, asked.rounds)
        pages(Path(folder), 8)


if __name__ == "__main__":
    main()
