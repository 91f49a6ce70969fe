"""Where an index can be kept, in words: the stores of the catalog, what each leaves uncounted, and their sources."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Store, Variant
from advisor.sizing.ranges import Range
from advisor.sizing.storage import (
    GB,
    block_storage,
    index_size,
    index_usd_per_month,
    memory_rates,
    price_is_known,
    prices_queries,
    written_bytes,
)
from advisor.sizing.tokens import Tokens

NOT_STORES = ("disk",)
"""Types of entries of stores.yaml that hold no vectors by themselves."""


def left_out(store: Store) -> str:
    """What a store charges for and is not counted: `queries`, `queries and writes`, `what queries return`, or nothing."""
    if prices_queries(store):
        return "what queries return" if store.returned_usd_per_gb else ""
    return "queries and writes" if store.write_usd_per_million_units is not None else "queries"


def price_hint(store: Store) -> str:
    """What is known of the price of a store whose month cannot be priced, in brackets after a space; nothing where that is nothing."""
    known = (
        [f"a floor of about {formatting.usd(store.floor_usd_per_month)} a month"]
        if store.floor_usd_per_month
        else []
    )
    if free := store.free_tier:
        known.append(
            f"a free tier of {free['vcpu']} vCPU, {free['ram_gb']} GB of memory and {free['disk_gb']} GB of disk"
        )
    return f" (known is {formatting.listed(known)})" if known and not price_is_known(store) else ""


def smaller_plans(store: Store) -> str | None:
    """`Starter ($0 a month, 2 GB)` and the like: plans with a smaller charge than the one that is counted; None where there is none."""
    plans = [
        f"{plan['name']} ({formatting.usd(_charge(plan))} a month, {plan['storage_gb']} GB)"
        for plan in _smaller(store)
    ]
    return formatting.listed(plans) or None


def smaller_bytes(store: Store) -> float | None:
    """Bytes that the largest of these plans holds; None where there is none."""
    return max((float(plan["storage_gb"]) * float(GB) for plan in _smaller(store)), default=None)


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
    return tuple(
        sorted(
            {
                source
                for instance, _, _ in memory_rates(catalog)
                for source in instance.source_ids("on_demand_usd_per_h")
            }
        )
    )


def sources(catalog: Catalog, store_id: str) -> tuple[str, ...]:
    """Ids of the sources of what keeping an index costs."""
    if store_id == "none":
        return ()
    if store_id == "ram":
        return ("qdrant-capacity", *ram_sources(catalog))
    store = catalog.stores[store_id]
    block = block_storage(catalog)
    beside = (
        (*ram_sources(catalog), *(block.source_ids("usd_per_gb_month") if block else ()))
        if store.type == "self_hosted"
        else ()
    )
    return (*store.source_ids("usd_per_gb_month"), *beside)


def name(catalog: Catalog, store_id: str) -> str:
    """A store in words: `memory`, or the store's name."""
    return (
        "memory"
        if store_id == "ram"
        else "no index"
        if store_id == "none"
        else catalog.stores[store_id].name
    )


def by_store(
    catalog: Catalog, workload: Workload, variant: Variant, tokens: Tokens, ram: Range | None
) -> dict[str, Range | None]:
    """US dollars a month of a variant's index in memory and in each store, whatever the workload's own; None where not known."""
    found = {}
    for key in ("ram", *index_stores(catalog)):
        asked = workload.model_copy(update={"vector_store": key})
        size = index_size(variant, tokens, asked)
        found[key] = index_usd_per_month(
            catalog, asked, size, ram, written_bytes(variant, tokens, asked)
        )
    return found
