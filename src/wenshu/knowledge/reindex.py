"""Making the index anew from the rows: each gets a new generation of passages, so that readers never miss one.

What documents state is read off them anew, too.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, func, select, update

from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed, restore, structure
from wenshu.core.documents.parsers.markdown import scan
from wenshu.core.index.port import Collection, Item
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.factbook import keep
from wenshu.knowledge.items import DOC, QA, Items, Made, Pair
from wenshu.knowledge.tables import documents, qa_pairs

_PAIRS = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows done, of so many."""

    done: int
    total: int


class Reindexer:
    """Rebuilds passages row by row. What was replaced or deleted meanwhile is left to whoever did it."""

    def __init__(self, catalog: Catalog, items: Items) -> None:
        self._catalog = catalog
        self._items = items

    async def run(self, scope: Scope) -> AsyncIterator[Progress]:
        """Rebuild all that the scope sees, and leave nothing older behind."""
        async with self._catalog.database.read(scope) as tx:
            counts = [
                await tx.value(select(func.count()).select_from(table).where(scope.sees(table)))
                for table in (documents, qa_pairs)
            ]
        total = sum(counts)
        done = 0
        yield Progress(done, total)
        async for row in self._rows(scope, documents, 1):
            await self._document(row[0])
            done += 1
            yield Progress(done, max(done, total))
        async for rows in self._rows(scope, qa_pairs, _PAIRS):
            await self._pairs(rows)
            done += len(rows)
            yield Progress(done, max(done, total))
        await self._catalog.tidy()
        await self._catalog.purge(scope)
        await self._catalog.index.settle()

    async def _rows(self, scope: Scope, table: Table, count: int) -> AsyncIterator[Sequence[Row[Any]]]:
        """The rows that are there now, a few at a time and of one owner; what is added later is made by its writer."""
        last = 0
        async with self._catalog.database.read(scope) as tx:
            end = await tx.value(select(func.max(table.c.id)).where(scope.sees(table)))
        while True:
            following = select(table).where(table.c.id > last, table.c.id <= (end or 0), scope.sees(table))
            async with self._catalog.database.read(scope) as tx:
                rows = await tx.all(following.order_by(table.c.id).limit(count))
            if not rows:
                return
            first = next((at for at, row in enumerate(rows) if _owner(row) != _owner(rows[0])), len(rows))
            yield rows[:first]
            last = rows[first - 1].id

    async def _document(self, row: Row[Any]) -> None:
        parsed = restore(row.text, row.structure) if row.structure else _read_again(row.text)
        made = await self._items.of_document(row.doc_name, row.doc_url, parsed)
        values = {"generation": made.generation, "chunks": len(made.items), "structure": structure(parsed)}
        with suppress(_Changed):
            await self._name_anew(documents, DOC, [(row, values)], made.items, made)

    async def _pairs(self, rows: Sequence[Row[Any]]) -> None:
        items = await self._items.of_pairs([Pair(row.question, row.answer, row.source) for row in rows])
        named = [(row, {"generation": item.entry.generation}) for row, item in zip(rows, items, strict=True)]
        try:
            await self._name_anew(qa_pairs, QA, named, items)
        except _Changed:
            for row in rows if len(rows) > 1 else ():
                await self._pairs([row])

    async def _name_anew(
        self,
        table: Table,
        collection: Collection,
        named: Sequence[tuple[Row[Any], dict[str, Any]]],
        items: list[Item],
        made: Made | None = None,
    ) -> None:
        scope = Scope(*_owner(named[0][0]))
        old = [row.generation for row, _ in named]
        async with self._catalog.write(scope, items) as tx:
            unchanged = table.c.generation.in_(old), scope.exactly(table)
            if len(await tx.all(select(table.c.id).where(*unchanged))) != len(old):
                raise _Changed
            await self._catalog.retire(tx, scope, collection, old)
            for row, values in named:
                await tx.run(update(table).where(table.c.id == row.id, scope.exactly(table)).values(values))
            if made is not None:
                await keep(tx, scope, made)


class _Changed(Exception):
    """A row was replaced or deleted since it was read."""


def _owner(row: Row[Any]) -> tuple[str, str | None]:
    return row.tenant_code, row.org_code or None


def _read_again(text: str) -> Parsed:
    """A document stored before its structure was: its text is Markdown in form; pages are lost."""
    return Parsed(text, tuple(scan(text)), "", "text/markdown")
