"""How fast a variant runs on a machine, and whether it fits: FLOPs, peaks and measured speeds."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from advisor.base.units import GIB
from advisor.catalog.cache import once_per_catalog
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Id, Instance, Measure, Variant

HardwareClass = Literal["gpu", "cpu"]
Precision = Literal["fp32", "fp16", "int8"]
PRECISION: dict[HardwareClass, Precision] = {"gpu": "fp16", "cpu": "fp32"}
"""The precision of plans unless another is stated: what servers load by default on each."""
BYTES_PER_VALUE = {"fp32": 4, "fp16": 2, "int8": 1}
RESERVE = 1.2
"""Weights and up to a fifth more for the runtime (source: accelerate-estimate)."""
BATCH_TOKENS = 16_384
"""Tokens in one forward pass (source: tei-main, the default of max_batch_tokens)."""
LIVE_VALUES = 12
"""Values of the hidden size that live at once for a token (decision 0006 lists them)."""
SPREAD = 6**0.5
"""High is six times low: at least 80 % of runs left out in turn fall inside (decision 0006)."""
LEAST_POINTS = 3
"""Measured speeds that a class of hardware needs for a plan on it: fewer show no spread."""
NVIDIA = "NVIDIA"
SCALED_SPREAD: dict[Precision, float] = {"fp32": 1.3, "fp16": 2.0, "int8": 2.0}
"""Base is divided and multiplied by it where a speed is scaled from another variant on the machine.

Our runs of eight variants differ by 1.29 at fp32, 1.98 at int8; fp16 was not tried (decision 0009).
"""


class Speed(NamedTuple):
    """Low, base and high of a rate."""

    low: float
    base: float
    high: float


class MeasuredMachine(Instance):
    """A visitor's machine, measured with one variant at one length of text and one precision."""

    variant: Id
    precision: Precision
    tokens_per_second: Measure
    tokens: Measure


@dataclass(frozen=True)
class Calibration:
    """Share of the peak that measured runs reached (MFU), for one class of hardware.

    Low and high are base divided and multiplied by `SPREAD`; base is the median of the medians of
    each runtime on each machine, so that none weighs more for being measured often.
    """

    mfu: Speed
    slowest: float
    fastest: float
    points: int
    machines: tuple[str, ...]
    measured: frozenset[tuple[str, str]]  # (machine, variant)
    sources: tuple[str, ...]


def flops_per_token(variant: Variant, tokens: float) -> float | None:
    """Operations for one token of a text of `tokens` tokens; None where the shape is not known.

    `2 x non-embedding parameters + 4 x layers x tokens x hidden`, half the attention term for a
    causal decoder. Source: kaplan-2020 and eleuther-math; the attention term is derived (each of QK
    and AV costs 2 x tokens x hidden).

    >>> from advisor import catalog
    >>> round(flops_per_token(catalog.load().variants["bge-large-en-v1.5"], 449) / 1e6)
    652
    """
    each = slope(variant)
    if variant.non_embedding_parameters is None or each is None:
        return None
    return base(variant) + each * tokens


def base(variant: Variant) -> float:
    """FLOPs for a token without attention."""
    return 2.0 * (variant.non_embedding_parameters or 0)


def slope(variant: Variant) -> float | None:
    """FLOPs for a token that each token of its text adds by attention."""
    if variant.layers is None or variant.hidden_size is None:
        return None
    return (2.0 if variant.pooling == "last_token" else 4.0) * variant.layers * variant.hidden_size


def hardware_class(catalog: Catalog, instance: Instance) -> HardwareClass | None:
    """`gpu` for NVIDIA cards, `cpu` where its class is known or a speed was measured; else None."""
    if isinstance(instance, MeasuredMachine):
        return "cpu"
    if instance.accelerator:
        return "gpu" if catalog.accelerators[instance.accelerator].vendor == NVIDIA else None
    return "cpu" if instance.cpu and instance.kind == "cpu" else None


def precision_of(kind: HardwareClass, wanted: str = "default") -> Precision:
    """The precision of a class of hardware: as wanted, or what servers load by default."""
    return PRECISION[kind] if wanted == "default" else cast(Precision, wanted)


def precision_on(instance: Instance, kind: HardwareClass, wanted: str = "default") -> Precision:
    """The precision on a machine: as wanted, else that of its measurement, or the default."""
    if isinstance(instance, MeasuredMachine) and wanted == "default":
        return instance.precision
    return precision_of(kind, wanted)


def measured_flops(
    catalog: Catalog, machine: MeasuredMachine, variant_id: str, wanted: str = "default"
) -> Speed | None:
    """Operations a second that a measured machine reaches; None at another precision.

    Tokens a second x FLOPs for a token at the measured length; for another variant than the one
    that was measured with `SCALED_SPREAD`.
    """
    flops = flops_per_token(catalog.variants[machine.variant], machine.tokens)
    if flops is None or wanted not in ("default", machine.precision):
        return None
    reached = machine.tokens_per_second * flops
    spread = 1.0 if variant_id == machine.variant else SCALED_SPREAD[machine.precision]
    return Speed(reached / spread, reached, reached * spread)


def peak_flops(catalog: Catalog, instance: Instance, precision: str = "default") -> float | None:
    """Dense peak operations a second of an instance at a precision; None where it is not known."""
    kind = hardware_class(catalog, instance)
    if kind is None:
        return None
    named = (instance.accelerator if kind == "gpu" else instance.cpu) or ""
    return _peak(catalog, kind, precision, named, instance.accelerator_count, instance.vcpu or 0.0)


def memory_bytes(catalog: Catalog, instance: Instance) -> float | None:
    """Bytes that one copy of a model may take: a card's memory, or its share of it, or the RAM."""
    if instance.accelerator:
        card = catalog.accelerators[instance.accelerator].memory_gb
        return card * 1e9 * min(1.0, instance.accelerator_count) if card else None
    return instance.ram_gib * GIB if instance.ram_gib else None


def weights_bytes(variant: Variant, precision: str) -> float | None:
    """Bytes of all parameters at a precision."""
    if variant.weights_bytes and precision in variant.weights_bytes:
        return float(variant.weights_bytes[precision])
    return float(variant.parameters * BYTES_PER_VALUE[precision]) if variant.parameters else None


def needed_bytes(variant: Variant, precision: str) -> float | None:
    """Weights, runtime and one batch's activations, with fused attention; None where not known.

    `1.2 x weights + 16,384 tokens x hidden x 12 values x bytes`.
    """
    weights = weights_bytes(variant, precision)
    if weights is None or variant.hidden_size is None:
        return None
    activations = BATCH_TOKENS * variant.hidden_size * LIVE_VALUES * BYTES_PER_VALUE[precision]
    return RESERVE * weights + activations


def attention_bytes(variant: Variant, precision: str, tokens: float) -> float | None:
    """Bytes of one text's attention matrix in a layer: `heads x tokens squared x bytes`."""
    if variant.heads is None:
        return None
    return variant.heads * tokens * tokens * BYTES_PER_VALUE[precision]


class _Run(NamedTuple):
    """One row of throughput.csv that calibrates: the share of the peak that it reached."""

    share: float
    machine: str
    runtime: str
    variant: str
    source: str


@once_per_catalog(8)
def calibrations(catalog: Catalog, precision: str = "default") -> dict[HardwareClass, Calibration]:
    """What measured speeds say of each class of hardware that has `LEAST_POINTS`, at a precision.

    MFU of a point = tokens a second x FLOPs a token / (peak of what ran it). Rows without
    `calibrates` are left out: something is not stated, or their source disowns them.
    """
    points: dict[HardwareClass, list[_Run]] = {"gpu": [], "cpu": []}
    for row in catalog.throughput.to_dict("records"):
        variant = catalog.variants[row["variant"]]
        flops = flops_per_token(variant, row["seq_len"])
        if flops is None or not row["calibrates"]:
            continue
        named, cards, vcpus = row["machine"], row["accelerator_count"], row["vcpus"]
        for kind, runs in points.items():
            peak = _peak(catalog, kind, precision, named, cards, vcpus)
            if peak and row["calibrates"] == precision_of(kind, precision):
                share = row["tokens_per_s"] * flops / peak
                runs.append(_Run(share, named, row["runtime"], row["variant"], row["source_id"]))
    return {kind: _calibration(runs) for kind, runs in points.items() if len(runs) >= LEAST_POINTS}


def _peak(
    catalog: Catalog, kind: HardwareClass, wanted: str, named: str, cards: float, vcpus: float
) -> float | None:
    """Dense peak operations a second of so many cards, or vCPUs, of one kind."""
    precision = precision_of(kind, wanted)
    if kind == "gpu" and named in catalog.accelerators:
        peaks = catalog.accelerators[named].peak_dense_tflops
        peak = {"fp16": peaks.fp16, "int8": peaks.int8_tops, "fp32": peaks.fp32}[precision]
        return peak * 1e12 * cards if peak else None
    if kind == "cpu" and named in catalog.cpus:
        cpu = catalog.cpus[named]
        rates = {"fp32": cpu.fp32_gflops_per_vcpu, "int8": cpu.int8_gops_per_vcpu}
        each = rates.get(precision)
        return each * 1e9 * vcpus if each and vcpus else None
    return None


def _calibration(runs: list[_Run]) -> Calibration:
    groups: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        groups.setdefault((run.machine, run.runtime), []).append(run.share)
    shares = [run.share for run in runs]
    base = statistics.median(statistics.median(group) for group in groups.values())
    return Calibration(
        mfu=Speed(base / SPREAD, base, min(1.0, base * SPREAD)),
        slowest=min(shares),
        fastest=max(shares),
        points=len(runs),
        machines=tuple(sorted({run.machine for run in runs})),
        measured=frozenset((run.machine, run.variant) for run in runs),
        sources=tuple(sorted({run.source for run in runs})),
    )
