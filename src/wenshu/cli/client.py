"""The commands' way to a server: the one that runs on this home, else one started for the command alone."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import orjson

from wenshu.cli.output import note
from wenshu.core.settings import Settings
from wenshu.server.home import Home, Running

_START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_PIECE = 1024 * 1024
_JSON = {"Content-Type": "application/json"}


class CallFailed(Exception):
    """The server said no; the message is its own."""


class Client:
    """Calls to a server, whose answers are an envelope with ``data`` in it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, query: Mapping[str, str | int]) -> Any:  # noqa: ANN401 (JSON)
        """GET; the answer's ``data``. Raises CallFailed."""
        with _worded():
            async with self._session.get(path, params=_given(query)) as answer:
                return _data(await answer.read())

    async def post(self, path: str, body: Mapping[str, Any], query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 (JSON)
        """POST JSON; the answer's ``data``. Raises CallFailed."""
        with _worded():
            request = self._session.post(path, params=_given(query or {}), data=orjson.dumps(body), headers=_JSON)
            async with request as answer:
                return _data(await answer.read())

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        """PUT JSON; the answer's ``data``. Raises CallFailed."""
        with _worded():
            async with self._session.put(path, data=orjson.dumps(body), headers=_JSON) as answer:
                return _data(await answer.read())

    async def admin(
        self,
        method: str,
        *path: str,
        tenant: str = "",
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Any:  # noqa: ANN401 (JSON)
        """Call ``/api/v1/admin/…`` for a tenant; the answer's ``data``. Raises CallFailed."""
        named = {**_JSON, **({"X-Tenant-Id": tenant} if tenant else {})}
        data = None if body is None else orjson.dumps(body)
        url = "/api/v1/admin/" + "/".join(quote(part, safe="") for part in path)
        with _worded():
            async with self._session.request(method, url, data=data, headers=named, params=query) as answer:
                return _data(await answer.read())

    async def upload(self, path: str, file: Path, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 (JSON)
        """POST one file with form fields; the answer's ``data``. Raises CallFailed."""
        with _worded(), file.open("rb") as source:
            # As browsers send them: a percent-encoded file name would be stored, and shown, as it came.
            form = aiohttp.FormData({name: value for name, value in fields.items() if value}, quote_fields=False)
            form.add_field("file", source, filename=file.name)
            async with self._session.post(path, data=form) as answer:
                return _data(await answer.read())

    async def download(self, url: str, into: Path) -> None:
        """GET a signed link of the server's own; the file is whole or not there. Raises CallFailed."""
        parts = urlsplit(url)  # made for the outside: this server is reached where it listens
        partial = into.with_name(f".{into.name}.partial")
        with _worded():
            async with self._session.get(f"{parts.path}?{parts.query}") as answer:
                if answer.status != 200:
                    raise CallFailed(f"文件无法下载 The file cannot be had ({answer.status})")
                with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
                    async for piece in answer.content.iter_chunked(_PIECE):
                        target.write(piece)
        partial.replace(into)

    async def stream(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """POST JSON and read server-sent events. Raises CallFailed, also for a fault inside the stream."""
        with _worded():
            async with self._session.post(path, data=orjson.dumps(body), headers=_JSON) as answer:
                async for event in _events(answer):
                    yield event

    async def follow(self, path: str, query: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        """GET server-sent events. Raises CallFailed, also for a fault inside the stream."""
        with _worded():
            async with self._session.get(path, params=_given(query)) as answer:
                async for event in _events(answer):
                    yield event


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    if answer.content_type != "text/event-stream":
        _data(await answer.read())
        return
    async for line in answer.content:
        if line.startswith(b"data: "):
            event = orjson.loads(line[6:])
            if "code" in event:
                _data(line[6:])
            yield event


def _given(query: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value for name, value in query.items() if value != ""}


@contextmanager
def _worded() -> Generator[None]:
    """A connection's fault in words."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CallFailed(f"与服务器的连接中断 The connection to the server broke ({type(error).__name__})") from error


@asynccontextmanager
async def connect(settings: Settings) -> AsyncGenerator[Client]:
    """A client of the server that owns the home; where none runs, one is started and stopped again."""
    home = Home(settings.home)
    running = home.running() or await _starting(home)
    if running is not None:
        async with _session(running) as session:
            yield Client(session)
        return
    note("没有正在运行的服务器，临时启动一个… No server is running: starting one for this command…")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wenshu.cli", "serve", "--home", str(home.path)),
        *("--host", "127.0.0.1", "--port", "0", "--workers", "1"),
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "WENSHU_LOG_LEVEL": "warning"},
    )
    try:
        async with _session(await _started(home, process)) as session:
            yield Client(session)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def _session(server: Running) -> AsyncGenerator[aiohttp.ClientSession]:
    # Reading a large document may take a while; that nothing at all comes for ten minutes is a fault.
    timeout = aiohttp.ClientTimeout(total=None, sock_read=600)
    # Whoever can read the data folder may look after all of it.
    key = {"Authorization": f"Bearer {server.credential}"}
    async with aiohttp.ClientSession(
        server.url, timeout=timeout, read_bufsize=16 * 1024 * 1024, headers=key
    ) as session:
        yield session


async def _starting(home: Home) -> Running | None:
    """The server that owns the home and does not listen yet, once it does; None once nobody owns the home.

    Raises CallFailed where that does not come.
    """
    if not home.owned():
        return None
    note("数据目录正被占用，等待其服务器就绪… The data folder is in use: waiting for its server…")
    try:
        async with asyncio.timeout(_START_SECONDS):
            while home.owned():
                running = home.running()
                if running is not None:
                    return running
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError as error:
        raise CallFailed(
            "数据目录被另一个文枢进程占用，但它没有提供服务。"
            "Another Wenshu process owns the data folder and does not serve"
        ) from error
    return None


async def _started(home: Home, process: asyncio.subprocess.Process) -> Running:
    """The server that the process has become, or the one that was faster. Raises CallFailed where neither serves."""
    async with asyncio.timeout(_START_SECONDS):
        while True:
            running = home.running()
            if running is not None and running.pid == process.pid:
                return running
            if process.returncode is not None:
                # Another may have been started at the same moment, and have taken the folder first.
                other = home.running() or await _starting(home)
                if other is None:
                    raise CallFailed("服务器未能启动 The server did not start")
                return other
            await asyncio.sleep(_POLL_SECONDS)


def _data(body: bytes) -> Any:  # noqa: ANN401 (JSON)
    """What an envelope of either dialect holds. Raises CallFailed with the server's words."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise CallFailed("服务器的回答不是 JSON The server's answer is not JSON") from error
    if answer.get("code") != 200:
        faults = (f"{fault.get('field', '')} {fault.get('message', '')}" for fault in answer.get("errors", ()))
        words = answer.get("msg") or answer.get("message") or str(answer)
        raise CallFailed(f"{words} {'；'.join(faults)}".strip())
    return answer["data"]
