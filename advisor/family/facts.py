"""A variant's figures as text with units, where each was read, and the releases of a family."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.catalog import Catalog, LoadedFamily
from advisor.catalog.instructions import instruction_tokens
from advisor.catalog.schema import Correction, Variant
from advisor.sizing.tokens import needed_instruction, special_tokens

JOBS = {"embedder": "embedding", "reranker": "reranking", "language-model": "text generation"}
CORRECTED_AS = {"released": "released", "max_tokens": "context", "parameters": "parameters"}
"""What a correction of the listing calls a field."""
SIGNALS = {"embedder": "outputs", "reranker": "kind"}
"""The field that the listing's signals speak of, by kind."""
INSTRUCTION = ("query_instruction", "query_instruction_required")
"""Fields that say whether a query has an instruction."""
WHERE_KNOWN = ("score", "weights_bytes", "sliding_window", "hosted_limit_seen", "licence_url")
"""Fields left out where nothing is known, as they do not apply to every variant."""


Shown = tuple[str, str | None, *tuple[str, ...]]
"""Label, value (None or empty where it is not known), and the fields that it comes of."""


class Release(NamedTuple):
    """One mark of the timeline; `day` is ISO, a month counts as its first day."""

    name: str
    day: str
    kind: str


class Fact(NamedTuple):
    """A figure as shown, where it was read, and the correction where the listing differs."""

    label: str
    value: str
    sources: tuple[str, ...]
    correction: Correction | None = None


def month(variant: Variant) -> str:
    """`2024-07`: the month of release."""
    return variant.released.strftime("%Y-%m") if variant.released else formatting.NOT_KNOWN


def status(catalog: Catalog, variant: Variant) -> str:
    """`Current`, or by which variant it is replaced."""
    successor = variant.replaced_by
    return f"Replaced by {catalog.variants[successor].name}" if successor else "Current"


def newest_first(family: LoadedFamily) -> list[tuple[str, Variant]]:
    """A family's variants, the latest release first, then the larger first."""
    return sorted(
        family.variants.items(),
        key=lambda item: (item[1].released or date.min, item[1].parameters or 0, item[0]),
        reverse=True,
    )


def job(variant: Variant) -> str:
    """`embedding`, `reranking` or `text generation`."""
    return JOBS[variant.kind]


def signals(variant: Variant) -> list[str]:
    """The job, the outputs beyond the usual one, the longest input, the size."""
    rich = _hyphened(output for output in variant.outputs if output in ("sparse", "multi_vector"))
    length = [f"{formatting.count(variant.max_tokens)} tokens"] if variant.max_tokens else []
    size = [formatting.parameters(variant.parameters)] if variant.parameters else []
    return [job(variant), *rich, *length, *size]


def release_groups(family: LoadedFamily) -> dict[str, list[str]]:
    """Names by month of release, the latest first; those without a date under `not known`, last."""
    groups: dict[str, list[str]] = {}
    for _, variant in newest_first(family):
        groups.setdefault(month(variant), []).append(variant.name)
    return groups


def releases(family: LoadedFamily) -> list[Release]:
    """The dated releases of a family, for the timeline."""
    dated = [(v, v.released) for _, v in sorted(family.variants.items()) if v.released]
    return [Release(v.name, released.isoformat(), v.kind) for v, released in dated]


def correction(family: LoadedFamily, variant_id: str | None, field: str) -> Correction | None:
    """The correction of one field of a variant, or of the family."""
    of_variant = (c for c in family.corrections if c.variant == variant_id)
    return next((c for c in of_variant if c.field == field), None)


def variant_facts(catalog: Catalog, variant_id: str) -> list[Fact]:
    """All facts of a variant that are shown, in a fixed order; unknown ones say so."""
    variant, family = catalog.variants[variant_id], catalog.family_of(variant_id)
    corrected_as = CORRECTED_AS | {SIGNALS.get(variant.kind, ""): "signals"}
    return [
        Fact(
            label,
            value or formatting.NOT_KNOWN,
            tuple(dict.fromkeys(key for field in fields for key in variant.source_ids(field))),
            correction(family, variant_id, corrected_as.get(fields[0], "")),
        )
        for label, value, *fields in _shown(catalog, variant)
        if value or fields[0] not in WHERE_KNOWN
    ]


def _shown(catalog: Catalog, variant: Variant) -> list[Shown]:
    """All facts, in order."""
    licence = catalog.licences.get(variant.licence or "")
    recommended = _tokens(variant.recommended_tokens, variant.recommended_by)
    size = variant.parameters
    parameters = f"{formatting.count(size)} ({formatting.parameters(size)})" if size else None
    body = formatting.count(variant.non_embedding_parameters)
    sizes = (variant.weights_bytes or {}).items()
    return [
        ("Job", job(variant), "kind"),
        ("Outputs", formatting.listed(_hyphened(variant.outputs)), "outputs"),
        ("Released", variant.released and variant.released.isoformat(), "released"),
        ("Longest input", _tokens(variant.max_tokens, variant.max_tokens_scope), "max_tokens"),
        ("Recommended input", recommended, "recommended_tokens"),
        ("Window of attention", _tokens(variant.sliding_window, None), "sliding_window"),
        ("Longest input at a host", _limits_at_hosts(variant), "hosted_limit_seen"),
        ("Score", variant.score, "score"),
        *(_of_vectors(variant) if variant.kind == "embedder" else ()),
        *_tokens_added(variant),
        ("Parameters", parameters, "parameters"),
        ("Parameters without the vocabulary", body, "non_embedding_parameters"),
        ("Languages", language_list(variant), "languages"),
        ("Languages in training", variant.languages_training, "languages_training"),
        ("Licence", licence.name if licence else variant.licence, "licence"),
        ("Terms of the licence", variant.licence_url, "licence_url"),
        ("Tokenizer", variant.tokenizer, "tokenizer"),
        ("Layers, hidden size, heads", _shape(variant), "layers"),
        ("Hub id", variant.hub_id, "hub_id"),
        ("Trained from", variant.base_model, "base_model"),
        ("ONNX files", _onnx_files(variant), "onnx_available"),
        ("Weights", ", ".join(f"{p} {formatting.memory(n)}" for p, n in sizes), "weights_bytes"),
    ]


def _of_vectors(variant: Variant) -> list[Shown]:
    """What embedders alone have, in the same way."""
    pooling = {"cls": "CLS (first token)", "last_token": "last token"}
    pooled, instruction = variant.pooling or "", variant.query_instruction
    return [
        ("Vector dimensions", formatting.count(variant.embedding_dim), "embedding_dim"),
        ("Pooling", pooling.get(pooled, pooled), "pooling"),
        ("Query instruction", repr(instruction) if instruction else "none", "query_instruction"),
    ]


def _tokens_added(variant: Variant) -> list[Shown]:
    """What is counted and paid for beside the text itself, in the same way."""
    special = special_tokens(variant)
    if variant.kind == "reranker":
        return [("Tokens added to a pair", _added(special), "special_tokens_per_pair")]
    if variant.kind != "embedder":
        return []
    field, needed = "special_tokens_per_text", needed_instruction(variant)
    to_query, (more, rough) = _added(special, needed), instruction_tokens(variant)
    if more and not needed[0]:
        about = "about " if rough else ""
        to_query += f", and {about}{formatting.count(more)} more with the optional instruction"
    return [
        ("Tokens added to a query", to_query, field, "query_instruction_tokens", *INSTRUCTION),
        ("Tokens added to a passage", _added(special), field),
    ]


def _added(*counts: tuple[int, bool]) -> str:
    """`2`, `about 17, estimated`: the sum of counts, each with whether it is an estimate."""
    tokens = formatting.count(sum(number for number, _ in counts))
    estimates = [estimated for number, estimated in counts if number]
    if not any(estimates):
        return tokens
    return f"about {tokens}, {'' if all(estimates) else 'partly '}estimated"


def language_list(variant: Variant) -> str:
    """The languages by name, or how many there are, with how complete the list is."""
    if variant.languages is None:
        return "no list published"
    names = [language(code) for code in variant.languages]
    shown = ", ".join(names) if len(names) <= 12 else f"{len(names)} languages"
    return shown if variant.languages_complete else f"{shown} (and more, says its publisher)"


def specification(catalog: Catalog, family: LoadedFamily) -> list[dict[str, str]]:
    """The specifications table: one row a variant."""
    return [
        {
            "id": key,
            "Model": v.name,
            "Released": v.released.isoformat() if v.released else formatting.NOT_KNOWN,
            "Longest input (tokens)": formatting.count(v.max_tokens),
            "Recommended (tokens)": formatting.count(v.recommended_tokens),
            "Dimensions": formatting.count(v.embedding_dim)
            if v.kind == "embedder"
            else "no vectors",
            "Parameters": formatting.parameters(v.parameters),
            "Licence": v.licence or formatting.NOT_KNOWN,
        }
        for key, v in newest_first(family)
    ]


def _hyphened(outputs: Iterable[str]) -> list[str]:
    return [output.replace("_", "-") for output in outputs]


def _tokens(number: int | None, remark: str | None) -> str | None:
    shown = f"{formatting.count(number)} tokens" + (f" ({remark})" if remark else "")
    return shown if number else None


def _limits_at_hosts(variant: Variant) -> str:
    limits = variant.hosted_limit_seen
    return ", ".join(
        f"{formatting.count(limit.tokens)} tokens at {limit.provider}" for limit in limits
    )


def _onnx_files(variant: Variant) -> str | None:
    """Who publishes ONNX files, and where; that none do where that was looked up."""
    exports = (
        f"{export.repo} by {export.publisher}" + (f" ({export.note})" if export.note else "")
        for export in variant.onnx_available
    )
    return "; ".join(exports) or ("none found" if variant.source_ids("onnx_available") else None)


def _shape(variant: Variant) -> str | None:
    shape = (variant.layers, variant.hidden_size, variant.heads)
    return ", ".join(formatting.count(number) for number in shape) if variant.layers else None
