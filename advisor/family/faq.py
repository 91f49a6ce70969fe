"""Questions about a family, answered in either view, each with what the answer rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from advisor.base import formatting
from advisor.catalog import Catalog, LoadedFamily
from advisor.catalog.schema import Variant
from advisor.family import listing
from advisor.family.price_list import lowest

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
            for question, answer in listing.as_listed(family).faq
        ]
    entries = [
        _used_for(family),
        *([_compared(catalog, family)] if family.facts.compared_with else []),
        _which(catalog, family),
    ]
    return entries + [
        FaqAnswer(q.question, q.answer, tuple(sorted({s for _, s in q.all_source_ids()})))
        for q in family.questions
    ]


def _used_for(family: LoadedFamily) -> FaqAnswer:
    name = family.facts.name
    kinds = {
        kind: [v for v in family.variants.values() if v.kind == kind]
        for kind in ("embedder", "reranker", "language-model")
    }
    parts, sources = [], set(family.facts.source_ids("about"))
    if kinds["embedder"]:
        parts.append(f"embedding texts for search ({_counted(kinds['embedder'], 'embedder')})")
    if kinds["reranker"]:
        parts.append(f"reranking what a search found ({_counted(kinds['reranker'], 'reranker')})")
    if kinds["language-model"]:
        parts.append(f"generating text ({_counted(kinds['language-model'], 'language model')})")
    text = f"{name} is used for {formatting.listed(parts)}."
    rich = [v for v in kinds["embedder"] if set(v.outputs) > {"dense"}]
    for variant in rich:
        text += (
            f" {variant.name} gives "
            f"{formatting.listed([o.replace('_', '-') for o in variant.outputs])} vectors; "
            "the others give dense ones."
        )
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
    for commercial, words in (
        (False, "Not for commercial use"),
        (None, "Whether commercial use is allowed was not found out"),
    ):
        named = sorted(
            v.name
            for v in other.variants.values()
            if v.licence and catalog.licences[v.licence].commercial_use is commercial
        )
        if named:
            text += f" {words}: {formatting.listed(named)}."
    sources = {
        *family.facts.source_ids("about"),
        *other.facts.source_ids("about"),
        *other.facts.source_ids("notes"),
    }
    for variant in known:
        sources |= set(variant.source_ids("max_tokens"))
    return FaqAnswer(
        f"How does {family.facts.name} compare to {other.facts.name}?", text, tuple(sorted(sources))
    )


def _which(catalog: Catalog, family: LoadedFamily) -> FaqAnswer:
    sources: set[str] = set()
    parts = [
        "It depends on your languages, lengths, volume and budget: "
        "Advise answers for your workload."
    ]
    for kind, job in (
        ("embedder", "To find passages"),
        ("reranker", "To reorder what a search found"),
    ):
        least = lowest(catalog, family, kind)
        if least is None:
            continue
        names = sorted({variant.name for variant, _, _ in least.offers})
        where = list(
            dict.fromkeys(
                provider.name + (" (by an aggregator)" if offer.tier == "aggregator" else "")
                for _, provider, offer in least.offers
            )
        )
        parts.append(
            f"{job}, the lowest known price is {formatting.price(least.usd_per_1m)} input tokens: "
            f"{formatting.listed(names)} at {formatting.listed(where)}."
        )
        sources |= {s for _, _, offer in least.offers for s in offer.source_ids("usd_per_1m_input")}
    dated = {
        key: v.released
        for key, v in family.variants.items()
        if v.released and v.kind != "language-model"
    }
    if dated:
        newest = max(dated, key=lambda key: (dated[key], key))
        variant = family.variants[newest]
        parts.append(
            f"The latest is {variant.name} ({formatting.day(variant.released)}), "
            f"{_article(variant.kind)}."
        )
        sources |= set(variant.source_ids("released"))
        longest = max(v.max_tokens or 0 for v in family.variants.values())
        names = sorted(v.name for v in family.variants.values() if v.max_tokens == longest)
        parts.append(
            f"The longest input, {formatting.count(longest)} tokens, is taken by "
            f"{formatting.listed(names)}."
        )
    if any(v.kind == "reranker" for v in family.variants.values()):
        parts.append(
            "A reranker does not take the place of an embedder: "
            "it orders the candidates that one has found."
        )
    return FaqAnswer(
        f"Which {family.facts.name} model should I use?", " ".join(parts), tuple(sorted(sources))
    )


def _counted(variants: list[Variant], word: str) -> str:
    return f"{len(variants)} {word}{'' if len(variants) == 1 else 's'}"


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
