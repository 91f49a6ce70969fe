"""The models that the benchmark times are the real architectures, and its rows fit the catalog's table."""

import csv
import math
import re
from dataclasses import replace

import numpy as np
import onnx
import pytest

from advisor.catalog.load import SHIPPED
from advisor.sizing.throughput import calibrations
from benchmarks import calibration, throughput
from benchmarks.throughput import Machine, Shape

TINY = Shape(
    layers=2,
    hidden=12,
    heads=3,
    kv_heads=3,
    head_dim=4,
    feed_forward=20,
    positions=9,
    vocabulary=30,
)
GENOA = {
    "vendor_id": "AuthenticAMD",
    "cpu family": "25",
    "model": "17",
    "stepping": "1",
    "flags": "avx2 avx512f",
}
XEON = {
    "vendor_id": "GenuineIntel",
    "cpu family": "6",
    "model": "85",
    "stepping": "7",
    "flags": "avx512f",
}
IDS = np.array([[3, 7, 29, 0, 5], [1, 2, 4, 11, 8]])
MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])


def norm(x, scale, shift):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * scale + shift


def softmax(x):
    raised = np.exp(x - x.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def hidden_states(shape, w, ids, mask):
    """BERT's forward pass, text by text and head by head, in float64."""
    erf, texts = np.vectorize(math.erf), []
    for row, real in zip(ids, mask, strict=True):
        x = w["words"][row] + w["positions"][shape.first_position :][: len(row)] + w["segment"]
        x = norm(x, w["embedding.weight"], w["embedding.bias"])
        for layer in range(shape.layers):

            def linear(x, name, layer=layer):
                return x @ w[f"{layer}.{name}.weight"] + w[f"{layer}.{name}.bias"]

            q, k, v = (linear(x, name) for name in ("query", "key", "value"))
            heads = []
            for head in range(shape.heads):
                part = slice(head * shape.head_dim, (head + 1) * shape.head_dim)
                scores = q[:, part] @ k[:, part].T / math.sqrt(shape.head_dim)
                heads.append(softmax(np.where(real, scores, -np.inf)) @ v[:, part])
            x = norm(
                x + linear(np.hstack(heads), "output"),
                w[f"{layer}.attention_norm.weight"],
                w[f"{layer}.attention_norm.bias"],
            )
            f = linear(x, "up")
            f = f * (1 + erf(f / math.sqrt(2))) / 2
            x = norm(x + linear(f, "down"), w[f"{layer}.norm.weight"], w[f"{layer}.norm.bias"])
        texts.append(x)
    return np.array(texts)


def weights(model):
    return {
        each.name: onnx.numpy_helper.to_array(each).astype(float)
        for each in model.graph.initializer
    }


def result(model, ids=IDS, mask=MASK):
    return throughput.session(model.SerializeToString()).run(
        None, {"input_ids": ids, "attention_mask": mask}
    )[0]


@pytest.mark.parametrize("first_position", [0, 2], ids=["BERT", "XLM-R"])
def test_the_encoder_gives_the_vector_of_a_plain_forward_pass(first_position):
    shape = replace(TINY, first_position=first_position)
    model = throughput.encoder(shape)
    first = hidden_states(shape, weights(model), IDS, MASK)[:, 0]
    assert result(model) == pytest.approx(
        first / np.linalg.norm(first, axis=-1, keepdims=True), abs=1e-5
    )


def test_the_reranker_gives_the_score_of_a_plain_forward_pass():
    model = throughput.encoder(replace(TINY, reranker=True))
    w = weights(model)
    dense = np.tanh(hidden_states(TINY, w, IDS, MASK)[:, 0] @ w["dense.weight"] + w["dense.bias"])
    assert result(model) == pytest.approx(dense @ w["score.weight"] + w["score.bias"], abs=1e-5)


def test_the_decoder_reads_what_is_before_a_token_in_its_order_and_nothing_that_is_padding():
    model = throughput.decoder(replace(TINY, heads=4, kv_heads=2, decoder=True))
    whole, swapped, other = IDS[1:], IDS[1:, [1, 0, 2, 3, 4]], IDS[1:].copy()
    other[0, 0] = 9
    assert np.abs(result(model, whole, MASK[1:]) - result(model, swapped, MASK[1:])).max() > 1e-3
    padded = np.array([[0, 1, 1, 1, 1]])
    assert result(model, whole, padded) == pytest.approx(result(model, other, padded), abs=1e-6)


@pytest.mark.parametrize("decoder", [False, True])
def test_the_models_hold_as_many_weights_as_the_catalog_says(catalog, decoder):
    keys = [
        key
        for key, variant in catalog.families["bge"].variants.items()
        if (variant.pooling == "last_token") == decoder
    ]
    for key in keys:
        variant = catalog.variants[key]
        shape = Shape.of(variant)
        tables = (
            0 if decoder else shape.positions * shape.hidden
        )  # what is left are biases, norms and pooler
        assert shape.weights + tables == pytest.approx(
            variant.non_embedding_parameters, rel=0.015
        ), key


def test_quantised_it_still_runs():
    assert np.shape(throughput.cpu_run(TINY, "int8")(2, 5)()) == (1, 2, 12)


@pytest.mark.parametrize("decoder", [False, True])
def test_torch_computes_what_onnxruntime_does(decoder):
    pytest.importorskip("torch")
    shape = (
        replace(TINY, heads=4, head_dim=3, kv_heads=4)
        if not decoder
        else replace(TINY, heads=4, kv_heads=2, decoder=True)
    )
    expected = throughput.cpu_run(shape, "fp32")(2, 5)()[0]
    assert throughput.gpu_run(shape, "cpu")(2, 5)().numpy() == pytest.approx(expected, abs=1e-5)


def machine(catalogued):
    return Machine("CPU, Some CPU, 2 vCPUs", 0, 2, "onnxruntime 1.0", catalogued, 1e11, "onnx 1.0")


@pytest.mark.parametrize("catalogued", ["zen4", ""])
def test_a_row_has_the_columns_of_the_table_and_calibrates_only_for_a_known_machine(
    catalog, catalogued
):
    with (SHIPPED / "evidence" / "throughput.csv").open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    variant = catalog.variants["bge-multilingual-gemma2"]
    built = replace(Shape.of(variant), layers=2)
    row = throughput.row(
        "bge-multilingual-gemma2", variant, built, machine(catalogued), "fp32", 32, 449, 12.345
    )
    assert list(row) == columns
    assert (row["machine"], row["calibrates"]) == (catalogued, "fp32" if catalogued else "")
    assert row["parameters"] == "9.24B" and ["2", "42"] in [
        re.findall(r"\d+", remark) for remark in row["note"].split("; ")
    ]  # layers


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        (GENOA, "zen4"),
        (GENOA | {"model": "1"}, ""),
        (XEON, "avx512-vnni-cascade-lake"),
        (XEON | {"stepping": "4"}, ""),
        (XEON | {"model": "143"}, "amx-sapphire-rapids"),
        (XEON | {"model": "207"}, ""),
        ({}, ""),
    ],
    ids=[
        "Genoa",
        "Milan",
        "Cascade Lake",
        "Skylake",
        "Sapphire Rapids",
        "Emerald Rapids",
        "no cpuinfo",
    ],
)
def test_a_cpu_is_of_a_class_only_where_its_numbers_say_so(catalog, facts, known):
    assert throughput.cpu_class(facts) == known
    assert not known or known in catalog.cpus


def test_a_left_out_runtime_is_judged_by_the_others(catalog):
    points = catalog.throughput.iloc[[0] * 5].assign(
        machine="l4", accelerator_count=1, calibrates="fp16"
    )
    points = points.assign(
        runtime=list("ABCDE"), tokens_per_s=[60_000.0, 55_000.0, 50_000.0, 45_000.0, 18_000.0]
    )
    only = replace(catalog, throughput=points)
    found = {left.name: left for left in calibration.left_out(only, "default", "runtime")}
    slowest = found[
        "E"
    ]  # the middle of the others is 52,500, and their low end that over the root of six, 21,433
    assert (
        slowest.inside == 0
        and slowest.shares[0] < slowest.rest.mfu.low
        and slowest.rest.points == 4
    )
    assert slowest.rest.mfu.low / slowest.shares[0] == pytest.approx(52_500 / math.sqrt(6) / 18_000)
    assert [found[runtime].inside for runtime in "ABCD"] == [1] * 4
    assert (
        max(share for left in found.values() for share in left.shares)
        == calibrations(only)["gpu"].fastest
    )
    assert [left.rest for left in calibration.left_out(only, "default", "machine")] == [None]


def test_of_runtimes_and_machines_left_out_in_turn_four_in_five_runs_lie_inside_the_range(catalog):
    for axis, least in (("runtime", 19), ("machine", 14)):
        tried = [
            left for left in calibration.left_out(catalog, "default", axis) if left.rest is not None
        ]
        runs = sum(len(left.shares) for left in tried)
        assert runs >= least and sum(left.inside for left in tried) / runs >= 0.8
    assert all(c.mfu.high <= 6.000001 * c.mfu.low for c in calibrations(catalog).values())
