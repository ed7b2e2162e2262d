import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from wenshu.core.fetch.fetcher import Fetched, Fetcher
from wenshu.kit.errors import FetchFailed, FetchRefused

LIMIT = 100_000


class Origin:
    """A real server on loopback that notes what it was asked."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.asked = asyncio.Event()
        self.elsewhere = ""
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        self.server = TestServer(app)

    @property
    def host_port(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        self.asked.set()
        return await ANSWERS[request.path.split("/")[1]](self, request)


Answer = Callable[[Origin, web.Request], Awaitable[web.StreamResponse]]
ANSWERS: dict[str, Answer] = {}


def answers(handler: Answer) -> Answer:
    ANSWERS[getattr(handler, "__name__", "")] = handler
    return handler


@answers
async def document(_: Origin, __: web.Request) -> web.StreamResponse:
    headers = {
        "Content-Disposition": "attachment; filename*=UTF-8''%E6%8A%A5.pdf",
        "Content-Type": "Application/PDF; a=b",
    }
    return web.Response(body=b"%PDF-", headers=headers)


@answers
async def hops(_: Origin, request: web.Request) -> web.StreamResponse:
    left = int(request.path.split("/")[2])
    target = f"{left - 1}" if left else "/document"
    return web.Response(status=(301, 302, 303, 307, 308)[left], headers={"Location": target})


@answers
async def away(origin: Origin, _: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": origin.elsewhere})


@answers
async def status(_: Origin, request: web.Request) -> web.StreamResponse:
    return web.Response(status=int(request.path.split("/")[2]), text="secret of the inside")


@answers
async def sized(_: Origin, request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"0" * int(request.path.split("/")[2]))


@answers
async def chunked(_: Origin, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _i in range(LIMIT // 1_000 + 1):
        await response.write(b"0" * 1_000)
    return response


@answers
async def packed(_: Origin, request: web.Request) -> web.StreamResponse:
    body = gzip.compress(b"0" * int(request.path.split("/")[2]))
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


@answers
async def silent(_: Origin, __: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


@answers
async def stalled(_: Origin, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"begin")
    await asyncio.Event().wait()
    return response


@answers
async def declared(_: Origin, request: web.Request) -> web.StreamResponse:
    await web.StreamResponse(headers={"Content-Length": str(LIMIT + 1)}).prepare(request)
    await asyncio.Event().wait()
    raise AssertionError


@answers
async def cut(_: Origin, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"begin")
    assert request.transport is not None
    request.transport.abort()
    return response


@answers
async def cookie(_: Origin, __: web.Request) -> web.StreamResponse:
    response = web.Response(status=302, headers={"Location": "/document"})
    response.set_cookie("session", "tracked")
    return response


@asynccontextmanager
async def serving() -> AsyncIterator[Origin]:
    origin = Origin()
    await origin.server.start_server()
    try:
        yield origin
    finally:
        await origin.server.close()


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[Origin]:
    async with serving() as served:
        yield served


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def no_names(_host: str, _port: int) -> list[str]:
    raise OSError


class Closing(Fetcher):
    aclose = Fetcher.close


async def fetched(url: str, into: Path, *, allow: list[str], timeout: float = 20, **options: object) -> Fetched:  # noqa: ASYNC109 - the fetcher's own limit
    fetcher = Closing(allow_hosts=allow, timeout_seconds=timeout, max_bytes=LIMIT, **options)
    async with aclosing(fetcher):
        return await fetcher.fetch(url, into)


async def test_downloads(origin: Origin, tmp_path: Path) -> None:
    result = await fetched(origin.url("/document?x=1#part"), tmp_path / "f", allow=["127.0.0.1"])
    assert result == Fetched(
        url=origin.url("/document?x=1#part"), status=200, media_type="application/pdf", file_name="报.pdf", size=5
    )
    assert (tmp_path / "f").read_bytes() == b"%PDF-"


@pytest.mark.parametrize("path", [f"/sized/{LIMIT}", f"/packed/{LIMIT}", "/sized/0"])
async def test_up_to_the_limit(origin: Origin, tmp_path: Path, path: str) -> None:
    result = await fetched(origin.url(path), tmp_path / "f", allow=[origin.host_port])
    assert result.size == int(path.split("/")[2]) == (tmp_path / "f").stat().st_size


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"/sized/{LIMIT + 1}", "文件过大"),
        ("/declared", "文件过大"),
        ("/chunked", "文件过大"),
        (f"/packed/{50 * LIMIT}", "文件过大"),
        ("/status/404", "状态码 404"),
        ("/status/500", "状态码 500"),
        ("/status/304", "状态码 304"),
        ("/cut", "不完整"),
        ("/hops/4", "重定向超过 3 次"),
    ],
)
async def test_failures_say_which_and_leave_no_file(origin: Origin, tmp_path: Path, path: str, says: str) -> None:
    with pytest.raises(FetchFailed, match=says) as caught:
        await fetched(origin.url(path), tmp_path / "f", allow=[origin.host_port])
    assert not isinstance(caught.value, FetchRefused)
    assert "secret" not in caught.value.message
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("path", ["/silent", "/stalled"])
async def test_time_is_up(origin: Origin, tmp_path: Path, path: str) -> None:
    with pytest.raises(FetchFailed, match=r"访问超时，超过 0\.3 秒"):
        await fetched(origin.url(path), tmp_path / "f", allow=[origin.host_port], timeout=0.3)
    assert left_in(tmp_path) == []


async def test_a_cancelled_fetch_leaves_no_file(origin: Origin, tmp_path: Path) -> None:
    task = asyncio.create_task(fetched(origin.url("/stalled"), tmp_path / "f", allow=[origin.host_port]))
    await origin.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left_in(tmp_path) == []


async def test_follows_three_redirects(origin: Origin, tmp_path: Path) -> None:
    result = await fetched(origin.url("/hops/2"), tmp_path / "f", allow=[origin.host_port])
    assert result.url == origin.url("/document")
    assert [request.path for request in origin.seen] == ["/hops/2", "/hops/1", "/hops/0", "/document"]


async def test_a_redirect_may_not_lead_where_a_caller_may_not_go(origin: Origin, tmp_path: Path) -> None:
    async with serving() as inside:
        targets = [inside.url("/document"), inside.url("/document", "localhost"), inside.url("/document", "0x7f.1")]
        for target in [*targets, "file:///etc/passwd", "http://u:p@1.1.1.1/", "//169.254.169.254/", "", "http://["]:
            origin.elsewhere = target
            with pytest.raises(FetchFailed):
                await fetched(origin.url("/away"), tmp_path / "f", allow=[origin.host_port])
        origin.elsewhere = targets[0]
        with pytest.raises(FetchRefused, match="不允许访问该地址"):
            await fetched(origin.url("/away"), tmp_path / "f", allow=[origin.host_port])
        assert inside.seen == []
        assert left_in(tmp_path) == []
        result = await fetched(origin.url("/away"), tmp_path / "f", allow=["127.0.0.0/8"])
        assert result.url == inside.url("/document")


async def test_a_redirect_may_not_drop_https() -> None:
    fetcher = Closing(allow_hosts=[], timeout_seconds=1, max_bytes=1)
    async with aclosing(fetcher):
        plain, secure = (fetcher._guard.read_url(f"{scheme}://1.1.1.1/") for scheme in ("http", "https"))
        assert fetcher._redirected(plain, str(secure)) == secure
        with pytest.raises(FetchRefused, match="不允许从 https 跳转到 http"):
            fetcher._redirected(secure, str(plain))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
async def test_loopback_is_refused_before_any_connection(origin: Origin, tmp_path: Path, host: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        await fetched(origin.url("/document", host), tmp_path / "f", allow=["127.0.0.1:1", "files.corp"])
    assert "127" not in caught.value.message
    assert caught.value.__cause__ is None
    assert origin.seen == []


async def test_what_was_checked_is_what_is_connected_to(origin: Origin, tmp_path: Path) -> None:
    replies = iter([["127.0.0.1"], ["169.254.169.254"]])
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(replies)

    await fetched(origin.url("/document", "rebind.test"), tmp_path / "f", allow=["127.0.0.1"], lookup=rebinding)
    assert asked == ["rebind.test"]
    assert [request.host for request in origin.seen] == [f"rebind.test:{origin.server.port}"]


async def test_each_hop_is_resolved_and_checked_anew(origin: Origin, tmp_path: Path) -> None:
    replies = iter([["127.0.0.1"], ["10.0.0.1"]])
    url = origin.url("/hops/0", "rebind.test")
    with pytest.raises(FetchRefused):
        await fetched(url, tmp_path / "f", allow=["127.0.0.1"], lookup=lambda _host, _port: next(replies))
    assert [request.path for request in origin.seen] == ["/hops/0"]


async def test_one_bad_address_refuses_the_name(origin: Origin, tmp_path: Path) -> None:
    with pytest.raises(FetchRefused):
        await fetched(
            origin.url("/document", "mixed.test"),
            tmp_path / "f",
            allow=["127.0.0.1"],
            lookup=lambda _host, _port: ["127.0.0.1", "10.0.0.1"],
        )
    assert origin.seen == []


async def test_neither_cookies_nor_proxies_of_the_environment(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    await fetched(origin.url("/cookie"), tmp_path / "f", allow=[origin.host_port])
    assert [dict(request.cookies) for request in origin.seen] == [{}, {}]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 99_999,
    ],
)
async def test_a_server_that_speaks_no_http(tmp_path: Path, reply: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchFailed, match="应答有误") as caught:
            await fetched(f"http://127.0.0.1:{port}/", tmp_path / "f", allow=["127.0.0.1"])
    assert "127" not in caught.value.message


async def test_nobody_listens(origin: Origin, tmp_path: Path) -> None:
    url = origin.url("/document")
    await origin.server.close()
    with pytest.raises(FetchFailed, match="无法连接"):
        await fetched(url, tmp_path / "f", allow=["127.0.0.1"])


async def test_check_requests_nothing(origin: Origin) -> None:
    fetcher = Closing(allow_hosts=[origin.host_port], timeout_seconds=20, max_bytes=LIMIT)
    async with aclosing(fetcher):
        await fetcher.check(origin.url("/document"))
        await fetcher.check("https://223.5.5.5/hook")
        for refused in ("http://localhost/", "http://127.0.0.1:1/", "ftp://223.5.5.5/", "nonsense"):
            with pytest.raises(FetchRefused):
                await fetcher.check(refused)
    assert origin.seen == []


async def test_a_name_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="域名无法解析"):
        await fetched("http://nobody.test/", tmp_path / "f", allow=[], lookup=no_names)
