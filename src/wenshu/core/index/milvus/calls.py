"""Calls to Milvus, each in a thread of ours and within a time: a server that hangs costs an error, never the loop."""

import asyncio
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from wenshu.core.index.port import IndexUnusable
from wenshu.kit.errors import Unavailable

if TYPE_CHECKING:
    from pymilvus import MilvusClient

LEAST_VERSION = (2, 4)
"""Before it there are no sparse vectors."""

_READERS = 4
# pymilvus asks every ten seconds whether the server is there; a gRPC server with its own limits, as Lite's, hangs up
# on whoever asks more often than every five minutes. A dead connection is noticed by the call that uses it.
_CALM = {"grpc.keepalive_time_ms": 360_000, "grpc.keepalive_permit_without_calls": False}
_GRACE_SECONDS = 2.0
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Server:
    """Where Milvus is: ``http(s)://host:port`` or ``unix:/path``; ``token`` is ``user:password``, a key, or empty."""

    uri: str
    token: str = ""
    seconds: float = 10.0
    """Longest wait for one answer."""


class Calls:
    """A client whose reads run side by side and whose writes run one after another. Open it with ``connect``."""

    def __init__(self, client: "MilvusClient", seconds: float, *, is_lite: bool) -> None:
        self.client = client
        self.is_lite = is_lite
        self._seconds = seconds
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="wenshu-milvus-write")
        # Lite takes a collection out of memory and back in to index it: nothing may read meanwhile.
        self._reading = (
            self._writing if is_lite else ThreadPoolExecutor(_READERS, thread_name_prefix="wenshu-milvus-read")
        )

    async def read(self, call: Callable[..., Any], /, **given: Any) -> Any:  # noqa: ANN401 (pymilvus's own)
        """The call's result. Raises Unavailable where it fails or takes too long."""
        return await _within(self._seconds, self._reading, partial(call, **given, timeout=self._seconds))

    async def write(self, call: Callable[..., Any], /, *, patience: float = 1, **given: Any) -> Any:  # noqa: ANN401 (as above)
        """The same for what changes something; ``patience`` multiplies the time."""
        seconds = self._seconds * patience
        return await _within(seconds, self._writing, partial(call, **given, timeout=seconds))

    async def close(self) -> None:
        """Let go of the connection. A thread that is stuck in a call is left behind: its call has a time of its own."""
        try:
            await _within(self._seconds, self._writing, self.client.close)
        except Unavailable as error:
            log.warning("closing the connection to Milvus failed", reason=str(error))
        for pool in (self._reading, self._writing):
            pool.shutdown(wait=False, cancel_futures=True)


async def connect(server: Server) -> Calls:
    """Connect. Raises IndexUnusable where pymilvus is missing, the server does not answer or is too old."""
    if not server.uri.startswith(("http://", "https://", "tcp://", "unix:")):
        raise IndexUnusable(
            f"WENSHU_MILVUS_URI 须为服务器地址，如 http://milvus:19530（现为 {server.uri}）；单机留空即用内置索引。"
            "It must be a server's address: one machine needs no Milvus, the embedded index is used without it."
        )
    opening = ThreadPoolExecutor(1, thread_name_prefix="wenshu-milvus-open")
    try:
        client = await _within(server.seconds, opening, partial(_client, server))
        version = await _within(server.seconds, opening, partial(client.get_server_version, timeout=server.seconds))
    except Unavailable as error:
        raise IndexUnusable(
            f"无法连接 Milvus：{server.uri}（{error.__cause__}）。请检查 WENSHU_MILVUS_URI 与 WENSHU_MILVUS_TOKEN。"
            "Milvus does not answer there."
        ) from error
    finally:
        opening.shutdown(wait=False, cancel_futures=True)
    try:
        is_lite = check_version(str(version))
    except IndexUnusable:
        client.close()
        raise
    return Calls(client, server.seconds, is_lite=is_lite)


def check_version(version: str) -> bool:
    """Whether it is Milvus Lite. Raises IndexUnusable for a server without sparse vectors."""
    if "lite" in version:
        return True
    found = _VERSION.match(version)
    if found is None or (int(found[1]), int(found[2])) < LEAST_VERSION:
        raise IndexUnusable(
            f"Milvus {version} 没有稀疏向量，需要 2.4 或更新的版本。"
            f"Milvus {version} has no sparse vectors: 2.4 or newer is needed."
        )
    return False


def _client(server: Server) -> "MilvusClient":
    # gRPC's own handling of forks can block a process that starts others, as we do; ours never fork without exec.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    try:
        from pymilvus import MilvusClient  # noqa: PLC0415 (an extra, and half a second)
    except ImportError as error:
        raise IndexUnusable(
            "使用 Milvus 需要安装 pymilvus：.venv/bin/pip install --require-hashes -r requirements/milvus.lock"
            "（或 pip install 'wenshu[milvus]'）。Milvus needs pymilvus, which is not installed."
        ) from error
    return MilvusClient(uri=server.uri, token=server.token, timeout=server.seconds, grpc_options=_CALM)


async def _within(seconds: float, pool: ThreadPoolExecutor, work: Callable[[], Any]) -> Any:  # noqa: ANN401 (as above)
    future = asyncio.get_running_loop().run_in_executor(pool, work)
    try:
        return await asyncio.wait_for(future, seconds + _GRACE_SECONDS)
    except IndexUnusable:
        raise
    except TimeoutError as error:
        raise Unavailable("索引服务响应超时，请稍后再试") from error
    except Exception as error:  # pymilvus and gRPC raise many kinds, none of which a caller could tell apart
        log.warning("milvus", failed=getattr(work, "func", work).__name__, reason=str(error)[:500])
        raise Unavailable("索引服务暂不可用，请稍后再试") from error
