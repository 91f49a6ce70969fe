"""A recommendation for what is stated, and one plan of it, as most tests ask for them."""

from datetime import date

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend

TODAY = date(2026, 11, 24)
UNCUT = {"passage_tokens_p95": 400}
"""Passages of which none is longer than a part: as many vectors as passages."""


def ask(catalog, assumed=None, **stated):
    return recommend(catalog, Workload.of(stated), TODAY, (), Assumptions.of(assumed or {}))


def plan(recommendation, plan_id):
    """A plan of a recommendation, with what the rules and the evidence say of it."""
    return next(j for j in recommendation.judged if j.id == plan_id)
