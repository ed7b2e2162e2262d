"""What differs between the databases: one small class each, behind this protocol."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

import orjson
from sqlalchemy import Connection, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from wenshu.kit.errors import InvalidInput, Unavailable

DialectInsert = postgresql.Insert | sqlite.Insert
"""An insert that can say what happens where the key is there already; both dialects spell it alike."""


class DatabaseUnavailable(Unavailable):
    """The database does not answer, is full, or gave up waiting; the call may be tried again."""

    default_message = "数据库暂不可用，请稍后重试"

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """The driver's own words on one line, for the log and the operator; they name no password."""


@dataclass(frozen=True, slots=True)
class Pool:
    """How one process uses its database: connections; seconds to wait for one; seconds that a statement may take."""

    size: int = 8
    wait_seconds: float = 30
    statement_seconds: float = 60

    def options(self) -> dict[str, Any]:
        """What both engines are made with. Parameters stay out of errors and logs: they are people's texts."""
        return {
            "pool_size": self.size,
            "max_overflow": 0,
            "pool_use_lifo": True,  # the connection whose pages are still in its cache
            "pool_timeout": self.wait_seconds,
            "hide_parameters": True,
            "json_serializer": _to_json,
            "json_deserializer": _from_json,
        }


class Backend(Protocol):
    """One kind of database."""

    shared: ClassVar[bool]
    """Whether several processes may work on it at once."""
    reader: AsyncEngine
    """Its transactions see one state of the database and change nothing."""
    writer: AsyncEngine
    """The same pool; its transactions may change rows."""

    def turn(self, lock: str) -> AbstractAsyncContextManager[object]:
        """Wait here, without a connection, for one's turn among the writers of this process that take the lock."""
        ...

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Hold the name until the transaction ends, against every process."""
        ...

    def insert(self, table: Table) -> DialectInsert:
        """An insert of this dialect."""
        ...

    async def notify(self, connection: AsyncConnection, notices: Sequence[str]) -> None:
        """Tell all other processes, once the transaction is committed."""
        ...

    def notices(self) -> AsyncGenerator[str]:
        """What other processes tell, not what this backend told itself, while the connection lasts.

        First an empty notice: from then on nothing is missed. Raises what ends the connection.
        """
        ...

    def migrating(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction for changing the schema, held by one process at a time."""
        ...

    def lost(self, error: DBAPIError) -> bool:
        """Whether the database rather than the statement is at fault, so that the call may be tried again."""
        ...

    def taken(self, error: IntegrityError) -> bool:
        """Whether a unique key was there already."""
        ...


def refuse_nul(engine: Engine) -> None:
    """Make both databases refuse NUL in text: PostgreSQL cannot store it, SQLite's own functions stop at it.

    Requests with one are refused, and documents rid of it, long before; what still comes here is InvalidInput.
    """
    event.listen(engine, "before_cursor_execute", _refuse_nul)


def _refuse_nul(connection: Connection, cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401 (SQLAlchemy's)
    del connection, cursor, statement
    rows = cast("Sequence[Any]", parameters if isinstance(parameters, list) else (parameters,))
    for row in rows:
        values = cast("Iterable[object]", row.values() if isinstance(row, dict) else row or ())
        if any(isinstance(value, str) and "\0" in value for value in values):
            raise InvalidInput("文本不能包含 NUL 字符")


def _from_json(text: str | float) -> Any:  # noqa: ANN401 (any JSON)
    """SQLite gives a bare number back as one."""
    return text if isinstance(text, int | float) else orjson.loads(text)


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()
