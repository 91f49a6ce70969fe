"""The break-even chart: every crossing in words, and none without a load."""

from advisor.explain import break_even
from advisor.show import crossings
from tests.asking import ask, plan
from tests.show.specs import layers, valid


def test_the_chart_tells_every_crossing_in_words(made_up, pinned):
    recommendation = ask(made_up)
    own = plan(recommendation, "big-en@acme-cpu")
    chart = crossings.chart(recommendation, own)
    assert (
        all(
            break_even.sentence(c).removesuffix(".") in chart.alt
            for c in break_even.crossings(recommendation, own)
        )
        and "36 million" in chart.alt
    )
    assert (
        "3.65 billion"
        in crossings.chart(recommendation, plan(recommendation, "big-en@acme-gpu")).title
    )
    valid(chart)
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_without_a_load_no_break_even_is_drawn(made_up):
    recommendation = ask(made_up, queries_per_month=0)
    assert crossings.chart(recommendation, plan(recommendation, "big-en@acme-gpu")) is None


def test_offers_are_blue_the_machine_is_grey_and_each_line_has_a_dash_of_its_own(made_up):
    recommendation = ask(made_up)
    own = plan(recommendation, "big-en@acme-gpu")
    (lines,) = layers(valid(crossings.chart(recommendation, own)), "line")
    slots = {row["line"]: row["slot"] for row in lines["data"]["values"]}
    assert slots.pop(own.plan.where) == "three" and set(slots.values()) == {"one"}
    dashes = lines["encoding"]["strokeDash"]["scale"]
    assert set(dashes["domain"]) == {own.plan.where, *slots}
    used = dashes["range"][: len(dashes["domain"])]
    assert len({tuple(dash) for dash in used}) == len(used)
