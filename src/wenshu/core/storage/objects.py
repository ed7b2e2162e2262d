"""Objects: bytes under a key, in a folder or in a bucket, with faults told in words."""

import asyncio
import os
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path

import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from wenshu.core.storage.errors import is_absence, worded
from wenshu.kit.errors import NotFound
from wenshu.kit.ids import new_id

_PIECE = 1024 * 1024
_PART = 5 * 1024 * 1024
_PARTS_AT_ONCE = 3
_PROBE = b"wenshu"

log = structlog.get_logger()


class Objects:
    """One store. Keys are ours (``kit.ids``); every call raises ``StorageUnavailable`` where the store does not answer.

    ``folder`` is where a ``LocalStore`` keeps its files. An upload holds ``_PARTS_AT_ONCE`` parts of 5 MiB (the least
    that S3 takes) in memory, a download one piece of 1 MiB.
    """

    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder
        self._probe = f"probe-{new_id()}"
        self._probing = asyncio.Lock()

    async def put(self, key: str, body: Path | bytes) -> None:
        """Store a file's bytes, whole or not at all, over what was there."""
        with _faults():
            await self._store.put_async(key, body, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)
            if self._folder is not None:
                # The row that names the object survives a power cut, hence so must the object.
                await asyncio.to_thread(_sync, self._folder / key)

    async def open(self, key: str, span: tuple[int, int] | None = None) -> AsyncIterator[bytes]:
        """The object's bytes in pieces, or those of ``span`` (first, behind the last). Raises NotFound.

        Returns once the store has begun to answer: what is wrong is known before a byte is passed on.
        """
        with _faults():
            try:
                result = await self._store.get_async(key, options={} if span is None else {"range": span})
            except FileNotFoundError as error:
                if not is_absence(error):
                    raise
                raise NotFound("文件不存在") from None
            return _pieces(result.stream(_PIECE))

    async def delete(self, key: str) -> None:
        """Remove the object, and what a killed upload of it left in the folder; one that is not there is no fault."""
        with _faults():
            try:
                await self._store.delete_async(key)
            except FileNotFoundError as error:
                if not is_absence(error):
                    raise
            if self._folder is not None:
                await asyncio.to_thread(_remove_unfinished, self._folder, key)

    async def check(self) -> None:
        """Write, read and delete a small object."""
        async with self._probing:
            await self.put(self._probe, _PROBE)
            async for _ in await self.open(self._probe):
                pass
            await self.delete(self._probe)


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _faults():
        async for piece in stream:
            yield bytes(piece)


@contextmanager
def _faults() -> Generator[None]:
    """The library's errors in our words. ``from None``: its text may hold what must not be logged."""
    try:
        yield
    except (BaseError, OSError) as error:
        fault = worded(error)
        log.warning("storage", reason=fault.reason, detail=fault.detail)
        raise fault from None


def _sync(path: Path) -> None:
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_unfinished(folder: Path, key: str) -> None:
    """The library writes ``key#1`` and renames it; a killed process leaves it there."""
    for path in folder.glob(f"{key}#*"):
        path.unlink(missing_ok=True)
