"""The guarded fetcher: downloads what a caller named by URL, and nothing that the caller should not reach.

Any port may be named; it is the address that is judged. See ``addresses`` for what is allowed.
"""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

from wenshu.core.fetch.addresses import AllowList
from wenshu.core.fetch.file_name import file_name_of
from wenshu.core.fetch.guard import Guard, Lookup, system_lookup
from wenshu.core.fetch.sink import Sink, too_large
from wenshu.kit.errors import FetchFailed, FetchRefused

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "Wenshu", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body that now stands in a file."""

    url: str
    """The address that answered, after redirects."""
    status: int
    """200 … 299."""
    media_type: str
    """As the server declares it, lower case, without parameters; not to be trusted."""
    file_name: str
    """Never empty; a bare name without folders."""
    size: int
    """Bytes in the file, unpacked."""


class Fetcher:
    """Fetches over http and https; one for the whole process, closed at its end.

    ``allow_hosts``: what may be reached though it is not public (``addresses.AllowList``). ``timeout_seconds`` covers a
    whole fetch, redirects included; ``max_bytes`` is counted on the unpacked body. ``lookup`` resolves names.
    """

    def __init__(
        self,
        *,
        allow_hosts: Sequence[str],
        timeout_seconds: float,
        max_bytes: int,
        max_redirects: int = 3,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        # Own threads: a name server that hangs must not hold up writing, nor the loop's default executor.
        self._lookups = ThreadPoolExecutor(8, thread_name_prefix="fetch-lookup")
        self._writes = ThreadPoolExecutor(2, thread_name_prefix="fetch-write")
        self._guard = Guard(AllowList.parse(allow_hosts), lookup=lookup, executor=self._lookups)
        self._session: aiohttp.ClientSession | None = None

    async def check(self, url: str) -> None:
        """Judge an address without requesting it: ``FetchRefused``; ``FetchFailed`` where its name does not resolve."""
        target = self._guard.read_url(url)
        with self._worded():
            async with asyncio.timeout(self._timeout_seconds):
                await self._guard.resolve(target.raw_host or "", target.port or 0)

    async def fetch(self, url: str, into: Path) -> Fetched:
        """Download ``url`` into the file ``into`` (its folder exists; on failure the file does not).

        ``FetchRefused``: the address, or one that it redirects to, is not allowed. ``FetchFailed``: it did not work (no
        such host, no connection, not 2xx, too slow, too large, cut); the message says which, for people.
        """
        target = self._guard.read_url(url)
        with self._worded():
            async with asyncio.timeout(self._timeout_seconds):
                return await self._follow(target, into)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> int:
        """Send ``body`` and give the status of the answer, which is not read; redirects are not followed.

        Raises ``FetchRefused`` and ``FetchFailed`` as ``fetch`` does.
        """
        target = self._guard.read_url(url)
        with self._worded(seconds):
            async with (
                asyncio.timeout(seconds),
                self._opened().post(target, data=body, headers=headers, allow_redirects=False) as response,
            ):
                return response.status

    async def close(self) -> None:
        """Close connections and threads; fetches under way fail."""
        if self._session is not None:
            await self._session.close()
        self._lookups.shutdown(wait=False, cancel_futures=True)
        self._writes.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _worded(self, seconds: float = 0) -> Generator[None]:
        """Word the network's errors for callers, who learn neither an address nor what the exception says."""
        try:
            yield
        except TimeoutError:
            raise FetchFailed(f"访问超时，超过 {seconds or self._timeout_seconds:g} 秒") from None
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
            raise FetchFailed("对方的 HTTPS 证书无效") from None
        except aiohttp.ClientPayloadError:
            raise FetchFailed("对方返回的内容不完整") from None
        except aiohttp.ClientError:
            raise FetchFailed("无法连接对方服务器，或对方的应答有误") from None

    async def _follow(self, target: URL, into: Path) -> Fetched:
        for _ in range(self._max_redirects + 1):
            async with self._opened().get(target, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._save(response, target, into)
                target = self._redirected(target, response.headers.get("Location", ""))
        raise FetchFailed(f"重定向超过 {self._max_redirects} 次")

    def _redirected(self, target: URL, location: str) -> URL:
        following = self._guard.read_url(location, relative_to=target)
        if target.scheme == "https" and following.scheme == "http":
            raise FetchRefused("不允许从 https 跳转到 http")
        return following

    async def _save(self, response: aiohttp.ClientResponse, target: URL, into: Path) -> Fetched:
        if not 200 <= response.status < 300:
            raise FetchFailed(f"对方返回状态码 {response.status}")
        if (response.content_length or 0) > self._max_bytes:
            raise too_large(self._max_bytes)
        sink = Sink(into, content_encoding=response.headers.get("Content-Encoding", ""), max_bytes=self._max_bytes)
        loop = asyncio.get_running_loop()
        try:
            async for chunk in response.content.iter_any():
                await loop.run_in_executor(self._writes, sink.feed, chunk)
            size = await loop.run_in_executor(self._writes, sink.finish)
        finally:
            await loop.run_in_executor(self._writes, sink.close)
        return Fetched(
            url=str(target),
            status=response.status,
            media_type=response.content_type.lower(),
            file_name=file_name_of(response.headers.get("Content-Disposition", ""), target),
            size=size,
        )

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # A connection serves one request: each is made to an address checked for that request.
                connector=aiohttp.TCPConnector(resolver=self._guard, use_dns_cache=False, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # ours covers the whole
                headers=_HEADERS,
                auto_decompress=False,  # `Sink` unpacks within bounds
                trust_env=False,
            )
        return self._session
