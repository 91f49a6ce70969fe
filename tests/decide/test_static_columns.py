"""What no workload changes: known prices, what int8 costs in quality, machines with a speed."""

import pytest

from advisor import catalog as catalogs
from advisor.decide.static_columns import static_columns
from tests.asking import ask, plan


def test_machines_without_a_spot_price_are_not_picked_on_spot(made_up):
    recommendation = ask(made_up, {"machine_prices": "spot"}, placement="own")
    assert recommendation.pick.parts[0].plan.instance.spot_usd_per_h is not None
    assert "rent-is-known" in recommendation.rules.excluding(
        plan(recommendation, "multi@acme-gpu-large").row
    )


def test_int8_says_what_it_costs_in_quality_where_that_was_measured(made_up_copy, pinned):
    with (made_up_copy / "evidence/quality.csv").open("a", encoding="utf-8") as table:
        for benchmark, score in (
            ("MTEB(eng, v1) fp32 of the int8 study", 55),
            ("MTEB(eng, v1) int8", 54.17),
        ):
            table.write(
                f'big-en,"{benchmark}",retrieval,ndcg_at_10,{score},acme,1,,4,acme-scores,\n'
            )
    catalog = catalogs.load(made_up_copy)
    recommendation = ask(catalog, {"precision": "int8"}, placement="own")
    measured, unknown = (
        next(
            f
            for f in plan(recommendation, f"{variant}@acme-cpu").findings
            if f.rule == "int8-costs-quality"
        )
        for variant in ("big-en", "multi")
    )
    assert "0.83" in measured.text and not measured.unknown and "0.83" not in unknown.text
    assert all(f.rule != "int8-costs-quality" for j in ask(catalog).judged for f in j.findings)
    assert {"measured": measured.text, "not measured": unknown.text} == pinned


@pytest.mark.parametrize(
    ("precision", "known"),
    [("default", {"cpu", "gpu"}), ("fp32", {"cpu"}), ("fp16", {"gpu"}), ("int8", set())],
)
def test_machines_are_known_at_the_precisions_at_which_runs_were_measured(
    made_up_copy, edit, precision, known
):
    edit(
        made_up_copy / "evidence/throughput.csv", "1000,chip,int8", "1000,chip,"
    )  # two runs are too few
    recommendation = ask(catalogs.load(made_up_copy), {"precision": precision}, placement="own")
    assert {
        j.plan.figure("hardware_class") for j in recommendation.judged if j.plan.tokens_per_second
    } == known
    assert (recommendation.pick is None) == (not known)


def test_a_reranker_without_published_losses_names_a_sibling_that_has_them(second_family):
    catalog = catalogs.load(second_family)
    figures = static_columns(catalog, "fp16", False)
    names, losses = (figures.columns[name] for name in ("sibling", "sibling_losses"))
    siblings = {
        place.variant_id: names.known[row] and (names.values[row], losses.values[row] > 0)
        for row, place in enumerate(figures.places)
    }
    assert siblings["bge-reranker-base"] == ("BGE Reranker V2 M3", True)
    assert not any(siblings[key] for key in ("bge-reranker-v2-m3", "bge-m3", "nova-rank"))
