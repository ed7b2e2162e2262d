"""Stored files: the object under its id, and the row that says whose it is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.storage.errors import StorageUnavailable
from wenshu.core.storage.links import Links
from wenshu.core.storage.objects import Objects
from wenshu.core.storage.tables import files
from wenshu.kit import clock
from wenshu.kit.errors import NotFound
from wenshu.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's row; ``size`` in bytes, ``sha256`` of them."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    tenant_code: str
    org_code: str

    @property
    def is_global(self) -> bool:
        """Uploaded without a tenant, as the document's own upload is."""
        return not self.tenant_code


_COLUMNS = tuple(files.c[name] for name in StoredFile.__slots__)
_AT_ONCE = 1000


class Files:
    """Keeps files and gives them back."""

    def __init__(self, database: Database, objects: Objects, links: Links) -> None:
        self._database = database
        self._objects = objects
        self.links = links

    async def keep(self, scope: Scope, path: Path, name: str, media_type: str) -> StoredFile:
        """Store the file at ``path``.

        The row says what is about to be written before the object is, and that it is there after: what a crash leaves
        in between has a row, by which ``sweep`` finds it.
        """
        size, digest = await asyncio.to_thread(_measure, path)
        file = StoredFile(new_id(), name, media_type, size, digest, **scope.stamp())
        row = {"id": file.id, "name": name, "media_type": media_type, "size": size, "sha256": digest}
        async with self._database.write(scope) as tx:
            await tx.run(insert(files).values(**row, **scope.stamp(), state="writing", created_at=clock.now()))
        await self._objects.put(file.id, path)
        async with self._database.write(scope) as tx:
            mine = (files.c.id == file.id, files.c.state == "writing", scope.exactly(files))
            settled = await tx.run(update(files).where(*mine).values(state="kept"))
        if not settled:  # the sweep took it for dead
            await self._objects.delete(file.id)
            raise StorageUnavailable("slow")
        return file

    async def find(self, file_id: str, scope: Scope = EVERYTHING) -> StoredFile:
        """The file's row. Raises NotFound outside the scope; the default is for holders of a signed link."""
        async with self._database.read(scope) as tx:
            found = (files.c.id == file_id, files.c.state == "kept", scope.sees(files))
            row = await tx.first(select(*_COLUMNS).where(*found))
        if row is None:
            raise NotFound("文件不存在")
        return StoredFile(*row)

    async def find_many(self, file_ids: Sequence[str]) -> dict[str, StoredFile]:
        """The files of these ids, whosever they are, by id; those that are not there are left out."""
        found: dict[str, StoredFile] = {}
        async with self._database.read(EVERYTHING) as tx:
            for start in range(0, len(file_ids), _AT_ONCE):
                some = (files.c.id.in_(file_ids[start : start + _AT_ONCE]), files.c.state == "kept")
                for row in await tx.all(select(*_COLUMNS).where(*some, EVERYTHING.sees(files))):
                    found[row.id] = StoredFile(*row)
        return found

    async def read(self, file_id: str, span: tuple[int, int] | None = None) -> AsyncIterator[bytes]:
        """The file's bytes in pieces, or those of ``span`` (first, behind the last).

        Raises NotFound where the object is gone, and StorageUnavailable, before the first piece; after it the latter.
        """
        return await self._objects.open(file_id, span)

    async def fetch(self, file_id: str, into: Path) -> None:
        """Copy the file's bytes to a local path, where a parser can read them."""
        with into.open("wb") as target:
            async for piece in await self.read(file_id):
                target.write(piece)

    async def remove(self, scope: Scope, file_ids: Sequence[str]) -> int:
        """Delete files of the scope with their objects; how many. What a crash leaves of it the sweep removes.

        Raises StorageUnavailable; the files are gone for everybody then, and the sweep removes their objects.
        """
        meant = files.c.id.in_(file_ids), files.c.state == "kept", scope.sees(files)
        async with self._database.write(scope) as tx:
            marking = update(files).where(*meant).values(state="removing").returning(files.c.id)
            marked = [row.id for row in await tx.all(marking)]
        for file_id in marked:
            await self._objects.delete(file_id)
        gone = files.c.id.in_(marked), files.c.state == "removing", scope.sees(files)
        async with self._database.write(scope) as tx:
            return await tx.run(delete(files).where(*gone))

    def link(self, file: StoredFile) -> str:
        """The canonical link of a file."""
        return self.links.canonical(file.id, file.name)


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as source:
        return path.stat().st_size, file_digest(source, "sha256").hexdigest()
