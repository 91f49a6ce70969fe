"""Where an index can be kept: the stores of the catalog, what each leaves out, the sources."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog.cache import once_per_catalog
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Store, Variant
from advisor.rules.columns import KINDS
from advisor.rules.evaluate import Values, column
from advisor.sizing import storage
from advisor.sizing.ranges import Cost, Range
from advisor.sizing.tokens import Tokens

NOT_STORES = ("disk",)
"""Types of entries of stores.yaml that hold no vectors by themselves."""


@once_per_catalog(16)
def store_columns(catalog: Catalog) -> dict[tuple[str, str], dict[str, Values]]:
    """The columns of memory, no index and each store, by id and type of vector; one value each."""
    return {
        (store_id, vector_type): _columns(catalog, store_id, vector_type)
        for store_id in ("ram", "none", *index_stores(catalog))
        for vector_type in storage.BYTES_PER_VALUE
    }


def _columns(catalog: Catalog, store_id: str, vector_type: str) -> dict[str, Values]:
    store = catalog.stores.get(store_id)
    types, returned = store and store.vector_types, store and store.returned_usd_per_gb
    figures: dict[str, Any] = {
        "store_name": name(catalog, store_id),
        "managed_store": store is not None,
        "store_is_hosted": store is not None and store.type != "self_hosted",
        "store_price_known": store is None or storage.price_is_known(store),
        "store_prices_queries": store is None or storage.prices_queries(store),
        "store_left_out": left_out(store) if store else (),
        "store_price_hint": _price_hint(store) if store else "",
        "store_max_dims": store and storage.most_dimensions(store, vector_type),
        "store_takes_type": None if types is None else vector_type in types,
        "store_smaller_plans": store and _smaller_plans(store),
        "store_smaller_bytes": store and _smaller_bytes(store),
        "store_returned_usd_per_gb": float(returned) if returned else None,
    }
    return {key: column([figure], KINDS[key]) for key, figure in figures.items()}


def left_out(store: Store) -> tuple[str, ...]:
    """What a store charges for and is not counted: queries, writes, what queries return."""
    if storage.prices_queries(store):
        return ("what queries return",) if store.returned_usd_per_gb else ()
    writes = ("writes",) if store.write_usd_per_million_units is not None else ()
    return ("queries", *writes)


def _price_hint(store: Store) -> str:
    """What is known of a price by which no month can be counted, in brackets after a space."""
    if storage.price_is_known(store):
        return ""
    known = []
    if store.floor_usd_per_month:
        known.append(f"a floor of about {formatting.usd(store.floor_usd_per_month)} per month")
    if free := store.free_tier:
        processor = f"{free['vcpu']} vCPU, {free['ram_gb']} GB of memory"
        known.append(f"a free tier of {processor} and {free['disk_gb']} GB of disk")
    return f" (known: {formatting.listed(known)})" if known else ""


def _smaller_plans(store: Store) -> tuple[str, ...] | None:
    """`Starter ($0 per month, 2 GB)`: plans with a smaller charge than the one that is counted."""
    plans = (
        f"{plan['name']} ({formatting.usd(_charge(plan))} per month, {plan['storage_gb']} GB)"
        for plan in _smaller(store)
    )
    return tuple(plans) or None


def _smaller_bytes(store: Store) -> float | None:
    """Bytes that the largest of these plans holds; None where there is none."""
    sizes = [float(plan["storage_gb"]) * float(storage.GB) for plan in _smaller(store)]
    return max(sizes, default=None)


def _charge(plan: Mapping[str, Any]) -> Decimal:
    return Decimal(plan.get("minimum_usd_per_month", "Infinity"))


def _smaller(store: Store) -> list[dict[str, Any]]:
    return [
        plan
        for plan in store.other_plans
        if "storage_gb" in plan and _charge(plan) < (store.minimum_usd_per_month or Decimal(0))
    ]


def index_stores(catalog: Catalog) -> dict[str, Store]:
    """The stores that can keep an index, by id."""
    return {
        key: store for key, store in sorted(catalog.stores.items()) if store.type not in NOT_STORES
    }


def ram_sources(catalog: Catalog) -> tuple[str, ...]:
    """Ids of the sources of the prices of memory."""
    ids = {
        source
        for instance, _, _ in storage.memory_rates(catalog)
        for source in instance.source_ids("on_demand_usd_per_h")
    }
    return tuple(sorted(ids))


def sources(catalog: Catalog, store_id: str) -> tuple[str, ...]:
    """Ids of the sources of what keeping an index costs."""
    if store_id == "none":
        return ()
    if store_id == "ram":
        return (*catalog.cited("index-in-memory"), *ram_sources(catalog))
    store = catalog.stores[store_id]
    of_store = store.source_ids("usd_per_gb_month")
    if store.type != "self_hosted":
        return of_store
    disk = storage.block_storage(catalog)
    of_disk = disk.source_ids("usd_per_gb_month") if disk else ()
    return (*of_store, *ram_sources(catalog), *of_disk)


def name(catalog: Catalog, store_id: str) -> str:
    """A store in words: `memory`, or the store's name."""
    return {"ram": "memory", "none": "no index"}.get(store_id) or catalog.stores[store_id].name


def by_store(
    catalog: Catalog, workload: Workload, variant: Variant, tokens: Tokens, ram: Range | None
) -> dict[str, Cost]:
    """US dollars a month of a variant's index in memory and in each store."""
    amounts = {}
    for key in ("ram", *index_stores(catalog)):
        kept_there = workload.model_copy(update={"vector_store": key})
        size = storage.index_size(variant, tokens, kept_there)
        written = storage.written_bytes(variant, tokens, kept_there)
        amounts[key] = storage.index_usd_per_month(catalog, kept_there, size, ram, written)
    return amounts
