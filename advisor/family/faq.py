"""Questions about a family, answered in either view, each with what the answer rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from advisor.base import formatting
from advisor.catalog import Catalog, LoadedFamily
from advisor.family import listing
from advisor.family.price_list import lowest, withdrawn_offers

View = Literal["verified", "listed"]


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
    for variant in family.variants.values():
        if variant.kind == "embedder" and set(variant.outputs) > {"dense"}:
            outputs = formatting.listed([output.replace("_", "-") for output in variant.outputs])
            text += f" {variant.name} gives {outputs} vectors; the others give dense ones."
            sources |= set(variant.source_ids("outputs"))
    for correction in family.corrections:
        if correction.field == "capabilities":
            text += f" The listing also names coding. {correction.why}"
            sources |= {s for _, s in correction.all_source_ids()}
    return FaqAnswer(f"What is {name} used for?", text, tuple(sorted(sources)))


def _compared(catalog: Catalog, family: LoadedFamily) -> FaqAnswer:
    other = catalog.families[family.facts.compared_with or ""]
    known = [v for v in other.variants.values() if v.max_tokens]
    longest = max((v.max_tokens or 0 for v in known), default=0)
    reach = sorted(v.name for v in known if v.max_tokens == longest)
    own = max((v.max_tokens or 0 for v in family.variants.values()), default=0)
    text = f"They do different jobs. {family.facts.about} {other.facts.name}: {other.facts.about}"
    if other.facts.notes:
        text += f" {other.facts.notes[0].removeprefix('No: different task. ')}"
    text += (
        f" The longest input is {formatting.count(own)} tokens in {family.facts.name} and "
        f"{formatting.count(longest)} in {other.facts.name}, "
        f"the latter in {formatting.listed(reach)} only."
    )
    licensed = sorted((v.name, v.licence) for v in other.variants.values() if v.licence)
    for commercial, words in (
        (False, "Not for commercial use"),
        (None, "Whether commercial use is allowed was not found out"),
    ):
        named = [n for n, key in licensed if catalog.licences[key].commercial_use is commercial]
        if named:
            text += f" {words}: {formatting.listed(named)}."
    sources = {
        *family.facts.source_ids("about"),
        *other.facts.source_ids("about"),
        *other.facts.source_ids("notes"),
    }
    for variant in known:
        sources |= set(variant.source_ids("max_tokens"))
    question = f"How does {family.facts.name} compare to {other.facts.name}?"
    return FaqAnswer(question, text, tuple(sorted(sources)))


def _which(catalog: Catalog, family: LoadedFamily) -> FaqAnswer:
    sources: set[str] = set()
    parts = [
        "It depends on your languages, lengths, volume and budget: "
        "Advise answers for your workload."
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
    variants = family.variants.values()
    dated = [
        (v.released, key)
        for key, v in family.variants.items()
        if v.released and v.kind != "language-model"
    ]
    if dated:
        day, newest = max(dated)
        variant = family.variants[newest]
        article = "an" if variant.kind[0] in "aeiou" else "a"
        parts.append(f"The latest is {variant.name} ({day.isoformat()}), {article} {variant.kind}.")
        sources |= set(variant.source_ids("released"))
        longest = max(v.max_tokens or 0 for v in variants)
        names = formatting.listed(sorted(v.name for v in variants if v.max_tokens == longest))
        parts.append(f"The longest input, {formatting.count(longest)} tokens, is taken by {names}.")
    if any(v.kind == "reranker" for v in variants):
        parts.append(
            "A reranker does not take the place of an embedder: "
            "it orders the candidates that one has found."
        )
    for gone in withdrawn_offers(catalog, family.variants):
        parts.append(gone.text)
        sources |= set(gone.sources)
    question = f"Which {family.facts.name} model should I use?"
    return FaqAnswer(question, " ".join(parts), tuple(sorted(sources)))
