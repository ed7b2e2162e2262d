"""Who calls Baidu's calls: the ``access_token`` of the query or the body, or what stands in the header."""

from typing import Annotated, cast

import orjson
from fastapi import Depends
from starlette.requests import Request

from wenshu.core.auth.principal import Principal
from wenshu.core.auth.signed import SCHEME, SignedRequest
from wenshu.kit.errors import Unauthenticated
from wenshu.web.caller import Caller, Gate
from wenshu.web.context import WebContext

PARAMETER = "access_token"


class ErnieGate(Gate):
    """``access_token`` may be a client token, a login's token or an API key; a header may be a signature (IAM)."""

    async def principal(self, request: Request, context: WebContext) -> Principal:
        """See ``Gate.principal``; of two credentials neither is taken."""
        given = request.query_params.getlist(PARAMETER)
        headers = request.headers.getlist("authorization")
        if not given and not headers:
            given = _of_body(await request.body())
        if len(given) + len(headers) != 1:
            raise Unauthenticated("缺少 access_token" if not given else "只能有一个 access_token")
        if headers and headers[0].startswith(SCHEME):
            return await context.authenticator.of_signature(headers[0], _signed(request))
        if headers:
            return await context.authenticator.of_headers(headers)
        token = given[0].strip()
        if not token or not token.isascii():
            raise Unauthenticated
        return await context.authenticator.of_credential(token)


def _signed(request: Request) -> SignedRequest:
    query, headers = request.query_params.multi_items(), request.headers.items()
    return SignedRequest(request.method, request.scope["path"], query, headers)


def _of_body(body: bytes) -> list[str]:
    """What the body carries, however much else is wrong with it: that is told to who may call."""
    try:
        decoded: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    token = cast("dict[str, object]", decoded).get(PARAMETER) if isinstance(decoded, dict) else None
    return [token] if isinstance(token, str) else []


ASKS: Gate = ErnieGate("member", named=True, recorded=False)
CHANGES: Gate = ErnieGate("member", named=True, recorded=True)

SIGNS: Gate = ErnieGate("viewer", named=True, recorded=True)

Asker = Annotated[Caller, Depends(ASKS)]
"""Whoever may ask models."""
Signer = Annotated[Caller, Depends(SIGNS)]
"""Whoever exchanges a signature for a token."""
Keeper = Annotated[Caller, Depends(CHANGES)]
"""Whoever may keep system memories."""
