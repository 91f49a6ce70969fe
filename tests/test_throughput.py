"""Speed, fit and machines of one's own hardware, against cases worked by hand."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import throughput
from advisor.plans import build, filled
from advisor.units import GIB
from advisor.workload import Workload


def plan(catalog, today, plan_id, **stated):
    return next(plan for plan in build(catalog, Workload(**stated), today) if plan.id == plan_id)


@pytest.mark.parametrize(
    ("variant", "tokens", "billion"),
    [
        ("bge-small-en-v1.5", 512, 0.052),
        ("bge-large-en-v1.5", 512, 0.654),
        ("bge-m3", 8192, 1.409),
        ("bge-multilingual-gemma2", 512, 17.0),
    ],
)
def test_flops_for_a_token_agree_with_the_worked_table_within_the_parameters_that_it_leaves_out(catalog, variant, tokens, billion):
    found = throughput.flops_per_token(catalog.variants[variant], tokens) / 1e9
    assert found == pytest.approx(billion, rel=0.035)  # the table leaves out biases, norms, pooler and positions: 1 to 3 %


def test_a_published_run_gives_its_own_share_of_the_peak(catalog):
    gpu = throughput.calibrations(catalog)["gpu"]
    assert (gpu.points, gpu.machines, gpu.measured) == (5, ("l4",), {("l4", "bge-large-en-v1.5")})
    variant = catalog.variants["bge-large-en-v1.5"]
    flops = 2 * 303_887_360 + 4 * 24 * 1024 * 449
    assert throughput.flops_per_token(variant, 449) == flops
    assert gpu.mfu.base == pytest.approx(49_215 * flops / 121e12) and gpu.fastest == pytest.approx(62_192 * flops / 121e12)


def test_runs_that_their_source_disowns_calibrate_nothing(catalog):
    cpu = throughput.calibrations(catalog)["cpu"]
    assert cpu.points == 3 + 11 and cpu.slowest == pytest.approx(0.18, abs=0.005)


def test_a_runtime_that_was_measured_often_has_no_more_weight_than_another(catalog):
    cpu = throughput.calibrations(catalog)["cpu"]
    assert cpu.machines == ("avx512-vnni-cascade-lake", "zen4") and cpu.mfu.base == pytest.approx(0.37, abs=0.005)
    assert cpu.fastest == pytest.approx(0.83, abs=0.01), "the library alone, without a server, on two whole cores"


def test_the_estimate_holds_for_the_machine_that_was_measured(catalog, today):
    speed = plan(catalog, today, "bge-large-en-v1.5@gcp-g2-standard-4", passage_tokens=447, passage_tokens_p95=447).tokens_per_second
    assert round(speed.base) == 49_215, "the middle one of five runtimes"
    assert speed.low < 47_039 and speed.high > 62_192 and speed.high / speed.low == pytest.approx(6)


@pytest.mark.parametrize(
    ("needed", "redundancy", "count"),
    [(0.0, False, 1), (0.7, False, 1), (0.71, False, 2), (7.0, False, 10), (0.1, True, 2), (1e15, False, 1428571428571429)],
)
def test_machines_are_filled_to_seven_tenths(needed, redundancy, count):
    assert filled(np.array([needed]), 0.7, redundancy)[0] == count


def test_rent_is_hours_times_machines(catalog, today):
    found = plan(catalog, today, "bge-m3@aws-g6.xlarge", redundancy=True)
    assert found.replicas == (2, 2, 2)
    assert str(found.encoding_usd.base) == "1175.0080"  # 2 x 730 x 0.8048


def test_memory_is_weights_a_fifth_more_and_one_batch(catalog):
    variant = catalog.variants["bge-m3"]
    assert throughput.needed_bytes(variant, "fp16") == pytest.approx(1.2 * 1_135_509_504 + 16_384 * 1024 * 12 * 2)
    assert throughput.attention_bytes(variant, "fp16", 8192) == 2 * GIB, "the worked example of calculators.md: 2 GiB a text"


def test_a_share_of_a_card_has_a_share_of_its_memory_and_peak(catalog):
    whole, sixth = (catalog.instances[key] for key in ("azure-standard-nv36ads-a10-v5", "azure-standard-nv6ads-a10-v5"))
    for figure in (throughput.memory_bytes, throughput.peak_flops):
        assert figure(catalog, sixth) / figure(catalog, whole) == pytest.approx(1 / 6, rel=0.001)


def test_one_short_query_takes_at_least_as_long_as_reading_the_weights_on_one_card(catalog, today):
    found = plan(catalog, today, "bge-multilingual-gemma2@aws-g6.xlarge", queries_per_month=0)
    assert found.latency_ms.base == pytest.approx(1000 * 18_483_426_304 / 300e9)  # an L4 reads 300 GB a second
    one, eight = (
        plan(catalog, today, f"bge-m3@{key}", queries_per_month=0).latency_ms.base for key in ("aws-p5.4xlarge", "aws-p5.48xlarge")
    )
    assert one == pytest.approx(eight), "a query runs on one of the eight cards"


def test_machines_whose_figures_are_not_known_have_no_speed(catalog, today):
    for key in ("aws-inf2.xlarge", "gcp-n2-standard-8", "gcp-c3d-standard-8"):
        found = plan(catalog, today, f"bge-m3@{key}")
        assert found.tokens_per_second is None and found.monthly_usd is None and found.replicas is None, key


def test_a_machine_whose_processor_is_named_has_the_speed_of_its_class(catalog, today):
    found = plan(catalog, today, "bge-m3@azure-standard-f8s-v2")
    assert found.tokens_per_second is not None and found.monthly_usd is not None


def test_a_machine_that_is_let_on_spot_only_has_no_price_on_demand(catalog):
    machine = catalog.instances["gcp-a3-highgpu-1g"]
    assert machine.on_demand_usd_per_h is None and machine.spot_usd_per_h == Decimal("6.326193")


def test_a_rerank_request_takes_the_time_of_all_its_candidates(catalog, today):
    found = plan(catalog, today, "bge-reranker-v2-m3@aws-g6.xlarge", task="rerank", rerank_candidates=50, queries_per_month=0)
    assert found.latency_ms.base == pytest.approx(1000 * 50 * 220 / found.tokens_per_second.base)
    assert found.latency_ms.low < found.latency_ms.base < found.latency_ms.high


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
        "split_long_passages": st.booleans(),
        "vector_store": st.sampled_from(["ram", "none", "pgvector", "turbopuffer-launch", "pinecone-standard"]),
    }
)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.data())
def test_the_columns_hold_what_the_exact_amounts_of_a_plan_are(catalog, today, stated, data):
    table = build(catalog, Workload(**stated), today)
    found = table[data.draw(st.integers(0, len(table) - 1))]
    column = table.monthly()[found.row]
    assert np.isnan(column) == (found.monthly_usd is None)
    if found.monthly_usd is not None:
        assert float(found.monthly_usd.base) == pytest.approx(column, rel=1e-9)
        assert found.monthly_usd.low <= found.monthly_usd.base <= found.monthly_usd.high
        assert float(found.one_off_usd.base) == pytest.approx(table.once["base"][found.row], rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    COUNTS,
    st.sampled_from(["queries_per_month", "passages", "new_passages_per_month", "rerank_candidates", "query_tokens", "passage_tokens"]),
    st.integers(2, 50),
)
def test_more_never_costs_less_at_any_plan(catalog, today, stated, field, factor):
    most = {"rerank_candidates": 10_000, "query_tokens": 10**5, "passage_tokens": stated["passage_tokens_p95"]}.get(field, 10**12)
    more = stated | {field: min(most, max(1, stated[field]) * factor)}
    first, second = (build(catalog, Workload(**each), today).monthly() for each in (stated, more))
    known = ~np.isnan(first)
    assert (second[known] >= first[known] * (1 - 1e-12)).all()
