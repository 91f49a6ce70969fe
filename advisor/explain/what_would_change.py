"""How firm a pick is, which plans no other beats, and what would change the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from advisor.ask.workload import MOST_LANGUAGES, Workload, bounds, unused
from advisor.base import formatting
from advisor.base.formatting import value
from advisor.catalog import Catalog
from advisor.decide.choosing import (
    BASE,
    Ends,
    PickedRows,
    Step,
    choose,
    shared_latency_ms,
    total_usd,
)
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation, recommend
from advisor.decide.stores import index_stores
from advisor.explain import sentences
from advisor.sizing.ranges import rounded, surely

FACTORS = (2.0, 5.0, 10.0, 100.0, 1000.0)
"""Steps by which volumes and lengths are raised and lowered."""
TOLERANCES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0)
BUDGETS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0)
LATENCIES = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
CHUNKS = (100, 200, 400, 1_000, 2_000, 8_000)
STANDINGS = ("the pick", "on the front", "beaten", "ruled out")
VOLUMES = (
    "passages",
    "queries_per_month",
    "passage_tokens",
    "query_tokens",
    "new_passages_per_month",
    "rerank_candidates",
    "peak_queries_per_second",
)
CHOICES: dict[str, tuple[Any, ...]] = {
    "priority": ("balanced", "quality", "cost"),
    "placement": ("any", "hosted", "own"),
    "hardware": ("any", "cpu", "gpu"),
    "licence": ("any", "commercial", "permissive"),
    "data_may_leave": (True, False),
    "redundancy": (False, True),
    "cross_lingual": (False, True),
    "vector_type": ("float32", "float16", "int8", "binary"),
    "outputs": (("dense",), ("dense", "sparse")),
}
MORE_LANGUAGES = ("zh", "de")
"""Languages of which one is tried beside those of the workload."""
TRIED = (
    f"volumes, lengths and the peak ({FACTORS[0]:g} to {FACTORS[-1]:,g} times more or less), "
    "tolerance, budget, latency limit, priority, placement, hardware, redundancy, licence, "
    "the length of parts, sending texts out, cross-lingual use, where the index is kept, its "
    "vector type, sparse output, and adding Chinese or German"
)
"""What the grid holds, in words."""
ESTIMATES: dict[str, Ends] = {
    "at the low end of what keeping the index costs": Ends(keeping="low"),
    "at the high end of what keeping the index costs": Ends(keeping="high"),
    "at the fast end of own hardware's speed": Ends(own="low"),
    "at the slow end of own hardware's speed": Ends(own="high"),
    "at the least that providers may bill (a free allocation used in full, "
    "a reranker's query billed once per request)": Ends(hosted="low"),
    "at the low end of every estimate": Ends("low", "low", "low"),
    "at the high end of every estimate": Ends("high", "high", "high"),
}
"""The estimates, each at its ends, alone and together."""


@dataclass(frozen=True)
class Change:
    """A step of the grid that gives another answer, told in `text`; `fitting` plans fit then."""

    field: str
    workload: Workload
    text: str
    fitting: int


def front(recommendation: Recommendation, kind: str) -> set[str]:
    """Ids of the plans of one step that fit and that none beats in both score and monthly cost."""
    scored = ((j.monthly, j.quality, j.id) for j in recommendation.fitting(kind))
    ranked = [(usd, points, plan) for usd, points, plan in scored if points is not None]
    ids, best, least = set(), -1.0, -1.0
    for usd, points, plan in sorted(ranked, key=lambda row: (row[0], -row[1])):
        if points > best:
            best, least = points, usd
        if points == best and usd == least:
            ids.add(plan)
    return ids


def standing(judged: JudgedPlan, recommendation: Recommendation, front: set[str]) -> str:
    """Where a plan stands among those with a score: one of `STANDINGS`."""
    if not judged.fits:
        return "ruled out"
    if recommendation.choice is not None and judged.row in recommendation.choice.rows:
        return "the pick"
    return "on the front" if judged.id in front else "beaten"


def firmness(recommendation: Recommendation) -> str:
    """Whether the pick holds at both ends of the estimates, and what else is close.

    Which estimate decides if it does not hold, limits that are not proven to be kept, and the
    tolerance where less than half a point decides.
    """
    if recommendation.pick is None:
        return ""
    sentences = [
        _at_the_ends(recommendation),
        *not_proven(recommendation, recommendation.pick),
        *_close_scores(recommendation),
    ]
    return " ".join(sentences)


def _at_the_ends(recommendation: Recommendation) -> str:
    """Whether the pick holds at both ends of the estimates, and which decides if it does not."""
    table, workload = recommendation.table, recommendation.workload
    assert recommendation.pick is not None and recommendation.choice is not None
    elsewhere = ""
    for words, ends in ESTIMATES.items():
        other = choose(table, recommendation.steps, workload, ends)
        if other is None or other == recommendation.choice:
            continue
        named = recommendation.pipeline(other).named
        if not counts_as_equal(recommendation, other, ends):
            return f"Not firm: {words}, {named} would be the pick."
        elsewhere = elsewhere or f"{words}, {named} would be the pick"
    at_both_ends = "at the low and at the high end of every estimate"
    if recommendation.pick.monthly_usd.at_least:
        at_both_ends += ", as far as costs are known"
    if elsewhere:
        models = "models hold" if len(recommendation.steps) > 1 else "model holds"
        beyond = (
            f" {sentences.capital(over)}."
            if (over := over_at_an_end(recommendation, "the pick"))
            else ""
        )
        return f"The {models} {at_both_ends}; where to run is less firm: {elsewhere}.{beyond}"
    over = over_at_an_end(recommendation, "it")
    return f"The pick holds, but {over}." if over else f"The pick holds {at_both_ends}."


def over_at_an_end(recommendation: Recommendation, pick: str) -> str:
    """The limit that the pick would exceed at the high or slow end; empty where it keeps both."""
    table, workload = recommendation.table, recommendation.workload
    assert recommendation.pick is not None and recommendation.choice is not None
    budget = workload.budget_usd_per_month
    high = total_usd(table, recommendation.choice, Ends("high", "high", "high"))
    if budget is not None and surely(recommendation.pick.monthly) <= budget < surely(high):
        amount = sentences.usd(high, recommendation.pick.monthly_usd.not_known)
        return f"at the high end {pick} costs {amount}, over the budget of {formatting.usd(budget)}"
    limit, slow = workload.latency_ms_p95, rounded(_slow_ms(recommendation))
    if limit is not None and slow > limit:
        return (
            "at the slow end of the machine's speed a request takes "
            f"{formatting.significant(slow)} ms, over the {formatting.count(limit)} ms you allow"
        )
    return ""


def _slow_ms(recommendation: Recommendation) -> float:
    """Milliseconds of a query on own machines at the slow end; 0 where all steps are hosted."""
    assert recommendation.pick is not None and recommendation.choice is not None
    if recommendation.choice.shared:
        first, second = recommendation.choice.rows
        return float(shared_latency_ms(recommendation.table, first, second, "high"))
    times = (part.plan.latency_ms for part in recommendation.pick.parts)
    return sum(time.high for time in times if time)


def not_proven(recommendation: Recommendation, pick: Pipeline) -> Iterator[str]:
    """A budget that is kept only as far as costs are known, or while a free allocation covers."""
    budget = recommendation.workload.budget_usd_per_month
    if budget is None:
        return
    if surely(pick.monthly) > budget:
        free = [part for part in pick.parts if part.plan.figure("free_covers")]
        where = formatting.listed(list(dict.fromkeys(part.plan.where for part in free)))
        yield (
            f"It keeps to the budget of {formatting.usd(budget)} only while the free allocation of "
            f"{where} covers the load."
        )
    if pick.monthly_usd.at_least:
        yield (
            f"It may exceed the budget of {formatting.usd(budget)}; not known: "
            f"{sentences.parts_in_words(pick.monthly_usd.not_known)}."
        )


CLOSE_POINTS = 0.5
"""A score so near to the edge of the tolerance is told; source sets differ by as much (0013)."""


def _close_scores(recommendation: Recommendation) -> Iterator[str]:
    """`It is only 0.1 points inside the tolerance of 5: at 4.8 ...`, and what is just outside."""
    workload, choice = recommendation.workload, recommendation.choice
    if workload.priority != "balanced" or choice is None:
        return
    now = workload.quality_tolerance
    for step, row in zip(recommendation.steps, choice.rows, strict=True):
        gap = _gap(step, step.quality[row])
        if 0 < gap <= now < gap + CLOSE_POINTS:
            less = math.ceil(rounded(10 * gap)) / 10 - 0.1
            name = recommendation.judged[row].plan.variant.name
            spare = now - gap
            by = f"{formatting.points(spare)} points" if spare >= 0.05 else "just"
            lead = f"{name} is only {by} inside the tolerance of {now:g}"
            yield from _at_tolerance(recommendation, less, lead)
    outside = sorted(
        {
            math.ceil(rounded(10 * gap)) / 10
            for step in recommendation.steps
            for gap in (_gap(step, score) for score in step.quality[step.fitting])
            if now < gap <= now + CLOSE_POINTS
        }
    )
    for more in outside:
        sentences = list(_at_tolerance(recommendation, more, "Just outside the tolerance"))
        if sentences:
            yield sentences[0]
            return


def _gap(step: Step, score: float) -> float:
    """Points below the best model that does the job; not a number without a score."""
    return float(rounded((step.yardstick or 0.0) - score))


def _at_tolerance(recommendation: Recommendation, points: float, lead: str) -> Iterator[str]:
    """What would be picked at another tolerance, if it is not the pick."""
    if points < 0:
        return
    tolerance = round(points, 1)
    workload = recommendation.workload.model_copy(update={"quality_tolerance": tolerance})
    table, steps = recommendation.table, recommendation.steps
    other = choose(table, steps, workload, BASE)
    if other is not None and other != recommendation.choice:
        then = recommendation.pipeline(other)
        cost = sentences.for_month(then.monthly_usd)
        yield f"{lead}: at {tolerance:g} the pick would be {then.named}, {cost}."


def counts_as_equal(recommendation: Recommendation, other: PickedRows, ends: Ends) -> bool:
    """Whether a choice has the pick's models at a cost whose difference does not decide."""
    table, choice = recommendation.table, recommendation.choice
    assert choice is not None
    now, then = ([table.static.places[row].variant_id for row in c.rows] for c in (choice, other))
    gap = rounded(total_usd(table, choice, ends) - total_usd(table, other, ends))
    return now == then and bool(gap <= recommendation.workload.material_usd)


def again(catalog: Catalog, recommendation: Recommendation, workload: Workload) -> Recommendation:
    """The answer for another workload, on the same day and under the same assumptions."""
    same = (recommendation.today, recommendation.asked_sets, recommendation.assumptions)
    return recommend(catalog, workload, *same, near=recommendation)


def changes(catalog: Catalog, recommendation: Recommendation) -> list[Change]:
    """For each field and direction, the nearest step of the grid that gives another answer; where
    nothing fits, those that let most plans fit first.
    """
    nearest: list[Change] = []
    for field, directions in _grid(catalog, recommendation.workload):
        for steps in directions:
            for stated in steps:
                workload = recommendation.workload.model_copy(update=stated)
                other = again(catalog, recommendation, workload)
                if other.answer != recommendation.answer:
                    text = _change_sentence(recommendation, other, field, stated)
                    fitting = sum(len(step.fitting) for step in other.steps)
                    nearest.append(Change(field, workload, text, fitting))
                    break
    if recommendation.pick is None:
        nearest.sort(key=lambda change: -change.fitting)
    return nearest


def _grid(catalog: Catalog, workload: Workload) -> Iterator[tuple[str, list[list[dict[str, Any]]]]]:
    """(field, directions), a direction being the changed fields of each step, the nearest first."""
    skipped = unused(workload.task)
    for field in VOLUMES:
        if field not in skipped:
            yield field, [_scaled(workload, field, factor) for factor in (1, -1)]
    field, now = "quality_tolerance", workload.quality_tolerance
    more = [{field: points} for points in TOLERANCES if points > now]
    yield field, [more, [{field: points} for points in reversed(TOLERANCES) if points < now]]
    for field, steps in (("budget_usd_per_month", BUDGETS), ("latency_ms_p95", LATENCIES)):
        limit = getattr(workload, field)
        lower = [{field: step} for step in reversed(steps) if limit is None or step < limit]
        higher = [] if limit is None else [*(step for step in steps if step > limit), None]
        yield field, [lower, [{field: step} for step in higher]]
    yield "chunk_tokens", _recut(workload)
    of_store = {"vector_store": ("ram", "none", *index_stores(catalog))}
    for field, options in (CHOICES | of_store).items():
        if field not in skipped:
            others = (option for option in options if option != getattr(workload, field))
            yield field, [[{field: option}] for option in others]
    spoken = workload.languages
    new = [c for c in MORE_LANGUAGES if c not in spoken and len(spoken) < MOST_LANGUAGES]
    yield "languages", [[{"languages": (*spoken, code)}] for code in new]


def _recut(workload: Workload) -> list[list[dict[str, Any]]]:
    """Shorter parts, then longer ones and whole passages."""
    now = workload.chunk_tokens
    shorter = [step for step in reversed(CHUNKS) if now is None or step < now]
    longer = [] if now is None else [*(step for step in CHUNKS if step > now), None]
    return [[workload.parts_of(step) for step in steps] for steps in (shorter, longer)]


def volume_now(workload: Workload, field: str) -> Any:
    """A volume or length, the peak as it is counted where none is stated."""
    return workload.peak if field == "peak_queries_per_second" else getattr(workload, field)


def _scaled(workload: Workload, field: str, direction: int) -> list[dict[str, Any]]:
    """Steps up (1) or down (-1) from a volume or length (and its 95th percentile), in bounds."""
    (least, most), now = bounds(field), volume_now(workload, field)
    steps = []
    for times in (factor**direction for factor in FACTORS):
        value = now * times if field == "peak_queries_per_second" else round(now * times)
        stated: dict[str, Any] = {field: value}
        if field == "passage_tokens":
            stated["passage_tokens_p95"] = max(value, round(workload.passage_tokens_p95 * times))
        longest = stated.get("passage_tokens_p95", 1)
        if least <= value <= most and value != now and longest <= bounds("passage_tokens")[1]:
            steps.append(stated)
    return steps


def _cut(stated: dict[str, Any], before: Workload) -> str:
    """`cut into parts of 200 tokens`, with the overlap where it is another than before."""
    chunk, overlap = stated["chunk_tokens"], stated["chunk_overlap_tokens"]
    if chunk is None:
        return "kept whole"
    shared = "" if overlap == before.chunk_overlap_tokens else f", {overlap} of them shared,"
    return f"cut into parts of {formatting.count(chunk)} tokens{shared}"


def _length(chunk_tokens: int | None) -> str:
    return "whole" if chunk_tokens is None else formatting.count(chunk_tokens)


def _while_it_is_free(recommendation: Recommendation) -> str:
    """What keeps a pick to its budget whose cost is over it: a free allocation."""
    pick, budget = recommendation.pick, recommendation.workload.budget_usd_per_month
    if pick is None or budget is None or pick.monthly <= budget:
        return ""
    return ", within the budget only while a free allocation covers the load"


def _change_sentence(
    recommendation: Recommendation, other: Recommendation, field: str, stated: dict[str, Any]
) -> str:
    """`Queries a month 20 instead of 2: BGE M3 at Novita AI, for $38.14 a month.`"""
    title = Workload.model_fields[field].title or field
    title += " (and its 95th percentile in step)" if field == "passage_tokens" else ""
    before = getattr(recommendation.workload, field)
    if field == "peak_queries_per_second" and before is None:
        before = recommendation.workload.peak
    lead = f"{title} {value(stated[field])} instead of {value(before)}:"
    if field == "chunk_tokens":
        lead = f"Passages {_cut(stated, recommendation.workload)} instead of {_length(before)}:"
    if other.pick is None:
        return f"{lead} nothing fits any more."
    cost = sentences.for_month(other.pick.monthly_usd) + _while_it_is_free(other)
    if recommendation.pick is None:
        return f"{lead} {other.pick.named} fits, {cost}."
    part = other.pick.parts[0]
    if len(other.pick.parts) == 1 and part.variant_id == recommendation.pick.parts[0].variant_id:
        return f"{lead} same model {'at' if part.hosted else 'on'} {part.plan.where}, {cost}."
    return f"{lead} {other.pick.named}, {cost}."
