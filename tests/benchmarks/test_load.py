"""The load benchmark's visitors speak the server's protocol, and what goes wrong on a page is counted."""

import asyncio
import itertools
import math
import os
import re

import pytest

from benchmarks.load import api, soak, walk
from benchmarks.load.servers import State, served, state_of
from benchmarks.load.tab import Tab

BROKEN = """
import streamlit as st

def advise():
    st.title("Advise")
    passages = st.number_input("Passages", 1, 10**9, 5, key="passages", bind="query-params")
    languages = st.multiselect("Languages", ["en", "de", "zh", "fr", "es"], default=["en"], key="languages", bind="query-params")
    if passages > 5:
        raise ValueError("a fault of the page")

st.navigation([st.Page(advise, title="Advise", url_path="advise"), st.Page(lambda: None, title="Other", url_path="other", default=True)]).run()
"""


@pytest.fixture(scope="module")
def app():
    with served() as server:
        yield server


def test_visitors_walk_advise_and_cost_and_see_each_answer_change(app):
    log = walk.Log()

    async def visit():
        visitors = [walk.Visitor(app.base, seed, log, (0.0, 0.1)) for seed in range(3)]
        await asyncio.gather(*(visitor.walk(most_steps=4) for visitor in visitors))
        await walk.sent_away(visitors)

    asyncio.run(visit())
    assert not log.problems
    names = ("open Advise", "change passages", "change languages", "change budget")
    assert {name: len(seconds) for name, seconds in log.by_name().items()} == dict.fromkeys(
        names, 3
    )
    assert log.received > 50_000


def test_a_change_reaches_the_address_and_the_answer_and_the_link_takes_the_question_to_cost(app):
    async def visit():
        tab = Tab(app.base)
        first = await tab.open("advise", "languages=de")
        changed = await tab.change("passages", 40_000_000)
        again = await tab.change("passages", 40_000_000)
        asked = tab.query
        _in_menu, to_cost = (
            link.label for link in first.all_of("page_link") if link.page == "cost"
        )
        cost = await tab.follow(to_cost)
        index = await tab.turn("part", walk.PARTS[2])
        await tab.close()
        return first, changed, again, asked, cost, index

    first, changed, again, asked, cost, index = asyncio.run(visit())
    assert not any(run.problem for run in (first, changed, again, cost, index))
    assert "passages=40000000" in asked and "languages=de" in asked
    assert first.words != changed.words == again.words
    headings = [[heading.body for heading in run.all_of("heading")] for run in (first, cost, index)]
    assert (
        headings[0][0] != headings[1][0] == headings[2][0]
    )  # another page, then a part of the same
    assert set(headings[2]) - set(headings[1])


def test_questions_of_programs_are_counted_by_their_answers(app):
    same = itertools.repeat(api.question(0))
    found = asyncio.run(api.ask(app.base, same, 0.5, rate=20))
    assert len(found.answered) == 10 and not found.turned_away and not found.others
    wrong = asyncio.run(api.ask(app.base, itertools.repeat({"passages": -1}), 0.2, rate=10))
    assert wrong.others == ["422", "422"]


def test_an_exception_and_a_missing_widget_count_as_errors(tmp_path):
    (script := tmp_path / "broken.py").write_text(BROKEN, encoding="utf-8")
    log = walk.Log()

    async def visit(base):
        visitor = walk.Visitor(base, 1, log, (0.0, 0.0))
        await visitor.walk()
        assert not visitor.tab.is_open

    with served(script) as server:
        asyncio.run(visit(server.base))
    opened, passages, *_, budget = log.steps
    assert (opened.problem, len(log.problems)) == ("", len(log.steps) - 1)
    assert "ValueError" in passages.problem and "budget_usd_per_month" in budget.problem


def test_a_server_that_is_gone_is_an_error_and_not_a_crash():
    run = asyncio.run(Tab("http://127.0.0.1:9").open("advise"))
    assert "Error" in run.problem and not run.elements


def test_the_95th_percentile_is_the_least_that_95_in_100_do_not_exceed():
    assert (
        walk.p95([float(n) for n in range(1, 101)]) == 95
        and walk.p95([3.0]) == 3
        and math.isnan(walk.p95([]))
    )


def test_the_slope_tells_a_leak_from_a_cache_that_fills():
    def samples(mib):
        return [State(mib(n), 1, 1, 0, 0.0, 0.0, 10.0 * n) for n in range(100)]

    leak, cache = (
        soak.slope(samples(mib), 0.0) for mib in (lambda n: 100 + n, lambda n: 100 + min(n, 49))
    )
    assert (
        re.findall(r"[+]\d+[.]\d", leak) == ["+360.0", "+360.0"]
        and re.findall(r"[+]\d+[.]\d", cache)[1] == "+0.0"
    )


def test_the_state_of_a_process_is_that_of_this_one():
    own = state_of(os.getpid())
    assert (
        own.rss_mib > 10 and own.threads >= 1 and own.files >= 3 and own.machine_s > own.cpu_s > 0
    )
