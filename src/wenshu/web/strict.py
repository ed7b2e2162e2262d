"""Strict requests: JSON bodies are checked as the contract says before FastAPI validates them."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

import orjson
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from wenshu.kit.errors import InvalidInput, UnsupportedMediaType

_WIDEST = 2.0**63


class StrictRequest(Request):
    """A request whose body was read and decoded already."""

    def __init__(self, request: Request, body: bytes, decoded: object) -> None:
        headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
        # FastAPI decides by this header whether to take ``json()``: the strict reading decided it before.
        scope = {**request.scope, "headers": [*headers, (b"content-type", b"application/json")]}
        super().__init__(scope, request.receive)
        self._body = body or b"{}"
        self._decoded = decoded

    async def json(self) -> Any:  # noqa: ANN401 (Starlette's signature)
        """The decoded body."""
        return self._decoded


class StrictRoute(APIRoute):
    """A route that reads its JSON body strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given a strict request where the route takes JSON."""
        handle = super().get_route_handler()
        if self.body_field is None or isinstance(self.body_field.field_info, Form):
            return handle

        async def run(request: Request) -> Response:
            body = await request.body()
            return await handle(StrictRequest(request, body, decode(body, request.headers.get("content-type", ""))))

        return run


def decode(body: bytes, content_type: str) -> object:
    """The JSON object of a body; an empty body counts as ``{}``.

    Raises UnsupportedMediaType where the body is not declared as JSON, and InvalidInput for what is not JSON (NaN and
    Infinity included), is no object, holds a NUL character or a number beyond 64 bit.
    """
    if not body.strip():
        return {}
    media_type = content_type.split(";", 1)[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("请求体需为 application/json")
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"请求体不是合法的 JSON（第 {error.lineno} 行第 {error.colno} 列）") from error
    if not isinstance(value, dict):
        raise InvalidInput("请求体需为 JSON 对象")
    fault = _fault(cast("object", value))
    if fault:
        raise InvalidInput(f"{fault[0]}: {fault[1]}", field=fault[0])
    return cast("object", value)


def _fault(root: object) -> tuple[str, str] | None:
    """The first value that no database or client would carry safely, with its path. Iterative: bodies may be deep."""
    pending: list[tuple[str, object]] = [("", root)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, str):
            if "\x00" in value:
                return path, "不能包含 NUL 字符"
        elif isinstance(value, dict):
            for key, inner in cast("dict[str, object]", value).items():
                if "\x00" in key:
                    return path or "请求体", "不能包含 NUL 字符"
                pending.append((f"{path}.{key}" if path else key, inner))
        elif isinstance(value, list):
            pending.extend((f"{path}[{at}]", inner) for at, inner in enumerate(cast("list[object]", value)))
        elif isinstance(value, int | float) and abs(value) >= _WIDEST:
            return path, "数值超出 64 位范围"
    return None
