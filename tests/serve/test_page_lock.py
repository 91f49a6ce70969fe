"""Pages that compute, one after the other.

None is beside another, none is stopped by one that waits, hangs or fails.
"""

import concurrent.futures
import threading
import time

import pytest

from advisor.serve.page_lock import Turns

SOON_S = 10.0


@pytest.fixture
def others():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        yield pool


def taken(turns: Turns) -> str:
    with turns.turn():
        return "taken"


def test_no_two_are_run_together(others):
    turns, inside, most = Turns(), [], []

    def page(number: int) -> None:
        with turns.turn():
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.005)
            inside.remove(number)

    list(others.map(page, range(20)))
    assert most == [1] * 20


def test_one_who_waits_for_something_else_lets_others_go_ahead_and_has_its_turn_again(others):
    turns = Turns()
    with turns.turn():
        with turns.aside():
            assert others.submit(taken, turns).result(SOON_S) == "taken"
        later = others.submit(taken, turns)
        assert not concurrent.futures.wait([later], 0.05).done
    assert later.result(SOON_S) == "taken"


def test_stepping_aside_without_a_turn_takes_none(others):
    turns = Turns()
    with turns.aside():
        pass
    assert others.submit(taken, turns).result(SOON_S) == "taken"


def test_an_error_ends_the_turn(others):
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.turn():
        1 // 0  # noqa: B018
    with pytest.raises(ZeroDivisionError), turns.turn(), turns.aside():
        1 // 0  # noqa: B018
    assert others.submit(taken, turns).result(SOON_S) == "taken"


def test_one_that_hangs_slows_the_others_and_stops_none_and_keeps_its_turn(others):
    turns, held, end = Turns(patience_s=0.05), threading.Event(), threading.Event()

    def hanging() -> None:
        with turns.turn():
            held.set()
            assert end.wait(SOON_S)

    first = others.submit(hanging)
    assert held.wait(SOON_S)
    assert others.submit(taken, turns).result(SOON_S) == "taken"
    assert turns._turn.locked()  # the impatient one had no turn to end
    end.set()
    first.result(SOON_S)
    assert not turns._turn.locked()
