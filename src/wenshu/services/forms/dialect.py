"""The forms dialect: a bare value, or ``{"code": "TASK_…", "message"}`` with the HTTP status that goes with it."""

from collections.abc import Mapping
from typing import Any

from wenshu.kit.errors import WenshuError
from wenshu.web.plain import PlainDialect

_CODES = {
    400: "TASK_INVALID_REQUEST",
    401: "AUTH_INVALID_TOKEN",
    403: "AUTH_FORBIDDEN",
    404: "TASK_NOT_FOUND",
    405: "TASK_METHOD_NOT_ALLOWED",
    409: "TASK_CONFLICT",
    413: "TASK_PAYLOAD_TOO_LARGE",
    415: "TASK_UNSUPPORTED_MEDIA_TYPE",
    429: "TASK_RATE_LIMITED",
    503: "TASK_UNAVAILABLE",
}
"""The document names 400, 401, 413, 429 and 500; the others follow it."""


def _failure(status: int, error: WenshuError) -> Mapping[str, Any]:
    return {"code": _CODES.get(status, "TASK_INTERNAL_ERROR"), "message": error.message}


FORMS = PlainDialect("forms", _failure)
