import asyncio

import pytest

from wenshu.kit.errors import Conflict
from wenshu.services.assistant.dialect import AssistantDialect
from wenshu.web.dialect import StreamEvent
from wenshu.web.sse import event_stream, opened_stream


async def frames(events, heartbeat=15.0):
    response = event_stream(AssistantDialect(), events, heartbeat=heartbeat)
    return [frame async for frame in response.body_iterator]


async def two():
    yield StreamEvent(1, {"content": "一", "done": False})
    yield StreamEvent(2, {"content": "一", "done": True})


async def test_events_are_framed_with_their_numbers():
    assert await frames(two()) == [
        'id: 1\ndata: {"content":"一","done":false}\n\n'.encode(),
        'id: 2\ndata: {"content":"一","done":true}\n\n'.encode(),
    ]


async def test_silence_is_filled_with_comments():
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        yield StreamEvent(1, {"done": True})

    seen = []
    async for frame in event_stream(AssistantDialect(), slow(), heartbeat=0.01).body_iterator:
        seen.append(frame)
        if len(seen) == 3:
            gate.set()
    assert seen[:3] == [b": keep-alive\n\n"] * 3
    assert seen[-1] == b'id: 1\ndata: {"done":true}\n\n'


async def test_a_fault_ends_the_stream_in_the_dialect():
    async def faulty():
        yield StreamEvent(1, {"done": False})
        raise Conflict("会话已存在")

    last = (await frames(faulty()))[-1]
    assert last == 'id: 2\ndata: {"status":"fail","code":409,"msg":"会话已存在","data":"","done":true}\n\n'.encode()


async def test_what_nobody_expected_is_told_without_its_words():
    async def broken():
        yield StreamEvent(1, {"done": False})
        raise RuntimeError("secret detail")

    last = (await frames(broken()))[-1]
    assert b'"code":500' in last
    assert b"secret" not in last


async def opened(opening, heartbeat):
    response = await opened_stream(AssistantDialect(), opening, heartbeat=heartbeat)
    return response.body_iterator


async def test_a_stream_that_opens_late_is_kept_alive_until_then():
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        return two()

    seen = []
    async for frame in await opened(slow(), 0.01):
        seen.append(frame)
        if len(seen) == 3:
            gate.set()
    assert seen[:3] == [b": keep-alive\n\n"] * 3
    assert [frame for frame in seen if not frame.startswith(b":")] == await frames(two())


@pytest.mark.parametrize("late", [False, True])
async def test_a_stream_that_does_not_open_says_why(late):
    async def refused():
        await asyncio.sleep(0.05 if late else 0)
        raise Conflict("会话已存在")

    if not late:
        with pytest.raises(Conflict):
            await opened(refused(), 15)
        return
    last = [frame async for frame in await opened(refused(), 0.01)][-1]
    assert b'"code":409' in last


async def test_who_hangs_up_before_it_opens_undoes_nothing():
    gate, accepted = asyncio.Event(), asyncio.Event()

    async def slow():
        await gate.wait()
        accepted.set()
        return two()

    body = await opened(slow(), 0.01)
    assert await anext(body) == b": keep-alive\n\n"
    await body.aclose()
    gate.set()
    await asyncio.wait_for(accepted.wait(), 10)
