"""A library over an index of each kind, without a server around it."""

from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import insert

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.file import open_file
from wenshu.core.index.port import ready
from wenshu.kit import clock
from wenshu.knowledge.catalog import TABLES, Catalog
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.items import Items
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.vectors import Embedding


@dataclass(frozen=True)
class Books:
    catalog: Catalog
    ingest: Ingest
    searcher: Searcher
    items: Items

    @property
    def database(self):
        return self.catalog.database


def books(database, index, embedder=None) -> Books:
    embedding = None if embedder is None else Embedding(embedder)
    catalog, items = Catalog(database, index), Items(embedding)
    return Books(catalog, Ingest(catalog, items), Searcher(catalog, embedding), items)


@asynccontextmanager
async def opened(folder, kind="embedded", embedder=None):
    """A fresh one in the folder, its index in the database or in a file beside it."""
    database = Database(sqlite_url(folder / "wenshu.sqlite3"))
    await database.migrate()
    index = EmbeddedIndex() if kind == "embedded" else await open_file(folder / "index.sqlite3")
    try:
        yield books(database, index, embedder)
    finally:
        await index.close()
        await database.close()


async def shelve(catalog, scope, *entries, vectors=None):
    """Put the entries, with a row for each generation whose key is the generation."""
    items = [ready(entry, vectors[at] if vectors else None) for at, entry in enumerate(entries)]
    now = clock.now()
    async with catalog.write(scope, items) as tx:
        for entry in {(entry.collection, entry.generation): entry for entry in entries}.values():
            own = {"id": entry.generation, "generation": entry.generation, "created_at": now, "updated_at": now}
            row = {**own, **scope.stamp()}
            if entry.collection == "DOC":
                row |= {"doc_name": f"{entry.name} {entry.generation}", "doc_url": "", "text": entry.body, "chunks": 1}
            else:
                row |= {"question_hash": str(entry.generation), "question": "", "answer": "", "source": ""}
            await tx.run(insert(TABLES[entry.collection]).values(row))
