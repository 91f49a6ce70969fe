"""What the score of a recommended model, or the lack of one, did for it: a lead and one line."""

from __future__ import annotations

from advisor.base import formatting
from advisor.decide import evidence
from advisor.decide.choosing import PRESUMED, Step
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain.sentences import points_over, short_name


def score_lead(recommendation: Recommendation, part: JudgedPlan) -> tuple[str, str]:
    """A lead of two to six words and a line, for one step of what is recommended."""
    step, workload = recommendation.step_of(part), recommendation.workload
    scores, name, kind = step.evidence, part.plan.variant.name, part.kind
    points = formatting.points(part.quality)
    pairs = len(recommendation.steps) > 1
    gain = _gain(recommendation, part) if pairs else ""
    if len(scores.scores) + len(scores.unranked) == 1:
        lead, text = f"Only {kind} for this job.", f"{name} is the only {kind} that does this job"
    elif not scores.ranks:
        lead, text = "No scores to compare.", _by_cost(recommendation, step, part)
    elif workload.priority == "cost":
        lead, text = "Lowest cost.", _cheapest(recommendation, part, step)
    elif part.quality is None:
        lead = "It has no score."
        rest = "no pair of models that both have one fits" if pairs else "no model with one fits"
        text = f"{name} has no comparable score, but {rest}"
    elif step.shortfalls(workload)[part.row]:
        lead, text = "Closest to the best.", _below(recommendation, part, step)
    elif len(scores.scores) == 1:
        title = scores.set.name if scores.set else scores.title
        lead, gain = "The only one scored.", ""  # the set's name fills the line
        text = f"Of the {kind}s for this job, only {name} has a score on {title}: {points}"
    elif part.quality == step.yardstick:
        lead = "Best score."
        number = len(scores.scores)
        text = f"{name} scores {points}, the best of the {number} {kind}s scored for this job"
    else:
        lead, text = _within(recommendation, part, step)
    hint = "; few tasks, so only a hint" if scores.weak and part.quality is not None else ""
    if pairs and kind not in lead:
        lead = f"{kind.capitalize()}: {lead[0].lower()}{lead[1:]}"
    return lead, f"{text}{gain}{hint}."


def _by_cost(recommendation: Recommendation, step: Step, part: JudgedPlan) -> str:
    """That cost decides, between those first that are known to cover the languages."""
    known = ""
    presumed = step.unscored == PRESUMED
    if presumed[recommendation.table.of_kind(part.kind)].any() and not presumed[part.row]:
        known = " among those known to cover your languages"
    rivals = len(step.evidence.unranked)
    return f"No published scores compare the {rivals} {part.kind}s; cost decides{known}"


def _cheapest(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    known = " by what is known" if part.cost.at_least else ""
    text = f"You put cost first, and nothing that fits costs less{known}"
    if len(recommendation.steps) > 1:
        text = f"With the other step nothing that fits costs less{known}"
    if part.quality is None or step.yardstick is None:
        return text
    best = formatting.points(step.yardstick)
    scores = f"{_it(recommendation, part, 'it')} scores {formatting.points(part.quality)}"
    return f"{text}; {scores}, the best {best}"


def _below(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    """How far below the best it is, where no option falls less short by a half point."""
    workload = recommendation.workload
    assert part.quality is not None and step.yardstick is not None and step.best is not None
    balanced = workload.priority == "balanced"
    most = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    gap = points_over(step.yardstick - part.quality, most)
    best = recommendation.catalog.variants[step.best].name
    fits = "option that fits is half a point closer"
    if len(recommendation.steps) > 1:
        fits = "pair that fits is closer overall"
    scores = f"{_it(recommendation, part, 'It')} scores {formatting.points(part.quality)}"
    return f"{scores}, {gap} points below {best}; no {fits}"


def _within(recommendation: Recommendation, part: JudgedPlan, step: Step) -> tuple[str, str]:
    """That it is the cheapest, or the best value, of those near enough to the best."""
    workload = recommendation.workload
    balanced = workload.priority == "balanced"
    near = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    own, best = formatting.points(part.quality), formatting.points(step.yardstick)
    short, usd = step.shortfalls(workload), recommendation.table.base_usd
    rivals = step.fitting[short[step.fitting] <= short[part.row]]
    pick = recommendation.pick
    alone = pick is not None and pick.shared is None and not preference(recommendation, part)
    cheapest = alone and not (usd[rivals] < usd[part.row]).any()
    lead = "Good score, lowest cost." if cheapest else "Best score for the money."
    lead = lead if balanced else "As good as the best."
    value = "the cheapest" if cheapest else "the best value"
    value += "" if alone else " with the other step,"
    name = _it(recommendation, part, "It")
    return lead, f"{name} scores {own}: {value} within {near:g} points of the best ({best})"


def _it(recommendation: Recommendation, part: JudgedPlan, pronoun: str) -> str:
    """The pronoun, or which of two models it is."""
    return short_name(recommendation, part) if len(recommendation.steps) > 1 else pronoun


def _gain(recommendation: Recommendation, part: JudgedPlan) -> str:
    """`; in that test it added 5.5 points to BGE M3`, for a reranker whose table says so."""
    chosen = recommendation.step_of(part).evidence
    uplift = chosen.uplift.get(part.variant_id)
    if uplift is None or chosen.set is None or not chosen.set.first_stage:
        return ""
    before = recommendation.catalog.variants[chosen.set.first_stage].name
    return f"; in that test it added {formatting.points(uplift)} points to {before}"
