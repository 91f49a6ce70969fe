import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.decide.build import build_plans, plan_ids


def test_ids_of_the_plain_catalog_hold_no_measured_machine(catalog):
    assert not any(name.endswith("@this-machine") for name in plan_ids(catalog))


COUNTS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["retrieve", "rerank"]),
        "passages": st.integers(1, 10**12),
        "queries_per_month": st.integers(0, 10**12),
        "passage_tokens": st.integers(1, 3000),
        "passage_tokens_p95": st.integers(3000, 10**6),
        "query_tokens": st.integers(1, 10**5),
        "rerank_candidates": st.integers(1, 10_000),
        "new_passages_per_month": st.integers(0, 10**12),
        "chunk_tokens": st.none() | st.integers(16, 3000),
        "vector_store": st.sampled_from(["ram", "none", "own-database", "shelf"]),
    }
)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(COUNTS, st.data())
def test_the_columns_hold_what_the_exact_amounts_of_a_plan_are(made_up, today, stated, data):
    table = build_plans(made_up, Workload(**stated), today)
    plan = table[data.draw(st.integers(0, len(table) - 1))]
    column = table.monthly()[plan.row]
    assert np.isnan(column) == (plan.encoding_usd is None)
    if plan.encoding_usd is not None:
        assert float(plan.monthly_usd.base) == pytest.approx(column, rel=1e-9)
        assert plan.monthly_usd.low <= plan.monthly_usd.base <= plan.monthly_usd.high
        assert float(plan.one_off_usd.base) == pytest.approx(
            table.figures.once["base"][plan.row], rel=1e-9
        )


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    COUNTS,
    st.sampled_from(
        [
            "queries_per_month",
            "passages",
            "new_passages_per_month",
            "rerank_candidates",
            "query_tokens",
            "passage_tokens",
        ]
    ),
    st.integers(2, 50),
)
def test_more_never_costs_less_at_any_plan(made_up, today, stated, field, factor):
    most = {
        "rerank_candidates": 10_000,
        "query_tokens": 10**5,
        "passage_tokens": stated["passage_tokens_p95"],
    }.get(field, 10**12)
    more = stated | {field: min(most, max(1, stated[field]) * factor)}
    first, second = (
        build_plans(made_up, Workload(**each), today).monthly() for each in (stated, more)
    )
    known = ~np.isnan(first)
    assert (second[known] >= first[known] * (1 - 1e-12)).all()


def test_a_store_that_is_not_in_the_catalog_is_told_with_those_that_are(made_up, today):
    with pytest.raises(WorkloadError) as error:
        build_plans(made_up, Workload(vector_store="faiss"), today)
    assert all(
        name in str(error.value)
        for name in ("vector_store", "faiss", "ram", "none", "drawer", "own-database", "shelf")
    )
    assert "aws-ebs-gp3" not in str(error.value), "a disk holds no vectors by itself"
