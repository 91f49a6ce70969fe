"""Rows of the options of a step: those that fit, those that do not, and the trade-off chart's."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain import break_even as crossing
from advisor.explain import what_would_change
from advisor.explain.sentences import parts_in_words, short_name, speed_origin
from advisor.family.price_list import WithdrawnOffer, age_remark, withdrawn_offers
from advisor.show.tables.numbers import digits, dollars, money, points

Row = dict[str, Any]
IDS = ("id", "option")
"""Columns that only links need."""
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


def place(judged: JudgedPlan) -> str:
    """Where an option runs; no two options of a model have the same place.

    `DeepInfra (BAAI/bge-m3)` where a provider has several endpoints of the model; a machine that
    the visitor measured says so.
    """
    plan = judged.plan
    if plan.offer is not None and plan.provider is not None:
        endpoints = sum(o.variant == plan.variant_id for o in plan.provider.standing_offers)
        return f"{plan.where} ({plan.offer.model})" if endpoints > 1 else plan.where
    return f"{plan.where}, {speed_origin(judged)}" if plan.measured else plan.where


def is_recommended(recommendation: Recommendation, judged: JudgedPlan) -> bool:
    """Whether an option is the recommended one of its step."""
    return recommendation.choice is not None and judged.row in recommendation.choice.rows


def _named(recommendation: Recommendation, judged: JudgedPlan) -> Row:
    """The ids of an option, and its name: `Large EN v1.5 · DeepInfra (recommended)`."""
    mark = " (recommended)" if is_recommended(recommendation, judged) else ""
    name = f"{short_name(recommendation, judged)} · {place(judged)}{mark}"
    return {"id": judged.variant_id, "option": judged.id, "Option": name}


def _of_kind(recommendation: Recommendation, kind: str) -> list[JudgedPlan]:
    """The options of a step, cheapest first, the recommended before its equals, no cost last."""

    def order(judged: JudgedPlan) -> tuple[bool, float, bool, str]:
        is_other = not is_recommended(recommendation, judged)
        return math.isnan(judged.monthly), judged.monthly, is_other, judged.id

    return sorted((j for j in recommendation.judged if j.kind == kind), key=order)


def _against(judged: JudgedPlan) -> str:
    """Why an option does not fit; empty where it does."""
    if judged.fits:
        return ""
    return judged.excluded[0].text if judged.excluded else "Its cost is not known."


def parts_not_known(judged: JudgedPlan, with_once: bool = False) -> str:
    """The parts of a plan's month, and of its first encoding if so, whose cost is not known."""
    plan, step = judged.plan, "reranking" if judged.kind == "reranker" else "encoding"
    encoding = () if plan.encoding_usd else (step,)
    once = plan.one_off_usd.not_known if with_once and plan.one_off_usd else ()
    return parts_in_words(dict.fromkeys((*encoding, *plan.index_usd.not_known, *once)))


def _month(judged: JudgedPlan, end: str = "base") -> float | None:
    """A month in US dollars; None also where what encoding or reranking costs is not known."""
    return None if math.isnan(judged.monthly) else dollars(judged.plan.monthly_usd, end)


def _speed(judged: JudgedPlan) -> float | None:
    """Tokens a second of one machine: whole, and below one with three digits."""
    speed = judged.plan.tokens_per_second
    if speed is None:
        return None
    return round(speed.base) if speed.base >= 1 else digits(speed.base)


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


def trade_off_rows(recommendation: Recommendation, kind: str) -> list[Row]:
    """The options that the trade-off chart draws, best score first, then hosted ones without one.

    `Score` is points of 100; None where there is none to compare.
    """
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
            "option": j.id,
            "Model": short_name(recommendation, j),
            "Where": place(j),
            "Score": points(j.quality),
            "$ per month": _month(j),
            NOT_KNOWN: parts_not_known(j),
            "Standing": standing(j),
        }
        for j in (*rows, *rest)
    ]


def option_rows(recommendation: Recommendation, kind: str) -> list[Row]:
    """The options of a step that fit, cheapest first, with the parts of their cost.

    Encoding or reranking is a provider's price, or the rent of machines.
    """
    return [_option_row(recommendation, j) for j in _of_kind(recommendation, kind) if j.fits]


def _option_row(recommendation: Recommendation, judged: JudgedPlan) -> Row:
    plan = judged.plan
    row = {**_named(recommendation, judged), "$ per month": _month(judged)}
    work = money(plan.encoding_usd and plan.encoding_usd.base)
    if judged.kind == "embedder":
        row |= {"Index": dollars(plan.index_usd), "Encoding (price or rent)": work}
        row["One-off"] = dollars(plan.one_off_usd)
    else:
        row["Reranking (price or rent)"] = work
    return row | {NOT_KNOWN: parts_not_known(judged, with_once=True)}


def misfit_rows(recommendation: Recommendation, kind: str) -> list[Row]:
    """The options of a step that do not fit, cheapest first, and why."""
    return [
        {
            **_named(recommendation, j),
            "$ per month": _month(j),
            "Why it does not fit": _against(j),
            NOT_KNOWN: parts_not_known(j),
        }
        for j in _of_kind(recommendation, kind)
        if not j.fits
    ]


def hosted_rows(recommendation: Recommendation, kind: str) -> list[Row]:
    """The hosted options of a step that fit, cheapest first, with their price and who states it.

    `$ per 1M tokens` has every digit of its source, `Price dated` is a `date`; a name says where
    tokens are partly estimated.
    """
    fitting = (j for j in _of_kind(recommendation, kind) if j.fits and j.hosted)
    return [_hosted_row(recommendation, j) for j in fitting]


def _hosted_row(recommendation: Recommendation, judged: JudgedPlan) -> Row:
    plan, offer = judged.plan, judged.plan.offer
    assert offer is not None and plan.provider is not None
    names, price = _named(recommendation, judged), offer.usd_per_1m_input
    if plan.tokens.estimated:
        names["Option"] += ", tokens partly estimated"
    stated = "third party" if offer.tier == "aggregator" else "first-hand"
    router = "router" if plan.provider.router else ""
    source = (stated, router, age_remark(offer, recommendation.today))
    return {
        **names,
        "$ per month": _month(judged),
        "$ per 1M tokens": None if price is None else float(price),
        "Price dated": offer.as_of,
        "Price source": ", ".join(filter(None, source)),
        NOT_KNOWN: parts_not_known(judged),
    }


def withdrawn(recommendation: Recommendation, kind: str) -> list[WithdrawnOffer]:
    """The offers for a step that are gone and have no plan, a sentence for each."""
    catalog = recommendation.catalog
    return withdrawn_offers(catalog, (k for k, v in catalog.variants.items() if v.kind == kind))


def own_rows(recommendation: Recommendation, kind: str) -> list[Row]:
    """The cheapest own machine that each model of a step fits, and the measured; cheapest first.

    `Machines` is how many of them; counts and speeds are the base of their estimates.
    """
    own = [j for j in recommendation.fitting(kind) if not j.hosted]
    own.sort(key=lambda j: (j.monthly, preference(recommendation, j)))
    cheapest: dict[str, int] = {}
    for j in own:
        cheapest.setdefault(j.variant_id, j.row)
    return [
        {
            **_named(recommendation, j),
            "$ per month": _month(j),
            "Machines": j.plan.replicas and j.plan.replicas[1],
            "Tokens per second": _speed(j),
            "$ per 1M at your load": money(crossing.usd_per_1m(recommendation, j)),
            NOT_KNOWN: parts_not_known(j),
        }
        for j in own
        if j.row == cheapest[j.variant_id] or j.plan.measured
    ]


def plan_rows(recommendation: Recommendation, kind: str) -> list[Row]:
    """Every option of one step for a file, those that fit first, each the cheapest first."""
    rows = sorted(_of_kind(recommendation, kind), key=lambda j: not j.fits)
    return [_plan_row(recommendation, j) for j in rows]


def _plan_row(recommendation: Recommendation, judged: JudgedPlan) -> Row:
    plan = judged.plan
    return {
        "Step": judged.kind.capitalize(),
        "Model": plan.variant.name,
        "Where": place(judged),
        "Recommended": "yes" if is_recommended(recommendation, judged) else "",
        "Fits": "yes" if judged.fits else "no",
        "$ per month": _month(judged),
        "Low ($ per month)": _month(judged, "low"),
        "High ($ per month)": _month(judged, "high"),
        NOT_KNOWN: parts_not_known(judged),
        "Score (of 100)": points(judged.quality),
        "Machines": plan.replicas and plan.replicas[1],
        "Tokens per second": _speed(judged),
        "Time per request (ms)": plan.latency_ms and digits(plan.latency_ms.base),
        "Price dated": plan.as_of and plan.as_of.isoformat(),
        "Why it does not fit": _against(judged),
    }
