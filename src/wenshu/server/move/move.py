"""A move from beginning to end: what is where, what is copied, and that nothing half-done is taken for done."""

import sqlite3
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.database.snapshot import snapshot
from wenshu.core.storage.objects import Objects
from wenshu.knowledge.reindex import Progress as Rows
from wenshu.server.home import Home
from wenshu.server.move import notes
from wenshu.server.move.faults import MoveFailed
from wenshu.server.move.objects import Files
from wenshu.server.move.tables import Compared, Tables, occupied

Stage = Literal["rows", "compare-rows", "files", "compare-files", "index"]
Reindex = Callable[[], AsyncIterator[Rows]]
"""Makes the index of the target anew, over its rows."""

_COMPARED = "compared:"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come: in rows, in bytes of files, or in documents and pairs."""

    stage: Stage
    done: int
    total: int


@dataclass(slots=True)
class Outcome:
    """What was moved and found the same."""

    tables: list[Compared] = field(default_factory=list[Compared])
    files: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list[str])
    """Ids of files that were missing or damaged in the home already."""


async def move(
    source: Database,
    folder: Path,
    database: Database | None,
    objects: Objects | None,
    outcome: Outcome,
    reindex: Reindex | None = None,
) -> AsyncIterator[Progress]:
    """Copy the rows of ``source`` to ``database`` and the files in ``folder`` to ``objects``, and compare them.

    Fills in ``outcome``. A move that was cut short goes on where it was. Raises MoveFailed, before anything is changed
    where a target is not empty. ``reindex`` works on the rows that were moved, after they were compared.
    """
    files = None if objects is None else Files(source, folder, objects)
    there = {} if files is None else await files.refuse_foreign()
    tables = None if database is None else await _begun(source, database)
    if tables is not None and database is not None:
        async for progress in _rows(tables, database, outcome):
            yield progress
    if files is not None:
        async for progress in _files(files, there, outcome):
            yield progress
    if database is not None:
        if reindex is not None:
            async for made in reindex():
                yield Progress("index", made.done, made.total)
        await notes.end(database)


@asynccontextmanager
async def opened(home: Home, file: Path) -> AsyncGenerator[Database]:
    """A copy of the home's database in the newest form; the home is owned meanwhile, and stays as it is.

    Raises HomeInUse where a server runs on it, MoveFailed where there is no database.
    """
    if not file.is_file():  # noqa: ASYNC240 (nothing else runs yet)
        raise MoveFailed(f"数据目录里没有数据库 There is no database in the data folder: {file}")
    with home.held(), tempfile.TemporaryDirectory(prefix="wenshu-move-") as workspace:
        copy = Path(workspace) / "wenshu.sqlite3"
        try:
            snapshot(file, copy)
        except (sqlite3.Error, OSError) as error:
            raise MoveFailed(f"数据库无法读取 The database cannot be read: {file} ({error})") from error
        source = Database(sqlite_url(copy))
        try:
            await source.migrate()
            yield source
        finally:
            await source.close()


async def _begun(source: Database, target: Database) -> Tables:
    """The tables to move, where the target is empty or this very move began to fill it."""
    tables = Tables(source, target)
    measured = {name: list(found) for name, found in (await tables.measure()).items()}
    if await notes.under_way(target) is None:
        there = await occupied(target)
        if there:
            raise MoveFailed(
                f"目标数据库不为空（{', '.join(there)}），请换一个新建的数据库。"
                f"The target database holds rows ({', '.join(there)}): name a new one."
            )
        # Before the schema: what the migrations put there must not be taken for somebody's rows.
        await notes.begin(target, measured)
    elif await notes.source_of(target) != measured:
        raise MoveFailed(
            "源数据在上次搬迁中断后改动过，请换一个新建的数据库重新搬迁。"
            "The home was changed since the move was interrupted: move again to a new database."
        )
    await target.migrate()
    return tables


async def _rows(tables: Tables, database: Database, outcome: Outcome) -> AsyncIterator[Progress]:
    compared = await notes.noted(database, _COMPARED)
    if compared is not None:  # and since then the rows may have been given new passages
        outcome.tables = [Compared(*found) for found in compared]
        return
    total = sum(rows for rows, _ in (await tables.measure()).values())
    done = 0
    yield Progress("rows", done, total)
    async for count in tables.copy():
        done += count
        yield Progress("rows", done, total)
    done = 0
    async for found in tables.compare():
        if isinstance(found, Compared):
            outcome.tables.append(found)
        else:
            done += found
        yield Progress("compare-rows", done, total)
    async with database.write(EVERYTHING) as tx:
        await notes.note(tx, _COMPARED, [(found.name, found.rows, found.digest) for found in outcome.tables])


async def _files(files: Files, there: dict[str, int], outcome: Outcome) -> AsyncIterator[Progress]:
    outcome.files, outcome.bytes = await files.measure()
    works: list[tuple[Stage, AsyncIterator[int]]] = [("files", files.copy(there)), ("compare-files", files.compare())]
    for stage, work in works:
        done = 0
        yield Progress(stage, done, outcome.bytes)
        async for count in work:
            done += count
            yield Progress(stage, done, outcome.bytes)
    outcome.damaged = files.damaged
