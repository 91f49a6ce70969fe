"""At how many tokens a month a machine of one's own costs less than a hosted offer of the same model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from advisor.base import formatting
from advisor.base.units import HOURS_PER_MONTH
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.sizing.latency import filled, whole
from advisor.sizing.ranges import ENDS


class Crossing(NamedTuple):
    """Tokens a month from which a machine costs less than an offer, at the fast end, the base and the slow end of its speed; None is never.

    `capacity` is what one machine carries in a month when it is filled as assumed, in tokens, in the same order.
    """

    own: JudgedPlan
    offer: JudgedPlan
    tokens: tuple[float | None, float | None, float | None]
    capacity: tuple[float, float, float]


def crossing_tokens(
    rent_usd: float, usd_per_1m: float, capacity: float, spare: int = 0
) -> float | None:
    """Tokens a month at which `n + spare` machines cost what the offer does, for the least `n` that carries them; None where no number does.

    One machine carries `capacity` tokens a month. Where a single one cannot carry the volume at which it pays, more never catch up: rent and
    volume grow alike. Source: calculators.md section 4, with the capacity check before the comparison of prices.

    >>> round(crossing_tokens(0.8048 * 730, 0.204, 1e12) / 1e9, 2)
    2.88
    >>> crossing_tokens(0.8048 * 730, 0.01, 5e10) is None
    True
    """
    if usd_per_1m <= 0:
        return None
    each = rent_usd * 1e6 / usd_per_1m  # tokens that pay for one machine
    if not spare:
        return each if each <= capacity else None
    if each >= capacity:
        return None
    machines = max(1, int(whole(spare * each / (capacity - each))))
    return (machines + spare) * each


def monthly_capacity(
    recommendation: Recommendation, own: JudgedPlan
) -> tuple[float, float, float] | None:
    """Tokens a month that one machine carries at the workload's mix and ratio of peak to average: (fast end, base, slow end of the speed); None without a load."""
    tokens, used = own.plan.tokens.monthly, recommendation.assumptions.target_utilisation
    shares = [float(recommendation.table.needed[end][own.row]) for end in ENDS]
    if not tokens or not all(share > 0 for share in shares):
        return None
    fast, middle, slow = (tokens * used / share for share in shares)
    return fast, middle, slow


def rents_usd(
    recommendation: Recommendation, own: JudgedPlan, volumes: Sequence[float]
) -> list[float]:
    """US dollars a month of as many machines as carry each volume, in tokens a month, one to spare where that is asked; for a machine with a rent and a load."""
    capacity, rent = monthly_capacity(recommendation, own), own.plan.rent
    assert capacity is not None and rent is not None
    machines = filled(np.array(volumes) / capacity[1], 1.0, recommendation.workload.redundancy)
    return [float(rent) * HOURS_PER_MONTH * count for count in machines.tolist()]


def crossings(recommendation: Recommendation, own: JudgedPlan) -> list[Crossing]:
    """A machine against each priced offer of the same model, the dearest offer first (where the machine pays soonest)."""
    capacity, rent = monthly_capacity(recommendation, own), own.plan.rent
    if capacity is None or rent is None:
        return []
    spare = int(recommendation.workload.redundancy)
    offers = [
        j
        for j in recommendation.judged
        if j.hosted and j.variant_id == own.variant_id and _price(j)
    ]
    pairs = []
    for offer in sorted(offers, key=lambda j: (-_price(j), j.plan.where, j.id)):
        low, base, high = (
            crossing_tokens(float(rent) * HOURS_PER_MONTH, _price(offer), each, spare)
            for each in capacity
        )
        pairs.append(Crossing(own, offer, (low, base, high), capacity))
    return pairs


def _price(offer: JudgedPlan) -> float:
    figure = offer.plan.figure("usd_per_1m_input")
    return 0.0 if figure is None else float(figure)


def machines_to_compare(recommendation: Recommendation, variant_id: str) -> list[JudgedPlan]:
    """The machines that a model fits, by what a million tokens cost on a full one, the least first: those on which it can pay at all."""
    rows = [
        j
        for j in recommendation.judged
        if j.variant_id == variant_id
        and not j.hosted
        and j.plan.rent is not None
        and monthly_capacity(recommendation, j)
    ]
    rows = [j for j in rows if "model-fits-memory" not in recommendation.rules.excluding(j.row)]
    return sorted(rows, key=lambda j: (_full(recommendation, j), preference(recommendation, j)))


def _full(recommendation: Recommendation, own: JudgedPlan) -> float:
    """US dollars a million tokens on a machine that is filled as assumed."""
    capacity = monthly_capacity(recommendation, own)
    assert capacity is not None and own.plan.rent is not None
    return float(own.plan.rent) * HOURS_PER_MONTH / capacity[1] * 1e6


def full_usd_per_1m(recommendation: Recommendation, own: JudgedPlan) -> float | None:
    """US dollars a million tokens on a machine that is filled as assumed; None without a load."""
    return None if monthly_capacity(recommendation, own) is None else _full(recommendation, own)


def usd_per_1m(recommendation: Recommendation, own: JudgedPlan) -> float | None:
    """US dollars a million tokens at the workload's actual use of the machines; None without a load."""
    amount, tokens = own.plan.encoding_usd, own.plan.tokens.monthly
    return None if amount is None or not tokens else float(amount.base) / tokens * 1e6


def formula(recommendation: Recommendation, own: JudgedPlan) -> list[str]:
    """How the break-even is worked out, with the visitor's numbers in it."""
    pairs = crossings(recommendation, own)
    if not pairs or own.plan.rent is None:
        return []
    rent, first, count = (
        float(own.plan.rent) * HOURS_PER_MONTH,
        pairs[0],
        formatting.count,
    )
    price = first.offer.plan.figure("usd_per_1m_input")
    share = float(recommendation.table.needed["base"][own.row])
    spare = (
        " With one machine to spare, the least number of machines is taken at which the volume that pays for all is carried by the others."
        if recommendation.workload.redundancy
        else ""
    )
    return [
        f"One machine costs ${own.plan.rent} × {HOURS_PER_MONTH} hours = {formatting.usd(rent)} a month.",
        f"It carries {count(own.plan.tokens.monthly)} tokens a month × {recommendation.assumptions.target_utilisation:.0%} filling / {share:.3%} of its time at the peak = {formatting.large(round(first.capacity[1]))} tokens.",
        f"Against ${price:g} / 1M it pays from {formatting.usd(rent)} / ${price:g} × 1,000,000 = {formatting.large(round(rent / price * 1e6))} tokens a month, if it carries them.{spare}",
    ]


def sentence(crossing: Crossing) -> str:
    """The crossing in words: `From 2.88 billion tokens a month one AWS g6.xlarge (L4) costs less than Cloudflare's $0.204 / 1M.`"""
    low, base, high = crossing.tokens
    where, offer = crossing.own.plan.where, crossing.offer.plan
    price = formatting.price(offer.offer.usd_per_1m_input if offer.offer else None)
    against = f"{offer.where}'s {price}"
    each = crossing.own.plan.rent
    if base is None:
        need = float(each or 0) * HOURS_PER_MONTH * 1e6 / (_price(crossing.offer) or math.inf)
        text = f"Never: {where} would pay from {formatting.large(round(need))} tokens a month against {against}, but one carries {formatting.large(round(crossing.capacity[1]))}, and more of them cost more in the same measure."
        return (
            text
            if low is None
            else text
            + f" At the fast end of its speed it would, from {formatting.large(round(low))}."
        )
    text = f"From {formatting.large(round(base))} tokens a month {where} costs less than {against}"
    return text + ("." if high is not None else "; not at the slow end of its speed.")
