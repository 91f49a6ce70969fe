"""Rows for the screen: every figure as text with its unit, and the ids of its sources."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Store
from advisor.decide import stores
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain import break_even as crossing
from advisor.explain import what_would_change
from advisor.explain.other_plans import alternatives
from advisor.explain.sensitivity import Swing
from advisor.explain.sentences import rate, speed_origin, usd_or_not_known
from advisor.family.price_list import price_mark
from advisor.sizing import storage

OWN_DRAWN = 3
"""Plans on own machines that the trade-off chart draws for each model and standing."""


def drawn(recommendation: Recommendation, kind: str) -> list[JudgedPlan]:
    """What the trade-off chart draws: picks, front, hosted, `OWN_DRAWN` a model and standing."""
    front = what_would_change.front(recommendation, kind)
    counts: Counter[tuple[str, str]] = Counter()
    plans = []
    for j in sorted(
        _of_kind(recommendation, kind), key=lambda j: (math.isnan(j.monthly), j.monthly, j.id)
    ):
        standing = what_would_change.standing(j, recommendation, front)
        if j.quality is None or math.isnan(j.monthly) or j.monthly <= 0:
            continue
        if (
            j.hosted
            or standing in ("the pick", "on the front")
            or counts[j.variant_id, standing] < OWN_DRAWN
        ):
            plans.append(j)
        counts[j.variant_id, standing] += not j.hosted
    return plans


def _of_kind(recommendation: Recommendation, kind: str) -> list[JudgedPlan]:
    return [j for j in recommendation.judged if j.kind == kind]


def trade_off_rows(recommendation: Recommendation, kind: str) -> list[dict[str, str]]:
    """The plans that the trade-off chart draws, best score first, then hosted ones without one."""
    front = what_would_change.front(recommendation, kind)
    rows = drawn(recommendation, kind)
    rows.sort(key=lambda j: (-(j.quality or 0), j.monthly, j.id))
    seen = {j.row for j in rows}
    rest = [j for j in _of_kind(recommendation, kind) if j.row not in seen and j.hosted]
    rest.sort(key=lambda j: (math.isnan(j.monthly), j.monthly, j.id))
    return [
        {
            "id": j.variant_id,
            "Model": j.plan.variant.name,
            "Where": j.plan.where,
            "Score": formatting.points(j.quality) if j.quality is not None else "not ranked",
            "A month": usd_or_not_known(j.plan.monthly_usd),
            "Low to high": formatting.usd_range(j.cost.low, j.cost.high)
            if j.plan.monthly_usd
            else formatting.NOT_KNOWN,
            "Standing": what_would_change.standing(j, recommendation, front)
            if j.quality is not None or not j.fits or _picked(recommendation, j)
            else "fits, not ranked",
        }
        for j in (*rows, *rest)
    ]


def _picked(recommendation: Recommendation, judged: JudgedPlan) -> bool:
    return recommendation.pick is not None and any(
        judged.row == part.row for part in recommendation.pick.parts
    )


def alternative_rows(recommendation: Recommendation, kind: str) -> list[dict[str, str]]:
    """The pick of a step and the cheapest hosted and own plan of each variant that fits it."""
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return []
    rows = [
        (pick, "the pick"),
        *((other.judged, other.text) for other in alternatives(recommendation, kind)),
    ]
    return [
        {
            "id": j.variant_id,
            "Model": j.plan.variant.name,
            "Where": j.plan.where,
            "Score": formatting.points(j.quality) if j.quality is not None else "not ranked",
            "A month": formatting.usd(j.cost.base),
            "Against the pick": text,
        }
        for j, text in rows
    ]


def _speed(judged: JudgedPlan) -> str:
    """Tokens a second of one machine with their range and, where measured, where they are from."""
    origin = speed_origin(judged)
    return rate(judged) + (f", {origin}" if origin else "")


def plan_rows(recommendation: Recommendation, kind: str) -> list[dict[str, Any]]:
    """Every plan of one step as numbers to sort by, cheapest first; None where not known."""
    rows = sorted(
        _of_kind(recommendation, kind),
        key=lambda j: (not j.fits, math.isnan(j.monthly), j.monthly, j.id),
    )
    return [_plan_row(j) for j in rows]


def _plan_row(judged: JudgedPlan) -> dict[str, Any]:
    plan, amount = judged.plan, judged.plan.monthly_usd
    speed, latency = plan.tokens_per_second, plan.latency_ms
    return {
        "Model": plan.variant.name,
        "Where": plan.where + (f", {speed_origin(judged)}" if plan.measured else ""),
        "Score": None if judged.quality is None else round(judged.quality, 2),
        "USD a month": None if amount is None else float(amount.base),
        "low": None if amount is None else float(amount.low),
        "high": None if amount is None else float(amount.high),
        "Machines": None if plan.replicas is None else plan.replicas[1],
        "Tokens a second": None if speed is None else round(speed.base),
        "ms a request": None if latency is None else round(latency.base, 1),
        "Price of": plan.as_of.isoformat() if plan.as_of else "undated",
        "Fits": "yes"
        if judged.fits
        else judged.excluded[0].text
        if judged.excluded
        else "cost not known",
    }


def cost_rows(recommendation: Recommendation, kind: str) -> list[dict[str, str]]:
    """What every offer for a step comes to in a month, cheapest first; unknown prices last."""
    rows = [j for j in _of_kind(recommendation, kind) if j.hosted]
    rows.sort(key=lambda j: (math.isnan(j.monthly), j.monthly, j.plan.variant.name, j.id))
    return [_cost_row(recommendation, j) for j in rows]


def _cost_row(recommendation: Recommendation, judged: JudgedPlan) -> dict[str, str]:
    plan = judged.plan
    assert plan.offer is not None and plan.provider is not None
    price = plan.offer.usd_per_1m_input if plan.offer.type != "trial" else None
    several = sum(offer.variant == plan.variant_id for offer in plan.provider.offers) > 1
    return {
        "id": plan.variant_id,
        "offer": plan.id,
        "Model": plan.variant.name,
        "Provider": plan.where + (f" ({plan.offer.model})" if several else ""),
        "A month": usd_or_not_known(plan.monthly_usd),
        "Price per 1M": formatting.NOT_KNOWN if price is None else f"${price}",
        "Price of": price_mark(plan.offer, recommendation.today),
        "Tokens": formatting.large(plan.tokens.monthly),
        "Encoding" if judged.kind == "embedder" else "Reranking": usd_or_not_known(
            plan.encoding_usd
        ),
        **(
            {"Index": usd_or_not_known(plan.index_usd), "Once": usd_or_not_known(plan.one_off_usd)}
            if judged.kind == "embedder"
            else {}
        ),
        "Fits": "yes"
        if judged.fits
        else f"no: {judged.excluded[0].text}"
        if judged.excluded
        else "no: its cost is not known",
    }


def own_rows(recommendation: Recommendation, kind: str) -> list[dict[str, str]]:
    """The cheapest own machine that each model of a step fits, and the measured; cheapest first."""
    own = [
        j
        for j in sorted(
            recommendation.fitting(kind), key=lambda j: (j.monthly, preference(recommendation, j))
        )
        if not j.hosted
    ]
    cheapest: dict[str, JudgedPlan] = {}
    for j in own:
        cheapest.setdefault(j.variant_id, j)
    return [
        _own_row(recommendation, j)
        for j in own
        if j.row == cheapest[j.variant_id].row or j.plan.measured
    ]


def _own_row(recommendation: Recommendation, judged: JudgedPlan) -> dict[str, str]:
    plan = judged.plan
    speed, replicas = plan.tokens_per_second, plan.replicas
    assert plan.instance is not None and speed is not None and replicas is not None
    return {
        "id": plan.variant_id,
        "Model": plan.variant.name,
        "Machine": plan.where,
        "A month": formatting.usd(judged.cost.base),
        "Low to high": formatting.usd_range(judged.cost.low, judged.cost.high),
        "Per hour": f"${plan.rent}",
        "Machines": formatting.count(replicas[1])
        if replicas[0] == replicas[2]
        else f"{replicas[1]:,} ({replicas[0]:,} to {replicas[2]:,})",
        "Tokens a second": _speed(judged),
        "Per 1M tokens at this use": formatting.usd(crossing.usd_per_1m(recommendation, judged)),
        "Per 1M when filled": formatting.usd(crossing.full_usd_per_1m(recommendation, judged)),
        "Price of": formatting.day(plan.as_of),
    }


def index_rows(recommendation: Recommendation, judged: JudgedPlan) -> list[dict[str, str]]:
    """The index of an embedder by type of vector: bytes of a vector, of all values, and in memory,
    and the cheapest machine that holds it.
    """
    variant, tokens, dimensions = (
        judged.plan.variant,
        judged.plan.tokens,
        judged.plan.variant.embedding_dim or 0,
    )
    rows = []
    for kind in storage.BYTES_PER_VALUE:
        size = storage.index_size(
            variant,
            tokens,
            recommendation.workload.model_copy(update={"vector_type": kind, "vector_store": "ram"}),
        )
        machine = storage.holding(recommendation.catalog, size.ram_bytes)
        rows.append(
            {
                "Vector type": kind
                + (" (yours)" if kind == recommendation.workload.vector_type else ""),
                "Bytes a dense vector": formatting.count(storage.vector_bytes(dimensions, kind)),
                "Vectors": formatting.large(size.vectors),
                "All values": formatting.memory(size.values_bytes),
                "In RAM": formatting.memory(size.ram_bytes),
                "Cheapest machine that holds it": (
                    f"{machine.cloud} {machine.instance}, {machine.ram_gib:g} GiB"
                    if machine
                    else "none in the catalog"
                ),
            }
        )
    return rows


def store_rows(recommendation: Recommendation, judged: JudgedPlan) -> list[dict[str, str]]:
    """A month of an embedder's index in memory and in each store, and each store's limits."""
    amounts = stores.by_store(
        recommendation.catalog,
        recommendation.workload,
        judged.plan.variant,
        judged.plan.tokens,
        recommendation.table.ram,
    )
    rows = []
    for key, amount in amounts.items():
        store = recommendation.catalog.stores.get(key)
        most = (
            storage.most_dimensions(store, recommendation.workload.vector_type) if store else None
        )
        dimensions = judged.plan.variant.embedding_dim or 0
        limit, no_amount = (
            ""
            if store is None
            else "not stated"
            if most is None
            else f"{formatting.count(most)} dimensions",
            formatting.NOT_KNOWN,
        )
        if (
            store is not None
            and store.vector_types is not None
            and recommendation.workload.vector_type not in store.vector_types
        ):
            amount, no_amount, limit = (
                None,
                "–",
                f"takes no {recommendation.workload.vector_type} vectors",
            )
        elif most is not None and dimensions > most:
            limit += ": too few"
        rows.append(
            {
                "id": key,
                "Store": "Memory of rented machines" if store is None else store.name,
                "A month": formatting.usd(amount.base) if amount else no_amount,
                "Low to high": formatting.usd_range(amount.low, amount.high)
                if amount
                else no_amount,
                "Minimum charge": formatting.usd(store.minimum_usd_per_month)
                if store and store.minimum_usd_per_month
                else "none stated",
                "Limit": limit,
                "Price of": "" if store is None else str(store.as_of or "undated"),
                "Left out": "" if store is None else _left_out_of_store(store),
            }
        )
    return rows


def _left_out_of_store(store: Store) -> str:
    if not storage.price_is_known(store):
        return store.note or "no unit price was found"
    if store.type == "self_hosted":
        return "the database's processors"
    return formatting.listed(list(stores.left_out(store)))


def latency_rows(recommendation: Recommendation) -> list[dict[str, str]]:
    """What a request takes at each step of the pick, at the peak; hosts publish no latency."""
    candidates = formatting.count(recommendation.workload.rerank_candidates)
    names = {"embedder": "Encoding a query", "reranker": f"Reranking {candidates} candidates"}
    rows = []
    for part in recommendation.pick.parts if recommendation.pick else ():
        time = part.plan.latency_ms
        rows.append(
            {
                "Step": names[part.kind],
                "Plan": part.named,
                "Milliseconds": "not published"
                if time is None
                else f"{formatting.significant(time.base)} ({formatting.significant(time.low)} to "
                f"{formatting.significant(time.high)})",
            }
        )
    return rows


def store_sources(recommendation: Recommendation, store_id: str) -> tuple[str, ...]:
    """Ids of the sources of what keeping an index in a store costs."""
    return stores.sources(recommendation.catalog, store_id)


def break_even_rows(recommendation: Recommendation, own: JudgedPlan) -> list[dict[str, str]]:
    """From how many tokens a month a machine costs less than each offer of the same model."""
    return [
        {
            "Against": c.offer.plan.where,
            "Price per 1M": f"${c.offer.plan.offer.usd_per_1m_input}"
            if c.offer.plan.offer
            else formatting.NOT_KNOWN,
            "Break-even, tokens a month": formatting.large(round(c.tokens[1]))
            if c.tokens[1]
            else "never",
            "Fast to slow": f"{_volume(c.tokens[0])} to {_volume(c.tokens[2])}",
            "One machine carries": formatting.large(round(c.capacity[1])),
        }
        for c in crossing.crossings(recommendation, own)
    ]


def _volume(tokens: float | None) -> str:
    return formatting.large(round(tokens)) if tokens else "never"


def swing_rows(rows: list[Swing]) -> list[dict[str, str]]:
    """The tornado chart as a table."""
    return [
        {
            "Assumption": row.name,
            "At one end": f"{row.first}: {formatting.usd(row.first_usd)}",
            "As it is": formatting.usd(row.base_usd),
            "At the other": f"{row.second}: {formatting.usd(row.second_usd)}",
        }
        for row in rows
    ]


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
