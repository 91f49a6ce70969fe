"""The break-even chart: every crossing in words, and none without a load."""

from advisor.explain import break_even
from advisor.show import crossings
from tests.asking import ask, plan


def test_the_chart_tells_every_crossing_in_words(made_up, pinned):
    recommendation = ask(made_up)
    own = plan(recommendation, "big-en@acme-cpu")
    chart = crossings.chart(recommendation, own, "dark")
    assert (
        all(
            break_even.sentence(c).removesuffix(".") in chart.alt
            for c in break_even.crossings(recommendation, own)
        )
        and "36 million" in chart.alt
    )
    assert (
        "3.65 billion"
        in crossings.chart(recommendation, plan(recommendation, "big-en@acme-gpu"), "dark").title
    )
    chart.chart.to_dict()
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_without_a_load_no_break_even_is_drawn(made_up):
    recommendation = ask(made_up, queries_per_month=0)
    assert crossings.chart(recommendation, plan(recommendation, "big-en@acme-gpu"), "light") is None
