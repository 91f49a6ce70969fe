"""Rows for the screen: every figure as text with its unit, and the ids of its sources."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Store, Variant
from advisor.decide import stores
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain import break_even as crossing
from advisor.explain import what_would_change
from advisor.explain.sensitivity import Swing
from advisor.explain.sentences import (
    low_to_high,
    parts_in_words,
    rate,
    speed_origin,
    tokens_a_month,
    usd,
    usd_of,
)
from advisor.family.price_list import WithdrawnOffer, price_mark, withdrawn_offers
from advisor.sizing import storage
from advisor.sizing.ranges import Cost

NOT_KNOWN = "Not known"
"""The column of the parts of a cost that are not known, in words; empty where all are."""
STANDING_WORDS = {
    "the pick": "Recommended",
    "on the front": "Best for its price",
    "beaten": "Dearer or weaker",
    "ruled out": "Does not fit",
}
"""Where an option stands, by the ids of `what_would_change.STANDINGS`, as the screen says it."""
NO_SCORE = "No comparable score"
COMPARED = "Compared with the recommendation"
OWN_DRAWN = 3
"""Plans on own machines that the trade-off chart draws for each model and standing."""


def drawn(recommendation: Recommendation, kind: str) -> list[JudgedPlan]:
    """What the trade-off chart draws: picks, front, hosted, `OWN_DRAWN` a model and standing."""
    front = what_would_change.front(recommendation, kind)
    counts: Counter[tuple[str, str]] = Counter()
    plans = []
    for j in _of_kind(recommendation, kind):
        standing = what_would_change.standing(j, recommendation, front)
        if j.quality is None or math.isnan(j.monthly) or j.monthly <= 0:
            continue
        few = counts[j.variant_id, standing] < OWN_DRAWN
        if j.hosted or standing in ("the pick", "on the front") or few:
            plans.append(j)
        counts[j.variant_id, standing] += not j.hosted
    return plans


def _of_kind(recommendation: Recommendation, kind: str) -> list[JudgedPlan]:
    """The plans of one step, the cheapest first, those of an unknown cost last."""
    plans = (j for j in recommendation.judged if j.kind == kind)
    return sorted(plans, key=lambda j: (math.isnan(j.monthly), j.monthly, j.id))


def _score(judged: JudgedPlan) -> str:
    return formatting.points(judged.quality) if judged.quality is not None else NO_SCORE.lower()


def _fits(judged: JudgedPlan, lead: str = "", unpriced: str = "cost not known") -> str:
    """`yes`, or after `lead` what rules the plan out."""
    if judged.fits:
        return "yes"
    return lead + (judged.excluded[0].text if judged.excluded else unpriced)


def trade_off_rows(recommendation: Recommendation, kind: str) -> list[dict[str, str]]:
    """The plans that the trade-off chart draws, best score first, then hosted ones without one."""
    front = what_would_change.front(recommendation, kind)
    rows = drawn(recommendation, kind)
    rows.sort(key=lambda j: (-(j.quality or 0), j.monthly, j.id))
    seen = {j.row for j in rows}
    rest = [j for j in _of_kind(recommendation, kind) if j.row not in seen and j.hosted]

    def standing(judged: JudgedPlan) -> str:
        word = what_would_change.standing(judged, recommendation, front)
        unscored = word == "beaten" and judged.quality is None
        return NO_SCORE if unscored else STANDING_WORDS[word]

    return [
        {
            "id": j.variant_id,
            "Model": j.plan.variant.name,
            "Where": j.plan.where,
            "Score": _score(j),
            "$ per month": usd_of(j.plan.monthly_usd),
            "Range": low_to_high(j.plan.monthly_usd),
            NOT_KNOWN: parts_not_known(j),
            "Standing": standing(j),
        }
        for j in (*rows, *rest)
    ]


def parts_not_known(judged: JudgedPlan, with_once: bool = False) -> str:
    """The parts of a plan's month, and of its first encoding if so, whose cost is not known."""
    plan, step = judged.plan, "reranking" if judged.kind == "reranker" else "encoding"
    encoding = () if plan.encoding_usd else (step,)
    once = plan.one_off_usd.not_known if with_once and plan.one_off_usd else ()
    return parts_in_words(dict.fromkeys((*encoding, *plan.index_usd.not_known, *once)))


def _speed(judged: JudgedPlan) -> str:
    """Tokens a second of one machine with their range and, where measured, where they are from."""
    origin = speed_origin(judged)
    return rate(judged) + (f", {origin}" if origin else "")


def plan_rows(recommendation: Recommendation, kind: str) -> list[dict[str, Any]]:
    """Every plan of one step as numbers to sort by, cheapest first; None where not known."""
    rows = sorted(_of_kind(recommendation, kind), key=lambda j: not j.fits)
    return [_plan_row(j) for j in rows]


def _plan_row(judged: JudgedPlan) -> dict[str, Any]:
    plan, amount = judged.plan, judged.plan.monthly_usd
    if amount is not None and amount.at_least and not amount.base:
        amount = None
    speed, latency = plan.tokens_per_second, plan.latency_ms
    return {
        "Model": plan.variant.name,
        "Where": plan.where + (f", {speed_origin(judged)}" if plan.measured else ""),
        "Score": None if judged.quality is None else round(judged.quality, 2),
        "$ per month": None if amount is None else float(amount.base),
        "low": None if amount is None else float(amount.low),
        "high": None if amount is None else float(amount.high),
        NOT_KNOWN: parts_not_known(judged),
        "Machines": None if plan.replicas is None else plan.replicas[1],
        "Tokens per second": None if speed is None else round(speed.base),
        "ms per request": None if latency is None else round(latency.base, 1),
        "Price dated": plan.as_of.isoformat() if plan.as_of else "undated",
        "Fits": _fits(judged),
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
    several = sum(o.variant == plan.variant_id for o in plan.provider.standing_offers) > 1
    encoding = formatting.usd(plan.encoding_usd and plan.encoding_usd.base)
    once = {"Index": usd_of(plan.index_usd), "Once": usd_of(plan.one_off_usd)}
    of_step = (
        {"Encoding": encoding} | once if judged.kind == "embedder" else {"Reranking": encoding}
    )
    return {
        "id": plan.variant_id,
        "offer": plan.id,
        "Model": plan.variant.name,
        "Provider": plan.where + (f" ({plan.offer.model})" if several else ""),
        "$ per month": usd_of(plan.monthly_usd),
        "Price per 1M": formatting.NOT_KNOWN if price is None else f"${price}",
        "Price dated": price_mark(plan.offer, recommendation.today),
        "Tokens": tokens_a_month(plan),
        **of_step,
        NOT_KNOWN: parts_not_known(judged, with_once=True),
        "Fits": _fits(judged, "no: ", "its cost is not known"),
    }


def withdrawn(recommendation: Recommendation, kind: str) -> list[WithdrawnOffer]:
    """The offers for a step that are gone and have no plan, a sentence for each."""
    catalog = recommendation.catalog
    return withdrawn_offers(catalog, (k for k, v in catalog.variants.items() if v.kind == kind))


def own_rows(recommendation: Recommendation, kind: str) -> list[dict[str, str]]:
    """The cheapest own machine that each model of a step fits, and the measured; cheapest first."""
    own = [j for j in recommendation.fitting(kind) if not j.hosted]
    own.sort(key=lambda j: (j.monthly, preference(recommendation, j)))
    cheapest: dict[str, int] = {}
    for j in own:
        cheapest.setdefault(j.variant_id, j.row)
    shown = [j for j in own if j.row == cheapest[j.variant_id] or j.plan.measured]
    return [_own_row(recommendation, j) for j in shown]


def _own_row(recommendation: Recommendation, judged: JudgedPlan) -> dict[str, str]:
    plan = judged.plan
    speed, replicas = plan.tokens_per_second, plan.replicas
    assert plan.instance is not None and speed is not None and replicas is not None
    return {
        "id": plan.variant_id,
        "Model": plan.variant.name,
        "Machine": plan.where,
        "$ per month": usd_of(judged.cost),
        "Range": low_to_high(judged.cost),
        NOT_KNOWN: parts_not_known(judged),
        "$ per hour": f"${plan.rent}",
        "Machines": formatting.count(replicas[1])
        if replicas[0] == replicas[2]
        else f"{replicas[1]:,} ({replicas[0]:,} to {replicas[2]:,})",
        "Tokens per second": _speed(judged),
        "$ per 1M tokens at your load": formatting.usd(crossing.usd_per_1m(recommendation, judged)),
        "$ per 1M tokens at full load": formatting.usd(
            crossing.full_usd_per_1m(recommendation, judged)
        ),
        "Price dated": formatting.day(plan.as_of),
    }


def index_rows(recommendation: Recommendation, judged: JudgedPlan) -> list[dict[str, str]]:
    """The index by type of vector: its bytes, and the cheapest machine that holds them in RAM."""
    return [_index_row(recommendation, judged, kind) for kind in storage.BYTES_PER_VALUE]


def _index_row(recommendation: Recommendation, judged: JudgedPlan, kind: str) -> dict[str, str]:
    variant, workload = judged.plan.variant, recommendation.workload
    in_ram = workload.model_copy(update={"vector_type": kind, "vector_store": "ram"})
    size = storage.index_size(variant, judged.plan.tokens, in_ram)
    holder, machine = "none in the catalog", storage.holding(recommendation.catalog, size.ram_bytes)
    if machine:
        cloud = recommendation.catalog.cloud_name(machine.cloud)
        holder = f"{cloud} {machine.instance}, {machine.ram_gib:g} GiB"
    bytes_each = storage.vector_bytes(variant.embedding_dim or 0, kind)
    return {
        "Vector precision": kind + (" (yours)" if kind == workload.vector_type else ""),
        "Bytes per vector": formatting.count(bytes_each),
        "Vectors": formatting.large(size.vectors),
        "Raw size": formatting.memory(size.values_bytes),
        "In memory": formatting.memory(size.ram_bytes),
        "Cheapest machine that holds it": holder,
    }


def store_rows(recommendation: Recommendation, judged: JudgedPlan) -> list[dict[str, str]]:
    """A month of an embedder's index in memory and in each store, and each store's limits."""
    catalog, workload, plan = recommendation.catalog, recommendation.workload, judged.plan
    table = recommendation.table
    amounts = stores.by_store(catalog, workload, plan.variant, plan.tokens, table.ram)
    return [
        _store_row(key, catalog.stores.get(key), amount, workload.vector_type, plan.variant)
        for key, amount in amounts.items()
    ]


def _store_row(
    key: str, store: Store | None, cost: Cost, vector_type: str, variant: Variant
) -> dict[str, str]:
    """One row; without a store it is the memory of rented machines."""
    limit, amounts = "", (usd_of(cost), low_to_high(cost), parts_in_words(cost.not_known))
    if store and store.vector_types is not None and vector_type not in store.vector_types:
        limit, amounts = f"does not accept {vector_type} vectors", ("–", "–", "")
    elif store:
        most = storage.most_dimensions(store, vector_type)
        limit = "not stated" if most is None else f"{formatting.count(most)} dimensions"
        limit += ": too few" if most is not None and (variant.embedding_dim or 0) > most else ""
    least = store and (store.minimum_usd_per_month or store.floor_usd_per_month)
    return {
        "id": key,
        "Store": store.name if store else "Memory of rented machines",
        "$ per month": amounts[0],
        "Range": amounts[1],
        NOT_KNOWN: amounts[2],
        "Minimum charge": formatting.usd(least) if least else "not stated",
        "Limit": limit,
        "Price dated": (store.as_of or "undated") if store else "",
        "Not included": _left_out_of_store(store) if store else "",
    }


def _left_out_of_store(store: Store) -> str:
    if not storage.price_is_known(store):
        return store.note or "no unit price was found"
    if store.type == "self_hosted":
        return "the database's processors"
    return formatting.listed(list(stores.left_out(store)))


def latency_rows(recommendation: Recommendation) -> list[dict[str, str]]:
    """What a request takes at each step of the pick, at the peak; hosts publish no latency."""
    candidates = formatting.count(recommendation.workload.rerank_candidates)
    names = {"embedder": "Encoding a query", "reranker": f"Reranking {candidates} passages"}
    rows = []
    for part in recommendation.pick.parts if recommendation.pick else ():
        shown, time = "not published", part.plan.latency_ms
        if time is not None:
            low, base, high = (formatting.significant(n) for n in (time.low, time.base, time.high))
            shown = f"{base} ({low} to {high})"
        rows.append({"Step": names[part.kind], "Plan": part.named, "Milliseconds": shown})
    return rows


def store_sources(recommendation: Recommendation, store_id: str) -> tuple[str, ...]:
    """Ids of the sources of what keeping an index in a store costs."""
    return stores.sources(recommendation.catalog, store_id)


def break_even_rows(recommendation: Recommendation, own: JudgedPlan) -> list[dict[str, str]]:
    """From how many tokens a month a machine costs less than each offer of the same model."""
    return [
        {
            "Against": c.offer.plan.where,
            "Price per 1M": crossing.offer_price(c.offer).removesuffix(" / 1M"),
            "Break-even (tokens per month)": _volume(c.tokens[1]),
            "Range": f"{_volume(c.tokens[0])} to {_volume(c.tokens[2])}",
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
            "At one end": f"{row.first}: {usd(row.first_usd, row.not_known)}",
            "As it is": usd(row.base_usd, row.not_known),
            "At the other": f"{row.second}: {usd(row.second_usd, row.not_known)}",
            NOT_KNOWN: parts_in_words(row.not_known),
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
