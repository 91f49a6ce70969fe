"""What each variant is for, from its facts and the evidence: when to use it, and when not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from advisor.ask.labels import language
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
        text = listing.keep_only(_newest(catalog, variant_id).name)
        return VariantAdvice(text, (), (), presets)
    if variant.kind == "language-model":
        text = (
            "For generating text. It makes no vectors and no relevance scores, "
            "so it cannot be used for retrieval."
        )
        return VariantAdvice(text, (), (), presets)
    text = _sentence(catalog, variant_id, variant)
    wins = tuple(_wins(catalog, variant_id, variant))
    return VariantAdvice(text, wins, tuple(_not_when(catalog, variant_id, variant)), presets)


def siblings(catalog: Catalog, variant_id: str) -> dict[str, Variant]:
    """The other variants of the family with the same job that none replaces."""
    kind, family = catalog.variants[variant_id].kind, catalog.family_of(variant_id)
    return {
        k: other for k, other in family.current.items() if k != variant_id and other.kind == kind
    }


def _newest(catalog: Catalog, variant_id: str) -> Variant:
    """The variant at the end of those that replace each other."""
    while key := catalog.variants[variant_id].replaced_by:
        variant_id = key
    return catalog.variants[variant_id]


def languages(variant: Variant) -> str:
    """The languages in words: `English only`, `English and Chinese`, `English, ... and more`."""
    if not variant.languages:
        return "languages that are not listed"
    if len(variant.languages) > 10:
        return "many languages"
    names = [language(code) for code in variant.languages]
    if len(names) == 1 and variant.languages_complete is not False:
        return f"{names[0]} only"
    if variant.languages_complete:
        return formatting.listed(names)
    return f"{', '.join(names)} and more"


def _sentence(catalog: Catalog, variant_id: str, variant: Variant) -> str:
    """At most 140 characters: the job, the texts, and what sets it apart from its siblings."""
    words = languages(variant)
    text = "English text" if words == "English only" else f"text in {words}"
    limit = f" up to {formatting.count(variant.max_tokens)} tokens" if variant.max_tokens else ""
    apart = _apart(catalog, variant_id, variant)
    if variant.kind == "reranker":
        limit = f", query and passage together{limit}" if limit else ""
        return f"For reranking {text}{limit}{apart}."
    return f"For searching {text}{limit}{apart}."


def _apart(catalog: Catalog, variant_id: str, variant: Variant) -> str:
    """What sets a variant apart from its siblings for the same languages, else from all."""
    if rich := _rich(variant):
        return f", or for {formatting.listed(rich, 'or')} output"
    others = siblings(catalog, variant_id)
    peers = {k: other for k, other in others.items() if other.languages == variant.languages}
    peers = peers or others
    sizes = [other.parameters or 0 for other in peers.values()]  # 0: not known, so none is smaller
    if sizes and variant.parameters and variant.parameters < min(sizes):
        return ", when cost or memory matters most"
    ranking = _ranking(catalog, variant_id)
    rest = [score for key, score in ranking[1].items() if key in peers] if ranking else []
    if not ranking or not rest:
        return ""
    if ranking[1][variant_id] - max(rest) >= evidence.EQUAL_POINTS:
        return ", when quality matters most"
    return ", a middle ground between size and quality" if len(peers) > 1 or peers != others else ""


def _rich(variant: Variant) -> list[str]:
    """What an embedder gives beside the dense vector, in words."""
    return [o.replace("_", "-") for o in variant.outputs if o in ("sparse", "multi_vector")]


def _ranking(catalog: Catalog, variant_id: str) -> tuple[str, dict[str, float]] | None:
    """The preferred set with this variant and a sibling for its languages, and their scores."""
    variant = catalog.variants[variant_id]
    few = variant.languages and len(variant.languages) <= 10
    codes = tuple(variant.languages or ())[:1] if few else ("en",)
    rivals = {variant_id, *siblings(catalog, variant_id)}
    for chosen in evidence.admissible(catalog, evidence.ScoresWanted(variant.kind, codes)):
        known = evidence.scores(catalog, chosen.id, codes)
        scores = {key: score for key, score in known.items() if key in rivals}
        if variant_id in scores and len(scores) > 1:
            return chosen.id, scores
    return None


def _wins(catalog: Catalog, variant_id: str, variant: Variant) -> Iterator[AdviceClaim]:
    ranking = _ranking(catalog, variant_id)
    if ranking:
        yield _score_claim(catalog, variant_id, *ranking)
    others = siblings(catalog, variant_id).values()
    # what is not known of a sibling could be the smaller or the longer
    for field, least, lead, unit in (
        ("embedding_dim", True, "smallest vectors", "values"),
        ("parameters", True, "smallest model", "parameters"),
        ("max_tokens", False, "longest input", "tokens"),
    ):
        own, figures = getattr(variant, field), {getattr(other, field) for other in others}
        if not own or not figures or None in figures:
            continue
        rest = sorted(figures)
        if own < rest[0] if least else own > rest[-1]:
            show = formatting.parameters if field == "parameters" else formatting.count
            against = formatting.listed([show(number) for number in rest])
            text = f"The {lead} of its kind here: {show(own)} {unit} against {against}."
            yield AdviceClaim(text, variant.source_ids(field))
    if rich := _rich(variant):
        only = others and not any(set(_rich(other)) & set(rich) for other in others)
        lead = "The only one with" if only else "It has"
        text = f"{lead} {formatting.listed(rich)} output as well as dense vectors."
        yield AdviceClaim(text, variant.source_ids("outputs"))
    lowest = price_list.lowest(catalog, catalog.family_of(variant_id), variant.kind)
    cheapest = [row for row in lowest.offers if row[2].variant == variant_id] if lowest else []
    if lowest and cheapest:
        names = sorted({v.name for v, _, offer in lowest.offers if offer.variant != variant_id})
        where = formatting.listed(list(dict.fromkeys(provider.name for _, provider, _ in cheapest)))
        price = f"{formatting.price(lowest.usd_per_1m)} at {where}"
        tie = f", the same as {formatting.listed(names)}" if names else ""
        sources = {s for _, _, offer in cheapest for s in offer.source_ids("usd_per_1m_input")}
        text = f"The lowest known hosted price of its kind: {price}{tie}."
        yield AdviceClaim(text, tuple(sorted(sources)))


def _score_claim(
    catalog: Catalog, variant_id: str, set_id: str, scores: dict[str, float]
) -> AdviceClaim:
    """Where the variant stands on the preferred set, best or not."""
    chosen, own = catalog.evidence_sets[set_id], scores[variant_id]
    rest = sorted((score for key, score in scores.items() if key != variant_id), reverse=True)
    place = 1 + sum(score > own for score in rest)
    words = ("best", "second best", "third best", "fourth best", "fifth best")
    word = words[place - 1] if place <= len(words) else f"number {place}"
    text = (
        f"The {word} of {len(scores)} on {evidence.describe(catalog, chosen)}: "
        f"{formatting.points(own)} against "
        f"{formatting.listed([formatting.points(score) for score in rest])}."
    )
    of_set = catalog.quality["benchmark"] == chosen.benchmark
    return AdviceClaim(text, tuple(sorted(set(catalog.quality[of_set]["source_id"]))))


def _not_when(catalog: Catalog, variant_id: str, variant: Variant) -> Iterator[AdviceClaim]:
    others = siblings(catalog, variant_id)
    for field, text in _outdone(variant, others.values()):
        yield AdviceClaim(text, variant.source_ids(field))
    if not variant.languages or ("en" in variant.languages and len(variant.languages) > 1):
        wanted = evidence.ScoresWanted(variant.kind, ("en",))
        english = evidence.choose(catalog, wanted, {variant_id, *others})
        if variant_id in english.unranked and english.ranks:
            text = f"No comparable score in English alone: {english.unranked[variant_id]}."
            yield AdviceClaim(text, english.source_ids)
    for field, text in _stated_limits(catalog, variant):
        yield AdviceClaim(text, variant.source_ids(field))
    standing = (o for _, _, o in catalog.standing_offers() if o.variant == variant_id)
    if not any(map(price_list.priced, standing)):
        lead = "Not if you need a hosted API"
        yield AdviceClaim(f"{lead}: no offer with a known price was found.", ())


def _outdone(variant: Variant, others: Iterable[Variant]) -> Iterator[tuple[str, str]]:
    """(field, sentence) where a sibling takes more languages or tokens."""
    if variant.languages_complete and variant.languages:
        few = len(variant.languages)
        wider = sorted(o.name for o in others if len(o.languages or ()) > few)
        if wider:
            names = languages(variant).removesuffix(" only") if few <= 10 else f"its {few}"
            lead = f"For languages other than {names}, use"
            yield "languages", f"{lead} {formatting.listed(wider, 'or')}."
    most = variant.max_tokens
    longer = sorted(o.name for o in others if most and (o.max_tokens or 0) > most)
    if longer:
        together = " (query and passage together)" if variant.kind == "reranker" else ""
        lead = f"Over {formatting.count(most)} tokens{together}, use"
        yield "max_tokens", f"{lead} {formatting.listed(longer, 'or')}."


def _stated_limits(catalog: Catalog, variant: Variant) -> Iterator[tuple[str, str]]:
    """(field, sentence) for each limit that the variant's own facts state."""
    trained, most = variant.recommended_tokens, variant.max_tokens
    if trained and most and trained < most:
        lead = f"Take care over {formatting.count(trained)} tokens"
        text = f"{lead}: it accepts {formatting.count(most)}, but was trained at that length."
        yield "recommended_tokens", text
    for successor in variant.successors:
        newer = catalog.variants[successor.variant]
        if newer.replaced_by is None:
            text = f"For {successor.use_for} its publisher recommends {newer.name}."
            yield "successors", text
    licence = catalog.licences.get(variant.licence or "")
    if licence and licence.permissive is False:
        lead = "Not if you need a permissive licence"
        yield "licence", f"{lead}: it comes under {licence.name}."
    if variant.query_instruction_required:
        text = "Not if queries cannot carry a task instruction: it needs one."
        yield "query_instruction_required", text
    if variant.kind == "reranker":
        yield "outputs", "It cannot replace an embedder: it scores pairs and makes no vectors."
