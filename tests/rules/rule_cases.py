"""A case of each shipped rule: a plan, a workload, and changes of the catalog that it rests on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from advisor.catalog.schema import Peaks
from advisor.decide.plans import Plan
from tests.conftest import TODAY

LONG = {"passage_tokens": 600, "passage_tokens_p95": 900}
WHOLE = {"chunk_tokens": None}


def offer(key, **fields):
    """The catalog with these fields of an offer: what a test rests on is stated in it."""

    def change(catalog):
        assert any(o.id == key for _, _, o in catalog.offers()), key
        providers = {
            name: provider.model_copy(
                update={
                    "offers": [
                        o.model_copy(update=fields if o.id == key else {}) for o in provider.offers
                    ]
                }
            )
            for name, provider in catalog.providers.items()
        }
        return replace(catalog, providers=providers)

    return change


def entry(table, key, **fields):
    """The catalog with these fields of a machine, an accelerator or a store."""

    def change(catalog):
        entries = getattr(catalog, table)
        return replace(catalog, **{table: entries | {key: entries[key].model_copy(update=fields)}})

    return change


def first_stage_and_after(before, after):
    """The catalog with these scores of data sets without and with the reranker V2 M3 alone."""

    def change(catalog):
        table = catalog.quality_by_language
        benchmark = next(s for s in catalog.evidence_sets.values() if s.counts_losses).benchmark
        rows = table[table["benchmark"] == benchmark]
        own = []
        for variant, stage, scores in (
            ("bge-large-en-v1.5", "", before),
            ("bge-reranker-v2-m3", "bge-large-en-v1.5", after),
        ):
            like = rows[rows["variant"] == variant].iloc[0].to_dict()
            own += [
                like | {"aspect": name, "score": score, "with_retriever": stage}
                for name, score in scores.items()
            ]
        return replace(catalog, quality_by_language=type(table)(own, columns=table.columns))

    return change


def no_speed_of(variant):
    """The catalog without measured speeds of a variant."""
    return lambda catalog: replace(
        catalog, throughput=catalog.throughput[catalog.throughput["variant"] != variant]
    )


@dataclass(frozen=True)
class Case:
    """A workload, and what the rule does to the plan and why.

    `then` is more of the workload, which follows from the plan's own figures.
    """

    plan: str
    effect: str
    figures: dict[str, Any]
    workload: dict[str, Any] = field(default_factory=dict)
    given: tuple[Callable, ...] = ()
    then: Callable[[Plan], dict[str, Any]] | None = None


M3, LARGE, SMALL, GEMMA = (
    "novita-ai-bge-m3",
    "deepinfra-bge-large-en-v1.5",
    "cloudflare-bge-small-en-v1.5",
    "ovhcloud-bge-multilingual-gemma2",
)
M3_RERANKER, BASE_RERANKER = "novita-ai-bge-reranker-v2-m3", "cloudflare-bge-reranker-base"
M3_FREE = "cloudflare-bge-m3"
ON_L4, ON_MARKETPLACE = "bge-m3@aws-g6.xlarge", "bge-m3@runpod-l40s-community-cloud"
LET_BY_OTHERS = entry("instances", "runpod-l40s-community-cloud", marketplace=True)
NOT_KNOWN = dict.fromkeys(("fp32", "tf32", "fp16", "bf16", "int8_tops", "fp8"))
PLANS = [
    {"name": "Small", "minimum_usd_per_month": "1", "storage_gb": 3},
    {"name": "Middle", "minimum_usd_per_month": "7", "storage_gb": 11},
]
PRICED_STORE = entry(
    "stores",
    "pinecone-standard",
    usd_per_gb_month=Decimal("0.25"),
    minimum_usd_per_month=Decimal(60),
    other_plans=PLANS,
)

CASES = {
    "kind-serves-task": Case(M3_RERANKER, "exclude", {"kind": "reranker", "task": "retrieve"}),
    "passage-fits-context": Case(
        LARGE,
        "exclude",
        {"input_tokens_p95": 900 + 2, "limit_tokens": 512},
        LONG | WHOLE,
    ),
    "long-passages-are-split": Case(
        LARGE, "note", {"passage_tokens_p95": 900, "chunk_tokens": 400}, LONG
    ),
    "query-fits-context": Case(
        LARGE,
        "exclude",
        {"query_tokens": 600, "query_tokens_sent": 600 + 2, "limit_tokens": 512},
        {"query_tokens": 600},
    ),
    "pair-fits-context": Case(
        BASE_RERANKER,
        "exclude",
        {"input_tokens_p95": 16 + 900 + 4, "limit_tokens": 512},
        LONG | {"task": "rerank", "chunk_tokens": None},
    ),
    "typical-pair-fits-context": Case(
        BASE_RERANKER,
        "exclude",
        {"input_tokens": 16 + 500 + 4, "limit_tokens": 512, "priority": "balanced"},
        LONG | {"task": "rerank", "chunk_tokens": 500},
    ),
    "typical-pair-is-cut": Case(
        BASE_RERANKER,
        "warn",
        {"input_tokens": 16 + 500 + 4, "limit_tokens": 512, "priority": "cost"},
        LONG | {"task": "rerank", "chunk_tokens": 500, "priority": "cost"},
    ),
    "pair-is-cut": Case(
        BASE_RERANKER,
        "warn",
        {"input_tokens": 16 + 400 + 4, "input_tokens_p95": 16 + 600 + 4, "limit_tokens": 512},
        {"task": "rerank", "passage_tokens": 400, "passage_tokens_p95": 900, "chunk_tokens": 600},
    ),
    "longer-than-recommended": Case(
        GEMMA, "warn", {"input_tokens_p95": 900 + 2, "recommended_tokens": 512}, LONG | WHOLE
    ),
    "host-limit-is-shorter": Case(
        M3_RERANKER,
        "note",
        {"offer_max_tokens": 7_000, "max_tokens": 8_192, "limit_tokens": 7_000},
        {"task": "rerank"},
        (offer(M3_RERANKER, max_tokens=7_000),),
    ),
    "host-limit-not-stated": Case(
        M3,
        "warn",
        {"offer_max_tokens": None, "input_tokens_p95": 900 + 2},
        LONG | WHOLE,
        (offer(M3, max_tokens=None),),
    ),
    "languages-covered": Case(
        LARGE, "exclude", {"languages_missing": "de and fr"}, {"languages": ["de", "en", "fr"]}
    ),
    "cross-lingual-needs-languages": Case(
        LARGE,
        "exclude",
        {"language_count": 1},
        {"cross_lingual": True, "languages": ["en", "de"]},
    ),
    "one-language-is-not-crossed": Case(
        LARGE, "note", {"languages_named": 1}, {"cross_lingual": True, "languages": ["en"]}
    ),
    "variant-gives-outputs": Case(
        LARGE, "exclude", {"outputs_given": "dense"}, {"outputs": ["dense", "sparse"]}
    ),
    "query-instruction-needed": Case(
        GEMMA, "note", {"needs_query_instruction": True, "instruction_tokens": 68 / 4}
    ),
    "query-instruction-helps": Case(
        LARGE,
        "note",
        {"needs_query_instruction": False, "has_query_instruction": True, "instruction_tokens": 8},
    ),
    "successor-recommended": Case(
        BASE_RERANKER, "note", {"successor": "BGE Reranker V2 M3"}, {"task": "rerank"}
    ),
    "licence-is-permissive": Case(
        GEMMA, "exclude", {"licence_permissive": False}, {"licence": "permissive"}
    ),
    "licence-allows-commercial-use": Case(
        GEMMA, "warn", {"commercial_use": None}, {"licence": "commercial"}
    ),
    "licence-is-not-permissive": Case(GEMMA, "warn", {"licence_permissive": False}),
    "query-leaves-room": Case(
        BASE_RERANKER,
        "exclude",
        {"limit_tokens": 512, "query_tokens": 490, "special_tokens": 4, "part_tokens": 200},
        {"task": "rerank", "query_tokens": 490},
    ),
    "vectors-stay-inside": Case(
        ON_L4,
        "exclude",
        {"store_is_hosted": True},
        {"data_may_leave": False, "vector_store": "pinecone-standard"},
    ),
    "store-takes-more-than-dense": Case(
        "deepinfra-bge-m3-multi",
        "warn",
        {"more_than_dense": True},
        {"outputs": ["dense", "sparse"], "vector_store": "s3-vectors"},
    ),
    "first-encoding-takes-long": Case(
        ON_L4,
        "warn",
        {"first_hours": 233.0},
        then=lambda plan: {"passages": round(10**6 * 233 / plan.first_hours.base)},
    ),
    "placement-is-hosted": Case(ON_L4, "exclude", {"hosted": False}, {"placement": "hosted"}),
    "placement-is-own": Case(M3, "exclude", {"hosted": True}, {"placement": "own"}),
    "requests-within-limit": Case(
        SMALL,
        "exclude",
        {"peak_requests_per_minute": 12_000, "requests_per_minute": 11_999},
        {"peak_queries_per_second": 200},
        (offer(SMALL, requests_per_minute=11_999),),
    ),
    "request-limit-not-stated": Case(
        M3,
        "warn",
        {"peak_requests_per_minute": 12_000, "requests_per_minute": None},
        {"peak_queries_per_second": 200},
        (offer(M3, requests_per_minute=None),),
    ),
    "hardware-is-asked-for": Case(ON_L4, "exclude", {"hardware_class": "gpu"}, {"hardware": "cpu"}),
    "rent-is-known": Case(
        ON_L4,
        "exclude",
        {"priced": False},
        given=(entry("instances", "aws-g6.xlarge", on_demand_usd_per_h=None),),
    ),
    "speed-is-known": Case(
        ON_L4,
        "exclude",
        {"tokens_per_second": None},
        given=(entry("accelerators", "l4", peak_dense_tflops=Peaks(**NOT_KNOWN)),),
    ),
    "model-fits-memory": Case(
        ON_L4,
        "exclude",
        {"memory_bytes": 1e9, "needed_bytes": 1.2 * 2 * 567_754_752 + 16_384 * 1_024 * 12 * 2},
        given=(entry("accelerators", "l4", memory_gb=1),),
    ),
    "long-input-needs-fused-attention": Case(
        ON_L4,
        "warn",
        {"memory_bytes": 2e9, "attention_bytes": 16 * 8_002**2 * 2},
        {"passage_tokens": 5_000, "passage_tokens_p95": 8_000, "chunk_tokens": None},
        (entry("accelerators", "l4", memory_gb=2),),
    ),
    "data-stays-on-known-hosts": Case(
        ON_MARKETPLACE,
        "exclude",
        {"marketplace": True},
        {"data_may_leave": False},
        (LET_BY_OTHERS,),
    ),
    "redundancy-needs-a-lasting-host": Case(
        ON_MARKETPLACE, "exclude", {"marketplace": True}, {"redundancy": True}, (LET_BY_OTHERS,)
    ),
    "marketplace-price-moves": Case(
        ON_MARKETPLACE, "warn", {"marketplace": True}, given=(LET_BY_OTHERS,)
    ),
    "fast-enough": Case(
        ON_L4, "exclude", {}, then=lambda plan: {"latency_ms_p95": 0.9 * plan.latency_ms.base}
    ),
    "perhaps-not-fast-enough": Case(
        "bge-reranker-v2-m3@aws-g6.xlarge",
        "warn",
        {},
        {"task": "rerank", "queries_per_month": 1_000},
        then=lambda plan: {"latency_ms_p95": (plan.latency_ms.base + plan.latency_ms.high) / 2},
    ),
    "speed-is-scaled": Case(
        ON_L4, "note", {"speed_measured": False}, given=(no_speed_of("bge-m3"),)
    ),
    "runtime-for-more-than-dense": Case(
        ON_L4, "note", {"returns_outputs": True}, {"outputs": ["dense", "sparse"]}
    ),
    "runs-on": Case(
        "bge-multilingual-gemma2@aws-g6e.xlarge",
        "note",
        {"runtimes": "sentence-transformers, FlagEmbedding, or vLLM"},
    ),
    "library-cuts-at-512": Case(
        ON_L4, "warn", {"input_tokens_p95": 900 + 2, "limit_tokens": 8_192}, LONG | WHOLE
    ),
    "weights-are-carried-in": Case(
        ON_L4, "note", {"weights_bytes": 2 * 567_754_752}, {"data_may_leave": False}
    ),
    "store-indexes-dimension": Case(
        GEMMA,
        "exclude",
        {"store_max_dims": 3_583, "embedding_dim": 3_584},
        {"vector_store": "pgvector"},
        (entry("stores", "pgvector", max_dims={"vector_indexed": 3_583}),),
    ),
    "store-takes-vector-type": Case(
        M3,
        "exclude",
        {"store_takes_type": False},
        {"vector_store": "s3-vectors", "vector_type": "int8"},
        (entry("stores", "s3-vectors", vector_types=["float32", "binary"]),),
    ),
    "store-price-is-known": Case(
        M3,
        "warn",
        {"store_price_known": False, "monthly_usd": 2_000_000 * 18 * 0.25 / 10**6},
        {"vector_store": "qdrant-cloud"},
        (
            offer(M3, usd_per_1m_input=Decimal("0.25")),
            entry(
                "stores",
                "qdrant-cloud",
                usd_per_gb_month=None,
                usd_per_gib_month=None,
                free_tier=None,
            ),
        ),
    ),
    "store-queries-are-not-priced": Case(
        M3,
        "warn",
        {"store_price_known": True, "store_prices_queries": False},
        {"vector_store": "pinecone-standard"},
        (PRICED_STORE, entry("stores", "pinecone-standard", query_usd_per_pb=None)),
    ),
    "store-charges-for-answers": Case(
        M3,
        "note",
        {"store_returned_usd_per_gb": 0.75},
        {"vector_store": "turbopuffer-launch"},
        (entry("stores", "turbopuffer-launch", returned_usd_per_gb=Decimal("0.75")),),
    ),
    "store-has-smaller-plans": Case(
        M3,
        "note",
        {"store_smaller_bytes": 11e9, "embedding_dim": 1_024},
        {"vector_store": "pinecone-standard"},
        (PRICED_STORE,),
    ),
    "multi-vector-index-is-large": Case(
        "deepinfra-bge-m3-multi",
        "warn",
        {"multi_vector_asked": True},
        {"outputs": ["multi_vector"]},
    ),
    "reranker-can-lower-scores": Case(
        M3_RERANKER,
        "warn",
        {"losses": 2, "losses_of": 3, "worst_loss": "Two (50.0 to 40.5)"},
        {"task": "rerank"},
        (
            first_stage_and_after(
                {"One": 60.0, "Two": 50.0, "Three": 40.0}, {"One": 59.0, "Two": 40.5, "Three": 40.1}
            ),
        ),
    ),
    "sibling-can-lower-scores": Case(
        BASE_RERANKER,
        "note",
        {"sibling": "BGE Reranker V2 M3", "sibling_losses": 2, "sibling_losses_of": 3},
        {"task": "rerank"},
        (
            first_stage_and_after(
                {"One": 60.0, "Two": 50.0, "Three": 40.0}, {"One": 59.0, "Two": 40.5, "Three": 40.1}
            ),
        ),
    ),
    "sibling-can-lower-chinese-scores": Case(
        BASE_RERANKER, "note", {"chinese_asked": True}, {"task": "rerank", "languages": ["zh"]}
    ),
    "reranker-can-lower-chinese-scores": Case(
        M3_RERANKER, "warn", {"chinese_asked": True}, {"task": "rerank", "languages": ["zh"]}
    ),
    "trial-is-no-price": Case(
        M3, "exclude", {"offer_type": "trial", "priced": False}, given=(offer(M3, type="trial"),)
    ),
    "price-is-known": Case(
        M3, "exclude", {"usd_per_1m_input": None}, given=(offer(M3, usd_per_1m_input=None),)
    ),
    "data-stays-inside": Case(M3, "exclude", {"hosted": True}, {"data_may_leave": False}),
    "endpoint-gives-outputs": Case(
        M3,
        "exclude",
        {"offer_gives_outputs": None},
        {"outputs": ["dense", "sparse"]},
        (offer(M3, outputs=None),),
    ),
    "host-pools-as-trained": Case(
        M3,
        "warn",
        {"default_pooling": "mean", "pooling": "CLS"},
        given=(offer(M3, default_pooling="mean"),),
    ),
    "price-from-aggregator": Case(
        M3, "warn", {"price_tier": "aggregator"}, given=(offer(M3, tier="aggregator"),)
    ),
    "price-is-recent": Case(
        M3, "warn", {"price_age_days": 91}, given=(offer(M3, as_of=TODAY - timedelta(days=91)),)
    ),
    "price-is-dated": Case(M3, "note", {"price_age_days": None}, given=(offer(M3, as_of=None),)),
    "currency-is-known": Case(
        M3, "warn", {"native_currency": None}, given=(offer(M3, native_currency=None),)
    ),
    "within-budget": Case(
        M3,
        "exclude",
        {"monthly_usd": 2_000_000 * 18 * 0.25 / 10**6, "budget_usd_per_month": 8.5},
        {"budget_usd_per_month": 8.5, "vector_store": "none"},
        (offer(M3, usd_per_1m_input=Decimal("0.25")),),
    ),
    "free-allocation-covers": Case(
        M3_FREE,
        "note",
        {"free_covers": True, "sure_usd": 0, "monthly_usd": 2_000_000 * 18 * 0.05 / 10**6},
        {"vector_store": "none"},
        (
            offer(M3_FREE, usd_per_1m_input=Decimal("0.05")),
            entry("providers", "cloudflare", free_usd_per_day=Decimal("0.10")),
        ),
    ),
    "hosted-latency-not-published": Case(
        M3, "warn", {"hosted": True, "latency_ms_p95": 100}, {"latency_ms_p95": 100}
    ),
}
NOT_SHIPPED = {
    # nobody has withdrawn any of the variants
    "variant-is-replaced": "test_a_replaced_variant_is_ruled_out",
    # int8 is an assumption; in tests/decide/test_static_columns.py
    "int8-costs-quality": "test_int8_says_what_it_costs_in_quality_where_that_was_measured",
    # some library returns every output of M3
    "runtime-returns-outputs": "test_outputs_that_no_library_returns_rule_own_machines_out",
}
