"""The guard: reads a caller's URL and resolves its host, and lets neither through unless it may be reached."""

import asyncio
import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from wenshu.core.fetch.addresses import AllowList, is_public, literal_address
from wenshu.kit.errors import FetchFailed, FetchRefused

Lookup = Callable[[str, int], Sequence[str]]
"""(host, port) → all its addresses, as text; blocks; raises ``OSError`` where there are none."""

MAX_URL_CHARACTERS = 8_000

_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
_HOST_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?")
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def system_lookup(host: str, port: int) -> list[str]:
    """Ask the operating system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guard(AbstractResolver):
    """The resolver of the connections themselves: what it checked is what is connected to, so no name can be rebound.

    aiohttp asks no resolver about hosts that spell an address; ``read_url`` judges those.
    """

    def __init__(self, allowed: AllowList, *, lookup: Lookup, executor: Executor) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._executor = executor

    def read_url(self, text: str, *, relative_to: URL | None = None) -> URL:
        """Return the URL to request; ``FetchRefused`` if it is malformed or may not be reached by its form alone."""
        if len(text) > MAX_URL_CHARACTERS or _NOT_IN_A_URL.search(text):
            raise FetchRefused("地址格式有误")
        try:
            url = URL(text) if relative_to is None else relative_to.join(URL(text))
            host, port = url.raw_host or "", url.port or 0
        except ValueError:
            raise FetchRefused("地址格式有误") from None
        if url.scheme not in ("http", "https"):
            raise FetchRefused("仅支持 http 和 https 地址")
        if "@" in url.raw_authority:
            raise FetchRefused("地址中不能包含用户名或密码")
        address = literal_address(host)
        if address is None and (not _HOST_NAME.fullmatch(host) or host.replace(".", "").isdigit()):
            raise FetchRefused("地址格式有误")
        if not 0 < port < 65_536:
            raise FetchRefused("地址格式有误")
        if address is not None:
            self._judge(host, port, [host])
        return url

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return all addresses of ``host``, each of them allowed; one that is not refuses the host."""
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._executor, self._lookup, host, port)
        except (OSError, UnicodeError):
            raise FetchFailed("域名无法解析") from None
        self._judge(host, port, found)
        families = [(text, socket.AF_INET6 if ":" in text else socket.AF_INET) for text in found]
        return [
            ResolveResult(hostname=host, host=text, port=port, family=kind, proto=0, flags=_NUMERIC)
            for text, kind in families
            if family in (socket.AF_UNSPEC, kind)
        ]

    async def close(self) -> None:
        """Nothing is held: the executor is the owner's."""

    def _judge(self, host: str, port: int, addresses: Sequence[str]) -> None:
        if self._allowed.admits_host(host, port):
            return
        for address in map(ip_address, addresses):
            if not is_public(address) and not self._allowed.admits_address(address, port):
                raise FetchRefused("不允许访问该地址")  # one wording for all: which address it was is ours to know
