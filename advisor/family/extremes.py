"""Which variants stand out among some: the latest, and those that take the longest input."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.catalog.schema import Variant


def latest(variants: Iterable[Variant]) -> list[Variant]:
    """The variants of the latest day of release known, by name; none where no day is known."""
    dated = [(variant.released, variant) for variant in variants if variant.released]
    day = max((released for released, _ in dated), default=None)
    return _by_name(variant for released, variant in dated if released == day)


def longest(variants: Iterable[Variant]) -> list[Variant]:
    """The variants that take the longest input known, by name; none where no length is known."""
    known = [(variant.max_tokens, variant) for variant in variants if variant.max_tokens]
    most = max((tokens for tokens, _ in known), default=None)
    return _by_name(variant for tokens, variant in known if tokens == most)


def _by_name(variants: Iterable[Variant]) -> list[Variant]:
    return sorted(variants, key=lambda variant: variant.name)
