"""Why the recommendation won, in sentences."""

from __future__ import annotations

from collections import Counter

from advisor.base import formatting, units
from advisor.decide import stores
from advisor.decide.choosing import shared_latency_ms
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation, preference
from advisor.explain.candidates import affordable_candidates
from advisor.explain.score_reasons import score_reason
from advisor.explain.sentences import (
    Reason,
    capital,
    missing,
    month,
    spread,
    tokens_a_month,
)
from advisor.sizing import latency
from advisor.sizing.storage import INDEX_STORAGE


def reasons(recommendation: Recommendation) -> tuple[Reason, ...]:
    """Why the pick won, in the order in which the steps decided; empty where nothing fits."""
    if recommendation.pick is None:
        return ()
    sentences: list[Reason] = []
    for part in recommendation.pick.parts:
        sentences.append(score_reason(recommendation, part))
        sentences += _too_long_for_others(recommendation, part)
        sentences += _first_stage_gain(recommendation, part)
        sentences += [_hosted(part)] if part.hosted else _own(recommendation, part)
    sentences += _shared(recommendation)
    for part in recommendation.pick.parts:
        sentences += [_index(recommendation, part)] if part.plan.index_bytes else []
    sentences += _together(recommendation)
    sentences += affordable_candidates(recommendation)
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
    """What the recommendation costs and the first reason of each step; empty where nothing fits."""
    if recommendation.pick is None:
        return ""
    qualities = " ".join(score_reason(recommendation, p).text for p in recommendation.pick.parts)
    return f"{recommendation.pick.named}, {month(recommendation.pick.monthly_usd)}. {qualities}"


OF_LENGTH = ("passage-fits-context", "pair-fits-context", "typical-pair-fits-context")
"""The rules that take models away whose limit is below what is sent."""


def _too_long_for_others(recommendation: Recommendation, part: JudgedPlan) -> list[Reason]:
    """Which models with a score cannot read what is sent, wherever they run."""
    scores = recommendation.step_of(part).evidence.scores
    first = {j.variant_id: j for j in reversed(recommendation.judged) if j.variant_id in scores}
    names, results = [], []
    for judged in (first[key] for key in sorted(first)):
        most = judged.plan.variant.max_tokens
        if most is not None and judged.plan.tokens.input_p95 > most:
            of_length = [result for result in judged.excluded if result.rule in OF_LENGTH]
            names += [judged.plan.variant.name] if of_length else []
            results += of_length[:1]
    if not results:
        return []
    verb, why = "is" if len(names) == 1 else "are", results[0].text
    text = f"{formatting.listed(names)} {verb} ruled out: {why[0].lower()}{why[1:]}"
    return [Reason(results[0].rule, text, results[0].sources)]


def _first_stage_gain(recommendation: Recommendation, part: JudgedPlan) -> list[Reason]:
    """What a reranker gains over the first stage of the same table."""
    chosen = recommendation.step_of(part).evidence
    uplift = chosen.uplift.get(part.variant_id)
    if uplift is None or chosen.set is None or not chosen.set.first_stage:
        return []
    before = recommendation.catalog.variants[chosen.set.first_stage].name
    text = (
        f"That is {formatting.points(uplift, sign=True)} points compared with {before} alone, in "
        "the same table. With another embedder the gain will differ."
    )
    return [Reason("uplift", text, chosen.source_ids)]


def _dated_price(plan: Plan) -> str:
    return f"price dated {plan.as_of.isoformat()}" if plan.as_of else "undated price"


def _hosted(part: JudgedPlan) -> Reason:
    plan = part.plan
    assert plan.offer is not None and plan.encoding_usd is not None
    verb = "Reranking" if part.kind == "reranker" else "Encoding"
    price = formatting.price(plan.offer.usd_per_1m_input)
    text = (
        f"{verb} costs {formatting.usd(plan.encoding_usd.base)} per month: "
        f"{tokens_a_month(plan)} tokens{' (partly estimated)' if plan.tokens.estimated else ''} "
        f"at {price} ({plan.where}, {_dated_price(plan)})."
    )
    return Reason("cost", text, plan.price_sources)


def _own(recommendation: Recommendation, part: JudgedPlan) -> list[Reason]:
    """What an own machine carries and costs."""
    plan, workload, speed = part.plan, recommendation.workload, part.plan.tokens_per_second
    assert plan.instance is not None and plan.replicas is not None and speed is not None
    machine = "Your measured machine" if plan.measured else f"One {plan.where}"
    low, base, high = (formatting.count(round(end)) for end in speed)
    use = _use(float(recommendation.table.needed["base"][part.row]))
    text = (
        f"{machine} processes about {base} tokens per second with {plan.variant.name} "
        f"({low} to {high}). "
        f"Your peak of {formatting.rate(workload.peak)} queries per second {use}."
    )
    cited = recommendation.catalog.cited
    by_measurement = (*plan.price_sources, *cited("capacity-by-measurement"))
    sources = by_measurement if plan.measured else cited("capacity-by-calibration")
    capacity = Reason("capacity", text, sources)
    if recommendation.pick is not None and recommendation.pick.shared:
        return [capacity]
    assert plan.encoding_usd is not None
    count = capital(_machines(plan.replicas[1])) + _why_so_many(recommendation, part)
    rent = (
        f"{count} for {units.HOURS_PER_MONTH} hours at ${plan.rent} per hour "
        f"{'costs' if plan.replicas[1] == 1 else 'cost'} "
        f"{formatting.usd(plan.encoding_usd.base)} per month ({_dated_price(plan)})."
    )
    return [capacity, Reason("cost", rent, plan.price_sources)]


def _why_so_many(recommendation: Recommendation, part: JudgedPlan) -> str:
    """` (one of them spare)`, or how many a latency limit needs beyond the load."""
    workload, filling = recommendation.workload, recommendation.assumptions.target_utilisation
    assert part.plan.replicas is not None
    needed = recommendation.table.needed["base"][part.row]
    by_load = int(latency.filled(needed, filling, workload.redundancy))
    more = part.plan.replicas[1] - by_load
    if more > 0:
        return f" ({formatting.count(more)} of them to meet the latency limit)"
    return " (one of them spare)" if workload.redundancy else ""


def _use(share: float) -> str:
    """What a peak's share of one machine means: `keeps one machine 40% busy`."""
    if share >= 1:
        return f"needs {share:,.1f} such machines at full use"
    return f"keeps one machine {f'{100 * share:,.0f}%' if share >= 0.01 else 'under 1%'} busy"


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
        f"Both models fit on one machine ({needed} of "
        f"{formatting.memory(plan.figure('memory_bytes'))}). {capital(_machines(count))} for "
        f"{units.HOURS_PER_MONTH} hours at ${plan.rent} per hour "
        f"{'serves' if count == 1 else 'serve'} both: {usd} per month ({_dated_price(plan)})."
    )
    return [Reason("shared", text, plan.price_sources)]


def _index(recommendation: Recommendation, part: JudgedPlan) -> Reason:
    """What keeping an embedder's vectors takes and costs."""
    plan, workload, catalog = part.plan, recommendation.workload, recommendation.catalog
    store_id = workload.vector_store
    size = plan.index_bytes if store_id == "ram" else plan.load.size.values_bytes
    store = catalog.stores.get(store_id)
    base = plan.index_usd.base
    cost = f"{formatting.usd(base)} per month"
    if store and store.minimum_usd_per_month == base:
        cost = f"the minimum charge of {cost}"
    if INDEX_STORAGE in plan.index_usd.not_known:
        cost = f"at least {cost}; the rest is not known" if base else "its cost is not known"
    else:
        cost += spread(plan.index_usd)
    noun = "vector" if plan.tokens.vectors == 1 else "vectors"
    dense_alone = set(workload.outputs) <= {"dense"}
    more = "" if dense_alone else " with their sparse or token vectors"
    text = (
        f"Keeping {formatting.large(plan.tokens.vectors)} {noun} of "
        f"{formatting.count(plan.variant.embedding_dim)} dimensions{more} in "
        f"{stores.name(catalog, store_id)} ({formatting.memory(size)}): {cost}."
    )
    sources = (*stores.sources(catalog, store_id), *plan.variant.source_ids("embedding_dim"))
    return Reason("index", text, sources)


def _together(recommendation: Recommendation) -> list[Reason]:
    """What two steps cost and take together."""
    pick, limit = recommendation.pick, recommendation.workload.latency_ms_p95
    if pick is None or len(pick.parts) < 2:
        return []
    text = (
        f"Together: {month(pick.monthly_usd)}{missing(pick.monthly_usd)}. Each step is judged by "
        "its own scores, as no score of the pair is published."
    )
    took = _own_ms(recommendation, pick)
    if took and limit is not None:
        text += (
            f" A query takes about {formatting.count(round(took))} ms to compute on your machines."
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
    """That others charge the same price."""
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
