"""Why the pick won, what else was possible, what to give up where nothing fits, and what is taken for granted: in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from advisor.ask.assumptions import Assumptions
from advisor.base import formatting, units
from advisor.decide import evidence, stores
from advisor.decide.choosing import Step, eligible
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.sizing import throughput


class Reason(NamedTuple):
    """One sentence of an explanation, the rule or step it comes from, and the sources of its figures."""

    rule: str
    text: str
    sources: tuple[str, ...]


class Alternative(NamedTuple):
    """The cheapest plan of a variant, hosted or own, and how it compares with the pick of its step."""

    judged: JudgedPlan
    text: str


def reasons(found: Recommendation) -> tuple[Reason, ...]:
    """Why the pick won, in the order in which the steps decided; empty where nothing fits."""
    if found.pick is None:
        return ()
    told: list[Reason] = []
    for part in found.pick.parts:
        told.append(_quality(found, part))
        told += _first_stage_gain(found, part)
        told += [_hosted(part)] if part.hosted else _own(found, part)
    told += _shared(found)
    for part in found.pick.parts:
        told += [_index(found, part)] if part.plan.index_bytes else []
    told += _together(found)
    for part in found.pick.parts:
        told += [_tie(ties(found, part), part)] if ties(found, part) else []
    return (*told, *_remarks(found.pick.parts))


def _remarks(parts: tuple[JudgedPlan, ...]) -> list[Reason]:
    """The rules' warnings and notes, warnings first; one that is the same for all steps is told once."""
    texts = Counter(f.text for part in parts for f in part.remarks)
    told: dict[str, tuple[str, Reason]] = {}
    for part in parts:
        for f in part.remarks:
            lead = "" if len(parts) == texts[f.text] else f"{part.plan.variant.name}: "
            told.setdefault(lead + f.text, (f.effect, Reason(f.rule, lead + f.text, f.sources)))
    return [reason for effect, reason in sorted(told.values(), key=lambda item: item[0] != "warn")]


def won(found: Recommendation) -> str:
    """What the pick costs and the first reason of each step, in a line; empty where nothing fits."""
    if found.pick is None:
        return ""
    told = [_quality(found, part).text for part in found.pick.parts]
    return f"{found.pick.named}, {formatting.usd(found.monthly)} a month. {' '.join(told)}"


def _role(found: Recommendation, kind: str) -> Step:
    step = found.step(kind)
    assert step is not None, "a plan that is picked has a step"
    return step


def _quality(found: Recommendation, part: JudgedPlan) -> Reason:
    """What the part's score, or the lack of one, did for it."""
    step, workload, names = _role(found, part.kind), found.workload, found.catalog.variants
    chosen = step.evidence
    count = len({j.variant_id for j in found.fitting(part.kind)})
    kind, name = f"{part.kind}s" if count > 1 else part.kind, part.plan.variant.name
    sources = chosen.source_ids
    if count == 1:
        text = f"{name} is the only {kind} that fits this workload."
        if part.quality is not None:
            text += f" It scores {formatting.points(part.quality)} on {chosen.title}."
        return Reason("evidence", text, sources)
    if not chosen.ranks:
        text = f"No published scores compare the {count} {kind} that fit, so cost decides. Measure them on your own queries before you commit."
        if part.quality is not None:
            text += (
                f" {name} alone is measured: {formatting.points(part.quality)} on {chosen.title}."
            )
        return Reason("evidence", text, sources)
    top = max(chosen.scores, key=lambda v: (chosen.scores[v], v))
    ranked = f"Of the {len(chosen.scores)} {kind} that fit and have a score on {chosen.title}"
    if part.quality is None:
        return Reason(
            "evidence",
            f"{name} costs least of all {count} {kind} that fit{_aside(found, part)}; it has no score on {chosen.title}.",
            sources,
        )
    own, best = formatting.points(part.quality), formatting.points(chosen.scores[top])
    aside = _aside(found, part)
    if workload.priority == "cost":
        return Reason(
            "evidence",
            f"{name} costs least of the {count} {kind} that fit{aside}; it scores {own} on {chosen.title}, the best {best}.",
            sources,
        )
    if top == part.variant_id:
        end = (
            f", and none that costs less is within {workload.quality_tolerance:g} points"
            if workload.priority == "balanced"
            else ""
        )
        others = [
            f"{names[v].name} {formatting.points(s)}"
            for v, s in sorted(chosen.scores.items(), key=lambda i: -i[1])
            if v != top
        ]
        against = f" against {formatting.listed(others)}" if others else ""
        return Reason("evidence", f"{ranked}, {name} is the best ({own}{against}){end}.", sources)
    near = workload.quality_tolerance if workload.priority == "balanced" else evidence.EQUAL_POINTS
    return Reason(
        "evidence",
        f"{ranked}, {name} ({own}) costs least within {near:g} points of the best ({names[top].name}, {best}){aside}.",
        sources,
    )


def _aside(found: Recommendation, part: JudgedPlan) -> str:
    """That differences which do not count were left aside, where the part is not quite the cheapest."""
    step = _role(found, part.kind)
    least = min(found.judged[row].monthly for row in eligible(step, step.fitting, found.workload))
    if found.pick is not None and found.pick.shared:
        return " together with the other step"
    return (
        f", differences below {formatting.usd(found.workload.material_usd)} a month aside"
        if part.monthly > least
        else ""
    )


def _first_stage_gain(found: Recommendation, part: JudgedPlan) -> list[Reason]:
    """What a reranker gains over the first stage of the same table."""
    chosen = _role(found, part.kind).evidence
    uplift = chosen.uplift.get(part.variant_id)
    if uplift is None or chosen.set is None or not chosen.set.first_stage:
        return []
    before = found.catalog.variants[chosen.set.first_stage].name
    text = f"That is {formatting.points(uplift, sign=True)} points over {before} alone, in the same table; over another first stage the gain will differ."
    return [Reason("uplift", text, chosen.source_ids)]


def _hosted(part: JudgedPlan) -> Reason:
    plan = part.plan
    assert plan.offer is not None and plan.encoding_usd is not None
    verb = "Reranking" if part.kind == "reranker" else "Encoding"
    dated = f"price of {plan.as_of.isoformat()}" if plan.as_of else "undated price"
    text = f"{verb} {formatting.large(plan.tokens.monthly)} tokens a month at {formatting.price(plan.offer.usd_per_1m_input)} is {formatting.usd(plan.encoding_usd.base)}, by {plan.where}'s {dated}."
    return Reason("cost", text, plan.price_sources)


def _own(found: Recommendation, part: JudgedPlan) -> list[Reason]:
    """What an own machine carries and costs."""
    plan, workload = part.plan, found.workload
    assert (
        plan.instance is not None
        and plan.replicas is not None
        and plan.tokens_per_second is not None
    )
    speed = plan.tokens_per_second
    share = float(found.table.needed["base"][part.row])
    load = f"{_share(share)} one machine's time at the peak of {formatting.rate(workload.peak)} queries a second"
    text = (
        f"{'This machine, as you measured it,' if plan.measured else f'One {plan.where}'} computes about {formatting.count(round(speed.base))} tokens a second with {plan.variant.name} "
        f"({formatting.count(round(speed.low))} to {formatting.count(round(speed.high))}), and your load takes {load}"
    )
    capacity = Reason(
        "capacity",
        text + ".",
        (*plan.price_sources, "kaplan-2020")
        if plan.measured
        else ("infinity-benchmarking", "kaplan-2020"),
    )
    if found.pick is not None and found.pick.shared:
        return [capacity]
    assert plan.encoding_usd is not None
    dated = f"price of {plan.as_of.isoformat()}" if plan.as_of else "undated price"
    count = _machines(plan.replicas[1]) + (", one of them to spare," if workload.redundancy else "")
    rent = f"{count} for {units.HOURS_PER_MONTH} hours at ${plan.rent} is {formatting.usd(plan.encoding_usd.base)} a month, by the {dated}."
    return [capacity, Reason("cost", rent[0].upper() + rent[1:], plan.price_sources)]


def _share(share: float) -> str:
    return (
        f"{share:,.1f} times"
        if share >= 1
        else f"{100 * share:,.0f}% of"
        if share >= 0.01
        else "under 1% of"
    )


def _machines(count: int) -> str:
    return "one machine" if count == 1 else f"{count:,} machines"


def _shared(found: Recommendation) -> list[Reason]:
    """That both steps run on the same machines."""
    pick = found.pick
    if pick is None or pick.shared is None:
        return []
    plan = pick.parts[0].plan
    rent = plan.rent
    needed = sum(float(found.table.columns["needed_bytes"].values[part.row]) for part in pick.parts)
    dated = f"price of {plan.as_of.isoformat()}" if plan.as_of else "undated price"
    usd = (rent or 0) * units.HOURS_PER_MONTH * pick.shared[1]
    text = (
        f"Both models fit one machine together ({formatting.memory(needed)} of {formatting.memory(plan.figure('memory_bytes'))}), so {_machines(pick.shared[1])} "
        f"for {units.HOURS_PER_MONTH} hours at ${rent} {'serves' if pick.shared[1] == 1 else 'serve'} both: {formatting.usd(usd)} a month, by the {dated}."
    )
    return [Reason("shared", text, plan.price_sources)]


def _index(found: Recommendation, part: JudgedPlan) -> Reason:
    plan, workload = part.plan, found.workload
    assert plan.index_usd is not None
    store = stores.name(found.catalog, workload.vector_store)
    size = plan.index_bytes if workload.vector_store == "ram" else plan.load.size.values_bytes
    cost = formatting.usd(plan.index_usd.base)
    spread = (
        f" ({formatting.usd_range(plan.index_usd.low, plan.index_usd.high)})"
        if plan.index_usd.low != plan.index_usd.high
        else ""
    )
    where = "of RAM as an index" if workload.vector_store == "ram" else f"in {store}"
    least = (
        found.catalog.stores[workload.vector_store].minimum_usd_per_month
        if workload.vector_store not in ("ram", "none")
        else None
    )
    if least is not None and plan.index_usd.base == least:
        cost = f"the minimum charge of {cost}"
    noun = "vector" if plan.tokens.vectors == 1 else "vectors"
    more = "" if set(workload.outputs) <= {"dense"} else " with their sparse or token vectors"
    text = f"{formatting.large(plan.tokens.vectors)} {noun} of {formatting.count(plan.variant.embedding_dim)} dimensions{more} take {formatting.memory(size)} {where}: {cost} a month{spread}."
    return Reason(
        "index",
        text,
        (
            *stores.sources(found.catalog, workload.vector_store),
            *plan.variant.source_ids("embedding_dim"),
        ),
    )


def _together(found: Recommendation) -> list[Reason]:
    """What two steps cost and take together."""
    pick = found.pick
    if pick is None or len(pick.parts) < 2:
        return []
    text = f"Together {formatting.usd(pick.monthly_usd.base)} a month. Each step is judged by its own scores: there is no published score of the two combined."
    times = [part.plan.latency_ms for part in pick.parts if not part.hosted]
    known = [time for time in times if time]
    if known and found.workload.latency_ms_p95 is not None:
        total, limit = sum(t.base for t in known), found.workload.latency_ms_p95
        text += (
            f" Computing takes about {formatting.count(round(total))} ms a query on your machines"
        )
        text += (
            f", over the {formatting.count(limit)} ms you allow: each step keeps to it, both together do not."
            if total > limit
            else "."
        )
    return [Reason("pipeline", text, ())]


def ties(found: Recommendation, part: JudgedPlan) -> list[JudgedPlan]:
    """Other offers of the same variant at exactly the same price; first party and listing first."""
    if not part.hosted:
        return []
    price = part.plan.offer.usd_per_1m_input if part.plan.offer else None
    same = (
        j
        for j in found.fitting(part.kind)
        if j.variant_id == part.variant_id and j.row != part.row and j.plan.offer
    )
    return sorted(
        (j for j in same if j.plan.offer and j.plan.offer.usd_per_1m_input == price),
        key=lambda j: preference(found, j),
    )


def _tie(others: list[JudgedPlan], part: JudgedPlan) -> Reason:
    names = sorted({j.plan.where for j in others if j.plan.where != part.plan.where})
    same = [j for j in others if j.plan.where == part.plan.where]
    parts = [formatting.listed(names)] if names else []
    if same:
        parts.append(
            f"{len(same)} more {'endpoint' if len(same) == 1 else 'endpoints'} of {part.plan.where}"
        )
    sources = {source for j in others for source in j.plan.price_sources}
    return Reason(
        "tie",
        f"The same price for {part.plan.variant.name} is asked by {formatting.listed(parts)}.",
        tuple(sorted(sources)),
    )


def alternatives(found: Recommendation, kind: str) -> list[Alternative]:
    """The cheapest hosted and the cheapest own plan of each variant that fits a step, the pick's aside; best score first, then cheapest."""
    pick = found.pick.part(kind) if found.pick else None
    if pick is None:
        return []
    cheapest: dict[tuple[str, bool], JudgedPlan] = {}
    for j in sorted(found.fitting(kind), key=lambda j: (j.monthly, preference(found, j))):
        cheapest.setdefault((j.variant_id, j.hosted), j)
    shared = found.pick is not None and found.pick.shared is not None
    own = (pick.variant_id, pick.hosted)
    rows = [j for key, j in cheapest.items() if key != own or (shared and j.row != pick.row)]
    rows.sort(key=lambda j: (-(j.quality if j.quality is not None else -1.0), j.monthly, j.id))
    return [Alternative(j, versus(found, j, pick)) for j in rows]


def versus(found: Recommendation, other: JudgedPlan, pick: JudgedPlan) -> str:
    """How a plan that fits differs from the pick of its step, in points and dollars."""
    if found.pick is not None and found.pick.shared:
        return _versus_shared(found, other, pick)
    gap = other.monthly - pick.monthly
    money = (
        "the same cost"
        if abs(gap) < 0.005
        else f"{formatting.usd(abs(gap))} a month {'more' if gap > 0 else 'less'}"
    )
    if other.variant_id == pick.variant_id:
        return f"The same model for {money}."
    if other.quality is None or pick.quality is None:
        chosen = _role(found, other.kind).evidence
        reason = chosen.unranked.get(other.variant_id, "no published comparison with the pick")
        return f"{money[0].upper()}{money[1:]}; {reason}."
    points = other.quality - pick.quality
    quality = (
        "the same score"
        if abs(points) < 0.05
        else f"{formatting.points(abs(points))} points {'better' if points > 0 else 'worse'}"
    )
    return f"{quality[0].upper()}{quality[1:]} for {money}."


def _versus_shared(found: Recommendation, other: JudgedPlan, pick: JudgedPlan) -> str:
    """How a plan differs from the pick where both steps share machines: with the cheapest plan of the other step beside it."""
    rest = min(
        j.monthly
        for step in found.steps
        if step.kind != other.kind
        for j in found.fitting(step.kind)
    )
    money = f"{formatting.usd(other.monthly + rest)} a month with the cheapest plan of the other step, against {formatting.usd(found.monthly)} together"
    if other.variant_id == pick.variant_id:
        return f"The same model: {money}."
    if other.quality is None or pick.quality is None:
        return f"No published comparison with the pick: {money}."
    points = other.quality - pick.quality
    quality = (
        "The same score"
        if abs(points) < 0.05
        else f"{formatting.points(abs(points))} points {'better' if points > 0 else 'worse'}"
    )
    return f"{quality}: {money}."


def loosen(found: Recommendation) -> list[Reason]:
    """What to give up where nothing fits: the rules that alone keep a plan out, those that free most plans first."""
    if found.pick is not None:
        return []
    told = []
    for step in found.steps:
        if len(step.fitting):
            continue
        alone: Counter[str] = Counter()
        sample: dict[str, tuple[float, int]] = {}  # the cheapest that the rule alone keeps out
        for row in range(len(found.table)):
            if found.judged[row].kind != step.kind or np.isnan(
                found.judged[row].monthly
            ):  # nobody knows whether it would fit
                continue
            rules = found.rules.excluding(row)
            if len(rules) == 1:
                alone[rules[0]] += 1
                if rules[0] not in sample or found.judged[row].monthly < sample[rules[0]][0]:
                    sample[rules[0]] = (found.judged[row].monthly, row)
        for rule, freed in sorted(alone.items(), key=lambda item: (-item[1], item[0])):
            finding = found.judged[sample[rule][1]].excluded[0]
            number = f"{freed} {step.kind} plans" if freed > 1 else f"one {step.kind} plan"
            told.append(
                Reason(
                    rule,
                    f"Without this one requirement {number} would fit: {finding.text}",
                    finding.sources,
                )
            )
    if not told and len(found.steps) > 1 and all(len(step.fitting) for step in found.steps):
        least = sum(min(j.monthly for j in found.fitting(step.kind)) for step in found.steps)
        text = f"Each step fits alone, but together they cost at least {formatting.usd(least)} a month, over the budget of {formatting.usd(found.workload.budget_usd_per_month)}."
        told.append(Reason("within-budget", text, ("decision-0006-own-hardware",)))
    return told


def assumptions(found: Recommendation) -> tuple[str, ...]:
    """What the figures take for granted, as sentences."""
    return tuple(_assumptions(found))


def _assumptions(found: Recommendation) -> Iterator[str]:
    workload, pick = found.workload, found.pick
    for name, value in found.assumptions.stated().items():
        yield f"Changed by you: {Assumptions.model_fields[name].title} is {value}."
    yield "Prices and evidence are those of this catalog; taxes, egress and discounts are left out."
    if any(step.kind == "reranker" for step in found.steps):
        yield "A provider is taken to bill query and passage for every pair; the low end bills the query once a request. Whether providers do either was found for none."
        yield "The reranker is taken to read whole passages, cut at its limit, also where an embedder reads them in parts."
    for name in sorted({p.name for p in found.catalog.providers.values() if p.free_usd_per_day}):
        yield f"{name}'s free daily allocation is counted at the low end only: it holds for a whole account, and for each day alone."
    if any(step.kind == "embedder" for step in found.steps):
        yield from _index_assumptions(found)
        yield "The mean passage is taken to be the typical one; one in twenty is taken to be as long as the 95th percentile when passages are split, without overlap."
    if workload.placement != "hosted" and (
        pick is None or any(not part.hosted for part in pick.parts) or workload.placement == "own"
    ):
        yield from _own_assumptions(found)
    for part in pick.parts if pick else ():
        if part.kind == "embedder" and part.plan.variant.special_tokens_per_text is None:
            yield f"The special tokens that {part.plan.variant.name}'s tokenizer adds are not known and not counted."


def _index_assumptions(found: Recommendation) -> Iterator[str]:
    workload = found.workload
    if workload.vector_store == "ram":
        yield "The index is kept in RAM at 1.5 times the bytes of its vectors; low, base and high are the prices of memory in the catalog's instances, without processors for searching."
    elif workload.vector_store == "none":
        yield "The index is left out of the cost, as you asked."
    else:
        name = stores.name(found.catalog, workload.vector_store)
        store = found.catalog.stores[workload.vector_store]
        yield (
            f"The index is kept in {name} at its list price, its minimum charge included; writing it for the first time is left out."
            + (
                " The database's processors are left out too."
                if store.type == "self_hosted"
                else ""
            )
        )
        if store.note:
            yield f"{name}: {store.note}"
    if set(workload.outputs) != {"dense"}:
        yield "A sparse vector is counted as 8 bytes for each token at most, a multi-vector one as a vector for each token."


def _own_assumptions(found: Recommendation) -> Iterator[str]:
    """How own hardware is sized."""
    used, asked = found.assumptions.target_utilisation, found.assumptions.precision
    stated = found.workload.peak_queries_per_second
    peak = (
        "five times the average"
        if stated is None
        else "as stated"
        if stated >= found.workload.peak
        else "the average, as no peak is below it"
    )
    yield f"Own machines run all {units.HOURS_PER_MONTH} hours of a month, {found.assumptions.machine_prices.replace('-', ' ')}, and are filled to {used:.0%} at the peak, which is {peak}."
    for kind, calibration in sorted(throughput.calibrations(found.catalog, asked).items()):
        low, base, high, slowest, fastest = (
            f"{100 * share:.0f}%"
            for share in (*calibration.mfu, calibration.slowest, calibration.fastest)
        )
        machines = {
            **{k: a.name for k, a in found.catalog.accelerators.items()},
            **{k: c.microarchitecture for k, c in found.catalog.cpus.items()},
        }
        where = formatting.listed([machines[key] for key in calibration.machines])
        yield (
            f"Speed on a {kind.upper()} is {base} of its dense {throughput.precision_of(kind, asked)} peak ({low} to {high}, six times apart), divided by the model's FLOPs for a token. "
            f"It rests on {calibration.points} measured runs on {where} ({slowest} to {fastest}); of runs left out in turn nine in ten fall inside, and every other machine is scaled."
        )
    yield "A machine's own disk, and the people who run it are left out; scores are taken to hold at fp16 and fp32 alike."
