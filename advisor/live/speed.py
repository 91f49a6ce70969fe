"""How fast an engine is here: tokens a second, latency, and the share of the machine's peak."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

import numpy as np

from advisor.ask.assumptions import Assumptions
from advisor.base import formatting, units
from advisor.base.spreadsheet import guarded
from advisor.catalog import Catalog
from advisor.catalog.tables import THROUGHPUT_COLUMNS
from advisor.decide.priced import MEASURED_SOURCE
from advisor.encode.engine import About, Engine
from advisor.sizing.throughput import flops_per_token

LENGTHS = (32, 128, 256, 512)
BATCHES = (1, 8, 32)
SECONDS_EACH = 2.0  # of timed calls for each length and batch size, warm-up apart
LEAST_RUNS, MOST_RUNS = 3, 200
# Times `seconds_each` after which calls end even before `LEAST_RUNS`: one may take a minute.
PATIENCE = 3.0
FEW_RUNS = 20  # calls below which the 95th percentile is the slowest of them
PEAK_SIZES = (256, 512, 1024, 2048)
SPECIAL_GUESS = 2
_TEXT = """
the time people water house world school story place night hand light city river road window
letter music market garden summer winter morning father mother friend doctor teacher company
money number paper picture table system power order group history country member question answer
reason result level office party council report service century village station
"""
# Common English words, nearly all of them one token in the vocabularies of BERT and XLM-R.
WORDS = tuple(_TEXT.split())
# Takes what is being measured, in words, and the share that is done, 0 to 1.
OnMeasured = Callable[[str, float], None]


@dataclass(frozen=True)
class Measurement:
    """One length of text at one batch size, timed.

    `tokens`: encoded of a text, or a reranker's pair, as the engine counts and cuts them, a mean
    over the batch; None where it counts none. `runs` calls of `batch` texts were timed; `warm_up_s`
    is the call before them. `flops_per_second` is None where the model's FLOPs are not known;
    `share_of_peak`, of the machine's fp32 matrix product, also where the engine runs elsewhere."""

    tokens: float | None
    batch: int
    runs: int
    tokens_per_second: float | None
    passages_per_second: float
    median_s: float
    p95_s: float
    flops_per_second: float | None
    share_of_peak: float | None
    warm_up_s: float

    @property
    def few(self) -> str:
        """` (of 7 runs)` where fewer than 20 stand behind the 95th percentile; else nothing."""
        return f" (of {formatting.counted(self.runs, 'run')})" if self.runs < FEW_RUNS else ""


class Peak(NamedTuple):
    """The best fp32 matrix product: 1e9 operations a second, threads, rows of the squares."""

    gflops: float
    threads: int
    size: int


class Machine(NamedTuple):
    """What computes here: the processor's name, and the CPUs that this process may use."""

    name: str
    vcpus: int


def threads() -> int:
    """Threads of numpy's matrix product: the usable CPUs, or fewer as the environment says."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    limits = (os.environ.get(name, "") for name in names)
    return min([_vcpus(), *(int(limit) for limit in limits if limit.isdigit() and int(limit) > 0)])


def _vcpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_gflops(seconds: float = 1.0, clock: Callable[[], float] = time.perf_counter) -> Peak:
    """This machine's fp32 matrix-multiply peak: the best of several sizes, in about `seconds`.

    Each size has a warm-up and its share of the time; one that would outlast what is left is not
    tried. `2 x n^3` operations for two square matrices of n rows."""
    best, size, start = 0.0, PEAK_SIZES[0], clock()
    for number, rows in enumerate(PEAK_SIZES):
        left = seconds - (clock() - start)
        if best and 2 * 2 * rows**3 / best > left:  # the warm-up, and one product to time
            break
        x = np.ones((rows, rows), np.float32)
        x @ x
        end = clock() + left / (len(PEAK_SIZES) - number) / 2
        while True:
            before = clock()
            x @ x
            taken = max(clock() - before, 1e-9)
            if 2 * rows**3 / taken > best:
                best, size = 2 * rows**3 / taken, rows
            if clock() >= end:
                break
    return Peak(best / 1e9, threads(), size)


def machine() -> Machine:
    """This machine as its processor names itself; no host name."""
    name = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line for line in lines if line.startswith("model name")), "")
    name = " ".join(name.partition(":")[2].split())
    return Machine(name or platform.machine() or "CPU", _vcpus())


def memory_gib() -> float | None:
    """RAM of this machine in GiB, to offer in the form; None where the system does not say."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / units.GIB, 1)
    except (AttributeError, OSError, ValueError):
        return None


def words(count: int, start: int = 0) -> str:
    """A text of `count` real words; another `start` gives another text of the same words."""
    return " ".join(WORDS[(start + n) % len(WORDS)] for n in range(max(1, count)))


def run(
    engine: Engine,
    lengths: Sequence[int],
    batches: Sequence[int],
    on_measured: OnMeasured = lambda what, share: None,
    seconds_each: float = SECONDS_EACH,
    *,
    catalog: Catalog | None = None,
    peak: Peak | None = None,
) -> tuple[Measurement, ...]:
    """A measurement for each length in tokens and batch size, in that order.

    Calls take what the engine says, without its queue. FLOPs need the `catalog`, the share of the
    peak needs `peak`. A reranker is sent pairs of one query. The engine's EncodeError passes."""
    about, measurements = engine.about, []
    noun = "pair" if about.kind == "reranker" else "text"
    send = _sender(engine)
    special, each = _per_word(send)
    points = [(length, batch) for length in lengths for batch in batches]
    for number, (length, batch) in enumerate(points):
        what = f"{formatting.counted(batch, noun)} of {formatting.count(length)} tokens"
        on_measured(what, number / len(points))
        count = max(1, round((length - special) / each))
        texts = [words(count, start) for start in range(batch)]
        warm_up, counted = send(texts)
        tokens = None if counted is None else _encoded(counted, about.max_tokens)
        taken: list[float] = []
        while not taken or (len(taken) < MOST_RUNS and _goes_on(taken, seconds_each)):
            taken.append(send(texts)[0])
        measurements.append(_measurement(about, catalog, peak, tokens, batch, taken, warm_up))
    on_measured("done", 1.0)
    return tuple(measurements)


def _goes_on(taken: Sequence[float], seconds_each: float) -> bool:
    spent = sum(taken)
    return spent < seconds_each or (len(taken) < LEAST_RUNS and spent < PATIENCE * seconds_each)


# Sends texts and gives the seconds that it took, and the tokens of each.
Sender = Callable[[Sequence[str]], tuple[float, tuple[int, ...] | None]]


def _sender(engine: Engine) -> Sender:
    """Texts through an embedder as passages; through a reranker as passages of one short query."""

    def send(texts: Sequence[str]) -> tuple[float, tuple[int, ...] | None]:
        if engine.about.kind == "reranker":
            scores = engine.rerank(words(4), texts)
            return max(scores.seconds, 1e-9), scores.tokens
        vectors = engine.embed(texts, "passage")
        return max(vectors.seconds, 1e-9), vectors.tokens

    return send


def _per_word(send: Sender) -> tuple[float, float]:
    """Tokens beside a text's words (a pair's query too), and a word, as two short texts show."""
    counted = send([words(8), words(40)])[1]
    if counted is None or counted[1] <= counted[0]:
        return SPECIAL_GUESS, 1.0
    each = (counted[1] - counted[0]) / 32
    return counted[0] - 8 * each, each


def _encoded(counted: Sequence[int], limit: int | None) -> float:
    """Mean of the tokens that were encoded: each text cut at the limit."""
    return statistics.fmean(min(count, limit) if limit else count for count in counted)


def _measurement(
    about: About,
    catalog: Catalog | None,
    peak: Peak | None,
    tokens: float | None,
    batch: int,
    taken: Sequence[float],
    warm_up: float,
) -> Measurement:
    median = statistics.median(taken)
    rate = None if tokens is None else batch * tokens / median
    variants = {} if catalog is None or about.standin else catalog.variants
    variant = variants.get(about.variant_id or "")
    each = None if variant is None or tokens is None else flops_per_token(variant, tokens)
    flops = None if rate is None or each is None else rate * each
    share_of_peak = None
    on_this_cpu = about.engine != "remote" and not _on_card(about)
    if flops is not None and on_this_cpu and peak is not None and peak.gflops > 0:
        share_of_peak = flops / (peak.gflops * 1e9)
    return Measurement(
        tokens=tokens,
        batch=batch,
        runs=len(taken),
        tokens_per_second=rate,
        passages_per_second=batch / median,
        median_s=median,
        p95_s=sorted(taken)[math.ceil(0.95 * len(taken)) - 1],
        flops_per_second=flops,
        share_of_peak=share_of_peak,
        warm_up_s=warm_up,
    )


def rows(measurements: Sequence[Measurement]) -> list[dict[str, str]]:
    """Measurements as a table, every figure with its unit."""
    return [
        {
            "Tokens per text": _known(m.tokens, lambda tokens: formatting.count(round(tokens, 1))),
            "Batch": formatting.count(m.batch),
            "Tokens per second": _known(m.tokens_per_second, formatting.significant),
            "Passages per second": formatting.significant(m.passages_per_second),
            "Median": _milliseconds(m.median_s),
            "95th percentile": _milliseconds(m.p95_s) + m.few,
            "GFLOP/s": _known(m.flops_per_second, lambda f: formatting.significant(f / 1e9)),
            "Share of the peak": _known(m.share_of_peak, "{:.0%}".format),
            "Warm-up": _milliseconds(m.warm_up_s),
        }
        for m in measurements
    ]


def _known(figure: float | None, shown: Callable[[float], str]) -> str:
    return formatting.NOT_KNOWN if figure is None else shown(figure)


def _milliseconds(seconds: float) -> str:
    return f"{formatting.significant(1000 * seconds)} ms"


def peak_sentence(peak: Peak, here: Machine) -> str:
    """What the peak is, and of what: `AMD EPYC, 2 CPUs: 190 GFLOP/s in fp32, ...`."""
    processor = f"{here.name}, {formatting.counted(here.vcpus, 'CPU')}"
    rate = f"{formatting.significant(peak.gflops)} GFLOP/s in fp32"
    size = f"{formatting.count(peak.size)} rows, {formatting.counted(peak.threads, 'thread')}"
    return f"{processor}: {rate}, the best of numpy's matrix products ({size})."


def doubt(measurements: Sequence[Measurement], about: About) -> str | None:
    """That this machine was busy otherwise, where a model outran the peak; None: nothing shows it.

    int8 may outrun an fp32 peak."""
    faster = any(m.share_of_peak is not None and m.share_of_peak > 1 for m in measurements)
    if not faster or about.precision == "int8":
        return None
    problem = "A model ran faster than the peak that was measured"
    reason = "so something else was computing here meanwhile"
    return f"{problem}, {reason}. Measure again when this machine is idle."


def reason_unusable(about: About, measurement: Measurement) -> str | None:
    """Why a measurement prices nothing; None where it may be used in Cost and Advise."""
    name = _model(about)
    if about.standin:
        return f"{name} is not BGE: its speed is not used for costs."
    if about.variant_id is None:
        why = "the catalog has no such model, or its file has another shape"
        return f"The speed of {name} is not used for costs: {why}."
    if about.engine == "remote":
        elsewhere = f"{name} answers from {about.where}, not from this machine"
        return f"{elsewhere}: its speed says nothing about this one."
    if _on_card(about):
        why = "a machine measured here is priced as its processor: run it on the CPU to price it"
        return f"{name} ran on a graphics card, and {why}."
    if about.precision is None:
        why = "a speed applies at one precision only, so it is not used for costs"
        return f"The precision of {name} is not known: {why}."
    if measurement.tokens_per_second is None:
        return f"{name} counts no tokens here, so its tokens per second are not known."
    if measurement.flops_per_second is None:
        outcome = "no other length or model can be priced from its speed"
        return f"The FLOPs of {name} are not known, so {outcome}."
    return None


def params(
    about: About,
    measurement: Measurement,
    usd_per_hour: float,
    memory_gib: float,
    on: date | None = None,
) -> dict[str, str | list[str]]:
    """Address parameters that bring a measurement and its machine to Cost or Advise.

    Raises AdvisorError: a figure that the form does not take, or one for `reason_unusable`."""
    stated = {
        "measured_variant": about.variant_id,
        "measured_tokens_per_second": float(f"{measurement.tokens_per_second or 0.0:.6g}"),
        "measured_tokens": max(1, round(measurement.tokens or 0)),
        "measured_precision": about.precision,
        "machine_usd_per_hour": usd_per_hour,
        "machine_memory_gib": memory_gib,
        "measured_on": (on or date.today()).isoformat(),
    }
    return Assumptions.of(stated).params()


def as_csv(
    measurements: Sequence[Measurement],
    about: About,
    here: Machine,
    catalog: Catalog,
    peak: Peak | None,
    on: date | None = None,
) -> str:
    """Measurements as rows of catalog/evidence/throughput.csv, for a model of the catalog."""
    variant_id = None if about.standin else about.variant_id
    variant = catalog.variants.get(variant_id or "")
    remote, card = about.engine == "remote", _on_card(about)
    parameters = variant.parameters if variant else None
    versions = f"numpy {np.__version__}, Python {platform.python_version()}"
    remarks = ["measured here"]
    if not variant:
        remarks.append(f"{_model(about)}, not a model of the catalog")
    if peak is not None and not remote:
        rate = f"{peak.gflops:,.0f} GFLOP/s on {formatting.counted(peak.threads, 'thread')}"
        remarks.append(f"the machine's own fp32 matrix product reached {rate}")
    processor = f"{here.name}, {here.vcpus} vCPUs"
    hardware = f"a graphics card beside {processor}" if card else f"CPU, {processor}"
    file = io.StringIO()
    table = csv.DictWriter(file, THROUGHPUT_COLUMNS, lineterminator="\n")
    table.writeheader()
    for m in measurements:
        median, p95 = _milliseconds(m.median_s), _milliseconds(m.p95_s)
        of_runs = f"a call, of {formatting.counted(m.runs, 'run')}"
        latency = f"median {median} and 95th percentile {p95} {of_runs}"
        row = {
            "variant": variant_id or "",
            "parameters": formatting.parameters(parameters) if parameters else "",
            "hardware": "an endpoint" if remote else hardware,
            "accelerator_count": "" if remote else int(card),
            "vcpus": "" if remote else here.vcpus,
            "runtime": runtime(about),
            "precision": about.precision or "",
            "batch": m.batch,
            "seq_len": "" if m.tokens is None else max(1, round(m.tokens)),
            "published_value": "" if m.tokens_per_second is None else f"{m.tokens_per_second:.5g}",
            "published_unit": "tokens/s",
            "docs_per_s": f"{m.passages_per_second:.4g}",
            "tokens_per_s": "" if m.tokens_per_second is None else f"{m.tokens_per_second:.4g}",
            "grade": "A",
            "source_id": MEASURED_SOURCE,
            "note": "; ".join([*remarks, latency, versions, (on or date.today()).isoformat()]),
        }
        table.writerow({key: guarded(value) for key, value in row.items()})
    return file.getvalue()


def runtime(about: About) -> str:
    """What ran the model, with versions: `fastembed 0.9.1 on onnxruntime 1.32.0`."""
    if about.engine == "remote":
        return "an endpoint"
    if about.engine == "torch":
        return f"{_versioned('transformers')} on {_versioned('torch')}"
    return f"{_versioned('fastembed')} on {_versioned('onnxruntime')}"


def _versioned(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return package


def _on_card(about: About) -> bool:
    """Whether the torch engine says among its notes that it computes on a CUDA card."""
    return about.engine == "torch" and any("on cuda" in note for note in about.notes)


def _model(about: About) -> str:
    """A model's name without the folder it was loaded from."""
    folder = PurePosixPath(about.model).is_absolute() or PureWindowsPath(about.model).drive
    return (PureWindowsPath(about.model).name or "The model") if folder else about.model


def fastest(measurements: Sequence[Measurement]) -> Measurement:
    """The measurement with the most tokens a second; the first where none counts tokens."""
    return max(measurements, key=lambda m: m.tokens_per_second or 0.0)


def seconds_taken(measurements: Sequence[Measurement]) -> float:
    """Seconds of all timed calls, about: the median of each times its runs."""
    return sum(m.runs * m.median_s for m in measurements)


def use_sentence(about: About, measurement: Measurement) -> str:
    """Which measurement is taken, as a sentence."""
    rate = formatting.significant(measurement.tokens_per_second or 0.0)
    tokens = formatting.count(round(measurement.tokens or 0))
    texts = f"{tokens} tokens per text and {formatting.count(measurement.batch)} at once"
    sentence = f"In use: {rate} tokens per second, {_model(about)} at {texts}."
    return f"{sentence} Other models are scaled by their FLOPs, and marked so."
