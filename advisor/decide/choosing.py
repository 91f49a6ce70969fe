"""Which plan of each step is picked among those that fit: scores, costs, what counts as equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.ask.workload import Workload
from advisor.decide import evidence
from advisor.decide.evidence import Evidence
from advisor.decide.plans import Plans
from advisor.sizing.ranges import Float64s, rounded

RowNumbers = npt.NDArray[np.int64]


class Ends(NamedTuple):
    """The end taken of own hardware's speed (low: cheap), hosted bills, and keeping the index."""

    own: str = "base"
    hosted: str = "base"
    keeping: str = "base"


BASE = Ends()


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a pipeline, with the evidence that ranks it and the rows of plans that fit."""

    kind: str
    evidence: Evidence
    fitting: RowNumbers
    quality: Float64s
    """The score of each plan, not a number where unranked. Shape: (plans,)."""


class PickedRows(NamedTuple):
    """Rows of the plans picked, one a step; `shared` where two steps share machines."""

    rows: tuple[int, ...]
    shared: bool = False


def choose(
    table: Plans, steps: tuple[Step, ...], workload: Workload, ends: Ends
) -> PickedRows | None:
    """The plan of each step that `priority` picks; None where a step, or the budget, has none."""
    if any(not len(step.fitting) for step in steps):
        return None
    cost = rounded(table.monthly(*ends))
    if len(steps) == 1:
        row = best(table, steps[0], workload, cost)
        return None if row is None else PickedRows((row,))
    return _two_steps(table, steps, workload, ends, cost)


def _two_steps(
    table: Plans, steps: tuple[Step, ...], workload: Workload, ends: Ends, cost: Float64s
) -> PickedRows | None:
    """An embedder and a reranker within the budget (decision 0006, Pipelines).

    The embedder's score comes first, and the reranker keeps at least its cheapest plan. They share
    machines where that saves more than what counts as equal.
    """
    budget = np.inf if workload.budget_usd_per_month is None else workload.budget_usd_per_month
    first, second = steps
    pairs = _shared_pairs(table, first.fitting, second.fitting, ends)
    pairs = pairs.only(pairs.usd <= budget)
    reserve = cost[second.fitting].min()
    apart = first.fitting[rounded(cost[first.fitting] + reserve) <= budget]
    leaders = eligible(first, np.union1d(apart, pairs.first), workload)
    if not len(leaders):
        return None
    pairs = pairs.only(np.isin(pairs.first, leaders))
    apart = second.fitting[rounded(cost[leaders].min() + cost[second.fitting]) <= budget]
    followers = eligible(second, np.union1d(apart, pairs.second), workload)
    pairs = pairs.only(np.isin(pairs.second, followers))
    embedder = _preferred(table, leaders, first.quality, workload, cost)
    reranker = _preferred(table, followers, second.quality, workload, cost)
    if rounded(cost[embedder] + cost[reranker]) > budget:
        embedder = int(leaders[cost[leaders].argmin()])
        reranker = int(followers[cost[followers].argmin()])
    apart_usd = rounded(cost[embedder] + cost[reranker])
    picked = PickedRows((embedder, reranker)) if apart_usd <= budget else None
    if not len(pairs.usd):
        return picked
    # of the cheapest, the best embedder, then the best reranker: none that another beats in one
    # step and equals in the other
    steps_rows = ((first, pairs.first), (second, pairs.second))
    scores = [-np.nan_to_num(step.quality[rows], nan=-1.0) for step, rows in steps_rows]
    orders = [key[rows] for _, rows in steps_rows for key in table.static.order]
    row = np.lexsort((*reversed(orders), *reversed(scores), pairs.usd))[0]
    if picked is not None and immaterial(workload, rounded(apart_usd - pairs.usd[row])):
        return picked
    return PickedRows((int(pairs.first[row]), int(pairs.second[row])), shared=True)


class _Pairs(NamedTuple):
    """Rows of an embedder and a reranker on one machine, and US dollars a month of both."""

    first: RowNumbers
    second: RowNumbers
    usd: Float64s

    def only(self, these: npt.NDArray[np.bool_]) -> _Pairs:
        """Some of the pairs."""
        return _Pairs(self.first[these], self.second[these], self.usd[these])


def _shared_pairs(table: Plans, first: RowNumbers, second: RowNumbers, ends: Ends) -> _Pairs:
    """Every pair of plans on the same machine whose models fit it together."""
    places = table.static.places
    machines: dict[str, list[int]] = {}
    for row in second.tolist():
        if (instance := places[row].instance) is not None:
            machines.setdefault(instance.id, []).append(row)
    pairs = [
        (row, other)
        for row in first.tolist()
        if (instance := places[row].instance) is not None
        for other in machines.get(instance.id, [])
    ]
    embedders, rerankers = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    needed, memory = table.columns["needed_bytes"].values, table.columns["memory_bytes"].values
    fits = needed[embedders] + needed[rerankers] <= memory[embedders]
    embedders, rerankers = embedders[fits], rerankers[fits]
    return _Pairs(embedders, rerankers, rounded(_shared_usd(table, embedders, rerankers, ends)))


def shared_replicas(table: Plans, first: Any, second: Any, end: str) -> Any:
    """Machines that two steps need together, at an end of the cost; for rows, or arrays of rows."""
    return table.machines(table.needed[end][first] + table.needed[end][second])


def _shared_usd(table: Plans, first: Any, second: Any, ends: Ends) -> Any:
    """US dollars a month of the machines that two steps share, and of the index, unrounded."""
    rent = table.static.rents[first] * shared_replicas(table, first, second, ends.own)
    return rent + table.figures.keeping[ends.keeping][first]


def total_usd(table: Plans, choice: PickedRows, ends: Ends) -> float:
    """US dollars a month of a choice, unrounded, with each estimate at an end of its own."""
    if choice.shared:
        first, second = choice.rows
        return float(_shared_usd(table, first, second, ends))
    return float(table.monthly(*ends)[list(choice.rows)].sum())


def best(table: Plans, step: Step, workload: Workload, cost: Float64s) -> int | None:
    """The plan of a step that `priority` picks by US dollars a month; None where none fits."""
    rows = eligible(step, step.fitting, workload)
    return _preferred(table, rows, step.quality, workload, cost) if len(rows) else None


def eligible(step: Step, rows: RowNumbers, workload: Workload) -> RowNumbers:
    """The plans whose score allows them; all where cost is the priority or nothing is ranked."""
    if workload.priority == "cost" or not step.evidence.ranks:
        return rows
    scores = step.quality[rows]
    if np.isnan(scores).all():
        return rows
    gap = np.nanmax(scores) - scores
    if workload.priority == "quality":
        return rows[gap < evidence.EQUAL_POINTS]
    return rows[gap <= workload.quality_tolerance]


def _preferred(
    table: Plans, rows: RowNumbers, quality: Float64s, workload: Workload, cost: Float64s
) -> int:
    """The first of the unbeaten plans whose cost counts as equal to the cheapest."""
    gap = rounded(cost[rows] - cost[rows].min())
    near = unbeaten(table, rows[immaterial(workload, gap)], quality, cost)
    keys = [key[near] for key in preference_keys(table, cost)]
    return int(near[np.lexsort(tuple(reversed(keys)))[0]])


def unbeaten(table: Plans, near: RowNumbers, quality: Float64s, cost: Float64s) -> RowNumbers:
    """Of the first-hand ones (if any): those that no other beats in score for no more."""
    second_hand = table.static.order[0][near]
    rivals = near[second_hand == second_hand.min()]
    score, usd = np.nan_to_num(quality[rivals], nan=-1.0), cost[rivals]
    order = np.argsort(usd, kind="stable")
    no_dearer = np.searchsorted(usd[order], usd, side="right") - 1
    best_for_no_more = np.maximum.accumulate(score[order])[no_dearer]
    first: RowNumbers = rivals[(score < 0) | (score >= best_for_no_more)]
    return first


def preference_keys(table: Plans, cost: Float64s) -> tuple[Float64s, ...]:
    """First-hand, smaller model, lower cost a month and once, no router, listing's price, id."""
    second_hand, parameters, router, no_listing, name = table.static.order
    once = np.nan_to_num(rounded(table.figures.once["base"]), nan=np.inf)
    return (second_hand, parameters, cost, once, router, no_listing, name)


def immaterial(workload: Workload, usd: Any) -> Any:
    """Whether a difference of cost decides nothing: below `material_usd`, or none at all."""
    return (usd < workload.material_usd) | (usd <= 0)
