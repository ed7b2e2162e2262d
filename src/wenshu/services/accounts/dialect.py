"""The dialects of accounts: login's, ``{"message","error_code"}`` where it fails, and administration's."""

from collections.abc import Mapping
from typing import Any

from wenshu.kit.errors import WenshuError
from wenshu.web.coded import CodedDialect
from wenshu.web.plain import PlainDialect


def _failure(status: int, error: WenshuError) -> Mapping[str, Any]:
    return {"message": error.message, "error_code": status}


ACCOUNTS = PlainDialect("accounts", _failure)
ADMIN = CodedDialect("admin")
