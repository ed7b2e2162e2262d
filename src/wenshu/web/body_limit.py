"""Body limits: by Content-Length before a byte is read, else counted while reading."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wenshu.kit.errors import InvalidInput, TooLarge, WenshuError
from wenshu.web.dialect import Dialect, respond


class BodyLimit:
    """``limit_for`` gives the most bytes that a body of this path may have."""

    def __init__(self, app: ASGIApp, *, limit_for: Callable[[str], int], dialect_for: Callable[[str], Dialect]) -> None:
        self._app = app
        self._limit_for = limit_for
        self._dialect_for = dialect_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_for(scope["path"])
        error = _declared_fault(Headers(scope=scope).get("content-length"), limit)
        if error:
            await respond(self._dialect_for(scope["path"]), error)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise too_large(limit)
            return message

        await self._app(scope, counted, send)


def too_large(limit: int) -> TooLarge:
    """The error for a body over ``limit`` bytes."""
    return TooLarge(f"请求内容过大，上限 {limit / 1024 / 1024:g} MiB")


def _declared_fault(length: str | None, limit: int) -> WenshuError | None:
    if length is None:
        return None
    if not (length.isascii() and length.isdigit()):
        return InvalidInput("Content-Length 无效")
    return too_large(limit) if int(length) > limit else None
