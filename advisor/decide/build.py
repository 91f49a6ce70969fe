"""Every plan for a workload: all places of the catalog with the workload's figures as columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from advisor.ask.assumptions import DEFAULT, Assumptions
from advisor.ask.workload import SECONDS_PER_MONTH, Workload
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.base.units import HOURS_PER_MONTH
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.decide import stores
from advisor.decide.places import Place
from advisor.decide.plans import Load, Plans
from advisor.decide.priced import priced
from advisor.decide.static_columns import RUNS, StaticColumns, static_columns
from advisor.rules.columns import KINDS
from advisor.rules.evaluate import Values, column
from advisor.sizing import storage, throughput
from advisor.sizing.latency import filled, latency_ms
from advisor.sizing.ranges import ENDS, Float64s, Range
from advisor.sizing.tokens import tokens_sent

KINDS_FOR_TASK = {
    "retrieve": ("embedder",),
    "retrieve-and-rerank": ("embedder", "reranker"),
    "rerank": ("reranker",),
}


def build_plans(
    catalog: Catalog, workload: Workload, today: date, assumptions: Assumptions = DEFAULT
) -> Plans:
    """Every plan for a workload, by variant id and then the place's id, whatever the order of the files.

    Raises:
        WorkloadError: the workload names a vector store that the catalog does not have.
    """
    catalog = priced(catalog, assumptions)
    known = stores.index_stores(catalog)
    if workload.vector_store not in ("ram", "none", *known):
        raise WorkloadError(
            f"vector_store: no store '{workload.vector_store}'. Known: ram, none, {', '.join(known)}."
        )
    static = static_columns(catalog, assumptions.precision, assumptions.machine_prices == "spot")
    stated = assumptions.memory_usd_per_gib_month
    ram = Range(*[Decimal(str(stated))] * 3) if stated else storage.ram_usd_per_gib_month(catalog)
    loads = tuple(
        _load(catalog, workload, catalog.variants[key], limit, ram) for key, limit in static.pairs
    )
    return _columns(catalog, workload, assumptions, ram, static, loads, today)


def plan_ids(catalog: Catalog) -> list[str]:
    """The id of every plan of a catalog."""
    return [place.id for place in static_columns(catalog, DEFAULT.precision, False).places]


def covers(variant: Variant, languages: tuple[str, ...]) -> bool | None:
    """Whether a variant's languages hold all of `languages`; None where its list is not complete or not published."""
    if variant.languages is not None and set(languages) <= set(variant.languages):
        return True
    return False if variant.languages_complete else None


def _load(
    catalog: Catalog, workload: Workload, variant: Variant, limit: int | None, ram: Range | None
) -> Load:
    """What the workload asks of one variant whose inputs are cut or split at `limit`."""
    tokens = tokens_sent(workload, variant, limit)
    size = storage.index_size(variant, tokens, workload)
    index = storage.index_usd_per_month(
        catalog, workload, size, ram, storage.written_bytes(variant, tokens, workload)
    )
    slope, base = throughput.slope(variant), throughput.base(variant)
    if slope is None or not base:
        return Load(tokens, size, index, None, None, None)
    if variant.kind == "reranker":
        token = base + slope * tokens.per_input
        return Load(
            tokens, size, index, workload.rerank_candidates * tokens.per_input * token, 0.0, token
        )
    query = workload.query_tokens + (variant.special_tokens_per_text or 0)
    parts = max(1.0, tokens.vectors_per_passage)
    part = tokens.per_passage / parts
    return Load(
        tokens,
        size,
        index,
        query * (base + slope * query),
        tokens.per_passage * (base + slope * part),
        base + slope * part,
    )


def _columns(
    catalog: Catalog,
    workload: Workload,
    assumptions: Assumptions,
    ram: Range | None,
    static: StaticColumns,
    loads: tuple[Load, ...],
    today: date,
) -> Plans:
    """The workload's columns beside the static ones."""
    at = static.loads

    def spread(figure: Callable[[Load], float | Decimal | None]) -> Float64s:
        return np.array(
            [np.nan if (value := figure(load)) is None else float(value) for load in loads]
        )[at]

    monthly, low = (
        spread(lambda load: load.tokens.monthly),
        spread(lambda load: load.tokens.monthly_low),
    )
    once = spread(lambda load: load.tokens.once)
    request, passage = (
        spread(lambda load: load.request_flops),
        spread(lambda load: load.passage_flops),
    )
    per_second = (
        workload.peak * request + workload.new_passages_per_month / SECONDS_PER_MONTH * passage
    )
    first = (
        np.where(static.columns["kind"].values == "embedder", passage * workload.passages, 0.0)
        / 3600
        / HOURS_PER_MONTH
    )
    speeds = dict(
        zip(ENDS, ("high", "base", "low"), strict=True)
    )  # the low cost comes with the high speed
    stated = np.where(
        static.measured, 1.0, assumptions.speed_percent / 100
    )  # a share of the estimate; what was measured is none
    flops = {end: rate * stated for end, rate in static.flops.items()}
    needed = {end: per_second / flops[speed] for end, speed in speeds.items()}
    replicas = {
        end: filled(n, assumptions.target_utilisation, workload.redundancy)
        for end, n in needed.items()
    }
    encoding = _encoding_usd(static, monthly, low, replicas)
    index = {
        end: spread(
            lambda load, e=end: getattr(load.index_usd, e) if load.index_usd is not None else None  # type: ignore[misc]
        )
        for end in ENDS
    }
    ones = {
        end: np.where(static.hosted, static.prices * once, static.rents * first / flops[speed])
        for end, speed in speeds.items()
    }
    total = encoding["base"] + index["base"]
    tokens_per_second = flops["base"] / spread(lambda load: load.token_flops)
    latency = {
        end: latency_ms(
            request, flops[speed], static.cards, static.read_ms, needed[end], replicas[end]
        )
        for end, speed in speeds.items()
    }
    p95 = spread(lambda load: load.tokens.input_p95)
    attention = (
        static.columns["attention_bytes"].values
        * np.minimum(p95, _filled(static.columns["limit_tokens"])) ** 2
    )
    own = ~static.hosted
    numbers = {
        "input_tokens_p95": p95,
        "monthly_tokens": monthly,
        "monthly_usd": total,
        "one_off_usd": ones["base"],
        "tokens_per_second": tokens_per_second,
        "replicas": np.where(own, replicas["base"], np.nan),
        "first_hours": np.where(own, first * HOURS_PER_MONTH / flops["base"], np.nan),
        "latency_ms": np.where(own, latency["base"], np.nan),
        "latency_ms_high": np.where(own, latency["high"], np.nan),
        "attention_bytes": np.where(own, attention, np.nan),
    }
    columns = static.columns | {
        name: Values(np.nan_to_num(v), ~np.isnan(v)) for name, v in numbers.items()
    }
    columns |= _variant_columns(catalog, workload, static) | _asked(catalog, workload)
    columns["int8_asked"] = _int8_asked(columns, static, assumptions)
    days = static.columns["price_age_days"]
    columns["price_age_days"] = Values(today.toordinal() - days.values, days.known)
    return Plans(
        catalog,
        workload,
        assumptions,
        ram,
        static,
        loads,
        columns,
        flops,
        encoding,
        index,
        ones,
        needed,
        {},
    )


def _encoding_usd(
    static: StaticColumns, monthly: Float64s, low: Float64s, replicas: dict[str, Float64s]
) -> dict[str, Float64s]:
    """Monthly cost of encoding at each end, US dollars: tokens at a provider, less what is free at the low end, or the machines' rent."""
    priced = {end: static.prices * monthly for end in ENDS} | {
        "low": np.maximum(0, static.prices * low - static.free)
    }
    return {end: np.where(static.hosted, priced[end], static.rents * replicas[end]) for end in ENDS}


def _int8_asked(
    columns: dict[str, Values], static: StaticColumns, assumptions: Assumptions
) -> Values:
    """Whether int8 is what the visitor wants: by the assumption, or on the measured machine alone where nothing else is asked."""
    if static.measured.any() and assumptions.precision == "default":
        int8 = np.asarray(columns["precision"].values == "int8", dtype=bool)
        return Values(int8, np.ones_like(int8))
    return column([assumptions.precision == "int8"], "boolean")


def _filled(values: Values) -> Float64s:
    return np.where(values.known, values.values, np.inf)


def _asked(catalog: Catalog, workload: Workload) -> dict[str, Values]:
    """The workload's columns: one value that stands for every plan."""
    store = catalog.stores.get(workload.vector_store)
    types = store.vector_types if store else None
    asked = {name: getattr(workload, name) for name in KINDS if name in Workload.model_fields} | {
        "languages_named": len(set(workload.languages)),
        "languages_asked": formatting.listed(sorted(set(workload.languages))),
        "chinese_asked": "zh" in workload.languages,
        "outputs_asked": formatting.listed([o.replace("_", "-") for o in workload.outputs]),
        "multi_vector_asked": "multi_vector" in workload.outputs,
        "peak_requests_per_minute": workload.peak * 60,
        "store_name": store.name if store else stores.name(catalog, workload.vector_store),
        "managed_store": store is not None,
        "store_max_dims": storage.most_dimensions(store, workload.vector_type) if store else None,
        "store_takes_type": None
        if store is None or types is None
        else workload.vector_type in types,
        "store_price_known": store is None or storage.price_is_known(store),
        "store_prices_queries": store is None or storage.prices_queries(store),
        "store_left_out": stores.left_out(store) if store else "",
        "store_price_hint": stores.price_hint(store) if store else "",
        "store_smaller_plans": stores.smaller_plans(store) if store else None,
        "store_smaller_bytes": stores.smaller_bytes(store) if store else None,
        "store_returned_usd_per_gb": float(store.returned_usd_per_gb)
        if store and store.returned_usd_per_gb
        else None,
        "store_is_hosted": store is not None and store.type != "self_hosted",
        "more_than_dense": not set(workload.outputs) <= {"dense"},
    }
    return {name: column([value], KINDS[name]) for name, value in asked.items()}


def _variant_columns(
    catalog: Catalog, workload: Workload, static: StaticColumns
) -> dict[str, Values]:
    """The columns that follow from the workload and the variant or the endpoint, made once for each variant."""
    ids = [key for key, _ in static.pairs]
    figures = {key: _variant_figures(catalog, key, workload) for key in dict.fromkeys(ids)}
    found = {}
    for name in next(iter(figures.values()), {}):
        values = column([figures[key][name] for key in ids], KINDS[name])
        found[name] = Values(values.values[static.loads], values.known[static.loads])
    if set(workload.outputs) <= {"dense"}:
        found["offer_gives_outputs"] = column([True], "boolean")
    else:
        found["offer_gives_outputs"] = column(
            [_offer_gives(workload, place) for place in static.places], "boolean"
        )
    return found


def _variant_figures(catalog: Catalog, variant_id: str, workload: Workload) -> dict[str, Any]:
    """The columns that depend on the variant and the workload."""
    variant = catalog.variants[variant_id]
    wanted = set() if variant.kind == "reranker" else set(workload.outputs)
    running = {
        name: runtime for name, runtime in variant.runtimes.items() if runtime.support in RUNS
    }
    giving = [
        name for name, runtime in running.items() if wanted <= set(runtime.outputs or ("dense",))
    ]
    return {
        "covers_languages": covers(variant, workload.languages),
        "languages_missing": formatting.listed(
            sorted(set(workload.languages) - set(variant.languages or ()))
        )
        or None,
        "variant_gives_outputs": wanted <= set(variant.outputs),
        "runtimes_for_outputs": formatting.listed(giving, "or") or None,
        "returns_outputs": bool(giving),
    }


def _offer_gives(workload: Workload, place: Place) -> bool | None:
    """Whether an endpoint returns the outputs asked for; every endpoint returns dense vectors, or a reranker's scores."""
    if place.offer is None:
        return None
    if place.variant.kind == "reranker":
        return True
    return (
        set(workload.outputs) <= set(place.offer.outputs)
        if place.offer.outputs is not None
        else None
    )
