"""Each adapter of the index port, open and empty, behind one way to call it."""

from contextlib import asynccontextmanager
from uuid import uuid4

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.file import open_file
from wenshu.core.index.filters import DOC_FIELDS, QA_FIELDS, parse_filter
from wenshu.core.index.milvus.calls import Server
from wenshu.core.index.milvus.index import Collections, open_milvus
from wenshu.core.index.port import Entry, Query, ready
from wenshu.zh.tokens import query_terms


def piece(generation, body, *, title="手册", ordinal=0, collection="DOC", name="手册.txt", source="http://x/1"):
    return Entry(
        collection=collection, generation=generation, ordinal=ordinal, name=name, title=title, heading="第一章",
        body=body, source=source, start=3, end=3 + len(body), page=2,
    )  # fmt: skip


class Library:
    """The port's calls, each in a transaction of its own where the index lives in a database."""

    def __init__(self, index, database=None):
        self.index, self.database = index, database

    @asynccontextmanager
    async def _passages(self, scope, way="write"):
        if self.database is None:
            yield self.index.within(None)
            return
        async with getattr(self.database, way)(scope) as tx:
            yield self.index.within(tx)

    async def put(self, scope, *entries, vectors=None):
        items = [ready(entry, vectors[at] if vectors else None) for at, entry in enumerate(entries)]
        async with self._passages(scope) as passages:
            await passages.put(scope, items)

    async def remove(self, scope, generations, collection="DOC"):
        async with self._passages(scope) as passages:
            await passages.remove(scope, collection, generations)

    async def clear(self, scope, collection="DOC", before=None):
        async with self._passages(scope) as passages:
            await passages.clear(scope, collection, before)

    async def find(self, scope, question, *, collection="DOC", limit=10, expression="", vector=None, without=()):
        fields = DOC_FIELDS if collection == "DOC" else QA_FIELDS
        words = question if isinstance(question, list) else query_terms(question)
        query = Query(collection, words, limit, parse_filter(expression, fields), vector, without)
        async with self._passages(scope, "read") as passages:
            return await passages.find(scope, query)

    async def near(self, scope, vector, *, collection="DOC", limit=10, expression="", without=()):
        query = Query(collection, (), limit, parse_filter(expression, DOC_FIELDS), vector, without)
        async with self._passages(scope, "read") as passages:
            return await passages.near(scope, query)

    async def pieces(self, scope, generation, ordinals, collection="DOC"):
        async with self._passages(scope, "read") as passages:
            return await passages.pieces(scope, collection, generation, ordinals)

    async def found(self, scope, question, **options):
        """The generations found."""
        return [entry.generation for entry in (await self.find(scope, question, **options)).entries]

    async def nearest(self, scope, vector, **options):
        """The generations nearest."""
        return [one.entry.generation for one in await self.near(scope, vector, **options)]


@asynccontextmanager
async def embedded(folder, lite):
    del lite
    database = Database(sqlite_url(folder / "wenshu.sqlite3"))
    await database.migrate()
    index = EmbeddedIndex()
    yield Library(index, database)
    await index.close()
    await database.close()


@asynccontextmanager
async def file(folder, lite):
    del lite
    index = await open_file(folder / "index.sqlite3")
    yield Library(index)
    await index.close()


@asynccontextmanager
async def milvus(folder, lite):
    del folder
    index = await open_milvus(Server(lite().uri, seconds=30), Collections("test", uuid4().hex[:8]))
    yield Library(index)
    await index.drop()
    await index.close()


ADAPTERS = {"embedded": embedded, "file": file, "milvus": milvus}
