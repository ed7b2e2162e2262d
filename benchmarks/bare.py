"""The product's own calls without HTTP around them, in this process: the limits that the server is measured against."""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from report import milliseconds_since

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.port import Query
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.features import Asked
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.items import Items
from wenshu.knowledge.search import CANDIDATES, Searcher


class Bare:
    """The parts over one home's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._index = EmbeddedIndex()
        catalog = Catalog(database, self._index)
        self._searcher = Searcher(catalog)
        self._ingest = Ingest(catalog, Items())

    async def find(self, questions: Sequence[tuple[str, str]]) -> list[float]:
        """Milliseconds of the index call of each question: its candidates, not reranked."""
        times: list[float] = []
        for tenant, question in questions:
            scope, asked = Scope(tenant), Asked(question)
            started = time.perf_counter()
            async with self._database.read(scope) as tx:
                await self._index.within(tx).find(scope, Query("DOC", asked.terms, CANDIDATES))
            times.append(milliseconds_since(started))
        return times

    async def search(self, questions: Sequence[tuple[str, str]]) -> list[float]:
        """Milliseconds of each search: candidates, reranked."""
        times: list[float] = []
        for tenant, question in questions:
            started = time.perf_counter()
            await self._searcher.search(Scope(tenant), question, limit=5)
            times.append(milliseconds_since(started))
        return times

    async def add(self, documents: Iterable[tuple[str, str, str]]) -> float:
        """Seconds to write (tenant, name, Markdown) documents, cut but neither uploaded nor parsed in a sandbox."""
        started = time.perf_counter()
        for tenant, name, text in documents:
            parsed = Parsed(text, tuple(scan(text)), "", "text/markdown")
            await self._ingest.replace_document(Scope(tenant), name, "", parsed)
        return time.perf_counter() - started


@asynccontextmanager
async def bare(home: Path) -> AsyncIterator[Bare]:
    """Over the database of this home, which a server may be using at the same time; made where there is none."""
    database = Database(sqlite_url(home / "wenshu.sqlite3"))
    try:
        await database.migrate()
        yield Bare(database)
    finally:
        await database.close()
