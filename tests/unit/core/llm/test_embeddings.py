import asyncio
import base64
import logging
import math
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.llm.embeddings import OpenAIEmbedder, vectors_of
from wenshu.core.llm.errors import MESSAGES, ModelUnavailable
from wenshu.core.llm.port import Embedder

KEY = "sk-very-secret"
Turn = Callable[[web.Request, Sequence[str]], Awaitable[web.StreamResponse]]


def vector(text: str) -> list[float]:
    return [float(len(text)), 0.5, -1.25]


def packed(numbers: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def data(texts: Sequence[str], form: Callable[[list[float]], object] = list) -> list[dict]:
    return [{"object": "embedding", "index": at, "embedding": form(vector(text))} for at, text in enumerate(texts)]


async def fine(_: web.Request, texts: Sequence[str]) -> web.StreamResponse:
    return web.json_response({"object": "list", "data": data(texts), "usage": {"total_tokens": 3}})


def answering(make: Callable[[Sequence[str]], object]) -> Turn:
    async def turn(_: web.Request, texts: Sequence[str]) -> web.StreamResponse:
        return web.Response(body=orjson.dumps(make(texts)), content_type="application/json")

    return turn


def refusing(status: int, **headers: str) -> Turn:
    async def turn(_: web.Request, __: Sequence[str]) -> web.StreamResponse:
        return web.json_response({"error": {"message": f"bad key {KEY}"}}, status=status, headers=headers)

    return turn


async def dropping(request: web.Request, _: Sequence[str]) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request, texts: Sequence[str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    await response.prepare(request)
    await response.write(orjson.dumps({"data": data(texts)})[:20])
    assert request.transport is not None
    request.transport.abort()
    return response


async def silent(_: web.Request, __: Sequence[str]) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def hanging(request: web.Request, _: Sequence[str]) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b'{"data": [')
    await asyncio.Event().wait()
    return response


class Upstream:
    """A real server that plays one turn a request, the last one again and again."""

    def __init__(self) -> None:
        self.turns: list[Turn] = [fine]
        self.bodies: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.asked = asyncio.Event()
        self.at_once = self.most_at_once = 0
        app = web.Application()
        app.router.add_post("/v1/embeddings", self.answer)
        self.server = TestServer(app)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        self.asked.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await turn(request, self.bodies[-1]["input"])
        finally:
            self.at_once -= 1

    def embedder(self, **options: float) -> OpenAIEmbedder:
        url = f"http://127.0.0.1:{self.server.port}/v1"
        return OpenAIEmbedder(url, "m-1", KEY, **{"seconds": 20, "backoff": 0.001, **options})


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    played = Upstream()
    await played.server.start_server()
    yield played
    await played.server.close()


async def embedded(embedder: Embedder, *texts: str) -> list[list[float]]:
    try:
        return await embedder.embed(texts)
    finally:
        await embedder.close()


async def failure_of(embedder: Embedder, *texts: str) -> ModelUnavailable:
    with pytest.raises(ModelUnavailable) as caught:
        await embedded(embedder, *(texts or ("你好",)))
    return caught.value


async def test_texts_become_vectors_as_documented(upstream: Upstream) -> None:
    embedder = upstream.embedder()
    assert embedder.model == "m-1"
    assert await embedded(embedder, "一", "二二", "三三三") == [vector("一"), vector("二二"), vector("三三三")]
    assert upstream.bodies == [{"model": "m-1", "input": ["一", "二二", "三三三"]}]
    assert upstream.headers[0]["Authorization"] == f"Bearer {KEY}"


async def test_dimensions_are_asked_for_and_held(upstream: Upstream) -> None:
    assert await embedded(upstream.embedder(dimensions=3), "一") == [vector("一")]
    assert upstream.bodies[0]["dimensions"] == 3
    assert (await failure_of(upstream.embedder(dimensions=4))).reason == "dimension"


async def test_no_texts_no_request(upstream: Upstream) -> None:
    assert await embedded(upstream.embedder()) == []
    assert upstream.bodies == []


async def test_many_texts_go_in_batches_a_few_at_once_and_come_back_in_order(upstream: Upstream) -> None:
    async def unhurried(request: web.Request, texts: Sequence[str]) -> web.StreamResponse:
        await asyncio.sleep(0.001 * (len(upstream.bodies) % 3))  # answers overtake one another
        return await fine(request, texts)

    upstream.turns = [unhurried]
    texts = ["字" * (at % 50 + 1) for at in range(95)]
    assert await embedded(upstream.embedder(batch=10, concurrency=3), *texts) == [vector(text) for text in texts]
    assert sorted(len(body["input"]) for body in upstream.bodies) == [5] + [10] * 9
    assert 1 < upstream.most_at_once <= 3


async def test_the_index_gives_the_order(upstream: Upstream) -> None:
    upstream.turns = [answering(lambda texts: {"data": data(texts)[::-1]})]
    assert await embedded(upstream.embedder(), "一", "二二") == [vector("一"), vector("二二")]


async def test_answers_without_an_index_are_in_the_order_of_the_request(upstream: Upstream) -> None:
    upstream.turns = [answering(lambda texts: {"data": [{"embedding": vector(text)} for text in texts]})]
    assert await embedded(upstream.embedder(), "一", "二二") == [vector("一"), vector("二二")]


async def test_base64_is_read(upstream: Upstream) -> None:
    upstream.turns = [answering(lambda texts: {"data": data(texts, packed)})]
    assert await embedded(upstream.embedder(), "一", "二二") == [vector("一"), vector("二二")]


async def test_a_large_answer_is_read(upstream: Upstream) -> None:
    wide = [index / 7 for index in range(30_000)]
    upstream.turns = [answering(lambda texts: {"data": [{"index": at, "embedding": wide} for at in range(len(texts))]})]
    assert await embedded(upstream.embedder(), "一", "二", "三") == [wide] * 3


@pytest.mark.parametrize("turn", [refusing(429), refusing(500), refusing(503, **{"Retry-After": "0"}), dropping, cut])
async def test_what_passes_is_tried_again(upstream: Upstream, turn: Turn) -> None:
    upstream.turns = [turn, turn, fine]
    assert await embedded(upstream.embedder(), "好") == [vector("好")]
    assert len(upstream.bodies) == 3


async def test_a_named_wait_is_kept_to_its_cap(upstream: Upstream) -> None:
    upstream.turns = [refusing(429, **{"Retry-After": "86400"}), fine]
    async with asyncio.timeout(20):
        assert await embedded(upstream.embedder(retry_after_cap=0.01), "好") == [vector("好")]


@pytest.mark.parametrize(
    ("turn", "reason", "status"),
    [
        (refusing(429), "rate_limited", 429),
        (refusing(502), "rejected", 502),
        (dropping, "connect", None),
        (cut, "cut", None),
    ],
)
async def test_gives_up_after_all_attempts(upstream: Upstream, turn: Turn, reason: str, status: int | None) -> None:
    upstream.turns = [turn]
    error = await failure_of(upstream.embedder(attempts=2))
    assert (error.reason, error.status, len(upstream.bodies)) == (reason, status, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 307])
async def test_a_refusal_is_final(upstream: Upstream, status: int) -> None:
    upstream.turns = [refusing(status, Location="/v1/embeddings")]
    error = await failure_of(upstream.embedder())
    assert (error.reason, error.status, len(upstream.bodies)) == ("rejected", status, 1)


@pytest.mark.parametrize("turn", [silent, hanging])
async def test_silence_ends(upstream: Upstream, turn: Turn) -> None:
    upstream.turns = [turn]
    assert (await failure_of(upstream.embedder(seconds=0.2))).reason == "timeout"
    assert len(upstream.bodies) == 1


def broken(*vectors: object) -> Callable[[Sequence[str]], object]:
    return lambda _: {"data": [{"index": at, "embedding": value} for at, value in enumerate(vectors)]}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (broken([1.0, 2.0]), "count"),
        (broken([1.0], [1.0], [1.0]), "count"),
        (lambda _: {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]}, "count"),
        (lambda _: {"data": [{"index": 0, "embedding": [1.0]}, {"embedding": [1.0]}]}, "count"),
        (broken([1.0, 2.0], [1.0]), "dimension"),
        (broken([1.0, None], [1.0, 2.0]), "number"),
        (broken([1.0, "2"], [1.0, 2.0]), "number"),
        (broken([1.0, True], [1.0, 2.0]), "number"),
        (broken(packed([1.0, float("nan")]), [1.0, 2.0]), "number"),
        (broken(packed([1.0, float("inf")]), [1.0, 2.0]), "number"),
        (broken([], []), "garbage"),
        (broken("", ""), "garbage"),
        (broken("###", "###"), "garbage"),
        (broken("YWJj", "YWJj"), "garbage"),
        (broken(None, None), "garbage"),
        (broken({}, {}), "garbage"),
        (lambda _: {"data": "none"}, "garbage"),
        (lambda _: {"data": [1, 2]}, "garbage"),
        (lambda _: {}, "garbage"),
        (lambda _: [], "garbage"),
        (lambda _: {"error": {"message": KEY}}, "rejected"),
    ],
)
async def test_what_is_no_answer_has_its_reason_in_words(
    upstream: Upstream, answer: Callable[[Sequence[str]], object], reason: str
) -> None:
    upstream.turns = [answering(answer)]
    error = await failure_of(upstream.embedder(), "一", "二二")
    assert (error.reason, error.message) == (reason, MESSAGES[error.reason])
    assert len(upstream.bodies) == 1


async def test_vectors_of_another_length_than_before_are_refused(upstream: Upstream) -> None:
    """A model exchanged behind its name."""
    upstream.turns = [fine, answering(broken([1.0, 2.0]))]
    embedder = upstream.embedder()
    assert await embedder.embed(["一"])
    assert (await failure_of(embedder, "一")).reason == "dimension"


@pytest.mark.parametrize(
    "body", [b"<html>gateway</html>", b"", b'{"data": [{"index": 0, "embedding": [NaN]}]}', b"\xff"]
)
async def test_what_is_no_json_is_garbage(upstream: Upstream, body: bytes) -> None:
    async def turn(_: web.Request, __: Sequence[str]) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    upstream.turns = [turn]
    assert (await failure_of(upstream.embedder())).reason == "garbage"


async def test_an_endless_answer_is_garbage(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(request: web.Request, _: Sequence[str]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65_536)

    monkeypatch.setattr("wenshu.core.llm.embeddings.MAX_BYTES", 1_000_000)
    upstream.turns = [endless]
    assert (await failure_of(upstream.embedder())).reason == "garbage"


async def test_where_one_batch_fails_the_others_are_given_up(upstream: Upstream) -> None:
    upstream.turns = [refusing(400), silent]
    async with asyncio.timeout(20):
        error = await failure_of(upstream.embedder(batch=1, concurrency=2), *"一二三四五六")
    assert error.reason == "rejected"
    assert len(upstream.bodies) < 6


async def test_a_cancelled_call_leaves_nothing_running(upstream: Upstream) -> None:
    upstream.turns = [silent]
    embedder = upstream.embedder(batch=1)
    asking = asyncio.ensure_future(embedder.embed(list("一二三四")))
    await upstream.asked.wait()
    before = asyncio.all_tasks()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len([task for task in before if task.done()]) >= 4
    await embedder.close()


async def test_the_key_is_in_no_error_and_no_log(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for turn in (refusing(401), refusing(500), answering(lambda _: {"error": KEY}), dropping):
        upstream.turns = [turn]
        embedder = upstream.embedder(attempts=2)
        error = await failure_of(embedder)
        assert KEY not in f"{error!r} {error} {error.__cause__!r} {vars(error)} {embedder!r}"
    assert KEY not in caplog.text


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1), max_size=5))
def test_both_forms_say_the_same(vectors: list[list[float]]) -> None:
    for form in (list, packed):
        body = orjson.dumps({"data": [{"index": at, "embedding": form(numbers)} for at, numbers in enumerate(vectors)]})
        assert vectors_of(body) == vectors


SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=4)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)
ITEMS = st.lists(st.fixed_dictionaries({"index": JSON, "embedding": JSON}) | JSON, max_size=3)


@given(st.binary(max_size=60) | st.builds(lambda items: orjson.dumps({"data": items}), ITEMS | JSON))
def test_any_answer_is_vectors_or_a_fault(body: bytes) -> None:
    try:
        found = vectors_of(body)
    except ModelUnavailable:
        return
    assert all(isinstance(number, float) and math.isfinite(number) for numbers in found for number in numbers)
