"""Dialects: how one family of calls words its successes, failures and stream events."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from types import UnionType
from typing import Any, Generic, Protocol, TypeVar, Union, cast, get_args, get_origin

import orjson
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from wenshu.kit.errors import RangeNotSatisfiable, RateLimited, TooLarge, WenshuError
from wenshu.web.strict import StrictRoute

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


class DialectRouter(APIRouter):
    """A router whose routes return plain models and raise domain errors."""

    def __init__(self, dialect: Dialect, prefix: str, tags: list[str]) -> None:
        super().__init__(prefix=prefix, tags=list(tags), route_class=StrictRoute, strict_content_type=False)
        self.dialect = dialect

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 (FastAPI's own options)
        """Register ``endpoint``, its value put into the family's envelope."""
        value = _value_type(signature(endpoint).return_annotation)
        options["response_model"] = None if value is None else self.dialect.envelope(value)
        super().add_api_route(path, _enveloped(endpoint, self.dialect), **options)


def dialect_router(dialect: Dialect, *, prefix: str, tag: str) -> DialectRouter:
    """A router that speaks the dialect under the prefix; ``tag`` groups it in the API reference."""
    return DialectRouter(dialect, prefix, [tag])


def _value_type(returned: object) -> object:
    """What stands inside ``Said[…]``, beside a bare response or not; None where a route only ever makes responses."""
    if get_origin(returned) in {Union, UnionType}:
        return next(value for value in map(_value_type, get_args(returned)) if value is not None)
    if get_origin(returned) is Said:
        return get_args(returned)[0]
    if isinstance(returned, type) and issubclass(cast("type[object]", returned), Response):
        return None
    return cast("object", returned)


def _enveloped(endpoint: Callable[..., Awaitable[Any]], dialect: Dialect) -> Callable[..., Awaitable[Response]]:
    @wraps(endpoint)
    async def answer(*args: object, **values: object) -> Response:
        result = await endpoint(*args, **values)
        return result if isinstance(result, Response) else JsonResponse(dialect.success(result))

    return answer


def _dump(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not JSON")
