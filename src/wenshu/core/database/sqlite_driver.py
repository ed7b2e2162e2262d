"""SQLite's driver: aiosqlite with one trip to the connection's thread a statement.

A trip costs two thread switches, and more where the event loop is busy. aiosqlite makes four of them for one SELECT
(open a cursor, execute, fetch, close it) and one for each BEGIN and for the pool's ROLLBACK of nothing. Here the trip
that executes also fetches all rows, a plain BEGIN rides with the statement behind it, and the rest takes none.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite


async def connect(path: str) -> aiosqlite.Connection:
    """Open the file."""
    return await Connection(path)


class Connection(aiosqlite.Connection):
    """One connection and its thread, for SQLAlchemy's adapter."""

    def __init__(self, path: str) -> None:
        # We send BEGIN ourselves: the module's own would come too late for the lock that a write takes.
        super().__init__(lambda: sqlite3.connect(path, isolation_level=None), iter_chunk_size=1)
        self._thread.daemon = True
        self._begin_first = False
        self._nothing_open = True

    def cursor(self) -> Any:  # noqa: ANN401 (aiosqlite's own is no base of ours)
        """A cursor; it needs no trip."""
        return Cursor(self)

    async def commit(self) -> None:
        """End the transaction."""
        if not self._begin_first:
            await self._trip(self._conn.commit)
        self._begin_first, self._nothing_open = False, True

    async def rollback(self) -> None:
        """Undo the transaction where one may be open: after a call that was cut short nobody knows."""
        if not self._nothing_open:
            await self._trip(self._conn.rollback)
        self._begin_first, self._nothing_open = False, True

    async def run(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do the work in the connection's thread, behind a BEGIN that waits for it."""
        begin_first, self._begin_first, self._nothing_open = self._begin_first, False, False
        await self._trip(partial(_begun if begin_first else _plain, self._conn, work))

    def begin_with_next(self) -> None:
        """Open a transaction together with the next statement; SQLite too takes no lock and no snapshot before it."""
        self._begin_first = True

    async def _trip(self, work: Callable[[], object]) -> None:
        await self._execute(work)  # pyright: ignore[reportUnknownMemberType] (aiosqlite's has no types)


class Cursor:
    """What SQLAlchemy's adapter asks of a cursor: results are whole once ``execute`` returns."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> Self:  # noqa: ANN401 (a sequence or a mapping)
        """Run the statement and fetch what it gives."""
        if statement == "BEGIN":
            self._connection.begin_with_next()
        else:
            await self._connection.run(lambda connection: self._keep(connection.execute(statement, parameters)))
        return self

    async def executemany(self, statement: str, rows: Iterable[Any]) -> Self:
        """Run the statement for each row of parameters."""
        await self._connection.run(lambda connection: self._keep(connection.executemany(statement, rows)))
        return self

    async def fetchall(self) -> Sequence[Any]:
        """All rows."""
        return self._rows

    async def close(self) -> None:
        """Nothing is left open."""

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self._rows = cursor.fetchall()
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        cursor.close()


def _plain(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], None]) -> None:
    work(connection)


def _begun(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], None]) -> None:
    connection.execute("BEGIN")
    work(connection)
