"""Serving: one process, one socket, a graceful stop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from wenshu.core.settings import Settings
from wenshu.server.app import create_app, create_asgi
from wenshu.server.compose import Misconfigured, check_supported, trusts
from wenshu.server.home import Home
from wenshu.server.prepare import own, prepare
from wenshu.web.trust import is_loopback

log = structlog.get_logger()


class Server(uvicorn.Server):
    """uvicorn's server, which lets open streams end when a stop is asked for, and says when it is ready."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None], *, stop_seconds: float) -> None:
        super().__init__(config)
        self._app = app
        self._stop_seconds = stop_seconds
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ask for a stop; a second one does not wait."""
        super().handle_exit(sig, frame)
        if self._loop is not None and self._ending is None:
            self._loop.call_soon_threadsafe(self._end_streams)

    def _end_streams(self) -> None:
        # uvicorn waits for open answers before the lifespan ends: they are ended from here, or nothing would end them.
        end: Callable[[float], Coroutine[None, None, None]] | None = getattr(self._app.state, "end", None)
        if end is not None and self._ending is None:
            self._ending = asyncio.ensure_future(end(self._stop_seconds))


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises Misconfigured where the address cannot be had."""
    host, port = settings.server.host, settings.server.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Misconfigured(
            f"无法监听 {host}:{port}（{error.strerror}）；可换端口：wenshu serve --port 8001。"
            f"Cannot listen on {host}:{port}."
        ) from error


def base_url(bound: socket.socket) -> str:
    """The address of a bound socket as this machine reaches it."""
    host, port = bound.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass(frozen=True, slots=True)
class Welcome:
    """What whoever starts a server should know; ``first_password`` of the user ``admin``, where it was just made up."""

    url: str
    open_to_all: bool
    only_this_machine: bool
    first_password: str | None


Ready = Callable[[Welcome], None]
"""Told once calls are answered."""


def serve(settings: Settings, *, ready: Ready) -> None:
    """Serve until a signal asks to stop; ``ready`` is called once calls are answered.

    Raises Misconfigured and HomeInUse before anything is opened, and Misconfigured where a part does not start.
    """
    trusts(settings)
    check_supported(settings)
    home = Home(settings.home)
    own(home)
    try:
        prepare(settings, home)
        with listen(settings) as bound:
            _run(settings, home, bound, ready)
    finally:
        home.release()


def _run(settings: Settings, home: Home, bound: socket.socket, ready: Ready) -> None:
    url = base_url(bound)
    app = create_app(settings, home, url)
    config = uvicorn.Config(
        create_asgi(app, settings),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        h11_max_incomplete_event_size=64 * 1024,
        timeout_graceful_shutdown=int(settings.server.stop_seconds) + 2,
        timeout_keep_alive=30,
    )

    def announce() -> None:
        home.announce(url)
        log.info("serving", url=url, home=str(home.path))
        loopback = is_loopback(settings.server.host)
        ready(Welcome(url, trusts(settings), loopback, app.state.first_password))

    server = Server(config, app, announce, stop_seconds=settings.server.stop_seconds)
    # uvicorn raises the signal once more after its graceful stop: by default that would end us before the clean-up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_handled)
    server.run(sockets=[bound])
    if not server.started:
        raise Misconfigured("启动失败，原因见日志。Starting failed; the log says why.")
    log.info("stopped")


def _already_handled(number: int, frame: FrameType | None) -> None:
    """Nothing is left to do: the stop was graceful."""
