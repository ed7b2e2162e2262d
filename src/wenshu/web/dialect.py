"""Dialects: how one family of calls words its successes, failures and stream events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from wenshu.kit.errors import RangeNotSatisfiable, RateLimited, TooLarge, WenshuError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """A value with the message that goes with it, for dialects that carry one."""

    message: str
    value: T


def parted(value: object) -> tuple[str, object]:
    """Message and value; a bare value has no message."""
    if isinstance(value, Said):
        said = cast("Said[object]", value)
        return said.message, said.value
    return "", value


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a stream: its number, and what it carries; a fault ends the stream."""

    id: int
    data: Mapping[str, Any] | WenshuError


class Dialect(Protocol):
    """One family's wire format. ``family`` names it in limits, logs and settings."""

    family: str

    def envelope(self, of: Any) -> Any:  # noqa: ANN401 (a type expression, for the OpenAPI document)
        """The model of a success whose value is of this type."""
        ...

    def success(self, value: object) -> Mapping[str, Any]:
        """The body of a success; ``value`` may be a ``Said``."""
        ...

    def failure(self, error: WenshuError) -> tuple[int, Mapping[str, Any]]:
        """HTTP status and body of a failure."""
        ...

    def frame(self, event: StreamEvent) -> bytes:
        """The bytes of one SSE event, faults after the first byte included."""
        ...


STATUS: dict[str, int] = {
    "invalid_input": 400,
    "missing_field": 400,
    "parse_failed": 400,
    "fetch_failed": 400,
    "fetch_refused": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "range_not_satisfiable": 416,
    "rate_limited": 429,
    "over_budget": 429,
    "internal": 500,
    "unavailable": 503,
    "model_unavailable": 503,
}
"""Stable error code → HTTP status, for the families that follow HTTP."""


def sse(event_id: int, payload: Mapping[str, Any]) -> bytes:
    """One event in the ``text/event-stream`` format."""
    return b"id: %d\ndata: %s\n\n" % (event_id, orjson.dumps(payload))


class JsonResponse(Response):
    """UTF-8 JSON, Chinese left as it is."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 (Starlette's signature)
        """The bytes of the body; pydantic models anywhere inside are dumped."""
        return orjson.dumps(content, default=_dump)


def respond(dialect: Dialect, error: WenshuError) -> Response:
    """The failure as an HTTP answer."""
    status, body = dialect.failure(error)
    headers: dict[str, str] = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, TooLarge):
        # The rest of the body is still on its way: nobody will read it.
        headers["Connection"] = "close"
    return JsonResponse(body, status_code=status, headers=headers)


def _dump(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not JSON")
