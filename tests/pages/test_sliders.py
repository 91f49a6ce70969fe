"""Volumes on Cost: a slider over seven decades and the exact number beside it say the same."""

import math

import pytest

from advisor.ask.stops import STOPS
from advisor.ask.workload import bounds
from tests.visiting import opened


def both(page, field):
    return page.select_slider(key=f"{field}_slider"), page.number_input(key=field)


@pytest.mark.parametrize("field", STOPS)
def test_the_stops_span_seven_decades_within_the_bounds_of_the_field(field):
    stops = [stop for stop in STOPS[field] if stop]
    assert stops == sorted(set(stops)) and math.log10(stops[-1] / stops[0]) == 7
    low, high = bounds(field)
    assert low <= STOPS[field][0] and stops[-1] <= high


@pytest.mark.parametrize("field", STOPS)
def test_a_slider_moves_the_exact_number_and_the_address_follows(field):
    page = opened("cost")
    slider, _ = both(page, field)
    slider.set_value(30_000_000).run()
    assert not page.exception
    assert both(page, field)[1].value == 30_000_000
    assert page.query_params[field] == "30000000"


@pytest.mark.parametrize(
    ("stated", "stop"), [("1234567", 1_500_000), ("3", 1_000), ("70000000", 70_000_000)]
)
def test_an_exact_number_moves_the_slider_and_stays_exact(stated, stop):
    page = opened("cost", passages=stated)
    slider, box = both(page, "passages")
    assert (slider.value, box.value) == (stop, int(stated))
    box.set_value(int(stated) * 10).run()
    slider, box = both(page, "passages")
    assert box.value == int(stated) * 10
    assert slider.value == min(STOPS["passages"], key=lambda n: abs(math.log(n / box.value)))


def test_no_queries_are_a_stop_of_their_own_and_an_example_moves_both():
    page = opened("cost", queries_per_month="0")
    assert [widget.value for widget in both(page, "queries_per_month")] == [0, 0]
    page.pills(key="preset").set_value("english-faq-on-cpu").run()
    assert not page.exception
    assert [widget.value for widget in both(page, "queries_per_month")] == [300_000, 300_000]
    assert [widget.value for widget in both(page, "passages")] == [20_000, 20_000]


def test_what_a_task_does_not_use_cannot_be_moved():
    page = opened("cost", task="rerank")
    assert all(widget.disabled for widget in both(page, "passages"))
    assert not any(widget.disabled for widget in both(page, "queries_per_month"))
