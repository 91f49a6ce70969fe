"""Why the pick won, and what to give up where nothing fits, in sentences."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from advisor.base import formatting, units
from advisor.decide import evidence, stores
from advisor.decide.choosing import Step, eligible
from advisor.decide.evidence import Evidence
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Recommendation, preference


class Reason(NamedTuple):
    """One sentence, the rule or step it comes from, and the ids of the sources of its figures."""

    rule: str
    text: str
    sources: tuple[str, ...]


def reasons(recommendation: Recommendation) -> tuple[Reason, ...]:
    """Why the pick won, in the order in which the steps decided; empty where nothing fits."""
    if recommendation.pick is None:
        return ()
    sentences: list[Reason] = []
    for part in recommendation.pick.parts:
        sentences.append(_quality(recommendation, part))
        sentences += _first_stage_gain(recommendation, part)
        sentences += [_hosted(part)] if part.hosted else _own(recommendation, part)
    sentences += _shared(recommendation)
    for part in recommendation.pick.parts:
        sentences += [_index(recommendation, part)] if part.plan.index_bytes else []
    sentences += _together(recommendation)
    for part in recommendation.pick.parts:
        sentences += [_tie(ties(recommendation, part), part)] if ties(recommendation, part) else []
    return (*sentences, *_remarks(recommendation.pick.parts))


def _remarks(parts: tuple[JudgedPlan, ...]) -> list[Reason]:
    """The rules' warnings and notes, warnings first; one that holds for all steps stands once."""
    texts = Counter(result.text for part in parts for result in part.remarks)
    remarks: dict[str, tuple[str, Reason]] = {}
    for part in parts:
        for result in part.remarks:
            lead = "" if len(parts) == texts[result.text] else f"{part.plan.variant.name}: "
            text = lead + result.text
            remarks.setdefault(text, (result.effect, Reason(result.rule, text, result.sources)))
    return [reason for effect, reason in sorted(remarks.values(), key=lambda r: r[0] != "warn")]


def won(recommendation: Recommendation) -> str:
    """What the pick costs and the first reason of each step; empty where nothing fits."""
    if recommendation.pick is None:
        return ""
    qualities = " ".join(_quality(recommendation, p).text for p in recommendation.pick.parts)
    cost = f"{formatting.usd(recommendation.monthly)} a month"
    return f"{recommendation.pick.named}, {cost}. {qualities}"


def _step(recommendation: Recommendation, kind: str) -> Step:
    step = recommendation.step(kind)
    assert step is not None, "a plan that is picked has a step"
    return step


def _quality(recommendation: Recommendation, part: JudgedPlan) -> Reason:
    """What the part's score, or the lack of one, did for it."""
    scores = _step(recommendation, part.kind).evidence
    count = len({judged.variant_id for judged in recommendation.fitting(part.kind)})
    all_of_kind = f"{count} {part.kind}s that fit"
    if count == 1:
        text = _only_one(part, scores)
    elif not scores.ranks:
        text = _nothing_ranks(part, scores, all_of_kind)
    elif part.quality is None or recommendation.workload.priority == "cost":
        text = _cheapest_of_all(recommendation, part, scores, all_of_kind)
    elif part.variant_id == _top(scores):
        text = _best_scored(recommendation, part, scores)
    else:
        text = _cheapest_near_the_best(recommendation, part, scores)
    return Reason("evidence", text, scores.source_ids)


def _only_one(part: JudgedPlan, scores: Evidence) -> str:
    name = part.plan.variant.name
    text = f"{name} is the only {part.kind} that fits this workload."
    if part.quality is not None:
        text += f" It scores {formatting.points(part.quality)} on {scores.title}."
    return text


def _nothing_ranks(part: JudgedPlan, scores: Evidence, all_of_kind: str) -> str:
    text = (
        f"No published scores compare the {all_of_kind}, so cost decides. "
        "Measure them on your own queries before you commit."
    )
    if part.quality is not None:
        points = formatting.points(part.quality)
        text += f" {part.plan.variant.name} alone is measured: {points} on {scores.title}."
    return text


def _cheapest_of_all(
    recommendation: Recommendation, part: JudgedPlan, scores: Evidence, all_of_kind: str
) -> str:
    name, fitting = part.plan.variant.name, f"{all_of_kind}{_aside(recommendation, part)}"
    if part.quality is None:
        return f"{name} costs least of all {fitting}; it has no score on {scores.title}."
    own, best = formatting.points(part.quality), formatting.points(scores.scores[_top(scores)])
    lead = f"{name} costs least of the {fitting}"
    return f"{lead}; it scores {own} on {scores.title}, the best {best}."


def _top(scores: Evidence) -> str:
    """The variant with the best score; of equal ones the last by id."""
    return max(scores.scores, key=lambda key: (scores.scores[key], key))


def _ranked(part: JudgedPlan, scores: Evidence) -> str:
    return f"Of the {len(scores.scores)} {part.kind}s that fit and have a score on {scores.title}"


def _best_scored(recommendation: Recommendation, part: JudgedPlan, scores: Evidence) -> str:
    names, workload = recommendation.catalog.variants, recommendation.workload
    others = [
        f"{names[key].name} {formatting.points(score)}"
        for key, score in sorted(scores.scores.items(), key=lambda item: -item[1])
        if key != part.variant_id
    ]
    own = formatting.points(part.quality)
    own += f" against {formatting.listed(others)}" if others else ""
    text = f"{_ranked(part, scores)}, {part.plan.variant.name} is the best ({own})"
    if workload.priority == "balanced":
        text += f", and none that costs less is within {workload.quality_tolerance:g} points"
    return f"{text}."


def _cheapest_near_the_best(
    recommendation: Recommendation, part: JudgedPlan, scores: Evidence
) -> str:
    workload, top = recommendation.workload, _top(scores)
    balanced = workload.priority == "balanced"
    near = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    best = f"{recommendation.catalog.variants[top].name}, {formatting.points(scores.scores[top])}"
    own = f"{part.plan.variant.name} ({formatting.points(part.quality)})"
    return (
        f"{_ranked(part, scores)}, {own} costs least within {near:g} points of the best "
        f"({best}){_aside(recommendation, part)}."
    )


def _aside(recommendation: Recommendation, part: JudgedPlan) -> str:
    """That differences which do not count were left aside, where the part is not the cheapest."""
    if recommendation.pick is not None and recommendation.pick.shared:
        return " together with the other step"
    step = _step(recommendation, part.kind)
    rows = eligible(step, step.fitting, recommendation.workload)
    if part.monthly == min(recommendation.judged[row].monthly for row in rows):
        return ""
    material = formatting.usd(recommendation.workload.material_usd)
    return f", differences below {material} a month aside"


def _first_stage_gain(recommendation: Recommendation, part: JudgedPlan) -> list[Reason]:
    """What a reranker gains over the first stage of the same table."""
    chosen = _step(recommendation, part.kind).evidence
    uplift = chosen.uplift.get(part.variant_id)
    if uplift is None or chosen.set is None or not chosen.set.first_stage:
        return []
    before = recommendation.catalog.variants[chosen.set.first_stage].name
    text = (
        f"That is {formatting.points(uplift, sign=True)} points over {before} alone, in the same "
        "table; over another first stage the gain will differ."
    )
    return [Reason("uplift", text, chosen.source_ids)]


def _dated_price(plan: Plan) -> str:
    return f"price of {plan.as_of.isoformat()}" if plan.as_of else "undated price"


def _hosted(part: JudgedPlan) -> Reason:
    plan = part.plan
    assert plan.offer is not None and plan.encoding_usd is not None
    verb = "Reranking" if part.kind == "reranker" else "Encoding"
    price = formatting.price(plan.offer.usd_per_1m_input)
    text = (
        f"{verb} {formatting.large(plan.tokens.monthly)} tokens a month at {price} is "
        f"{formatting.usd(plan.encoding_usd.base)}, by {plan.where}'s {_dated_price(plan)}."
    )
    return Reason("cost", text, plan.price_sources)


def _own(recommendation: Recommendation, part: JudgedPlan) -> list[Reason]:
    """What an own machine carries and costs."""
    plan, workload, speed = part.plan, recommendation.workload, part.plan.tokens_per_second
    assert plan.instance is not None and plan.replicas is not None and speed is not None
    machine = "This machine, as you measured it," if plan.measured else f"One {plan.where}"
    low, base, high = (formatting.count(round(end)) for end in speed)
    share = _share(float(recommendation.table.needed["base"][part.row]))
    text = (
        f"{machine} computes about {base} tokens a second with {plan.variant.name} "
        f"({low} to {high}), and your load takes {share} one machine's time "
        f"at the peak of {formatting.rate(workload.peak)} queries a second."
    )
    cited = recommendation.catalog.cited
    by_measurement = (*plan.price_sources, *cited("capacity-by-measurement"))
    sources = by_measurement if plan.measured else cited("capacity-by-calibration")
    capacity = Reason("capacity", text, sources)
    if recommendation.pick is not None and recommendation.pick.shared:
        return [capacity]
    assert plan.encoding_usd is not None
    count = _machines(plan.replicas[1]) + (", one of them to spare," if workload.redundancy else "")
    rent = (
        f"{count[0].upper()}{count[1:]} for {units.HOURS_PER_MONTH} hours at ${plan.rent} is "
        f"{formatting.usd(plan.encoding_usd.base)} a month, by the {_dated_price(plan)}."
    )
    return [capacity, Reason("cost", rent, plan.price_sources)]


def _share(share: float) -> str:
    """`2.5 times`, `40% of` or `under 1% of` one machine's time."""
    if share >= 1:
        return f"{share:,.1f} times"
    return f"{100 * share:,.0f}% of" if share >= 0.01 else "under 1% of"


def _machines(count: int) -> str:
    return "one machine" if count == 1 else f"{count:,} machines"


def _shared(recommendation: Recommendation) -> list[Reason]:
    """That both steps run on the same machines."""
    pick = recommendation.pick
    if pick is None or pick.shared is None:
        return []
    plan, count = pick.parts[0].plan, pick.shared[1]
    columns = recommendation.table.columns["needed_bytes"].values
    needed = formatting.memory(sum(float(columns[part.row]) for part in pick.parts))
    usd = formatting.usd((plan.rent or 0) * units.HOURS_PER_MONTH * count)
    text = (
        f"Both models fit one machine together ({needed} of "
        f"{formatting.memory(plan.figure('memory_bytes'))}), so {_machines(count)} for "
        f"{units.HOURS_PER_MONTH} hours at ${plan.rent} {'serves' if count == 1 else 'serve'} "
        f"both: {usd} a month, by the {_dated_price(plan)}."
    )
    return [Reason("shared", text, plan.price_sources)]


def _index(recommendation: Recommendation, part: JudgedPlan) -> Reason:
    """What the index of an embedder's vectors takes and costs."""
    plan, workload, catalog = part.plan, recommendation.workload, recommendation.catalog
    store_id = workload.vector_store
    assert plan.index_usd is not None
    size, where = plan.load.size.values_bytes, f"in {stores.name(catalog, store_id)}"
    if store_id == "ram":
        size, where = plan.index_bytes, "of RAM as an index"
    store = catalog.stores.get(store_id)
    low, base, high = plan.index_usd
    cost = formatting.usd(base)
    if store and store.minimum_usd_per_month == base:
        cost = f"the minimum charge of {cost}"
    spread = f" ({formatting.usd_range(low, high)})" if low != high else ""
    noun = "vector" if plan.tokens.vectors == 1 else "vectors"
    dense_alone = set(workload.outputs) <= {"dense"}
    more = "" if dense_alone else " with their sparse or token vectors"
    text = (
        f"{formatting.large(plan.tokens.vectors)} {noun} of "
        f"{formatting.count(plan.variant.embedding_dim)} dimensions{more} take "
        f"{formatting.memory(size)} {where}: {cost} a month{spread}."
    )
    sources = (*stores.sources(catalog, store_id), *plan.variant.source_ids("embedding_dim"))
    return Reason("index", text, sources)


def _together(recommendation: Recommendation) -> list[Reason]:
    """What two steps cost and take together."""
    pick, limit = recommendation.pick, recommendation.workload.latency_ms_p95
    if pick is None or len(pick.parts) < 2:
        return []
    text = (
        f"Together {formatting.usd(pick.monthly_usd.base)} a month. Each step is judged by its "
        "own scores: there is no published score of the two combined."
    )
    times = [time for part in pick.parts if not part.hosted and (time := part.plan.latency_ms)]
    if times and limit is not None:
        total = sum(time.base for time in times)
        over = (
            f", over the {formatting.count(limit)} ms you allow: "
            "each step keeps to it, both together do not"
        )
        took = f"about {formatting.count(round(total))} ms a query"
        text += f" Computing takes {took} on your machines{over if total > limit else ''}."
    return [Reason("pipeline", text, ())]


def ties(recommendation: Recommendation, part: JudgedPlan) -> list[JudgedPlan]:
    """Other offers of the same variant at exactly the same price; first party and listing first."""
    if not part.hosted:
        return []
    price = part.plan.offer.usd_per_1m_input if part.plan.offer else None
    same = [
        j
        for j in recommendation.fitting(part.kind)
        if j.variant_id == part.variant_id and j.row != part.row
        if j.plan.offer and j.plan.offer.usd_per_1m_input == price
    ]
    return sorted(same, key=lambda j: preference(recommendation, j))


def _tie(others: list[JudgedPlan], part: JudgedPlan) -> Reason:
    """That others ask the same price."""
    here = part.plan.where
    names = sorted({other.plan.where for other in others} - {here})
    more = sum(other.plan.where == here for other in others)
    parts = [formatting.listed(names)] if names else []
    if more:
        parts.append(f"{more} more {'endpoint' if more == 1 else 'endpoints'} of {here}")
    text = f"The same price for {part.plan.variant.name} is asked by {formatting.listed(parts)}."
    sources = {source for other in others for source in other.plan.price_sources}
    return Reason("tie", text, tuple(sorted(sources)))


def loosen(recommendation: Recommendation) -> list[Reason]:
    """Where nothing fits, the rules that alone keep a plan out; those that free most first."""
    if recommendation.pick is not None:
        return []
    without = [step for step in recommendation.steps if not len(step.fitting)]
    reliefs = [relief for step in without for relief in _reliefs(recommendation, step.kind)]
    if not reliefs and not without and len(recommendation.steps) > 1:
        reliefs = [_dearer_than_budget(recommendation)]
    return reliefs


def _reliefs(recommendation: Recommendation, kind: str) -> list[Reason]:
    """For each rule that alone keeps plans of a step out, how many, and what it says of one."""
    kept_out: dict[str, list[JudgedPlan]] = {}
    for judged in recommendation.judged:
        # without a known cost nobody knows whether the plan would fit
        if judged.kind == kind and not np.isnan(judged.monthly):
            rules = recommendation.rules.excluding(judged.row)
            if len(rules) == 1:
                kept_out.setdefault(rules[0], []).append(judged)
    reliefs = []
    for rule, plans in sorted(kept_out.items(), key=lambda item: (-len(item[1]), item[0])):
        finding = min(plans, key=lambda judged: judged.monthly).excluded[0]
        number = f"{len(plans)} {kind} plans" if len(plans) > 1 else f"one {kind} plan"
        text = f"Without this one requirement {number} would fit: {finding.text}"
        reliefs.append(Reason(rule, text, finding.sources))
    return reliefs


def _dearer_than_budget(recommendation: Recommendation) -> Reason:
    kinds = (step.kind for step in recommendation.steps)
    least = sum(min(j.monthly for j in recommendation.fitting(kind)) for kind in kinds)
    budget = recommendation.workload.budget_usd_per_month
    text = (
        f"Each step fits alone, but together they cost at least {formatting.usd(least)} a month, "
        f"over the budget of {formatting.usd(budget)}."
    )
    return Reason("within-budget", text, recommendation.catalog.cited("steps-within-budget"))
