"""A variant's figures as text with units, where each was read, and the releases of a family."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from advisor.base import formatting
from advisor.catalog import Catalog, LoadedFamily
from advisor.catalog.schema import Correction, Variant


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
    return (
        f"Replaced by {catalog.variants[variant.replaced_by].name}"
        if variant.replaced_by
        else "Current"
    )


def newest_first(family: LoadedFamily) -> list[tuple[str, Variant]]:
    """A family's variants, the latest release first, then the larger first."""
    return sorted(
        family.variants.items(),
        key=lambda item: (item[1].released or date.min, item[1].parameters or 0, item[0]),
        reverse=True,
    )


def job(variant: Variant) -> str:
    """`embedding`, `reranking` or `text generation`."""
    return {"embedder": "embedding", "reranker": "reranking", "language-model": "text generation"}[
        variant.kind
    ]


def signals(variant: Variant) -> list[str]:
    """The job, the outputs beyond the usual one, the longest input, the size."""
    rich = [
        output.replace("_", "-")
        for output in variant.outputs
        if output in ("sparse", "multi_vector")
    ]
    length = [f"{formatting.count(variant.max_tokens)} tokens"] if variant.max_tokens else []
    return [
        job(variant),
        *rich,
        *length,
        *([formatting.parameters(variant.parameters)] if variant.parameters else []),
    ]


def release_groups(family: LoadedFamily) -> dict[str, list[str]]:
    """Names by month of release, the latest first; those without a date under `not known`, last."""
    groups: dict[str, list[str]] = {}
    for _, variant in newest_first(family):
        groups.setdefault(month(variant), []).append(variant.name)
    return groups


def releases(family: LoadedFamily) -> list[Release]:
    """The dated releases of a family, for the timeline."""
    return [
        Release(v.name, v.released.isoformat(), v.kind)
        for _, v in sorted(family.variants.items())
        if v.released
    ]


def correction(family: LoadedFamily, variant_id: str | None, field: str) -> Correction | None:
    """The correction of one field of a variant, or of the family."""
    return next(
        (c for c in family.corrections if c.variant == variant_id and c.field == field), None
    )


def variant_facts(catalog: Catalog, variant_id: str) -> list[Fact]:
    """All facts of a variant that are shown, in a fixed order; unknown ones say so."""
    variant, family = catalog.variants[variant_id], catalog.family_of(variant_id)
    licence = catalog.licences.get(variant.licence or "")
    rows: list[tuple[str, str, str, str]] = [
        ("Job", job(variant), "kind", "signals" if variant.kind == "reranker" else ""),
        (
            "Outputs",
            formatting.listed([output.replace("_", "-") for output in variant.outputs]),
            "outputs",
            "signals" if variant.kind == "embedder" else "",
        ),
        (
            "Released",
            formatting.day(variant.released) if variant.released else formatting.NOT_KNOWN,
            "released",
            "released",
        ),
        (
            "Longest input",
            _tokens(variant.max_tokens, variant.max_tokens_scope),
            "max_tokens",
            "context",
        ),
        (
            "Recommended input",
            _tokens(variant.recommended_tokens, variant.recommended_by),
            "recommended_tokens",
            "",
        ),
        (
            "Parameters",
            _counted(variant.parameters, formatting.parameters(variant.parameters)),
            "parameters",
            "parameters",
        ),
        (
            "Parameters without the token table",
            _counted(variant.non_embedding_parameters),
            "non_embedding_parameters",
            "",
        ),
        ("Languages", language_list(variant), "languages", ""),
        (
            "Licence",
            licence.name if licence else variant.licence or formatting.NOT_KNOWN,
            "licence",
            "",
        ),
        ("Tokenizer", variant.tokenizer or formatting.NOT_KNOWN, "tokenizer", ""),
        ("Layers, hidden size, heads", _shape(variant), "layers", ""),
        ("Hub id", variant.hub_id or formatting.NOT_KNOWN, "hub_id", ""),
    ]
    if variant.kind == "embedder":
        rows[5:5] = [
            ("Vector dimensions", _counted(variant.embedding_dim), "embedding_dim", ""),
            (
                "Pooling",
                {"cls": "CLS (first token)", "last_token": "last token"}.get(
                    variant.pooling or "", variant.pooling or formatting.NOT_KNOWN
                ),
                "pooling",
                "",
            ),
            (
                "Query instruction",
                repr(variant.query_instruction) if variant.query_instruction else "none",
                "query_instruction",
                "",
            ),
        ]
    if variant.score:
        rows.insert(5, ("Score", variant.score, "score", ""))
    if variant.weights_bytes:
        sizes = ", ".join(
            f"{precision} {formatting.memory(size)}"
            for precision, size in variant.weights_bytes.items()
        )
        rows.append(("Weights", sizes, "weights_bytes", ""))
    return [
        Fact(label, value, variant.source_ids(field), correction(family, variant_id, corrected))
        for label, value, field, corrected in rows
    ]


def language_list(variant: Variant) -> str:
    """The languages by code, with how complete the list is."""
    if variant.languages is None:
        return "no list published"
    shown = (
        ", ".join(variant.languages)
        if len(variant.languages) <= 12
        else f"{len(variant.languages)} codes, {', '.join(variant.languages[:8])}, ..."
    )
    return shown if variant.languages_complete else f"{shown} (its publisher says there are more)"


def specification(catalog: Catalog, family: LoadedFamily) -> list[dict[str, str]]:
    """The specifications table: one row a variant."""
    return [
        {
            "id": key,
            "Model": variant.name,
            "Released": formatting.day(variant.released)
            if variant.released
            else formatting.NOT_KNOWN,
            "Longest input (tokens)": formatting.count(variant.max_tokens),
            "Recommended (tokens)": formatting.count(variant.recommended_tokens),
            "Dimensions": formatting.count(variant.embedding_dim)
            if variant.kind == "embedder"
            else "no vectors",
            "Parameters": formatting.parameters(variant.parameters),
            "Licence": variant.licence or formatting.NOT_KNOWN,
        }
        for key, variant in newest_first(family)
    ]


def _tokens(number: int | None, remark: str | None) -> str:
    if number is None:
        return formatting.NOT_KNOWN
    return f"{formatting.count(number)} tokens" + (f" ({remark})" if remark else "")


def _counted(number: int | None, short: str | None = None) -> str:
    if number is None:
        return formatting.NOT_KNOWN
    return f"{formatting.count(number)} ({short})" if short else formatting.count(number)


def _shape(variant: Variant) -> str:
    if variant.layers is None:
        return formatting.NOT_KNOWN
    return (
        f"{formatting.count(variant.layers)}, {formatting.count(variant.hidden_size)}, "
        f"{formatting.count(variant.heads)}"
    )
