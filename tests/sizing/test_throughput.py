"""Operations of a model, the share of its peak that a machine reaches, and what fits its memory.

Against cases worked by hand.
"""

import pytest

from advisor import catalog as catalogs
from advisor.sizing import throughput


@pytest.mark.parametrize(
    ("variant", "tokens", "billion"),
    [
        ("bge-small-en-v1.5", 512, 0.052),
        ("bge-large-en-v1.5", 512, 0.654),
        ("bge-m3", 8192, 1.409),
        ("bge-multilingual-gemma2", 512, 17.0),
    ],
)
def test_flops_for_a_token_agree_with_the_worked_table_within_the_parameters_that_it_leaves_out(
    catalog, variant, tokens, billion
):
    counted = throughput.flops_per_token(catalog.variants[variant], tokens) / 1e9
    assert counted == pytest.approx(
        billion, rel=0.035
    )  # the table leaves out biases, norms, pooler and positions: 1 to 3 %


@pytest.mark.parametrize(
    ("variant", "million", "worked"),
    [
        ("tiny-en", 20, "2 x 9 + 4 x 10 x 500 x 100 / 1e6"),
        ("big-en", 200, "2 x 92 + 4 x 20 x 500 x 400 / 1e6"),
        ("multi", 200, "2 x 90 + 4 x 20 x 500 x 500 / 1e6"),
        (
            "giant",
            16_000,
            "2 x 7,960 + 2 x 40 x 500 x 2,000 / 1e6: half the attention in a causal decoder",
        ),
        ("rank-small", 100, "2 x 48 + 4 x 10 x 500 x 200 / 1e6"),
        ("rank-big", 400, "2 x 190 + 4 x 20 x 500 x 500 / 1e6"),
    ],
)
def test_flops_for_a_token_at_500_tokens(made_up, variant, million, worked):
    assert throughput.flops_per_token(made_up.variants[variant], 500) == million * 1e6, worked


def test_a_published_run_gives_its_own_share_of_the_peak(made_up):
    gpu = throughput.calibrations(made_up)["gpu"]
    assert (gpu.points, gpu.machines) == (3, ("card-l", "card-s"))
    assert gpu.measured == {("card-s", "tiny-en"), ("card-s", "big-en"), ("card-l", "multi")}
    assert (
        gpu.mfu.base == gpu.slowest == gpu.fastest == pytest.approx(0.2)
    )  # 100,000 tokens a second x 200 million / 100e12
    assert throughput.calibrations(made_up)["cpu"].mfu.base == pytest.approx(
        0.5
    )  # 500 x 200 million / 2 vCPUs of 100e9


# 0.6 of the peak
RUN = (
    "big-en,100M,Card S,1,4,{runtime},fp16,100,500,300000,tokens/s,600,300000,card-s,"
    "{calibrates},A,acme-speeds,\n"
)


def test_runs_that_their_source_disowns_calibrate_nothing(made_up, made_up_copy):
    before = throughput.calibrations(made_up)
    with (made_up_copy / "evidence/throughput.csv").open("a", encoding="utf-8") as table:
        table.write(RUN.format(runtime="Fast", calibrates="") * 5)
    assert throughput.calibrations(catalogs.load(made_up_copy)) == before


def test_a_runtime_that_was_measured_often_has_no_more_weight_than_another(made_up_copy):
    with (made_up_copy / "evidence/throughput.csv").open("a", encoding="utf-8") as table:
        table.write(RUN.format(runtime="Fast", calibrates="fp16") * 5)
    gpu = throughput.calibrations(catalogs.load(made_up_copy))["gpu"]
    assert gpu.points == 3 + 5 and gpu.fastest == pytest.approx(0.6)
    assert gpu.mfu.base == pytest.approx(0.2), (
        "the median of TEI on two cards and of Fast on one, not of eight runs"
    )


def test_memory_is_weights_a_fifth_more_and_one_batch(made_up):
    variant = made_up.variants["multi"]
    stated = variant.model_copy(update={"weights_bytes": {"fp16": 410_000_000}})
    assert throughput.needed_bytes(variant, "fp16") == pytest.approx(
        1.2 * 200_000_000 * 2 + 16_384 * 500 * 12 * 2
    )
    assert throughput.needed_bytes(stated, "fp16") == pytest.approx(
        1.2 * 410_000_000 + 16_384 * 500 * 12 * 2
    )
    assert throughput.attention_bytes(variant, "fp16", 8000) == 10 * 8000 * 8000 * 2


def test_a_share_of_a_card_has_a_share_of_its_memory_and_peak(made_up):
    whole = made_up.instances["acme-gpu"]
    sixth = whole.model_copy(update={"accelerator_count": 1 / 6})
    for figure in (throughput.memory_bytes, throughput.peak_flops):
        assert figure(made_up, sixth) / figure(made_up, whole) == pytest.approx(1 / 6)


@pytest.mark.parametrize(("precision", "factor"), [("fp32", 1.3), ("fp16", 2.0), ("int8", 2.0)])
def test_the_range_of_a_scaled_speed_holds_what_our_own_runs_differ_by(catalog, precision, factor):
    assert throughput.SCALED_SPREAD[precision] == factor
    reached = [
        row["tokens_per_s"]
        * throughput.flops_per_token(catalog.variants[row["variant"]], row["seq_len"])
        for row in catalog.throughput.to_dict("records")
        if row["source_id"] == "own-throughput-2026-11" and row["precision"] == precision
    ]
    assert not reached or max(reached) / min(reached) < factor
