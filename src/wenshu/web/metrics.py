"""``GET /metrics``: the figures of this process, for whoever looks after it."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from wenshu.core.telemetry import metrics
from wenshu.kit.errors import Forbidden, Unauthenticated
from wenshu.web.context import web_context
from wenshu.web.trust import is_loopback

Measure = Callable[[], Awaitable[None]]
"""Brings figures up to date that nobody counts on the way."""

_SECONDS = 3.0
"""The rest of the figures waits no longer for those of the database: it is when that is away that people look."""

log = structlog.get_logger()


def metrics_router(measures: Sequence[Measure]) -> APIRouter:
    """The route; ``measures`` are called before each answer, once for all who ask at the same time."""
    router = APIRouter(tags=["运行 Operations"])
    looking: list[asyncio.Future[None]] = []

    @router.get(
        "/metrics",
        summary="运行指标（Prometheus 格式） Figures, in the format of Prometheus",
        response_class=PlainTextResponse,
    )
    async def read_metrics(request: Request) -> Response:
        await _admit(request)
        if not looking or looking[0].done():
            looking[:] = [asyncio.ensure_future(_measure(measures))]
        await asyncio.wait(looking, timeout=_SECONDS)
        content, media_type = metrics.exposition(request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": media_type, "Cache-Control": "no-store"})

    return router


async def _measure(measures: Sequence[Measure]) -> None:
    for measure in measures:
        try:
            await measure()
        except Exception as error:  # noqa: BLE001 (whatever one figure wants, the others are told)
            log.warning("figures missing", error=type(error).__name__)


async def _admit(request: Request) -> None:
    """Let through an operator, the token of the settings, and whom the settings let in without one.

    Raises Unauthenticated, Forbidden. A tenant's key is not enough: the figures are of all tenants together.
    """
    context = web_context(request)
    settings = context.settings.metrics
    credentials = request.headers.getlist("authorization")
    if credentials:
        if len(credentials) == 1 and _is_token(credentials[0], settings.token.get_secret_value()):
            return
        if not (await context.authenticator.of_headers(credentials)).operator:
            raise Forbidden("需要运维管理员")
        return
    if settings.access == "open" or (settings.access == "loopback" and _from_this_machine(request)):
        return
    raise Unauthenticated("需要运维管理员的登录令牌，或 WENSHU_METRICS_TOKEN")


def _is_token(authorization: str, token: str) -> bool:
    scheme, _, given = authorization.strip().partition(" ")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _from_this_machine(request: Request) -> bool:
    """Whether the socket's other end is here and speaks for itself: a proxy on this machine brings others' calls."""
    if any(name == "forwarded" or name.startswith("x-forwarded-") for name in request.headers):
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return request.client is not None and is_loopback(request.client.host) and is_loopback(host)
