"""A saved decision record asked again, and what has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from advisor.ask.assumptions import Assumptions
from advisor.ask.languages import code
from advisor.ask.old_names import OLD_NAMES
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide.choosing import ORDER_SINCE
from advisor.decide.evidence import Evidence
from advisor.decide.recommend import Recommendation, recommend
from advisor.explain.fingerprints import changed_rules
from advisor.explain.record import Record, prices
from advisor.explain.record_parts import EvidenceRecord
from advisor.explain.sentences import usd, usd_of
from advisor.explain.why_not import reasons_against
from advisor.family.price_list import gone_plans
from advisor.sizing.tokens import SPECIAL, needed_instruction

LANGUAGES_SINCE = "2026-11-30"
"""The day since which languages are read as codes, and one alone is not crossed (0017)."""
_CUT_BEFORE = {
    "retrieve": "this record cut them at each model's own limit",
    "retrieve-and-rerank": "this record cut them at each model's own limit, and its reranker read "
    "whole passages",
    "rerank": "the reranker of this record read whole passages",
}
"""How passages were cut in a record that was saved before `chunk_tokens` was a field."""


class Replay(NamedTuple):
    """The recommendation for a record's question today, and what has changed since it was saved."""

    recommendation: Recommendation
    since: date
    changes: tuple[str, ...]

    @classmethod
    def of(cls, catalog: Catalog, record: Record, today: date) -> Replay:
        """The record's question asked again.

        Raises:
            WorkloadError: its workload is no workload of this version.
        """
        workload, assumptions = Workload.of(record.workload), Assumptions.of(record.assumed)
        recommendation = recommend(catalog, workload, today, record.asked_sets, assumptions)
        changes = tuple(_changes(catalog, record, recommendation))
        if not changes and record.catalog_version != recommendation.catalog.version:
            changes = (
                "The catalog has another version, "
                "but no price, rule or score that this answer compares has changed.",
            )
        return cls(recommendation, record.date, changes)


def _changes(catalog: Catalog, record: Record, recommendation: Recommendation) -> Iterator[str]:
    """What differs between a record and today, the answer first."""
    pick, picked = recommendation.pick, record.picked
    has_moved = list(recommendation.answer or ()) != (picked.plans if picked else [])
    if has_moved:
        now, before = (answer.named if answer else "nothing fits" for answer in (pick, picked))
        yield f"The answer: {now} instead of {before}."
        yield from _why_it_moved(recommendation, record)
    withdrawn = _withdrawn(catalog, record)
    yield from withdrawn.values()
    if pick and picked and abs(pick.monthly - picked.monthly_usd.base) >= 0.005:
        saved = picked.monthly_usd
        now_usd, saved_usd = usd_of(pick.monthly_usd), usd(saved.base, saved.not_known)
        yield f"The monthly cost: {now_usd} instead of {saved_usd}."
        yield from () if has_moved else _counted_anew(recommendation, record)
    others = {key: price for key, price in record.prices.items() if key not in withdrawn}
    yield from _changed_prices(prices(catalog), others)
    for key, change in changed_rules(catalog, record.rules).items():
        yield f"Rule {key} {change}."
    for step in recommendation.steps:
        yield from _changed_scores(step.evidence, record.evidence.get(step.kind))


def _why_it_moved(recommendation: Recommendation, record: Record) -> Iterator[str]:
    """By which rule, or which key of the order, the saved plans are not the answer any more."""
    stated, spoken = record.workload.get("languages", ()), recommendation.workload.languages
    codes = {text: code(str(text)) for text in stated}
    renamed = [f"{text} is {key}" for text, key in codes.items() if text != key]
    if renamed:
        yield f"Languages have one code each since {LANGUAGES_SINCE}: {formatting.listed(renamed)}."
    crosses_one = recommendation.workload.cross_lingual and len(spoken) == 1
    if crosses_one and "one-language-is-not-crossed" not in record.rules:
        yield (
            f"Rule cross-lingual-needs-languages needs two languages since {LANGUAGES_SINCE}: "
            "with one it ruled out models of one language."
        )
    if record.order != ORDER_SINCE:
        yield (
            f"Options are compared in another order since {ORDER_SINCE}: the quality you accept "
            "counts from the best model for the job, even if your limits rule that model out."
        )
    yield from _counted_anew(recommendation, record)
    judged = {j.id: j for j in recommendation.judged}
    before = record.picked.plans if record.picked else []
    for plan in (judged[plan_id] for plan_id in before if plan_id in judged):
        if plan.excluded:
            first = plan.excluded[0]
            yield f"{plan.named} is ruled out now, by {first.rule}: {first.text}"
        elif recommendation.pick and plan.id not in (recommendation.answer or ()):
            yield f"{plan.named}: {' '.join(reasons_against(recommendation, plan.id)[:2])}"


def _counted_anew(recommendation: Recommendation, record: Record) -> Iterator[str]:
    """What is cut or counted otherwise since the record was saved, where it bears on the answer.

    Passages were cut at each model's own limit, or kept whole, until `chunk_tokens` was a field.
    """
    if "chunk_tokens" in record.workload:
        return
    workload, since = recommendation.workload, OLD_NAMES["split_long_passages"].since
    if workload.chunk_tokens is not None and workload.passage_tokens_p95 > workload.chunk_tokens:
        parts = f"parts of {formatting.count(workload.chunk_tokens)} tokens (chunk_tokens)"
        yield (
            f"Since {since} passages are cut into {parts}, the same for every model; "
            f"{_CUT_BEFORE[workload.task]}."
        )
    compared = {*(recommendation.answer or ()), *(record.picked.plans if record.picked else ())}
    variants = {j.variant_id: j.plan for j in recommendation.judged if j.id in compared}
    for plan in variants.values():
        needs = plan.variant.kind == "embedder" and needed_instruction(plan.variant)[0]
        left_out = [
            *(["special tokens"] if SPECIAL in plan.tokens.estimated else []),
            *(["the instruction before each query"] if needs else []),
        ]
        if left_out:
            yield (
                f"Since {since} the tokens of {plan.variant.name} include "
                f"{formatting.listed(left_out)}, which this record left out."
            )


def _withdrawn(catalog: Catalog, record: Record) -> dict[str, str]:
    """What to say of each offer that a record names and that was withdrawn since."""
    of_pick = (f"Offer {plan}" for plan in (record.picked.plans if record.picked else []))
    names = {*record.prices, *of_pick}
    gone = {f"Offer {plan}": text for plan, text in gone_plans(catalog).items()}
    return {name: text for name, text in gone.items() if name in names}


def _changed_prices(now: dict[str, str | None], before: dict[str, str | None]) -> Iterator[str]:
    for key in sorted({*now, *before}):
        if key not in now:
            yield f"{key} is gone."
        elif key not in before:
            yield f"{key} is new, at {_usd(now[key])}."
        elif now[key] != before[key]:
            yield f"Price of {key}: {_usd(now[key])} instead of {_usd(before[key])}."


def _usd(price: str | None) -> str:
    return formatting.NOT_KNOWN if price is None else f"${price}"


def _changed_scores(now: Evidence, before: EvidenceRecord | None) -> Iterator[str]:
    """What differs between the scores that a step compares and those that it compared."""
    same_set = before is not None and now.set is not None and now.set.id == before.set
    if before is None or (now.title != before.title and not same_set):
        yield f"Scores: {now.title} instead of {before.title if before else 'none'}."
        return
    for key in sorted({*now.scores, *before.scores}):
        new, old = now.scores.get(key), before.scores.get(key)
        if new is None or old is None or abs(new - old) >= 0.00005:
            yield f"Score of {key}: {formatting.points(new)} instead of {formatting.points(old)}."
