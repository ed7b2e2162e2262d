"""The database as verbs use it: short transactions, alike on SQLite and PostgreSQL."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, CursorResult, Executable, Row, Table, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from wenshu.core.database.backend import Backend, DatabaseUnavailable, Pool
from wenshu.core.database.postgresql import PostgreSQL
from wenshu.core.database.scope import Scope
from wenshu.core.database.sqlite import SQLite
from wenshu.core.database.url import parse_url, place, sqlite_url
from wenshu.core.settings import DatabaseSettings
from wenshu.core.telemetry import metrics, tracing
from wenshu.kit.errors import Conflict

__all__ = [
    "Database",
    "DatabaseUnavailable",
    "SchemaNewer",
    "Transaction",
    "driver_words",
    "open_database",
    "sqlite_url",
]

log = structlog.get_logger()


class SchemaNewer(Conflict):
    """The database was made, or brought up to date, by a later release, which alone knows what stands in it."""

    def __init__(self, revision: str, newest: str) -> None:
        super().__init__(
            f"数据库由更新版本的文枢升级过（{revision}，本版本为 {newest}），请改用新版本，或从备份恢复。"
            f"A later Wenshu upgraded the database (to {revision}, this one knows {newest}): run that one."
        )


class Transaction:
    """One open transaction and the scope it was opened for. Statements only: no network, model or file inside."""

    def __init__(self, connection: AsyncConnection, scope: Scope, backend: Backend) -> None:
        self._connection = connection
        self._backend = backend
        self._notices: list[str] = []
        self._once_committed: list[Callable[[], None]] = []
        self.scope = scope
        self.shared = backend.shared

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

    async def upsert(
        self, table: Table, row: Mapping[str, Any], *, key: Sequence[str], change: Sequence[str] = ()
    ) -> Any | None:  # noqa: ANN401 (a key of any type)
        """Insert one row; where the unique ``key`` is there already, give that row the new values of ``change``.

        Returns the row's primary key; None where it was there and nothing was to change. Atomic on both databases.
        """
        insertion = self._backend.insert(table).values(**row)
        if change:
            values = {name: insertion.excluded[name] for name in change}
            statement = insertion.on_conflict_do_update(index_elements=key, set_=values)
        else:
            statement = insertion.on_conflict_do_nothing(index_elements=key)
        return await self.value(statement.returning(*table.primary_key.columns))

    async def lock(self, *name: str) -> None:
        """Hold this name until the transaction ends; other processes that ask for it wait.

        On SQLite nothing: it has one writer. Take it before the first read that a write depends on. Where the name is
        known beforehand, ``Database.write(scope, lock=…)`` waits more cheaply.
        """
        await self._backend.lock(self._connection, _joined(name))

    def notify(self, notice: str) -> None:
        """Tell the other processes once this is committed (see ``Notices``): ids, a line at most. On SQLite nothing."""
        self._notices.append(notice)

    async def send(self) -> None:
        """Hand all notices to the database at once, to be told with the commit; ``Database.write`` says when."""
        if self._notices:
            await self._backend.notify(self._connection, self._notices)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have ``call`` made once this is committed, and never where it is not: for telling what now stands."""
        self._once_committed.append(call)

    def committed(self) -> None:
        """Make the calls; ``Database.write`` says when."""
        for call in self._once_committed:
            call()


class Database:
    """A pool of connections to one database. Raises ValueError in words for a URL that is not taken.

    Calls that the database fails, rather than the other way round, end as ``DatabaseUnavailable``; a unique key that is
    taken and that no verb expected as ``Conflict``.
    """

    def __init__(self, url: str, pool: Pool | None = None) -> None:
        parsed = parse_url(url)
        self.url = parsed
        """With its password: for whoever opens connections of their own, never for words."""
        self.place = place(parsed)
        self._backend: Backend = _backend(parsed.get_backend_name())(parsed, pool or Pool())
        self.shared = self._backend.shared

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncGenerator[Transaction]:
        """A consistent view for reading."""
        with self._told("read"):
            async with AsyncExitStack() as opened:
                with metrics.timed(metrics.DATABASE_WAIT, "read"):
                    connection = await opened.enter_async_context(self._backend.reader.connect())
                    await opened.enter_async_context(connection.begin())
                with metrics.OPEN_TRANSACTIONS.labels("read").track_inprogress():
                    yield Transaction(connection, scope, self._backend)

    @asynccontextmanager
    async def write(self, scope: Scope, *, lock: Sequence[str] = ()) -> AsyncGenerator[Transaction]:
        """A transaction that commits at the end, or leaves nothing behind when the block raises.

        ``lock`` names what the block must be alone with, as for ``Transaction.lock``.
        """
        name = _joined(lock)
        with self._told("write"):
            async with AsyncExitStack() as opened:
                with metrics.timed(metrics.DATABASE_WAIT, "write"):
                    await opened.enter_async_context(self._backend.turn(name))
                    connection = await opened.enter_async_context(self._backend.writer.connect())
                    await opened.enter_async_context(connection.begin())
                    if name:
                        await self._backend.lock(connection, name)
                tx = Transaction(connection, scope, self._backend)
                with metrics.OPEN_TRANSACTIONS.labels("write").track_inprogress():
                    yield tx
                    await tx.send()
        tx.committed()

    async def migrate(self, to: str = "head") -> None:
        """Bring the schema to the newest revision, or up to an older one; of processes that start at once, one does it.

        Raises SchemaNewer, and changes nothing, where a later release was here.
        """
        from wenshu.core.database.migrations import upgrade  # noqa: PLC0415 (Alembic takes 80 ms that only starting needs)

        await self.refuse_newer()
        with self._told():
            async with self._backend.migrating() as connection:
                await connection.run_sync(upgrade, to)

    async def refuse_newer(self) -> None:
        """Raise SchemaNewer where a later release was here."""
        from wenshu.core.database.migrations import revisions  # noqa: PLC0415 (as above)

        there = await self.revision()
        if there and there not in revisions():
            raise SchemaNewer(there, revisions()[-1])

    async def revision(self) -> str:
        """The schema's revision, empty where there is none."""
        with self._told():
            async with self._backend.reader.connect() as connection, connection.begin():
                return await connection.run_sync(_revision)

    def notices(self) -> AsyncGenerator[str]:
        """What processes tell each other; see ``Backend.notices``."""
        return self._backend.notices()

    async def tables(self) -> frozenset[str]:
        """The names of the tables that are there."""
        with self._told():
            async with self._backend.reader.connect() as connection, connection.begin():
                return frozenset(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))

    async def close(self) -> None:
        """Give back every connection."""
        await self._backend.writer.dispose()

    @contextmanager
    def _told(self, access: str = "other") -> Generator[None]:
        """The database's own faults as ours, the rest as they are; the time and a span of it."""
        try:
            with metrics.timed(metrics.DATABASE_TIME, access), tracing.span(f"database {access}", "client", leaf=True):
                yield
        except PoolTimeout as error:
            metrics.DATABASE_FAULTS.labels("no_connection").inc()
            log.warning("no free database connection", database=self.place)
            raise DatabaseUnavailable("数据库繁忙，请稍后重试", reason="no free connection") from error
        except DBAPIError as error:
            if self._backend.lost(error):
                reason = driver_words(error)
                metrics.DATABASE_FAULTS.labels("unavailable").inc()
                log.warning("database unavailable", database=self.place, error=reason)
                raise DatabaseUnavailable(reason=reason) from error
            if isinstance(error, IntegrityError) and self._backend.taken(error):
                raise Conflict from error
            raise


def open_database(settings: DatabaseSettings, file: Path) -> Database:
    """The database that the settings name; where they name none, SQLite in ``file``."""
    pool = Pool(settings.pool_size, settings.wait_seconds, settings.statement_seconds)
    metrics.MOST_CONNECTIONS.set(pool.size)
    return Database(settings.url.get_secret_value() or sqlite_url(file), pool)


def driver_words(error: DBAPIError) -> str:
    """What the driver said, on one line: without the statement and its parameters, which SQLAlchemy adds."""
    return " ".join(str(error.orig).split())


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _backend(name: str) -> type[SQLite] | type[PostgreSQL]:
    return SQLite if name == "sqlite" else PostgreSQL


def _joined(name: Sequence[str]) -> str:
    """Parts as one text that no other parts make: they may hold anything but NUL."""
    return "\0".join(name)
