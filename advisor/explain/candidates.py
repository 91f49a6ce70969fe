"""How many candidates a budget or a latency limit leaves room for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from advisor.ask.workload import bounds
from advisor.base import formatting
from advisor.decide import build
from advisor.decide.choosing import PickedRows, keeps_limits, shared_replicas
from advisor.decide.plans import Plans
from advisor.decide.recommend import Recommendation
from advisor.explain.sentences import Reason

MOST = int(bounds("rerank_candidates")[1])


def largest(holds: Callable[[int], bool], most: int) -> int:
    """The largest number from 1 to `most` up to which `holds`, by halving; 0 where 1 does not."""
    least, beyond = 0, most + 1
    while beyond - least > 1:
        middle = (least + beyond) // 2
        least, beyond = (middle, beyond) if holds(middle) else (least, middle)
    return least


class Room(NamedTuple):
    """The most candidates a query that a pick can take, and what one more would do."""

    candidates: int
    beyond: str


def room(recommendation: Recommendation) -> Room | None:
    """The most candidates a query at which the pick keeps to budget and latency limit.

    With a latency limit, on as many machines as it has: more of them shorten the wait, at any cost.
    None where no limit is stated, or none is reached with as many as may be asked for.
    """
    workload, choice, pick = recommendation.workload, recommendation.choice, recommendation.pick
    budget, limit = workload.budget_usd_per_month, workload.latency_ms_p95
    part = pick.part("reranker") if pick else None
    if choice is None or part is None or (budget, limit) == (None, None):
        return None
    now = _machines(recommendation.table, choice)

    def beyond(candidates: int) -> str:
        """What so many candidates would exceed or take; empty where they keep to the limits."""
        table = build.with_candidates(recommendation.table, part.row, candidates)
        if limit is not None and _machines(table, choice) > now:
            return (
                f"need another machine to meet your latency limit of {formatting.count(limit)} ms"
            )
        if keeps_limits(table, choice):
            return ""
        late = table.workload.model_copy(update={"budget_usd_per_month": None})
        if budget is None or not keeps_limits(replace(table, workload=late, _rows={}), choice):
            return f"exceed your latency limit of {formatting.count(limit)} ms"
        return f"exceed your budget of {formatting.usd(budget)} per month"

    most = largest(lambda candidates: not beyond(candidates), MOST)
    return Room(most, beyond(most + 1)) if 0 < most < MOST else None


def _machines(table: Plans, choice: PickedRows) -> float:
    """Own machines of a choice, base; none at endpoints."""
    if choice.shared:
        first, second = choice.rows
        return float(shared_replicas(table, first, second, "base"))
    replicas = np.where(table.static.hosted, 0.0, table.figures.replicas["base"])
    return float(replicas[list(choice.rows)].sum())


def affordable_candidates(recommendation: Recommendation) -> list[Reason]:
    """`This option can rerank up to 24 passages per query: one more would exceed ...`

    Of the pick alone: with more of them, other plans may still keep to the limits.
    """
    left = room(recommendation)
    if left is None:
        return []
    text = (
        f"This option can rerank up to {formatting.counted(left.candidates, 'passage')} per query: "
        f"one more would {left.beyond}."
    )
    return [Reason("candidates", text, ())]
