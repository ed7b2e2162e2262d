"""Strict requests: JSON bodies are checked as the contract says before FastAPI validates them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

import orjson
from starlette.requests import Request

from wenshu.kit.errors import InvalidInput, NotJson, UnsupportedMediaType

_WIDEST = 2.0**63
_NUL = "不能包含 NUL 字符"
# An escaped NUL, or what may be a number beyond 64 bit: a body with neither needs no walk through its values.
_SUSPICIOUS = re.compile(rb"\\u0000|[0-9]{19}|[0-9][eE]")
_LONGEST_PATH = 100


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


def decode(body: bytes, content_type: str) -> dict[str, object]:
    """The JSON object of a body; an empty body counts as ``{}``.

    Raises UnsupportedMediaType where the body is not declared as JSON, and InvalidInput for what is not JSON (NaN and
    Infinity included), is no object, holds a NUL character or a number beyond 64 bit.
    """
    if not body.strip():
        return {}
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("请求体需为 application/json")
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson(f"请求体不是合法的 JSON（第 {error.lineno} 行第 {error.colno} 列）") from error
    if not isinstance(value, dict):
        raise NotJson("请求体需为 JSON 对象")
    fields = cast("dict[str, object]", value)
    fault = _fault(fields) if _SUSPICIOUS.search(body) else None
    if fault:
        raise InvalidInput(f"{fault[0]}: {fault[1]}", field=fault[0])
    return fields


def check_address(request: Request) -> None:
    """Raise InvalidInput for a NUL character in the path or the query."""
    if "\x00" in request.url.path or "\x00" in request.scope["path"]:
        raise InvalidInput(f"路径{_NUL}")
    for name, value in request.query_params.multi_items():
        if "\x00" in name or "\x00" in value:
            raise InvalidInput(f"参数 {_shown([name])} {_NUL}", field=_shown([name]))


def _fault(root: dict[str, object]) -> tuple[str, str] | None:
    """The first value that no database or client would carry safely, with its path.

    Depth first with an iterator a level: bodies may be deep, and wide, and their names long.
    """
    levels: list[Iterator[tuple[str | int, object]]] = [iter(cast("Iterable[tuple[str | int, object]]", root.items()))]
    path: list[str | int] = []
    while levels:
        step = next(levels[-1], None)
        if step is None:
            levels.pop()
            if path:
                path.pop()
            continue
        key, value = step
        if isinstance(key, str) and "\x00" in key:
            return _shown(path), _NUL
        if isinstance(value, dict):
            levels.append(iter(cast("Iterable[tuple[str | int, object]]", value.items())))
            path.append(key)
        elif isinstance(value, list):
            levels.append(iter(enumerate(cast("list[object]", value))))
            path.append(key)
        elif isinstance(value, str) and "\x00" in value:
            return _shown([*path, key]), _NUL
        elif isinstance(value, int | float) and abs(value) >= _WIDEST:
            return _shown([*path, key]), "数值超出 64 位范围"
    return None


def _shown(path: list[str | int]) -> str:
    """``["docs", 0, "name"]`` → ``docs[0].name``, cut to what a message can carry."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path[:_LONGEST_PATH])
    return text.removeprefix(".").replace("\x00", "")[:_LONGEST_PATH] or "请求体"
