"""What the figures of an answer take for granted, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting, units
from advisor.decide import stores
from advisor.decide.recommend import Recommendation
from advisor.explain.sentences import parts_in_words
from advisor.sizing import storage, throughput
from advisor.sizing.tokens import INSTRUCTION, SPECIAL, needed_instruction, special_tokens


def assumptions(recommendation: Recommendation) -> tuple[str, ...]:
    """What the figures take for granted, as sentences."""
    return tuple(_assumptions(recommendation))


def _assumptions(recommendation: Recommendation) -> Iterator[str]:
    workload, pick = recommendation.workload, recommendation.pick
    for name, value in recommendation.assumptions.stated().items():
        yield f"Changed by you: {Assumptions.model_fields[name].title} is {value}."
    yield "Prices and evidence are those of this catalog; taxes, egress and discounts are left out."
    if any(step.kind == "reranker" for step in recommendation.steps):
        yield (
            "A provider is taken to bill query and passage for every pair; "
            "the low end bills the query once a request. "
            "Whether providers do either was found for none."
        )
    providers = recommendation.catalog.providers.values()
    for name in sorted({p.name for p in providers if p.free_usd_per_day}):
        yield (
            f"{name}'s free daily allocation is counted at the low end only: "
            "it holds for a whole account, and for each day alone."
        )
    if any(step.kind == "embedder" for step in recommendation.steps):
        yield from _index_assumptions(recommendation)
        yield (
            "Tokens are counted as if every passage were the typical one; of the parts that "
            "passages are cut into, one passage in twenty counts as long as the 95th percentile."
        )
    yield _cutting(workload)
    some_own = pick is None or any(not part.hosted for part in pick.parts)
    if workload.placement != "hosted" and (some_own or workload.placement == "own"):
        yield from _own_assumptions(recommendation)
    yield from estimated_tokens(recommendation)


def _cutting(workload: Workload) -> str:
    """How passages are cut, for every model alike."""
    if workload.chunk_tokens is None:
        return "Passages are kept whole; a model that would cut them is ruled out."
    longest, overlap = formatting.count(workload.chunk_tokens), workload.overlap
    shared = f" Neighbouring parts share {formatting.counted(overlap, 'token')}." if overlap else ""
    read = "" if workload.task == "retrieve" else " The reranker reads parts, not whole passages."
    return (
        f"Passages of more than {longest} tokens are cut into parts of at most {longest}, for "
        f"every model alike.{shared}{read}"
    )


def estimated_tokens(recommendation: Recommendation) -> Iterator[str]:
    """For each model of the pick with a count of tokens that is not published: what is counted."""
    for part in recommendation.pick.parts if recommendation.pick else ():
        variant, estimated = part.plan.variant, part.plan.tokens.estimated
        sent = "pair of query and passage" if part.kind == "reranker" else "text"
        special, instruction = special_tokens(variant)[0], needed_instruction(variant)[0]
        counts = {
            SPECIAL: f"{special} special tokens in each {sent}",
            INSTRUCTION: f"{instruction} tokens for the instruction in front of each query, "
            "whose length is yours to choose",
        }
        if estimated:
            yield (
                f"The token counts of {variant.name}, and so its costs, are partly estimated, "
                "since no numbers are published: "
                f"{formatting.listed([counts[name] for name in estimated])}."
            )


def _index_assumptions(recommendation: Recommendation) -> Iterator[str]:
    workload = recommendation.workload
    if workload.vector_store == "ram":
        yield (
            "The index is kept in RAM at 1.5 times the bytes of its vectors; "
            "low, base and high are the prices of memory in the catalog's instances, without "
            "processors for searching."
        )
    elif workload.vector_store == "none":
        yield "The index is left out of the cost, as you asked."
    else:
        yield from _store_assumptions(recommendation)
    if set(workload.outputs) != {"dense"}:
        yield (
            "A sparse vector is counted as 8 bytes for each token at most, a "
            "multi-vector one as a vector for each token."
        )


def _store_assumptions(recommendation: Recommendation) -> Iterator[str]:
    """At which price the index is kept in a store, and what of it is not known."""
    catalog, workload = recommendation.catalog, recommendation.workload
    store, name = catalog.stores[workload.vector_store], stores.name(catalog, workload.vector_store)
    if store.type == "self_hosted":
        yield (
            f"The index is kept in {name} at the price of the memory and the disk that it takes; "
            "the database's processors are left out."
        )
    elif storage.price_is_known(store):
        minimum = ", its minimum charge included" if store.minimum_usd_per_month else ""
        first = storage.first_writes_not_priced(catalog, workload)
        written = "; writing it for the first time is left out" if first else ""
        yield f"The index is kept in {name} at its list price{minimum}{written}."
    else:
        floor = store.floor_usd_per_month
        counted = f"only its floor of about {formatting.usd(floor)} a month" if floor else "nothing"
        yield (
            f"What keeping the index in {name} costs is not known: {counted} is counted, "
            "and writing it for the first time is left out."
        )
    missing = storage.not_priced(store, workload) if store.type != "self_hosted" else ()
    if missing:
        yield f"Every total is a lower bound; not known: {parts_in_words(missing)}."
    if store.note:
        yield f"{name}: {store.note}"


def _own_assumptions(recommendation: Recommendation) -> Iterator[str]:
    """How own hardware is sized."""
    catalog, assumed = recommendation.catalog, recommendation.assumptions
    stated, precision = recommendation.workload.peak_queries_per_second, assumed.precision
    peak = "five times the average"
    if stated is not None:
        at_least = stated >= recommendation.workload.peak
        peak = "as stated" if at_least else "the average, as no peak is below it"
    yield (
        f"Own machines run all {units.HOURS_PER_MONTH} hours of a month, "
        f"{assumed.machine_prices.replace('-', ' ')}, and are filled to "
        f"{assumed.target_utilisation:.0%} at the peak, which is {peak}."
    )
    machines = {key: accelerator.name for key, accelerator in catalog.accelerators.items()}
    machines |= {key: cpu.microarchitecture for key, cpu in catalog.cpus.items()}
    for kind, calibration in sorted(throughput.calibrations(catalog, precision).items()):
        shares = (*calibration.mfu, calibration.slowest, calibration.fastest)
        low, base, high, slowest, fastest = (f"{100 * share:.0f}%" for share in shares)
        where = formatting.listed([machines[key] for key in calibration.machines])
        yield (
            f"Speed on a {kind.upper()} is {base} of its dense "
            f"{throughput.precision_of(kind, precision)} peak ({low} to {high}, six times apart), "
            "divided by the model's FLOPs for a token. "
            f"It rests on {calibration.points} measured runs on {where} ({slowest} to {fastest}); "
            "of runs left out in turn nine in ten fall inside, and every other machine is scaled."
        )
    yield (
        "A machine's own disk, and the people who run it are left out; "
        "scores are taken to hold at fp16 and fp32 alike."
    )
