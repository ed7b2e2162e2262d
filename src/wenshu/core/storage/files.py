"""Stored files: the object under its id, and the row that says whose it is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from obstore.store import LocalStore
from sqlalchemy import insert, select

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.storage.links import Links
from wenshu.core.storage.tables import files
from wenshu.kit import clock
from wenshu.kit.errors import NotFound
from wenshu.kit.ids import new_id

_CHUNK = 1024 * 1024
_PROBE = "probe"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's row; ``size`` in bytes."""

    id: str
    name: str
    media_type: str
    size: int
    tenant_code: str
    org_code: str

    @property
    def is_global(self) -> bool:
        """Uploaded without a tenant, as the document's own upload is."""
        return not self.tenant_code


class Files:
    """Keeps files and gives them back."""

    def __init__(self, database: Database, store: LocalStore, links: Links) -> None:
        self._database = database
        self._store = store
        self.links = links

    async def keep(self, scope: Scope, path: Path, name: str, media_type: str) -> StoredFile:
        """Store the file at ``path``. The object comes first: a crash leaves at worst an object nobody names."""
        file_id = new_id()
        size, digest = await asyncio.to_thread(_measure, path)
        await self._store.put_async(file_id, path)
        owner = scope.stamp()
        file = StoredFile(file_id, name, media_type, size, **owner)
        async with self._database.write(scope) as tx:
            row = {"id": file_id, "name": name, "media_type": media_type, "size": size, **scope.stamp()}
            await tx.run(insert(files).values(**row, sha256=digest, created_at=clock.now()))
        return file

    async def find(self, file_id: str, scope: Scope = EVERYTHING) -> StoredFile:
        """The file's row. Raises NotFound outside the scope; the default is for holders of a signed link."""
        columns = [files.c[name] for name in StoredFile.__slots__]
        async with self._database.read(scope) as tx:
            row = await tx.first(select(*columns).where(files.c.id == file_id, scope.sees(files)))
        if row is None:
            raise NotFound("文件不存在")
        return StoredFile(*row)

    async def read(self, file_id: str) -> AsyncIterator[bytes]:
        """The file's bytes in pieces. Raises NotFound where the object is gone."""
        try:
            result = await self._store.get_async(file_id)
        except FileNotFoundError as error:
            raise NotFound("文件不存在") from error
        async for piece in result.stream(_CHUNK):
            yield bytes(piece)

    async def fetch(self, file_id: str, into: Path) -> None:
        """Copy the file's bytes to a local path, where a parser can read them."""
        with into.open("wb") as target:
            async for piece in self.read(file_id):
                target.write(piece)

    async def check(self) -> None:
        """Write and delete a small object; raises what is wrong where the store takes none."""
        await self._store.put_async(_PROBE, b"")
        await self._store.delete_async(_PROBE)

    def link(self, file: StoredFile) -> str:
        """The canonical link of a file."""
        return self.links.canonical(file.id, file.name)


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as source:
        return path.stat().st_size, file_digest(source, "sha256").hexdigest()


def open_store(url: str, home: Path) -> LocalStore:
    """The store that ``storage.url`` names; empty means a folder in the data folder."""
    if url and not url.startswith("file://"):
        raise ValueError("this release stores files in a folder only; WENSHU_STORAGE_URL takes file:///folder")
    folder = Path(url.removeprefix("file://")) if url else home / "objects"
    folder.mkdir(parents=True, exist_ok=True)
    return LocalStore(folder)
