"""Where a variant can run: at offers that stand, and on machines."""

from advisor.decide.build import plan_ids
from advisor.decide.places import all_places
from tests.asking import ask
from tests.withdrawing import withdraw


def test_a_withdrawn_offer_is_no_place_and_in_no_plan(made_up, made_up_copy):
    before = {place.id for place in all_places(made_up)}
    after = withdraw(made_up_copy)
    assert before - {place.id for place in all_places(after)} == {"beta-big-en"}
    assert "beta-big-en" in plan_ids(made_up) and "beta-big-en" not in plan_ids(after)
    assert ask(made_up).answer == ("beta-big-en",)
    answer = ask(after)
    assert answer.answer == ("alpha-big-en",)
    assert all(judged.id != "beta-big-en" for judged in answer.judged)
