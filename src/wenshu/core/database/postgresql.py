"""PostgreSQL through psycopg 3: many processes, each with a pool of connections."""

import asyncio
import select
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from hashlib import sha256
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import psycopg
from psycopg.pq import ConnStatus
from sqlalchemy import ARRAY, URL, Table, Text, cast, event, func
from sqlalchemy import select as sql_select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from wenshu.core.database.backend import Pool, refuse_nul
from wenshu.kit.ids import new_id

_MIGRATIONS = "migrations"
_CHANNEL = "wenshu"
_MOST_LOOKS = 5
_CONNECT = {
    "application_name": "wenshu",
    "connect_timeout": "10",
    # A network that swallows packets is found out within a minute rather than within two hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""libpq's parameters where the URL does not name them."""


class PostgreSQL:
    """The ``Backend`` of a server that many processes share.

    Reads see one state (REPEATABLE READ, READ ONLY). Writes are READ COMMITTED: each statement sees what was committed
    when it began, so a verb that reads before it writes takes a lock first.
    """

    shared: ClassVar[bool] = True

    def __init__(self, url: URL, pool: Pool) -> None:
        self.writer = create_async_engine(
            _complete(url, pool),
            **pool.options(),
            isolation_level="READ COMMITTED",
            client_encoding="utf8",
            use_native_hstore=False,
        )
        self.reader = self.writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        event.listen(self.writer.sync_engine, "checkout", _look)
        refuse_nul(self.writer.sync_engine)
        self._name = new_id()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, lock: str) -> AbstractAsyncContextManager[object]:
        """One connection of this process at most waits in the database for the same name: the pool stays free."""
        return self._turns.setdefault(lock, asyncio.Lock()) if lock else nullcontext()

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """An advisory lock; the server gives it back with the transaction, however that ends."""
        key = int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
        await connection.execute(sql_select(func.pg_advisory_xact_lock(key)))

    def insert(self, table: Table) -> postgresql.Insert:
        """See ``Backend.insert``."""
        return postgresql.insert(table)

    async def notify(self, connection: AsyncConnection, notices: Sequence[str]) -> None:
        """See ``Backend.notify``; each at most 7,900 bytes. Our name goes before it, by which we know our own."""
        told = [f"{self._name} {notice}" for notice in notices]
        await connection.execute(sql_select(func.pg_notify(_CHANNEL, func.unnest(cast(told, ARRAY(Text))))))

    async def notices(self) -> AsyncGenerator[str]:
        """A connection of its own beside the pool: it listens, and holds nothing."""
        given, options = self.writer.sync_engine.dialect.create_connect_args(self.writer.url)
        connection = await psycopg.AsyncConnection.connect(*given, **options, autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {_CHANNEL}")
            yield ""
            async for notice in connection.notifies():
                name, _, said = notice.payload.partition(" ")
                if name != self._name:
                    yield said

    @asynccontextmanager
    async def migrating(self) -> AsyncGenerator[AsyncConnection]:
        """Processes that start at once wait for the first; what then is to do was done. No statement is timed."""
        async with self.writer.connect() as connection, connection.begin():
            for timeout in ("statement_timeout", "idle_in_transaction_session_timeout"):
                await connection.exec_driver_sql(f"SET LOCAL {timeout} = 0")
            await self.lock(connection, _MIGRATIONS)
            yield connection

    def lost(self, error: DBAPIError) -> bool:
        """A connection that failed, a server that stops or is full, a deadlock or a time-out.

        That is what psycopg calls operational: SQLSTATE classes 08, 40, 53, 55, 57 and what has none.
        """
        return error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError)

    def taken(self, error: IntegrityError) -> bool:
        """See ``Backend.taken``."""
        return isinstance(error.orig, psycopg.errors.UniqueViolation)


def _complete(url: URL, pool: Pool) -> URL:
    """The URL with our defaults for what it leaves open; its own ``options`` come later and therefore win."""
    milliseconds = round(pool.statement_seconds * 1000)
    named: dict[str, Any] = dict(url.query)
    ours = f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds}"
    options = " ".join(filter(None, (ours, named.get("options"))))
    return url.set(query={**_CONNECT, **named, "options": options})


def _look(connection: DBAPIConnection, entry: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
    """Before a pooled connection is used, see without a round trip whether the server closed its socket meanwhile.

    After a restart the pool then opens another; a connection that breaks later fails its call as DatabaseUnavailable.
    """
    del connection, proxy
    driver = entry.driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)  # noqa: S101 (the one driver there is)
    pgconn = driver.pgconn
    try:
        socket = select.poll()
        socket.register(pgconn.socket, select.POLLIN)
        for _ in range(_MOST_LOOKS):
            if not socket.poll(0):
                break
            pgconn.consume_input()
    except psycopg.Error as error:
        raise DisconnectionError(str(error)) from error
    if pgconn.status != ConnStatus.OK:
        raise DisconnectionError("the server closed the connection")
