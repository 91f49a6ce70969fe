"""How firm a pick is, which plans no other beats, and what would change the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from advisor.ask.workload import MOST_LANGUAGES, Workload, bounds
from advisor.base import formatting
from advisor.base.formatting import value
from advisor.catalog import Catalog
from advisor.decide.choosing import Ends, PickedRows, choose, immaterial, total_usd
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation, recommend
from advisor.decide.stores import index_stores
from advisor.sizing.ranges import rounded

FACTORS = (2.0, 5.0, 10.0, 100.0, 1000.0)
"""Steps by which volumes and lengths are raised and lowered."""
TOLERANCES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0)
BUDGETS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0)
LATENCIES = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
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
NOT_FOR = {
    "rerank": ("passages", "new_passages_per_month"),
    "retrieve": ("rerank_candidates",),
    "retrieve-and-rerank": (),
}
"""Volumes that a task does not use."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "priority": ("balanced", "quality", "cost"),
    "placement": ("any", "hosted", "own"),
    "hardware": ("any", "cpu", "gpu"),
    "licence": ("any", "commercial", "permissive"),
    "split_long_passages": (True, False),
    "data_may_leave": (True, False),
    "redundancy": (False, True),
    "cross_lingual": (False, True),
    "vector_type": ("float32", "float16", "int8", "binary"),
    "outputs": (("dense",), ("dense", "sparse")),
}
MORE_LANGUAGES = ("zh", "de")
"""Languages of which one is tried beside those of the workload."""
TRIED = (
    f"volumes, lengths and the peak ({FACTORS[0]:g} to {FACTORS[-1]:,g} times as many, and as "
    "few), tolerance, budget, latency limit, priority, placement, hardware, redundancy, "
    "licence, splitting, sending texts out, cross-lingual use, the store of the index and its "
    "type, sparse output, and Chinese or German besides"
)
"""What the grid holds, in words."""
ESTIMATES: dict[str, Ends] = {
    "at the low end of what keeping the index costs": Ends(keeping="low"),
    "at the high end of what keeping the index costs": Ends(keeping="high"),
    "at the fast end of own hardware's speed": Ends(own="low"),
    "at the slow end of own hardware's speed": Ends(own="high"),
    "at the least that providers may bill (a free allocation used up, "
    "a reranker's query billed once a request)": Ends(hosted="low"),
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
    ranked = sorted(
        (j for j in recommendation.fitting(kind) if j.quality is not None),
        key=lambda j: (j.monthly, -(j.quality or 0)),
    )
    ids, best, least = set(), -1.0, -1.0
    for j in ranked:
        if (j.quality or 0) > best:
            best, least = j.quality or 0, j.monthly
            ids.add(j.id)
        elif j.quality == best and j.monthly == least:
            ids.add(j.id)
    return ids


def standing(judged: JudgedPlan, recommendation: Recommendation, front: set[str]) -> str:
    """Where a plan stands among those with a score: one of `STANDINGS`."""
    if not judged.fits:
        return "ruled out"
    if recommendation.pick is not None and any(
        judged.row == part.row for part in recommendation.pick.parts
    ):
        return "the pick"
    return "on the front" if judged.id in front else "beaten"


def firmness(recommendation: Recommendation) -> str:
    """Whether the pick holds at both ends of the estimates, and which decides if it does not."""
    if recommendation.pick is None or recommendation.choice is None:
        return ""
    for words, ends in ESTIMATES.items():
        other = choose(recommendation.table, recommendation.steps, recommendation.workload, ends)
        if (
            other is not None
            and other != recommendation.choice
            and not _counts_as_equal(recommendation, other, ends)
        ):
            named = Pipeline(
                tuple(recommendation.judged[row] for row in other.rows),
                (0, 0, 0) if other.shared else None,
            ).named
            return f"Not firm: {words}, {named} would be the pick."
    budget, high = (
        recommendation.workload.budget_usd_per_month,
        total_usd(recommendation.table, recommendation.choice, Ends("high", "high", "high")),
    )
    if budget is not None and high > budget:
        return (
            f"The pick holds, but at the high end it costs {formatting.usd(high)}, over the budget "
            f"of {formatting.usd(budget)}."
        )
    limit = recommendation.workload.latency_ms_p95
    slow = max(
        (part.plan.latency_ms.high for part in recommendation.pick.parts if part.plan.latency_ms),
        default=0.0,
    )
    if limit is not None and slow > limit:
        return (
            "The pick holds, but at the slow end of the machine's speed a request takes "
            f"{formatting.count(round(slow))} ms, over the {formatting.count(limit)} ms you allow."
        )
    return "The pick holds at the low and at the high end of every estimate."


def _counts_as_equal(recommendation: Recommendation, other: PickedRows, ends: Ends) -> bool:
    """Whether a choice has the pick's models at a cost whose difference does not decide."""
    assert recommendation.choice is not None
    models = [
        [recommendation.table.static.places[row].variant_id for row in choice.rows]
        for choice in (recommendation.choice, other)
    ]
    now, then = (
        total_usd(recommendation.table, choice, ends) for choice in (recommendation.choice, other)
    )
    return models[0] == models[1] and bool(immaterial(recommendation.workload, rounded(now - then)))


def changes(catalog: Catalog, recommendation: Recommendation) -> list[Change]:
    """For each field and direction, the nearest step of the grid that gives another answer; where
    nothing fits, those that let most plans fit first.
    """
    nearest: list[Change] = []
    for field, directions in _grid(catalog, recommendation.workload):
        for steps in directions:
            for stated in steps:
                workload = recommendation.workload.model_copy(update=stated)
                other = recommend(
                    catalog,
                    workload,
                    recommendation.today,
                    recommendation.asked_sets,
                    recommendation.assumptions,
                    near=recommendation,
                )
                if other.answer != recommendation.answer:
                    nearest.append(
                        Change(
                            field,
                            workload,
                            _change_sentence(recommendation, other, field, stated),
                            sum(len(step.fitting) for step in other.steps),
                        )
                    )
                    break
    return (
        sorted(nearest, key=lambda change: -change.fitting)
        if recommendation.pick is None
        else nearest
    )


def _grid(catalog: Catalog, workload: Workload) -> Iterator[tuple[str, list[list[dict[str, Any]]]]]:
    """(field, directions), a direction being the changed fields of each step, the nearest first."""
    for field in VOLUMES:
        if field not in NOT_FOR[workload.task]:
            yield field, [_scaled(workload, field, factor) for factor in (1, -1)]
    now = workload.quality_tolerance
    yield (
        "quality_tolerance",
        [
            [{"quality_tolerance": t} for t in TOLERANCES if t > now],
            [{"quality_tolerance": t} for t in reversed(TOLERANCES) if t < now],
        ],
    )
    for field, steps in (("budget_usd_per_month", BUDGETS), ("latency_ms_p95", LATENCIES)):
        limit = getattr(workload, field)
        lower = [{field: step} for step in reversed(steps) if limit is None or step < limit]
        yield (
            field,
            [
                lower,
                []
                if limit is None
                else [{field: step} for step in (*(s for s in steps if s > limit), None)],
            ],
        )
    for field, options in CHOICES.items():
        if workload.task == "rerank" and field in ("vector_type", "outputs"):
            continue
        yield field, [[{field: option}] for option in options if option != getattr(workload, field)]
    if workload.task != "rerank":
        stores = [
            key for key in ("ram", "none", *index_stores(catalog)) if key != workload.vector_store
        ]
        yield "vector_store", [[{"vector_store": store}] for store in stores]
    more = [
        code
        for code in MORE_LANGUAGES
        if code not in workload.languages and len(workload.languages) < MOST_LANGUAGES
    ]
    yield "languages", [[{"languages": (*workload.languages, code)}] for code in more]


def _scaled(workload: Workload, field: str, direction: int) -> list[dict[str, Any]]:
    """Steps up (1) or down (-1) from a volume or length (and its 95th percentile), in bounds."""
    least, most = bounds(field)
    now = workload.peak if field == "peak_queries_per_second" else getattr(workload, field)
    steps = []
    for factor in FACTORS:
        value = now * factor**direction
        value = value if field == "peak_queries_per_second" else round(value)
        stated: dict[str, Any] = {field: value}
        if field == "passage_tokens":
            stated["passage_tokens_p95"] = max(
                value, round(workload.passage_tokens_p95 * factor**direction)
            )
        if (
            least <= value <= most
            and value != now
            and stated.get("passage_tokens_p95", 1) <= bounds("passage_tokens")[1]
        ):
            steps.append(stated)
    return steps


def _change_sentence(
    recommendation: Recommendation, other: Recommendation, field: str, stated: dict[str, Any]
) -> str:
    """`Queries a month 20 instead of 2: BGE M3 at Novita AI, for $38.14 a month.`"""
    title = Workload.model_fields[field].title or field
    unstated = (
        field == "peak_queries_per_second" and getattr(recommendation.workload, field) is None
    )
    title += " (and its 95th percentile in step)" if field == "passage_tokens" else ""
    workload = recommendation.workload
    before = workload.peak if unstated else getattr(workload, field)
    lead = f"{title} {value(stated[field])} instead of {value(before)}:"
    if other.pick is None:
        return f"{lead} nothing fits any more."
    cost = f"{formatting.usd(other.monthly)} a month"
    if recommendation.pick is None:
        return f"{lead} {other.pick.named} fits, for {cost}."
    same = [p.variant_id for p in other.pick.parts] == [
        p.variant_id for p in recommendation.pick.parts
    ]
    if same and len(other.pick.parts) == 1:
        part = other.pick.parts[0]
        return f"{lead} same model {'at' if part.hosted else 'on'} {part.plan.where}, for {cost}."
    return f"{lead} {other.pick.named}, for {cost}."
