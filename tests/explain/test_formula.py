from advisor.explain import formula
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
