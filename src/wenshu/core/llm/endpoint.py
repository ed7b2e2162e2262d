"""One address of a model vendor: asked by POST, with its key, time-outs and retries; knows nothing of what is said."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TypeVar

import aiohttp
from yarl import URL

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.kit.clock import now

T = TypeVar("T")
_VERSION = re.compile(r"v\d+\w*")
_jitter = random.SystemRandom()


def endpoint_url(url: str, path: str) -> URL:
    """Return the address of a call, ``/chat/completions`` for one, under a base URL.

    ``https://host``, ``https://host/`` and ``https://host/v1`` are the same; a base that ends in another version
    (``/api/v3``, ``/compatible-mode/v1``) is kept, and so is one that names the call's path already.
    ``ValueError`` if it is no absolute http or https URL.
    """
    base = URL(url.strip())
    if base.scheme not in ("http", "https") or not base.host:
        raise ValueError("a model's url must be absolute, http or https")
    given = base.path.rstrip("/")
    if not given.endswith(path):
        version = "" if _VERSION.fullmatch(given.rsplit("/", 1)[-1]) else "/v1"
        given = f"{given}{version}{path}"
    return base.with_path(given, keep_query=True)


class Endpoint:
    """A vendor's call over HTTP; closed at the process's end. An empty ``api_key`` sends none.

    Refused connections, 429 and 5xx are tried ``attempts`` times in all, ``backoff`` seconds doubling and jittered
    between; ``Retry-After`` is honoured up to ``retry_after_cap`` seconds.
    """

    def __init__(self, url: URL, api_key: str, accept: str, *, attempts: int, backoff: float, cap: float) -> None:
        self._url = url
        self._headers = {"Accept": accept, "Content-Type": "application/json"}
        key = api_key.strip()
        if not (key.isascii() and key.isprintable()):
            raise ValueError("a model's api_key must be printable ASCII")
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._attempts = attempts
        self._backoff = backoff
        self._cap = cap
        self._session: aiohttp.ClientSession | None = None

    async def begin(self, body: bytes, seconds: float) -> tuple[aiohttp.ClientResponse, bytes]:
        """Ask until there is a response of status 200; it and its first bytes, which have ``seconds`` to come.

        The response is the caller's to release. Nothing is tried again once bytes of an answer have come.
        """

        async def once() -> tuple[aiohttp.ClientResponse, bytes]:
            async with _in_words(seconds, cut=ModelUnavailable("cut")):
                return await self._ask(body)

        return await self._trying(once)

    async def whole(self, body: bytes, seconds: float, most: int) -> bytes:
        """Ask for an answer that is of use only whole: it has ``seconds`` and may be ``most`` bytes long.

        One that breaks off is asked for again, as asking twice for the same changes nothing.
        """

        async def once() -> bytes:
            async with _in_words(seconds, cut=_Passing(ModelUnavailable("cut"), retry_after=None)):
                response, read = await self._ask(body)
                async with response:
                    pieces = bytearray(read)
                    while piece := await response.content.readany():
                        pieces += piece
                        if len(pieces) > most:
                            raise ModelUnavailable("garbage")
                    return bytes(pieces)

        return await self._trying(once)

    async def close(self) -> None:
        """Close connections; answers under way fail."""
        if self._session is not None:
            await self._session.close()

    async def _trying(self, once: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(self._attempts - 1):
            try:
                return await once()
            except _Passing as failure:
                await asyncio.sleep(self._pause(attempt, failure.retry_after))
        try:
            return await once()
        except _Passing as failure:
            raise failure.error from None

    async def _ask(self, body: bytes) -> tuple[aiohttp.ClientResponse, bytes]:
        response = await self._opened().post(
            self._url, data=body, headers=self._headers, allow_redirects=False
        )  # a redirect would carry prompt and key elsewhere
        try:
            if response.status == 200:
                return response, await response.content.readany()
        except BaseException:  # a cancellation too must not leave the upstream at work
            response.close()
            raise
        response.close()
        if response.status == 429 or response.status >= 500:
            error = ModelUnavailable("rate_limited" if response.status == 429 else "rejected", status=response.status)
            raise _Passing(error, retry_after=_seconds(response.headers.get("Retry-After", "")))
        raise ModelUnavailable("rejected", status=response.status)

    def _pause(self, attempt: int, retry_after: float | None) -> float:
        if retry_after is not None:
            return min(retry_after, self._cap)
        return self._backoff * 2**attempt * _jitter.uniform(0.5, 1)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # ours are per attempt and per read
            )
        return self._session


class _Passing(Exception):
    """A failure worth another try; ``retry_after`` in seconds if the upstream named it."""

    def __init__(self, error: ModelUnavailable, *, retry_after: float | None) -> None:
        super().__init__()
        self.error = error
        self.retry_after = retry_after


@asynccontextmanager
async def _in_words(seconds: float, *, cut: Exception) -> AsyncGenerator[None]:
    """What goes wrong inside, or takes longer, as an error of ours; ``cut`` where an answer broke off."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ModelUnavailable("timeout") from None
    except aiohttp.ClientPayloadError:
        raise cut from None
    except aiohttp.ClientError:
        raise _Passing(ModelUnavailable("connect"), retry_after=None) from None


def _seconds(retry_after: str) -> float | None:
    """Read RFC 9110's ``Retry-After``: seconds or a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now()).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):  # what the standard library raises for bad dates
        return None
