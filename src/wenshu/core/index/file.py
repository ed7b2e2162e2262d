"""The file index: the embedded index in a SQLite file of its own, for one process beside a database that is not SQLite.

Its passages do not share the rows' transaction: ``knowledge.catalog`` keeps both in step by generations. The file can
be made anew from the library at any time, so one of another format is emptied rather than migrated.
"""

from collections.abc import Collection as Several
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from uuid import uuid4

from sqlalchemy import text

from wenshu.core.database.engine import Database, Transaction, sqlite_url
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.embedded import MOST_VECTOR_BYTES, SqlitePassages
from wenshu.core.index.port import Collection, Entry, Found, IndexUnusable, Item, Near, Passages, Query
from wenshu.core.index.tables import CREATE_PASSAGE_TERMS, DROP_PASSAGE_TERMS, create_tables, drop_tables
from wenshu.core.index.vectors import Vectors

FORMAT = 1
"""Raise it with every change of the tables."""


class FileIndex:
    """The ``Index`` of one process beside another database. Build it with ``open_file``."""

    kind: Literal["file"] = "file"
    in_database: Literal[False] = False

    def __init__(self, database: Database, identity: str, most_vector_bytes: int) -> None:
        self.identity = identity
        """Made with the file: tells it from any other, also from its own successor."""
        self._database = database
        self._vectors = Vectors(most_vector_bytes)

    def within(self, tx: Transaction | None) -> Passages:
        """See ``Index.within``."""
        del tx
        return _FilePassages(self._database, self._vectors)

    async def settle(self) -> None:
        """See ``Index.settle``: nothing is left to do."""

    async def check(self) -> None:
        """See ``Index.check``."""
        async with self._database.read(EVERYTHING) as tx:
            await tx.value(text("SELECT 1 FROM passage_owners"))

    async def close(self) -> None:
        """See ``Index.close``."""
        self._vectors.close()
        await self._database.close()


async def open_file(path: Path, most_vector_bytes: int = MOST_VECTOR_BYTES) -> FileIndex:
    """Open the file, made or emptied where it is missing or of another format. Raises IndexUnusable if damaged."""
    database = Database(sqlite_url(path))
    try:
        async with database.write(EVERYTHING) as tx:
            if await tx.value(text("PRAGMA user_version")) != FORMAT:
                await _make(tx)
            identity = await tx.value(text("SELECT identity FROM index_identity"))
    except Exception as error:
        await database.close()
        raise IndexUnusable(
            f"索引文件无法使用：{path}（{error}）。停止服务器，删除该文件，再运行 wenshu reindex。"
            "The index file cannot be used: stop the server, delete it, and run wenshu reindex."
        ) from error
    return FileIndex(database, str(identity), most_vector_bytes)


async def _make(tx: Transaction) -> None:
    await tx.run(text(DROP_PASSAGE_TERMS))
    for statement in (*drop_tables(), *create_tables()):
        await tx.run(statement)
    await tx.run(text(CREATE_PASSAGE_TERMS))
    await tx.run(text("DROP TABLE IF EXISTS index_identity"))
    await tx.run(text("CREATE TABLE index_identity (identity TEXT NOT NULL)"))
    await tx.run(text("INSERT INTO index_identity VALUES (:identity)").bindparams(identity=uuid4().hex))
    await tx.run(text(f"PRAGMA user_version = {FORMAT}"))


class _FilePassages:
    """Each call in a transaction of its own."""

    def __init__(self, database: Database, vectors: Vectors) -> None:
        self._database = database
        self._vectors = vectors

    async def put(self, scope: Scope, items: Sequence[Item]) -> None:
        """See ``Passages.put``."""
        async with self._database.write(scope) as tx:
            await SqlitePassages(tx, self._vectors).put(scope, items)

    async def remove(self, scope: Scope, collection: Collection, generations: Several[int]) -> None:
        """See ``Passages.remove``."""
        async with self._database.write(scope) as tx:
            await SqlitePassages(tx, self._vectors).remove(scope, collection, generations)

    async def clear(self, scope: Scope, collection: Collection, before: int | None = None) -> None:
        """See ``Passages.clear``."""
        async with self._database.write(scope) as tx:
            await SqlitePassages(tx, self._vectors).clear(scope, collection, before)

    async def find(self, scope: Scope, query: Query) -> Found:
        """See ``Passages.find``."""
        async with self._database.read(scope) as tx:
            return await SqlitePassages(tx, self._vectors).find(scope, query)

    async def near(self, scope: Scope, query: Query) -> Sequence[Near]:
        """See ``Passages.near``."""
        async with self._database.read(scope) as tx:
            return await SqlitePassages(tx, self._vectors).near(scope, query)

    async def pieces(self, scope: Scope, collection: Collection, generation: int, ordinals: range) -> Sequence[Entry]:
        """See ``Passages.pieces``."""
        async with self._database.read(scope) as tx:
            return await SqlitePassages(tx, self._vectors).pieces(scope, collection, generation, ordinals)
