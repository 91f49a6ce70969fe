"""Some models of one kind beside one another, as the engine sees them for one workload."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import NamedTuple

from advisor.base import formatting
from advisor.catalog.schema import Variant
from advisor.decide.choosing import Step
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.decide.rule_results import RuleResult
from advisor.family.comparison import NOWHERE

NO_PRICE = "No price is known for running it where you may run it."
WHERE = (
    "placement-is-hosted", "placement-is-own", "hardware-is-asked-for", "data-stays-inside",
    "data-stays-on-known-hosts", "redundancy-needs-a-lasting-host",
)  # fmt: skip
"""The rules of where a model may run: they say least of the model itself."""
TOO_SLOW = "fast-enough"
"""The rule of the latency limit."""


class Finding(NamedTuple):
    """A clause that goes on from `Choose it if`, and the same as a condition: `for English`."""

    clause: str
    short: str


def each(figures: Iterable[str]) -> str:
    """Figures in words, each once."""
    return formatting.listed(list(dict.fromkeys(figures)))


@dataclass(frozen=True, eq=False)
class Compared:
    """The models of one kind that are compared, by id, and the answer that has a step for them."""

    recommendation: Recommendation
    kind: str
    ids: tuple[str, ...]
    names: dict[str, str]
    """What each is called beside the others: `M3`."""

    @property
    def step(self) -> Step:
        """The step of the kind."""
        step = self.recommendation.step(self.kind)
        assert step is not None, "the task has a step of this kind"
        return step

    @cached_property
    def variants(self) -> dict[str, Variant]:
        """The models by id."""
        return {key: self.recommendation.catalog.variants[key] for key in self.ids}

    def rivals(self, variant_id: str) -> list[Variant]:
        """The models beside one of them."""
        return [variant for key, variant in self.variants.items() if key != variant_id]

    def named(self, variant_ids: Iterable[str]) -> str:
        """Some of the models in words, in alphabetical order."""
        return formatting.listed(sorted(self.names[key] for key in variant_ids))

    @cached_property
    def plans(self) -> dict[str, list[JudgedPlan]]:
        """Every plan of each model."""
        plans: dict[str, list[JudgedPlan]] = {key: [] for key in self.ids}
        for judged in self.recommendation.judged:
            if judged.variant_id in plans:
                plans[judged.variant_id].append(judged)
        return plans

    @cached_property
    def options(self) -> dict[str, JudgedPlan]:
        """The best plan of each model of which one fits, the first in the engine's order first."""
        fitting = (j for j in self.recommendation.fitting(self.kind) if j.variant_id in self.plans)
        best: dict[str, JudgedPlan] = {}
        for judged in sorted(fitting, key=lambda j: preference(self.recommendation, j)):
            best.setdefault(judged.variant_id, judged)
        return best

    @cached_property
    def doing_the_job(self) -> tuple[str, ...]:
        """The models that do the job, whether or not a limit leaves a plan of them."""
        of_job = self.step.evidence
        return tuple(key for key in self.ids if key in of_job.scores or key in of_job.unranked)

    @property
    def picked(self) -> JudgedPlan | None:
        """The plan of this kind that is recommended of all models."""
        pick = self.recommendation.pick
        return pick.part(self.kind) if pick else None

    @cached_property
    def recommended(self) -> str | None:
        """The model that is recommended of those compared; None where nothing of them fits.

        A model alone of its kind is so only if it is recommended of all; and of a pair of steps,
        what comes first by itself need not be in the first pair.
        """
        if self.picked and self.picked.variant_id in self.plans:
            return self.picked.variant_id
        return next(iter(self.options), None) if len(self.ids) > 1 else None

    @cached_property
    def obstacles(self) -> dict[str, RuleResult | None]:
        """What rules each model out of which nothing fits.

        A rule of the job, else the first at the plan that nearly fits.

        That is one where it may run at all, then the one with the fewest rules against it, then
        the soonest where time is the limit, then the cheapest. None where only a price is missing.
        """
        return {key: self._obstacle(key) for key in self.ids if key not in self.options}

    def _obstacle(self, variant_id: str) -> RuleResult | None:
        rules = self.recommendation.rules
        excluded = [judged for judged in self.plans[variant_id] if rules.excluded[judged.row]]
        if not excluded:
            return None
        first = excluded[0]  # a rule of the job says the same everywhere
        if rules.not_for_the_job[first.row]:
            of_job = (r for r in first.excluded if rules.rules[r.rule].entry.job)
            return next(of_job)
        return min(excluded, key=self._from_fitting).excluded[0]

    def _from_fitting(self, judged: JudgedPlan) -> tuple[bool, int, float, bool, float, str]:
        """How far a plan is from fitting; the smaller, the nearer."""
        ids, time = self.recommendation.rules.excluding(judged.row), judged.plan.latency_ms
        elsewhere, unpriced = any(rule in WHERE for rule in ids), isnan(judged.monthly)
        slow = float(time.base) if time and TOO_SLOW in ids else 0.0
        usd = 0.0 if unpriced else judged.monthly
        return elsewhere, len(ids), slow, unpriced, usd, judged.id

    def why_not(self, variant_id: str) -> str:
        """Why no plan of a model fits, in a sentence."""
        if not self.plans[variant_id]:
            return NOWHERE
        result = self.obstacles[variant_id]
        return result.text if result else NO_PRICE
