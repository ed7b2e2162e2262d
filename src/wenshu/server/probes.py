"""What a worker answers, where it is told to listen: whether it lives and works, and its figures. It takes no calls."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from wenshu.core.settings import Settings
from wenshu.server.compose import Composed, Misconfigured
from wenshu.server.dialects import dialect_for
from wenshu.web.faults import install_fault_handlers
from wenshu.web.health import health_router
from wenshu.web.metrics import metrics_router
from wenshu.web.trace import Trace


class _Server(uvicorn.Server):
    """uvicorn's server beside other work, whose signals are not its own."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave them to the worker."""
        yield


@asynccontextmanager
async def probed(settings: Settings, parts: Composed) -> AsyncGenerator[None]:
    """Answer ``/livez``, ``/readyz`` and ``/metrics`` for the length of the block, where ``jobs.listen`` names a place.

    Raises Misconfigured where it cannot be had.
    """
    if not settings.jobs.listen:
        yield
        return
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.web = parts.web
    install_fault_handlers(app)
    app.include_router(health_router(parts.checks, parts.notices))
    app.include_router(metrics_router(parts.measures))
    config = uvicorn.Config(
        Trace(app, dialect_for),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        http="httptools",
        ws="none",
        lifespan="off",
    )
    server = _Server(config)
    with _bound(settings.jobs.listen) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def _bound(place: str) -> socket.socket:
    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, int(port)), family=family)
    except OSError as error:
        raise Misconfigured(
            f"WENSHU_JOBS_LISTEN：无法监听 {place}（{error.strerror}）。Cannot listen there."
        ) from error
