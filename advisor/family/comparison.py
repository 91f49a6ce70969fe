"""Several variants side by side: facts, lowest prices, and scores, those first that decide."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from math import inf
from typing import NamedTuple

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import EvidenceSet
from advisor.decide import evidence
from advisor.decide.build import KINDS_FOR_TASK
from advisor.decide.choosing import Step
from advisor.decide.evidence import Evidence, ScoresWanted
from advisor.decide.query import AdviceQuestion
from advisor.decide.recommend import Recommendation, recommend
from advisor.family.facts import variant_facts
from advisor.family.price_list import lowest_price
from advisor.family.shared_tests import SharedTests, shared_tests

TASKS = {"embedder": "retrieve", "reranker": "rerank"}
"""The task that a kind does alone."""
WITHOUT_A_SCORE = "Models without a score here come after those with one, unless cost matters most."
FEW_TASKS = "These tasks are too few to represent the whole benchmark: take the scores as a hint."
COST_DECIDES = "No published scores compare the models for this job, so cost decides."
NOWHERE = "No provider or machine of the catalog runs it, so it cannot be recommended."


class Standing(NamedTuple):
    """A variant by the scores that decide; `why` it has none is empty where it has one."""

    variant_id: str
    score: float | None
    why: str


class Deciding(NamedTuple):
    """The scores that decide on Advise among variants of one kind, the better variant first."""

    kind: str
    evidence: Evidence
    standings: tuple[Standing, ...]
    use: str
    """What Advise does with the scores, for the priority of the question."""
    partial: SharedTests | None
    """How those of the variants that lack a score do on tasks that all have; None if unknown."""

    @property
    def notes(self) -> list[str]:
        """What to mind of these scores."""
        chosen = self.evidence.set
        if chosen is None:
            return [COST_DECIDES]
        unranked = any(s.variant_id in self.evidence.unranked for s in self.standings)
        return [
            *([self.partial.sentence] if self.partial else []),
            *([WITHOUT_A_SCORE] if unranked else []),
            self.use,
            *([FEW_TASKS] if self.evidence.weak else []),
            *([f"{chosen.name}: {chosen.caveat}"] if chosen.caveat else []),
            f"{self.evidence.meaning}.",
        ]


def side_by_side(catalog: Catalog, variant_ids: list[str], today: date) -> list[dict[str, str]]:
    """Facts and lowest prices, a column a variant; `differs` is empty where all agree."""
    columns = [{f.label: f.value for f in variant_facts(catalog, key)} for key in variant_ids]
    rows = [
        ("Fact", label, [column.get(label, "does not apply") for column in columns])
        for label in dict.fromkeys(label for column in columns for label in column)
    ]
    prices = [lowest_price(catalog, key, today) for key in variant_ids]
    rows.append(("Price", "Lowest known hosted price", prices))
    return [
        {"part": part} | _row(catalog, variant_ids, label, values) for part, label, values in rows
    ]


def _row(catalog: Catalog, variant_ids: list[str], label: str, values: list[str]) -> dict[str, str]:
    names = [catalog.variants[key].name for key in variant_ids]
    differs = "≠" if len(set(values)) > 1 else ""
    return {"differs": differs, "label": label} | dict(zip(names, values, strict=True))


def deciding_scores(
    catalog: Catalog, variant_ids: Collection[str], question: AdviceQuestion, today: date
) -> list[Deciding]:
    """For each kind among the variants the scores that decide on Advise for the question.

    They are the recommendation's own, of all models that do the job and not of these alone: which
    set decides, and whether tasks are enough to rank by, depends on all of them.
    """
    by_kind = of_kinds(catalog, variant_ids)
    answers = recommendations(catalog, by_kind, question, today)
    return [_deciding(answers[kind], kind, ids) for kind, ids in by_kind.items()]


def of_kinds(catalog: Catalog, variant_ids: Collection[str]) -> dict[str, list[str]]:
    """The embedders and the rerankers among some variants, in their order; no kind without any."""
    by_kind = {
        kind: [key for key in variant_ids if catalog.variants[key].kind == kind] for kind in TASKS
    }
    return {kind: ids for kind, ids in by_kind.items() if ids}


def recommendations(
    catalog: Catalog, kinds: Collection[str], question: AdviceQuestion, today: date
) -> dict[str, Recommendation]:
    """The answer by kind, each with a step of that kind; the engine is asked once a task."""
    asked_sets, assumptions = question.asked_sets, question.assumptions
    workloads = {kind: with_step(question.workload, kind) for kind in kinds}
    of_task = {workload.task: workload for workload in workloads.values()}
    answers = {
        task: recommend(catalog, workload, today, asked_sets, assumptions)
        for task, workload in of_task.items()
    }
    return {kind: answers[workload.task] for kind, workload in workloads.items()}


def _deciding(recommendation: Recommendation, kind: str, variant_ids: list[str]) -> Deciding:
    catalog, workload = recommendation.asked_of, recommendation.workload
    step = recommendation.step(kind)
    assert step is not None, "the task has a step of this kind"
    scores, unranked = step.evidence.scores, step.evidence.unranked

    def place(standing: Standing) -> tuple[float, float]:
        """As on Advise: by score, then by what is known of the others; last what does not serve."""
        key, score, _ = standing
        if score is not None:
            return (0, -score)
        return (max(step.unscored[_rows(recommendation, key)]) if key in unranked else inf, 0)

    standings = [
        Standing(key, scores.get(key), "" if key in scores else _why(recommendation, kind, key))
        for key in variant_ids
    ]
    use, partial = _use(catalog, step, workload), _partial(catalog, step, variant_ids, workload)
    return Deciding(kind, step.evidence, tuple(sorted(standings, key=place)), use, partial)


def _use(catalog: Catalog, step: Step, workload: Workload) -> str:
    """How far these scores decide."""
    if workload.priority == "cost":
        return "Cost matters most here: these scores only decide between equal costs."
    if step.best is None:
        return COST_DECIDES
    best = f"{catalog.variants[step.best].name} ({formatting.points(step.yardstick)})"
    if workload.priority == "quality":
        equal = f"{evidence.EQUAL_POINTS:g} points"
        return f"Among models within {equal} of the best, {best}, cost decides."
    worth = formatting.usd(workload.material_usd)
    return (
        f"Among models within {workload.quality_tolerance:g} points of the best, {best}, cost "
        f"decides: one more point of score may cost {worth} per month."
    )


def _partial(
    catalog: Catalog, step: Step, variant_ids: list[str], workload: Workload
) -> SharedTests | None:
    """The means of the variants over the tasks that all of them have, where one has no score."""
    scores, unranked = step.evidence.scores, step.evidence.unranked
    ids = [key for key in variant_ids if key in scores or key in unranked]
    if not any(key in unranked for key in ids):
        return None
    sets = tuple(chosen.id for chosen in may_decide(catalog, step.kind, workload))
    return shared_tests(catalog, sets, tuple(ids))


def with_step(workload: Workload, kind: str) -> Workload:
    """The workload, or the same for a kind that its task has no step for."""
    if kind in KINDS_FOR_TASK[workload.task]:
        return workload
    return workload.model_copy(update={"task": TASKS[kind]})


def _rows(recommendation: Recommendation, variant_id: str) -> list[int]:
    places = recommendation.table.static.places
    return [row for row, place in enumerate(places) if place.variant_id == variant_id]


def _why(recommendation: Recommendation, kind: str, variant_id: str) -> str:
    """Why a variant has no score among those that decide."""
    step, rules = recommendation.step(kind), recommendation.catalog.rules
    if step is not None and variant_id in step.evidence.unranked:
        why = step.evidence.unranked[variant_id]
        return f"{why[0].upper()}{why[1:]}."
    # Rules of the job say the same of a variant in every place.
    first = _rows(recommendation, variant_id)[:1]
    results = [result for row in first for result in recommendation.rules.of(row)]
    job = [r.text for r in results if r.effect == "exclude" and rules[r.rule].entry.job]
    return " ".join(job) or NOWHERE


def may_decide(catalog: Catalog, kind: str, workload: Workload) -> list[EvidenceSet]:
    """The sets that Advise would choose from for the workload, the most preferred first."""
    long = workload.part(workload.passage_tokens) > evidence.LONG_TOKENS
    languages = tuple(sorted(set(workload.languages)))
    return evidence.admissible(catalog, ScoresWanted(kind, languages, long and kind == "embedder"))
