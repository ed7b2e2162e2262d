"""``http_status = always_200``: for clients that judge by the body's code alone, a failure goes out as 200."""

from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wenshu.web.dialect import Dialect


class AlwaysOk:
    """The outermost layer: logs and metrics inside still see what happened."""

    def __init__(self, app: ASGIApp, *, families: Collection[str], dialect_for: Callable[[str], Dialect]) -> None:
        self._app = app
        self._families = families
        self._dialect_for = dialect_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or self._dialect_for(scope["path"]).family not in self._families:
            await self._app(scope, receive, send)
            return

        async def fine(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                message = {**message, "status": 200}
            await send(message)

        await self._app(scope, receive, fine)
