"""The assistant's parts over any database, as the server composes them, for tests of its verbs without HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select

from wenshu.core.database.engine import Database
from wenshu.core.database.notices import Notices
from wenshu.core.database.processes import Presence
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.file import FileIndex, open_file
from wenshu.core.index.port import Index
from wenshu.core.index.tables import passages
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.llm.port import ChatModel
from wenshu.core.settings import Settings, StorageSettings
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.items import Items
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.sources import Sources
from wenshu.services.assistant.chat.running import RunningTurns
from wenshu.services.assistant.parts import Assistant


@asynccontextmanager
async def index_of(database: Database, folder: Path) -> AsyncIterator[Index]:
    """The index that one process has over the database: the database itself, or a file beside it."""
    index = await open_file(folder / "index.sqlite3") if database.shared else EmbeddedIndex()
    yield index
    await index.close()


async def held(database: Database, index: Index) -> list[tuple[str, int, str]]:
    """What stands in it: collection, generation, body."""
    where = index._database if isinstance(index, FileIndex) else database
    async with where.read(EVERYTHING) as tx:
        rows = await tx.all(select(passages).where(EVERYTHING.sees(passages)).order_by(passages.c.id))
    return [(row.collection, row.generation, row.body) for row in rows]


@asynccontextmanager
async def assistant(
    database: Database, folder: Path, index: Index, model: ChatModel | None = None
) -> AsyncIterator[Assistant]:
    """One process's parts, registered as present; the parser is not started."""
    catalog = Catalog(database, index)
    searcher = Searcher(catalog)
    fetcher = Fetcher(allow_hosts=[], timeout_seconds=10, max_bytes=1_000_000)
    notices = Notices(database)
    parts = Assistant(
        settings=Settings(home=folder),
        database=database,
        files=Files(database, open_store(StorageSettings(), folder), Links("http://127.0.0.1", b"0" * 32, 60)),
        fetcher=fetcher,
        parser=ParserPool(Limits()),
        ingest=Ingest(catalog, Items()),
        searcher=searcher,
        replier=Replier(searcher, Sources(catalog), model),
        sources=Sources(catalog),
        running=RunningTurns(),
        process=Presence(database, "server"),
        jobs=Jobs(database, Hub(database, notices), notices),
    )
    await parts.process.enter()
    try:
        yield parts
    finally:
        await parts.running.close(30)
        await parts.process.leave()
        await fetcher.close()
