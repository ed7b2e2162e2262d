import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.kit.errors import Conflict, InternalError, Unavailable
from wenshu.services.assistant.chat.running import RunningTurn, RunningTurns


async def collected(turn, after=0):
    return [event async for event in turn.follow(after)]


async def test_a_reader_may_come_late_or_early():
    turn = RunningTurn("s")
    early = asyncio.create_task(collected(turn))
    await asyncio.sleep(0)
    turn.say({"n": 1})
    await asyncio.sleep(0)
    turn.say({"n": 2}, last=True)
    turn.say({"n": 3})
    assert [event.data["n"] for event in await early] == [1, 2]
    assert [event.id for event in await collected(turn)] == [1, 2]
    assert await turn.result() == {"n": 2}


@given(st.integers(1, 8), st.integers(0, 12))
def test_what_comes_after_a_number_and_always_the_last(count, after):
    async def run():
        turn = RunningTurn("s")
        for number in range(1, count + 1):
            turn.say({"n": number}, last=number == count)
        return [event.id for event in await collected(turn, after)]

    assert asyncio.run(run()) == list(range(min(after + 1, count), count + 1))


async def test_an_error_is_the_last_event():
    turns = RunningTurns()

    async def answer(turn):
        turn.say({"n": 1})
        raise Conflict

    turn = turns.start("s", answer)
    with pytest.raises(Conflict):
        await turn.result()
    assert turns.get("s") is turn


async def test_what_nobody_expected_becomes_an_internal_error():
    async def answer(turn):
        del turn
        raise RuntimeError

    turn = RunningTurns().start("s", answer)
    with pytest.raises(InternalError):
        await turn.result()


async def test_a_stop_waits_then_cuts_short():
    turns = RunningTurns()
    hold = asyncio.Event()

    async def endless(turn):
        turn.say({"n": 1})
        await hold.wait()

    async def quick(turn):
        turn.say({"n": 1}, last=True)

    cut, whole = turns.start("a", endless), turns.start("b", quick)
    await turns.close(0.05)
    assert await whole.result() == {"n": 1}
    with pytest.raises(Unavailable):
        await cut.result()


async def test_what_is_not_stopped_ends_by_itself():
    turn = RunningTurn("s")

    async def work():
        await asyncio.sleep(0)
        return 5

    assert await turn.unless_stopped(work()) == 5


async def test_a_stop_cancels_and_waits_for_the_cleaning_up():
    turn, cleaned = RunningTurn("s"), []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(1)

    waiting = asyncio.create_task(turn.unless_stopped(work()))
    await asyncio.sleep(0)
    turn.stop()
    assert await waiting is None
    assert cleaned == [1]


async def test_a_stop_before_the_work_began_and_work_that_cannot_clean_up():
    turn = RunningTurn("s")
    turn.stop()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError

    assert await turn.unless_stopped(work()) is None


async def test_the_work_s_error_is_raised_and_a_cancelled_caller_leaves_no_work_behind():
    async def broken():
        raise Conflict

    with pytest.raises(Conflict):
        await RunningTurn("s").unless_stopped(broken())
    ended = asyncio.Event()

    async def endless():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(RunningTurn("s").unless_stopped(endless()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()
