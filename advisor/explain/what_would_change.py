"""Which plans no other beats, and what would change the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from advisor.ask.workload import MOST_LANGUAGES, Workload, bounds, unused
from advisor.catalog import Catalog
from advisor.decide.recommend import JudgedPlan, Recommendation, recommend
from advisor.decide.stores import index_stores
from advisor.explain import sentences
from advisor.explain.change_words import with_change

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
    "the quality you would give up, budget, latency limit, what matters most, where it may run, "
    "your own machines, a spare machine, licence, length of parts, data leaving your network, "
    "queries and passages in different languages, vector store, vector precision, sparse vectors, "
    "and adding Chinese or German"
)
"""What the grid holds, in words."""


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


def _while_it_is_free(recommendation: Recommendation) -> str:
    """What keeps a pick to its budget whose cost is over it: a free allocation."""
    pick, budget = recommendation.pick, recommendation.workload.budget_usd_per_month
    if pick is None or budget is None or pick.monthly <= budget:
        return ""
    return ", within your budget only while a free allocation covers the load"


def _change_sentence(
    recommendation: Recommendation, other: Recommendation, field: str, stated: dict[str, Any]
) -> str:
    """`At 20 queries per month (now 2): BGE M3 at Novita AI, for $38.14 per month.`"""
    catalog = recommendation.asked_of
    lead = f"{with_change(catalog, recommendation.workload, field, stated)}:"
    if other.pick is None:
        return f"{lead} nothing fits."
    cost = sentences.for_month(other.pick.monthly_usd) + _while_it_is_free(other)
    if recommendation.pick is None:
        return f"{lead} {other.pick.named} fits, {cost}."
    part = other.pick.parts[0]
    if len(other.pick.parts) == 1 and part.variant_id == recommendation.pick.parts[0].variant_id:
        return f"{lead} the same model {'at' if part.hosted else 'on'} {part.plan.where}, {cost}."
    return f"{lead} {other.pick.named}, {cost}."
