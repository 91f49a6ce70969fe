"""At how many tokens a month a machine costs less than a hosted offer of the same model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from advisor.base import formatting
from advisor.base.units import HOURS_PER_MONTH
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.sizing.latency import whole
from advisor.sizing.ranges import ENDS


class Crossing(NamedTuple):
    """Tokens a month from which a machine costs less than an offer (None is never), and what one
    carries when filled as assumed; each at the fast end, the base and the slow end of its speed.
    """

    own: JudgedPlan
    offer: JudgedPlan
    tokens: tuple[float | None, float | None, float | None]
    capacity: tuple[float, float, float]
    always: float | None
    """Tokens a month from which it costs less at every volume, at the base; None is never."""


def crossing_tokens(
    rent_usd: float, usd_per_1m: float, capacity: float, spare: int = 0, always: bool = False
) -> float | None:
    """Tokens a month at which `n + spare` machines cost what the offer does; None where none do.

    `n` is the least number that carries them; one machine carries `capacity` tokens a month. Where
    a single one cannot carry the volume at which it pays, more never catch up: rent and volume grow
    alike. Just beyond what they carry one more is rented, and the offer may cost less again;
    `always` gives the volume from which it never does. Source:
    docs/decisions/0008-the-cost-page.md, "Break-even".

    >>> round(crossing_tokens(0.8048 * 730, 0.204, 1e12) / 1e9, 2)
    2.88
    >>> crossing_tokens(0.8048 * 730, 0.01, 5e10) is None
    True
    >>> [crossing_tokens(100, 1.0, 130e6, 0, always) for always in (False, True)]
    [100000000.0, 400000000.0]
    """
    if usd_per_1m <= 0:
        return None
    each = rent_usd * 1e6 / usd_per_1m  # tokens that pay for one machine
    idle = spare + always  # of the machines to pay for, those that carry nothing
    if not idle:
        return each if each <= capacity else None
    if each >= capacity:
        return None
    machines = max(1, int(whole(idle * each / (capacity - each))))
    return (machines + spare) * each


def monthly_capacity(
    recommendation: Recommendation, own: JudgedPlan
) -> tuple[float, float, float] | None:
    """Tokens a month that one machine carries (fast end, base, slow end); None without a load."""
    tokens, used = own.plan.tokens.monthly, recommendation.assumptions.target_utilisation
    shares = [float(recommendation.table.needed[end][own.row]) for end in ENDS]
    if not tokens or not all(share > 0 for share in shares):
        return None
    fast, middle, slow = (tokens * used / share for share in shares)
    return fast, middle, slow


def rents_usd(
    recommendation: Recommendation, own: JudgedPlan, volumes: Sequence[float]
) -> list[float]:
    """US dollars a month of the machines that carry each volume in tokens, as the engine counts
    them: with a spare, and with those that a latency limit takes.
    """
    table, rent = recommendation.table, own.plan.rent
    assert rent is not None
    share = float(table.needed["base"][own.row]) / own.plan.tokens.monthly
    service_ms = float(table.figures.service_ms["base"][own.row])
    machines = table.machines(np.array(volumes) * share, service_ms)
    return [float(rent) * HOURS_PER_MONTH * count for count in machines.tolist()]


def crossings(recommendation: Recommendation, own: JudgedPlan) -> list[Crossing]:
    """A machine against each priced offer of its model, the dearest first: it pays soonest."""
    hosted = (j for j in recommendation.judged if j.hosted and j.variant_id == own.variant_id)
    offers = sorted(hosted, key=lambda j: (-_price(j), j.plan.where, j.id))
    pairs = (crossing(recommendation, own, offer) for offer in offers)
    return [pair for pair in pairs if pair is not None]


def crossing(recommendation: Recommendation, own: JudgedPlan, offer: JudgedPlan) -> Crossing | None:
    """A machine against one offer of its model; None without a rent, a load, or a price."""
    capacity, rent, price = monthly_capacity(recommendation, own), own.plan.rent, _price(offer)
    if capacity is None or rent is None or not price:
        return None
    spare, usd = int(recommendation.workload.redundancy), float(rent) * HOURS_PER_MONTH
    fast, base, slow = (crossing_tokens(usd, price, each, spare) for each in capacity)
    always = crossing_tokens(usd, price, capacity[1], spare, always=True)
    return Crossing(own, offer, (fast, base, slow), capacity, always)


def _price(offer: JudgedPlan) -> float:
    return float(offer.plan.figure("usd_per_1m_input") or 0)


def machines_to_compare(recommendation: Recommendation, variant_id: str) -> list[JudgedPlan]:
    """The machines that a model fits, by what a million tokens cost on a full one."""
    own = (j for j in recommendation.judged if j.variant_id == variant_id and not j.hosted)
    fitting = (j for j in own if "model-fits-memory" not in recommendation.rules.excluding(j.row))
    usd = [(full_usd_per_1m(recommendation, j), j) for j in fitting]
    known = [(full, preference(recommendation, j), j) for full, j in usd if full is not None]
    return [j for *_, j in sorted(known, key=lambda row: (*row[:2], row[2].id))]


def full_usd_per_1m(recommendation: Recommendation, own: JudgedPlan) -> float | None:
    """US dollars a million tokens on a machine filled as assumed; None without a rent or a load."""
    capacity, rent = monthly_capacity(recommendation, own), own.plan.rent
    if capacity is None or rent is None:
        return None
    return float(rent) * HOURS_PER_MONTH / capacity[1] * 1e6


def usd_per_1m(recommendation: Recommendation, own: JudgedPlan) -> float | None:
    """US dollars a million tokens at the workload's use of the machines; None without a load."""
    amount, tokens = own.plan.encoding_usd, own.plan.tokens.monthly
    return None if amount is None or not tokens else float(amount.base) / tokens * 1e6


def formula(recommendation: Recommendation, own: JudgedPlan) -> list[str]:
    """How the break-even is worked out, with the visitor's numbers in it."""
    pairs = crossings(recommendation, own)
    if not pairs or own.plan.rent is None:
        return []
    large, usd, carries = formatting.large, formatting.usd, pairs[0].capacity[1]
    rent = float(own.plan.rent) * HOURS_PER_MONTH
    filling = recommendation.assumptions.target_utilisation
    share = float(recommendation.table.needed["base"][own.row])
    used = np.format_float_positional(100 * share, precision=4, fractional=False, trim="-")
    price, tokens = offer_price(pairs[0].offer), rent / _price(pairs[0].offer) * 1e6
    each, spare = price.removesuffix(" / 1M"), ""
    if recommendation.workload.redundancy:
        spare = (
            " With a spare machine, this takes the least number of machines at which the others "
            "can carry the volume that pays for all of them."
        )
    return [
        f"One machine costs ${own.plan.rent} × {HOURS_PER_MONTH} hours = {usd(rent)} per month.",
        f"It can carry {formatting.count(own.plan.tokens.monthly)} tokens per month × "
        f"{filling:.0%} utilisation / {used}% of its time at peak = "
        f"{large(round(carries))} tokens.",
        f"Against {price} it pays off from {usd(rent)} / {each} × 1,000,000 = "
        f"{large(round(tokens))} tokens per month, if it can carry them.{spare}",
    ]


def sentence(crossing: Crossing) -> str:
    """`From 2.88 billion tokens per month g6.xlarge is cheaper than Cloudflare's $0.204 / 1M.`"""
    fast, base, slow = crossing.tokens
    large, where = formatting.large, crossing.own.plan.where
    against = f"{crossing.offer.plan.where}'s {offer_price(crossing.offer)}"
    if base is not None:
        at_times = "" if crossing.always == base else "at times "
        cheaper = f"is {at_times}cheaper than {against}"
        text = f"From {large(round(base))} tokens per month {where} {cheaper}"
        if at_times and crossing.always:
            text += f", from {large(round(crossing.always))} always"
        return text + ("." if slow is not None else ", but not at the slow end of its speed.")
    rent = float(crossing.own.plan.rent or 0) * HOURS_PER_MONTH
    tokens = rent * 1e6 / (_price(crossing.offer) or math.inf)
    text = (
        f"Never: {where} would pay off from {large(round(tokens))} tokens per month against "
        f"{against}. But one machine carries only {large(round(crossing.capacity[1]))}, "
        "and adding more never makes it cheaper."
    )
    if fast is None:
        return text
    return f"{text} At the fast end of its speed it would, from {large(round(fast))}."


def offer_price(offer: JudgedPlan) -> str:
    """`$0.20 / 1M`: the price with every digit of its source."""
    return formatting.price(offer.plan.offer.usd_per_1m_input if offer.plan.offer else None)
