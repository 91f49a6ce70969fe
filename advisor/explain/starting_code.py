"""The Python with which a variant is tried on one's own machine."""

from __future__ import annotations

from advisor.catalog.instructions import instructed
from advisor.catalog.schema import Variant


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
    query, note = instructed(variant, "your query"), ""
    if variant.query_instruction and not variant.query_instruction_required:
        note = (
            "# The instruction in front of the query is optional, and its tokens not in the cost.\n"
        )
    return f"""\
# pip install sentence-transformers
from sentence_transformers import SentenceTransformer

model = SentenceTransformer({variant.hub_id!r})
{note}query = {query!r}
vectors = model.encode([query, 'a passage'], normalize_embeddings=True)
print(vectors[0] @ vectors[1])
"""
