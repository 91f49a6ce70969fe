"""Why the pick won, and what to give up where nothing fits, in sentences."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from advisor.base import formatting, units
from advisor.decide import evidence, stores
from advisor.decide.build import covers
from advisor.decide.choosing import SECOND_HAND_POINTS, Step, shared_latency_ms
from advisor.decide.evidence import Evidence
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation, preference
from advisor.decide.rule_results import RuleResult
from advisor.explain import limits
from advisor.explain.sentences import capital, for_month, missing, month, points_over, spread
from advisor.sizing import latency
from advisor.sizing.storage import INDEX_STORAGE


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
    return f"{recommendation.pick.named}, {month(recommendation.pick.monthly_usd)}. {qualities}"


def _step(recommendation: Recommendation, kind: str) -> Step:
    step = recommendation.step(kind)
    assert step is not None, "a plan that is picked has a step"
    return step


def _quality(recommendation: Recommendation, part: JudgedPlan) -> Reason:
    """What the part's score, or the lack of one, did for it."""
    step = _step(recommendation, part.kind)
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
    if scores.weak and part.quality is not None:
        text += " These tasks are too few to stand for the whole set, so take it as a hint."
    return Reason("evidence", text, scores.source_ids)


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
        known_first = f" among those known to cover {formatting.listed(sorted(languages))}"
    return (
        f"No published scores compare the {len(rivals)} {part.kind}s that do this job, so cost "
        f"decides{known_first}. Measure them on your own queries before you commit."
    )


def _cheapest_of_all(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    name = part.plan.variant.name
    beside = _beside(recommendation, part).rstrip(",")
    lead = f"{name} costs least of the {part.kind}s that fit{beside}"
    if part.quality is None:
        return f"{lead}; it has no score on {step.evidence.title}."
    own = f"{lead}; it scores {formatting.points(part.quality)} on {step.evidence.title}"
    if part.quality == step.yardstick:
        return f"{own}, the best of the models that do this job."
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


def _ranked(part: JudgedPlan, scores: Evidence) -> str:
    if len(scores.scores) == 1:
        return f"Of the {part.kind}s that do this job,"
    number = len(scores.scores)
    return f"Of the {number} {part.kind}s that do this job and have a score on {scores.title}"


def _best_scored(recommendation: Recommendation, part: JudgedPlan, scores: Evidence) -> str:
    name, names = part.plan.variant.name, recommendation.catalog.variants
    own = formatting.points(part.quality)
    if len(scores.scores) == 1:
        return f"{_ranked(part, scores)} only {name} is measured: {own} on {scores.title}."
    others = [
        f"{names[key].name} {formatting.points(score)}"
        for key, score in sorted(scores.scores.items(), key=lambda item: -item[1])
        if key != part.variant_id
    ]
    lead = f"{_ranked(part, scores)}, {name} is the best"
    worth = _worth(recommendation, part)
    return f"{lead} ({own} against {formatting.listed(others)}){worth and f': {worth}'}."


def _within_the_tolerance(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    workload = recommendation.workload
    balanced = workload.priority == "balanced"
    near = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    own = f"{part.plan.variant.name} ({formatting.points(part.quality)})"
    worth, beside = _worth(recommendation, part), _beside(recommendation, part)
    first = "the best value" if worth or beside else "the cheapest"
    best = f"within {near:g} points of the best, {_best(recommendation, step)}"
    return (
        f"{_ranked(part, step.evidence)}, {own} is {first}{beside} {best}{worth and f': {worth}'}."
    )


def _worth(recommendation: Recommendation, part: JudgedPlan) -> str:
    """Why it is not the cheapest of those that fall no further short; empty where it is."""
    workload, table = recommendation.workload, recommendation.table
    step = _step(recommendation, part.kind)
    short = step.shortfalls(workload)
    rivals = step.fitting[short[step.fitting] <= short[part.row]]
    rivals = rivals[table.base_usd[rivals] < table.base_usd[part.row]]
    if not len(rivals):
        return ""
    weighed, worth = [], workload.material_usd
    if worth:
        weighed.append(f"each point of score counts as {formatting.usd(worth)} a month")
    aggregator = table.static.order.aggregator
    if worth and (aggregator[rivals] > aggregator[part.row]).any():
        dearer = formatting.usd(SECOND_HAND_POINTS * worth)
        weighed.append(f"a price known from an aggregator only as {dearer} dearer")
    if (table.unpriced_bytes[rivals] > table.unpriced_bytes[part.row]).any():
        weighed.append("a larger index, whose price is not known, as dearer")
    return formatting.listed(weighed)


def _below_the_floor(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    """How far the pick falls short, and which limit stands in the way of a better one."""
    workload = recommendation.workload
    assert part.quality is not None and step.yardstick is not None
    balanced, points = workload.priority == "balanced", step.yardstick - part.quality
    most = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    gap = points_over(points, most)
    allowed = "and quality is the priority"
    if balanced:
        allowed = f"more than the {most:g} you would give up"
    text = (
        f"{part.plan.variant.name} scores {formatting.points(part.quality)} on "
        f"{step.evidence.title}, {gap} points below the best model for this job, "
        f"{_best(recommendation, step)}, {allowed}."
    )
    return f"{text} {_what_stands_in_the_way(recommendation, part)}".rstrip()


def _without_a_score(recommendation: Recommendation, part: JudgedPlan, scores: Evidence) -> str:
    name, why = part.plan.variant.name, scores.unranked[part.variant_id]
    measured = [recommendation.catalog.variants[key].name for key in sorted(scores.scores)]
    others = f"{formatting.listed(measured)} {'has' if len(measured) == 1 else 'have'} one"
    text = f"{name} has no score here ({why}); {others} on {scores.title}."
    return f"{text} {_what_stands_in_the_way(recommendation, part)}".rstrip()


MOST_LIFTED = 3
"""The limits in the way that are named before the rest are counted."""


def _what_stands_in_the_way(recommendation: Recommendation, part: JudgedPlan) -> str:
    """`Without the budget of $20 a month: BGE Large ..., for $34.90 a month, 2.7 points better.`

    Of two steps that both fall short, only the first says so.
    """
    pick, workload = recommendation.pick, recommendation.workload
    for earlier in pick.parts[: pick.parts.index(part)] if pick else ():
        if _step(recommendation, earlier.kind).shortfalls(workload)[earlier.row]:
            return ""
    lifts = limits.in_the_way(recommendation)
    if lifts:
        named = [_lifted(recommendation, lift) for lift in lifts[:MOST_LIFTED]]
        return " ".join([*named, *_more(lifts)])
    return _nothing_helps(recommendation)


def _more(lifts: list[limits.Lifted]) -> list[str]:
    """How many limits, or pairs of them, are not named; empty where all are."""
    more, of_pairs = len(lifts) - MOST_LIFTED, len(lifts[0].fields) > 1
    if more < 1:
        return []
    nouns = ("other pair of limits", "other pairs of limits") if of_pairs else ("other limit",)
    return [f"Lifting {formatting.counted(more, *nouns)} would help too."]


def _nothing_helps(recommendation: Recommendation) -> str:
    """That no limit stands in the way, nor any two of them; what else does, where none is left."""
    stated = limits.stated(recommendation.workload)
    unlimited = limits.without(recommendation, stated)
    if limits.shortfall(unlimited) < limits.shortfall(recommendation):
        return "Lifting one or two of your limits would not help."
    text = "No limit of yours is in the way"
    if example := _ruled_out_all_the_same(unlimited, recommendation):
        better = "Better plans" if recommendation.pick else "Plans"
        return f"{text}. {better} are ruled out all the same, for example: {example}"
    return f"{text}: no plan with a known price does better."


def _ruled_out_all_the_same(unlimited: Recommendation, now: Recommendation) -> str:
    """What rules out most of the plans that would fall less short, limits aside; empty for none."""
    findings: list[RuleResult] = []
    for step in unlimited.steps:
        picked = now.pick.part(step.kind) if now.pick else None
        if picked is None and len(step.fitting):
            continue
        short = step.shortfalls(unlimited.workload)
        better = unlimited.table.of_kind(step.kind) & ~unlimited.rules.not_for_the_job
        if picked is not None:
            better &= short < short[picked.row]
        for row in np.flatnonzero(better):
            findings += unlimited.judged[row].excluded
    count = Counter(result.rule for result in findings)
    return max(findings, key=lambda result: count[result.rule]).text if findings else ""


def _lifted(recommendation: Recommendation, lift: limits.Lifted) -> str:
    other, now = lift.other.pick, recommendation.pick
    assert other is not None
    text = f"{capital(lift.words)}: {other.named}, {for_month(other.monthly_usd)}"
    gains = []
    for part in now.parts if now else ():
        better, scores = other.part(part.kind), lift.other.step(part.kind)
        title = _step(recommendation, part.kind).evidence.title
        if not better or better.quality is None or part.quality is None:
            continue
        points = better.quality - part.quality
        if scores and scores.evidence.title == title and abs(points) >= 0.05:
            of_step = f"the {part.kind} " if len(other.parts) > 1 else ""
            sense = "better" if points > 0 else "worse"
            gains.append(f"{of_step}{formatting.points(abs(points))} points {sense}")
    return f"{text}, {formatting.listed(gains)}." if gains else f"{text}."


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
        f"{verb} costs {formatting.usd(plan.encoding_usd.base)} a month: "
        f"{formatting.large(plan.tokens.monthly)} tokens at {price} "
        f"({plan.where}, {_dated_price(plan)})."
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
    count = _machines(plan.replicas[1]) + _why_so_many(recommendation, part)
    rent = (
        f"{count[0].upper()}{count[1:]} for {units.HOURS_PER_MONTH} hours at ${plan.rent} is "
        f"{formatting.usd(plan.encoding_usd.base)} a month ({_dated_price(plan)})."
    )
    return [capacity, Reason("cost", rent, plan.price_sources)]


def _why_so_many(recommendation: Recommendation, part: JudgedPlan) -> str:
    """`, one of them to spare,` or what a limit of latency asks for beyond the load."""
    workload, filling = recommendation.workload, recommendation.assumptions.target_utilisation
    assert part.plan.replicas is not None
    needed = recommendation.table.needed["base"][part.row]
    by_load = int(latency.filled(needed, filling, workload.redundancy))
    more = part.plan.replicas[1] - by_load
    if more > 0:
        return f", {formatting.count(more)} of them to keep the latency limit,"
    return ", one of them to spare," if workload.redundancy else ""


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
        f"both: {usd} a month ({_dated_price(plan)})."
    )
    return [Reason("shared", text, plan.price_sources)]


def _index(recommendation: Recommendation, part: JudgedPlan) -> Reason:
    """What the index of an embedder's vectors takes and costs."""
    plan, workload, catalog = part.plan, recommendation.workload, recommendation.catalog
    store_id = workload.vector_store
    size, where = plan.load.size.values_bytes, f"in {stores.name(catalog, store_id)}"
    if store_id == "ram":
        size, where = plan.index_bytes, "of RAM"
    store = catalog.stores.get(store_id)
    base = plan.index_usd.base
    cost = f"{formatting.usd(base)} a month"
    if store and store.minimum_usd_per_month == base:
        cost = f"the minimum charge of {cost}"
    if INDEX_STORAGE in plan.index_usd.not_known:
        cost = f"at least {cost}; the rest" if base else "what that costs"
        cost += " is not known"
    else:
        cost += spread(plan.index_usd)
    noun = "vector" if plan.tokens.vectors == 1 else "vectors"
    dense_alone = set(workload.outputs) <= {"dense"}
    more = "" if dense_alone else " with their sparse or token vectors"
    text = (
        f"The index, {formatting.large(plan.tokens.vectors)} {noun} of "
        f"{formatting.count(plan.variant.embedding_dim)} dimensions{more}, takes "
        f"{formatting.memory(size)} {where}: {cost}."
    )
    sources = (*stores.sources(catalog, store_id), *plan.variant.source_ids("embedding_dim"))
    return Reason("index", text, sources)


def _together(recommendation: Recommendation) -> list[Reason]:
    """What two steps cost and take together."""
    pick, limit = recommendation.pick, recommendation.workload.latency_ms_p95
    if pick is None or len(pick.parts) < 2:
        return []
    text = (
        f"Together {month(pick.monthly_usd)}{missing(pick.monthly_usd)}. Each step is judged by "
        "its own scores: there is no published score of the two combined."
    )
    took = _own_ms(recommendation, pick)
    if took and limit is not None:
        text += (
            f" Computing takes about {formatting.count(round(took))} ms a query on your machines."
        )
    return [Reason("pipeline", text, ())]


def _own_ms(recommendation: Recommendation, pick: Pipeline) -> float:
    """Milliseconds of a query on own machines, base; 0 where all steps are hosted."""
    if pick.shared is not None:
        first, second = (part.row for part in pick.parts)
        return float(shared_latency_ms(recommendation.table, first, second, "base"))
    return float(sum(recommendation.table.known_latency_ms[part.row] for part in pick.parts))


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
    verb = "charges" if len(names) == 1 and not more else "charge"
    text = f"{formatting.listed(parts)} {verb} the same for {part.plan.variant.name}."
    sources = {source for other in others for source in other.plan.price_sources}
    return Reason("tie", text, tuple(sorted(sources)))


def loosen(recommendation: Recommendation) -> list[Reason]:
    """Where nothing fits: each limit without which something does, and what that costs.

    Where no limit helps alone, pairs of them; where no model does the job at all, why none does.
    """
    if recommendation.pick is not None:
        return []
    jobless = [step for step in recommendation.steps if not _candidates(step)]
    if jobless:
        return [_no_model(recommendation, step.kind) for step in jobless]
    lifts = limits.in_the_way(recommendation)
    if not lifts:
        return [Reason("evidence", _nothing_helps(recommendation), ())]
    named = [Reason(*_ruled_by(recommendation, lift)) for lift in lifts[:MOST_LIFTED]]
    return named + [Reason(named[-1].rule, text, ()) for text in _more(lifts)]


def _candidates(step: Step) -> int:
    return len(step.evidence.scores) + len(step.evidence.unranked)


def _no_model(recommendation: Recommendation, kind: str) -> Reason:
    """Which rule of the job keeps most models of a kind out."""
    rules = recommendation.catalog.rules
    findings = [
        result
        for judged in recommendation.judged
        if judged.kind == kind
        for result in judged.excluded
        if rules[result.rule].entry.job
    ]
    if not findings:
        return Reason("evidence", f"The catalog has no {kind}.", ())
    count = Counter(result.rule for result in findings)
    first = max(findings, key=lambda result: count[result.rule])
    text = f"No {kind} in the catalog does this job. For example: {first.text}"
    return Reason(first.rule, text, first.sources)


def _ruled_by(
    recommendation: Recommendation, lift: limits.Lifted
) -> tuple[str, str, tuple[str, ...]]:
    """The rule that the limit works by, the sentence, and the rule's sources."""
    text = _lifted(recommendation, lift)
    parts = lift.other.pick.parts if lift.other.pick else ()
    for part in parts:
        for result in recommendation.judged[part.row].excluded:
            return result.rule, text, result.sources
    cited = recommendation.catalog.cited("steps-within-budget")
    rule = "within-budget" if "budget_usd_per_month" in lift.fields else "fast-enough"
    return rule, text, cited
