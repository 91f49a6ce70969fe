"""Whether an answer is firm, in the words beside it."""

import pytest
from hypothesis import given

from advisor.decide.choosing import BASE, Ends, choose
from advisor.explain.firm import firm
from tests.asking import ask
from tests.decide.test_properties import EACH
from tests.decide.workloads import questions
from tests.explain.test_ways import PRESETS, of_preset


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_says_whether_it_is_firm(catalog, pinned, preset):
    assert tuple(firm(of_preset(catalog, preset))) == pinned


def test_a_tolerance_so_near_that_the_answer_would_change_is_told_and_true(catalog):
    answer = ask(catalog)
    is_firm, text = firm(answer)
    assert is_firm and "only 0.1 points inside the 5 that you accept: at 4.8 " in text
    at = {
        points: ask(catalog, quality_tolerance=points).pick.parts[0].variant_id
        for points in (4.8, 4.9, 5)
    }
    assert at[4.8] != at[5] == at[4.9]
    above = firm(ask(catalog, quality_tolerance=4.8)).text
    assert "Just outside the 4.8 that you accept: at 4.9 " in above


def test_a_tolerance_that_is_not_near_is_not_told(catalog):
    assert "that you accept" not in firm(ask(catalog, quality_tolerance=5.5)).text
    assert "that you accept" not in firm(ask(catalog, priority="quality")).text


def test_an_estimate_that_gives_another_model_makes_it_not_firm(catalog):
    answer = of_preset(catalog, "reranking-behind-closed-doors")
    is_firm, text = firm(answer)
    other = choose(answer.table, answer.steps, answer.workload, Ends(own="low"))
    assert not is_firm and answer.pipeline(other).named in text
    assert other != answer.choice == choose(answer.table, answer.steps, answer.workload, BASE)


def test_a_limit_that_is_kept_at_the_base_alone_makes_it_not_firm(catalog):
    late = firm(of_preset(catalog, "english-faq-on-cpu"))
    assert not late.firm and "over your limit of 50 ms" in late.text
    free = firm(of_preset(catalog, "free-of-charge"))
    assert not free.firm and "only while the free allocation" in free.text


def test_where_nothing_fits_nothing_is_firm(catalog):
    assert firm(ask(catalog, budget_usd_per_month=0.001)) == (False, "")


@EACH
@given(questions())
def test_a_firm_answer_has_its_models_at_the_ends_of_every_estimate(catalogs, question):
    answer = ask(catalogs.named[question.catalog], question.assumed, **question.stated)
    is_firm, text = firm(answer)
    assert bool(text) == (answer.pick is not None)
    if not is_firm:
        return
    now = [part.variant_id for part in answer.pick.parts]
    for end in (BASE, Ends("low", "low", "low"), Ends("high", "high", "high"), Ends(own="high")):
        other = choose(answer.table, answer.steps, answer.workload, end)
        if other is not None:
            assert [part.variant_id for part in answer.pipeline(other).parts] == now
