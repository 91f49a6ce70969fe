"""What the score of the recommendation, or the lack of one, did for it, in a sentence."""

from __future__ import annotations

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.decide import evidence
from advisor.decide.build import covers
from advisor.decide.choosing import SECOND_HAND_POINTS, Step
from advisor.decide.evidence import Evidence
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain.lifting import what_stands_in_the_way
from advisor.explain.sentences import Reason, points_over


def score_reason(recommendation: Recommendation, part: JudgedPlan) -> Reason:
    """What the part's score, or the lack of one, did for it."""
    step = recommendation.step_of(part)
    scores, floor = step.evidence, step.floor(recommendation.workload)
    if len(scores.scores) + len(scores.unranked) == 1:
        text = _only_one(part, scores)
    elif not scores.ranks:
        text = _nothing_ranks(recommendation, part, scores)
    elif recommendation.workload.priority == "cost":
        text = _cheapest_of_all(recommendation, part, step)
    elif part.quality is None:
        text = _without_a_score(recommendation, part, scores)
    elif floor is not None and step.shortfalls(recommendation.workload)[part.row]:
        text = _below_the_floor(recommendation, part, step)
    elif part.quality == step.yardstick:
        text = _best_scored(recommendation, part, scores)
    else:
        text = _within_the_tolerance(recommendation, part, step)
    text += _compared_elsewhere(recommendation, part.kind, scores)
    text += _on_long_documents(recommendation, scores)
    if scores.weak and part.quality is not None:
        text += " These tasks are too few to represent the whole benchmark: take this as a hint."
    return Reason("evidence", text, scores.source_ids)


def _compared_elsewhere(recommendation: Recommendation, kind: str, scores: Evidence) -> str:
    """That no set compares all rerankers that are measured, and which are so on another set only.

    An embedder that is left out stands among the alternatives with what it shares with the others.
    """
    others = sorted(scores.measured - scores.scores.keys())
    if not others or not scores.ranks or kind != "reranker":
        return ""
    names = [recommendation.catalog.variants[key].name for key in others]
    verb = "was" if len(names) == 1 else "were"
    return (
        f" No benchmark compares all {len(scores.measured | scores.scores.keys())} in these "
        f"languages: {formatting.listed(names)} {verb} only tested on another one."
    )


def _on_long_documents(recommendation: Recommendation, scores: Evidence) -> str:
    """That the length of parts is why these scores are taken; empty where it is not."""
    workload = recommendation.workload
    length = workload.part(workload.passage_tokens)
    asked_for = scores.set is not None and scores.set.id in recommendation.asked_sets
    is_long = scores.set is not None and scores.set.domain == evidence.LONG_DOCUMENTS
    if asked_for or not is_long or length <= evidence.LONG_TOKENS:
        return ""
    what = "passage" if workload.chunk_tokens is None else "part"
    tokens, most = map(formatting.count, (length, evidence.LONG_TOKENS))
    return (
        f" Scores on long documents decide, because a typical {what} has {tokens} tokens, "
        f"more than {most}."
    )


def _only_one(part: JudgedPlan, scores: Evidence) -> str:
    text = f"{part.plan.variant.name} is the only {part.kind} that does this job."
    if part.quality is not None:
        text += f" It scores {formatting.points(part.quality)} on {scores.title}."
    return text


def _nothing_ranks(recommendation: Recommendation, part: JudgedPlan, scores: Evidence) -> str:
    """That cost decides, between those first that are known to cover the languages."""
    languages = recommendation.workload.languages
    rivals = [recommendation.catalog.variants[key] for key in scores.unranked]
    some_presumed = not all(covers(variant, languages) for variant in rivals)
    known_first = ""
    if some_presumed and covers(part.plan.variant, languages):
        named = formatting.listed([language(code) for code in sorted(languages)])
        known_first = f" among those known to support {named}"
    return (
        f"No published scores compare the {len(rivals)} {part.kind}s that do this job, so cost "
        f"decides{known_first}. Test them on your own queries before you commit."
    )


def _cheapest_of_all(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    name = part.plan.variant.name
    beside = _beside(recommendation, part).rstrip(",")
    lead = f"{name} is the cheapest {part.kind} that fits{beside}"
    if part.quality is None:
        return f"{lead}; it has no score on {step.evidence.title}."
    own = f"{lead}; it scores {formatting.points(part.quality)} on {step.evidence.title}"
    if part.quality == step.yardstick:
        return f"{own}, the best score of the models for this job."
    return f"{own}. The best model for this job is {_best(recommendation, step)}."


def _beside(recommendation: Recommendation, part: JudgedPlan) -> str:
    """That the other step counts too, where it is not the first plan of its own step."""
    pick = recommendation.pick
    alone = pick is not None and pick.shared is None and not preference(recommendation, part)
    return "" if alone else ", together with the other step,"


def _best(recommendation: Recommendation, step: Step) -> str:
    """`BGE Multilingual Gemma2 (59.2)`: whose the yardstick is."""
    assert step.best is not None
    name = recommendation.catalog.variants[step.best].name
    return f"{name} ({formatting.points(step.yardstick)})"


def _compared(part: JudgedPlan, scores: Evidence) -> str:
    """Which models the scores compare, and on what."""
    number = len(scores.scores)
    return f"Compared: the {number} {part.kind}s for this job with a score on {scores.title}."


def _best_scored(recommendation: Recommendation, part: JudgedPlan, scores: Evidence) -> str:
    name, names = part.plan.variant.name, recommendation.catalog.variants
    own = formatting.points(part.quality)
    if len(scores.scores) == 1:
        return f"Of the {part.kind}s for this job, only {name} was tested: {own} on {scores.title}."
    others = [
        f"{names[key].name} {formatting.points(score)}"
        for key, score in sorted(scores.scores.items(), key=lambda item: -item[1])
        if key != part.variant_id
    ]
    worth = _worth(recommendation, part)
    lead = f"{name} is the best ({own} against {formatting.listed(others)})"
    return f"{lead}{worth and f': {worth}'}. {_compared(part, scores)}"


def _within_the_tolerance(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    workload = recommendation.workload
    balanced = workload.priority == "balanced"
    near = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    own = f"{part.plan.variant.name} ({formatting.points(part.quality)})"
    worth, beside = _worth(recommendation, part), _beside(recommendation, part)
    first = "the best value" if worth or beside else "the cheapest"
    best = f"within {near:g} points of the best, {_best(recommendation, step)}"
    return (
        f"{own} is {first}{beside} {best}{worth and f': {worth}'}. {_compared(part, step.evidence)}"
    )


def _worth(recommendation: Recommendation, part: JudgedPlan) -> str:
    """Why it is not the cheapest of those that fall no further short; empty where it is."""
    workload, table = recommendation.workload, recommendation.table
    step = recommendation.step_of(part)
    short = step.shortfalls(workload)
    rivals = step.fitting[short[step.fitting] <= short[part.row]]
    rivals = rivals[table.base_usd[rivals] < table.base_usd[part.row]]
    if not len(rivals):
        return ""
    weighed, worth = [], workload.material_usd
    if worth:
        weighed.append(f"each point of score counts as {formatting.usd(worth)} per month")
    aggregator = table.static.order.aggregator
    if worth and (aggregator[rivals] > aggregator[part.row]).any():
        dearer = formatting.usd(SECOND_HAND_POINTS * worth)
        weighed.append(f"a price that only a third party states as {dearer} more")
    if (table.unpriced_bytes[rivals] > table.unpriced_bytes[part.row]).any():
        weighed.append("more vector storage as dearer, though its price is not known")
    return formatting.listed(weighed)


def _below_the_floor(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    """How far the pick falls short, and which limit stands in the way of a better one."""
    workload = recommendation.workload
    assert part.quality is not None and step.yardstick is not None
    balanced, points = workload.priority == "balanced", step.yardstick - part.quality
    most = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    gap = points_over(points, most)
    allowed = f", and you accept {most:g}" if balanced else ", and quality matters most to you"
    text = (
        f"{part.plan.variant.name} scores {formatting.points(part.quality)} on "
        f"{step.evidence.title}. That is {gap} points below the best model for this job, "
        f"{_best(recommendation, step)}{allowed}."
    )
    return f"{text} {what_stands_in_the_way(recommendation, part)}".rstrip()


def _without_a_score(recommendation: Recommendation, part: JudgedPlan, scores: Evidence) -> str:
    name, why = part.plan.variant.name, scores.unranked[part.variant_id]
    measured = [recommendation.catalog.variants[key].name for key in sorted(scores.scores)]
    others = f"{formatting.listed(measured)} {'has' if len(measured) == 1 else 'have'} one"
    text = f"{name} has no score here ({why}). {others} on {scores.title}."
    return f"{text} {what_stands_in_the_way(recommendation, part)}".rstrip()
