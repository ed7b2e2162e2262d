"""What a move or a restore writes down in its target: that it is under way, of what, and how far it has come."""

from typing import Any, Literal

import orjson
from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, select
from sqlalchemy.schema import CreateTable, DropTable

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import EVERYTHING

_notes = Table(
    "wenshu_move",
    MetaData(),  # not of the schema: it is there for as long as the move
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
_SOURCE = "source:"
_COMMAND = "command:"
Command = Literal["move", "restore"]


async def under_way(database: Database) -> Command | None:
    """Which of them began to fill this database and has not ended."""
    if _notes.name not in await database.tables():
        return None
    return await noted(database, _COMMAND) or "move"


async def begin(target: Database, source: object, command: Command = "move") -> None:
    """Make the table of notes, with what tells the source from another or a later one."""
    async with target.write(EVERYTHING) as tx:
        await tx.run(CreateTable(_notes))
        await note(tx, _COMMAND, command)
        await note(tx, _SOURCE, source)


async def end(target: Database) -> None:
    """It is over: the database is like any other."""
    async with target.write(EVERYTHING) as tx:
        await tx.run(DropTable(_notes))


async def source_of(target: Database) -> Any:  # noqa: ANN401 (JSON)
    """What ``begin`` wrote down."""
    return await noted(target, _SOURCE)


async def noted(target: Database, name: str) -> Any | None:  # noqa: ANN401 (JSON)
    """What was noted under the name, or None."""
    async with target.read(EVERYTHING) as tx:
        text = await tx.value(select(_notes.c.value).where(_notes.c.name == name))
    return None if text is None else orjson.loads(text)


async def note(tx: Transaction, name: str, value: object) -> None:
    """Note under the name, in the transaction that makes it true."""
    await tx.run(delete(_notes).where(_notes.c.name == name))
    await tx.run(insert(_notes).values(name=name, value=orjson.dumps(value).decode()))
