"""Copying every file's object from the home's folder to another store, and reading it back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from sqlalchemy import func, select

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.storage.objects import Objects
from wenshu.core.storage.tables import files
from wenshu.kit.errors import NotFound
from wenshu.server.move.faults import MoveFailed, NotTheSame

_AT_ONCE = 4
_BATCH = 500


@dataclass(frozen=True, slots=True)
class File:
    """A file's row, as far as its object goes; ``size`` in bytes."""

    id: str
    size: int
    sha256: str


class Files:
    """The objects of one move. ``folder`` holds them under the ids of their rows."""

    def __init__(self, source: Database, folder: Path, target: Objects) -> None:
        self._source = source
        self._folder = folder
        self._target = target
        self.damaged: list[str] = []
        """Ids of files that were missing or not what their rows say before the move; what is there is copied."""

    async def measure(self) -> tuple[int, int]:
        """How many objects there are, and their bytes."""
        query = select(func.count().label("rows"), func.coalesce(func.sum(files.c.size), 0).label("bytes"))
        async with self._source.read(EVERYTHING) as tx:
            row = await tx.first(query.where(files.c.state == "kept", tx.scope.sees(files)))
        assert row is not None  # noqa: S101 (an aggregate always has one row)
        return int(row.rows), int(row.bytes)

    async def refuse_foreign(self) -> dict[str, int]:
        """The size of each object that is in the target already. Raises MoveFailed where one is not of this home."""
        there = {key: size async for key, size in self._target.list()}
        ours = {file.id async for batch in self._batches() for file in batch}
        foreign = there.keys() - ours
        if foreign:
            raise MoveFailed(
                f"目标存储不为空（{len(foreign)} 个其他对象），请换一个空的桶或前缀。"
                f"The target store holds {len(foreign)} objects that are not of this home: name an empty place."
            )
        return there

    async def copy(self, there: dict[str, int]) -> AsyncIterator[int]:
        """Copy what is not ``there`` in its size; yields bytes."""
        async for batch in self._batches():
            for some in _chunks(batch):
                await asyncio.gather(*(self._copy(file) for file in some if there.get(file.id) != file.size))
                yield sum(file.size for file in some)

    async def compare(self) -> AsyncIterator[int]:
        """Read each object back and hold it to its row; yields bytes. Raises NotTheSame."""
        self.damaged = []
        async for batch in self._batches():
            for some in _chunks(batch):
                await asyncio.gather(*(self._compare(file) for file in some))
                yield sum(file.size for file in some)

    async def _copy(self, file: File) -> None:
        path = self._folder / file.id
        if path.is_file():
            await self._target.put(file.id, path)

    async def _compare(self, file: File) -> None:
        copied = await digest_of(self._target, file.id)
        if copied == file.sha256:
            return
        if copied != await asyncio.to_thread(_digest_at, self._folder / file.id):
            raise NotTheSame(f"objects/{file.id}")
        self.damaged.append(file.id)

    async def _batches(self) -> AsyncIterator[Sequence[File]]:
        last = ""
        columns = files.c.id, files.c.size, files.c.sha256
        while True:
            async with self._source.read(EVERYTHING) as tx:
                following = (files.c.state == "kept", files.c.id > last, tx.scope.sees(files))
                rows = await tx.all(select(*columns).where(*following).order_by(files.c.id).limit(_BATCH))
            if not rows:
                return
            yield [File(*row) for row in rows]
            last = rows[-1].id


def _chunks(batch: Sequence[File]) -> list[Sequence[File]]:
    return [batch[at : at + _AT_ONCE] for at in range(0, len(batch), _AT_ONCE)]


async def digest_of(objects: Objects, key: str) -> str | None:
    """SHA-256 of an object's bytes, None where there is no such object."""
    digest = sha256()
    try:
        async for piece in await objects.open(key):
            digest.update(piece)
    except NotFound:
        return None
    return digest.hexdigest()


def _digest_at(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as source:
        return file_digest(source, "sha256").hexdigest()
