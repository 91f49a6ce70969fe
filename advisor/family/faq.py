"""Questions about a family, answered in either view, each with what the answer rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from advisor.base import formatting
from advisor.catalog import Catalog, LoadedFamily
from advisor.catalog.schema import Variant
from advisor.family import listing
from advisor.family.extremes import latest, longest
from advisor.family.price_list import lowest, withdrawn_offers

View = Literal["verified", "listed"]
NOUNS = {"embedder": "embedders", "reranker": "rerankers", "language-model": "language models"}


@dataclass(frozen=True)
class FaqAnswer:
    """A question, its answer in plain text, and the ids of the sources that it rests on."""

    question: str
    answer: str
    sources: tuple[str, ...]


def answers(catalog: Catalog, family: LoadedFamily, view: View) -> list[FaqAnswer]:
    """The family's questions, answered in the listing's words or from the verified facts."""
    if view == "listed":
        if family.listing is None:
            return []
        return [
            FaqAnswer(question, answer, (family.listing.source,))
            for question, answer in listing.as_listed(catalog, family).faq
        ]
    compared = [_compared(catalog, family)] if family.facts.compared_with else []
    return [_used_for(family), *compared, _which(catalog, family)] + [
        FaqAnswer(q.question, q.answer, tuple(sorted({s for _, s in q.all_source_ids()})))
        for q in family.questions
    ]


def _used_for(family: LoadedFamily) -> FaqAnswer:
    name = family.facts.name
    counts: Counter[str] = Counter(variant.kind for variant in family.variants.values())
    uses = (
        ("embedder", "embedding texts for search"),
        ("reranker", "reranking what a search found"),
        ("language-model", "generating text"),
    )
    parts = [
        f"{use} ({formatting.counted(counts[kind], kind.replace('-', ' '))})"
        for kind, use in uses
        if counts[kind]
    ]
    sources = set(family.facts.source_ids("about"))
    text = f"{name} is used for {formatting.listed(parts)}."
    embedders = [v for v in family.variants.values() if v.kind == "embedder"]
    rich = [v for v in embedders if set(v.outputs) > {"dense"}]
    if rich:
        text += f" {_outputs_sentence(rich, len(embedders) - len(rich))}"
    for variant in rich:
        sources |= set(variant.source_ids("outputs"))
    for correction in family.corrections:
        if correction.field == "capabilities":
            text += (
                f" The listing names {correction.listed}; what was verified is "
                f"{correction.verified}. "
                f"{correction.why}"
            )
            sources |= {s for _, s in correction.all_source_ids()}
    return FaqAnswer(f"What is {name} used for?", text, tuple(sorted(sources)))


def _outputs_sentence(rich: Iterable[Variant], others: int) -> str:
    """What embedders with more than a dense vector give, and what the others of a family do."""
    names: dict[str, list[str]] = {}
    for variant in rich:
        outputs = formatting.listed([output.replace("_", "-") for output in variant.outputs])
        names.setdefault(outputs, []).append(variant.name)
    parts = [
        f"{formatting.listed(sorted(group))} {'gives' if len(group) == 1 else 'give'} "
        f"{outputs} vectors"
        for outputs, group in names.items()
    ]
    if others:
        parts.append("the other gives dense ones" if others == 1 else "the others give dense ones")
    return f"{'; '.join(parts)}."


def _compared(catalog: Catalog, family: LoadedFamily) -> FaqAnswer:
    other = catalog.families[family.facts.compared_with or ""]
    parts = [
        _jobs_sentence(family, other),
        f"{family.facts.name}: {family.facts.about}",
        f"{other.facts.name}: {other.facts.about}",
        *other.facts.notes[:1],
        _lengths_sentence(family, other),
    ]
    licensed = sorted((v.name, v.licence) for v in other.variants.values() if v.licence)
    for commercial, words in (
        (False, "Not for commercial use"),
        (None, "Whether commercial use is allowed was not found out"),
    ):
        named = [n for n, key in licensed if catalog.licences[key].commercial_use is commercial]
        if named:
            parts.append(f"{words}: {formatting.listed(named)}.")
    sources = {
        *family.facts.source_ids("about"),
        *other.facts.source_ids("about"),
        *other.facts.source_ids("notes"),
    }
    for variant in (*longest(family.current.values()), *other.current.values()):
        if variant.max_tokens:
            sources |= set(variant.source_ids("max_tokens"))
    question = f"How does {family.facts.name} compare to {other.facts.name}?"
    return FaqAnswer(question, " ".join(parts), tuple(sorted(sources)))


def _jobs_sentence(family: LoadedFamily, other: LoadedFamily) -> str:
    """Whether two families do the same jobs, by the kinds of their variants."""
    own, others = ({v.kind for v in (f.current or f.variants).values()} for f in (family, other))
    if not own & others:
        return "They do different jobs."
    both = formatting.listed([noun for kind, noun in NOUNS.items() if kind in own & others])
    if own == others:
        return f"They do the same {'job' if len(own) == 1 else 'jobs'}: both have {both}."
    lacking = []
    for name, kinds in ((family.facts.name, own - others), (other.facts.name, others - own)):
        if kinds:
            nouns = formatting.listed([noun for kind, noun in NOUNS.items() if kind in kinds])
            lacking.append(f"only {name} has {nouns}")
    return f"Both have {both}; {formatting.listed(lacking)}."


def _lengths_sentence(family: LoadedFamily, other: LoadedFamily) -> str:
    """The longest inputs of two families, and which of the other's variants take it."""
    current = other.current.values()
    own, reach = longest(family.current.values()), longest(current)
    name, other_name = family.facts.name, other.facts.name
    if not own and not reach:
        return "The longest input of neither is known."
    names = formatting.listed([v.name for v in reach])
    only = " only" if all(v.max_tokens for v in current) else ""
    where = f" in {names}{only}" if len(reach) < len(current) else ""
    if not own:
        tokens = formatting.count(reach[0].max_tokens)
        where = where and f",{where}"
        return (
            f"The longest input is {tokens} tokens in {other_name}{where}; of {name} none is known."
        )
    tokens = f"The longest input is {formatting.count(own[0].max_tokens)} tokens in {name}"
    if not reach:
        return f"{tokens}; of {other_name} none is known."
    where = where and f", the latter{where}"
    return f"{tokens} and {formatting.count(reach[0].max_tokens)} in {other_name}{where}."


def _which(catalog: Catalog, family: LoadedFamily) -> FaqAnswer:
    sources: set[str] = set()
    question = f"Which {family.facts.name} model should I use?"
    current = [v for v in family.current.values() if v.kind != "language-model"]
    if not current:
        return FaqAnswer(question, _none_sentence(family), family.facts.source_ids("about"))
    parts = [
        "It depends on your languages, lengths, volume and budget: "
        "Find a model answers for your workload."
    ]
    jobs = {"embedder": "To find passages", "reranker": "To reorder what a search found"}
    for kind, job in jobs.items():
        least = lowest(catalog, family, kind)
        if least is None:
            continue
        names = formatting.listed(sorted({variant.name for variant, _, _ in least.offers}))
        asked_by = [
            provider.name + (" (by an aggregator)" if offer.tier == "aggregator" else "")
            for _, provider, offer in least.offers
        ]
        parts.append(
            f"{job}, the lowest known price is {formatting.price(least.usd_per_1m)} input tokens: "
            f"{names} at {formatting.listed(list(dict.fromkeys(asked_by)))}."
        )
        sources |= {s for _, _, offer in least.offers for s in offer.source_ids("usd_per_1m_input")}
    newest = latest(current)
    if newest and len(current) > 1:
        parts.append(_latest_sentence(newest))
        for variant in newest:
            sources |= set(variant.source_ids("released"))
    reach = longest(current)
    if reach and len(current) > 1:
        known = "" if all(v.max_tokens for v in current) else " known"
        tokens = formatting.count(reach[0].max_tokens)
        names = formatting.listed([v.name for v in reach])
        parts.append(f"The longest{known} input, {tokens} tokens, is taken by {names}.")
    if any(v.kind == "reranker" for v in current):
        parts.append(
            "A reranker does not take the place of an embedder: "
            "it orders the candidates that one has found."
        )
    for gone in withdrawn_offers(catalog, family.variants):
        parts.append(gone.text)
        sources |= set(gone.sources)
    return FaqAnswer(question, " ".join(parts), tuple(sorted(sources)))


def _none_sentence(family: LoadedFamily) -> str:
    """Why no variant of a family is to be chosen for retrieval."""
    if all(v.kind == "language-model" for v in family.variants.values()):
        return (
            "None for retrieval: language models generate text, and make no vectors and no "
            "relevance scores."
        )
    return "None for new work: each one that embeds or reranks is replaced."


def _latest_sentence(newest: list[Variant]) -> str:
    day = formatting.day(newest[0].released)
    if len(newest) > 1:
        return f"The latest are {formatting.listed([v.name for v in newest])} ({day})."
    article = "an" if newest[0].kind[0] in "aeiou" else "a"
    return f"The latest is {newest[0].name} ({day}), {article} {newest[0].kind}."
