"""Putting a backup back: all of it is verified before a thing is written, none of it served before it is whole."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from wenshu.core.database.engine import Database, DatabaseUnavailable, driver_words, open_database
from wenshu.core.database.examine import examine
from wenshu.core.database.migrations import revisions, tables_at
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.settings import Settings
from wenshu.core.storage.objects import Objects
from wenshu.core.storage.store import open_store
from wenshu.kit.errors import WenshuError
from wenshu.server.backup.archive import Reader, read
from wenshu.server.backup.backup import tables_of
from wenshu.server.backup.faults import Damaged, RestoreFailed
from wenshu.server.backup.lines import row_of
from wenshu.server.backup.manifest import Manifest, ObjectInside, TableInside
from wenshu.server.backup.place import Place
from wenshu.server.compose import Misconfigured
from wenshu.server.move import notes
from wenshu.server.move.objects import digest_of
from wenshu.server.move.rows import Rows, Values
from wenshu.server.move.tables import canonical, clear, occupied, set_sequence
from wenshu.server.rebuild import rebuild

Stage = Literal["verify", "rows", "compare-rows", "files", "compare-files", "index"]
_ROWS = 500
_BYTES = 8 * 1024 * 1024
_FILLED = "filled:"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come: in bytes, in rows, or in documents and pairs."""

    stage: Stage
    done: int
    total: int


@dataclass(slots=True)
class Outcome:
    """What was put back; ``index_fault`` says why there is no index yet."""

    manifest: Manifest | None = None
    index_fault: str = ""
    rows: dict[str, int] = field(default_factory=dict[str, int])


async def restore(settings: Settings, path: Path, outcome: Outcome) -> AsyncIterator[Progress]:
    """Put the backup at ``path`` where the settings say; fills in ``outcome``.

    Raises RestoreFailed, and HomeInUse where a server runs. Cut short, it is begun anew by the same call; until it has
    ended no server starts on what is there.
    """
    place = Place(settings)
    with read(path) as backup, place.held():
        if place.is_whole(backup.digest):  # killed between its last steps
            await _finish(settings, place)
            outcome.manifest = backup.manifest
            return
        place.refuse_occupied()
        _refuse_unknown(backup.manifest)
        done = 0
        yield Progress("verify", 0, backup.size)
        for count in backup.verify():
            done += count
            yield Progress("verify", done, backup.size)
        place.begin()
        async for progress in _put_back(settings, place, backup, outcome):
            yield progress
        if backup.manifest.has_secret:
            place.keep_secret(backup.secret())
        async for progress in _index(place.settings, outcome):
            yield progress
        place.is_filled(backup.digest)
        await _finish(settings, place)
        outcome.manifest = backup.manifest


async def _put_back(settings: Settings, place: Place, backup: Reader, outcome: Outcome) -> AsyncIterator[Progress]:
    """Rows and files."""
    async with AsyncExitStack() as opened:
        database = open_database(settings.database, place.staged.database)
        opened.push_async_callback(database.close)
        objects = open_store(settings.storage, place.folder)
        opened.push_async_callback(objects.close)
        try:
            await _refuse_used(database, objects, backup)
        except RestoreFailed:
            place.abandon()
            raise
        async for progress in _filled(database, backup, outcome):
            yield progress
        async for progress in _files(objects, backup, place.scratch):
            yield progress


async def _finish(settings: Settings, place: Place) -> None:
    """What comes once all is there; may be done again where it was cut short."""
    place.move_up()
    if settings.database.url.get_secret_value():
        database = open_database(settings.database, place.staged.database)
        try:
            if await notes.under_way(database) == "restore":
                await notes.end(database)
        finally:
            await database.close()
    place.end()


def _refuse_unknown(manifest: Manifest) -> None:
    if manifest.table_revision not in revisions():
        raise RestoreFailed(
            f"备份来自更新版本的数据库（{manifest.table_revision}，由 {manifest.release} 制作），请用该版本恢复。"
            f"The backup is of a later schema ({manifest.table_revision}): restore with release {manifest.release}."
        )
    ours = {table.name: [column.name for column in table.columns] for table in tables_of(manifest.table_revision)}
    if {table.name: table.columns for table in manifest.tables} != ours:
        raise Damaged("表与其版本不符 its tables are not those of its revision")


async def _refuse_used(database: Database, objects: Objects, backup: Reader) -> None:
    """Before anything is changed: is all of it empty, but for what this very restore put there."""
    try:
        _, faults = await examine(database)
    except DatabaseUnavailable as error:
        faults = [error.reason]
    if faults:
        raise RestoreFailed("\n".join(f"数据库 Database {database.place}：{fault}" for fault in faults))
    command = await notes.under_way(database) if database.shared else None
    if command is None:
        revision = await database.revision()
        there = await occupied(database) or ([revision] if revision not in {"", backup.manifest.table_revision} else [])
        if there:
            raise RestoreFailed(
                f"目标数据库不为空（{', '.join(there)}），请换一个新建的数据库。"
                f"The database is not empty ({', '.join(there)}): name a new one."
            )
    elif command != "restore" or await notes.source_of(database) != backup.digest:
        raise RestoreFailed("目标数据库中有另一次未完成的搬迁或恢复，请换一个新建的数据库。Name a new database.")
    ours = {item.id for item in backup.objects()}
    foreign = [key async for key, _ in objects.list() if key not in ours]
    if foreign:
        raise RestoreFailed(
            f"目标存储不为空（{len(foreign)} 个其他对象），请换一个空的桶或前缀。"
            f"The store holds {len(foreign)} objects that are not of this backup: name an empty place."
        )


async def _filled(database: Database, backup: Reader, outcome: Outcome) -> AsyncIterator[Progress]:
    """The rows in the form that they were backed up in, compared, and then brought into the newest form."""
    manifest = backup.manifest
    outcome.rows = {table.name: table.rows for table in manifest.tables}
    if database.shared and await notes.under_way(database) is None:
        await notes.begin(database, backup.digest, "restore")
    if not database.shared or await notes.noted(database, _FILLED) is None:
        await database.migrate(manifest.table_revision)
        tables = tables_at(manifest.table_revision)
        for table in reversed(tables):
            await clear(database, table)
        steps: list[tuple[Stage, AsyncIterator[int]]] = [
            ("rows", _written(database, backup, tables)),
            ("compare-rows", _compared(database, backup, tables)),
        ]
        for stage, work in steps:
            done = 0
            yield Progress(stage, 0, manifest.rows)
            async for count in work:
                done += count
                yield Progress(stage, done, manifest.rows)
        if database.shared:
            async with database.write(EVERYTHING) as tx:
                await notes.note(tx, _FILLED, value=True)
    await database.migrate()


async def _written(database: Database, backup: Reader, tables: Sequence[Table]) -> AsyncIterator[int]:
    for inside, table in _both(backup.manifest, tables):
        rows = Rows(table)
        for batch in _batches(backup, inside):
            try:
                async with database.write(EVERYTHING) as tx:
                    await tx.run(rows.insertion(), rows.parameters(batch))
            except DBAPIError as error:
                raise RestoreFailed(
                    f"目标不接受 The database does not take a row of {inside.name}：{driver_words(error)}"
                ) from error
            yield len(batch)
        await set_sequence(database, table)


async def _compared(database: Database, backup: Reader, tables: Sequence[Table]) -> AsyncIterator[int]:
    """Read every row back. Raises RestoreFailed where it is not what the backup says."""
    for inside, table in _both(backup.manifest, tables):
        rows, digest = Rows(table), sha256()
        for batch in _batches(backup, inside):
            for row in await rows.named(database, [rows.key_of(row) for row in batch]):
                digest.update(canonical(row))
            yield len(batch)
        if await rows.count(database) != inside.rows or digest.hexdigest() != inside.digest:
            raise RestoreFailed(f"核对不一致，未恢复 Not restored: {inside.name} differs from the backup.")


async def _files(objects: Objects, backup: Reader, scratch: Path) -> AsyncIterator[Progress]:
    there = {key: size async for key, size in objects.list()}
    total, done = backup.manifest.files.size, 0
    yield Progress("files", 0, total)
    for item in backup.objects():
        if there.get(item.id) != item.size:
            _unpack(backup, item, scratch)
            await objects.put(item.id, scratch)
        done += item.size
        yield Progress("files", done, total)
    done = 0
    yield Progress("compare-files", 0, total)
    for item in backup.objects():
        if await digest_of(objects, item.id) != item.sha256:
            raise RestoreFailed(f"核对不一致，未恢复 Not restored: objects/{item.id} differs from the backup.")
        done += item.size
        yield Progress("compare-files", done, total)


def _unpack(backup: Reader, item: ObjectInside, into: Path) -> None:
    with into.open("wb") as target:
        target.writelines(backup.pieces(item.path))


async def _index(settings: Settings, outcome: Outcome) -> AsyncIterator[Progress]:
    """From the rows. What keeps it from being made keeps nobody from having the rest."""
    try:
        async for made in rebuild(settings, tenant=""):
            yield Progress("index", made.done, made.total)
    except (Misconfigured, WenshuError) as error:
        outcome.index_fault = str(error)


def _both(manifest: Manifest, tables: Sequence[Table]) -> Iterator[tuple[TableInside, Table]]:
    """In the order of the tables: those that others refer to first."""
    inside = {table.name: table for table in manifest.tables}
    return ((inside[table.name], table) for table in tables if table.name in inside)


def _batches(backup: Reader, inside: TableInside) -> Iterator[list[Values]]:
    """Some rows at a time. Raises Damaged."""
    lines = backup.lines(inside.path)
    size, batch = 0, list[Values]()
    for line in lines:
        try:
            row = row_of(line)
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(inside.path) from error
        if len(row) != len(inside.columns):
            raise Damaged(inside.path)
        if batch and (len(batch) == _ROWS or size + len(line) > _BYTES):
            yield batch
            size, batch = 0, []
        batch.append(row)
        size += len(line)
    if batch:
        yield batch
