"""Every plan for a workload: all places of the catalog with the workload's figures as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from advisor.ask.assumptions import DEFAULT, Assumptions
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Variant
from advisor.decide import stores
from advisor.decide.places import Place
from advisor.decide.plans import Plans
from advisor.decide.priced import priced
from advisor.decide.static_columns import RUNS, StaticColumns, static_columns
from advisor.rules.columns import KINDS
from advisor.rules.evaluate import Values, column
from advisor.sizing import storage
from advisor.sizing.figures import Figures, figures_of, load_of
from advisor.sizing.ranges import Range, rounded, surely
from advisor.sizing.tokens import ONE_IN, parts_in_twenty, query_tokens

KINDS_FOR_TASK = {
    "retrieve": ("embedder",),
    "retrieve-and-rerank": ("embedder", "reranker"),
    "rerank": ("reranker",),
}


def build_plans(
    catalog: Catalog, workload: Workload, today: date, assumptions: Assumptions = DEFAULT
) -> Plans:
    """Every plan for a workload, by variant id and place id, whatever the order of the files.

    Raises `WorkloadError` where the catalog does not have the workload's vector store.
    """
    catalog = priced(catalog, assumptions)
    known = ("ram", "none", *stores.index_stores(catalog))
    if workload.vector_store not in known:
        raise WorkloadError(
            f"vector_store: no store '{workload.vector_store}'. Known: {', '.join(known)}."
        )
    static = static_columns(catalog, assumptions.precision, assumptions.machine_prices == "spot")
    stated = assumptions.memory_usd_per_gib_month
    ram = Range(*[Decimal(str(stated))] * 3) if stated else storage.ram_usd_per_gib_month(catalog)
    loads = tuple(
        load_of(catalog, workload, catalog.variants[key], limit, ram) for key, limit in static.pairs
    )
    figures = figures_of(
        static, loads, workload, assumptions.target_utilisation, assumptions.speed_percent
    )
    columns = (
        static.columns
        | stores.store_columns(catalog)[workload.vector_store, workload.vector_type]
        | _of_workload(workload)
        | _of_variants(catalog, workload, static)
        | _of_figures(figures, static)
        | {"int8_asked": _int8_asked(static, assumptions)}
        | {"price_age_days": _price_ages(static, today)}
    )
    return Plans(catalog, workload, assumptions, ram, static, loads, figures, columns)


def with_candidates(table: Plans, row: int, candidates: int) -> Plans:
    """The plans with another number of candidates for the reranker of one row.

    Figures of that reranker follow, at all its places with the same limit; columns do not.
    """
    workload = table.workload.model_copy(update={"rerank_candidates": candidates})
    place, load = table.static.places[row], table.static.loads[row]
    loads = list(table.loads)
    loads[load] = load_of(table.catalog, workload, place.variant, place.limit, table.ram)
    assumed = table.assumptions
    figures = figures_of(
        table.static, tuple(loads), workload, assumed.target_utilisation, assumed.speed_percent
    )
    return replace(table, workload=workload, loads=tuple(loads), figures=figures, _rows={})


def plan_ids(catalog: Catalog) -> list[str]:
    """The id of every plan of a catalog."""
    return [place.id for place in static_columns(catalog, DEFAULT.precision, False).places]


def covers(variant: Variant, languages: tuple[str, ...]) -> bool | None:
    """Whether a variant's languages hold all of `languages`; None where its list is incomplete."""
    if variant.languages is not None and set(languages) <= set(variant.languages):
        return True
    return False if variant.languages_complete else None


def _of_figures(figures: Figures, static: StaticColumns) -> dict[str, Values]:
    """The columns of what the workload takes at each place."""
    limits = static.columns["limit_tokens"]
    longest = np.minimum(figures.input_p95, np.where(limits.known, limits.values, np.inf))
    own = {
        "replicas": figures.replicas["base"],
        "first_hours": figures.first_hours["base"],
        "latency_ms": figures.latency_ms["base"],
        "latency_ms_high": figures.latency_ms["high"],
        "attention_bytes": static.columns["attention_bytes"].values * longest**2,
    }
    numbers = {
        "input_tokens": figures.input_typical,
        "input_tokens_p95": figures.input_p95,
        "monthly_tokens": figures.monthly_tokens,
        "monthly_usd": rounded(figures.encoding["base"] + figures.keeping["base"]),
        "sure_usd": surely(figures.sure),
        "one_off_usd": rounded(figures.once["base"]),
        "tokens_per_second": figures.tokens_per_second["base"],
    } | {name: np.where(static.hosted, np.nan, number) for name, number in own.items()}
    return {
        name: Values(np.nan_to_num(number), ~np.isnan(number)) for name, number in numbers.items()
    } | {"free_covers": Values(figures.free_covers, np.ones_like(figures.free_covers))}


def _of_workload(workload: Workload) -> dict[str, Values]:
    """The workload's columns: one value that stands for every plan."""
    fields = {name: getattr(workload, name) for name in KINDS if name in Workload.model_fields}
    derived = {
        "languages_named": len(set(workload.languages)),
        "languages_asked": tuple(sorted(set(workload.languages))),
        "chinese_asked": "zh" in workload.languages,
        "outputs_asked": workload.outputs,
        "multi_vector_asked": "multi_vector" in workload.outputs,
        "more_than_dense": not set(workload.outputs) <= {"dense"},
        "peak_requests_per_minute": workload.peak * 60,
        "part_tokens": workload.part(workload.passage_tokens),
        "vectors_per_passage": parts_in_twenty(workload) / ONE_IN,
        "split_long_passages": workload.chunk_tokens is not None,
    }
    return {name: column([value], KINDS[name]) for name, value in (fields | derived).items()}


def _of_variants(catalog: Catalog, workload: Workload, static: StaticColumns) -> dict[str, Values]:
    """The columns that follow from the workload and the variant, and what an endpoint gives."""
    ids = [key for key, _ in static.pairs]
    rows = {key: _variant_figures(catalog.variants[key], workload) for key in dict.fromkeys(ids)}
    columns = {}
    for name in next(iter(rows.values()), {}):
        values = column([rows[key][name] for key in ids], KINDS[name])
        columns[name] = Values(values.values[static.loads], values.known[static.loads])
    wanted: set[str] = set(workload.outputs)
    places = [] if wanted <= {"dense"} else static.places
    gives = [_offer_gives(wanted, place) for place in places] or [True]
    return columns | {"offer_gives_outputs": column(gives, "boolean")}


def _variant_figures(variant: Variant, workload: Workload) -> Mapping[str, Any]:
    """The columns that depend on the variant and the workload."""
    wanted = set() if variant.kind == "reranker" else set(workload.outputs)
    giving = tuple(
        name
        for name, runtime in variant.runtimes.items()
        if runtime.support in RUNS and wanted <= set(runtime.outputs or ("dense",))
    )
    missing = tuple(sorted(set(workload.languages) - set(variant.languages or ())))
    return {
        "covers_languages": covers(variant, workload.languages),
        "languages_missing": missing or None,
        "query_tokens_sent": query_tokens(workload, variant),
        "variant_gives_outputs": wanted <= set(variant.outputs),
        "runtimes_for_outputs": giving or None,
        "returns_outputs": bool(giving),
    }


def _offer_gives(wanted: set[str], place: Place) -> bool | None:
    """Whether an endpoint returns the outputs that are wanted; a reranker's scores always are."""
    if place.offer is None:
        return None
    if place.variant.kind == "reranker":
        return True
    return wanted <= set(place.offer.outputs) if place.offer.outputs is not None else None


def _int8_asked(static: StaticColumns, assumptions: Assumptions) -> Values:
    """Whether int8 is asked for, or what the measured machine has where nothing is asked."""
    if static.measured.any() and assumptions.precision == "default":
        int8 = np.asarray(static.columns["precision"].values == "int8", dtype=bool)
        return Values(int8, np.ones_like(int8))
    return column([assumptions.precision == "int8"], "boolean")


def _price_ages(static: StaticColumns, today: date) -> Values:
    """Days since each price was dated."""
    days = static.columns["price_age_days"]
    return Values(today.toordinal() - days.values, days.known)
