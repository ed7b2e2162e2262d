"""One table's rows, read and written as they are stored: nothing is decoded on the way, so that nothing changes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Insert,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from wenshu.core.database.engine import Transaction
from wenshu.core.database.schema import Instant
from wenshu.core.database.scope import EVERYTHING, Scope

_ROWS = 500
_BYTES = 8 * 1024 * 1024
_NUL = "\ufffd"

Values = tuple[Any, ...]
"""A row, or its primary key."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in the order of their primary key, each a tuple in the order of the table's columns."""

    rows: Sequence[Values]
    keys: Sequence[Values]
    size: int
    """Of their texts and blobs, bytes."""
    last: Values
    """The last row's key as the source has it: where to go on."""


class Source(Protocol):
    """What rows are read from: a database, or one state of it."""

    def read(self, scope: Scope) -> AbstractAsyncContextManager[Transaction]:
        """A consistent view for reading."""
        ...


class Rows:
    """A table without what its columns' types make of it: JSON is the text it is stored as, an instant its number."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.name = str(table.name)
        self.key: list[Column[Any]] = list(table.primary_key.columns)
        self._columns: list[Column[Any]] = list(table.columns)
        self._places = [self._columns.index(column) for column in self.key]

    async def batches(self, source: Source, after: Values | None = None) -> AsyncIterator[Batch]:
        """All rows behind a key, ``_ROWS`` or ``_BYTES`` at a time; one that is larger comes alone."""
        while True:
            sizes = await self._sizes(source, after)
            if not sizes:
                return
            count, size = _fitting(sizes)
            query = self._behind(self.stored(), after).limit(count)
            async with source.read(EVERYTHING) as tx:
                found = [tuple(row) for row in await tx.all(query)]
            rows = [_storable(row) for row in found]
            after = self.key_of(found[-1])
            yield Batch(rows, [self.key_of(row) for row in rows], size, after)

    async def named(self, database: Source, keys: Sequence[Values]) -> list[Values]:
        """The rows of these keys, in their order; a key that is not there is left out."""
        async with database.read(EVERYTHING) as tx:
            found = await tx.all(self.stored().where(tuple_(*self.key).in_(keys)))
        by_key = {self.key_of(tuple(row)): tuple(row) for row in found}
        return [by_key[key] for key in keys if key in by_key]

    async def measure(self, source: Source) -> tuple[int, int]:
        """How many rows there are, and the bytes of their texts and blobs."""
        size = func.coalesce(func.sum(self._size()), 0).label("bytes")
        query = select(func.count().label("rows"), size).select_from(self.table)
        async with source.read(EVERYTHING) as tx:
            row = await tx.first(query)
        assert row is not None  # noqa: S101 (an aggregate always has one row)
        return int(row.rows), int(row.bytes)

    async def count(self, database: Source) -> int:
        """How many rows there are."""
        async with database.read(EVERYTHING) as tx:
            return int(await tx.value(select(func.count()).select_from(self.table)))

    def key_of(self, row: Values) -> Values:
        """A row's primary key."""
        return tuple(row[place] for place in self._places)

    def stored(self) -> Select[Any]:
        """Every column as it is stored."""
        return select(*(_as_stored(column).label(column.name) for column in self._columns)).select_from(self.table)

    def insertion(self) -> Insert:
        """An insert of rows from ``parameters``."""
        return insert(self.table).values({column.name: _stored_again(column) for column in self._columns})

    def parameters(self, rows: Sequence[Values]) -> list[dict[str, Any]]:
        """What ``insertion`` takes."""
        names = [_parameter(column) for column in self._columns]
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def _sizes(self, source: Source, after: Values | None) -> list[int]:
        query = self._behind(select(self._size()).select_from(self.table), after).limit(_ROWS)
        async with source.read(EVERYTHING) as tx:
            return [int(row[0]) for row in await tx.all(query)]

    def _size(self) -> ColumnElement[int]:
        wide = [column for column in self._columns if isinstance(column.type, String | Text | JSON | LargeBinary)]
        total: ColumnElement[int] = literal(0)
        for column in wide:
            total = total + func.coalesce(
                _bytes_of(column if isinstance(column.type, LargeBinary) else cast(column, Text)), 0
            )
        return total

    def _behind(self, query: Select[Any], key: Values | None) -> Select[Any]:
        if key is not None:
            columns, values = self.key, [literal(value) for value in key]
            query = query.where(columns[0] > values[0] if len(columns) == 1 else tuple_(*columns) > tuple_(*values))
        return query.order_by(*self.key)


def _fitting(sizes: Sequence[int]) -> tuple[int, int]:
    """How many of the first rows go together, one at least, and their bytes."""
    total = sizes[0]
    for count, size in enumerate(sizes[1:], 1):
        if total + size > _BYTES:
            return count, total
        total += size
    return len(sizes), total


def _as_stored(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JSON):
        return cast(column, Text)
    return type_coerce(column, BigInteger) if isinstance(column.type, Instant) else column


def _stored_again(column: Column[Any]) -> ColumnElement[Any]:
    name = _parameter(column)
    if isinstance(column.type, JSON):
        return _as_json(bindparam(name, type_=Text))
    return bindparam(name, type_=BigInteger() if isinstance(column.type, Instant) else column.type)


class _as_json(FunctionElement[Any]):  # noqa: N801 (a function of SQL)
    """A text as the JSON that it is, not as a JSON string; SQLite keeps the text itself."""

    inherit_cache = True


@compiles(_as_json)
def _plain(element: _as_json, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's signature)
    return compiler.process(element.clauses, **options)


@compiles(_as_json, "postgresql")
def _cast(element: _as_json, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's signature)
    return f"CAST({compiler.process(element.clauses, **options)} AS JSON)"


class _bytes_of(FunctionElement[int]):  # noqa: N801 (a function of SQL)
    """The length of a text or blob in bytes."""

    type = BigInteger()
    inherit_cache = True


@compiles(_bytes_of)
def _as_blob(element: _bytes_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (as above)
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"


@compiles(_bytes_of, "postgresql")
def _octets(element: _bytes_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (as above)
    return f"octet_length({compiler.process(element.clauses, **options)})"


def _parameter(column: Column[Any]) -> str:
    """Apart from the column's own name, which SQLAlchemy keeps for itself."""
    return f"value_{column.name}"


def _storable(row: Values) -> Values:
    """PostgreSQL stores no NUL in a text; SQLite let one through before requests with one were refused."""
    return tuple(value.replace("\0", _NUL) if isinstance(value, str) else value for value in row)
