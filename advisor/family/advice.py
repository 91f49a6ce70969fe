"""What each variant is for, from its facts and the evidence: when to use it, and when not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.decide import evidence
from advisor.family import listing, price_list


class AdviceClaim(NamedTuple):
    """One sentence and the ids of the sources of its figures."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class VariantAdvice:
    """Verified advice for one variant; `presets` are the ids of the workloads that pick it."""

    sentence: str
    wins: tuple[AdviceClaim, ...]
    not_when: tuple[AdviceClaim, ...]
    presets: tuple[str, ...]


def use_when(
    catalog: Catalog, variant_id: str, picked_by: Mapping[str, tuple[str, ...]] | None = None
) -> VariantAdvice:
    """Advice for a variant; `picked_by` has the variants that the engine picks for each preset."""
    variant = catalog.variants[variant_id]
    presets = tuple(preset for preset, picked in (picked_by or {}).items() if variant_id in picked)
    if variant.replaced_by:
        return VariantAdvice(
            listing.keep_only(catalog.variants[variant.replaced_by].name), (), (), presets
        )
    if variant.kind == "language-model":
        text = (
            "To generate text; it makes no vectors and no relevance "
            "scores, so it is no choice for retrieval."
        )
        return VariantAdvice(text, (), (), presets)
    wins = tuple(_wins(catalog, variant_id, variant))
    return VariantAdvice(
        _sentence(catalog, variant_id, variant),
        wins,
        tuple(_not_when(catalog, variant_id, variant)),
        presets,
    )


def siblings(catalog: Catalog, variant_id: str) -> dict[str, Variant]:
    """The other variants of the family with the same job."""
    variant = catalog.variants[variant_id]
    family = catalog.family_of(variant_id)
    return {
        key: other
        for key, other in family.variants.items()
        if key != variant_id and other.kind == variant.kind
    }


def languages(variant: Variant) -> str:
    """The languages in words: `English only`, `English and Chinese`, `English, ... and more`."""
    names = {
        "en": "English",
        "zh": "Chinese",
        "ja": "Japanese",
        "ko": "Korean",
        "fr": "French",
        "de": "German",
    }
    if variant.languages is None:
        return "languages not listed"
    if len(variant.languages) > 10:
        return "many languages"
    known = formatting.listed([names.get(code, code) for code in variant.languages])
    if len(variant.languages) == 1:
        return f"{known} only"
    return (
        known
        if variant.languages_complete
        else f"{known.replace(' and ', ' ').replace(', and', ',')} and more"
    )


def _sentence(catalog: Catalog, variant_id: str, variant: Variant) -> str:
    """At most 140 characters: the job, the texts, and what sets it apart from its siblings."""
    language_words = languages(variant)
    text = {"English only": "English text", "many languages": "text in many languages"}.get(
        language_words, f"text in {language_words}"
    )
    limit = f"up to {formatting.count(variant.max_tokens)} tokens"
    if variant.kind == "reranker":
        return (
            f"To reorder what a search found: {text}, query and passage together "
            f"{limit}{_apart(catalog, variant_id, variant)}."
        )
    return f"To search {text} {limit}{_apart(catalog, variant_id, variant)}."


def _apart(catalog: Catalog, variant_id: str, variant: Variant) -> str:
    """What sets a variant apart from its siblings for the same languages, else from all."""
    if set(variant.outputs) > {"dense"}:
        return ", or for sparse or multi-vector output"
    others = siblings(catalog, variant_id)
    peers = {
        key: other for key, other in others.items() if other.languages == variant.languages
    } or others
    if all((variant.parameters or 0) < (other.parameters or 0) for other in peers.values()):
        return ", where cost or memory come first"
    ranking = _ranking(catalog, variant_id)
    rest = [score for key, score in ranking[1].items() if key in peers] if ranking else []
    if ranking and rest and ranking[1][variant_id] - max(rest) >= evidence.EQUAL_POINTS:
        return ", where quality comes first"
    return ", between size and quality" if len(peers) > 1 or peers != others else ""


def _ranking(catalog: Catalog, variant_id: str) -> tuple[str, dict[str, float]] | None:
    """The preferred set with this variant and a sibling for its languages, and their scores."""
    variant = catalog.variants[variant_id]
    wanted_languages = (
        tuple(variant.languages or ())[:1]
        if variant.languages and len(variant.languages) <= 10
        else ("en",)
    )
    rivals = {variant_id, *siblings(catalog, variant_id)}
    for chosen in evidence.admissible(
        catalog, evidence.ScoresWanted(variant.kind, wanted_languages)
    ):
        scores = {
            key: score
            for key, score in evidence.scores(catalog, chosen.id, wanted_languages).items()
            if key in rivals
        }
        if variant_id in scores and len(scores) > 1:
            return chosen.id, scores
    return None


def _wins(catalog: Catalog, variant_id: str, variant: Variant) -> list[AdviceClaim]:
    claims = []
    others = siblings(catalog, variant_id)
    ranking = _ranking(catalog, variant_id)
    if ranking:
        claims.append(_score_claim(catalog, variant_id, *ranking))
    for field, least, text in (
        (
            "embedding_dim",
            True,
            "The smallest vectors of its kind here: {own} values against {others}.",
        ),
        (
            "parameters",
            True,
            "The smallest model of its kind here: {own} parameters against {others}.",
        ),
        ("max_tokens", False, "The longest input of its kind here: {own} tokens against {others}."),
    ):
        own = getattr(variant, field)
        rest = sorted({getattr(other, field) for other in others.values() if getattr(other, field)})
        if own and rest and (own < rest[0] if least else own > rest[-1]):
            show = formatting.parameters if field == "parameters" else formatting.count
            claims.append(
                AdviceClaim(
                    text.format(own=show(own), others=formatting.listed([show(n) for n in rest])),
                    variant.source_ids(field),
                )
            )
    if set(variant.outputs) > {"dense"}:
        claims.append(
            AdviceClaim(
                "The only one with sparse and multi-vector output beside the dense vector.",
                variant.source_ids("outputs"),
            )
        )
    least_price = price_list.lowest(catalog, catalog.family_of(variant_id), variant.kind)
    if least_price and any(offer.variant == variant_id for _, _, offer in least_price.offers):
        names = sorted({v.name for v, _, o in least_price.offers if o.variant != variant_id})
        where = formatting.listed(
            list(dict.fromkeys(p.name for _, p, o in least_price.offers if o.variant == variant_id))
        )
        tie = f", the same as {formatting.listed(names)}" if names else ""
        sources = tuple(
            sorted(
                {
                    s
                    for _, _, o in least_price.offers
                    if o.variant == variant_id
                    for s in o.source_ids("usd_per_1m_input")
                }
            )
        )
        claims.append(
            AdviceClaim(
                "The lowest known hosted price of its kind: "
                f"{formatting.price(least_price.usd_per_1m)} at {where}{tie}.",
                sources,
            )
        )
    return claims


def _score_claim(
    catalog: Catalog, variant_id: str, set_id: str, scores: dict[str, float]
) -> AdviceClaim:
    """Where the variant stands on the preferred set, best or not."""
    chosen = catalog.evidence_sets[set_id]
    own = scores[variant_id]
    rest = sorted((score for key, score in scores.items() if key != variant_id), reverse=True)
    place = 1 + sum(score > own for score in rest)
    word = (
        "best"
        if place == 1
        else f"{('second', 'third', 'fourth', 'fifth')[place - 2]} best"
        if place <= 5
        else f"number {place}"
    )
    text = (
        f"The {word} of {len(scores)} on {evidence.describe(catalog, chosen)}: "
        f"{formatting.points(own)} against "
        f"{formatting.listed([formatting.points(score) for score in rest])}."
    )
    return AdviceClaim(
        text,
        tuple(
            sorted(
                set(catalog.quality[catalog.quality["benchmark"] == chosen.benchmark]["source_id"])
            )
        ),
    )


def _not_when(catalog: Catalog, variant_id: str, variant: Variant) -> list[AdviceClaim]:
    claims = []
    others = siblings(catalog, variant_id)
    if variant.languages_complete and variant.languages:
        wider = sorted(
            o.name
            for o in others.values()
            if o.languages is not None and len(o.languages) > len(variant.languages)
        )
        if wider:
            claims.append(
                AdviceClaim(
                    f"Not for other languages than {languages(variant).removesuffix(' only')}: "
                    f"{formatting.listed(wider, 'or')}.",
                    variant.source_ids("languages"),
                )
            )
    longer = sorted(
        o.name for o in others.values() if (o.max_tokens or 0) > (variant.max_tokens or 0)
    )
    if longer:
        scope = "query and passage together" if variant.kind == "reranker" else "a text"
        claims.append(
            AdviceClaim(
                f"Not for more than {formatting.count(variant.max_tokens)} tokens for {scope}: "
                f"{formatting.listed(longer, 'or')}.",
                variant.source_ids("max_tokens"),
            )
        )
    if variant.languages is None or len(variant.languages) > 1:
        english = evidence.choose(
            catalog, evidence.ScoresWanted(variant.kind, ("en",)), {variant_id, *others}
        )
        if variant_id in english.unranked and english.ranks:
            claims.append(
                AdviceClaim(
                    f"For English alone it is not ranked: {english.unranked[variant_id]}.",
                    english.source_ids,
                )
            )
    if (
        variant.recommended_tokens
        and variant.max_tokens
        and variant.recommended_tokens < variant.max_tokens
    ):
        claims.append(
            AdviceClaim(
                f"With care over {formatting.count(variant.recommended_tokens)} tokens: "
                f"it takes {formatting.count(variant.max_tokens)}, but was trained at that length.",
                variant.source_ids("recommended_tokens"),
            )
        )
    for successor in variant.successors:
        claims.append(
            AdviceClaim(
                f"For {successor.use_for} its publisher recommends "
                f"{catalog.variants[successor.variant].name}.",
                variant.source_ids("successors"),
            )
        )
    licence = catalog.licences.get(variant.licence or "")
    if licence and not licence.permissive:
        claims.append(
            AdviceClaim(
                f"Not where a permissive licence is asked for: it comes under {licence.name}.",
                variant.source_ids("licence"),
            )
        )
    if variant.query_instruction_required:
        claims.append(
            AdviceClaim(
                "Not where queries cannot carry a task instruction: it needs one.",
                variant.source_ids("query_instruction_required"),
            )
        )
    if variant.kind == "reranker":
        claims.append(
            AdviceClaim(
                "Not in place of an embedder: it scores pairs and makes no vectors.",
                variant.source_ids("outputs"),
            )
        )
    if not any(
        o.variant == variant_id and o.usd_per_1m_input is not None and o.type != "trial"
        for _, _, o in catalog.offers()
    ):
        claims.append(
            AdviceClaim(
                "Not where it has to be hosted by a provider: "
                "no offer with a known price was found.",
                (),
            )
        )
    return claims
