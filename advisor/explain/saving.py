"""Which single change of the question saves most, what it saves it on, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from advisor.ask.workload import Workload, unused
from advisor.base import formatting
from advisor.decide import stores
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain.bill import PART_NAMES, Bill, bill
from advisor.explain.what_would_change import CHUNKS, again
from advisor.sizing import storage

LEAST_USD = 1.0
LEAST_SHARE = 0.01
"""US dollars per month, and share of the bill, from which a saving is worth a word."""
CENT = 0.005
TYPES = ("float32", "float16", "int8", "binary")
"""Types of vectors, the largest first."""


class Change(NamedTuple):
    """A change to try: its fields, what it is called at the head of a sentence and on a button,
    and what it costs in quality or safety."""

    stated: dict[str, Any]
    words: str
    label: str
    caveat: str


@dataclass(frozen=True)
class Saving:
    """A change of the question that makes its recommendation cost less."""

    usd: float
    """US dollars per month, at the base of the estimates."""
    slot: str
    """The part of the bill that falls most (`bill.PART_NAMES`)."""
    lead: str
    """`Compact vectors (int8) would save about $25.90 per month, all of it in the vector index.`"""
    caveat: str
    """What that costs in quality or safety, and which option it leads to where it is another."""
    label: str
    """`Use int8 vectors`: the words of a button."""
    workload: Workload
    """What the button puts into the form."""
    field: str
    """The field that changes; others may follow it."""
    is_good_enough: bool
    """Whether what is then recommended scores as well as the visitor accepts."""

    @property
    def value(self) -> Any:
        """What the field becomes."""
        return getattr(self.workload, self.field)

    @property
    def text(self) -> str:
        """Both sentences."""
        return f"{self.lead} {self.caveat}"


def best_saving(recommendation: Recommendation) -> Saving | None:
    """The saving to lead with: the largest one that keeps to what is asked for.

    Not binary vectors, which lose far more than other types; nor a change that leads to a worse
    score than the visitor accepts. None where nothing else saves a dollar and 1%, or nothing fits.
    """
    rows = savings(recommendation)
    leading = (row for row in rows if (row.field, row.value) != ("vector_type", "binary"))
    return next((row for row in leading if row.is_good_enough), None)


def savings(recommendation: Recommendation) -> list[Saving]:
    """Each change, alone, that saves something, the largest first: by asking the engine again.

    Changes that leave a part of the cost unknown are left out: what they save is not known either.
    """
    now = recommendation.pick
    if now is None:
        return []
    rows = [
        row
        for change in _changes(recommendation)
        if (row := _saving(recommendation, now, change)) is not None
    ]
    return sorted(rows, key=lambda row: -row.usd)


def _changes(recommendation: Recommendation) -> Iterator[Change]:
    """What may be given up. Budget, latency limit, licence and where data may go are needs."""
    workload, skipped = recommendation.workload, unused(recommendation.workload.task)
    if "vector_type" not in skipped:
        yield from _smaller_vectors(workload)
        yield from _stores(recommendation)
    yield from _texts(workload)
    if workload.redundancy:
        words, caveat = "Running without a spare machine", "Nothing takes over if a machine fails."
        yield Change({"redundancy": False}, words, "Run without a spare", caveat)
    yield from _places(workload)
    if workload.priority != "cost":
        yield Change({"priority": "cost"}, "Putting cost first", "Put cost first", "")


def _smaller_vectors(workload: Workload) -> Iterator[Change]:
    names = {
        "float16": "Half-precision vectors (float16)",
        "int8": "Compact vectors (int8)",
        "binary": "Binary vectors",
    }
    for smaller in TYPES[TYPES.index(workload.vector_type) + 1 :]:
        caveat = "How much quality that costs is not known for this model: measure it first."
        yield Change({"vector_type": smaller}, names[smaller], f"Use {smaller} vectors", caveat)


def _stores(recommendation: Recommendation) -> Iterator[Change]:
    """Other stores with a price; leaving the index out of the cost would save nothing."""
    catalog, now = recommendation.catalog, recommendation.workload.vector_store
    if now == "none":
        return
    if now != "ram":
        words, label = "Keeping the vectors in memory that you run", "Keep vectors in memory"
        yield Change({"vector_store": "ram"}, words, label, "You then run the search yourself.")
    for key, store in stores.index_stores(catalog).items():
        if key == now or not storage.price_is_known(store):
            continue
        words, run = f"Keeping the vectors in {store.name}", "You then run the database yourself."
        caveat = run if store.type == "self_hosted" else "The provider then holds your vectors."
        caveat += " How fast it searches is not compared here."
        yield Change({"vector_store": key}, words, f"Use {store.name}", caveat)


def _texts(workload: Workload) -> Iterator[Change]:
    """Fewer reranked passages, no overlap, longer parts."""
    half = workload.rerank_candidates // 2
    if "rerank_candidates" not in unused(workload.task) and half:
        count, now = formatting.count(half), formatting.count(workload.rerank_candidates)
        yield Change(
            {"rerank_candidates": half},
            f"Reranking {count} passages per query instead of {now}",
            f"Rerank {count} passages",
            f"The reranker would then miss a right answer that the search ranks below {count}.",
        )
    chunk = workload.chunk_tokens
    if chunk is None or workload.passage_tokens_p95 <= chunk:
        return  # nothing is cut
    if workload.overlap:
        yield Change(
            {"chunk_overlap_tokens": 0},
            "Cutting passages without overlap",
            "Cut without overlap",
            "Text that runs across a cut may then be harder to find.",
        )
    for longer in [step for step in CHUNKS if step > chunk][:1]:
        count = formatting.count(longer)
        yield Change(
            workload.parts_of(longer),
            f"Cutting passages at {count} tokens instead of {formatting.count(chunk)}",
            f"Cut at {count} tokens",
            "One vector then stands for more text; how much quality that costs is not known.",
        )


def _places(workload: Workload) -> Iterator[Change]:
    """Where it may run, if that is restricted."""
    if workload.placement == "own":
        words, caveat = "Allowing hosted APIs", "Your texts then go to a provider."
        yield Change({"placement": "any"}, words, "Allow hosted APIs", caveat)
    if workload.placement == "hosted":
        words, caveat = "Allowing your own machines", "You then run and watch over them."
        yield Change({"placement": "any"}, words, "Allow own machines", caveat)
    if workload.hardware != "any" and workload.placement != "hosted":
        other = "GPUs" if workload.hardware == "cpu" else "CPUs"
        yield Change({"hardware": "any"}, f"Allowing {other} as well", f"Allow {other}", "")


def _saving(recommendation: Recommendation, now: Pipeline, change: Change) -> Saving | None:
    workload = recommendation.workload.model_copy(update=change.stated)
    other = again(recommendation.asked_of, recommendation, workload)
    then = other.pick
    if then is None or _less_is_known(now, then, change):
        return None
    usd = now.monthly - then.monthly
    if usd < LEAST_USD or usd < LEAST_SHARE * now.monthly:
        return None
    slot, where = _where_it_falls(bill(now), bill(then))
    about = "at least" if now.monthly_usd.at_least else "about"
    lead = f"{change.words} would save {about} {formatting.usd(usd)} per month, {where}."
    told = (change.caveat, _what_runs_then(other, now, then), _slower(now, then, change))
    caveat = " ".join(sentence for sentence in told if sentence)
    field = next(iter(change.stated))
    good = _is_good_enough(recommendation, now, then)
    return Saving(usd, slot, lead, caveat, change.label, workload, field, good)


def _is_good_enough(recommendation: Recommendation, now: Pipeline, then: Pipeline) -> bool:
    """Whether no step falls further below the best than the visitor accepts, or than it is now."""
    for part in then.parts:
        before = now.part(part.kind)
        if before is None or before.quality is None or part.variant_id == before.variant_id:
            continue
        floor = recommendation.step_of(before).floor(recommendation.workload)
        quality = recommendation.judged[part.row].quality
        if floor is not None and (quality is None or quality < min(floor, before.quality)):
            return False
    return True


def _less_is_known(now: Pipeline, then: Pipeline, change: Change) -> bool:
    """Whether a part of the cost is not known that was, or may have become another."""
    missing = then.monthly_usd.not_known
    if not missing:
        return False
    same = [part.variant_id for part in now.parts] == [part.variant_id for part in then.parts]
    known = set(missing) <= set(now.monthly_usd.not_known)
    return not (known and same and "vector_store" not in change.stated)


def _where_it_falls(now: Bill, then: Bill) -> tuple[str, str]:
    """The part of the bill that falls most: its slot, and `all of it in the vector index`."""
    later = {part.slot: float(part.usd.base) for part in then.parts}
    falls = {part.slot: float(part.usd.base) - later.get(part.slot, 0.0) for part in now.parts}
    slot = max(falls, key=lambda each: falls[each])
    others = sum(fall for each, fall in falls.items() if each != slot and fall >= CENT)
    share = "all of it" if not others else "most of it"
    if others > falls[slot]:
        share = "the largest part"
    name = {"index": "the vector index", "machine": "your own machines"}
    return slot, f"{share} in {name.get(slot, PART_NAMES[slot].lower())}"


def _what_runs_then(other: Recommendation, now: Pipeline, then: Pipeline) -> str:
    """`BGE Small EN v1.5 at Cloudflare Workers AI would be recommended: 4.2 points less.`"""
    if then.id == now.id and (then.shared is None) == (now.shared is None):
        return ""
    scores = [_score_change(other, part, now.part(part.kind)) for part in then.parts]
    third_party = any(part.plan.place.is_from_aggregator for part in then.parts)
    if third_party and not any(part.plan.place.is_from_aggregator for part in now.parts):
        scores.append("only a third party states its price")
    changed = formatting.listed([score for score in scores if score])
    return f"{then.named} would then be recommended{f': {changed}' if changed else ''}."


def _score_change(other: Recommendation, then: JudgedPlan, before: JudgedPlan | None) -> str:
    """`4.2 points less on MTEB(eng, v1)`; empty for the same model."""
    if before is None or before.variant_id == then.variant_id:
        return ""
    was = other.judged[before.row].quality  # both in the set that ranks then
    if was is None or then.quality is None:
        return f"{then.plan.variant.name} has no score to compare"
    points = then.quality - was
    if abs(points) < 0.05:
        return "the same score"
    chosen = other.step_of(then).evidence.set
    less = f"{formatting.points(abs(points))} points {'more' if points > 0 else 'less'}"
    return f"{less} on {chosen.name}" if chosen else less


def _slower(now: Pipeline, then: Pipeline, change: Change) -> str:
    """What a request takes on another class of machine, where it takes longer."""
    if "hardware" not in change.stated:
        return ""
    before, after = (
        [part.plan.latency_ms.base for part in pick.parts if part.plan.latency_ms]
        for pick in (now, then)
    )
    if len(before) != len(after) or sum(after) <= sum(before):
        return ""
    longer, was = (formatting.significant(sum(times)) for times in (after, before))
    return f"A request takes about {longer} ms in the model instead of {was} ms."
