"""Rows and their passages kept in step, whatever the index: never both versions of a document, never neither.

Where the index is the database, a row and its passages change in one transaction. Elsewhere the row is the truth: it
names the live generation of its passages. A new one is noted as staged, put, and then named in the transaction that
changes the row and notes the old one as retired; what is retired is taken out after. A reader drops what no row names,
and reads again where something was retired under its eyes.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby, islice

import structlog
from sqlalchemy import Table, delete, insert, literal, select, update
from sqlalchemy.exc import SQLAlchemyError

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.generation import first_generation
from wenshu.core.index.port import COLLECTIONS, Collection, Entry, Found, Index, Item, Near, Passages, Query
from wenshu.core.telemetry import metrics, tracing
from wenshu.kit import clock
from wenshu.kit.errors import Unavailable
from wenshu.knowledge.tables import documents, facts, generations, qa_pairs

TABLES: Mapping[Collection, Table] = {"DOC": documents, "QA": qa_pairs}
ABANDONED = timedelta(hours=1)
"""A generation that is staged for longer is taken for one whose writer died; a writer that lives notices in time."""

Staged = tuple[Collection, int]
_BATCH = 500
_MOST_READINGS = 32
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found by terms and by meaning, all of it named by live rows, and the row that names each generation."""

    found: Found
    near: Sequence[Near]
    rows: Mapping[int, int]


class Catalog:
    """Rows of the library together with their passages."""

    def __init__(self, database: Database, index: Index) -> None:
        self.database = database
        self.index = index
        self._tidying = asyncio.Lock()

    @asynccontextmanager
    async def write(self, scope: Scope, items: Sequence[Item] = ()) -> AsyncGenerator[Transaction]:
        """A write transaction whose rows name the items' generations; all of it comes to be, or nothing.

        What the rows named before is to be handed to ``retire`` inside. A tenant's library has one writer at a time, so
        that what a block finds at its beginning is true to its end.
        """
        lock = "library", scope.tenant
        if self.index.in_database:
            async with self.database.write(scope, lock=lock) as tx:
                yield tx
                await self.index.within(tx).put(scope, items)
            return
        staged: list[Staged] = list(dict.fromkeys((item.entry.collection, item.entry.generation) for item in items))
        try:
            if staged:
                await self._stage(scope, staged, items)
            async with self.database.write(scope, lock=lock) as tx:
                yield tx
                await _named(tx, scope, staged)
        except BaseException:
            if staged:
                await asyncio.shield(self._abandon(staged))
            raise
        await self.tidy()

    async def retire(self, tx: Transaction, scope: Scope, collection: Collection, named: Sequence[int]) -> None:
        """Give up the passages of generations, before their rows are changed or deleted in the same transaction.

        What a document states goes with its passages, wherever these are.
        """
        for batch in _batches(named if collection == "DOC" else ()):
            await tx.run(delete(facts).where(facts.c.generation.in_(batch), scope.sees(facts)))
        if self.index.in_database:
            await self.index.within(tx).remove(scope, collection, named)
            return
        table, noted = TABLES[collection], {"collection": collection, "state": "retired", "since": clock.now()}
        columns = table.c.generation, table.c.tenant_code, table.c.org_code
        for batch in _batches(named):
            rows = await tx.all(select(*columns).where(table.c.generation.in_(batch), scope.sees(table)))
            if rows:
                noting = [
                    dict(zip(("generation", "tenant_code", "org_code"), row, strict=True)) | noted for row in rows
                ]
                await tx.run(insert(generations), noting)

    async def clear(self, tx: Transaction, scope: Scope) -> None:
        """Delete every row that the scope sees, with its passages and what they state."""
        for collection, table in TABLES.items():
            if self.index.in_database:
                await self.index.within(tx).clear(scope, collection)
                for emptied in (table, facts) if collection == "DOC" else (table,):
                    await tx.run(delete(emptied).where(scope.sees(emptied)))
                continue
            noted = literal(collection), literal("retired"), literal(clock.now(), generations.c.since.type)
            named = select(table.c.generation, table.c.tenant_code, table.c.org_code, *noted).where(scope.sees(table))
            columns = ["generation", "tenant_code", "org_code", "collection", "state", "since"]
            await tx.run(insert(generations).from_select(columns, named))
            # Only those: a row that another process adds meanwhile stays whole.
            retired = generations.c.collection == collection, generations.c.state == "retired"
            gone = select(generations.c.generation).where(*retired, scope.sees(generations))
            for emptied in (table, facts) if collection == "DOC" else (table,):
                await tx.run(delete(emptied).where(scope.sees(emptied), emptied.c.generation.in_(gone)))

    async def look(self, scope: Scope, query: Query) -> Looked:
        """The passages that ``query`` finds by its terms, and by its vector where it has one."""
        with metrics.timed(metrics.SEARCHES, query.collection), tracing.span("index search", of=query.collection):
            return await (self._look_inside if self.index.in_database else self._look_outside)(scope, query)

    async def _look_inside(self, scope: Scope, query: Query) -> Looked:
        async with self.database.read(scope) as tx:
            found, near = await _both(self.index.within(tx), scope, query)
            return _looked(found, near, await _rows_of(tx, scope, query.collection, _seen(found, near)))

    async def pieces(self, scope: Scope, document: int, ordinals: range) -> Sequence[Entry]:
        """A document's passages with these ordinals, in order, as far as there are and the scope sees."""
        named = select(documents.c.generation).where(documents.c.id == document, scope.sees(documents))
        if self.index.in_database:
            async with self.database.read(scope) as tx:
                generation = await tx.value(named)
                return [] if generation is None else await _pieces(self.index, tx, scope, generation, ordinals)
        generation, before = None, -1
        entries: Sequence[Entry] = []
        while generation != before:  # an old generation's passages may have gone in between
            before = generation
            entries = [] if before is None else await _pieces(self.index, None, scope, before, ordinals)
            async with self.database.read(scope) as tx:
                generation = await tx.value(named)
        return entries

    async def tidy(self, abandoned: timedelta | None = None) -> int:
        """Take out what is retired, and first retire what is staged for longer than ``abandoned``; how many there were.

        Where the index does not answer they are left for the next time: nobody sees them.
        """
        if self.index.in_database:
            return 0
        gone = 0
        async with self._tidying:
            if abandoned is not None:
                await self._give_up(abandoned)
            try:
                while batch := await self._retired():
                    await self._take_out(batch)
                    gone += len(batch)
            except (Unavailable, SQLAlchemyError) as error:
                log.warning("old passages are left in the index for now", reason=str(error))
        return gone

    async def purge(self, scope: Scope) -> None:
        """Take out what is older than all that is named or noted in the scope: nothing knows of it."""
        for collection in COLLECTIONS:
            if self.index.in_database:
                async with self.database.write(EVERYTHING) as tx:
                    oldest = await _oldest(tx, scope, collection)
                    await self.index.within(tx).clear(scope, collection, before=oldest)
                continue
            async with self.database.read(EVERYTHING) as tx:
                oldest = await _oldest(tx, scope, collection)
            await self.index.within(None).clear(scope, collection, before=oldest)

    async def _stage(self, scope: Scope, staged: Sequence[Staged], items: Sequence[Item]) -> None:
        noted = {"state": "staged", "since": clock.now(), **scope.stamp()}
        rows = [{"collection": collection, "generation": one, **noted} for collection, one in staged]
        async with self.database.write(scope) as tx:
            await tx.run(insert(generations), rows)
        await self.index.within(None).put(scope, items)

    async def _abandon(self, staged: Sequence[Staged]) -> None:
        async with self.database.write(EVERYTHING) as tx:
            for collection, batch in _by_collection(staged):
                of_batch = generations.c.collection == collection, generations.c.generation.in_(batch)
                await tx.run(update(generations).where(*of_batch, EVERYTHING.sees(generations)).values(state="retired"))
        await self.tidy()

    async def _look_outside(self, scope: Scope, query: Query) -> Looked:
        """Read until nothing that was read, or passed over, changed its state meanwhile.

        The successor of a generation stands in the index before its row names it: a reading that begins after the old
        one was seen to be dead finds the new one. What is staged is passed over too, or it would fill the limit, but
        only a reading through which it stayed staged counts.
        """
        dead: set[int] = set()
        staged: set[int] = set()
        readings = 0
        while True:
            asked = replace(query, without=sorted(dead | staged))
            found, near = await _both(self.index.within(None), scope, asked)
            seen = _seen(found, near) | staged
            async with self.database.read(scope) as tx:
                rows = await _rows_of(tx, scope, query.collection, seen)
                still = await _staged(tx, query.collection, sorted(seen - rows.keys()))
            gone = seen - rows.keys() - still
            readings += 1
            if (not gone and still == staged) or readings == _MOST_READINGS:
                return _looked(found, near, rows)
            dead |= gone
            staged = still

    async def _give_up(self, abandoned: timedelta) -> None:
        old = generations.c.state == "staged", generations.c.since <= clock.now() - abandoned
        async with self.database.write(EVERYTHING) as tx:
            await tx.run(update(generations).where(*old, EVERYTHING.sees(generations)).values(state="retired"))

    async def _retired(self) -> list[tuple[str, str, Collection, int]]:
        columns = generations.c
        owner = columns.tenant_code, columns.org_code, columns.collection
        wanted = select(*owner, columns.generation).where(columns.state == "retired", EVERYTHING.sees(generations))
        async with self.database.read(EVERYTHING) as tx:
            rows = await tx.all(wanted.order_by(*owner, columns.generation).limit(_BATCH))
        return [(row.tenant_code, row.org_code, row.collection, row.generation) for row in rows]

    async def _take_out(self, batch: Sequence[tuple[str, str, Collection, int]]) -> None:
        for (tenant, org, collection), group in groupby(batch, key=lambda row: row[:3]):
            scope, doomed = Scope(tenant, org or None), [row[3] for row in group]
            await self.index.within(None).remove(scope, collection, doomed)
            of_group = generations.c.collection == collection, generations.c.generation.in_(doomed)
            async with self.database.write(EVERYTHING) as tx:
                await tx.run(delete(generations).where(*of_group, EVERYTHING.sees(generations)))


async def _named(tx: Transaction, scope: Scope, staged: Sequence[Staged]) -> None:
    """Note that the generations are staged no more. Raises Unavailable where one was given up meanwhile."""
    for collection, batch in _by_collection(staged):
        of_batch = generations.c.collection == collection, generations.c.generation.in_(batch)
        ours = delete(generations).where(*of_batch, generations.c.state == "staged", scope.exactly(generations))
        if await tx.run(ours) != len(batch):
            raise Unavailable("写入索引用时过长，未保存，请重试")


async def _both(passages: Passages, scope: Scope, query: Query) -> tuple[Found, Sequence[Near]]:
    return await passages.find(scope, query), await passages.near(scope, query)


def _seen(found: Found, near: Sequence[Near]) -> set[int]:
    return {entry.generation for entry in found.entries} | {one.entry.generation for one in near}


def _looked(found: Found, near: Sequence[Near], rows: Mapping[int, int]) -> Looked:
    named = [entry for entry in found.entries if entry.generation in rows]
    return Looked(replace(found, entries=named), [one for one in near if one.entry.generation in rows], rows)


async def _rows_of(tx: Transaction, scope: Scope, collection: Collection, named: Iterable[int]) -> dict[int, int]:
    """The key of the row that names each of the generations, where one does that the scope sees."""
    table = TABLES[collection]
    rows: dict[int, int] = {}
    for batch in _batches(dict.fromkeys(named)):
        wanted = select(table.c.generation, table.c.id).where(table.c.generation.in_(batch), scope.sees(table))
        rows |= {row.generation: row.id for row in await tx.all(wanted)}
    return rows


async def _staged(tx: Transaction, collection: Collection, among: Sequence[int]) -> set[int]:
    columns = generations.c
    found: set[int] = set()
    for batch in _batches(among):
        noted = columns.collection == collection, columns.generation.in_(batch), columns.state == "staged"
        rows = await tx.all(select(columns.generation).where(*noted, EVERYTHING.sees(generations)))
        found |= {row.generation for row in rows}
    return found


async def _oldest(tx: Transaction, scope: Scope, collection: Collection) -> int:
    """The least generation that is named or noted in the scope, or that a writer may be about to note."""
    table, columns = TABLES[collection], generations.c
    noted = columns.collection == collection, scope.sees(generations)
    least = (
        await tx.value(select(table.c.generation).where(scope.sees(table)).order_by(table.c.generation).limit(1)),
        await tx.value(select(columns.generation).where(*noted).order_by(columns.generation).limit(1)),
    )
    return min([one for one in least if one is not None], default=first_generation(clock.now() - ABANDONED))


async def _pieces(
    index: Index, tx: Transaction | None, scope: Scope, generation: int, ordinals: range
) -> Sequence[Entry]:
    return await index.within(tx).pieces(scope, "DOC", generation, ordinals)


def _by_collection(staged: Sequence[Staged]) -> Iterator[tuple[Collection, list[int]]]:
    for collection in COLLECTIONS:
        for batch in _batches(one for of, one in staged if of == collection):
            yield collection, batch


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    """A database binds a limited number of values in one statement."""
    left = iter(numbers)
    while batch := list(islice(left, _BATCH)):
        yield batch
