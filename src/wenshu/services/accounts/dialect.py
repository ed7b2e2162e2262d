"""The accounts dialect: a bare value, or ``{"message","error_code"}`` with the status as code."""

from collections.abc import Mapping
from typing import Any

from wenshu.kit.errors import WenshuError
from wenshu.web.plain import PlainDialect


def _failure(status: int, error: WenshuError) -> Mapping[str, Any]:
    return {"message": error.message, "error_code": status}


ACCOUNTS = PlainDialect("accounts", _failure)
