"""The Python with which a variant is tried on one's own machine."""

from __future__ import annotations

from advisor.catalog.schema import Variant

TASK = "Given a question, retrieve passages that answer it"
"""Fills the place of a task in an instruction that has one."""


def starting_code(variant: Variant) -> str:
    """Python that runs the variant on one's own machine, with its weights from the hub."""
    if variant.hub_id is None:
        return "# Where its weights are published is not known.\n"
    if variant.kind == "reranker":
        return f"""\
# pip install FlagEmbedding
from FlagEmbedding import FlagReranker

reranker = FlagReranker({variant.hub_id!r})
print(reranker.compute_score([['your query', 'a passage']]))
"""
    instruction = variant.query_instruction or ""
    template = instruction if "{query}" in instruction else instruction + "{query}"
    query = template.replace("{task}", TASK).replace("{query}", "your query")
    return f"""\
# pip install sentence-transformers
from sentence_transformers import SentenceTransformer

model = SentenceTransformer({variant.hub_id!r})
query = {query!r}
vectors = model.encode([query, 'a passage'], normalize_embeddings=True)
print(vectors[0] @ vectors[1])
"""
