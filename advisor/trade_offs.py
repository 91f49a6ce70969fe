"""How firm a pick is, which plans no other beats, and what would change the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from advisor import units
from advisor.catalog.load import Catalog
from advisor.evidence import EQUAL_POINTS
from advisor.recommend import Judged, Recommendation, best, eligible, material, preference, recommend, versus
from advisor.workload import MOST_LANGUAGES, Workload, bounds

FACTORS = (2.0, 5.0, 10.0, 100.0, 1000.0)
"""Steps by which volumes and lengths are raised and lowered."""
TOLERANCES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0)
BUDGETS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0)
STANDINGS = ("the pick", "on the front", "beaten", "ruled out")
VOLUMES = ("passages", "queries_per_month", "passage_tokens", "query_tokens", "rerank_candidates")
CHOICES: dict[str, tuple[Any, ...]] = {
    "priority": ("balanced", "quality", "cost"),
    "licence": ("any", "commercial", "permissive"),
    "split_long_passages": (True, False),
    "data_may_leave": (True, False),
    "cross_lingual": (False, True),
    "vector_store": ("ram", "none"),
    "vector_type": ("float32", "float16", "int8", "binary"),
    "outputs": (("dense",), ("dense", "sparse")),
}
ORDER = (
    "who states the price (the provider before an aggregator)",
    "the size of the model (the smaller first)",
    "the lower cost a month",
    "the lower cost of the first encoding",
    "that a provider comes before a router",
    "that a price of the listing comes first",
    "the order of the names",
)
"""What decides among plans whose cost counts as equal, as `recommend.preference` orders them."""
MORE_LANGUAGES = ("zh", "de")
"""Languages of which one is tried beside those of the workload."""
TRIED = (
    f"volumes and lengths ({FACTORS[0]:g} to {FACTORS[-1]:,g} times as many, and as few), tolerance, budget, priority, licence, splitting, sending texts out, "
    "cross-lingual use, the index and its type, sparse output, and Chinese or German besides"
)
"""What the grid holds, in words."""


@dataclass(frozen=True)
class Change:
    """One step of the grid that gives another answer: the field, the workload with it, and the sentence that tells it."""

    field: str
    workload: Workload
    text: str


def front(found: Recommendation) -> set[str]:
    """Ids of the plans that fit and that none beats in both score and monthly cost."""
    ranked = [j for j in _fitting(found) if j.quality is not None]
    return {j.plan.id for j in ranked if not any(_beats(other, j) for other in ranked)}


def _fitting(found: Recommendation) -> list[Judged]:
    return [j for j in found.judged if not j.excluded and j.plan.monthly_usd is not None]


def standing(judged: Judged, found: Recommendation, front: set[str]) -> str:
    """Where a plan stands among those with a score: one of `STANDINGS`."""
    if judged.excluded:
        return "ruled out"
    if judged is found.pick:
        return "the pick"
    return "on the front" if judged.plan.id in front else "beaten"


def _beats(first: Judged, second: Judged) -> bool:
    better, cheaper = (first.quality or 0) - (second.quality or 0), second.monthly - first.monthly
    return better >= 0 and cheaper >= 0 and (better > 0 or cheaper > 0)


def firmness(found: Recommendation) -> str:
    """Whether the pick holds at the low and the high end of the estimates, and which estimate decides if it does not."""
    pick = found.pick
    if pick is None:
        return ""
    fitting = _fitting(found)
    ends: dict[str, Callable[[Judged], float]] = {
        "at the low end of what memory for the index costs": lambda j: _part(j, "low", "base"),
        "at the high end of what memory for the index costs": lambda j: _part(j, "high", "base"),
        "if the query of a reranker is billed once a request": lambda j: _part(j, "base", "low"),
        "at the low end of every estimate": lambda j: float(j.cost.low),
        "at the high end of every estimate": lambda j: float(j.cost.high),
    }
    for words, cost in ends.items():
        other = best(fitting, found.workload, found.evidence, cost)
        if other is not None and other.plan.id != pick.plan.id:
            return f"Not firm: {words}, {other.plan.variant.name} at {other.plan.where} would be the pick."
    budget = found.workload.budget_usd_per_month
    if budget is not None and float(pick.cost.high) > budget:
        return f"The pick holds, but at the high end it costs {units.usd(pick.cost.high)}, over the budget of {units.usd(budget)}."
    return "The pick holds at the low and at the high end of every estimate."


def _part(judged: Judged, index: str, encoding: str) -> float:
    """US dollars a month with the index and the encoding each at an end of its own."""
    plan = judged.plan
    assert plan.index_usd is not None and plan.encoding_usd is not None
    return float(getattr(plan.index_usd, index) + getattr(plan.encoding_usd, encoding))


def changes(catalog: Catalog, found: Recommendation) -> list[Change]:
    """For each field, the nearest step of the grid in each direction that gives another pick, found by running the engine."""
    told: list[Change] = []
    for field, directions in _grid(found.workload):
        for steps in directions:
            for stated in steps:
                workload = found.workload.model_copy(update=stated)
                other = recommend(catalog, workload, found.today, found.evidence_set)
                if _answer(other) != _answer(found):
                    told.append(Change(field, workload, _told(found, other, field, stated)))
                    break
    return told


def _answer(found: Recommendation) -> tuple[str, str] | None:
    return (found.pick.plan.variant_id, found.pick.plan.id) if found.pick else None


def _grid(workload: Workload) -> Iterator[tuple[str, list[list[dict[str, Any]]]]]:
    """(field, directions), a direction being the changed fields of each step, the nearest first."""
    for field in VOLUMES:
        if field in (("passages",) if workload.task == "rerank" else ("rerank_candidates",)):
            continue
        yield field, [_scaled(workload, field, factor) for factor in (1, -1)]
    now = workload.quality_tolerance
    yield (
        "quality_tolerance",
        [[{"quality_tolerance": t} for t in TOLERANCES if t > now], [{"quality_tolerance": t} for t in reversed(TOLERANCES) if t < now]],
    )
    budget = workload.budget_usd_per_month
    lower = [{"budget_usd_per_month": b} for b in reversed(BUDGETS) if budget is None or b < budget]
    higher = [] if budget is None else [{"budget_usd_per_month": b} for b in (*(b for b in BUDGETS if b > budget), None)]
    yield "budget_usd_per_month", [lower, higher]
    for field, options in CHOICES.items():
        if workload.task == "rerank" and field in ("vector_store", "vector_type", "outputs"):
            continue
        yield field, [[{field: option}] for option in options if option != getattr(workload, field)]
    yield (
        "languages",
        [
            [{"languages": (*workload.languages, code)}]
            for code in MORE_LANGUAGES
            if code not in workload.languages and len(workload.languages) < MOST_LANGUAGES
        ],
    )


def _scaled(workload: Workload, field: str, direction: int) -> list[dict[str, Any]]:
    """Steps up (1) or down (-1) from a volume, within its bounds; the 95th percentile of the lengths goes along."""
    least, most = bounds(field)
    steps = []
    for factor in FACTORS:
        value = round(getattr(workload, field) * factor**direction)
        stated: dict[str, Any] = {field: value}
        if field == "passage_tokens":
            stated["passage_tokens_p95"] = max(value, round(workload.passage_tokens_p95 * factor**direction))
        if (
            least <= value <= most
            and value != getattr(workload, field)
            and stated.get("passage_tokens_p95", 1) <= bounds("passage_tokens")[1]
        ):
            steps.append(stated)
    return steps


def _told(found: Recommendation, other: Recommendation, field: str, stated: dict[str, Any]) -> str:
    """The change in words: `Queries a month 20,000,000 instead of 2,000,000: BGE M3 at Novita AI, for $38.14 a month.`"""
    title = Workload.model_fields[field].title or field
    now, then = value(getattr(found.workload, field)), value(stated[field])
    lead = f"{title} {then} instead of {now}:"
    if other.pick is None:
        return f"{lead} nothing fits any more."
    pick = other.pick.plan
    cost = f"{units.usd(pick.monthly_usd.base)} a month" if pick.monthly_usd else ""
    if found.pick is None:
        return f"{lead} {pick.variant.name} at {pick.where} fits, for {cost}."
    verb = "same model at" if pick.variant_id == found.pick.plan.variant_id else f"{pick.variant.name} at"
    return f"{lead} {verb} {pick.where}, for {cost}."


def value(stated: Any) -> str:
    """A field of a workload in words."""
    if stated is None:
        return "no limit"
    if isinstance(stated, bool):
        return "yes" if stated else "no"
    if isinstance(stated, tuple):
        return units.listed([str(item).replace("_", "-") for item in stated])
    return units.count(stated) if isinstance(stated, (int, float)) else str(stated)


def why_not(found: Recommendation, plan_id: str) -> list[str]:
    """Why a plan is not the pick, in sentences with its figures.

    Raises:
        KeyError: no plan of that id.
    """
    judged = {j.plan.id: j for j in found.judged}[plan_id]
    if judged.excluded:
        return [finding.text for finding in judged.excluded]
    pick = found.pick
    assert pick is not None, "where nothing is picked, every plan is ruled out"
    if judged is pick:
        return ["It is the pick."]
    lines = [versus(judged, pick, found.evidence)]
    lines += [text for text in (_quality_bars(judged, found), _cost_bars(judged, pick, found)) if text][:1]
    return lines + [finding.text for finding in judged.remarks]


def _quality_bars(judged: Judged, found: Recommendation) -> str:
    """Why its score keeps a plan from being picked; empty where it does not."""
    workload, evidence = found.workload, found.evidence
    if workload.priority == "cost" or not evidence.ranks:
        return ""
    if judged.quality is None:
        return "Without a score on this set it is picked only where cost is the priority."
    gap = max(evidence.scores.values()) - judged.quality
    if workload.priority == "quality" and gap >= EQUAL_POINTS:
        return f"Quality is the priority, and it is {units.points(gap)} points below the best."
    if workload.priority == "balanced" and gap > workload.quality_tolerance:
        return f"It is {units.points(gap)} points below the best, more than the {workload.quality_tolerance:g} that may be given up."
    return ""


def _cost_bars(judged: Judged, pick: Judged, found: Recommendation) -> str:
    """Why its cost, or the order among equals, keeps a plan whose score would do from being picked."""
    workload = found.workload
    within = eligible(_fitting(found), workload, found.evidence)
    cheapest = min(within, key=lambda j: (j.monthly, preference(j)))
    if judged.monthly > cheapest.monthly + material(workload, cheapest.monthly):
        where = f"{cheapest.plan.variant.name} at {cheapest.plan.where}"
        return f"It costs {units.usd(judged.monthly - cheapest.monthly)} a month more than {where}, the cheapest of the plans considered; that counts."
    gap = abs(judged.monthly - pick.monthly)
    lead = "The costs are the same" if gap < 0.005 else f"Differences below {units.usd(workload.material_usd)} a month do not decide"
    first, second = preference(pick), preference(judged)
    which = next(name for name, one, two in zip(ORDER, first, second, strict=True) if one != two)
    return f"{lead}; then {which} decides, in favour of the pick."
