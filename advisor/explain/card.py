"""What stands on the card of a compared model beside its verdict, and which are often compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.explain.bill import Bill
from advisor.explain.sentences import spread, usd_of, volumes
from advisor.explain.verdict import Card, short_names
from advisor.family.comparison import TASKS, with_step
from advisor.sizing.throughput import weights_bytes

PRECISION = "fp16"
"""At which weights are compared: most servers load them so on a GPU."""


class CardFigure(NamedTuple):
    """A figure with its name and, in a few words, what it is of."""

    label: str
    value: str
    note: str


def figures(catalog: Catalog, card: Card) -> list[CardFigure]:
    """A month at the visitor's workload if an option fits, the longest input, and the memory of the
    weights."""
    variant = catalog.variants[card.variant_id]
    month = [] if card.bill is None else [_month(card.bill)]
    return [
        *month,
        CardFigure("Longest text", formatting.count(variant.max_tokens), "tokens"),
        CardFigure("Weights", formatting.memory(weights_bytes(variant, PRECISION)), PRECISION),
    ]


def _month(spent: Bill) -> CardFigure:
    return CardFigure("Per month", usd_of(spent.month), spread(spent.month).strip().strip("()"))


def basis(catalog: Catalog, variant_ids: Sequence[str], workload: Workload) -> str:
    """What the costs of some models are for: `Costs are for 1 million passages of about ...`"""
    kinds = dict.fromkeys(catalog.variants[key].kind for key in variant_ids)
    sizes = dict.fromkeys(volumes(with_step(workload, kind)) for kind in kinds if kind in TASKS)
    return f"Costs are for {'; reranking, for '.join(sizes or [volumes(workload)])}."


def often_compared(catalog: Catalog) -> dict[tuple[str, ...], str]:
    """Models that a family of the catalog says are often compared, by their ids: `M3 or Large`."""
    every = (ids for family in catalog.families.values() for ids in family.facts.comparisons)
    return {tuple(ids): _or(catalog, ids) for ids in every}


def _or(catalog: Catalog, variant_ids: Sequence[str]) -> str:
    return formatting.listed(list(short_names(catalog, variant_ids).values()), "or")
