"""SQLite: one file, many readers, one writer at a time, one process."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import ClassVar

from sqlalchemy import URL, Table, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from wenshu.core.database.backend import Pool, refuse_nul
from wenshu.core.database.sqlite_driver import connect
from wenshu.core.database.sqlite_plans import settle_plans

_WRITE = "wenshu_write"
_MIGRATE = "wenshu_migrate"
_TAKEN = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"}


class SQLite:
    """The ``Backend`` of a file that one process owns."""

    shared: ClassVar[bool] = False

    def __init__(self, url: URL, pool: Pool) -> None:
        self.reader = create_async_engine(
            url, async_creator=partial(connect, url.database or ":memory:"), **pool.options()
        )
        self.writer = self.reader.execution_options(**{_WRITE: True})
        event.listen(self.reader.sync_engine, "connect", _open)
        event.listen(self.reader.sync_engine, "begin", _begin)
        refuse_nul(self.reader.sync_engine)
        self._one_writer = asyncio.Lock()

    def turn(self, lock: str) -> AbstractAsyncContextManager[object]:
        """Writers queue here rather than in SQLite, whose busy handler is unfair under load."""
        del lock
        return self._one_writer

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Nothing: the one writer holds everything."""

    def insert(self, table: Table) -> sqlite.Insert:
        """See ``Backend.insert``."""
        return sqlite.insert(table)

    async def notify(self, connection: AsyncConnection, notices: Sequence[str]) -> None:
        """Nothing: there is no other process."""

    async def notices(self) -> AsyncGenerator[str]:
        """The empty one, and then none for ever."""
        yield ""
        await asyncio.Event().wait()

    @asynccontextmanager
    async def migrating(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction in which foreign keys rest; they are checked before the commit.

        Alembic changes a table by making it anew, and dropping the old one would delete all rows that refer to it.
        """
        engine = self.writer.execution_options(**{_WRITE: True, _MIGRATE: True})
        async with self._one_writer, engine.connect() as connection:
            try:
                async with connection.begin():
                    yield connection
                    broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
                    if broken:
                        raise RuntimeError(f"migrating left rows that refer to nothing: {broken[:5]}")
                    await connection.run_sync(settle_plans)
            finally:
                # The next connection opens with its foreign keys on.
                await connection.invalidate()

    def lost(self, error: DBAPIError) -> bool:
        """Never: a file does not go away and come back."""
        del error
        return False

    def taken(self, error: IntegrityError) -> bool:
        """See ``Backend.taken``."""
        return getattr(error.orig, "sqlite_errorname", "") in _TAKEN


def _open(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """WAL lets readers go on while one writes; FULL keeps an answered write across a power cut, not only a kill."""
    del entry
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "cache_size=-32000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A write takes its lock at once: a read lock that turns into a write lock late can deadlock."""
    options = connection.get_execution_options()
    if options.get(_MIGRATE):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # has no effect inside a transaction
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITE) else "BEGIN")
