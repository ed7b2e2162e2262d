"""Rows in every table that there is, made of nothing but the tables' own columns: new tables need no new lines here."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, String, Table, delete, insert, null

import wenshu.server.app  # noqa: F401 (what is served declares its tables)
from wenshu.core.database.engine import Database
from wenshu.core.database.schema import Instant, metadata
from wenshu.core.database.scope import EVERYTHING

VALUES: list[tuple[type, list[Any]]] = [
    (Instant, [datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC)]),
    (JSON, [[], {"键": ["值", 1.5, None, True, "\\u0000"]}, "text", 0, False, {"n": 10**17}, JSON.NULL]),
    (Boolean, [True, False]),
    (Integer, [0, 1, -1, 2**31 - 1, -(2**31)]),
    (Float, [0.0, -1.5, 0.1, 1e300]),
    (LargeBinary, [b"", b"\x00\xff\\", bytes(range(256))]),
    (String, ["", "文枢", "a'b\"c\\d\n\t\r", "🙂" * 3, "ｆｕｌｌ　ｗｉｄｔｈ", "%s %(x)s :y {z}", "\u2028\x01"]),
]


async def fill(database: Database, rows: int) -> None:
    """So many rows in every table that is there, in place of those that the migrations put there."""
    there = await database.tables()
    await fill_tables(database, [table for table in metadata.sorted_tables if table.name in there], rows)


async def fill_tables(database: Database, tables: Sequence[Table], rows: int) -> None:
    """The same for these tables, those that others refer to first."""
    async with database.write(EVERYTHING) as tx:
        for table in reversed(tables):
            await tx.run(delete(table))
    for table in tables:
        async with database.write(EVERYTHING) as tx:
            for number in range(rows):
                row = {column.name: value(table, column, number) for column in table.columns}
                await tx.run(insert(table).values(row))


def value(table: Table, column: Column, number: int) -> Any:
    """What the row of this number has in the column: its own where it has to be, else one of many kinds."""
    for key in column.foreign_keys:
        return value(key.column.table, key.column, number)
    kind, values = next((kind, values) for kind, values in VALUES if isinstance(column.type, kind))
    if is_key(table, column):
        return (
            number * 7 + 1
            if issubclass(kind, Integer)
            else sha256(f"{number}".encode()).hexdigest()[: column.type.length]
        )
    if column.nullable and number % 3 == 0:
        return null()
    found = values[number % len(values)]
    return found[: column.type.length] if isinstance(found, str) and issubclass(kind, String) else found


def is_key(table: Table, column: Column) -> bool:
    """Whether two rows may not share the value."""
    unique = [*table.constraints, *(index for index in table.indexes if index.unique)]
    return bool(column.unique) or any(
        column.name in group.columns for group in unique if type(group).__name__ != "ForeignKeyConstraint"
    )
