"""``Idempotency-Key``: a POST that creates something and is sent again gets its first answer again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from wenshu.core.auth.kept import Answer, Claim
from wenshu.core.database.scope import Scope
from wenshu.kit.errors import Conflict, InternalError, InvalidInput, WenshuError
from wenshu.web.caller import Caller
from wenshu.web.context import web_context
from wenshu.web.dialect import Dialect, respond
from wenshu.web.uploads import Upload

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_PASSING = {429}
_LATER = 500

Key = Annotated[str | None, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]


def _documented(
    idempotency_key: Annotated[
        Key,
        Header(alias=HEADER, description="24 小时内同一键与同样的内容得到第一次的回答 The same call is made once"),
    ] = None,
) -> None:
    """The header stands in the API reference of each call that takes it, and is checked."""
    del idempotency_key


ONCE = Depends(_documented)
"""In a route's ``dependencies``: it creates something, and takes the header."""


async def once(
    request: Request, dialect: Dialect, values: Mapping[str, Any], run: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer of ``run``, or the one that the same call was given before.

    Raises Conflict where the key was used with another body, or where the same call is running, and InvalidInput for a
    call that streams.
    """
    key = request.headers.get(HEADER)
    caller: Caller | None = getattr(request.state, "caller", None)
    if key is None or caller is None:
        return await run()
    if any(getattr(value, "stream", None) is True for value in values.values()):
        raise InvalidInput("流式回答不支持 Idempotency-Key：请用 stream_id 续接，或设 stream 为 false", field=HEADER)
    kept = web_context(request).kept
    principal = caller.principal
    call = f"{principal.name}\n{request.method}\n{request.url.path}"
    claim = Claim(key, Scope(principal.tenant or "", principal.org), call, await _sent(request, values))
    earlier = await kept.begin(claim)
    if earlier is not None:
        return _again(earlier)
    try:
        async with kept.running(claim):
            response = await _worded(dialect, run)
    except Exception:
        # Nothing lasting was said, nothing is kept: the caller may try again.
        await kept.release(claim)
        raise
    body = bytes(response.body)
    await kept.keep(claim, Answer(response.status_code, response.media_type or "", body))
    return response


async def _worded(dialect: Dialect, run: Callable[[], Awaitable[Response]]) -> Response:
    """The answer, a lasting failure also as an answer. Raises what passes: too many calls, faults of ours."""
    try:
        response = await run()
    except WenshuError as error:
        response = respond(dialect, error)
        if response.status_code in _PASSING or response.status_code >= _LATER:
            raise
    if not hasattr(response, "body"):
        raise InternalError
    return response


async def _sent(request: Request, values: Mapping[str, Any]) -> bytes:
    """What makes two calls the same: the body, and what else steers it. Two uploads differ in their boundary alone."""
    upload = next((value for value in values.values() if isinstance(value, Upload)), None)
    body = await request.body() if upload is None else await upload.digest()
    return b"\n".join((request.url.query.encode(), request.headers.get("X-Tenant-Id", "").encode(), body))


def _again(answer: Answer) -> Response:
    if answer.body is None:
        raise Conflict("该请求此前已完成，但回答过大，没有保存")
    headers = {REPLAYED: "true"}
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type or None, headers=headers)
