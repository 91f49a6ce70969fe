from advisor import catalog as catalogs
from advisor.explain import formula
from tests import asking
from tests.decide.measured import PEAK, ask, here, with_facts


def test_the_formula_says_where_the_speed_is_from(pinned, catalog):
    recommendation = ask(catalog, **PEAK, passage_tokens=126)
    own, other = (
        formula.cost_formula(here(recommendation, variant), recommendation)
        for variant in ("bge-small-en-v1.5", "bge-base-en-v1.5")
    )
    measured = "2026-11-24", "128", "BGE Small EN v1.5", "fp32", "0.046 billion", "176 GFLOP/s"
    assert with_facts(own, *measured).count("3,848") == 2 and with_facts(
        own, "$0.10", "730", "10", "$730"
    )
    assert with_facts(other, *measured, "3,848", "993", "764", "1,291")
    assert {"measured": own, "scaled": other} == pinned


def test_the_formula_sums_to_a_lower_bound_where_the_index_has_no_price(made_up):
    # 36 million tokens a month and 204.6 million once at 0.50, beside Drawer's floor of 300
    recommendation = asking.ask(made_up, languages=["fr"], vector_store="drawer")
    lines = formula.cost_formula(recommendation.pick.parts[0], recommendation)
    missing = "not known: vector storage and vector store queries)"
    assert lines[-2].endswith(f"kept in Drawer for at least $300 per month ({missing}.")
    assert lines[-1] == f"Total: at least $318 per month (known: $315 to $318; {missing}."
    assert any(line.endswith("= $102 once (not known: vector store writes).") for line in lines)


def test_the_formula_of_an_endpoint_without_a_price_still_has_its_index(made_up_copy, edit):
    edit(made_up_copy / "offers/gamma.yaml", '"0.40"', "null")
    recommendation = asking.ask(catalogs.load(made_up_copy), languages=["fr"], vector_store="shelf")
    judged = asking.plan(recommendation, "gamma-multi")
    *_, priceless, index, together = formula.cost_formula(judged, recommendation)
    assert priceless == "The price is not known, so its cost is not known either."
    assert "kept in Shelf for $10.00 per month." in index
    assert together == "Total: at least $10.00 per month (not known: encoding)."
