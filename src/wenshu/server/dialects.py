"""The path → dialect table: which family's wording a path's failures take, whether or not a route is there."""

from collections.abc import Mapping
from typing import Any

from wenshu.kit.errors import WenshuError
from wenshu.services.accounts.dialect import ACCOUNTS
from wenshu.services.assistant.dialect import AssistantDialect
from wenshu.services.forms.dialect import FORMS
from wenshu.services.gateway.dialect import ERNIE, OAUTH, OPENAI, USAGE
from wenshu.web.coded import ADMIN, CodedDialect
from wenshu.web.dialect import Dialect
from wenshu.web.plain import PlainDialect


def _bare(status: int, error: WenshuError) -> Mapping[str, Any]:
    del status
    return {"error": error.message}


DIALECTS: dict[str, Dialect] = {
    "/chat_service": AssistantDialect(),
    "/vector_db_service": AssistantDialect(),
    "/api/v1": CodedDialect("reports"),
    "/api/v1/admin": ADMIN,
    "/api/v1/task": FORMS,
    "/api/v1/forms": FORMS,
    "/api/v1/webhook-secret": FORMS,
    "/api/v1/webhook-deliveries": FORMS,
    "/api": ACCOUNTS,
    "/.well-known": ACCOUNTS,
    "/api/v1/usage": USAGE,
    "/v1": OPENAI,
    "/v2": OPENAI,
    "/v2/memory": ERNIE,
    "/rpc": ERNIE,
    "/oauth": OAUTH,
    "": PlainDialect("server", _bare),
}
"""By prefix; the longest run of whole segments wins, so that ``/api/v1x`` is not under ``/api/v1``."""


def dialect_for(path: str) -> Dialect:
    """The dialect of a path."""
    segments = path.rstrip("/").split("/")
    for end in range(len(segments), 0, -1):
        found = DIALECTS.get("/".join(segments[:end]))
        if found:
            return found
    return DIALECTS[""]
