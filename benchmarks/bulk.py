"""How fast bulk encoding is, and what memory it takes. Run with `python -m benchmarks.bulk`; prints tables and ratios, asserts nothing of time.

Ways: one process, Ray on two workers, a fleet of two servers on 127.0.0.1 that really encode, and one process that is killed (kill -9) in the
middle and goes on. Each worker and server has one thread, so that the ways compare. Models: a BERT of random weights with 32 dimensions,
which shows what the machinery costs, and the stand-in (`make standin`), which shows how a model's own work hides that.
The rate is that between the first block and the last; the seconds are those of the whole command, its start included.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from advisor import catalog as catalogs
from advisor.base import formatting
from advisor.decide import places
from advisor.encode import available_models, models, worker
from advisor.live import speed
from advisor.sizing import throughput
from tools import models as made

ROOT = Path(__file__).resolve().parents[1]
VARIANT = "bge-small-en-v1.5"
VARIANTS = ("bge-small-en-v1.5", "bge-base-en-v1.5", "bge-m3")
MACHINES = ("aws-g4dn.xlarge", "aws-g6.xlarge", "lambda-1x-h100-sxm", "aws-c7i.4xlarge")


class Ran(NamedTuple):
    """One command: its seconds, its peak memory (of the process itself, not of Ray's or the servers'), and its exit status."""

    seconds: float
    peak_mib: float
    status: int


def write_corpus(path: Path, count: int, words: int) -> None:
    """Passages of `words` words, with one bad line in a thousand."""
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            text = f"{speed.words(words, number % 997)} {number}"
            stream.write(
                "no json\n"
                if number % 1000 == 999
                else json.dumps({"id": f"p{number}", "text": text}) + "\n"
            )


def encode(corpus: Path, out: Path, model: list[str], *more: str, kill_after: int = 0) -> Ran:
    """Runs the command; kills it once so many blocks are in the journal."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor", "encode", str(corpus), "--out", str(out), *model, *more],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while kill_after and process.poll() is None and len(blocks(out)) < kill_after:
        time.sleep(0.02)
    if kill_after:
        process.send_signal(signal.SIGKILL)
    said = process.stderr.read().decode() if process.stderr else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stderr:
        process.stderr.close()
    if process.returncode and not kill_after:
        sys.exit(said)
    return Ran(time.perf_counter() - start, used.ru_maxrss / 1024, process.returncode)


def blocks(out: Path) -> list[int]:
    journal = out / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True) if journal.exists() else []
    return [
        value["block"]
        for line in lines
        if line.endswith(b"\n") and "block" in (value := json.loads(line))
    ]


def rate(out: Path, rows: int) -> float:
    """Passages a second between the first block that came and the last."""
    times = sorted(path.stat().st_mtime for path in (out / "vectors").glob("*.parquet"))
    return (len(times) - 1) * rows / max(times[-1] - times[0], 1e-9)


def whole(out: Path, corpus: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "encode", "--check", str(out), str(corpus)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return "whole" if done.returncode == 0 else done.stderr


def serve(which: str, folder: str) -> None:
    """A server in TEI's protocol that encodes with one thread; prints its port. It ends with its standard input."""
    model = (
        models.standin(Path(folder))
        if which == "standin"
        else models.of_variant(catalogs.load(), VARIANT, Path(folder))
    )
    engine, lock = worker.load(model, 1), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({"max_client_batch_size": 64})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                rows = engine.embed(asked["inputs"], "passage").dense
            self.answer(rows.tolist())

        def answer(self, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


@contextmanager
def servers(count: int, which: str, folder: Path) -> Iterator[list[str]]:
    command = [sys.executable, "-m", "benchmarks.bulk", "--serve", which, str(folder)]
    started = [
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    try:
        yield [f"http://127.0.0.1:{one.stdout.readline().strip()}" for one in started if one.stdout]
    finally:
        for one in started:
            one.communicate()


def ways(which: str, folder: Path, count: int, rows: int, words: int, within: Path) -> None:
    """Prints each way for one model."""
    corpus = within / f"{which}.jsonl"
    write_corpus(corpus, count, words)
    here = (
        ["--model", "standin"]
        if which == "standin"
        else ["--model", VARIANT, "--folder", str(folder)]
    )
    fixed = ["--rows", str(rows)]
    print(f"\n{which}: {count:,} rows of {words} words, blocks of {rows}")
    print(f"{'':34}{'seconds':>9}{'passages/s':>12}{'against one':>13}{'peak MiB':>10}  check")
    one = 0.0

    def told(name: str, out: Path, ran: Ran) -> float:
        speed = rate(out, rows)
        print(
            f"{name:34}{ran.seconds:9.1f}{speed:12,.0f}{speed / (one or speed):13.2f}{ran.peak_mib:10,.0f}  {whole(out, corpus)}",
            flush=True,
        )
        return speed

    out = within / f"{which}-one"
    straight = encode(corpus, out, here, *fixed, "--threads", "1")
    one = told("one process", out, straight)
    if find_spec("ray"):
        out = within / f"{which}-ray"
        told(
            "Ray, two workers",
            out,
            encode(corpus, out, here, *fixed, "--ray", "local", "--workers", "2"),
        )
    else:
        print("Ray is not installed: pip install 'ray[data]'")
    with servers(2, which, folder) as urls:
        told_of = [part for url in urls for part in ("--endpoint", url)]
        for name, some in (("one server", told_of[:2]), ("a fleet of two servers", told_of)):
            out = within / f"{which}-{len(some)}"
            told(
                name,
                out,
                encode(
                    corpus, out, ["--model", f"{which}-served", "--shape", "tei"], *fixed, *some
                ),
            )
    out = within / f"{which}-killed"
    total = -(-count // rows)
    killed = encode(corpus, out, here, *fixed, "--threads", "1", kill_after=max(1, total // 2))
    before = blocks(out)
    resumed = encode(corpus, out, here, *fixed, "--threads", "1")
    twice = len(blocks(out)) - len(set(blocks(out)))
    print(
        f"{'killed (-9) in the middle, resumed':34}{killed.seconds + resumed.seconds:9.1f}  "
        f"{len(before)} of {len(set(blocks(out)))} blocks were done at the kill, {twice} were done twice; "
        f"{(killed.seconds + resumed.seconds) / straight.seconds:.2f} times the straight run's seconds  {whole(out, corpus)}"
    )


def memory(folder: Path, count: int, within: Path) -> None:
    """Prints the peak memory of one process at two sizes of the corpus, one ten times the other."""
    peaks = []
    print("\nPeak memory of one process, tiny model, blocks of 512, texts of 12 words")
    for size in (count, 10 * count):
        corpus, out = within / f"memory-{size}.jsonl", within / f"memory-{size}"
        write_corpus(corpus, size, 12)
        ran = encode(
            corpus,
            out,
            ["--model", VARIANT, "--folder", str(folder)],
            "--rows",
            "512",
            "--threads",
            "1",
        )
        peaks.append(ran.peak_mib)
        print(
            f"{size:12,} rows, {corpus.stat().st_size / 1e6:8.1f} MB {ran.seconds:8.1f} s {ran.peak_mib:8,.0f} MiB",
            flush=True,
        )
    print(f"ten times the corpus takes {peaks[1] / peaks[0]:.2f} times the memory")


def reading(count: int, within: Path) -> None:
    """Prints how fast a corpus is read and cut into blocks, which a run that goes on does again."""
    from advisor.bulk import blocks as cuts
    from advisor.bulk import corpus as corpora
    from advisor.bulk.corpus import ReadingOptions

    path = within / "reading.jsonl"
    write_corpus(path, count, 130)
    start, work = time.perf_counter(), time.process_time()
    for _ in cuts.plan(corpora.files(path)[0], ReadingOptions(), 4096):
        pass
    took, work = time.perf_counter() - start, time.process_time() - work
    size = path.stat().st_size / 1e6
    print(
        f"\nReading {count:,} rows ({size:,.0f} MB) and comparing their ids: {count / took:,.0f} rows a second, {count / work:,.0f} a second of CPU"
    )
    start = time.perf_counter()
    corpora.sha256(path)
    print(
        f"Its checksum: {path.stat().st_size / 1e6 / (time.perf_counter() - start):,.0f} MB a second"
    )


def arithmetic(passages: int, tokens: int) -> None:
    """Prints what a corpus takes by the project's own figures of speed (`advisor.sizing.throughput`) and the catalog's prices; nothing is run."""
    catalog = catalogs.load()
    calibrated = throughput.calibrations(catalog)
    print(
        f"{passages:,} passages of {tokens} tokens: {passages * tokens / 1e9:,.0f} thousand million tokens, {-(-passages // 4096):,} blocks of 4,096"
    )
    for name in VARIANTS:
        variant = catalog.variants[name]
        flops, dim = throughput.flops_per_token(variant, tokens), variant.embedding_dim
        assert flops is not None and dim is not None
        sizes = ", ".join(
            f"{kind} {passages * each / 1e9:,.0f} GB"
            for kind, each in (("float32", 4 * dim), ("float16", 2 * dim), ("int8", dim + 4))
        )
        print(f"\n{variant.name}, {dim} dimensions: vectors {sizes}")
        for one in MACHINES:
            instance = catalog.instances[one]
            kind, peak = (
                throughput.hardware_class(catalog, instance),
                throughput.peak_flops(catalog, instance),
            )
            assert (
                kind is not None and peak is not None and instance.on_demand_usd_per_h is not None
            )
            reached = calibrated[kind].mfu
            hours = [
                passages * tokens * flops / (peak * share) / 3600
                for share in (reached.high, reached.base, reached.low)
            ]
            usd = [formatting.usd(float(instance.on_demand_usd_per_h) * each) for each in hours]
            a_day = [max(1, math.ceil(each / 24)) for each in hours]
            print(
                f"  {one:24}{places.machine_name(catalog, instance):32}{hours[1]:8,.0f} h ({hours[0]:,.1f} to {hours[2]:,.0f})"
                f"  {usd[1]} ({usd[0]} to {usd[2]})  {a_day[1]:,} for a day ({a_day[0]:,} to {a_day[2]:,})"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--passages", type=int, default=20_000, help="for the tiny model; the stand-in gets a tenth"
    )
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument(
        "--arithmetic",
        nargs=2,
        type=int,
        metavar=("PASSAGES", "TOKENS"),
        help="hours, money and bytes by the catalog's figures",
    )
    parser.add_argument("--serve", nargs=2, metavar=("WHICH", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.arithmetic:
        arithmetic(*asked.arithmetic)
        return
    if asked.serve:
        serve(*asked.serve)
        return
    print(
        f"{os.cpu_count()} CPU cores ({platform.machine()}), Python {platform.python_version()}; load before: {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory() as name:
        within = Path(name)
        made.write_embedder(within / "tiny")
        ways("tiny", within / "tiny", asked.passages, 512, asked.words, within)
        if standin := available_models.standin_folder():
            ways("standin", standin, asked.passages // 10, 64, asked.words, within)
        else:
            print("The stand-in is not there: make standin")
        memory(within / "tiny", asked.passages, within)
        reading(10 * asked.passages, within)


if __name__ == "__main__":
    main()
