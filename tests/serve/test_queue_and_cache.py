"""Work off the event loop: bounded, shared by those who ask the same, kept within a size."""

import asyncio
import threading

import pytest

from advisor.serve.queue_and_cache import Answers, QueueFullError, Work


def test_what_waits_is_bounded_and_told_until_a_place_is_free():
    async def tried():
        work, gate = Work(most_waiting=2), threading.Event()
        begun = [asyncio.create_task(work.run(gate.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert work.waiting == 3
        with pytest.raises(QueueFullError) as error:
            await work.run(gate.wait)
        assert error.value.retry_after_s >= 1 and str(error.value.retry_after_s) in str(error.value)
        gate.set()
        assert await asyncio.gather(*begun) == [True, True, True]
        await asyncio.sleep(0.05)
        assert work.waiting == 0
        return await work.run(lambda: "free")

    assert asyncio.run(tried()) == "free"


def test_an_error_within_the_work_reaches_the_one_who_asked_and_frees_the_place():
    async def tried():
        work = Work(most_waiting=0)
        with pytest.raises(ZeroDivisionError):
            await work.run(lambda: 1 // 0)
        await asyncio.sleep(0.05)
        return await work.run(lambda: work.waiting)

    assert asyncio.run(tried()) == 1


def test_those_who_ask_the_same_share_one_piece_of_work_and_one_who_leaves_takes_it_from_nobody():
    calls = []

    async def tried():
        answers, gate = Answers(Work(most_waiting=0)), threading.Event()

        def make():
            gate.wait()
            calls.append(1)
            return b"answer"

        leaver, *others = [asyncio.create_task(answers.get("q", make)) for _ in range(5)]
        await asyncio.sleep(0.05)
        leaver.cancel()
        gate.set()
        bodies = await asyncio.gather(*others)
        assert {body.plain for body in bodies} == {b"answer"}
        assert (await answers.get("q", make)) is bodies[0]

    asyncio.run(tried())
    assert calls == [1]


def test_answers_are_kept_within_their_size_the_last_used_longest():
    async def tried():
        answers, calls = Answers(Work(), most_bytes=2_500), []

        async def get(name):
            return await answers.get(name, lambda: calls.append(name) or name.encode() * 1_000)

        for name in "abacab":  # two fit, "c" takes the place of "b"
            await get(name)
        return calls

    assert asyncio.run(tried()) == ["a", "b", "c", "b"]


def test_an_answer_that_could_not_be_made_is_tried_again():
    async def tried():
        answers, gate = Answers(Work(most_waiting=0)), threading.Event()
        first = asyncio.create_task(answers.get("a", lambda: bytes(gate.wait())))
        await asyncio.sleep(0.05)
        with pytest.raises(QueueFullError):
            await answers.get("b", lambda: b"b")
        gate.set()
        await first
        await asyncio.sleep(0.05)
        return (await answers.get("b", lambda: b"b")).plain

    assert asyncio.run(tried()) == b"b"
