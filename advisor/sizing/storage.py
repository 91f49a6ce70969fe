"""Bytes of a vector index and what keeping it costs in a month, in memory or in a store."""

from __future__ import annotations

import statistics
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from advisor.ask.workload import Workload
from advisor.base.units import GIB, HOURS_PER_MONTH
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Instance, Store, Variant
from advisor.sizing.ranges import ZERO, Cost, Range
from advisor.sizing.tokens import Tokens

BITS = {"float32": 32, "float16": 16, "int8": 8, "binary": 1}
BYTES_PER_VALUE = {vector_type: Fraction(bits, 8) for vector_type, bits in BITS.items()}
# vectors, index and room to optimise; source: storage formula qdrant-ram (qdrant-capacity)
HNSW_FACTOR = Fraction(3, 2)
MEMORY_OPTIMISED_GIB_PER_VCPU = 8  # the ratio of the r7i and r8g sizes in instances.yaml
GENERAL_GIB_PER_VCPU = 3.75  # c4-standard-8: 30 GiB for 8 vCPUs
GB = Decimal(10**9)  # the unit of the stores' price lists
BYTES_PER_SPARSE_TOKEN = 8  # an id and a weight; source: storage formula pgvector-sparsevec
PGVECTOR_HEADER = 8  # bytes a vector; source: storage formula pgvector-vector
# bytes a vector: 2 x m links of at most 10 bytes; source: storage formula hnsw-graph-generic,
# hnsw_defaults of pgvector
PGVECTOR_LINKS = 2 * 16 * 10
PGVECTOR_LIMIT = {
    "float32": "vector_indexed",
    "float16": "halfvec_indexed",
    "binary": "bit_indexed",
}


INDEX_STORAGE, INDEX_QUERIES, INDEX_WRITES = "index_storage", "index_queries", "index_writes"
"""Parts of a cost that may not be known, by the names that answers give them."""


class IndexSize(NamedTuple):
    """Vectors (tokens' too), bytes of values (sparse ones too), bytes of an HNSW index in RAM."""

    vectors: int
    values_bytes: int
    ram_bytes: int


def vector_bytes(dimensions: int, vector_type: str) -> float:
    """Bytes of one dense vector; an eighth of a byte a dimension where it is binary."""
    return float(dimensions * BYTES_PER_VALUE[vector_type])


def index_bytes(vectors: int, dimensions: int, vector_type: str) -> int:
    """Bytes of an HNSW index in RAM: vectors x dimensions x bytes per value x 1.5.

    >>> index_bytes(1_000_000, 1024, "float32")
    6144000000

    Source: storage formula `qdrant-ram`, whose 4 bytes are those of float32.
    """
    return int(vectors * dimensions * BYTES_PER_VALUE[vector_type] * HNSW_FACTOR)


def index_size(variant: Variant, tokens: Tokens, workload: Workload) -> IndexSize:
    """The index that a variant fills; all zero for a reranker, or where the index is left out.

    Beside the dense vector: at most 8 bytes a token if sparse, a vector a token if multi-vector.
    """
    if variant.kind != "embedder" or workload.vector_store == "none":
        return IndexSize(0, 0, 0)
    each, dimensions = BYTES_PER_VALUE[workload.vector_type], variant.embedding_dim or 0
    dense = int(tokens.vectors * dimensions * each)
    more, vectors = 0, tokens.vectors
    if "sparse" in workload.outputs and "sparse" in variant.outputs:
        more += tokens.once * BYTES_PER_SPARSE_TOKEN
    if "multi_vector" in workload.outputs and variant.multi_vector_dim:
        more += int(tokens.once * variant.multi_vector_dim * each)
        vectors += tokens.once
    ram = index_bytes(tokens.vectors, dimensions, workload.vector_type)
    return IndexSize(vectors, dense + more, ram + int(more * HNSW_FACTOR))


def written_bytes(variant: Variant, tokens: Tokens, workload: Workload) -> Decimal:
    """Bytes that writing one passage takes: its parts' values at 4 bytes each (turbopuffer's)."""
    if variant.kind != "embedder":
        return Decimal(0)
    values = tokens.vectors_per_passage * (variant.embedding_dim or 0) * 4
    if "sparse" in workload.outputs and "sparse" in variant.outputs:
        values += tokens.per_passage * BYTES_PER_SPARSE_TOKEN
    if "multi_vector" in workload.outputs:
        values += tokens.per_passage * (variant.multi_vector_dim or 0) * 4
    return Decimal(str(values))


def most_dimensions(store: Store, vector_type: str) -> int | None:
    """Largest dimension that a store indexes for a type of vector; None where it states none."""
    limits = store.max_dims
    return limits.get(PGVECTOR_LIMIT.get(vector_type, "")) if isinstance(limits, dict) else limits


def price_is_known(store: Store) -> bool:
    """Whether a month in the store can be priced."""
    is_stated = store.usd_per_gb_month is not None or store.usd_per_gib_month is not None
    return store.type == "self_hosted" or is_stated


def prices_queries(store: Store) -> bool:
    """Whether what queries cost there is known and counted."""
    return store.type == "self_hosted" or store.query_usd_per_pb is not None


def index_usd_per_month(
    catalog: Catalog, workload: Workload, size: IndexSize, ram: Range | None, vector_bytes: Decimal
) -> Cost:
    """US dollars a month for keeping an index, as far as its prices are known.

    `ram` is the price of a GiB of memory in a month; `vector_bytes` what writing one passage takes.
    A minimum charge wins over a smaller sum.
    """
    if not size.ram_bytes:
        return Cost.of(ZERO)
    if workload.vector_store == "ram":
        known = ram and ram.times(Decimal(size.ram_bytes) / GIB)
        return Cost.of(known, *(() if known else (INDEX_STORAGE,)))
    store = catalog.stores[workload.vector_store]
    if store.type == "self_hosted":
        known = _pgvector(catalog, size, ram)
        return Cost.of(known, *(() if known else (INDEX_STORAGE,)))
    least = store.floor_usd_per_month or store.minimum_usd_per_month or Decimal(0)
    if price_is_known(store):
        least = max(least, _charged(store, workload, size, vector_bytes))
    return Cost.of(Range(least, least, least), *not_priced(store, workload))


def not_priced(store: Store, workload: Workload) -> tuple[str, ...]:
    """The parts of a month in a managed store that are charged for and not counted."""
    known = price_is_known(store)
    queries = not prices_queries(store) or store.returned_usd_per_gb is not None
    writes = not known or store.write_usd_per_million_units is not None
    parts = {
        INDEX_STORAGE: not known,
        INDEX_QUERIES: queries and workload.queries_per_month > 0,
        INDEX_WRITES: writes and workload.new_passages_per_month > 0,
    }
    return tuple(name for name, missing in parts.items() if missing)


def first_writes_not_priced(catalog: Catalog, workload: Workload) -> tuple[str, ...]:
    """`index_writes` where a store charges for writing the index for the first time, or may."""
    store = catalog.stores.get(workload.vector_store)
    if store is None or store.type == "self_hosted":
        return ()
    prices = (store.write_usd_per_million_units, store.write_usd_per_gb)
    return (INDEX_WRITES,) if not price_is_known(store) or any(prices) else ()


def _charged(store: Store, workload: Workload, size: IndexSize, vector_bytes: Decimal) -> Decimal:
    """US dollars a month by a managed store's price list, without its minimum."""
    values = Decimal(size.values_bytes)
    if store.usd_per_gib_month is not None:
        total = values / GIB * store.usd_per_gib_month
    else:
        total = values / GB * (store.usd_per_gb_month or 0)
    written = Decimal(workload.new_passages_per_month) * vector_bytes / GB
    total += written * (store.write_usd_per_gb or 0)
    if store.query_usd_per_pb is not None:
        queried_pb = workload.queries_per_month * _queried_gb(store, values / GB) / Decimal(10**6)
        total += queried_pb * store.query_usd_per_pb
    return total


def _queried_gb(store: Store, held: Decimal) -> Decimal:
    """GB that one query is charged for: all that is held less the discounts, or the minimum."""
    charged, before = held, Decimal(0)
    for step in store.query_steps:
        charged -= max(Decimal(0), held - step.above_gb) * (step.discount - before)
        before = step.discount
    return max(charged, store.query_minimum_gb or Decimal(0))


def block_storage(catalog: Catalog) -> Store | None:
    """The disk that a self-hosted store is kept on; None where the catalog has none."""
    return next((store for store in catalog.stores.values() if store.type == "disk"), None)


def _pgvector(catalog: Catalog, size: IndexSize, ram: Range | None) -> Range | None:
    """Memory for rows' vectors and HNSW graph, disk for table and index; processors left out."""
    block = block_storage(catalog)
    if ram is None or block is None or block.usd_per_gb_month is None:
        return None
    held = Decimal(size.values_bytes + size.vectors * (PGVECTOR_HEADER + PGVECTOR_LINKS))
    disk = 2 * held / GB * block.usd_per_gb_month
    return ram.times(held / GIB).plus(Range(disk, disk, disk))


def ram_usd_per_gib_month(catalog: Catalog) -> Range | None:
    """US dollars a month for a GiB of RAM in rented machines; None where there is no such machine.

    The cheapest memory-optimised instance, the dearest of them, the middle general-purpose one.
    """
    least, rates = MEMORY_OPTIMISED_GIB_PER_VCPU, memory_rates(catalog)
    optimised = [rate for _, rate, gib_per_vcpu in rates if gib_per_vcpu >= least]
    general = [rate for _, rate, gib_per_vcpu in rates if gib_per_vcpu < least]
    if not optimised:
        return None
    base = max(optimised)
    high = max(base, statistics.median_high(general)) if general else base
    return Range(min(optimised), base, high)


def memory_rates(catalog: Catalog) -> list[tuple[Instance, Decimal, float]]:
    """(instance, US dollars a GiB-month, GiB a vCPU) of general and memory-optimised CPUs."""
    rates = []
    for instance in catalog.instances.values():
        price, ram, vcpu = instance.on_demand_usd_per_h, instance.ram_gib, instance.vcpu
        if instance.kind != "cpu" or price is None or not ram or not vcpu:
            continue
        if ram / vcpu >= GENERAL_GIB_PER_VCPU:
            rates.append((instance, price * HOURS_PER_MONTH / Decimal(str(ram)), ram / vcpu))
    return rates


def holding(catalog: Catalog, size_bytes: int) -> Instance | None:
    """The cheapest machine whose RAM holds an index; None where none is large enough."""
    priced = [i for i in catalog.instances.values() if i.on_demand_usd_per_h is not None]
    fits = [i for i in priced if i.ram_gib and i.ram_gib * GIB >= size_bytes]
    return min(fits, key=lambda i: (i.on_demand_usd_per_h, i.id), default=None)
