"""One server process: uvicorn over a bound socket, and a graceful stop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from types import FrameType

import uvicorn
from fastapi import FastAPI

from wenshu.core.settings import Settings
from wenshu.server.app import create_app, create_asgi
from wenshu.server.compose import ALONE, Member, Misconfigured
from wenshu.server.home import Home

Begun = Callable[[str | None], None]
"""Told once calls are answered, with the first password where it was just made up."""


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


def base_url(bound: socket.socket) -> str:
    """The address of a bound socket as this machine reaches it."""
    host, port = bound.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(settings: Settings, home: Home, bound: socket.socket, begun: Begun, member: Member = ALONE) -> None:
    """Serve in this process until a signal asks to stop. Raises Misconfigured where a part does not start."""
    app = create_app(settings, home, base_url(bound), member)
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

    server = Server(config, app, lambda: begun(app.state.first_password), stop_seconds=settings.server.stop_seconds)
    # uvicorn raises the signal once more after its graceful stop: by default that would end us before the clean-up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_handled)
    server.run(sockets=[bound])
    if not server.started:
        raise Misconfigured("启动失败，原因见日志。Starting failed; the log says why.")


def _already_handled(number: int, frame: FrameType | None) -> None:
    """Nothing is left to do: the stop was graceful."""
