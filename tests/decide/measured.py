"""A machine whose speed a visitor measured, and the recommendation with it."""

from tests import asking

STATED = {
    "measured_variant": "bge-small-en-v1.5",
    "measured_tokens_per_second": 3848,
    "measured_tokens": 128,
    "measured_precision": "fp32",
    "machine_usd_per_hour": 0.1,
    "machine_memory_gib": 8,
    "measured_on": "2026-11-24",
}


CHEAP = STATED | {"machine_usd_per_hour": 0.001}
"""So cheap that no machine of the catalog is cheaper."""


FLOPS_SMALL = 2 * 21_639_552 + 4 * 12 * 384 * 128  # for a token of a text of 128


PEAK = {"peak_queries_per_second": 200, "query_tokens": 126, "vector_store": "none"}
"""Queries of 128 tokens with the special ones: 25,600 tokens a second at the peak."""


def ask(catalog, assumed=None, **stated):
    return asking.ask(catalog, STATED if assumed is None else assumed, **stated)


def here(recommendation, variant="bge-small-en-v1.5"):
    return next(j for j in recommendation.judged if j.id == f"{variant}@this-machine")


def with_facts(lines, *facts):
    """The one of these texts that holds all of them."""
    (line,) = (line for line in lines if all(fact in str(line) for fact in facts))
    return line
