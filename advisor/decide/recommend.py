"""The recommendation for a workload: a plan for each step, its evidence, and what else fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from advisor.ask.assumptions import DEFAULT, Assumptions
from advisor.ask.workload import Workload
from advisor.catalog.model import Catalog
from advisor.decide import choosing, evidence
from advisor.decide.build import KINDS_FOR_TASK, build_plans, covers
from advisor.decide.choosing import BASE, PickedRows, RowNumbers, Step, shared_replicas, total_usd
from advisor.decide.plans import Plan, Plans
from advisor.decide.rule_results import RuleResult, RuleResults
from advisor.sizing.ranges import ENDS, Cost, Range, total


class JudgedPlan:
    """A plan with what the rules say of it, and its points of the metric; None where unranked."""

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
        """Whether no rule rules it out and encoding there has a price."""
        return not self._rules.excluded[self.row] and not np.isnan(self.monthly)

    @property
    def findings(self) -> tuple[RuleResult, ...]:
        """What the rules say: exclusions, warnings, notes."""
        return self._rules.of(self.row)

    @property
    def excluded(self) -> tuple[RuleResult, ...]:
        """The findings that rule the plan out."""
        if not self._rules.excluded[self.row]:
            return ()
        return tuple(finding for finding in self.findings if finding.effect == "exclude")

    @property
    def remarks(self) -> tuple[RuleResult, ...]:
        """Warnings, then notes."""
        return tuple(finding for finding in self.findings if finding.effect != "exclude")

    @property
    def cost(self) -> Cost:
        """US dollars a month of a plan that fits, as far as they are known."""
        amount = self.plan.monthly_usd
        assert amount is not None
        return amount

    @property
    def monthly(self) -> float:
        """US dollars a month at the base of the estimate; not a number where not known."""
        return float(self._table.base_usd[self.row])

    @property
    def named(self) -> str:
        """`BGE M3 at Novita AI`, `BGE M3 on AWS g6.xlarge (L4)`."""
        return f"{self.plan.variant.name} {'at' if self.hosted else 'on'} {self.plan.where}"


@dataclass(frozen=True)
class Pipeline:
    """What is picked: a plan for each step."""

    parts: tuple[JudgedPlan, ...]
    shared: tuple[int, int, int] | None = None
    """Machines that run two steps at once: low, base, high."""

    @property
    def id(self) -> str:
        """The ids of its plans."""
        return " + ".join(part.id for part in self.parts)

    @property
    def named(self) -> str:
        """`BGE M3 at Novita AI, then BGE Reranker V2 M3 at ...`, or `... and ... together on`."""
        if self.shared is None:
            return ", then ".join(part.named for part in self.parts)
        models = " and ".join(part.plan.variant.name for part in self.parts)
        return f"{models} together on {self.parts[0].plan.where}"

    def part(self, kind: str) -> JudgedPlan | None:
        """The plan of one step; None where the pipeline has no such step."""
        return next((part for part in self.parts if part.kind == kind), None)

    @cached_property
    def monthly_usd(self) -> Cost:
        """US dollars a month: all steps and the index, as far as they are known."""
        if self.shared is None:
            return total(part.cost for part in self.parts)
        plan = self.parts[0].plan
        rents = plan.table.static.rents[plan.row] * np.array(self.shared)
        return Cost.of(Range.of(*rents)).plus(plan.index_usd)

    @property
    def monthly(self) -> float:
        """US dollars a month at the base of the estimates."""
        return float(self.monthly_usd.base)

    @property
    def one_off_usd(self) -> Cost:
        """US dollars once: the first encoding of the corpus, as far as they are known."""
        amounts = (part.plan.one_off_usd for part in self.parts)
        return total(Cost.of(None, "encoding") if once is None else once for once in amounts)


@dataclass(frozen=True, eq=False)
class Recommendation:
    """The answer for one workload on one day; `pick` is None where nothing fits."""

    catalog: Catalog
    workload: Workload
    assumptions: Assumptions
    asked_sets: tuple[str, ...]
    today: date
    table: Plans
    rules: RuleResults
    steps: tuple[Step, ...]
    choice: PickedRows | None
    asked_of: Catalog
    """The catalog without the visitor's own prices, to ask again."""

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
        return self.pipeline(self.choice) if self.choice else None

    def pipeline(self, choice: PickedRows) -> Pipeline:
        """The plans of a choice."""
        parts = tuple(self.judged[row] for row in choice.rows)
        if not choice.shared:
            return Pipeline(parts)
        first, second = choice.rows
        low, base, high = (int(shared_replicas(self.table, first, second, end)) for end in ENDS)
        return Pipeline(parts, (low, base, high))

    @property
    def answer(self) -> tuple[str, ...] | None:
        """Ids of the plans picked; None where nothing fits."""
        if self.choice is None:
            return None
        return tuple(self.table.static.places[row].id for row in self.choice.rows)

    @property
    def monthly(self) -> float | None:
        """US dollars a month of the pick at the base of the estimates."""
        return total_usd(self.table, self.choice, BASE) if self.choice else None

    def step(self, kind: str) -> Step | None:
        """The step of a kind; None where the task has none."""
        return next((step for step in self.steps if step.kind == kind), None)

    def step_of(self, judged: JudgedPlan) -> Step:
        """The step of a plan that is picked, or fits."""
        step = self.step(judged.kind)
        assert step is not None, "a plan that fits has a step"
        return step

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each row that fits in the order of its step."""
        return {
            row: place
            for step in self.steps
            for place, row in enumerate(choosing.ranked(self.table, step, self.workload).tolist())
        }

    @cached_property
    def rejected(self) -> tuple[JudgedPlan, ...]:
        """The plans that a rule rules out."""
        return tuple(self.judged[row] for row in np.flatnonzero(self.rules.excluded))

    def fitting(self, kind: str) -> Iterator[JudgedPlan]:
        """The plans of a kind that nothing rules out, where encoding has a price."""
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
    """The recommendation for a workload, counting the ages of prices to `today`.

    `asked_sets` name other scores than the preferred. `near`, the recommendation for a workload
    that differs little, makes it sooner and no other; nor does the order of the catalog's files.
    Raises `WorkloadError` where the catalog does not have the workload's vector store.
    """
    table = build_plans(catalog, workload, today, assumptions)
    rules = RuleResults(table.catalog, table, near.rules if near else None)
    possible = ~rules.excluded & ~np.isnan(table.base_usd)
    steps: tuple[Step, ...] = ()
    for kind in KINDS_FOR_TASK[workload.task]:
        of_kind = table.of_kind(kind)
        candidates = frozenset(
            table.columns["variant"].values[of_kind & ~rules.not_for_the_job].tolist()
        )
        fitting = np.flatnonzero(possible & of_kind)
        # a reranker's scores should follow the best embedder
        first_stage = steps[0].best if steps else None
        steps += (_step(table, kind, candidates, fitting, asked_sets, first_stage),)
    choice = choosing.choose(table, steps, workload, BASE)
    return Recommendation(
        table.catalog,
        workload,
        assumptions,
        tuple(asked_sets),
        today,
        table,
        rules,
        steps,
        choice,
        catalog,
    )


def _step(
    table: Plans,
    kind: str,
    candidates: frozenset[str],
    fitting: RowNumbers,
    asked_sets: Sequence[str],
    first_stage: str | None,
) -> Step:
    """A step with the evidence that compares the models which do its job."""
    workload, sets = table.workload, table.catalog.evidence_sets
    long = workload.part(workload.passage_tokens) > evidence.LONG_TOKENS
    languages = tuple(sorted(set(workload.languages)))
    wanted = evidence.ScoresWanted(kind, languages, long and kind == "embedder", first_stage)
    preferred = next((s for s in asked_sets if s in sets and sets[s].kind == kind), None)
    names = table.columns["variant"].values
    comparison = evidence.choose(table.catalog, wanted, candidates, preferred)
    quality, unscored = np.full(len(table), np.nan), np.zeros(len(table))
    for variant in candidates:
        rows = names == variant
        if variant in comparison.scores:
            quality[rows] = comparison.scores[variant]
        elif variant in comparison.measured:
            unscored[rows] = 1
        else:
            known = covers(table.catalog.variants[variant], workload.languages)
            unscored[rows] = 2 if known else choosing.PRESUMED
    return Step(kind, comparison, fitting, quality, unscored)


def preference(recommendation: Recommendation, judged: JudgedPlan) -> int:
    """A plan's place among those of its step that fit; what does not fit is last."""
    return recommendation.places.get(judged.row, len(recommendation.table))
