"""Hosted or on your own machine: from which volume the model of the recommendation changes side."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain.break_even import Crossing, crossing, machines_to_compare
from advisor.explain.sentences import capital
from advisor.explain.ways import KINDS, kind_of
from advisor.explain.what_would_change import again

EITHER = {"placement": "any", "hardware": "any", "budget_usd_per_month": None}
"""What is not held against either side: both are compared, at other volumes too."""
NAMES = {kind.id: kind.name for kind in KINDS}


@dataclass(frozen=True)
class HostedOrOwn:
    """An offer against the best GPU and CPU of one's own, in tokens per month of one model."""

    kind: str
    offer: JudgedPlan
    """The recommended offer, or the cheapest that fits beside a machine that is recommended."""
    gpu: JudgedPlan | None
    cpu: JudgedPlan | None
    """Of each class the machine that pays soonest; where none ever does, the cheapest now."""
    crossings: tuple[Crossing, ...]
    """Of those machines with the offer, the GPU first."""
    title: str
    metric: str
    """`24.8 B tokens`, `never`, `not known`: the volume that the title names."""
    note: str
    """`your own GPU, per month`: what the metric is of."""

    @property
    def machines(self) -> tuple[JudgedPlan, ...]:
        """The GPU and the CPU, as far as there are any."""
        return tuple(pair.own for pair in self.crossings)


def hosted_or_own(recommendation: Recommendation, kind: str) -> HostedOrOwn | None:
    """The comparison for one step, by what encoding or reranking costs: the index costs the same.

    Machines and offers are those that fit, were it not for where it may run and the budget. None
    where nothing is recommended, or without a priced offer, a load, or a machine of known speed.
    """
    part = recommendation.pick.part(kind) if recommendation.pick else None
    if part is None:
        return None
    fitting = _fitting(recommendation, kind)
    offer = part if part.hosted else _cheapest_offer(recommendation, part, fitting)
    if offer is None:
        return None
    holding = machines_to_compare(recommendation, part.variant_id)
    pairs = [
        pair
        for own in holding
        if own.row in fitting and (pair := crossing(recommendation, own, offer)) is not None
    ]
    if not pairs:
        return None
    gpu, cpu = _soonest(pairs, "own-gpu"), _soonest(pairs, "own-cpu")
    best = tuple(pair for pair in (gpu, cpu) if pair is not None)
    return HostedOrOwn(
        kind,
        offer,
        gpu.own if gpu else None,
        cpu.own if cpu else None,
        best,
        *_words(recommendation, offer, pairs, best),
    )


def _fitting(recommendation: Recommendation, kind: str) -> set[int]:
    """The rows of a step that fit, wherever it may run and whatever it may cost."""
    workload = recommendation.workload.model_copy(update=EITHER)
    if workload != recommendation.workload:
        recommendation = again(recommendation.asked_of, recommendation, workload)
    return {judged.row for judged in recommendation.fitting(kind)}


def _cheapest_offer(
    recommendation: Recommendation, part: JudgedPlan, fitting: set[int]
) -> JudgedPlan | None:
    """The cheapest offer of a machine's model that has a price."""
    offers = (
        j
        for j in recommendation.judged
        if j.hosted and j.variant_id == part.variant_id and j.row in fitting
        if j.plan.figure("usd_per_1m_input")
    )
    return min(offers, key=lambda j: (j.monthly, preference(recommendation, j)), default=None)


def _soonest(pairs: list[Crossing], class_id: str) -> Crossing | None:
    """Of the machines of a class the one that pays soonest, else the cheapest at your volume."""
    of_class = (pair for pair in pairs if kind_of([pair.own]) == class_id)
    return min(of_class, key=lambda p: (_from(p.tokens[1]), p.own.monthly), default=None)


def _from(tokens: float | None) -> float:
    return math.inf if tokens is None else tokens


def _words(
    recommendation: Recommendation,
    offer: JudgedPlan,
    pairs: list[Crossing],
    best: tuple[Crossing, ...],
) -> tuple[str, str, str]:
    """Title, metric and note."""
    now = offer.plan.tokens.monthly
    first = min(best, key=lambda pair: _from(pair.tokens[1]))
    last = min(pairs, key=lambda pair: _from(pair.always))
    start, always = first.tokens[1], last.always
    own = _name(first.own)
    if start is None:
        classes = formatting.listed([_name(pair.own).split()[-1] for pair in best], "or")
        return "Hosted is cheaper at any volume", "never", f"your own {classes}, at any volume"
    if not start:
        return f"{capital(own)} is cheaper at any volume", "any volume", own
    cheapest = min((pair.own for pair in pairs), key=lambda j: j.monthly)
    winner = _name(cheapest) if cheapest.monthly < offer.monthly else "hosted"
    named = [first.own, *([] if always is None else [last.own])]
    if not all(_by_load(recommendation, machine) for machine in named):
        note = f"{own}: your latency limit takes more machines than the load"
        return f"{capital(winner)} is cheaper at your volume", formatting.NOT_KNOWN, note
    month = f"{own}, per month"
    if now < start:
        later = f"; always from {formatting.short(always)}" if always and always != start else ""
        return f"Hosted stays cheaper until {_volume(start)}", _metric(start), f"{month}{later}"
    sooner = f"; at some volumes from {formatting.short(start)}"
    if always is None:
        return f"{capital(winner)} is cheaper at your volume", _metric(start), f"{month}{sooner}"
    own = _name(last.own)
    if now < always:
        also = "and always" if winner == own else f"{own} always"
        title = f"{capital(winner)} is cheaper at your volume, {also} from {_volume(always)}"
        return title, _metric(always), f"{own}, always from there{sooner}"
    once = "cheaper" if always == start else "always cheaper"
    title = f"{capital(own)} is {once} from {_volume(always)}: you are above it"
    return title, _metric(always), f"{own}, per month"


def _by_load(recommendation: Recommendation, own: JudgedPlan) -> bool:
    """Whether the load alone decides how many machines it takes, at every volume.

    A latency limit may keep machines less busy than they may be filled (`sizing.latency`).
    """
    limit, table = recommendation.workload.latency_ms_p95, recommendation.table
    if limit is None:
        return True
    busy = 1 - float(table.figures.service_ms["base"][own.row]) / limit
    return busy >= recommendation.assumptions.target_utilisation


def _name(own: JudgedPlan) -> str:
    """`your own GPU`."""
    return NAMES[kind_of([own]) or "hosted"]


def _volume(tokens: float) -> str:
    """`24.8 billion tokens per month`."""
    return f"{formatting.large(float(f'{tokens:.3g}'))} tokens per month"


def _metric(tokens: float) -> str:
    """`24.8 B tokens`."""
    return f"{formatting.short(tokens)} tokens"
