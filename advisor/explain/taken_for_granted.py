"""The assumptions behind the figures of an answer, in sentences."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from advisor.ask.assumptions import Assumptions
from advisor.ask.labels import label
from advisor.ask.workload import Workload
from advisor.base import formatting, units
from advisor.catalog.schema import Provider
from advisor.decide import stores
from advisor.decide.recommend import Recommendation
from advisor.explain.sentences import parts_in_words, value_in_words
from advisor.sizing import storage, throughput
from advisor.sizing.tokens import INSTRUCTION, SPECIAL, needed_instruction, special_tokens


def assumptions(recommendation: Recommendation) -> tuple[str, ...]:
    """The assumptions behind the figures, as sentences."""
    return tuple(_assumptions(recommendation))


def that_matter(recommendation: Recommendation) -> tuple[str, ...]:
    """Those that move the figures of the recommendation: what was changed, and what is estimated.

    Of machines, those of the kind that is recommended; none where their speed was measured.
    """
    return tuple(_that_matter(recommendation))


def _assumptions(recommendation: Recommendation) -> Iterator[str]:
    workload, pick = recommendation.workload, recommendation.pick
    yield from _changed(recommendation)
    yield (
        "Prices and scores are those of this catalog. Taxes, egress and discounts are not included."
    )
    if any(step.kind == "reranker" for step in recommendation.steps):
        yield BILLED
    yield from _free_allocations(recommendation.catalog.providers.values())
    if any(step.kind == "embedder" for step in recommendation.steps):
        yield from _index_assumptions(recommendation)
        yield (
            "Tokens are counted as if every passage were typical. To count parts, one passage in "
            "twenty is taken to be as long as the 95th percentile."
        )
    yield _cutting(workload)
    some_own = pick is None or any(not part.hosted for part in pick.parts)
    if workload.placement != "hosted" and (some_own or workload.placement == "own"):
        yield from _own_assumptions(recommendation)
    yield from estimated_tokens(recommendation)


def _that_matter(recommendation: Recommendation) -> Iterator[str]:
    parts = recommendation.pick.parts if recommendation.pick else ()
    yield from _changed(recommendation)
    if any(part.hosted and part.kind == "reranker" for part in parts):
        yield BILLED
    yield from _free_allocations(part.plan.provider for part in parts if part.plan.provider)
    if any(part.kind == "embedder" for part in parts):
        yield from _index_assumptions(recommendation)
    if any(not part.hosted for part in parts):
        yield _running(recommendation)
    estimated = (part.plan.instance for part in parts if not part.plan.measured)
    yield from _speeds(recommendation, {machine.kind for machine in estimated if machine})
    yield from estimated_tokens(recommendation)


BILLED = (
    "Providers are assumed to bill query and passage for every pair; "
    "the low end bills the query once per request. "
    "No provider was found to say which it does."
)


def _changed(recommendation: Recommendation) -> Iterator[str]:
    for name, value in recommendation.assumptions.stated().items():
        words = value_in_words(recommendation.catalog, name, value)
        yield f"You changed '{Assumptions.model_fields[name].title}' to {words}."


def _free_allocations(providers: Iterable[Provider]) -> Iterator[str]:
    for name in sorted({p.name for p in providers if p.free_usd_per_day}):
        yield (
            f"{name}'s free daily allocation counts at the low end only: "
            "it is for a whole account, and each day's share ends with the day."
        )


def _cutting(workload: Workload) -> str:
    """How passages are cut, for every model alike."""
    if workload.chunk_tokens is None:
        return "Passages are kept whole; models that would cut them are ruled out."
    longest, overlap = formatting.count(workload.chunk_tokens), workload.overlap
    shared = f" Neighbouring parts share {formatting.counted(overlap, 'token')}." if overlap else ""
    read = "" if workload.task == "retrieve" else " The reranker reads parts, not whole passages."
    return (
        f"Passages over {longest} tokens are cut into parts of at most {longest}, the same for "
        f"every model.{shared}{read}"
    )


def estimated_tokens(recommendation: Recommendation) -> Iterator[str]:
    """For each recommended model whose tokens are not all published: what is counted."""
    for part in recommendation.pick.parts if recommendation.pick else ():
        variant, estimated = part.plan.variant, part.plan.tokens.estimated
        sent = "pair of query and passage" if part.kind == "reranker" else "text"
        special, instruction = special_tokens(variant)[0], needed_instruction(variant)[0]
        counts = {
            SPECIAL: f"{special} special tokens in each {sent}",
            INSTRUCTION: f"{instruction} tokens for the instruction before each query, "
            "whose length is up to you",
        }
        if estimated:
            yield (
                f"Token counts and costs of {variant.name} are partly estimated. "
                "Estimated, as not published: "
                f"{formatting.listed([counts[name] for name in estimated])}."
            )


def _index_assumptions(recommendation: Recommendation) -> Iterator[str]:
    workload = recommendation.workload
    if workload.vector_store == "ram":
        yield (
            "Vectors in memory take 1.5 times their own size. Low, base and high are the memory "
            "prices of the catalog's machines; processors for searching are not included."
        )
    elif workload.vector_store == "none":
        yield "The vector store is not included in the cost, as you chose."
    else:
        yield from _store_assumptions(recommendation)
    if set(workload.outputs) != {"dense"}:
        yield (
            "A sparse vector counts as at most 8 bytes per token, "
            "a multi-vector one as one vector per token."
        )


def _store_assumptions(recommendation: Recommendation) -> Iterator[str]:
    """At which price vectors are kept in a store, and what of it is not known."""
    catalog, workload = recommendation.catalog, recommendation.workload
    store, name = catalog.stores[workload.vector_store], stores.name(catalog, workload.vector_store)
    if store.type == "self_hosted":
        yield (
            f"Vectors are kept in {name} at the price of the memory and disk they need. "
            "The database's processors are not included."
        )
    elif storage.price_is_known(store):
        minimum = ", minimum charge included" if store.minimum_usd_per_month else ""
        first = storage.first_writes_not_priced(catalog, workload)
        written = "; writing them the first time is not included" if first else ""
        yield f"Vectors are kept in {name} at its list price{minimum}{written}."
    else:
        floor = store.floor_usd_per_month
        counted = f"its floor of about {formatting.usd(floor)} per month" if floor else "nothing"
        yield (
            f"The cost of vectors in {name} is not known. Counted is {counted}; "
            "writing them the first time is not included."
        )
    missing = storage.not_priced(store, workload) if store.type != "self_hosted" else ()
    if missing:
        yield f"Every total is a lower bound. Not known: {parts_in_words(missing)}."
    if store.note:
        yield f"{name}: {store.note}"


def _own_assumptions(recommendation: Recommendation) -> Iterator[str]:
    """How own hardware is sized."""
    yield _running(recommendation)
    precision = recommendation.assumptions.precision
    yield from _speeds(recommendation, throughput.calibrations(recommendation.catalog, precision))
    yield (
        "A machine's own disk and the people who run it are not included. "
        "Scores are assumed to be the same at fp16 and fp32."
    )


def _running(recommendation: Recommendation) -> str:
    """For how long own machines run, and how full they are at the peak."""
    assumed, workload = recommendation.assumptions, recommendation.workload
    stated = workload.peak_queries_per_second
    peak = "The peak is five times the average."
    if stated is not None:
        at_least = stated >= workload.peak
        peak = "" if at_least else "The peak is the average, as no peak is below it."
    terms = label("machine_prices", assumed.machine_prices).lower()
    return (
        f"Your own machines run all month ({units.HOURS_PER_MONTH} hours, {terms}) at "
        f"{assumed.target_utilisation:.0%} utilisation at peak. {peak or 'You stated the peak.'}"
    )


def _speeds(recommendation: Recommendation, kinds: Container[str]) -> Iterator[str]:
    """On what the speed of each kind of machine (`cpu`, `gpu`) rests."""
    catalog, precision = recommendation.catalog, recommendation.assumptions.precision
    machines = {key: accelerator.name for key, accelerator in catalog.accelerators.items()}
    machines |= {key: cpu.microarchitecture for key, cpu in catalog.cpus.items()}
    for kind, calibration in sorted(throughput.calibrations(catalog, precision).items()):
        if kind not in kinds:
            continue
        shares = (*calibration.mfu, calibration.slowest, calibration.fastest)
        low, base, high, slowest, fastest = (f"{100 * share:.0f}%" for share in shares)
        where = formatting.listed([machines[key] for key in calibration.machines])
        yield (
            f"Speed on a {kind.upper()} is {base} of its dense "
            f"{throughput.precision_of(kind, precision)} peak ({low} to {high}, six times apart), "
            "divided by the model's FLOPs per token. "
            f"This rests on {calibration.points} measured runs on {where} "
            f"({slowest} to {fastest}). "
            "When each run is left out in turn, nine in ten fall inside. "
            "Other machines are scaled from these."
        )
