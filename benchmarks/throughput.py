"""Tokens a second of every BGE architecture, with random weights, on this machine: rows for catalog/evidence/throughput.csv.

python -m benchmarks.throughput [--variants a,b] [--lengths 128,449] [--batches 1,32] [--precisions fp32,int8,fp16] [--seconds 10] [--out FILE.csv]

The speed does not depend on what the weights are, so none are downloaded. fp32 and int8 run through onnxruntime on the CPU,
fp16 through torch on a CUDA card where there is one. Rows go to --out, or to stdout; what is going on goes to stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gc
import importlib.util
import logging
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from advisor import catalog as catalogs
from advisor.base.units import GIB
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.catalog.tables import THROUGHPUT_COLUMNS
from advisor.sizing.throughput import flops_per_token
from tools.onnx_models import Graph, Shape, hidden_states, score

SOURCE = "own-throughput-2026-11"
MISSING = "This benchmark needs onnx and onnxruntime: .venv/bin/python -m pip install onnx onnxruntime (the group `bench` of pyproject.toml)."
DECODER_LAYERS = 2
"""Layers of the decoder that are built: all 42 take 33 GB in fp32."""
REPEATS = 3
WEIGHT_COPIES = 6
"""Copies of the fp32 weights that live at once while a model is written, quantised and loaded (seen: 5.1)."""
Run = Callable[[int, int], Callable[[], object]]
"""Batch and tokens to one forward pass."""


def encoder(shape: Shape) -> Any:
    """BERT or XLM-R: the unit vector of the first token, or a reranker's score; opset 17, as the published exports are old too."""
    g = Graph()
    last = hidden_states(g, shape)
    if shape.reranker:
        return g.model("result", score(g, shape, last))
    first = g.op("Gather", last, g.constant(0, np.int64), axis=1)
    return g.model("result", g.op("LpNormalization", first, axis=-1, p=2))


def rotation(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of each position and half dimension, twice over; base 10,000."""
    angles = np.outer(
        np.arange(shape.positions), 10_000.0 ** -(np.arange(0, shape.head_dim, 2) / shape.head_dim)
    )
    return np.cos(np.tile(angles, 2)).astype(np.float32), np.sin(np.tile(angles, 2)).astype(
        np.float32
    )


def rotated(g: Graph, x: str, cos: str, sin: str, head_dim: int) -> str:
    """Rotary positions: x cos + (-second half, first half) sin."""
    zero, half, end, axis = (g.constant([n], np.int64) for n in (0, head_dim // 2, head_dim, -1))
    turned = g.op(
        "Concat",
        g.op("Neg", g.op("Slice", x, half, end, axis)),
        g.op("Slice", x, zero, half, axis),
        axis=-1,
    )
    return g.op("Add", g.op("Mul", x, cos), g.op("Mul", turned, sin))


def decoder(shape: Shape) -> Any:
    """Gemma 2: the unit vector of the last token; each two heads share a key and a value. Source: transformers, modeling_gemma2."""
    g, wide, dim, groups = Graph(), shape.hidden, shape.head_dim, shape.heads // shape.kv_heads
    x = g.op(
        "Mul",
        g.op("Gather", g.weight("words", shape.vocabulary, wide), "input_ids"),
        g.constant(wide**0.5),
    )
    places = g.positions(0)
    cos, sin = (g.op("Gather", g.constant(table), places) for table in rotation(shape))
    later = g.op("Less", g.op("Unsqueeze", places, g.constant([1], np.int64)), places)
    mask = g.op(
        "Add", g.padding([1, 2, 3]), g.op("Mul", g.op("Cast", later, to=1), g.constant(-1e9))
    )
    cap, scale, heads = g.constant(50), g.constant(dim**-0.5), [shape.kv_heads, groups, dim]
    for layer in range(shape.layers):
        r = g.rms_norm(x, f"{layer}.before_attention", wide)
        q = g.split(
            g.linear(r, f"{layer}.query", wide, shape.heads * dim, bias=False),
            heads,
            [0, 2, 3, 1, 4],
        )
        k, v = (
            g.split(
                g.linear(r, f"{layer}.{name}", wide, shape.kv_heads * dim, bias=False),
                [shape.kv_heads, 1, dim],
                [0, 2, 3, 1, 4],
            )
            for name in ("key", "value")
        )
        k = g.op("Transpose", rotated(g, k, cos, sin, dim), perm=[0, 1, 2, 4, 3])
        scores = g.op("Mul", g.op("MatMul", rotated(g, q, cos, sin, dim), k), scale)
        scores = g.op("Mul", g.op("Tanh", g.op("Div", scores, cap)), cap)
        joined = g.op("MatMul", g.op("Softmax", g.op("Add", scores, mask), axis=-1), v)
        joined = g.op(
            "Reshape",
            g.op("Transpose", joined, perm=[0, 3, 1, 2, 4]),
            g.constant([0, 0, shape.heads * dim], np.int64),
        )
        attended = g.linear(joined, f"{layer}.output", shape.heads * dim, wide, bias=False)
        x = g.op("Add", x, g.rms_norm(attended, f"{layer}.after_attention", wide))
        r = g.rms_norm(x, f"{layer}.before_feed_forward", wide)
        gate, up = (
            g.linear(r, f"{layer}.{name}", wide, shape.feed_forward, bias=False)
            for name in ("gate", "up")
        )
        f = g.op("Mul", g.op("Gelu", gate, approximate="tanh"), up)
        f = g.linear(f, f"{layer}.down", shape.feed_forward, wide, bias=False)
        x = g.op("Add", x, g.rms_norm(f, f"{layer}.after_feed_forward", wide))
    last = g.op("Gather", g.rms_norm(x, "norm", wide), g.constant(-1, np.int64), axis=1)
    return g.model("result", g.op("LpNormalization", last, axis=-1, p=2), opset=23)


def session(model: str | bytes) -> Any:
    """A model in onnxruntime on the CPU, with its own choice of threads unless this process may use only some CPUs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 0 if vcpus() == os.cpu_count() else vcpus()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def cpu_run(shape: Shape, precision: str) -> Run:
    """The forward pass of a shape through onnxruntime; int8 by its dynamic quantisation of every matrix product with weights."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.onnx"
        onnx.save((decoder if shape.decoder else encoder)(shape), path)
        if precision == "int8":
            logging.getLogger().setLevel(
                logging.ERROR
            )  # it asks for shapes that only convolutions need
            quantize_dynamic(
                path,
                f"{folder}/int8.onnx",
                op_types_to_quantize=["MatMul"],
                weight_type=QuantType.QInt8,
            )
            path = f"{folder}/int8.onnx"
        loaded = session(path)

    def given(batch: int, tokens: int) -> Callable[[], object]:
        texts = np.random.default_rng(0).integers(0, shape.vocabulary, (batch, tokens))
        feed = {"input_ids": texts, "attention_mask": np.ones_like(texts)}
        return lambda: loaded.run(None, feed)

    return given


def cpu_peak(seconds: float) -> float:
    """Operations a second of a 2048-wide fp32 matrix product through onnxruntime: the best of many."""
    from onnx import TensorProto, helper

    g, n = Graph(), 2048
    g.op("MatMul", "x", g.weight("weight", n, n))
    given, result = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [n, n])
        for name in ("x", g.nodes[0].output[0])
    )
    graph = helper.make_graph(g.nodes, "product", [given], [result], list(g.tensors.values()))
    run = session(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10
        ).SerializeToString()
    )
    x = np.random.default_rng(1).standard_normal((n, n), np.float32)
    return 2 * n**3 / min(seconds_taken(lambda: run.run(None, {"x": x}), seconds, least=5))


def seconds_taken(run: Callable[[], object], seconds: float, least: int = REPEATS) -> list[float]:
    """Each repetition's time: `least` of them, and more until `seconds` are over; a warm-up of a fifth of that goes before."""
    warm = time.perf_counter() + seconds / 5
    run()
    while time.perf_counter() < warm:
        run()
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < least or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return taken


def gpu_run(shape: Shape, device: str = "cuda") -> Run:
    """The forward pass of a shape through torch in fp16 (fp32 off the card), with the weights of the ONNX model and fused attention."""
    import torch
    from onnx import numpy_helper

    kind = torch.float16 if device == "cuda" else torch.float32
    built = (decoder if shape.decoder else encoder)(shape)
    weights = {
        t.name: torch.from_numpy(numpy_helper.to_array(t).copy())
        for t in built.graph.initializer
        if "constant" not in t.name
    }
    weights = {
        name: value.to(device, kind).T.contiguous() if value.ndim == 2 else value.to(device, kind)
        for name, value in weights.items()
    }
    forward = torch_decoder if shape.decoder else torch_encoder
    tables = [torch.from_numpy(table).to(device, kind) for table in rotation(shape)]

    def given(batch: int, tokens: int) -> Callable[[], object]:
        ids = torch.from_numpy(
            np.random.default_rng(0).integers(0, shape.vocabulary, (batch, tokens))
        ).to(device)

        def run() -> object:
            with torch.inference_mode():
                return (
                    forward(shape, weights, ids, [table[:tokens] for table in tables]).float().cpu()
                )

        return run

    return given


def torch_encoder(shape: Shape, w: dict[str, Any], ids: Any, tables: list[Any]) -> Any:
    """As `encoder`, in torch."""
    from torch.nn import functional as F

    batch, tokens = ids.shape

    def linear(x: Any, name: str) -> Any:
        return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def norm(x: Any, name: str) -> Any:
        return F.layer_norm(x, (shape.hidden,), w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    places = w["positions"].T[shape.first_position : shape.first_position + tokens]
    x = norm(F.embedding(ids, w["words"].T) + places + w["segment"], "embedding")
    for layer in range(shape.layers):
        q, k, v = (
            linear(x, f"{layer}.{name}")
            .view(batch, tokens, shape.heads, shape.head_dim)
            .transpose(1, 2)
            for name in ("query", "key", "value")
        )
        joined = (
            F.scaled_dot_product_attention(q, k, v)
            .transpose(1, 2)
            .reshape(batch, tokens, shape.hidden)
        )
        x = norm(linear(joined, f"{layer}.output") + x, f"{layer}.attention_norm")
        x = norm(linear(F.gelu(linear(x, f"{layer}.up")), f"{layer}.down") + x, f"{layer}.norm")
    return (
        linear(linear(x[:, 0], "dense").tanh(), "score")
        if shape.reranker
        else F.normalize(x[:, 0].float(), dim=-1)
    )


def torch_decoder(shape: Shape, w: dict[str, Any], ids: Any, tables: list[Any]) -> Any:
    """As `decoder`, in torch; the cap on the scores rules out its fused attention."""
    import torch
    from torch.nn import functional as F

    (batch, tokens), dim = ids.shape, shape.head_dim
    later = torch.ones(tokens, tokens, dtype=torch.bool, device=ids.device).triu(1)

    def linear(x: Any, name: str) -> Any:
        return F.linear(x, w[f"{name}.weight"])

    def norm(x: Any, name: str) -> Any:
        return F.rms_norm(x, (shape.hidden,), w[f"{name}.weight"], 1e-6)

    def heads(x: Any, count: int) -> Any:
        return x.view(batch, tokens, count, dim).transpose(1, 2)

    def turned(x: Any) -> Any:
        return x * tables[0] + torch.cat((-x[..., dim // 2 :], x[..., : dim // 2]), -1) * tables[1]

    x = F.embedding(ids, w["words"].T) * shape.hidden**0.5
    for layer in range(shape.layers):
        r = norm(x, f"{layer}.before_attention")
        q = turned(heads(linear(r, f"{layer}.query"), shape.heads))
        k, v = (heads(linear(r, f"{layer}.{name}"), shape.kv_heads) for name in ("key", "value"))
        k, v = (each.repeat_interleave(shape.heads // shape.kv_heads, 1) for each in (turned(k), v))
        scores = ((q @ k.transpose(-1, -2)) * dim**-0.5 / 50).tanh() * 50
        joined = scores.masked_fill(later, float("-inf")).softmax(-1) @ v
        attended = linear(
            joined.transpose(1, 2).reshape(batch, tokens, shape.heads * dim), f"{layer}.output"
        )
        x = x + norm(attended, f"{layer}.after_attention")
        r = norm(x, f"{layer}.before_feed_forward")
        f = F.gelu(linear(r, f"{layer}.gate"), approximate="tanh") * linear(r, f"{layer}.up")
        x = x + norm(linear(f, f"{layer}.down"), f"{layer}.after_feed_forward")
    return F.normalize(norm(x, "norm")[:, -1].float(), dim=-1)


def gpu_peak(seconds: float) -> float:
    """Operations a second of an 8192-wide fp16 matrix product through torch: the best of many."""
    import torch

    x = torch.randn(8192, 8192, device="cuda", dtype=torch.float16)

    def run() -> None:
        x @ x
        torch.cuda.synchronize()

    return 2 * 8192**3 / min(seconds_taken(run, seconds, least=5))


@dataclass(frozen=True)
class Machine:
    """What computes: the columns of a row that say so, and the peak that it was seen to reach."""

    hardware: str
    accelerators: int
    vcpus: int
    runtime: str
    catalogued: str
    peak: float
    versions: str


def vcpus() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_facts() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; empty where there is none."""
    with contextlib.suppress(OSError):
        first = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
        return {
            name.strip(): value.strip()
            for name, _, value in (line.partition(":") for line in first.splitlines())
        }
    return {}


def cpu_class(facts: dict[str, str]) -> str:
    """Id of the catalog's CPU class that these family and model numbers surely are; empty for all else.

    Source: arch/x86/kernel/cpu/amd.c and arch/x86/include/asm/intel-family.h of Linux. Graviton4 stays out: other makers'
    CPUs have the same Neoverse V2 cores at another clock. Emerald Rapids (207) is no class of the catalog.
    """
    try:
        family, model, stepping = (int(facts[name]) for name in ("cpu family", "model", "stepping"))
    except (KeyError, ValueError):
        return ""
    maker, wide = facts.get("vendor_id"), "avx512f" in facts.get("flags", "").split()
    if not wide:
        return ""
    if (
        maker == "AuthenticAMD"
        and family == 25
        and (0x10 <= model <= 0x1F or 0x60 <= model <= 0xAF)
    ):
        return "zen4"
    if maker == "GenuineIntel" and family == 6:
        cascade_lake = model == 85 and stepping in (5, 6, 7)
        return (
            "avx512-vnni-cascade-lake"
            if cascade_lake
            else {143: "amx-sapphire-rapids", 173: "amx-granite-rapids"}.get(model, "")
        )
    return ""


def this_cpu(seconds: float) -> Machine:
    import onnx
    import onnxruntime

    facts = cpu_facts()
    numbers = (
        f" (family {facts['cpu family']}, model {facts['model']})" if "cpu family" in facts else ""
    )
    return Machine(
        hardware=f"CPU, {facts.get('model name') or platform.machine()}{numbers}, {vcpus()} vCPUs",
        accelerators=0,
        vcpus=vcpus(),
        runtime=f"onnxruntime {onnxruntime.__version__}",
        catalogued=cpu_class(facts),
        peak=cpu_peak(seconds),
        versions=f"onnx {onnx.__version__}, numpy {np.__version__}, Python {platform.python_version()}",
    )


def this_gpu(catalog: Catalog, seconds: float) -> Machine | None:
    """The first CUDA card; None where there is none, or no torch."""
    if not importlib.util.find_spec("torch"):
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    name = torch.cuda.get_device_name(0)
    return Machine(
        hardware=name,
        accelerators=1,
        vcpus=vcpus(),
        runtime=f"torch {torch.__version__}",
        catalogued=next(
            (key for key, card in catalog.accelerators.items() if card.name == name), ""
        ),
        peak=gpu_peak(seconds),
        versions=f"CUDA {torch.version.cuda}, Python {platform.python_version()}",
    )


def free_bytes() -> float:
    """RAM that is free now; without bound where Linux does not say."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return 1024.0 * int(
            next(line for line in lines if line.startswith("MemAvailable")).split()[1]
        )
    return float("inf")


def row(
    key: str,
    variant: Variant,
    built: Shape,
    machine: Machine,
    precision: str,
    batch: int,
    tokens: int,
    rate: float,
) -> dict[str, Any]:
    """One line of throughput.csv."""
    millions = (variant.parameters or 0) / 1e6
    remarks = [
        "random weights",
        f"token table cut to {built.vocabulary:,} rows",
        "texts without padding, special tokens counted",
    ]
    if built.layers != variant.layers:
        remarks.append(f"extrapolated from {built.layers} layers to {variant.layers}")
    if precision == "int8":
        remarks.append("dynamic quantisation of the matrix products with weights")
    own = "fp16" if machine.accelerators else "fp32"
    remarks.append(
        f"the machine's own {own} matrix product reached {machine.peak / 1e9:,.0f} GFLOP/s"
    )
    return {
        "variant": key,
        "parameters": f"{millions / 1000:.3g}B" if millions >= 1000 else f"{millions:.3g}M",
        "hardware": machine.hardware,
        "accelerator_count": machine.accelerators,
        "vcpus": machine.vcpus,
        "runtime": machine.runtime,
        "precision": precision,
        "batch": batch,
        "seq_len": tokens,
        "published_value": f"{rate:.5g}",
        "published_unit": "tokens/s",
        "docs_per_s": f"{rate / tokens:.4g}",
        "tokens_per_s": round(rate) if rate >= 100 else f"{rate:.3g}",
        "machine": machine.catalogued,
        "calibrates": precision if machine.catalogued else "",
        "grade": "A",
        "source_id": SOURCE,
        "note": "; ".join([*remarks, machine.versions, f"{date.today():%Y-%m-%d}"]),
    }


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measured(
    key: str, variant: Variant, machine: Machine, precision: str, asked: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """The rows of one variant at one precision, each as it is found."""
    shape = Shape.of(variant)
    built = replace(shape, layers=DECODER_LAYERS) if shape.decoder else shape
    wanted = WEIGHT_COPIES * 4 * built.weights
    if wanted > free_bytes():
        say(
            f"{key}, {precision}: skipped, for it takes {wanted / GIB:.1f} GiB of memory and {free_bytes() / GIB:.1f} are free."
        )
        return
    run = gpu_run(built) if precision == "fp16" else cpu_run(built, precision)
    for tokens in asked.lengths:
        if tokens > variant.max_tokens:
            say(f"{key}, {tokens} tokens: skipped, for it reads {variant.max_tokens} at most.")
            continue
        for batch in asked.batches:
            if precision != "fp16" and built.live_bytes(batch, tokens) > free_bytes():
                say(
                    f"{key}, {batch} x {tokens} tokens: skipped, for the pass takes {built.live_bytes(batch, tokens) / GIB:.1f} GiB of memory."
                )
                continue
            taken = seconds_taken(run(batch, tokens), asked.seconds)
            rate = batch * tokens / statistics.median(taken) * built.layers / shape.layers
            share = rate * (flops_per_token(variant, tokens) or 0) / machine.peak
            spread = f"{len(taken)} passes, {min(taken):.3g} to {max(taken):.3g} s"
            say(
                f"{key}, {precision}, {batch} x {tokens} tokens: {rate:,.0f} tokens/s, {share:.0%} of the matrix product's rate ({spread})"
            )
            yield row(key, variant, built, machine, precision, batch, tokens, rate)


def arguments() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(each) for each in text.split(",")]

    variants = catalogs.load().families["bge"].variants
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--variants",
        type=lambda text: text.split(","),
        default=list(variants),
        help="ids, joined by commas; all of BGE's",
    )
    parser.add_argument(
        "--lengths",
        type=numbers,
        default=[128, 449],
        help="tokens of each text; 449 is that of the published runs",
    )
    parser.add_argument("--batches", type=numbers, default=[1, 32], help="texts in one pass")
    parser.add_argument(
        "--precisions",
        type=lambda text: text.split(","),
        default=["fp32", "int8", "fp16"],
        help="fp16 is the card's",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=10.0,
        help=f"for each point; at least {REPEATS} passes are made all the same",
    )
    parser.add_argument("--out", type=Path, help="CSV file, written anew; else stdout")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.variants) - set(variants)):
        parser.error(f"no variant {', '.join(unknown)}; there are {', '.join(variants)}.")
    if unknown := sorted(set(asked.precisions) - {"fp32", "int8", "fp16"}):
        parser.error(f"no precision {', '.join(unknown)}; there are fp32, int8 and fp16.")
    return asked


def machines(catalog: Catalog, asked: argparse.Namespace) -> dict[str, Machine]:
    """What each precision asked for runs on; says what is left out."""
    found: dict[str, Machine] = {}
    if on_cpu := [each for each in asked.precisions if each != "fp16"]:
        found |= dict.fromkeys(on_cpu, this_cpu(asked.seconds))
    if "fp16" in asked.precisions:
        if gpu := this_gpu(catalog, asked.seconds):
            found["fp16"] = gpu
        else:
            say("fp16: skipped, for there is no CUDA card here, or no torch that reaches it.")
    for machine in dict.fromkeys(found.values()):
        known = machine.catalogued or "not a class of the catalog, so its rows calibrate nothing"
        say(
            f"{machine.hardware} ({known}): matrix product {machine.peak / 1e9:,.0f} GFLOP/s, {machine.runtime}"
        )
    return found


def main() -> None:
    asked = arguments()
    if not all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime")):
        sys.exit(MISSING)
    catalog = catalogs.load()
    with contextlib.ExitStack() as stack:
        file = (
            stack.enter_context(asked.out.open("w", newline="", encoding="utf-8"))
            if asked.out
            else sys.stdout
        )
        table = csv.DictWriter(file, THROUGHPUT_COLUMNS, lineterminator="\n")
        table.writeheader()
        found = machines(catalog, asked)
        for precision, machine in found.items():
            for key in asked.variants:
                for line in measured(key, catalog.variants[key], machine, precision, asked):
                    table.writerow(line)
                    file.flush()  # a run that is cut off keeps what it has measured
                gc.collect()
    if set(found) - {"fp16"}:
        again = cpu_peak(asked.seconds) / 1e9
        say(
            f"CPU's matrix product once more: {again:,.0f} GFLOP/s; where that is far from the first, others ran here: measure anew."
        )


if __name__ == "__main__":
    main()
