"""Copying every table from one database to another, batch by batch, so that a kill costs one batch; then comparing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module

from sqlalchemy import Table, delete, func, literal, select
from sqlalchemy.exc import DBAPIError

from wenshu.core.database.engine import Database, driver_words
from wenshu.core.database.schema import metadata
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.index import tables as index_tables
from wenshu.server.move import notes
from wenshu.server.move.faults import MoveFailed, NotTheSame
from wenshu.server.move.rows import Rows, Values


@dataclass(frozen=True, slots=True)
class Compared:
    """A table that is the same on both sides: its rows, and the digest of their content in the order of their keys."""

    name: str
    rows: int
    digest: str


class Tables:
    """The tables of one move."""

    def __init__(self, source: Database, target: Database) -> None:
        self._source = source
        self._target = target
        self._rows = [Rows(table) for table in moved()]

    async def measure(self) -> dict[str, tuple[int, int]]:
        """Rows and bytes of each table of the source: the work there is, and what tells it from a later state."""
        return {rows.name: await rows.measure(self._source) for rows in self._rows}

    async def copy(self) -> AsyncIterator[int]:
        """Copy what the target does not have yet; yields the rows of each batch, those of an earlier run first."""
        for rows in self._rows:
            name = rows.name
            done = await notes.noted(self._target, name)
            if done is None:
                await clear(self._target, rows.table)
            else:
                yield done["rows"]
            copied, after = (0, None) if done is None else (done["rows"], tuple(done["last"]))
            async for batch in rows.batches(self._source, after):
                copied += len(batch.rows)
                try:
                    async with self._target.write(EVERYTHING) as tx:
                        await tx.run(rows.insertion(), rows.parameters(batch.rows))
                        await notes.note(tx, name, {"rows": copied, "last": batch.last})
                except DBAPIError as error:
                    raise MoveFailed(
                        f"目标不接受 The target does not take a row of {name}：{driver_words(error)}"
                    ) from error
                yield len(batch.rows)
            await set_sequence(self._target, rows.table)

    async def compare(self) -> AsyncIterator[int | Compared]:
        """Hold the target to the source, row by row; yields rows as they are compared, and each table at its end.

        Raises NotTheSame.
        """
        for rows in self._rows:
            name, ours, theirs, count = rows.name, sha256(), sha256(), 0
            async for batch in rows.batches(self._source):
                for digest, side in ((ours, batch.rows), (theirs, await rows.named(self._target, batch.keys))):
                    for row in side:
                        digest.update(canonical(row))
                count += len(batch.rows)
                yield len(batch.rows)
            if await rows.count(self._target) != count or ours.digest() != theirs.digest():
                raise NotTheSame(name)
            yield Compared(name, count, ours.hexdigest())


async def clear(target: Database, table: Table) -> None:
    """Take out what the migrations put there: the source has its own."""
    async with target.write(EVERYTHING) as tx:
        await tx.run(delete(table))


async def set_sequence(target: Database, table: Table) -> None:
    """Let PostgreSQL generate keys behind those that are there."""
    column = table.autoincrement_column
    if column is None or not target.shared:
        return
    async with target.write(EVERYTHING) as tx:
        last = await tx.value(select(func.max(column)))
        if last is not None:
            sequence = func.pg_get_serial_sequence(literal(table.name), literal(column.name))
            await tx.run(select(func.setval(sequence, literal(last))))


def moved() -> Sequence[Table]:
    """Every table of every room, those that others refer to first; but the embedded index is made anew elsewhere."""
    import_module("wenshu.server.app")  # what is served declares its tables
    index = {value.name for value in vars(index_tables).values() if isinstance(value, Table)}
    return [table for table in metadata.sorted_tables if table.name not in index]


async def occupied(target: Database) -> list[str]:
    """The tables of ours that hold rows there."""
    there = await target.tables()
    async with target.read(EVERYTHING) as tx:
        return [
            table.name
            for table in moved()
            if table.name in there and await tx.first(select(literal(1)).select_from(table).limit(1))
        ]


def canonical(row: Values) -> bytes:
    """A row as bytes that no other row has."""
    return b"".join(part for value in row for part in _marked(value))


def _marked(value: object) -> tuple[bytes, bytes]:
    """A value behind its type and length."""
    if value is None:
        return b"n", b""
    if isinstance(value, bytes):
        return b"b%d:" % len(value), value
    text = (value if isinstance(value, str) else repr(value)).encode("utf-8", "surrogatepass")
    return b"%s%d:" % (type(value).__name__.encode(), len(text)), text
