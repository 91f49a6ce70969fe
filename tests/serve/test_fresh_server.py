"""A fresh server whose very first visitors come by deep links, all at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from benchmarks.load.tab import Tab
from tests.browser.conftest import start_app


async def _opened(base):
    tabs = [Tab(base) for _ in range(4)]
    steps = await asyncio.gather(*(tab.open("advise") for tab in tabs))
    for tab in tabs:
        await tab.close()
    return [step.problem for step in steps]


def test_the_first_visitors_of_all_get_their_page():
    with (
        start_app() as base,
        ThreadPoolExecutor(1) as thread,
    ):  # of its own, without a loop of asyncio
        assert thread.submit(asyncio.run, _opened(base)).result() == [""] * 4
