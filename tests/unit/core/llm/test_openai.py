import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.openai import OpenAIChatModel
from wenshu.core.llm.port import ChatModel, Message
from wenshu.kit.errors import Unavailable

KEY = "sk-very-secret"
ASK = [Message("system", "你是助手"), Message("user", "你好")]


def event(text: str) -> bytes:
    return b"data: " + orjson.dumps({"choices": [{"delta": {"content": text}}]}) + b"\n\n"


END = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n'

Turn = Callable[["Upstream", web.Request], Awaitable[web.StreamResponse]]


class Upstream:
    """A real server that plays one turn a request, the last one again and again."""

    def __init__(self) -> None:
        self.turns: list[Turn] = [answering("你", "好", "！")]
        self.bodies: list[dict] = []
        self.requests: list[web.Request] = []
        self.asked = asyncio.Event()
        self.abandoned = asyncio.Event()
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.answer)
        self.server = TestServer(app)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.json())
        self.asked.set()
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return await turn(self, request)

    def model(self, **options: float) -> OpenAIChatModel:
        url = f"http://127.0.0.1:{self.server.port}"
        return OpenAIChatModel(
            url, "m-1", KEY, **{"first_byte_timeout": 20, "between_bytes_timeout": 20, "backoff": 0.001, **options}
        )


async def begun(request: web.Request, media_type: str = "text/event-stream") -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": media_type})
    await response.prepare(request)
    return response


def answering(*pieces: str) -> Turn:
    return sending(*map(event, pieces), END)


def sending(*chunks: bytes, media_type: str = "text/event-stream", hang: bool = False, cut: bool = False) -> Turn:
    async def turn(_: Upstream, request: web.Request) -> web.StreamResponse:
        response = await begun(request, media_type)
        for chunk in chunks:
            await response.write(chunk)
        if hang:
            await asyncio.Event().wait()
        if cut and request.transport is not None:
            request.transport.abort()
        return response

    return turn


def refusing(status: int, **headers: str) -> Turn:
    async def turn(_: Upstream, __: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": f"bad key {KEY}"}}, status=status, headers=headers)

    return turn


async def dropping(_: Upstream, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silent(_: Upstream, __: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def endless(_: Upstream, request: web.Request) -> web.StreamResponse:
    response = await begun(request)
    while True:
        await response.write(event("滴"))
        await asyncio.sleep(0.001)  # a pace, so that the other side gets its turn


def watched(turn: Turn) -> Turn:
    """Play a turn that never ends by itself, and tell when it has been ended."""

    async def watching(upstream: Upstream, request: web.Request) -> web.StreamResponse:
        try:
            return await turn(upstream, request)
        finally:
            upstream.abandoned.set()

    return watching


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    played = Upstream()
    await played.server.start_server()
    yield played
    await played.server.close()


async def answer_of(model: ChatModel, **options: float) -> list[str]:
    try:
        return [piece async for piece in model.stream(ASK, **options)]
    finally:
        await model.close()


async def failure_of(model: ChatModel) -> ModelUnavailable:
    with pytest.raises(ModelUnavailable) as caught:
        await answer_of(model)
    return caught.value


async def test_streams_and_asks_as_documented(upstream: Upstream) -> None:
    assert await answer_of(upstream.model(), max_tokens=9) == ["你", "好", "！"]
    assert upstream.bodies == [
        {
            "model": "m-1",
            "messages": [{"role": "system", "content": "你是助手"}, {"role": "user", "content": "你好"}],
            "temperature": 0.2,
            "stream": True,
            "max_tokens": 9,
        }
    ]
    assert upstream.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_without_key_and_limit(upstream: Upstream) -> None:
    model = OpenAIChatModel(f"http://127.0.0.1:{upstream.server.port}/v1/", "m", "")
    assert await answer_of(model, temperature=0) == ["你", "好", "！"]
    assert "Authorization" not in upstream.requests[0].headers
    assert "max_tokens" not in upstream.bodies[0]
    assert model.name == "m"


async def test_an_answered_connection_serves_again(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wenshu.core.llm.openai._DRAIN_SECONDS", 20)

    async def unhurried(_: Upstream, request: web.Request) -> web.StreamResponse:
        response = await begun(request)
        for chunk in (event("好"), *END.splitlines(keepends=True)):
            await response.write(chunk)
            await asyncio.sleep(0.001)  # a pace: the end comes after the finish reason has been read
        return response

    upstream.turns = [unhurried]
    model = upstream.model()
    for _ in range(3):
        assert [piece async for piece in model.stream(ASK)] == ["好"]
    await model.close()
    assert len({id(request.protocol) for request in upstream.requests}) == 1


@pytest.mark.parametrize("turn", [refusing(429), refusing(500), refusing(503, **{"Retry-After": "0"}), dropping])
async def test_tries_again_before_the_first_byte(upstream: Upstream, turn: Turn) -> None:
    upstream.turns = [turn, turn, answering("好")]
    assert await answer_of(upstream.model()) == ["好"]
    assert len(upstream.bodies) == 3


@pytest.mark.parametrize(
    ("turn", "reason", "status"),
    [(refusing(429), "rate_limited", 429), (refusing(502), "rejected", 502), (dropping, "connect", None)],
)
async def test_gives_up_after_all_attempts(upstream: Upstream, turn: Turn, reason: str, status: int | None) -> None:
    upstream.turns = [turn]
    error = await failure_of(upstream.model(attempts=2))
    assert (error.reason, error.status, len(upstream.bodies)) == (reason, status, 2)


async def test_waits_no_longer_than_the_cap(upstream: Upstream) -> None:
    upstream.turns = [refusing(429, **{"Retry-After": "86400"}), answering("好")]
    async with asyncio.timeout(20):
        assert await answer_of(upstream.model(retry_after_cap=0.01)) == ["好"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 307])
async def test_a_refusal_is_final(upstream: Upstream, status: int) -> None:
    upstream.turns = [refusing(status, Location="/v1/chat/completions")]
    error = await failure_of(upstream.model())
    assert (error.reason, error.status, len(upstream.bodies)) == ("rejected", status, 1)
    assert isinstance(error, Unavailable)


async def test_nobody_listens(upstream: Upstream) -> None:
    model = upstream.model()
    await upstream.server.close()
    assert (await failure_of(model)).reason == "connect"


@pytest.mark.parametrize(
    ("turn", "reason", "options"),
    [
        (silent, "timeout", {"first_byte_timeout": 0.2}),
        (sending(hang=True), "timeout", {"first_byte_timeout": 0.2}),
        (sending(event("你"), hang=True), "timeout", {"between_bytes_timeout": 0.2}),
        (sending(event("你"), cut=True), "cut", {}),
        (sending(event("你")), "cut", {}),
        (sending(), "cut", {}),
        (sending(event("你"), event("好")[:-9], cut=True), "cut", {}),
        (sending(b"<html>gateway</html>", media_type="text/html"), "garbage", {}),
        (sending(event("你"), b"\x00\xff garbage\n"), "garbage", {}),
        (sending(b"data: {broken\n\n"), "garbage", {}),
        (sending(b'data: {"choices": "none"}\n\n'), "garbage", {}),
        (sending(b'{"choices": 1}', media_type="application/json"), "garbage", {}),
        (sending(event("你"), b'data: {"error": {"message": "sk-very-secret"}}\n\n'), "rejected", {}),
    ],
)
async def test_faults_have_their_reason_and_are_not_retried(
    upstream: Upstream, turn: Turn, reason: str, options: dict[str, float]
) -> None:
    upstream.turns = [turn]
    error = await failure_of(upstream.model(**options))
    assert error.reason == reason
    assert len(upstream.bodies) == 1


async def test_pieces_before_a_cut_reach_the_consumer(upstream: Upstream) -> None:
    upstream.turns = [sending(event("你"), event("好"), hang=True)]
    model = upstream.model(between_bytes_timeout=0.2)
    pieces = model.stream(ASK)
    assert [await anext(pieces), await anext(pieces)] == ["你", "好"]
    with pytest.raises(ModelUnavailable):
        await anext(pieces)
    await model.close()


async def test_a_slow_drip_is_no_fault(upstream: Upstream) -> None:
    wire = b": waiting\n\n" + event("滴") + b"data:" + event("答")[5:] + END
    upstream.turns = [sending(*(wire[at : at + 1] for at in range(len(wire))))]
    assert await answer_of(upstream.model()) == ["滴", "答"]


async def test_an_upstream_that_does_not_stream(upstream: Upstream) -> None:
    body = orjson.dumps({"choices": [{"message": {"content": "整个"}, "finish_reason": "stop"}]})
    upstream.turns = [sending(body[:9], body[9:], media_type="application/json")]
    assert await answer_of(upstream.model()) == ["整个"]


async def test_a_finish_reason_is_enough(upstream: Upstream) -> None:
    upstream.turns = [sending(event("好"), END.partition(b"\n\n")[0] + b"\n\n", hang=True)]
    assert await answer_of(upstream.model()) == ["好"]


async def test_the_upstream_is_left_when_the_iterator_is_closed(upstream: Upstream) -> None:
    upstream.turns = [watched(endless)]
    model = upstream.model()
    async with aclosing(model.stream(ASK)) as pieces:
        assert await anext(pieces) == "滴"
    await asyncio.wait_for(upstream.abandoned.wait(), 20)
    await model.close()


async def test_the_upstream_is_left_when_the_iterator_is_dropped(upstream: Upstream) -> None:
    upstream.turns = [watched(endless)]
    model = upstream.model()
    async for _ in model.stream(ASK):
        break
    await asyncio.wait_for(upstream.abandoned.wait(), 20)
    await model.close()


@pytest.mark.parametrize("turn", [silent, sending(hang=True)])
async def test_the_upstream_is_left_when_a_waiting_consumer_is_cancelled(upstream: Upstream, turn: Turn) -> None:
    upstream.turns = [watched(turn)]
    model = upstream.model()
    consumer = asyncio.ensure_future(anext(model.stream(ASK)))
    await upstream.asked.wait()
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    await asyncio.wait_for(upstream.abandoned.wait(), 20)
    await model.close()


async def test_the_upstream_is_left_when_a_reading_consumer_is_cancelled(upstream: Upstream) -> None:
    upstream.turns = [watched(sending(event("好"), hang=True))]
    model = upstream.model()
    reading = asyncio.Event()

    async def read() -> None:
        async for _ in model.stream(ASK):
            reading.set()

    consumer = asyncio.create_task(read())
    await reading.wait()
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    await asyncio.wait_for(upstream.abandoned.wait(), 20)
    await model.close()


async def test_the_key_is_in_no_error_and_no_log(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for turn in (refusing(401), refusing(500), sending(b'data: {"error": "sk-very-secret"}\n\n'), dropping):
        upstream.turns = [turn]
        model = upstream.model()
        error = await failure_of(model)
        assert KEY not in f"{error!r} {error} {error.__cause__!r} {vars(error)} {model!r}"
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", ["sk-\nX-Evil: 1", "sk-中文", "sk\x00"])
def test_a_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        OpenAIChatModel("http://host", "m", key)
    assert key not in str(caught.value)
