"""The instruction that a variant puts before a query, and about how many tokens it has."""

from __future__ import annotations

from advisor.base.token_estimate import estimated_tokens
from advisor.catalog.schema import Variant

TASK = "Given a question, retrieve passages that answer it"
"""Fills the place of a task in an instruction that has one."""


def instructed(variant: Variant, query: str) -> str:
    """A query with the variant's published instruction, if there is one."""
    instruction = variant.query_instruction or ""
    template = instruction if "{query}" in instruction else instruction + "{query}"
    return template.replace("{task}", TASK).replace("{query}", query)


def instruction_tokens(variant: Variant) -> tuple[int, bool]:
    """Tokens that the instruction adds to a query, 0 without one, and whether that is an estimate.

    Where no count is stated, one for 4 characters (`estimated_tokens`).
    """
    if variant.query_instruction_tokens is not None:
        return variant.query_instruction_tokens, False
    text = instructed(variant, "")
    return estimated_tokens(text), bool(text)
