"""Taking material in and out: a document or pair and its passages change together, never halves."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import sha256

from sqlalchemy import ColumnElement, Table, delete, insert, select, update

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed, structure
from wenshu.core.index.port import Collection
from wenshu.kit import clock
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.factbook import keep
from wenshu.knowledge.items import DOC, QA, Items, Pair
from wenshu.knowledge.tables import documents, qa_pairs

Also = Callable[[Transaction], Awaitable[None]]
_NAMES_AT_ONCE = 1000


class Ingest:
    """Writes the library. Pieces, their terms and vectors are made before a transaction begins."""

    def __init__(self, catalog: Catalog, items: Items) -> None:
        self._catalog = catalog
        self._items = items

    async def replace_document(
        self, scope: Scope, name: str, url: str, parsed: Parsed, *, digest: str = "", also: Also | None = None
    ) -> None:
        """Store the document; one of the same tenant, org and name gives way in the same step.

        ``digest`` is that of the bytes it was parsed from. ``also`` writes what has to stand or fall with it.
        """
        made = await self._items.of_document(name, url, parsed)
        values = {
            "doc_url": url,
            "text": parsed.text,
            "structure": structure(parsed),
            "digest": digest,
            "chunks": len(made.items),
            "generation": made.generation,
            "updated_at": clock.now(),
        }
        named = documents.c.doc_name == name
        async with self._catalog.write(scope, made.items) as tx:
            old = await tx.first(select(documents.c.id, documents.c.generation).where(named, scope.exactly(documents)))
            if old is None:
                row = {"doc_name": name, **values, **scope.stamp(), "created_at": values["updated_at"]}
                await tx.run(insert(documents).values(row))
            else:
                await self._catalog.retire(tx, scope, DOC, [old.generation])
                this = documents.c.id == old.id
                await tx.run(update(documents).where(this, scope.exactly(documents)).values(values))
            await keep(tx, scope, made)
            if also is not None:
                await also(tx)

    async def digests(self, scope: Scope, names: Sequence[str]) -> dict[str, str]:
        """Name → digest of the scope's own documents of these names, where one is known."""
        found: dict[str, str] = {}
        async with self._catalog.database.read(scope) as tx:
            for start in range(0, len(names), _NAMES_AT_ONCE):
                some = documents.c.doc_name.in_(names[start : start + _NAMES_AT_ONCE])
                wanted = select(documents.c.doc_name, documents.c.digest).where(some, scope.exactly(documents))
                found |= {row.doc_name: row.digest for row in await tx.all(wanted) if row.digest}
        return found

    async def replace_pairs(self, scope: Scope, pairs: Sequence[Pair]) -> None:
        """Store the pairs, all or none; the same question in the same scope gives way, the last of a batch wins."""
        wanted = {_hash(pair.question): pair for pair in pairs}
        items = await self._items.of_pairs(list(wanted.values()))
        now = clock.now()
        async with self._catalog.write(scope, items) as tx:
            await self._drop(tx, scope, qa_pairs, QA, qa_pairs.c.question_hash.in_(wanted) & scope.exactly(qa_pairs))
            for (digest, pair), item in zip(wanted.items(), items, strict=True):
                row = {"question": pair.question, "answer": pair.answer, "source": pair.source, **scope.stamp()}
                named = {"question_hash": digest, "generation": item.entry.generation}
                await tx.run(insert(qa_pairs).values({**row, **named, "created_at": now, "updated_at": now}))

    async def delete_documents(self, scope: Scope, names: Iterable[str]) -> int:
        """Delete the documents of these names in the scope; how many there were."""
        async with self._catalog.write(scope) as tx:
            return await self._drop(tx, scope, documents, DOC, documents.c.doc_name.in_(set(names)))

    async def delete_pairs(self, scope: Scope, questions: Iterable[str]) -> int:
        """Delete the pairs of these questions in the scope; how many there were."""
        hashes = {_hash(question) for question in questions}
        async with self._catalog.write(scope) as tx:
            return await self._drop(tx, scope, qa_pairs, QA, qa_pairs.c.question_hash.in_(hashes))

    async def clear(self, scope: Scope) -> None:
        """Delete all material of the scope, and nothing else."""
        async with self._catalog.write(scope) as tx:
            await self._catalog.clear(tx, scope)

    async def _drop(
        self, tx: Transaction, scope: Scope, table: Table, collection: Collection, which: ColumnElement[bool]
    ) -> int:
        found = select(table.c.id, table.c.generation).where(which, scope.sees(table))
        rows = await tx.all(found)
        await self._catalog.retire(tx, scope, collection, [row.generation for row in rows])
        return await tx.run(delete(table).where(table.c.id.in_([row.id for row in rows]), scope.sees(table)))


def _hash(question: str) -> str:
    return sha256(question.strip().encode()).hexdigest()
