"""Rows of the other tables of Cost: the index, stores, break-even, time and assumptions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from advisor.base import formatting
from advisor.base.units import GIB
from advisor.catalog import Catalog
from advisor.catalog.schema import Store
from advisor.decide import stores
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import break_even as crossing
from advisor.explain.sensitivity import Swing
from advisor.explain.sentences import capital, parts_in_words
from advisor.show.tables.numbers import digits, dollars, money
from advisor.show.tables.options import NOT_KNOWN, Row, place
from advisor.sizing import storage
from advisor.sizing.ranges import Cost

IN_MEMORY = "In memory (rented machines)"


def index_rows(recommendation: Recommendation, judged: JudgedPlan) -> list[Row]:
    """The index by precision: its size, a month of it in memory, and the machine that holds it.

    `Smallest machine` is the cheapest with enough memory; None where the catalog has none.
    """
    return [_index_row(recommendation, judged, kind) for kind in storage.BYTES_PER_VALUE]


def _index_row(recommendation: Recommendation, judged: JudgedPlan, kind: str) -> Row:
    catalog, workload, plan = recommendation.catalog, recommendation.workload, judged.plan
    in_ram = workload.model_copy(update={"vector_type": kind, "vector_store": "ram"})
    size = storage.index_size(plan.variant, plan.tokens, in_ram)
    rate, written = recommendation.table.ram, Decimal(0)  # writing to memory costs nothing
    cost = storage.index_usd_per_month(catalog, in_ram, size, rate, written)
    holder, machine = None, storage.holding(catalog, size.ram_bytes)
    if machine:
        cloud = catalog.cloud_name(machine.cloud)
        holder = f"{cloud} {machine.instance}, {machine.ram_gib:g} GiB"
    return {
        "Vector precision": kind + (" (yours)" if kind == workload.vector_type else ""),
        "Bytes per vector": round(storage.vector_bytes(plan.variant.embedding_dim or 0, kind)),
        "Raw GiB": digits(size.values_bytes / GIB),
        "In memory GiB": digits(size.ram_bytes / GIB),
        "$ per month": dollars(cost),
        "Smallest machine": holder,
    }


def store_rows(recommendation: Recommendation, judged: JudgedPlan) -> list[Row]:
    """A month of an embedder's index in memory and in each store, cheapest first; and limits.

    A store that does not accept such vectors has no amounts, and comes last with those whose
    price is not known; `Limits` says which it is. `id` is the store's.
    """
    catalog, workload, plan = recommendation.catalog, recommendation.workload, judged.plan
    ram = recommendation.table.ram
    amounts = stores.by_store(catalog, workload, plan.variant, plan.tokens, ram)
    rows = [_store_row(recommendation, judged, key, amount) for key, amount in amounts.items()]
    return sorted(rows, key=lambda row: (row["$ per month"] is None, row["$ per month"] or 0))


def _store_row(
    recommendation: Recommendation, judged: JudgedPlan, key: str, amount: Cost
) -> dict[str, Any]:
    """One row; without a store it is the memory of rented machines."""
    workload = recommendation.workload
    store = recommendation.catalog.stores.get(key)
    refused = store is not None and not _accepts(store, workload.vector_type)
    cost = None if refused else amount
    least: Decimal | None = Decimal(0)  # who runs the memory or database has no minimum charge
    if store and store.type != "self_hosted":
        least = store.minimum_usd_per_month or store.floor_usd_per_month
    yours = " (yours)" if key == workload.vector_store else ""
    limits = "; ".join(_limits(store, workload.vector_type, judged.plan.variant.embedding_dim or 0))
    return {
        "id": key,
        "Vector store": (store.name if store else IN_MEMORY) + yours,
        "$ per month": dollars(cost),
        "Minimum charge": money(least),
        "Limits": limits and capital(limits),
        NOT_KNOWN: parts_in_words(cost.not_known) if cost else "",
    }


def _accepts(store: Store, vector_type: str) -> bool:
    return store.vector_types is None or vector_type in store.vector_types


def _limits(store: Store | None, vector_type: str, dimensions: int) -> Iterator[str]:
    """What a store does not take, and what its amount leaves out; in memory, the processors."""
    if store is None:
        yield "not included: processors for searching"
        return
    most = storage.most_dimensions(store, vector_type)
    if not _accepts(store, vector_type):
        yield f"does not accept {vector_type} vectors"
    elif most is not None and dimensions > most:
        yield f"over its {formatting.count(most)} dimensions"
    if not storage.price_is_known(store):
        yield (store.note or "no unit price was found").removesuffix(".")
    elif store.type == "self_hosted":
        yield "not included: the database's processors"
    elif missing := formatting.listed(list(stores.left_out(store))):
        yield f"not included: {missing}"


def store_sources(recommendation: Recommendation, store_id: str) -> tuple[str, ...]:
    """Ids of the sources of what keeping an index in a store costs."""
    return stores.sources(recommendation.catalog, store_id)


def latency_rows(recommendation: Recommendation) -> list[Row]:
    """Milliseconds of a request at each step of the recommendation, at the peak.

    None at an endpoint: providers publish none.
    """
    candidates = formatting.count(recommendation.workload.rerank_candidates)
    names = {"embedder": "Encoding a query", "reranker": f"Reranking {candidates} passages"}
    rows = []
    for part in recommendation.pick.parts if recommendation.pick else ():
        time = part.plan.latency_ms
        row = {"Step": names[part.kind], "Option": part.named}
        row |= {"id": part.variant_id, "option": part.id}
        rows.append(
            row
            | {
                "ms": time and digits(time.base),
                "Low (ms)": time and digits(time.low),
                "High (ms)": time and digits(time.high),
            }
        )
    return rows


def break_even_rows(recommendation: Recommendation, own: JudgedPlan) -> list[Row]:
    """Tokens per month from which a machine costs less than each offer of the same model.

    None is never; the ends are those of the machine's speed.
    """
    return [
        {
            "id": c.offer.variant_id,
            "option": c.offer.id,
            "Provider": place(c.offer),
            "$ per 1M tokens": _price(c.offer),
            "Break-even (tokens per month)": _volume(c.tokens[1]),
            "Fast end": _volume(c.tokens[0]),
            "Slow end": _volume(c.tokens[2]),
            "One machine carries": _volume(c.capacity[1]),
        }
        for c in crossing.crossings(recommendation, own)
    ]


def _price(judged: JudgedPlan) -> float | None:
    """US dollars per million tokens, with every digit of the source."""
    offer = judged.plan.offer
    price = offer.usd_per_1m_input if offer else None
    return None if price is None else float(price)


def _volume(tokens: float | None) -> int | None:
    """Tokens with three significant digits: no estimate is good for more."""
    return round(float(f"{tokens:.3g}")) if tokens else None


def swing_rows(rows: list[Swing]) -> list[Row]:
    """The tornado chart as a table: US dollars per month at either end of each assumption."""
    return [
        {
            "Assumption": row.name,
            "One end": row.first,
            "$ at one end": _at(row, row.first_usd),
            "Other end": row.second,
            "$ at the other": _at(row, row.second_usd),
            NOT_KNOWN: parts_in_words(row.not_known),
        }
        for row in rows
    ]


def _at(row: Swing, usd: float) -> float | None:
    """None where nothing of the cost is known."""
    return None if row.not_known and not usd else money(usd)


def source_rows(catalog: Catalog) -> list[dict[str, str]]:
    """Every source: its address, who publishes it, when it was read, and what was read there."""
    return [
        {
            "Id": source.id,
            "Title": source.title,
            "Publisher": source.publisher or "",
            "Read on": source.accessed.isoformat(),
            "Copy of": source.copy_date or "",
            "What": source.what or "",
            "Address": source.url or "",
        }
        for source in sorted(catalog.sources.values(), key=lambda s: s.id)
    ]
