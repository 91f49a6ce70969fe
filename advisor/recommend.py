"""The pick for a workload, with its reasons, what else was possible, and what was ruled out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from advisor import evidence, plans, storage, units
from advisor.catalog.load import Catalog
from advisor.costs import Range
from advisor.evidence import Evidence
from advisor.findings import Finding, findings
from advisor.plans import KIND_FOR_TASK, Plan
from advisor.workload import Workload


class Reason(NamedTuple):
    """One sentence of an explanation, the rule or step it comes from, and the sources of its figures."""

    rule: str
    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A plan with what the rules say of it; `quality` is in points of the evidence's metric, None where unranked."""

    plan: Plan
    findings: tuple[Finding, ...]
    quality: float | None = None

    @property
    def excluded(self) -> tuple[Finding, ...]:
        """The findings that rule the plan out."""
        return tuple(finding for finding in self.findings if finding.effect == "exclude")

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """Warnings, then notes."""
        return tuple(finding for finding in self.findings if finding.effect != "exclude")

    @property
    def cost(self) -> Range:
        """US dollars a month of a plan that fits; every such plan has one."""
        assert self.plan.monthly_usd is not None
        return self.plan.monthly_usd

    @property
    def monthly(self) -> float:
        """US dollars a month at the base of the estimate."""
        return float(self.cost.base)


class Alternative(NamedTuple):
    """The best plan of another variant, and how it compares with the pick."""

    judged: Judged
    text: str


@dataclass(frozen=True)
class Recommendation:
    """The answer for one workload on one day; `evidence_set` is the set of scores that was asked for, if any. `pick` is None where nothing fits; `loosen` then says what would help."""

    workload: Workload
    evidence_set: str | None
    catalog_version: str
    today: date
    evidence: Evidence
    pick: Judged | None
    ties: tuple[Judged, ...]
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    rejected: tuple[Judged, ...]
    judged: tuple[Judged, ...]
    loosen: tuple[Reason, ...]
    assumptions: tuple[str, ...]


def recommend(catalog: Catalog, workload: Workload, today: date, evidence_set: str | None = None) -> Recommendation:
    """The recommendation for a workload, counting the ages of prices to `today`; `evidence_set` asks for other scores than the preferred.

    The same workload gives the same answer whatever the order of the catalog's files.
    """
    built = plans.build(catalog, workload, today)
    judged = [Judged(plan, found) for plan, found in zip(built, findings(catalog, built), strict=True)]
    fitting = [j for j in judged if not j.excluded and j.plan.monthly_usd is not None]
    kind = KIND_FOR_TASK[workload.task]
    languages = tuple(sorted(set(workload.languages)))
    chosen = evidence.choose(catalog, kind, languages, {j.plan.variant_id for j in fitting}, evidence_set)
    judged = [Judged(j.plan, j.findings, chosen.scores.get(j.plan.variant_id)) for j in judged]
    fitting = [j for j in judged if not j.excluded and j.plan.monthly_usd is not None]
    pick = best(fitting, workload, chosen)
    return Recommendation(
        workload=workload,
        evidence_set=evidence_set,
        catalog_version=catalog.version,
        today=today,
        evidence=chosen,
        pick=pick,
        ties=tuple(_ties(fitting, pick)) if pick else (),
        reasons=tuple(_reasons(catalog, fitting, pick, workload, chosen)) if pick else (),
        alternatives=tuple(_alternatives(fitting, pick, workload, chosen)) if pick else (),
        rejected=tuple(j for j in judged if j.excluded),
        judged=tuple(judged),
        loosen=() if pick else tuple(_loosen(judged, kind)),
        assumptions=tuple(_assumptions(workload, pick)),
    )


def best(
    fitting: list[Judged], workload: Workload, chosen: Evidence, cost: Callable[[Judged], float] = lambda j: j.monthly
) -> Judged | None:
    """The plan that `priority` picks among those that fit (DESIGN section 9); None where none fits. `cost` is US dollars a month."""
    within = eligible(fitting, workload, chosen)
    if not within:
        return None
    least = min(cost(j) for j in within)
    return min((j for j in within if cost(j) <= least + material(workload, least)), key=lambda j: preference(j, cost(j)))


def eligible(fitting: list[Judged], workload: Workload, chosen: Evidence) -> list[Judged]:
    """The plans whose quality allows them: all of them where cost is the priority or nothing is ranked."""
    if workload.priority == "cost" or not chosen.ranks:
        return fitting
    ranked = [j for j in fitting if j.quality is not None]
    top = max(j.quality for j in ranked if j.quality is not None)
    if workload.priority == "quality":
        return [j for j in ranked if j.quality is not None and top - j.quality < evidence.EQUAL_POINTS]
    return [j for j in ranked if j.quality is not None and top - j.quality <= workload.quality_tolerance]


def material(workload: Workload, least: float) -> float:
    """Differences below `material_usd` count as equal; equal costs always do."""
    return max(0.0, workload.material_usd - 1e-9) if workload.material_usd else 1e-9 * max(1.0, least)


def preference(judged: Judged, monthly: float | None = None) -> tuple[bool, int, float, float, bool, bool, str]:
    """Among equal costs: first-party prices, the smaller model, the lower cost a month and once, no router, the listing's price, the id."""
    offer, provider = judged.plan.offer, judged.plan.provider
    return (
        offer is not None and offer.tier == "aggregator",
        judged.plan.variant.parameters or 0,
        judged.monthly if monthly is None else monthly,
        float(judged.plan.one_off_usd or 0),
        provider is not None and provider.router,
        offer is None or offer.tier != "listing",
        judged.plan.id,
    )


def _ties(fitting: list[Judged], pick: Judged) -> list[Judged]:
    """Other offers of the same variant at the same cost; first party and listing first."""
    same = [j for j in fitting if j.plan.variant_id == pick.plan.variant_id and j.plan.id != pick.plan.id]
    return sorted((j for j in same if j.plan.monthly_usd == pick.plan.monthly_usd), key=preference)


def _reasons(catalog: Catalog, fitting: list[Judged], pick: Judged, workload: Workload, chosen: Evidence) -> list[Reason]:
    """Why the pick won, in the order in which the steps decided."""
    return [
        _quality_reason(catalog, fitting, pick, workload, chosen),
        _cost_reason(pick),
        *([_index_reason(catalog, pick)] if pick.plan.index_bytes else []),
        *([_tie_reason(_ties(fitting, pick), pick)] if _ties(fitting, pick) else []),
        *(Reason(f.rule, f.text, f.sources) for f in pick.remarks),
    ]


def _quality_reason(catalog: Catalog, fitting: list[Judged], pick: Judged, workload: Workload, chosen: Evidence) -> Reason:
    variants = sorted({j.plan.variant_id for j in fitting})
    count = len(variants)
    kind = f"{pick.plan.variant.kind}s" if count > 1 else pick.plan.variant.kind
    name = pick.plan.variant.name
    if count == 1:
        text = f"{name} is the only {kind} that fits this workload."
        if pick.quality is not None:
            text += f" It scores {units.points(pick.quality)} on {chosen.title}."
        return Reason("evidence", text, chosen.source_ids)
    if not chosen.ranks:
        text = f"No published scores compare the {count} {kind} that fit, so cost decides: {name} is the cheapest. Measure them on your own queries before you commit."
        return Reason("evidence", text, chosen.source_ids)
    top = max(chosen.scores, key=lambda v: (chosen.scores[v], v))
    ranked = f"Of the {len(chosen.scores)} {kind} with a score on {chosen.title}"
    if pick.quality is None:
        return Reason(
            "evidence", f"{name} costs least of all {count} {kind} that fit; it has no score on {chosen.title}.", chosen.source_ids
        )
    if workload.priority == "cost":
        text = f"{name} costs least of the {count} {kind} that fit; it scores {units.points(pick.quality)} on {chosen.title}, the best {units.points(chosen.scores[top])}."
    elif top == pick.plan.variant_id:
        text = f"{ranked}, {name} is the best ({units.points(pick.quality)})" + (
            f", and none that costs less is within {workload.quality_tolerance:g} points." if workload.priority == "balanced" else "."
        )
    else:
        near = f"{workload.quality_tolerance:g}" if workload.priority == "balanced" else f"{evidence.EQUAL_POINTS:g}"
        text = f"{ranked}, {name} ({units.points(pick.quality)}) costs least within {near} points of the best ({catalog.variants[top].name}, {units.points(chosen.scores[top])})."
    uplift = chosen.uplift.get(pick.plan.variant_id)
    if uplift is not None and chosen.set is not None and chosen.set.first_stage:
        text += f" That is {units.points(uplift, sign=True)} points over {catalog.variants[chosen.set.first_stage].name} alone, in the same table."
    return Reason("evidence", text, chosen.source_ids)


def _cost_reason(pick: Judged) -> Reason:
    plan = pick.plan
    assert plan.offer is not None and plan.encoding_usd is not None
    price = units.price(plan.offer.usd_per_1m_input)
    verb = "Reranking" if plan.variant.kind == "reranker" else "Encoding"
    text = f"{verb} {units.large(plan.tokens.monthly)} tokens a month at {price} is {units.usd(plan.encoding_usd.base)}, by {plan.where}'s price of {units.day(plan.offer.as_of)}."
    if plan.offer.as_of is None:
        text = text.replace("price of undated", "undated price")
    return Reason("cost", text, plan.offer.source_ids("usd_per_1m_input"))


def _index_reason(catalog: Catalog, pick: Judged) -> Reason:
    plan = pick.plan
    assert plan.index_usd is not None
    text = (
        f"{units.large(plan.tokens.vectors)} vectors of {units.count(plan.variant.embedding_dim)} dimensions take {units.memory(plan.index_bytes)} "
        f"of RAM as an index: {units.usd(plan.index_usd.base)} a month ({units.usd_range(plan.index_usd.low, plan.index_usd.high)})."
    )
    return Reason("index", text, ("qdrant-capacity", *storage.ram_sources(catalog), *plan.variant.source_ids("embedding_dim")))


def _tie_reason(ties: list[Judged], pick: Judged) -> Reason:
    names = sorted({j.plan.where for j in ties if j.plan.where != pick.plan.where})
    same = [j for j in ties if j.plan.where == pick.plan.where]
    parts = [units.listed(names)] if names else []
    if same:
        parts.append(f"{len(same)} more {'endpoint' if len(same) == 1 else 'endpoints'} of {pick.plan.where}")
    sources = {s for j in ties if j.plan.offer for s in j.plan.offer.source_ids("usd_per_1m_input")}
    return Reason("tie", f"The same price is asked by {units.listed(parts)}.", tuple(sorted(sources)))


def _alternatives(fitting: list[Judged], pick: Judged, workload: Workload, chosen: Evidence) -> list[Alternative]:
    """The best plan of each other variant that fits, best quality first, then cheapest."""
    cheapest: dict[str, Judged] = {}
    for j in sorted(fitting, key=lambda j: (j.monthly, preference(j))):
        if j.plan.variant_id != pick.plan.variant_id:
            cheapest.setdefault(j.plan.variant_id, j)
    rows = sorted(cheapest.values(), key=lambda j: (-(j.quality if j.quality is not None else -1.0), j.monthly, j.plan.id))
    return [Alternative(j, versus(j, pick, chosen)) for j in rows]


def versus(other: Judged, pick: Judged, chosen: Evidence) -> str:
    """How a plan that fits differs from the pick, in points and dollars."""
    gap = other.monthly - pick.monthly
    money = "the same cost" if abs(gap) < 0.005 else f"{units.usd(abs(gap))} a month {'more' if gap > 0 else 'less'}"
    if other.quality is None or pick.quality is None:
        reason = chosen.unranked.get(other.plan.variant_id, "no published comparison with the pick")
        return f"{money[0].upper()}{money[1:]}; {reason}."
    points = other.quality - pick.quality
    quality = "the same score" if abs(points) < 0.05 else f"{units.points(abs(points))} points {'better' if points > 0 else 'worse'}"
    return f"{quality[0].upper()}{quality[1:]} for {money}." if gap or points else "The same score and cost."


def _loosen(judged: list[Judged], kind: str) -> list[Reason]:
    """What to give up where nothing fits: the rules that alone keep a plan out, those that free most plans first."""
    relevant = [j for j in judged if j.plan.variant.kind == kind]
    alone = Counter(j.excluded[0].rule for j in relevant if len({f.rule for f in j.excluded}) == 1)
    reasons = []
    for rule, freed in sorted(alone.items(), key=lambda item: (-item[1], item[0])):
        sample = next(j for j in relevant if {f.rule for f in j.excluded} == {rule}).excluded[0]
        number = f"{freed} plans" if freed > 1 else "one plan"
        reasons.append(Reason(rule, f"Without this one requirement {number} would fit: {sample.text}", sample.sources))
    return reasons


def _assumptions(workload: Workload, pick: Judged | None) -> list[str]:
    """What the figures take for granted, as sentences."""
    lines = ["Prices and evidence are those of this catalog; taxes, egress, rate limits and discounts are left out."]
    if workload.task == "rerank":
        lines.append(
            "A provider is taken to bill query and passage for every pair; the low end bills the query once a request. Whether providers do either was found for none."
        )
        return lines
    if workload.vector_store == "ram":
        lines.append(
            "The index is kept in RAM at 1.5 times the bytes of its vectors; low, base and high are the prices of memory in the catalog's instances, without processors for searching."
        )
    else:
        lines.append("The index is left out of the cost, as you asked.")
    lines.append(
        "The mean passage is taken to be the typical one; one in twenty is taken to be as long as the 95th percentile when passages are split, without overlap."
    )
    if pick and pick.plan.variant.special_tokens_per_text is None:
        lines.append(f"The special tokens that {pick.plan.variant.name}'s tokenizer adds are not known and not counted.")
    if set(workload.outputs) != {"dense"}:
        lines.append("Only the dense vectors are counted in the index; sparse and multi-vector output take more.")
    return lines
