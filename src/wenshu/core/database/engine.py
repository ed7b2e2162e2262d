"""The engine and its short transactions: many readers, one writer at a time on SQLite."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import CursorResult, Executable, Row, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from wenshu.core.database.scope import Scope

_WRITE = "wenshu_write"


class Transaction:
    """One open transaction and the scope it was opened for. Statements only: no network, model or file inside."""

    def __init__(self, connection: AsyncConnection, scope: Scope) -> None:
        self._connection = connection
        self.scope = scope

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Every row."""
        return (await self._connection.execute(statement)).all()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The first row, or None."""
        return (await self._connection.execute(statement)).first()

    async def value(self, statement: Executable) -> Any:  # noqa: ANN401 (a column's value may be of any type)
        """The first column of the first row, or None."""
        return (await self._connection.execute(statement)).scalar()

    async def run(self, statement: Executable, rows: Sequence[dict[str, Any]] | None = None) -> int:
        """Execute, once or for many rows; the number of rows it touched."""
        result: CursorResult[Any] = await self._connection.execute(statement, rows)
        return result.rowcount

    async def insert(self, statement: Executable) -> int:
        """Execute a single-row insert; the generated key."""
        result: CursorResult[Any] = await self._connection.execute(statement)
        key = result.inserted_primary_key
        if key is None:
            raise TypeError("insert() takes a single-row insert")
        return int(key[0])


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        if self.url.get_backend_name() != "sqlite":
            raise ValueError("this release runs on SQLite only; leave WENSHU_DATABASE_URL empty")
        self._engine = _engine(url)
        self._one_writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncGenerator[Transaction]:
        """A consistent view for reading."""
        async with self._engine.connect() as connection, connection.begin():
            yield Transaction(connection, scope)

    @asynccontextmanager
    async def write(self, scope: Scope) -> AsyncGenerator[Transaction]:
        """A transaction that commits at the end, or leaves nothing behind when the block raises.

        Writers queue here rather than in SQLite, whose busy handler is unfair under load.
        """
        async with self._one_writer, self._engine.connect() as plain:
            connection = await plain.execution_options(**{_WRITE: True})
            async with connection.begin():
                yield Transaction(connection, scope)

    async def migrate(self) -> None:
        """Bring the schema to the newest revision."""
        from wenshu.core.database.migrations import upgrade  # noqa: PLC0415 (Alembic takes 80 ms that only starting needs)

        async with self._engine.connect() as connection:
            await connection.run_sync(upgrade)
            await connection.commit()

    async def close(self) -> None:
        """Give back every connection."""
        await self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path.absolute()}"


def _engine(url: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        pool_size=8,
        max_overflow=0,
        pool_timeout=30,
    )
    event.listen(engine.sync_engine, "connect", _open_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


def _open_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """WAL lets readers go on while one writes; FULL keeps an answered write across a power cut, not only a kill."""
    del entry
    connection.isolation_level = None  # pyright: ignore[reportAttributeAccessIssue] (SQLite's own; we send BEGIN ourselves)
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


def _begin_sqlite(connection: Connection) -> None:
    """A write takes its lock at once: a read lock that turns into a write lock late can deadlock."""
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
