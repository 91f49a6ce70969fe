"""Why the pick won, and what to give up where nothing fits, in sentences."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from advisor.base import formatting, units
from advisor.decide import evidence, stores
from advisor.decide.build import covers
from advisor.decide.choosing import Step, shared_latency_ms
from advisor.decide.evidence import Evidence
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation, preference
from advisor.explain import limits
from advisor.explain.sentences import capital, for_month, missing, month, spread
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
    lead = f"{name} costs least of the {part.kind}s that fit{_beside(recommendation)}"
    if part.quality is None:
        return f"{lead}; it has no score on {step.evidence.title}."
    own, best = formatting.points(part.quality), _best(recommendation, step)
    return f"{lead}; it scores {own} on {step.evidence.title}, the best model for the job {best}."


def _beside(recommendation: Recommendation) -> str:
    """That the other step on the same machines counts too, where both share them."""
    shared = recommendation.pick is not None and recommendation.pick.shared is not None
    return " together with the other step" if shared else ""


def _best(recommendation: Recommendation, step: Step) -> str:
    """`59.2 (BGE Multilingual Gemma2)`: the yardstick, and whose it is."""
    top = _top(step.evidence)
    name = recommendation.catalog.variants[top].name
    return f"{formatting.points(step.evidence.scores[top])} ({name})"


def _top(scores: Evidence) -> str:
    """The variant with the best score; of equal ones the last by id."""
    return max(scores.scores, key=lambda key: (scores.scores[key], key))


def _ranked(part: JudgedPlan, scores: Evidence) -> str:
    if len(scores.scores) == 1:
        return f"Of the {part.kind}s that may do this job"
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
    return f"{lead} ({own} against {formatting.listed(others)})."


def _within_the_tolerance(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    workload = recommendation.workload
    balanced = workload.priority == "balanced"
    near = workload.quality_tolerance if balanced else evidence.EQUAL_POINTS
    own = f"{part.plan.variant.name} ({formatting.points(part.quality)})"
    return (
        f"{_ranked(part, step.evidence)}, {own} is within {near:g} points of the best, "
        f"{_best(recommendation, step)}, and {_by_cost(recommendation, part, step)}."
    )


def _by_cost(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    """`costs least of those that are`, or what a point of score was taken to be worth."""
    shortfalls = step.shortfalls(recommendation.workload)
    rivals = [row for row in step.fitting if not shortfalls[row]]
    cost = recommendation.table.base_usd
    if cost[part.row] <= cost[rivals].min():
        return f"costs least of those that are{_beside(recommendation)}"
    worth = formatting.usd(recommendation.workload.material_usd)
    return (
        f"of those that are it comes first{_beside(recommendation)}, a point of score counted "
        f"as {worth} a month"
    )


def _below_the_floor(recommendation: Recommendation, part: JudgedPlan, step: Step) -> str:
    """How far the pick falls short, and which limit stands in the way of a better one."""
    workload = recommendation.workload
    assert part.quality is not None and step.yardstick is not None
    gap = formatting.points(step.yardstick - part.quality)
    allowed = (
        f"more than the {workload.quality_tolerance:g} that you would give up"
        if workload.priority == "balanced"
        else "and quality is the priority"
    )
    return (
        f"{part.plan.variant.name} scores {formatting.points(part.quality)} on "
        f"{step.evidence.title}, {gap} points below the best model that does this job, "
        f"{_best(recommendation, step)}, {allowed}. {_what_stands_in_the_way(recommendation)}"
    )


def _without_a_score(recommendation: Recommendation, part: JudgedPlan, scores: Evidence) -> str:
    name, why = part.plan.variant.name, scores.unranked[part.variant_id]
    measured = [recommendation.catalog.variants[key].name for key in sorted(scores.scores)]
    others = f"{formatting.listed(measured)} {'has' if len(measured) == 1 else 'have'} one"
    return (
        f"{name} has no score here ({why}); {others} on {scores.title}. "
        f"{_what_stands_in_the_way(recommendation)}"
    )


def _what_stands_in_the_way(recommendation: Recommendation) -> str:
    """`Without the budget of $20 a month: BGE Large ..., 2.7 points better, for $34.90 a month.`"""
    lifts = limits.in_the_way(recommendation)
    if lifts:
        return " ".join(_lifted(recommendation, lift) for lift in lifts)
    if limits.stated(recommendation.workload):
        return "No limit, nor any two, stands in the way of a better one."
    return "No plan with a known price does better."


def _lifted(recommendation: Recommendation, lift: limits.Lifted) -> str:
    other, now = lift.other.pick, recommendation.pick
    assert other is not None
    text = f"{capital(lift.words)}: {other.named}, {for_month(other.monthly_usd)}"
    gains = []
    for part in now.parts if now else ():
        better = other.part(part.kind)
        if better and better.quality is not None and part.quality is not None:
            gains.append(better.quality - part.quality)
    gain = sum(gains)
    return f"{text}, {formatting.points(gain)} points better." if gain >= 0.05 else f"{text}."


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
    count = _machines(plan.replicas[1]) + _why_so_many(recommendation, part)
    rent = (
        f"{count[0].upper()}{count[1:]} for {units.HOURS_PER_MONTH} hours at ${plan.rent} is "
        f"{formatting.usd(plan.encoding_usd.base)} a month, by the {_dated_price(plan)}."
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
        f"both: {usd} a month, by the {_dated_price(plan)}."
    )
    return [Reason("shared", text, plan.price_sources)]


def _index(recommendation: Recommendation, part: JudgedPlan) -> Reason:
    """What the index of an embedder's vectors takes and costs."""
    plan, workload, catalog = part.plan, recommendation.workload, recommendation.catalog
    store_id = workload.vector_store
    size, where = plan.load.size.values_bytes, f"in {stores.name(catalog, store_id)}"
    if store_id == "ram":
        size, where = plan.index_bytes, "of RAM as an index"
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
        f"{formatting.large(plan.tokens.vectors)} {noun} of "
        f"{formatting.count(plan.variant.embedding_dim)} dimensions{more} take "
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
    text = f"The same price for {part.plan.variant.name} is asked by {formatting.listed(parts)}."
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
    return [Reason(*_ruled_by(recommendation, lift)) for lift in lifts]


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
    text = f"No {kind} of the catalog does this job. For instance: {first.text}"
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
