"""The gateway's dialects: OpenAI's errors, Baidu's (with HTTP 200), OAuth's; usage speaks as ``/api/v1`` does."""

from collections.abc import Mapping
from typing import Any, cast

import orjson

from wenshu.kit.errors import Expired, InvalidInput, NotJson, OverBudget, WenshuError
from wenshu.web.coded import CodedDialect
from wenshu.web.dialect import STATUS, StreamEvent, parted
from wenshu.web.plain import PlainDialect

FAMILY = "gateway"
_ENGLISH = {
    1: "Unknown error",
    3: "Unsupported openapi method",
    6: "No permission to access data",
    17: "Open api daily request limit reached",
    18: "Open api qps request limit reached",
    110: "Access token invalid or no longer valid",
    111: "Access token expired",
    336000: "Internal error",
    336001: "Invalid argument",
    336002: "Invalid JSON",
    336003: "Invalid parameter",
    336100: "The service is busy, please try again later",
}
_CODES = {
    "unauthenticated": 110,
    "forbidden": 6,
    "not_found": 3,
    "method_not_allowed": 3,
    "unsupported_media_type": 336002,
    "too_large": 336001,
    "conflict": 336001,
    "rate_limited": 18,
    "unavailable": 336100,
    "model_unavailable": 336100,
    "internal": 336000,
}


class FramedDialect(PlainDialect):
    """Streams without ids: each event is its data alone."""

    def frame(self, event: StreamEvent) -> bytes:
        """The event's data, or the failure's body."""
        return framed(self.failure(event.data)[1] if isinstance(event.data, WenshuError) else event.data)


class ErnieDialect:
    """Baidu's: every answer has HTTP 200, a failure ``{"error_code","error_msg"}``."""

    family = FAMILY

    def envelope(self, of: Any) -> Any:  # noqa: ANN401 (a type expression)
        """The value's own model."""
        return of

    def success(self, value: object) -> Mapping[str, Any]:
        """The value's own fields."""
        return cast("Mapping[str, Any]", parted(value)[1])

    def failure(self, error: WenshuError) -> tuple[int, Mapping[str, Any]]:
        """HTTP 200, and Baidu's code: its SDK looks at nothing else."""
        code = ernie_code(error)
        return 200, {"error_code": code, "error_msg": f"{error.message} {_ENGLISH[code]}"}

    def frame(self, event: StreamEvent) -> bytes:
        """The event's data, or the failure's body."""
        return framed(self.failure(event.data)[1] if isinstance(event.data, WenshuError) else event.data)


def ernie_code(error: WenshuError) -> int:
    """Baidu's number for an error of ours."""
    if isinstance(error, Expired):
        return 111
    if isinstance(error, OverBudget):
        return 17
    if isinstance(error, NotJson):
        return 336002
    if isinstance(error, InvalidInput):
        return 336003 if error.field else 336001
    return _CODES.get(error.code, 336000)


def framed(payload: Mapping[str, Any]) -> bytes:
    """One event of a stream as model vendors write it; their clients need the space behind the colon."""
    return b"data: %b\n\n" % orjson.dumps(payload)


def _openai(status: int, error: WenshuError) -> Mapping[str, Any]:
    kind, code = "invalid_request_error" if status < 500 else "server_error", error.code
    if isinstance(error, OverBudget):
        kind = code = "insufficient_quota"
    elif status == 401:
        code = "invalid_api_key"
    elif status == 429:
        kind, code = "requests", "rate_limit_exceeded"
    elif status == 404 and error.field == "model":
        code = "model_not_found"
    return {"error": {"message": error.message, "type": kind, "param": error.field, "code": code}}


_OAUTH = {
    "unauthenticated": "invalid_client",
    "forbidden": "unauthorized_client",
    "unavailable": "temporarily_unavailable",
    "internal": "server_error",
}


def _oauth(status: int, error: WenshuError) -> Mapping[str, Any]:
    del status
    code = _OAUTH.get(error.code, "invalid_request")
    if error.field == "grant_type":
        code = "unsupported_grant_type"
    return {"error": code, "error_description": error.message}


OPENAI = FramedDialect(FAMILY, _openai)
ERNIE = ErnieDialect()
OAUTH = PlainDialect(FAMILY, _oauth)
USAGE = CodedDialect(FAMILY)
"""Of ``/api/v1/usage``."""


def status_of(error: WenshuError) -> int:
    """The status under which a failed call is metered, whatever its dialect answers."""
    return STATUS[error.code]
