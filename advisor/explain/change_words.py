"""How a sentence about another answer begins: which one figure or choice is another."""

from __future__ import annotations

from typing import Any

from advisor.ask.labels import language
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.formatting import count, counted, usd
from advisor.catalog import Catalog
from advisor.decide import stores

_CHOICES: dict[tuple[str, Any], str] = {
    ("priority", "balanced"): "If quality and cost are balanced",
    ("priority", "quality"): "If quality matters most",
    ("priority", "cost"): "If cost matters most",
    ("placement", "any"): "If it may run anywhere",
    ("placement", "hosted"): "On hosted APIs only",
    ("placement", "own"): "On your own machines only",
    ("hardware", "any"): "On any machine of your own",
    ("hardware", "cpu"): "On CPUs only",
    ("hardware", "gpu"): "On GPUs only",
    ("licence", "any"): "Under any licence",
    ("licence", "commercial"): "With a licence for commercial use",
    ("licence", "permissive"): "With a permissive licence",
    ("data_may_leave", True): "If data may leave your network",
    ("data_may_leave", False): "If data may not leave your network",
    ("redundancy", True): "With a spare machine",
    ("redundancy", False): "Without a spare machine",
    ("cross_lingual", True): "If queries and passages differ in language",
    ("cross_lingual", False): "If queries and passages share a language",
    ("outputs", ("dense",)): "With dense vectors only",
    ("outputs", ("dense", "sparse")): "With dense and sparse vectors",
}


def with_change(catalog: Catalog, before: Workload, field: str, stated: dict[str, Any]) -> str:
    """`At 20 queries per month (now 2)`, `On GPUs only`: the fields `stated` instead of before's.

    `field` is the one that was varied; lengths that follow it are in `stated` too.
    """
    value, now = stated[field], getattr(before, field)
    if (field, value) in _CHOICES:
        return _CHOICES[field, value]
    if field == "languages":
        new = [language(code) for code in value if code not in now]
        return f"With {formatting.listed(new)} as well"
    if field == "chunk_tokens":
        return _cut(stated, before)
    if field == "vector_store":
        return _kept_in(catalog, value)
    if field == "vector_type":
        return f"With {value} vectors"
    return _at(field, value, before, stated)


def _at(field: str, value: Any, before: Workload, stated: dict[str, Any]) -> str:
    """Another volume, length or limit, with what it is now."""
    now = getattr(before, field)
    if field == "budget_usd_per_month":
        was = f" (now {usd(now)})" if now is not None else ""
        return "Without a budget" if value is None else f"With a budget of {usd(value)}{was}"
    if field == "latency_ms_p95":
        was = f" (now {count(now)} ms)" if now is not None else ""
        limit = f"With a latency limit of {count(value)} ms{was}"
        return "Without a latency limit" if value is None else limit
    if field == "quality_tolerance":
        points = f"{value:g} {'point' if value == 1 else 'points'}"
        return f"If you accept {points} less quality (now {now:g})"
    if field == "peak_queries_per_second":
        return f"At a peak of {count(value)} queries per second (now {count(before.peak)})"
    if field == "passage_tokens":
        long = f"{count(before.passage_tokens_p95)} to {count(stated['passage_tokens_p95'])}"
        return f"At {count(value)} tokens per passage (now {count(now)}; long ones from {long})"
    nouns = {
        "passages": ("passage", ""),
        "queries_per_month": ("query", "queries"),
        "query_tokens": ("token", ""),
        "new_passages_per_month": ("new passage", ""),
        "rerank_candidates": ("passage", ""),
    }
    of_what = {
        "queries_per_month": " per month",
        "query_tokens": " per query",
        "new_passages_per_month": " per month",
        "rerank_candidates": " reranked per query",
    }
    return f"At {counted(value, *nouns[field])}{of_what.get(field, '')} (now {count(now)})"


def _cut(stated: dict[str, Any], before: Workload) -> str:
    """`With parts of 200 tokens (now 400)`, with the overlap where it is another than before."""
    chunk, overlap = stated["chunk_tokens"], stated["chunk_overlap_tokens"]
    if chunk is None:
        return "With whole passages"
    now = "whole passages" if before.chunk_tokens is None else count(before.chunk_tokens)
    shared = "" if overlap == before.chunk_overlap_tokens else f", {overlap} of them shared"
    return f"With parts of {count(chunk)} tokens{shared} (now {now})"


def _kept_in(catalog: Catalog, store_id: str) -> str:
    if store_id == "none":
        return "Without the vector store in the cost"
    return f"With vectors in {stores.name(catalog, store_id)}"
