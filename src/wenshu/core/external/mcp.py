"""Notes from a tool of an MCP server, over streamable HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import httpx2
import structlog
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent, Tool
from pydantic import ValidationError

from wenshu.core.external.port import Note, NotesFailed, Reason
from wenshu.core.external.reading import notes_in, notes_in_text

log = structlog.get_logger()
_QUERIES = ("keyword", "keywords", "query", "q", "search", "text", "question")
_LIMITS = ("limit", "count", "size", "num", "top_k", "page_size")


class McpNotes:
    """``Notes`` of one tool; each search is a session of its own, so a server may come and go.

    The tool's own schema says which argument takes the words. ``timeout_seconds`` covers a whole search, ``max_bytes``
    all that the server sends in it. What the server says of itself, its instructions too, is not read.
    """

    def __init__(self, url: str, tool: str, token: str, *, timeout_seconds: float, max_bytes: int) -> None:
        self._url = url
        self._tool = tool
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes

    async def search(self, query: str, limit: int) -> list[Note]:
        """See ``Notes.search``."""
        capped = _Capped(self._max_bytes)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._ask(capped, query, limit)
        except TimeoutError:
            raise NotesFailed("too_large" if capped.exceeded else "timeout") from None
        except Exception as error:  # noqa: BLE001 (the client tells of faults in groups of its libraries' exceptions)
            reason = "too_large" if capped.exceeded else _reason(error)
            log.info("notes failed", reason=reason, error=type(error).__name__)
            raise NotesFailed(reason) from None

    async def close(self) -> None:
        """See ``Notes.close``: no connection outlives its search."""

    async def _ask(self, capped: "_Capped", query: str, limit: int) -> list[Note]:
        async with (
            httpx2.AsyncClient(transport=capped, headers=self._headers, timeout=self._timeout_seconds) as http,
            Client(
                streamable_http_client(self._url, http_client=http, max_sse_event_size=self._max_bytes), cache=None
            ) as client,
        ):
            listed = await client.list_tools()
            tool = next((tool for tool in listed.tools if tool.name == self._tool), None)
            if tool is None:
                raise NotesFailed("no_tool")
            return _notes(await client.call_tool(self._tool, _arguments(tool, query, limit)), limit)


def _arguments(tool: Tool, query: str, limit: int) -> dict[str, Any]:
    """The words under the name that the tool has for them, the limit where it takes one."""
    properties: dict[str, Any] = tool.input_schema.get("properties") or {}
    required: list[str] = tool.input_schema.get("required") or []
    named = next((name for name in _QUERIES if name in properties), None)
    arguments: dict[str, Any] = {named or next(iter(required), _QUERIES[0]): query}
    most = next((name for name in _LIMITS if name in properties), None)
    return arguments | ({most: limit} if most else {})


def _notes(result: CallToolResult, limit: int) -> list[Note]:
    if result.is_error:
        raise NotesFailed("rejected")
    if result.structured_content is not None:
        try:
            return notes_in(result.structured_content, limit)
        except NotesFailed:
            log.debug("notes are not in the structured content")
    texts = [part.text for part in result.content if isinstance(part, TextContent)]
    found = [note for text in texts for note in notes_in_text(text, limit)]
    return found[:limit]


def _reason(error: BaseException) -> Reason:
    for each in _leaves(error):
        if isinstance(each, NotesFailed):
            return each.reason
        if isinstance(each, httpx2.TimeoutException):
            return "timeout"
        if isinstance(each, httpx2.HTTPStatusError | MCPError):
            return "rejected"
        if isinstance(each, ValidationError | ValueError):
            return "garbage"
    return "connect"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        for inner in group.exceptions:
            yield from _leaves(inner)
    else:
        yield error


class _Capped(httpx2.AsyncBaseTransport):
    """Counts what comes in over all requests of a session and ends it at the limit; follows no redirect."""

    def __init__(self, max_bytes: int) -> None:
        self.left = max_bytes
        self._inner = httpx2.AsyncHTTPTransport()

    @property
    def exceeded(self) -> bool:
        return self.left < 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # A small answer packed small can unpack to anything: what is counted must be what is read.
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 (it comes from an asynchronous transport)
        return httpx2.Response(
            response.status_code,
            headers=[(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"],
            stream=_CountedStream(self, response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class _CountedStream(httpx2.AsyncByteStream):
    def __init__(self, cap: _Capped, inner: httpx2.AsyncByteStream) -> None:
        self._cap = cap
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._cap.left -= len(chunk)
            if self._cap.exceeded:
                raise httpx2.ReadError("too large")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
