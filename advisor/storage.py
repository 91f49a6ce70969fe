"""Bytes of a vector index and what keeping it in memory costs."""

from __future__ import annotations

import statistics
from decimal import Decimal
from fractions import Fraction

from advisor.catalog.load import Catalog
from advisor.catalog.schema import Instance
from advisor.costs import Range
from advisor.units import GIB, HOURS_PER_MONTH

BYTES_PER_VALUE = {"float32": Fraction(4), "float16": Fraction(2), "int8": Fraction(1), "binary": Fraction(1, 8)}
HNSW_FACTOR = Fraction(3, 2)  # vectors, index and room to optimise; source: storage formula qdrant-ram (qdrant-capacity)
MEMORY_OPTIMISED_GIB_PER_VCPU = 8  # the ratio of the r7i and r8g sizes in instances.yaml
GENERAL_GIB_PER_VCPU = 3.75  # c4-standard-8: 30 GiB for 8 vCPUs


def index_bytes(vectors: int, dimensions: int, vector_type: str) -> int:
    """Bytes of an HNSW index in RAM: vectors x dimensions x bytes per value x 1.5.

    >>> index_bytes(1_000_000, 1024, "float32")
    6144000000

    Source: storage formula `qdrant-ram`, whose 4 bytes are those of float32.
    """
    return int(vectors * dimensions * BYTES_PER_VALUE[vector_type] * HNSW_FACTOR)


def ram_usd_per_gib_month(catalog: Catalog) -> Range | None:
    """US dollars a month for a GiB of RAM in rented machines; None where the catalog has no such machine.

    low: the cheapest memory-optimised instance; base: the dearest of them; high: the middle general-purpose one.
    """
    rates = _rates(catalog)
    memory_optimised = [rate for _, rate, per_vcpu in rates if per_vcpu >= MEMORY_OPTIMISED_GIB_PER_VCPU]
    general = [rate for _, rate, per_vcpu in rates if per_vcpu < MEMORY_OPTIMISED_GIB_PER_VCPU]
    if not memory_optimised:
        return None
    base = max(memory_optimised)
    return Range(min(memory_optimised), base, max(base, statistics.median_high(general)) if general else base)


def ram_sources(catalog: Catalog) -> tuple[str, ...]:
    """Ids of the sources of the prices of memory."""
    return tuple(sorted({source for instance, _, _ in _rates(catalog) for source in instance.source_ids("on_demand_usd_per_h")}))


def _rates(catalog: Catalog) -> list[tuple[Instance, Decimal, float]]:
    """(instance, US dollars a GiB-month, GiB a vCPU) of the general-purpose and memory-optimised CPU instances."""
    rates = []
    for instance in catalog.instances.values():
        price, ram, vcpu = instance.on_demand_usd_per_h, instance.ram_gib, instance.vcpu
        if instance.kind == "cpu" and price is not None and ram and vcpu and ram / vcpu >= GENERAL_GIB_PER_VCPU:
            rates.append((instance, price * HOURS_PER_MONTH / Decimal(str(ram)), ram / vcpu))
    return rates


def index_usd_per_month(size_bytes: int, usd_per_gib_month: Range) -> Range:
    """US dollars a month for keeping `size_bytes` in RAM."""
    gib = Decimal(size_bytes) / GIB
    return Range(*(gib * rate for rate in usd_per_gib_month))
