"""Trace ids and the access log: the outermost layer of the server."""

import asyncio
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wenshu.core.telemetry import metrics, tracing
from wenshu.kit.errors import Unavailable
from wenshu.kit.ids import new_id
from wenshu.web.dialect import Dialect, respond

log = structlog.get_logger("access")
_HEADER = "X-Trace-Id"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
STOPPING = "服务正在停止，请稍后重试"


class Trace:
    """Gives each request its trace id, writes it on the answer and in each log line, and logs the access."""

    def __init__(self, app: ASGIApp, dialect_for: Callable[[str], Dialect]) -> None:
        self._app = app
        self._dialect_for = dialect_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace_id = trace_id_of(headers)
        started, status = time.perf_counter(), 0

        async def traced_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = trace_id
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(trace_id=trace_id),
            metrics.IN_FLIGHT.track_inprogress(),
            tracing.root("request", "server", trace_id, _carried(headers)) as span,
        ):
            try:
                await self._app(scope, receive, traced_send)
            except asyncio.CancelledError:
                # Only a stop cancels a call: what it cuts short is told in the call's own words.
                if not status:
                    await respond(self._dialect_for(scope["path"]), Unavailable(STOPPING))(scope, receive, traced_send)
                raise
            except Exception:
                # The fault handler answered and logged it, if there was still time for an answer.
                if not status:
                    raise
            finally:
                seconds = time.perf_counter() - started
                self._measure(scope, status, seconds, span)
                # The query string stays out: it may carry a token.
                log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    ms=round(seconds * 1000, 1),
                )

    def _measure(self, scope: Scope, status: int, seconds: float, span: tracing.Span) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        told = str(status or "none")  # none: the caller left before there was an answer
        family = self._dialect_for(scope["path"]).family
        template = template_of(scope)
        metrics.REQUESTS.labels(method, template, told, family).observe(seconds)
        span.rename(f"{method} {template}")
        span.note(http_request_method=method, http_route=template, http_response_status__code=status)
        if status >= 500:
            span.fail(told)


def template_of(scope: Scope) -> str:
    """The route's path as it is documented, ``unmatched`` where the request came to none: never a caller's words."""
    path: object = getattr(scope.get("route"), "path_format", None)
    if isinstance(path, str):
        return path
    # Starlette's own routes, such as the API reference's, leave only their endpoint; they take no parameters.
    return scope["path"] if "endpoint" in scope and not scope.get("path_params") else "unmatched"


def trace_id_of(headers: Headers) -> str:
    """The caller's trace id where it is at most 128 printable ASCII characters, ``traceparent``'s, or a new one."""
    given = headers.get(_HEADER, "")
    if 0 < len(given) <= 128 and given.isascii() and given.isprintable():
        return given
    return tracing.parent_of(headers.get("traceparent", "")) or new_id()


def _carried(headers: Headers) -> dict[str, str]:
    return {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
