"""The pick for a workload: which plan for each step, on which evidence, and what was possible or ruled out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.ask.assumptions import DEFAULT, Assumptions
from advisor.ask.workload import Workload
from advisor.base.units import HOURS_PER_MONTH
from advisor.catalog import Catalog
from advisor.decide import build, evidence
from advisor.decide.build import KINDS_FOR_TASK
from advisor.decide.evidence import Evidence
from advisor.decide.plans import Plan, Plans
from advisor.decide.rule_results import RuleResult, RuleResults
from advisor.sizing.ranges import ENDS, Float64s, Range

RowNumbers = npt.NDArray[np.int64]


class Ends(NamedTuple):
    """Which end of each estimate is taken: of own hardware's speed (low is cheap), of what a hosted endpoint bills, of what keeping the index costs."""

    own: str = "base"
    hosted: str = "base"
    keeping: str = "base"


BASE = Ends()


class JudgedPlan:
    """A plan with what the rules say of it; `quality` is in points of the evidence's metric, None where unranked."""

    def __init__(self, table: Plans, rules: RuleResults, row: int, quality: float | None) -> None:
        self._table, self._rules, self.row, self.quality = table, rules, row, quality

    @property
    def plan(self) -> Plan:
        """The plan with its figures."""
        return self._table[self.row]

    @property
    def id(self) -> str:
        """The plan's id."""
        return self._table.static.places[self.row].id

    @property
    def variant_id(self) -> str:
        """The id of the plan's variant."""
        return self._table.static.places[self.row].variant_id

    @property
    def kind(self) -> str:
        """`embedder` or `reranker`."""
        return self._table.static.places[self.row].variant.kind

    @property
    def hosted(self) -> bool:
        """Whether it is a provider's endpoint."""
        return bool(self._table.static.hosted[self.row])

    @property
    def fits(self) -> bool:
        """Whether no rule rules it out and its cost is known."""
        return not self._rules.excluded[self.row] and not np.isnan(self.monthly)

    @property
    def findings(self) -> tuple[RuleResult, ...]:
        """What the rules say: exclusions, warnings, notes."""
        return self._rules.of(self.row)

    @property
    def excluded(self) -> tuple[RuleResult, ...]:
        """The findings that rule the plan out."""
        return (
            tuple(f for f in self.findings if f.effect == "exclude")
            if self._rules.excluded[self.row]
            else ()
        )

    @property
    def remarks(self) -> tuple[RuleResult, ...]:
        """Warnings, then notes."""
        return tuple(finding for finding in self.findings if finding.effect != "exclude")

    @property
    def cost(self) -> Range:
        """US dollars a month of a plan that fits; every such plan has one."""
        amount = self.plan.monthly_usd
        assert amount is not None
        return amount

    @property
    def monthly(self) -> float:
        """US dollars a month at the base of the estimate; not a number where not known."""
        return float(self._table.encoding["base"][self.row] + self._table.index["base"][self.row])

    @property
    def named(self) -> str:
        """`BGE M3 at Novita AI`, `BGE M3 on AWS g6.xlarge (L4)`."""
        return f"{self.plan.variant.name} {'at' if self.hosted else 'on'} {self.plan.where}"


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a pipeline: its kind, the evidence that ranks it, and a score for each row of the plans (not a number: unranked)."""

    kind: str
    evidence: Evidence
    fitting: RowNumbers
    quality: Float64s


@dataclass(frozen=True)
class Pipeline:
    """What is picked: a plan for each step. `shared` machines run two steps at once, `replicas` of them (low, base, high)."""

    parts: tuple[JudgedPlan, ...]
    shared: tuple[int, int, int] | None = None

    @property
    def id(self) -> str:
        """The ids of its plans."""
        return " + ".join(part.id for part in self.parts)

    @property
    def named(self) -> str:
        """`BGE M3 at Novita AI, then BGE Reranker V2 M3 at Novita AI`; `BGE M3 and BGE Reranker V2 M3 together on AWS g4dn.xlarge (T4)`."""
        if self.shared is None:
            return ", then ".join(part.named for part in self.parts)
        return f"{' and '.join(part.plan.variant.name for part in self.parts)} together on {self.parts[0].plan.where}"

    def part(self, kind: str) -> JudgedPlan | None:
        """The plan of one step; None where the pipeline has no such step."""
        return next((part for part in self.parts if part.kind == kind), None)

    @cached_property
    def monthly_usd(self) -> Range:
        """US dollars a month: all steps and the index."""
        if self.shared is None:
            total = self.parts[0].cost
            for part in self.parts[1:]:
                total = total.plus(part.cost)
            return total
        plan = self.parts[0].plan
        assert plan.rent is not None and plan.index_usd is not None
        rent = plan.rent * HOURS_PER_MONTH
        return Range(*(rent * count for count in self.shared)).plus(plan.index_usd)

    @property
    def monthly(self) -> float:
        """US dollars a month at the base of the estimates."""
        return float(self.monthly_usd.base)

    @property
    def one_off_usd(self) -> Range:
        """US dollars once: the first encoding of the corpus."""
        total = Range(Decimal(0), Decimal(0), Decimal(0))
        for part in self.parts:
            total = total.plus(part.plan.one_off_usd or Range(Decimal(0), Decimal(0), Decimal(0)))
        return total


class PickedRows(NamedTuple):
    """Rows of the plans picked, one a step; `shared` where two steps share machines."""

    rows: tuple[int, ...]
    shared: bool = False


@dataclass(frozen=True, eq=False)
class Recommendation:
    """The answer for one workload on one day; `asked_sets` are the sets of scores that were asked for. `pick` is None where nothing fits."""

    catalog: Catalog
    workload: Workload
    assumptions: Assumptions
    asked_sets: tuple[str, ...]
    today: date
    table: Plans
    rules: RuleResults
    steps: tuple[Step, ...]
    choice: PickedRows | None

    @cached_property
    def judged(self) -> tuple[JudgedPlan, ...]:
        """Every plan, in the order of the table."""
        scores = np.full(len(self.table), np.nan)
        for step in self.steps:
            scores = np.where(self.table.of_kind(step.kind), step.quality, scores)
        return tuple(
            JudgedPlan(self.table, self.rules, row, None if np.isnan(score) else float(score))
            for row, score in enumerate(scores.tolist())
        )

    @cached_property
    def pick(self) -> Pipeline | None:
        """The pipeline picked."""
        if self.choice is None:
            return None
        parts = tuple(self.judged[row] for row in self.choice.rows)
        if not self.choice.shared:
            return Pipeline(parts)
        first, second = self.choice.rows
        low, base, high = (shared_replicas(self.table, first, second, end) for end in ENDS)
        return Pipeline(parts, (low, base, high))

    @property
    def answer(self) -> tuple[str, ...] | None:
        """Ids of the plans picked; None where nothing fits."""
        return (
            tuple(self.table.static.places[row].id for row in self.choice.rows)
            if self.choice
            else None
        )

    @property
    def monthly(self) -> float | None:
        """US dollars a month of the pick at the base of the estimates."""
        return total_usd(self.table, self.choice, BASE) if self.choice else None

    def step(self, kind: str) -> Step | None:
        """The step of a kind; None where the task has none."""
        return next((step for step in self.steps if step.kind == kind), None)

    @cached_property
    def preferences(self) -> Float64s:
        """The keys by which equals are put in order. Shape: (plans, keys)."""
        return np.column_stack(preference_keys(self.table, costs_at(self.table, BASE)))

    @cached_property
    def rejected(self) -> tuple[JudgedPlan, ...]:
        """The plans that a rule rules out."""
        return tuple(self.judged[row] for row in np.flatnonzero(self.rules.excluded))

    def fitting(self, kind: str) -> Iterator[JudgedPlan]:
        """The plans of a kind that nothing rules out and whose cost is known."""
        step = self.step(kind)
        return (self.judged[row] for row in step.fitting) if step else iter(())


def recommend(
    catalog: Catalog,
    workload: Workload,
    today: date,
    asked_sets: Sequence[str] = (),
    assumptions: Assumptions = DEFAULT,
    near: Recommendation | None = None,
) -> Recommendation:
    """The recommendation for a workload, counting the ages of prices to `today`; `asked_sets` name other scores than the preferred.

    It is found sooner with `near`, the recommendation for a workload of the same catalog that differs little; it is the same without.

    The same workload gives the same answer whatever the order of the catalog's files.

    Raises:
        WorkloadError: the workload names a vector store that the catalog does not have.
    """
    table = build.build_plans(catalog, workload, today, assumptions)
    catalog = table.catalog
    rules = RuleResults(catalog, table, near.rules if near else None)
    cost = costs_at(table, BASE)
    possible = ~rules.excluded & ~np.isnan(cost)
    steps: list[Step] = []
    for kind in KINDS_FOR_TASK[workload.task]:
        fitting = np.flatnonzero(possible & table.of_kind(kind))
        first = _first_stage(table, steps, workload, cost)
        steps.append(_role(catalog, table, workload, kind, fitting, asked_sets, first))
    return Recommendation(
        catalog,
        workload,
        assumptions,
        tuple(asked_sets),
        today,
        table,
        rules,
        tuple(steps),
        choose(table, tuple(steps), workload, BASE),
    )


def _role(
    catalog: Catalog,
    table: Plans,
    workload: Workload,
    kind: str,
    fitting: RowNumbers,
    asked_sets: Sequence[str],
    first_stage: str | None,
) -> Step:
    """A step with the evidence that compares what fits it."""
    long = workload.passage_tokens >= evidence.LONG_TOKENS and not workload.split_long_passages
    asked = evidence.ScoresWanted(
        kind, tuple(sorted(set(workload.languages))), long and kind == "embedder", first_stage
    )
    preferred = next(
        (
            s
            for s in asked_sets
            if s in catalog.evidence_sets and catalog.evidence_sets[s].kind == kind
        ),
        None,
    )
    names = table.columns["variant"].values
    found = evidence.choose(catalog, asked, {str(name) for name in names[fitting]}, preferred)
    quality = np.full(len(table), np.nan)
    for variant, score in found.scores.items():
        quality[names == variant] = score
    return Step(kind, found, fitting, quality)


def _first_stage(table: Plans, steps: list[Step], workload: Workload, cost: Float64s) -> str | None:
    """The embedder that a reranker follows, as it would be picked alone."""
    if not steps:
        return None
    row = best(table, steps[0], steps[0].fitting, workload, cost)
    return None if row is None else table.static.places[row].variant_id


def costs_at(table: Plans, ends: Ends) -> Float64s:
    """US dollars a month of each plan, with each estimate at an end of its own."""
    return (
        np.where(table.static.hosted, table.encoding[ends.hosted], table.encoding[ends.own])
        + table.index[ends.keeping]
    )


def choose(
    table: Plans, steps: tuple[Step, ...], workload: Workload, ends: Ends
) -> PickedRows | None:
    """The plan of each step that `priority` picks (DESIGN section 9); None where no step, or not all of them within the budget, can be had.

    Two steps are picked each on its own; they share machines where that saves more than what counts as equal.
    """
    cost = costs_at(table, ends)
    if any(not len(step.fitting) for step in steps):
        return None
    if len(steps) == 1:
        row = best(table, steps[0], steps[0].fitting, workload, cost)
        return None if row is None else PickedRows((row,))
    return _two_steps(table, steps, workload, ends, cost)


def _two_steps(
    table: Plans, steps: tuple[Step, ...], workload: Workload, ends: Ends, cost: Float64s
) -> PickedRows | None:
    """An embedder and a reranker: the embedder's score first, both within the budget, apart or on shared machines."""
    budget = np.inf if workload.budget_usd_per_month is None else workload.budget_usd_per_month
    first, second = steps
    pairs = _shared_pairs(table, first.fitting, second.fitting, ends)
    reserve = cost[second.fitting].min()
    within = np.flatnonzero(np.isin(np.arange(len(table)), pairs.first[pairs.usd <= budget]))
    leaders = eligible(
        first, np.union1d(first.fitting[cost[first.fitting] + reserve <= budget], within), workload
    )
    if not len(leaders):
        return None
    apart = second.fitting[cost[leaders].min() + cost[second.fitting] <= budget]
    beside = pairs.second[(pairs.usd <= budget) & np.isin(pairs.first, leaders)]
    followers = eligible(second, np.union1d(apart, beside), workload)
    options: list[tuple[float, PickedRows]] = []
    one = _preferred(table, leaders, first.quality, workload, cost)
    two = _preferred(table, followers, second.quality, workload, cost)
    if cost[one] + cost[two] > budget:
        one, two = leaders[cost[leaders].argmin()], followers[cost[followers].argmin()]
    if cost[one] + cost[two] <= budget:
        options.append((float(cost[one] + cost[two]), PickedRows((int(one), int(two)))))
    both = (pairs.usd <= budget) & np.isin(pairs.first, leaders) & np.isin(pairs.second, followers)
    if both.any():
        # of the cheapest, the best embedder, then the best reranker: none that another beats in one step and equals in the other
        scores = [
            -np.nan_to_num(step.quality[rows[both]], nan=-1.0)
            for step, rows in ((first, pairs.first), (second, pairs.second))
        ]
        ids = (
            key[rows[both]]
            for rows in (pairs.second, pairs.first)
            for key in reversed(table.static.order)
        )
        order = np.lexsort((*ids, *reversed(scores), np.round(pairs.usd[both], 9)))[0]
        rows = (int(pairs.first[both][order]), int(pairs.second[both][order]))
        options.append((float(pairs.usd[both][order]), PickedRows(rows, shared=True)))
    if len(options) == 2 and options[1][0] > options[0][0] - material(workload, options[1][0]):
        options.pop()
    return options[-1][1] if options else None


class _Pairs(NamedTuple):
    """Rows of an embedder and a reranker that may share machines, and US dollars a month for both with the index."""

    first: RowNumbers
    second: RowNumbers
    usd: Float64s


def _shared_pairs(table: Plans, first: RowNumbers, second: RowNumbers, ends: Ends) -> _Pairs:
    """Every pair of plans on the same machine whose models fit it together."""
    machines: dict[str, list[int]] = {}
    places = table.static.places
    for row in second:
        if (instance := places[row].instance) is not None:
            machines.setdefault(instance.id, []).append(int(row))
    found = [
        (int(row), other)
        for row in first
        if (instance := places[row].instance) is not None
        for other in machines.get(instance.id, [])
    ]
    one, two = (np.array([pair[i] for pair in found], dtype=np.int64) for i in (0, 1))
    needed, memory = table.columns["needed_bytes"].values, table.columns["memory_bytes"].values
    fits = needed[one] + needed[two] <= memory[one]
    one, two = one[fits], two[fits]
    share = table.needed[ends.own][one] + table.needed[ends.own][two]
    usd = table.static.rents[one] * table.machines(share) + table.index[ends.keeping][one]
    return _Pairs(one, two, usd)


def shared_replicas(table: Plans, first: int, second: int, end: str) -> int:
    """Machines that two steps need together, at an end of the estimate of speed."""
    share = np.array([table.needed[end][first] + table.needed[end][second]])
    return int(table.machines(share)[0])


def total_usd(table: Plans, choice: PickedRows, ends: Ends) -> float:
    """US dollars a month of a choice, with each estimate at an end of its own."""
    if not choice.shared:
        cost = costs_at(table, ends)
        return float(sum(cost[row] for row in choice.rows))
    first, second = choice.rows
    return float(
        table.static.rents[first] * shared_replicas(table, first, second, ends.own)
        + table.index[ends.keeping][first]
    )


def best(
    table: Plans, step: Step, rows: RowNumbers, workload: Workload, cost: Float64s
) -> int | None:
    """The plan of one step that `priority` picks among `rows`; None where there is none. `cost` is US dollars a month of each plan."""
    within = eligible(step, rows, workload)
    return _preferred(table, within, step.quality, workload, cost) if len(within) else None


def eligible(step: Step, rows: RowNumbers, workload: Workload) -> RowNumbers:
    """The plans whose score allows them: all of them where cost is the priority or nothing is ranked."""
    if workload.priority == "cost" or not step.evidence.ranks:
        return rows
    scores = step.quality[rows]
    ranked = rows[~np.isnan(scores)]
    if not len(ranked):
        return rows
    gap = np.nanmax(scores) - step.quality[ranked]
    return (
        ranked[gap < evidence.EQUAL_POINTS]
        if workload.priority == "quality"
        else ranked[gap <= workload.quality_tolerance]
    )


def _preferred(
    table: Plans, rows: RowNumbers, quality: Float64s, workload: Workload, cost: Float64s
) -> int:
    """The first of the plans whose cost counts as equal to the cheapest; none that another first-hand one beats in score for no more."""
    least = cost[rows].min()
    near = unbeaten(table, rows[cost[rows] <= least + material(workload, least)], quality, cost)
    keys = [key[near] for key in preference_keys(table, cost)]
    return int(near[np.lexsort(tuple(reversed(keys)))[0]])


def unbeaten(table: Plans, near: RowNumbers, quality: Float64s, cost: Float64s) -> RowNumbers:
    """Of plans whose costs count as equal, the first-hand ones if there are any, without those that another beats in score and costs no more than."""
    second_hand = table.static.order[0][near]
    kept = near[second_hand == second_hand.min()]
    score, usd = np.nan_to_num(quality[kept], nan=-1.0), np.round(cost[kept], 9)
    order = np.argsort(usd, kind="stable")
    best = np.maximum.accumulate(score[order])[
        np.searchsorted(usd[order], usd, side="right") - 1
    ]  # of those that cost no more
    stays: RowNumbers = kept[(score < 0) | (score >= best)]
    return stays


def preference_keys(table: Plans, cost: Float64s) -> tuple[Float64s, ...]:
    """Among equal costs: first-hand prices, the smaller model, the lower cost a month and once, no router, the listing's price, the id."""
    second_hand, parameters, router, no_listing, name = table.static.order
    return (
        second_hand,
        parameters,
        cost,
        np.nan_to_num(table.once["base"], nan=np.inf),
        router,
        no_listing,
        name,
    )


def preference(found: Recommendation, judged: JudgedPlan) -> tuple[float, ...]:
    """A plan's place in the order among equals; the smaller comes first."""
    return tuple(found.preferences[judged.row].tolist())


def material(workload: Workload, least: float) -> float:
    """Differences below `material_usd` count as equal; equal costs always do."""
    return (
        max(0.0, workload.material_usd - 1e-9) if workload.material_usd else 1e-9 * max(1.0, least)
    )
