"""Making a backup: the rows as they stood at one instant, then the files that they name, while the server goes on."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Literal

from sqlalchemy import Table, func, select

from wenshu.core.database.engine import Database, Transaction, open_database
from wenshu.core.database.migrations import revisions, tables_at
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.settings import Settings
from wenshu.core.storage.objects import Objects
from wenshu.core.storage.store import open_store
from wenshu.kit import clock
from wenshu.kit.errors import NotFound
from wenshu.server.backup.archive import Entry, Writer, create
from wenshu.server.backup.faults import BackupFailed
from wenshu.server.backup.lines import line_of
from wenshu.server.backup.manifest import (
    FILES,
    FORMAT,
    LINK_KEY,
    MANIFEST,
    RELEASE,
    FilesInside,
    Manifest,
    ObjectInside,
    TableInside,
)
from wenshu.server.home import Home
from wenshu.server.move import notes
from wenshu.server.move.rows import Rows
from wenshu.server.move.tables import canonical

LEFT_OUT = frozenset({"index_state", "generations", "facts"})
"""They are made anew with the index of a restored server, from the documents."""

Stage = Literal["rows", "files"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come: in rows, or in bytes of files."""

    stage: Stage
    done: int
    total: int


class Snapshot:
    """One state of a database: every reading is of the same transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncGenerator[Transaction]:
        """The one transaction."""
        del scope
        yield self._tx


class Backup:
    """One backup while it is written; ``manifest`` is there once all of it is."""

    def __init__(self, database: Database, objects: Objects, secret: Path | None, writer: Writer) -> None:
        self._database = database
        self._objects = objects
        self._secret = secret
        """The file with the key that signs links; None where the settings name one."""
        self._writer = writer
        self.manifest: Manifest | None = None

    async def run(self) -> AsyncIterator[Progress]:
        """Write all of it. Raises BackupFailed for a database that this release cannot read."""
        revision = await self._revision()
        created_at = clock.now()
        tables: list[TableInside] = []
        with TemporaryFile() as kept:
            async with self._database.read(EVERYTHING) as tx:
                async for progress in self._rows(Snapshot(tx), tables_of(revision), tables, kept):
                    yield progress
            files = FilesInside(count=0, size=0, missing=[], damaged=[])
            async for found in self._files(kept):
                if isinstance(found, FilesInside):
                    files = found
                else:
                    yield found
        if self._secret is not None:
            with self._writer.entry(LINK_KEY) as entry:
                entry.write(self._secret.read_bytes())
        self.manifest = Manifest(
            format=FORMAT,
            release=RELEASE,
            created_at=created_at.isoformat(timespec="seconds"),
            database="postgresql" if self._database.shared else "sqlite",
            table_revision=revision,
            tables=tables,
            files=files,
            has_secret=self._secret is not None,
            parts=self._writer.parts,
        )
        with self._writer.entry(MANIFEST, listed=False) as entry:
            entry.write(self.manifest.model_dump_json(indent=1).encode())

    async def _revision(self) -> str:
        revision = await self._database.revision()
        if not revision:
            raise BackupFailed(f"数据库是空的 The database is empty: {self._database.place}")
        if revision not in revisions():
            raise BackupFailed(
                f"数据库由更新版本的文枢升级过（{revision}），请用该版本备份。"
                f"A later Wenshu upgraded the database (to {revision}): back up with that one."
            )
        if await notes.under_way(self._database):
            raise BackupFailed("数据库尚未搬迁或恢复完整 The database is still being moved or restored to.")
        return revision

    async def _rows(
        self, source: Snapshot, tables: list[Table], done: list[TableInside], kept: IO[bytes]
    ) -> AsyncIterator[Progress]:
        counts = {table.name: await _count(source, table) for table in tables}
        total, written = sum(counts.values()), 0
        yield Progress("rows", 0, total)
        for table in tables:
            rows, digest, count = Rows(table), sha256(), 0
            columns = [column.name for column in table.columns]
            with self._writer.entry(f"rows/{rows.name}.jsonl") as entry:
                async for batch in rows.batches(source):
                    for row in batch.rows:
                        entry.write(line_of(row))
                        digest.update(canonical(row))
                        if rows.name == "files":
                            _keep(kept, dict(zip(columns, row, strict=True)))
                    count += len(batch.rows)
                    written += len(batch.rows)
                    yield Progress("rows", written, total)
            done.append(TableInside(name=rows.name, columns=columns, rows=count, digest=digest.hexdigest()))

    async def _files(self, kept: IO[bytes]) -> AsyncIterator[Progress | FilesInside]:
        """Copy the objects of the files that stood in the rows; those that went since are missing, and told."""
        total = sum(item.size for item in _kept(kept))
        missing: list[str] = []
        damaged: list[str] = []
        count = size = read = 0
        yield Progress("files", 0, total)
        with TemporaryFile() as listed:
            for item in _kept(kept):
                found = await self._object(item)
                read += item.size
                if found is None:
                    missing.append(item.id)
                else:
                    listed.write(found.model_dump_json().encode() + b"\n")
                    count, size = count + 1, size + found.size
                    if found.sha256 != item.sha256:
                        damaged.append(item.id)
                yield Progress("files", read, total)
            listed.seek(0)
            with self._writer.entry(FILES) as entry:
                for line in listed:
                    entry.write(line)
        yield FilesInside(count=count, size=size, missing=missing, damaged=damaged)

    async def _object(self, item: ObjectInside) -> ObjectInside | None:
        try:
            pieces = await self._objects.open(item.id)
        except NotFound:
            return None
        with self._writer.entry(item.path, listed=False) as entry:
            await _copy(pieces, entry)
        return ObjectInside(id=item.id, size=entry.part.size, sha256=entry.part.sha256)


@dataclass(slots=True)
class Outcome:
    """The manifest of the backup that was made."""

    manifest: Manifest | None = None


async def back_up(settings: Settings, path: Path, outcome: Outcome) -> AsyncIterator[Progress]:
    """Write a backup of the home that the settings name, beside its server or without one; fills in ``outcome``.

    Raises BackupFailed, DatabaseUnavailable, StorageUnavailable; there is no file at ``path`` then.
    """
    home = Home(settings.home)
    if not settings.database.url.get_secret_value() and not home.database.is_file():
        raise BackupFailed(f"数据目录里没有数据库 There is no database in the data folder: {home.path}")
    has_own = not settings.storage.link_secret.get_secret_value() and home.secret.is_file()
    database, objects = open_database(settings.database, home.database), open_store(settings.storage, home.path)
    try:
        with create(path) as writer:
            backup = Backup(database, objects, home.secret if has_own else None, writer)
            async for progress in backup.run():
                yield progress
        outcome.manifest = backup.manifest
    finally:
        await objects.close()
        await database.close()


def tables_of(revision: str) -> list[Table]:
    """The tables that a backup holds."""
    return [table for table in tables_at(revision) if table.name not in LEFT_OUT]


async def _copy(pieces: AsyncIterator[bytes], entry: Entry) -> None:
    async for piece in pieces:
        entry.write(piece)


async def _count(source: Snapshot, table: Table) -> int:
    async with source.read(EVERYTHING) as tx:
        return int(await tx.value(select(func.count()).select_from(table)))


def _keep(kept: IO[bytes], row: dict[str, object]) -> None:
    """Note a file whose object is there: a million of them would not fit into memory."""
    if row.get("state", "kept") == "kept":
        item = ObjectInside.model_validate({name: row[name] for name in ("id", "size", "sha256")})
        kept.write(item.model_dump_json().encode() + b"\n")


def _kept(kept: IO[bytes]) -> Iterator[ObjectInside]:
    kept.seek(0)
    return (ObjectInside.model_validate_json(line) for line in kept)
