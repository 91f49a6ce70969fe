"""Workloads of all kinds, for properties that hold of every one."""

from hypothesis import strategies as st

WORKLOADS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["retrieve", "retrieve-and-rerank", "rerank"]),
        "languages": st.lists(
            st.sampled_from(["en", "zh", "de", "ja", "th", "no"]),
            min_size=1,
            max_size=3,
            unique=True,
        ),
        "passages": st.integers(1, 10**9),
        "passage_tokens": st.integers(1, 3000),
        "passage_tokens_p95": st.integers(3000, 8000),
        "split_long_passages": st.booleans(),
        "queries_per_month": st.integers(0, 10**9),
        "priority": st.sampled_from(["balanced", "quality", "cost"]),
        "licence": st.sampled_from(["any", "commercial", "permissive"]),
        "placement": st.sampled_from(["any", "hosted", "own"]),
        "hardware": st.sampled_from(["any", "cpu", "gpu"]),
        "data_may_leave": st.booleans(),
        "redundancy": st.booleans(),
        "vector_store": st.sampled_from(["ram", "none", "pgvector", "qdrant-cloud"]),
        "material_usd": st.sampled_from([0.0, 5.0, 50.0]),
        "budget_usd_per_month": st.one_of(st.none(), st.floats(0, 3000)),
        "latency_ms_p95": st.one_of(st.none(), st.floats(1, 3000)),
    }
)
