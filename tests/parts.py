"""The assistant's parts over any database, as the server composes them, for tests of its verbs without HTTP."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, select

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.processes import Presence
from wenshu.core.database.schema import Key, owner_columns
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.index.port import Entry, Found, Query, Statistics
from wenshu.core.llm.port import ChatModel
from wenshu.core.settings import Settings, StorageSettings
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.sources import Sources
from wenshu.services.assistant.chat.running import RunningTurns
from wenshu.services.assistant.parts import Assistant

shelved = Table(
    "shelved",
    MetaData(),
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("collection", String(8)),
    Column("owner_id", Key),
    Column("body", Text),
)


class Shelf:
    """An ``Index`` in a plain table of either database: it keeps what is put, in the row's own transaction.

    It finds nothing. What it is for is whether index and rows are still in step after many writers at once.
    """

    @staticmethod
    async def make(database: Database) -> "Shelf":
        async with database.write(EVERYTHING) as tx:
            await tx._connection.run_sync(shelved.metadata.create_all)
        return Shelf()

    async def put(self, tx: Transaction, scope: Scope, entries: Sequence[Entry]) -> None:
        rows = [{"collection": e.collection, "owner_id": e.owner_id, "body": e.body, **scope.stamp()} for e in entries]
        if rows:
            await tx.run(insert(shelved), rows)

    async def remove(self, tx: Transaction, scope: Scope, collection: str, owner_ids: Collection[int]) -> int:
        mine = shelved.c.collection == collection, shelved.c.owner_id.in_(owner_ids), scope.sees(shelved)
        return await tx.run(delete(shelved).where(*mine))

    async def clear(self, tx: Transaction, scope: Scope, collection: str) -> int:
        return await tx.run(delete(shelved).where(shelved.c.collection == collection, scope.sees(shelved)))

    async def find(self, tx: Transaction, scope: Scope, query: Query) -> Found:
        del tx, scope, query
        return Found((), Statistics(0, {}))

    async def pieces(self, tx: Transaction, scope: Scope, owner_id: int, first: int, last: int) -> Sequence[Entry]:
        del tx, scope, owner_id, first, last
        return ()

    async def held(self, database: Database) -> list[tuple[str, int, str]]:
        """What stands in it: collection, owner, body."""
        async with database.read(EVERYTHING) as tx:
            rows = await tx.all(select(shelved).order_by(shelved.c.id))
        return [(row.collection, row.owner_id, row.body) for row in rows]


@asynccontextmanager
async def assistant(
    database: Database, folder: Path, index: Shelf, model: ChatModel | None = None
) -> AsyncIterator[Assistant]:
    """One process's parts, registered as present; the parser is not started."""
    searcher = Searcher(database, index)
    fetcher = Fetcher(allow_hosts=[], timeout_seconds=10, max_bytes=1_000_000)
    parts = Assistant(
        settings=Settings(home=folder),
        database=database,
        files=Files(database, open_store(StorageSettings(), folder), Links("http://127.0.0.1", b"0" * 32, 60)),
        fetcher=fetcher,
        parser=ParserPool(Limits()),
        ingest=Ingest(database, index),
        searcher=searcher,
        replier=Replier(searcher, model),
        sources=Sources(database, index),
        running=RunningTurns(),
        process=Presence(database, "server"),
    )
    await parts.process.enter()
    try:
        yield parts
    finally:
        await parts.running.close(30)
        await parts.process.leave()
        await fetcher.close()
