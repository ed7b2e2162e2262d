"""Notes over plain HTTP: words and limit are posted as JSON, and JSON comes back."""

import asyncio

import aiohttp
import orjson

from wenshu.core.external.port import Note, NotesFailed
from wenshu.core.external.reading import notes_in


class HttpNotes:
    """``Notes`` of an address that takes ``{"query", "limit"}``; the operator named it, so no guard judges it.

    Redirects are not followed: the token is for that address. ``timeout_seconds`` covers a whole search; ``max_bytes``
    is counted on what comes in, unpacked.
    """

    def __init__(self, url: str, token: str, *, timeout_seconds: float, max_bytes: int) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._session: aiohttp.ClientSession | None = None

    async def search(self, query: str, limit: int) -> list[Note]:
        """See ``Notes.search``."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                body = await self._ask(orjson.dumps({"query": query, "limit": limit}))
        except TimeoutError:
            raise NotesFailed("timeout") from None
        except (aiohttp.ClientError, ValueError):
            raise NotesFailed("connect") from None
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise NotesFailed("garbage") from None
        return notes_in(value, limit)

    async def close(self) -> None:
        """See ``Notes.close``."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, body: bytes) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=None)
            )
        async with self._session.post(self._url, data=body, headers=self._headers, allow_redirects=False) as response:
            if response.status != 200:
                raise NotesFailed("rejected")
            received = bytearray()
            async for chunk in response.content.iter_any():
                received += chunk
                if len(received) > self._max_bytes:
                    raise NotesFailed("too_large")
            return bytes(received)
