"""The columns that plans have and rules may name: each with its kind, unit and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "boolean", "list"]
Unit = Literal[
    "", "tokens", "usd", "usd_per_1m", "count", "days", "dimensions", "points", "milliseconds",
    "texts", "bytes", "per_second", "per_minute", "hours",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """What one column of the plans holds. `last` joins the last entry of a list to the others.

    `field` is the field of the question whose labels its values have in a sentence, if any.
    """

    kind: Kind
    unit: Unit
    meaning: str
    last: Literal["and", "or"] = "and"
    field: str = ""


def _number(unit: Unit, meaning: str) -> Column:
    return Column("number", unit, meaning)


def _text(meaning: str, field: str = "") -> Column:
    return Column("text", "", meaning, field=field)


def _truth(meaning: str) -> Column:
    return Column("boolean", "", meaning)


def _list(meaning: str, last: Literal["and", "or"] = "and", field: str = "") -> Column:
    return Column("list", "", meaning, last, field)


PLAN: dict[str, Column] = {
    "variant": _text("id of the variant"),
    "variant_name": _text("name of the variant"),
    "kind": _text("embedder or reranker"),
    "kind_verb": _text("what the variant is, as a verb phrase"),
    "hosted": _truth("a provider's endpoint, not hardware of one's own"),
    "place": _text("where the plan runs: the provider, or the machine"),
    "provider": _text("id of the provider; unknown on own hardware"),
    "provider_name": _text("name of the provider, or of the cloud that lets the machine"),
    "offer": _text("id of the offer"),
    "offer_type": _text("serverless or trial"),
    "price_tier": _text("who states the price: listing, provider-page or aggregator"),
    "priced": _truth("a price by the token or by the hour is known"),
    "price_age_days": _number("days", "days since the price was dated; unknown: undated"),
    "requests_per_minute": _number(
        "per_minute", "requests a minute that the provider allows; unknown: not stated"
    ),
    "native_currency": _text("currency of the provider's own list"),
    "usd_per_1m_input": _number("usd_per_1m", "US dollars per million input tokens"),
    "max_tokens": _number("tokens", "the variant's own limit for one input"),
    "offer_max_tokens": _number("tokens", "the limit that the provider states for one input"),
    "limit_tokens": _number("tokens", "the smaller of the two limits"),
    "recommended_tokens": _number("tokens", "length that the publisher or a maintainer recommends"),
    "input_tokens": _number(
        "tokens", "what is sent at once, typically: a part, or a query and a part, uncut"
    ),
    "input_tokens_p95": _number(
        "tokens",
        "95th percentile of what is sent at once: a part, or a pair; special tokens included",
    ),
    "covers_languages": _truth("the variant's languages hold all that the workload names"),
    "languages_asked": _list("languages of the workload", field="languages"),
    "chinese_asked": _truth("Chinese is among the languages of the workload"),
    "languages_missing": _list(
        "languages of the workload that the variant does not list", field="languages"
    ),
    "languages_given": _text("languages that the variant lists, in words"),
    "language_count": _number("count", "languages the variant lists"),
    "variant_gives_outputs": _truth("the variant gives the output types asked for"),
    "offer_gives_outputs": _truth("the endpoint returns the output types asked for"),
    "outputs_asked": _list("output types of the workload"),
    "outputs_given": _text("output types of the variant"),
    "variant_licence": _text("licence of the weights"),
    "licence_permissive": _truth("the licence is an OSI permissive one"),
    "commercial_use": _truth("the licence allows commercial use"),
    "embedding_dim": _number("dimensions", "values in a dense vector"),
    "pooling": _text("pooling that the variant is trained for"),
    "default_pooling": _text("pooling that the endpoint uses unless asked otherwise"),
    "needs_query_instruction": _truth("queries need an instruction"),
    "has_query_instruction": _truth("an instruction is published for queries"),
    "successor": _text("newer variant that the publisher recommends for some uses"),
    "successor_use": _text("what the successor is recommended for"),
    "replaced_by": _text("variant that replaces this one"),
    "instance": _text("id of the machine; unknown for an endpoint"),
    "marketplace": _truth("third parties rent the machine out, at a price that changes daily"),
    "hardware_class": _text(
        "cpu or gpu: what the machine computes with; unknown for other accelerators and endpoints"
    ),
    "machine_name": _text("the accelerator or CPU"),
    "precision": _text("precision of the weights on own hardware"),
    "speed_measured": _truth("a speed of this variant on this accelerator or CPU was measured"),
    "speed_points": _number("count", "measured speeds that the estimate rests on"),
    "speed_machines": _text("what these speeds were measured on"),
    "runtimes": _text("servers and libraries that run the variant"),
    "runtimes_for_outputs": _list("servers and libraries that return the outputs asked for", "or"),
    "returns_outputs": _truth("some server or library returns the outputs asked for"),
    "tokens_per_second": _number("per_second", "tokens a second of one machine, base"),
    "replicas": _number("count", "machines for the peak load, base"),
    "int8_asked": _truth("own hardware is to run at int8"),
    "int8_loss": _number(
        "points",
        "points of retrieval score that int8 costs; unknown: not measured, or another precision",
    ),
    "memory_bytes": _number("bytes", "memory for one copy of the model"),
    "needed_bytes": _number("bytes", "weights, runtime and one batch, with fused attention"),
    "attention_bytes": _number("bytes", "one long text's attention matrix without a fused kernel"),
    "weights_bytes": _number("bytes", "the weights at the plan's precision"),
    "latency_ms": _number("milliseconds", "one request at the peak on its machines, base"),
    "latency_ms_high": _number("milliseconds", "the same, high"),
    "losses": _number(
        "count", "data sets on which the reranker lowers the score of its first stage"
    ),
    "losses_of": _number("count", "data sets of that table"),
    "losses_in": _text("name of that table"),
    "worst_loss": _text("the largest of these losses"),
    "sibling": _text("reranker of the same family with losses, where its own are not known"),
    "sibling_losses": _number("count", "data sets on which the sibling lowers the score"),
    "sibling_losses_of": _number("count", "data sets of the sibling's table"),
    "sibling_losses_in": _text("name of the sibling's table"),
    "store_name": _text("name of the vector store"),
    "managed_store": _truth("the index is kept in a store of the catalog"),
    "store_max_dims": _number(
        "dimensions", "largest dimension that the store indexes for the type of vector"
    ),
    "store_takes_type": _truth("the store takes the type of vector"),
    "store_price_known": _truth("a month in the store can be priced"),
    "store_prices_queries": _truth("what queries cost in the store is counted"),
    "store_left_out": _list("what the store charges for and is not counted"),
    "store_price_hint": _text("what is known of the price of a store whose month cannot be priced"),
    "store_smaller_plans": _list("smaller plans of the store than the one that is counted"),
    "store_smaller_bytes": _number("bytes", "bytes that the largest of them holds"),
    "store_returned_usd_per_gb": _number(
        "usd", "US dollars a GB of what queries return, which is not counted"
    ),
    "store_is_hosted": _truth("the vector store belongs to a provider"),
    "more_than_dense": _truth("sparse or multi-vector output is asked for"),
    "special_tokens": _number(
        "tokens", "special tokens of a text, or of a pair; an estimate where not published"
    ),
    "instruction_tokens": _number(
        "tokens", "tokens of the published instruction before a query; may be an estimate"
    ),
    "query_tokens_sent": _number(
        "tokens", "a typical query, special tokens and a needed instruction included"
    ),
    "first_hours": _number("hours", "hours that one machine takes for the first encoding, base"),
    "monthly_tokens": _number("tokens", "tokens sent in a month"),
    "monthly_usd": _number("usd", "US dollars a month: encoding or reranking, and the index, base"),
    "sure_usd": _number(
        "usd", "the same as a budget counts it: without what a free allocation covers"
    ),
    "free_covers": _truth("a free allocation covers the month, if the load comes evenly"),
    "one_off_usd": _number("usd", "US dollars once: the first encoding of the corpus, base"),
}

WORKLOAD: dict[str, Column] = {
    "task": _text("retrieve, retrieve-and-rerank or rerank", "task"),
    "cross_lingual": _truth("queries in one language find passages in another"),
    "languages_named": _number("count", "languages the workload names"),
    "passages": _number("texts", "passages in the corpus"),
    "passage_tokens": _number("tokens", "tokens of a typical passage"),
    "passage_tokens_p95": _number("tokens", "95th percentile of passage tokens"),
    "chunk_tokens": _number("tokens", "longest part of a passage; unknown: they are kept whole"),
    "chunk_overlap_tokens": _number("tokens", "tokens that a part repeats of the one before"),
    "part_tokens": _number("tokens", "tokens of the typical part, or of the whole passage"),
    "vectors_per_passage": _number("count", "parts that a passage is cut into, on average"),
    "split_long_passages": _truth("passages are cut into parts: the old name of chunk_tokens"),
    "priority": _text("balanced, quality or cost"),
    "new_passages_per_month": _number("texts", "new or changed passages a month"),
    "queries_per_month": _number("count", "queries a month"),
    "query_tokens": _number("tokens", "tokens of a typical query"),
    "rerank_candidates": _number("count", "candidates reranked for a query"),
    "data_may_leave": _truth("texts may be sent to a provider"),
    "licence": _text("any, commercial or permissive"),
    "budget_usd_per_month": _number("usd", "most that may be spent in a month"),
    "latency_ms_p95": _number("milliseconds", "longest 95th percentile latency"),
    "placement": _text("any, hosted or own"),
    "hardware": _text("any, cpu or gpu", "hardware"),
    "redundancy": _truth("one machine more than the load needs"),
    "vector_type": _text("float32, float16, int8 or binary"),
    "peak_requests_per_minute": _number("per_minute", "requests a minute at the peak, one a query"),
    "multi_vector_asked": _truth("multi-vector output is asked for"),
}

COLUMNS: dict[str, Column] = PLAN | WORKLOAD
KINDS: dict[str, Kind] = {name: column.kind for name, column in COLUMNS.items()}

OF_VARIANT = frozenset({
    "variant", "variant_name", "kind", "kind_verb", "max_tokens", "recommended_tokens",
    "covers_languages", "languages_asked", "chinese_asked", "languages_missing", "languages_given",
    "language_count", "variant_gives_outputs", "outputs_asked", "outputs_given",
    "variant_licence", "licence_permissive", "commercial_use", "embedding_dim", "pooling",
    "needs_query_instruction", "has_query_instruction", "successor", "successor_use", "replaced_by",
})  # fmt: skip
"""Columns of plans that are the same wherever a variant runs: what a rule of the job may read."""
