"""What is held of a tenant and of a person: which rows are theirs, what is handed out of them, and what stays."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, func, select, tuple_

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import Scope

_AT_ONCE = 200
Owned = Callable[[Scope, Sequence[str]], ColumnElement[bool]]
"""Which rows of a table are a person's, by the ids that they go by in the scope."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """All tables with rows of tenants, those that others refer to first.

    ``personal``: how a person's rows are found in the tables that have any; ``erased``: those of them that go with the
    person. ``secret``: columns that are never handed out; ``internal``: tables that say nothing to people, why;
    ``lasting``: tables whose rows a tenant's erasure leaves to go by themselves, why.
    """

    tables: Sequence[Table]
    personal: Mapping[str, Owned]
    erased: Sequence[str]
    secret: Mapping[str, frozenset[str]]
    internal: Mapping[str, str]
    lasting: Mapping[str, str]

    def __getitem__(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    async def present(self, database: Database) -> list[Table]:
        """Those that are there: the embedded index is not, beside PostgreSQL."""
        there = await database.tables()
        return [table for table in self.tables if table.name in there]

    def handed_out(self, table: Table, row: Row[Any]) -> dict[str, Any]:
        """A row for people, without its secrets."""
        hidden = self.secret.get(table.name, frozenset())
        names = [str(column.name) for column in table.columns]
        return {name: value for name, value in zip(names, row, strict=True) if name not in hidden}


async def rows_of(tx: Transaction, scope: Scope, table: Table, owned: ColumnElement[bool]) -> AsyncIterator[Row[Any]]:
    """The rows in the order of their keys, a few at a time."""
    key = list(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        wanted = select(table).where(owned, scope.sees(table)).order_by(*key).limit(_AT_ONCE)
        if after is not None:
            wanted = wanted.where(key[0] > after[0] if len(key) == 1 else tuple_(*key) > tuple_(*after))
        rows = await tx.all(wanted)
        for row in rows:
            yield row
        if len(rows) < _AT_ONCE:
            return
        after = tuple(getattr(rows[-1], column.name) for column in key)


async def delete_rows(database: Database, scope: Scope, table: Table, owned: ColumnElement[bool]) -> int:
    """Delete them a few at a time; how many."""
    key = list(table.primary_key.columns)
    total = 0
    while True:
        async with database.write(scope) as tx:
            found = await tx.all(select(*key).where(owned, scope.sees(table)).limit(_AT_ONCE))
            if not found:
                return total
            named = key[0].in_([row[0] for row in found]) if len(key) == 1 else tuple_(*key).in_(map(tuple, found))
            total += await tx.run(delete(table).where(named, scope.sees(table)))


async def count_rows(database: Database, scope: Scope, table: Table) -> int:
    """How many rows of the scope there are."""
    async with database.read(scope) as tx:
        return int(await tx.value(select(func.count()).select_from(table).where(scope.sees(table))))
