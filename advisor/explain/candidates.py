"""How many candidates a budget or a latency limit leaves room for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from advisor.ask.workload import Workload, bounds
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


def affordable(recommendation: Recommendation) -> int | None:
    """The most candidates a query at which the pick keeps to budget and latency limit.

    With a latency limit, on as many machines as it has: more of them shorten the wait, at any cost.
    None where no limit is stated, or none is reached with as many as may be asked for.
    """
    workload, choice, pick = recommendation.workload, recommendation.choice, recommendation.pick
    part = pick.part("reranker") if pick else None
    if choice is None or part is None or not limits_in_words(workload):
        return None
    now = _machines(recommendation.table, choice)

    def keeps(candidates: int) -> bool:
        table = build.with_candidates(recommendation.table, part.row, candidates)
        more = workload.latency_ms_p95 is not None and _machines(table, choice) > now
        return keeps_limits(table, choice) and not more

    most = largest(keeps, MOST)
    return most if 0 < most < MOST else None


def _machines(table: Plans, choice: PickedRows) -> float:
    """Own machines of a choice, base; none at endpoints."""
    if choice.shared:
        first, second = choice.rows
        return float(shared_replicas(table, first, second, "base"))
    replicas = np.where(table.static.hosted, 0.0, table.figures.replicas["base"])
    return float(replicas[list(choice.rows)].sum())


def limits_in_words(workload: Workload) -> list[str]:
    """The limits that the number of candidates may break."""
    budget, limit = workload.budget_usd_per_month, workload.latency_ms_p95
    words = [] if budget is None else [f"budget of {formatting.usd(budget)} a month"]
    return words if limit is None else [*words, f"latency limit of {formatting.count(limit)} ms"]


def affordable_candidates(recommendation: Recommendation) -> list[Reason]:
    """`You can afford 24 candidates a query with this pick: one more and it would exceed ...`

    Of the pick alone: with more of them, other plans may still keep to the limits.
    """
    most, workload = affordable(recommendation), recommendation.workload
    if most is None or recommendation.pick is None:
        return []
    own = any(not part.hosted for part in recommendation.pick.parts)
    on_machines = own and workload.latency_ms_p95 is not None
    if not own:  # providers publish no latency
        workload = workload.model_copy(update={"latency_ms_p95": None})
    text = (
        f"You can afford {formatting.counted(most, 'candidate')} a query with this pick"
        f"{' on these machines' if on_machines else ''}: one more and it would exceed your "
        f"{formatting.listed(limits_in_words(workload), 'or')}"
        f"{', or take another machine' if on_machines else ''}."
    )
    return [Reason("candidates", text, ())]
