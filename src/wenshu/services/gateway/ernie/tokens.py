"""``/oauth/2.0/token``: an API key's two halves for a token, by OAuth's client credentials."""

from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from wenshu.core.auth.client_tokens import issue, issue_for
from wenshu.kit import clock
from wenshu.kit.errors import Forbidden, InvalidInput, MissingField, Unauthenticated
from wenshu.services.gateway.dialect import FAMILY
from wenshu.services.gateway.parts import Gateway

_GRANT = "client_credentials"


async def exchange(parts: Gateway, request: Request) -> dict[str, Any]:
    """A token with its lifetime in seconds; the halves stand in the query, in a form or in a JSON body.

    Raises Unauthenticated, alike for a key that is unknown and a secret that is wrong; MissingField, InvalidInput;
    Forbidden for a key that may not call the gateway.
    """
    given = await _given(request)
    if given.get("grant_type", "") != _GRANT:
        raise InvalidInput(f"grant_type 应为 {_GRANT}", field="grant_type")
    for name in ("client_id", "client_secret"):
        if not given.get(name):
            raise MissingField(name)
    try:
        token, principal = await issue(parts.database, given["client_id"], given["client_secret"], parts.token_lifetime)
    except Unauthenticated:
        raise Unauthenticated("Client authentication failed 客户端标识或密钥不正确") from None
    if not principal.may_call(FAMILY):
        raise Forbidden("此 API Key 无权调用模型网关")
    # Baidu's answer has more fields; its clients read these.
    return {
        "access_token": token,
        "expires_in": int(parts.token_lifetime.total_seconds()),
        "scope": "public brain_all_scope",
        "session_key": "",
        "session_secret": "",
        "refresh_token": "",
    }


async def bearer(parts: Gateway, access: str, seconds: int) -> dict[str, Any]:
    """A token for the key of this half, whose caller has signed for it: ``/v1/BCE-BEARER/token``."""
    now = clock.now()
    lifetime = min(timedelta(seconds=seconds), parts.token_lifetime)
    token = await issue_for(parts.database, access, lifetime)
    times = {"createTime": _utc(now), "expireTime": _utc(now + lifetime)}
    return {"userId": access, "token": token, "status": "enable", **times}


def _utc(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


async def _given(request: Request) -> dict[str, str]:
    given = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given |= dict(parse_qsl(body.decode("utf-8", "replace")))
    elif body.strip() and not given.get("client_secret"):
        given |= _of_json(body)
    return {name: value.strip() for name, value in given.items()}


def _of_json(body: bytes) -> dict[str, str]:
    try:
        decoded: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidInput("请求体不是合法的 JSON") from None
    fields = cast("dict[str, object]", decoded) if isinstance(decoded, dict) else {}
    return {name: value for name, value in fields.items() if isinstance(value, str)}
