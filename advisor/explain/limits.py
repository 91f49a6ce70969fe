"""Which limits stand in the way of a better answer, or of any: taken away, and asked again."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from itertools import combinations
from typing import Any, NamedTuple

from advisor.ask.workload import Workload, unused
from advisor.base import formatting
from advisor.decide.recommend import Recommendation
from advisor.explain.candidates import largest
from advisor.explain.what_would_change import CHUNKS, again

LOOSEST: dict[str, Any] = {
    "budget_usd_per_month": None,
    "latency_ms_p95": None,
    "placement": "any",
    "hardware": "any",
    "data_may_leave": True,
    "licence": "any",
    "redundancy": False,
    "cross_lingual": False,
    "chunk_tokens": Workload.model_fields["chunk_tokens"].default,
    "vector_store": "ram",
    "vector_type": "float32",
}
"""The fields that take plans away, each with the value that takes none.

Of the length of parts, which also moves costs and scores, the default: all models read it.
"""


class Lifted(NamedTuple):
    """The answer without one limit, or two; `words` say which: `without your budget of $20`."""

    fields: tuple[str, ...]
    words: str
    other: Recommendation


def stated(workload: Workload) -> tuple[str, ...]:
    """The limits that a workload sets."""
    skipped = ["vector_store"] if workload.vector_store == "none" else []
    if workload.chunk_tokens is not None and workload.chunk_tokens < LOOSEST["chunk_tokens"]:
        skipped.append("chunk_tokens")
    return tuple(
        field
        for field, loosest in LOOSEST.items()
        if field not in (*unused(workload.task), *skipped)
        if getattr(workload, field) != loosest
    )


def lifted(recommendation: Recommendation, at_once: int = 1) -> Iterator[Lifted]:
    """The answers without so many of the stated limits at a time."""
    workload = recommendation.workload
    for fields in combinations(stated(workload), at_once):
        words = " and ".join(_without(field, workload) for field in fields)
        yield Lifted(fields, words, without(recommendation, fields))


def without(recommendation: Recommendation, fields: Collection[str]) -> Recommendation:
    """The answer without some limits."""
    update = {name: LOOSEST[name] for name in fields}
    if "chunk_tokens" in fields:
        update |= recommendation.workload.parts_of(LOOSEST["chunk_tokens"])
    looser = recommendation.workload.model_copy(update=update)
    return again(recommendation.asked_of, recommendation, looser)


def _without(field: str, workload: Workload) -> str:
    budget, limit = workload.budget_usd_per_month, workload.latency_ms_p95
    hosted = workload.placement == "hosted"
    words = {
        "budget_usd_per_month": f"without your budget of {formatting.usd(budget)} per month",
        "latency_ms_p95": f"without your latency limit of {formatting.count(limit)} ms",
        "placement": f"with {'your own machines' if hosted else 'hosted APIs'} allowed",
        "hardware": f"with {'GPUs' if workload.hardware == 'cpu' else 'CPUs'} allowed",
        "data_may_leave": "if data may leave your network",
        "licence": "under any licence",
        "redundancy": "without a spare machine",
        "cross_lingual": "if queries and passages share a language",
        "chunk_tokens": _cut(workload, LOOSEST["chunk_tokens"]),
        "vector_store": "with vectors in memory",
        "vector_type": "with float32 vectors",
    }
    return words[field]


def _cut(workload: Workload, chunk_tokens: int) -> str:
    """`with passages cut into parts of 400 tokens`, and the overlap where it is a smaller one."""
    overlap = workload.parts_of(chunk_tokens)["chunk_overlap_tokens"]
    shared = f", {overlap} of them shared" if overlap != workload.chunk_overlap_tokens else ""
    return f"with passages cut into parts of {formatting.count(chunk_tokens)} tokens{shared}"


def shortfall(recommendation: Recommendation) -> float:
    """Half points that the pick lacks, summed over its steps; without end where nothing fits."""
    if recommendation.choice is None:
        return float("inf")
    pairs = zip(recommendation.steps, recommendation.choice.rows, strict=True)
    return float(sum(step.shortfalls(recommendation.workload)[row] for step, row in pairs))


def _comparable(recommendation: Recommendation, lift: Lifted) -> bool:
    """Whether points mean the same without the limit: parts of another length have other scores."""
    if recommendation.choice is None or "chunk_tokens" not in lift.fields:
        return True
    before, after = (
        [step.evidence.title for step in asked.steps] for asked in (recommendation, lift.other)
    )
    return before == after


def longest_parts(recommendation: Recommendation) -> Iterator[Lifted]:
    """Where nothing fits, the longest parts with which something does, which is nearest to whole.

    None where these are no longer than the default, which is among the limits.
    """
    workload = recommendation.workload
    if recommendation.choice is not None or "chunk_tokens" not in stated(workload):
        return
    for step in reversed(CHUNKS):
        if LOOSEST["chunk_tokens"] < step < (workload.chunk_tokens or math.inf):
            other = workload.model_copy(update=workload.parts_of(step))
            answer = again(recommendation.asked_of, recommendation, other)
            if answer.pick is not None:
                yield Lifted(("chunk_tokens",), _cut(workload, step), answer)
                return


def fewer_candidates(recommendation: Recommendation) -> Iterator[Lifted]:
    """The most candidates at which the pick would fall less short, or there would be one.

    Within the budget; where there is none, for no more than it would cost without the limit of
    latency: close to that limit machines grow without end. None where neither limit is stated,
    which alone depend on candidates.
    """
    workload, now = recommendation.workload, shortfall(recommendation)
    stated = (workload.budget_usd_per_month, workload.latency_ms_p95)
    if "rerank_candidates" in unused(workload.task) or stated == (None, None):
        return

    def answer(candidates: int) -> Recommendation:
        fewer = workload.model_copy(update={"rerank_candidates": candidates})
        return again(recommendation.asked_of, recommendation, fewer)

    cap = without(recommendation, ("latency_ms_p95",)).monthly
    if workload.budget_usd_per_month is not None or cap is None:
        cap = float("inf")

    def helps(candidates: int) -> bool:
        other = answer(candidates)
        return shortfall(other) < now and other.monthly is not None and other.monthly <= cap

    most = largest(helps, workload.rerank_candidates - 1)
    if most > 1:  # one alone is not put in order
        afford = ", the most you can afford," if recommendation.pick is None else ""
        words = (
            f"with {formatting.counted(most, 'passage')} reranked per query{afford} instead of "
            f"{formatting.count(workload.rerank_candidates)}"
        )
        yield Lifted(("rerank_candidates",), words, answer(most))


def in_the_way(recommendation: Recommendation) -> list[Lifted]:
    """The limits without which the pick would fall less short, or there would be one.

    Each alone, longer parts and fewer candidates; where none helps alone, pairs of limits. Those
    that help most come first.
    """
    now = shortfall(recommendation)
    if not now:
        return []
    for at_once in (1, 2):
        better = [
            lift
            for lift in (
                *lifted(recommendation, at_once),
                *(longest_parts(recommendation) if at_once == 1 else ()),
                *(fewer_candidates(recommendation) if at_once == 1 else ()),
            )
            if shortfall(lift.other) < now and _comparable(recommendation, lift)
        ]
        if better:
            return sorted(better, key=lambda lift: (shortfall(lift.other), lift.other.monthly))
    return []
