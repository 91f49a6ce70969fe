"""What its facts say for a model over those that it is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.decide.build import covers
from advisor.explain.compared import Compared, Finding, each
from advisor.explain.score_claims import on_long_documents
from advisor.family import price_list

SMALLER = 0.9
"""The share of the next smallest up to which a size is worth a word."""
FEW_LANGUAGES = 10
"""Languages up to which they are named."""


def languages_asked(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it alone supports the languages that are searched."""
    wanted = compared.recommendation.workload.languages
    others = [key for key in compared.ids if key != variant_id]
    variants = compared.variants
    if not covers(variants[variant_id], wanted):
        return
    if any(covers(variants[key], wanted) is not False for key in others):
        return
    missing = [c for c in wanted if all(c not in (variants[k].languages or ()) for k in others)]
    verb = "does" if len(others) == 1 else "do"
    names = formatting.listed([language(code) for code in missing])
    if 0 < len(missing) <= 3:
        pronoun = "it" if len(missing) == 1 else "them"
        text = f"you search {names}: {compared.named(others)} {verb} not support {pronoun}"
        yield Finding(text, f"for {names}")
    else:
        lacks = "lacks" if len(others) == 1 else "lack"
        text = f"you need all your languages: {compared.named(others)} {lacks} some of them"
        yield Finding(text, "for all your languages")


def more_languages(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it covers every language of the others, and more."""
    own = compared.variants[variant_id]
    theirs: set[str] = set()
    for rival in compared.rivals(variant_id):
        if not rival.languages or not rival.languages_complete:
            return
        theirs |= set(rival.languages)
    more = [code for code in own.languages or () if code not in theirs]
    if not more or not theirs <= set(own.languages or ()):
        return
    if not covers(own, compared.recommendation.workload.languages):
        return
    if len(own.languages or ()) > FEW_LANGUAGES:
        count = formatting.count(len(own.languages or ()))
        text = f"it covers {count}" + ("" if own.languages_complete else " or more")
    else:
        names = sorted(language(code) for code in more)
        names += [] if own.languages_complete else ["more"]
        text = f"it also covers {formatting.listed(names)}"
    if not list(languages_asked(compared, variant_id)):
        yield Finding(f"you search other languages too: {text}", "for other languages")


def longer_input(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it reads longer texts, with what it was trained at and scores on long documents."""
    own = compared.variants[variant_id]
    limits = [rival.max_tokens for rival in compared.rivals(variant_id)]
    known = [limit for limit in limits if limit is not None]
    if own.max_tokens is None or len(known) < len(limits) or own.max_tokens <= max(known):
        return
    trained = own.recommended_tokens or own.max_tokens
    if trained <= max(known):
        return
    most, limit = formatting.count(own.max_tokens), formatting.count(max(known))
    reads = f"it reads {most}"
    if trained < own.max_tokens:
        reads += f", and was trained at {formatting.count(trained)}"
    elif against := on_long_documents(compared, variant_id):
        reads += f", and scores {against} on long documents"
    if compared.kind == "reranker":
        text = f"query and passage together exceed {limit} tokens: {reads}"
        yield Finding(text, f"for pairs over {limit} tokens")
    else:
        text = f"you keep passages over {limit} tokens whole: {reads}"
        yield Finding(text, f"for passages over {limit} tokens")


def outputs(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it gives what none of the others does beside a dense vector."""
    theirs = {output for rival in compared.rivals(variant_id) for output in rival.outputs}
    rich = [o for o in compared.variants[variant_id].outputs if o not in theirs and o != "dense"]
    if rich:
        names = formatting.listed([output.replace("_", "-") for output in rich], "or")
        short = f"for {rich[0].replace('_', '-')} output"
        yield Finding(f"you want {names} output from the same model", short)


def licence(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That its licence is permissive, and no other one is."""
    licences = compared.recommendation.catalog.licences
    own = licences.get(compared.variants[variant_id].licence or "")
    theirs = [licences.get(rival.licence or "") for rival in compared.rivals(variant_id)]
    if not own or not own.permissive:
        return
    if all(licence is not None and licence.permissive is False for licence in theirs):
        names = each(sorted(licence.name for licence in theirs if licence))
        text = f"you need a permissive licence: {own.name} against {names}"
        yield Finding(text, "for a permissive licence")


def hosted_price(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That a provider prices it, and none of the others; where a provider may be used."""
    workload = compared.recommendation.workload
    if workload.placement == "own" or not workload.data_may_leave:
        return
    standing = (offer for _, _, offer in compared.recommendation.catalog.standing_offers())
    priced = {o.variant for o in standing if o.variant in compared.plans and price_list.priced(o)}
    if priced == {variant_id}:
        others = compared.named(key for key in compared.ids if key != variant_id)
        text = f"you want a hosted API: no provider states a price for {others}"
        yield Finding(text, "for a hosted API")


def _smaller(own: float | None, sizes: Sequence[float | None]) -> list[float]:
    """The others' sizes, the smallest first, where its own is much smaller; else none."""
    known = sorted(size for size in sizes if size is not None)
    if own is None or len(known) < len(sizes) or own > SMALLER * known[0]:
        return []
    return known


def smaller_weights(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That its weights are smaller; by parameters where the size of files is not known."""
    own, rivals = compared.variants[variant_id], compared.rivals(variant_id)
    size, *sizes = ((v.weights_bytes or {}).get("fp16") for v in (own, *rivals))
    text = ""
    if size is not None and None not in sizes:
        if rest := _smaller(size, sizes):
            against = each([formatting.memory(other) for other in rest])
            text = f"{formatting.memory(size)} of fp16 weights against {against}"
    elif rest := _smaller(own.parameters, [rival.parameters for rival in rivals]):
        against = each([formatting.parameters(int(other)) for other in rest])
        text = f"{formatting.parameters(own.parameters)} parameters against {against}"
    if text:
        yield Finding(f"memory is tight: {text}", "where memory is tight")


def smaller_vectors(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That its vectors are shorter."""
    own = compared.variants[variant_id].embedding_dim
    theirs = [rival.embedding_dim for rival in compared.rivals(variant_id)]
    if own and (rest := _smaller(own, theirs)):
        against = each([formatting.count(size) for size in rest])
        text = f"your index must be small: vectors of {formatting.count(own)} dimensions against"
        yield Finding(f"{text} {against}", "for a small index")


def no_instruction(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That queries go as they are, where all others need an instruction."""
    own = compared.variants[variant_id].query_instruction_required
    if own is False and all(r.query_instruction_required for r in compared.rivals(variant_id)):
        text = "your queries cannot carry an instruction: it needs none"
        yield Finding(text, "for queries without an instruction")
