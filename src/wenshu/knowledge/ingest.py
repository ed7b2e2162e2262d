"""Taking material in and out: a document or pair and its passages change in one transaction, never halves."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Table, delete, insert, select, update

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.documents.chunk import Chunk, chunk
from wenshu.core.documents.model import Parsed
from wenshu.core.index.port import Collection, Entry, Index
from wenshu.kit import clock
from wenshu.knowledge.tables import documents, qa_pairs

DOC: Collection = "DOC"
QA: Collection = "QA"
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_TRAILING_ID = re.compile(r"[（(](?!(?:19|20)\d\d[）)])[A-Za-z0-9#_.\-]+[）)]$")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer; ``source`` says where it comes from, and may be empty."""

    question: str
    answer: str
    source: str = ""


class Ingest:
    """Writes the library. The index takes part in the row's own transaction."""

    def __init__(self, database: Database, index: Index) -> None:
        self._database = database
        self._index = index
        # Bounded and our own: a book of ten million characters takes seconds to cut.
        self._chunking = ThreadPoolExecutor(1, thread_name_prefix="wenshu-chunk")

    async def replace_document(self, scope: Scope, name: str, url: str, parsed: Parsed) -> None:
        """Store the document; one of the same tenant, org and name gives way in the same step."""
        chunks = await asyncio.get_running_loop().run_in_executor(self._chunking, chunk, parsed)
        values = {"doc_url": url, "text": parsed.text, "chunks": len(chunks), "updated_at": clock.now()}
        async with self._database.write(scope, lock=_library(scope)) as tx:
            key = await tx.value(select(documents.c.id).where(documents.c.doc_name == name, scope.exactly(documents)))
            if key is None:
                row = {"doc_name": name, **values, **scope.stamp(), "created_at": values["updated_at"]}
                key = await tx.insert(insert(documents).values(row))
            else:
                await tx.run(update(documents).where(documents.c.id == key, scope.exactly(documents)).values(values))
                await self._index.remove(tx, scope, DOC, [key])
            entries = [piece_entry(key, name, url, piece) for piece in chunks]
            await self._index.put(tx, scope, entries)

    async def replace_pairs(self, scope: Scope, pairs: Sequence[Pair]) -> None:
        """Store the pairs, all or none; the same question in the same scope gives way, the last of a batch wins."""
        wanted = {_hash(pair.question): pair for pair in pairs}
        now = clock.now()
        async with self._database.write(scope, lock=_library(scope)) as tx:
            found = select(qa_pairs.c.id).where(qa_pairs.c.question_hash.in_(wanted), scope.exactly(qa_pairs))
            await self._drop(tx, scope, qa_pairs, QA, [row.id for row in await tx.all(found)])
            entries: list[Entry] = []
            for digest, pair in wanted.items():
                row = {"question": pair.question, "answer": pair.answer, "source": pair.source, **scope.stamp()}
                stamped = {**row, "question_hash": digest, "created_at": now, "updated_at": now}
                key = await tx.insert(insert(qa_pairs).values(stamped))
                entries.append(_pair_entry(key, pair))
            await self._index.put(tx, scope, entries)

    async def delete_documents(self, scope: Scope, names: Iterable[str]) -> int:
        """Delete the documents of these names in the scope; how many there were."""
        async with self._database.write(scope, lock=_library(scope)) as tx:
            found = select(documents.c.id).where(documents.c.doc_name.in_(set(names)), scope.sees(documents))
            return await self._drop(tx, scope, documents, DOC, [row.id for row in await tx.all(found)])

    async def delete_pairs(self, scope: Scope, questions: Iterable[str]) -> int:
        """Delete the pairs of these questions in the scope; how many there were."""
        hashes = {_hash(question) for question in questions}
        async with self._database.write(scope, lock=_library(scope)) as tx:
            found = select(qa_pairs.c.id).where(qa_pairs.c.question_hash.in_(hashes), scope.sees(qa_pairs))
            return await self._drop(tx, scope, qa_pairs, QA, [row.id for row in await tx.all(found)])

    async def clear(self, scope: Scope) -> None:
        """Delete all material of the scope, and nothing else."""
        async with self._database.write(scope, lock=_library(scope)) as tx:
            await self._index.clear(tx, scope, DOC)
            await self._index.clear(tx, scope, QA)
            await tx.run(delete(documents).where(scope.sees(documents)))
            await tx.run(delete(qa_pairs).where(scope.sees(qa_pairs)))

    async def _drop(
        self, tx: Transaction, scope: Scope, table: Table, collection: Collection, keys: Sequence[int]
    ) -> int:
        await self._index.remove(tx, scope, collection, keys)
        return await tx.run(delete(table).where(table.c.id.in_(keys), scope.sees(table)))


def _library(scope: Scope) -> tuple[str, str]:
    """What a write must be alone with, so that what it finds at its beginning is true to its end."""
    return "library", scope.tenant


def title_of(name: str) -> str:
    """What a person calls a document: its name without the extension and an id in brackets; a year is no id."""
    return _TRAILING_ID.sub("", _EXTENSION.sub("", name)).strip() or name


def _place(piece: Chunk) -> str:
    """Where the piece stands: its heading path, and for some rows of a table the names of its columns."""
    columns = "、".join(cell.strip() for cell in piece.lead.strip().strip("|").split("|") if cell.strip())
    return " / ".join(part for part in (piece.heading, columns) if part)


def piece_entry(owner_id: int, name: str, url: str, piece: Chunk) -> Entry:
    """A piece of a document as it is indexed and ranked."""
    return Entry(
        collection=DOC,
        owner_id=owner_id,
        ordinal=piece.ordinal,
        name=name,
        title=title_of(name),
        heading=_place(piece),
        body=piece.text,
        source=url,
        start=piece.start,
        end=piece.end,
        page=piece.page,
    )


def _hash(question: str) -> str:
    return sha256(question.strip().encode()).hexdigest()


def _pair_entry(key: int, pair: Pair) -> Entry:
    return Entry(
        collection=QA,
        owner_id=key,
        ordinal=0,
        name=pair.question,
        title=pair.question,
        heading="",
        body=pair.answer,
        source=pair.source,
        start=0,
        end=len(pair.answer),
        page=None,
    )
