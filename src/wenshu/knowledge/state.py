"""Which index has the library's passages, and what made them: kept beside the rows, held against the settings."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import insert, select, update

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit.errors import Conflict
from wenshu.knowledge.tables import documents, index_state, qa_pairs
from wenshu.zh.tokens import TERMS_VERSION


@dataclass(frozen=True, slots=True)
class State:
    """``identity`` tells the very file or collections; ``dimension`` is 0 until a vector was stored."""

    kind: str
    identity: str
    embedder: str = ""
    dimension: int = 0
    terms_version: int = TERMS_VERSION

    def serves(self, wanted: "State") -> bool:
        """Whether an index in this state is what the settings ask for, though perhaps with older terms."""
        ours, theirs = (self.kind, self.identity, self.embedder), (wanted.kind, wanted.identity, wanted.embedder)
        return ours == theirs and self.takes(wanted.dimension)

    def takes(self, dimension: int) -> bool:
        """Whether vectors of the dimension can be compared with those that are there, as far as both are known."""
        return not dimension or not self.dimension or dimension == self.dimension


async def read_state(database: Database) -> State | None:
    """What was written, or None where nothing was ever indexed."""
    columns = [index_state.c[field.name] for field in fields(State)]
    async with database.read(EVERYTHING) as tx:
        row = await tx.first(select(*columns).where(index_state.c.id == 1))
    return State(*row) if row else None


async def write_state(database: Database, state: State) -> None:
    """Put it in the place of what was written."""
    values: dict[str, Any] = {field.name: getattr(state, field.name) for field in fields(State)}
    async with database.write(EVERYTHING) as tx:
        if not await tx.run(update(index_state).where(index_state.c.id == 1).values(values)):
            await tx.run(insert(index_state).values({"id": 1, **values}))


async def claim(database: Database, former: State | None, wanted: State) -> bool:
    """Put it there for a library without rows, unless another process has put something else since ``former``."""
    values: dict[str, Any] = {field.name: getattr(wanted, field.name) for field in fields(State)}
    seen = index_state.c.id == 1, index_state.c.identity == ("" if former is None else former.identity)
    try:
        async with database.write(EVERYTHING) as tx:
            if former is not None:
                return await tx.run(update(index_state).where(*seen).values(values)) == 1
            await tx.run(insert(index_state).values({"id": 1, **values}))
    except Conflict:
        return False
    return True


async def note_dimension(database: Database, dimension: int) -> None:
    """Write down the length of the first vectors."""
    unknown = index_state.c.id == 1, index_state.c.dimension == 0
    async with database.write(EVERYTHING) as tx:
        await tx.run(update(index_state).where(*unknown).values(dimension=dimension))


async def is_empty(database: Database) -> bool:
    """Whether the library has no row at all."""
    async with database.read(EVERYTHING) as tx:
        for table in (documents, qa_pairs):
            if await tx.first(select(table.c.id).where(EVERYTHING.sees(table)).limit(1)):
                return False
    return True
