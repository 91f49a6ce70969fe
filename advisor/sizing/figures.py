"""What a workload takes at every place: tokens, machines, money and time, each formula once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.ask.workload import SECONDS_PER_MONTH, Workload
from advisor.base.units import HOURS_PER_MONTH
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Variant
from advisor.sizing import latency, storage, throughput
from advisor.sizing.ranges import ENDS, Cost, Float64s, Range, floats
from advisor.sizing.storage import IndexSize
from advisor.sizing.tokens import Tokens, tokens_sent

MILLION = 1_000_000
SPEEDS = dict(zip(ENDS, reversed(ENDS), strict=True))
"""The end of the speed that goes with each end of cost: the low cost with the high speed."""


@dataclass(frozen=True)
class Rates:
    """What each place charges and how fast it computes, one row a plan; no workload changes it.

    Not a number where not known, and for an endpoint where only a machine has it, or the reverse.
    """

    prices: Float64s  # US dollars a token
    free: Float64s  # US dollars a month that a free allocation takes off at best
    rents: Float64s  # US dollars a month for one machine
    flops: dict[str, Float64s]  # FLOP/s of one machine at each end
    cards: Float64s  # over which a machine's speed is spread; a request runs on one of them
    read_ms: Float64s  # to read the weights once from a card's memory; 0: not known
    hosted: npt.NDArray[np.bool_]
    measured: npt.NDArray[np.bool_]  # on a machine whose speed the visitor measured
    loads: npt.NDArray[np.int64]  # row of the distinct (variant, limit) pairs


class Load(NamedTuple):
    """What a workload asks of a variant with one limit; None where its shape is not known."""

    tokens: Tokens
    size: IndexSize
    index_usd: Cost
    request_flops: float | None  # for one query
    passage_flops: float | None
    token_flops: float | None  # for one token of the typical input


class Figures(NamedTuple):
    """The figures of every plan, one row each; by end (low, base, high) where they have ends.

    US dollars are unrounded: of encoding or reranking in a month, of keeping the index (its known
    parts), and `once` of the first encoding. `needed` is the share of one machine's speed that the
    peak load takes, `service_ms` the time of a request on an idle machine. `free_covers`: a free
    allocation covers the month, if the load comes evenly; `sure` are the US dollars a month that a
    budget is held against, which leave out what is covered.
    Ends are those of the cost, but for `flops` and `tokens_per_second`, which are low where slow.
    """

    monthly_tokens: Float64s
    input_typical: Float64s
    input_p95: Float64s
    flops: dict[str, Float64s]
    tokens_per_second: dict[str, Float64s]
    needed: dict[str, Float64s]
    service_ms: dict[str, Float64s]
    replicas: dict[str, Float64s]
    latency_ms: dict[str, Float64s]
    first_hours: dict[str, Float64s]
    encoding: dict[str, Float64s]
    keeping: dict[str, Float64s]
    once: dict[str, Float64s]
    free_covers: npt.NDArray[np.bool_]
    sure: Float64s


def hosted_usd(tokens: Any, usd_per_token: Any, free_usd: Any = 0) -> Any:
    """US dollars for tokens at an endpoint, less what is free; numbers, or arrays of one shape.

    >>> round(float(hosted_usd(250_000_000, 0.01 / MILLION)), 6)
    2.5
    """
    return np.maximum(0, usd_per_token * tokens - free_usd)


def first_hours(passages: Any, passage_flops: Any, flops: Any) -> Any:
    """Hours that one machine takes for the first encoding of a corpus; numbers, or arrays."""
    return passages * passage_flops / flops / 3600


def load_of(
    catalog: Catalog, workload: Workload, variant: Variant, limit: int | None, ram: Range | None
) -> Load:
    """What the workload asks of one variant whose inputs are cut at `limit`.

    `ram` is the price of a GiB of memory in a month. The FLOPs for a token grow with the length of
    its text (see `throughput.flops_per_token`); every part counts as long as the typical one.
    """
    tokens = tokens_sent(workload, variant, limit)
    size = storage.index_size(variant, tokens, workload)
    written = storage.written_bytes(variant, tokens, workload)
    index = storage.index_usd_per_month(catalog, workload, size, ram, written)
    slope, base = throughput.slope(variant), throughput.base(variant)
    if slope is None or not base:
        return Load(tokens, size, index, None, None, None)
    if variant.kind == "reranker":
        token = base + slope * tokens.per_input
        request = workload.rerank_candidates * tokens.per_input * token
        return Load(tokens, size, index, request, 0.0, token)
    token = base + slope * tokens.per_input
    request = tokens.query * (base + slope * tokens.query)
    return Load(tokens, size, index, request, tokens.per_passage * token, token)


def figures_of(
    rates: Rates, loads: tuple[Load, ...], workload: Workload, filling: float, speed_percent: float
) -> Figures:
    """Machines, money and time of every plan. Source of the formulas: decision 0006.

    Machines are filled to the share `filling` at the peak. `speed_percent` is the visitor's share
    of an estimated speed; what was measured is no estimate.
    """

    def spread(numbers: Iterable[float | Decimal | None]) -> Float64s:
        return floats(numbers)[rates.loads]

    monthly = spread(load.tokens.monthly for load in loads)
    least = spread(load.tokens.monthly_low for load in loads)
    request = spread(load.request_flops for load in loads)
    passage = spread(load.passage_flops for load in loads)
    token = spread(load.token_flops for load in loads)
    stated = np.where(rates.measured, 1.0, speed_percent / 100)
    flops = {end: speed * stated for end, speed in rates.flops.items()}
    speeds = {end: flops[SPEEDS[end]] for end in ENDS}
    new_passages = workload.new_passages_per_month / SECONDS_PER_MONTH
    per_second = workload.peak * request + new_passages * passage
    needed = {end: per_second / speeds[end] for end in ENDS}
    service = {
        end: latency.service_ms(request, speeds[end], rates.cards, rates.read_ms) for end in ENDS
    }
    replicas = _machines(workload, filling, needed, service)
    hours = {end: first_hours(workload.passages, passage, speeds[end]) for end in ENDS}
    hosted = dict.fromkeys(ENDS, hosted_usd(monthly, rates.prices))
    hosted["low"] = hosted_usd(least, rates.prices, rates.free)
    hosted_once = hosted_usd(spread(load.tokens.once for load in loads), rates.prices)
    rents_an_hour = rates.rents / HOURS_PER_MONTH
    covered = rates.hosted & (rates.free > 0) & (hosted["base"] <= rates.free)
    encoding = {
        end: np.where(rates.hosted, hosted[end], rates.rents * replicas[end]) for end in ENDS
    }
    keeping = {end: spread(getattr(load.index_usd, end) for load in loads) for end in ENDS}
    once = {end: np.where(rates.hosted, hosted_once, rents_an_hour * hours[end]) for end in ENDS}
    return Figures(
        monthly_tokens=monthly,
        input_typical=spread(load.tokens.input_typical for load in loads),
        input_p95=spread(load.tokens.input_p95 for load in loads),
        flops=flops,
        tokens_per_second={end: flops[end] / token for end in ENDS},
        needed=needed,
        service_ms=service,
        replicas=replicas,
        latency_ms={
            end: latency.shown_ms(service[end], needed[end], machines)
            for end, machines in replicas.items()
        },
        first_hours=hours,
        encoding=encoding,
        keeping=keeping,
        once=once,
        free_covers=covered,
        sure=np.where(covered, 0.0, encoding["base"]) + keeping["base"],
    )


def _machines(
    workload: Workload, filling: float, needed: dict[str, Float64s], service: dict[str, Float64s]
) -> dict[str, Float64s]:
    """Machines by end of the cost, never fewer where slower.

    A latency limit that no number of machines keeps at the slow end asks for none there.
    """
    spare, limit = workload.redundancy, workload.latency_ms_p95
    machines, fewest = {}, np.zeros_like(needed["low"])
    for end in ENDS:
        by_end = latency.machines(needed[end], filling, spare, service[end], limit)
        machines[end] = fewest = np.maximum(fewest, by_end)
    return machines
