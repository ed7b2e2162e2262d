"""The library and its index: which one the settings ask for, and whether it is the one that was filled."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.file import open_file
from wenshu.core.index.milvus.calls import Server
from wenshu.core.index.milvus.index import Collections, open_milvus
from wenshu.core.index.port import COLLECTIONS, Index, IndexUnusable
from wenshu.core.llm.port import Embedder
from wenshu.core.settings import MIB, Settings
from wenshu.knowledge.catalog import ABANDONED, Catalog
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.items import Items
from wenshu.knowledge.reindex import Reindexer
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.state import State, claim, is_empty, note_dimension, read_state, write_state
from wenshu.knowledge.vectors import Embedding
from wenshu.server.home import Home
from wenshu.zh.tokens import TERMS_VERSION

OUTDATED = (
    "索引由旧版本的分词生成，检索可能漏掉内容，请运行 wenshu reindex。"
    "The index was made by an older version: run wenshu reindex."
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Library:
    """What reads and writes the material."""

    catalog: Catalog
    ingest: Ingest
    searcher: Searcher
    reindexer: Reindexer
    embedding: Embedding | None
    notices: list[str]
    """What the operator should know, though everything works."""

    @property
    def dimension(self) -> int:
        """Of the vectors; 0 without an embedder or before the first."""
        return 0 if self.embedding is None else self.embedding.dimension


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """A library that is rebuilt: the state its index was in, the one it will be in, and whether these go together."""

    library: Library
    former: State | None
    wanted: State
    fits: bool


@asynccontextmanager
async def library(
    settings: Settings, home: Home, database: Database, embedder: Embedder | None
) -> AsyncGenerator[Library]:
    """Open the library over a migrated database. Raises IndexUnusable where its index is not what is set.

    The embedder is closed with it.
    """
    async with AsyncExitStack() as closing:
        if embedder is not None:
            closing.push_async_callback(embedder.close)
        index, state = await _claimed(settings, home, database, embedder)
        closing.push_async_callback(index.close)
        made = _library(database, index, embedder, state)
        if state.terms_version != TERMS_VERSION:
            log.warning("the index is outdated", made_with=state.terms_version, now=TERMS_VERSION)
            made.notices.append(OUTDATED)
        yield made


@asynccontextmanager
async def library_to_rebuild(
    settings: Settings, home: Home, database: Database, embedder: Embedder | None
) -> AsyncGenerator[Rebuilding]:
    """The library whatever its index is, to be rebuilt. The embedder is closed with it."""
    async with AsyncExitStack() as closing:
        if embedder is not None:
            closing.push_async_callback(embedder.close)
        state = await read_state(database)
        dimension = 0 if embedder is None else len((await embedder.embed(["维数"]))[0])
        index, wanted = await _open(settings, home, database, state, embedder, dimension)
        closing.push_async_callback(index.close)
        fits = state is not None and state.serves(wanted)
        begun = state if state is not None and fits else wanted
        yield Rebuilding(_library(database, index, embedder, begun, learns=fits), state, wanted, fits=fits)


async def accept(settings: Settings, home: Home, database: Database, rebuilt: Rebuilding) -> None:
    """After all was rebuilt: write down what the index is, and drop the one that was."""
    wanted, former = rebuilt.wanted, rebuilt.former
    await write_state(database, replace(wanted, dimension=rebuilt.library.dimension, terms_version=TERMS_VERSION))
    if former is None or rebuilt.fits:
        return
    if former.kind == "embedded" and wanted.kind != "embedded" and not database.shared:
        async with database.write(EVERYTHING) as tx:
            for collection in COLLECTIONS:
                await EmbeddedIndex().within(tx).clear(EVERYTHING, collection)
    if former.kind == "file" and wanted.kind != "file":
        for path in home.path.glob(f"{home.index.name}*"):
            path.unlink()
    if former.kind == "milvus" and settings.milvus.uri and former.identity != wanted.identity:
        gone = await open_milvus(*_milvus(settings, former.identity))
        await gone.drop()
        await gone.close()


@asynccontextmanager
async def kept_library(
    settings: Settings, home: Home, database: Database, embedder: Embedder | None
) -> AsyncGenerator[Library]:
    """The same for a server: what a crash left in the index is taken out, now and every ten minutes."""
    async with library(settings, home, database, embedder) as opened:
        # A file has one writer, and that is us: whatever was staged before is nobody's.
        await opened.catalog.tidy(timedelta() if opened.catalog.index.kind == "file" else ABANDONED)
        task = asyncio.create_task(_tidy_now_and_then(opened.catalog))
        try:
            yield opened
        finally:
            task.cancel()
            await asyncio.wait([task])


_TIDY_SECONDS = 600


async def _claimed(
    settings: Settings, home: Home, database: Database, embedder: Embedder | None
) -> tuple[Index, State]:
    """The index that the settings ask for, where it is the library's, or the library is empty and takes it."""
    while True:
        state = await read_state(database)
        index, wanted = await _open(settings, home, database, state, embedder, settings.embedding.dimensions)
        if state is not None and state.serves(wanted):
            return index, state
        empty = await is_empty(database)
        if empty and await claim(database, state, wanted):
            return index, wanted
        await index.close()
        if not empty:
            raise IndexUnusable(_refusal(state, wanted))
        # Another process was quicker: what it claimed is the library's.


async def _tidy_now_and_then(catalog: Catalog) -> None:
    while True:
        await asyncio.sleep(_TIDY_SECONDS)
        try:
            await catalog.tidy(ABANDONED)
        except SQLAlchemyError as error:
            log.warning("tidying the index failed", reason=str(error))


async def _open(
    settings: Settings,
    home: Home,
    database: Database,
    state: State | None,
    embedder: Embedder | None,
    dimension: int,
) -> tuple[Index, State]:
    """The index that the settings ask for, and the state it is in once it is filled; ``dimension`` 0: not known."""
    model = "" if embedder is None else embedder.model
    if settings.milvus.uri:
        identity = uuid4().hex[:12]  # collections of other vectors are other collections
        if state is not None and (state.kind, state.embedder) == ("milvus", model) and state.takes(dimension):
            identity = state.identity
        return await open_milvus(*_milvus(settings, identity)), State("milvus", identity, model, dimension)
    most = settings.search.vector_mib * MIB
    if not database.shared:
        return EmbeddedIndex(most), State("embedded", "embedded", model, dimension)
    index = await open_file(home.index, most)
    return index, State("file", index.identity, model, dimension)


def _milvus(settings: Settings, identity: str) -> tuple[Server, Collections]:
    milvus = settings.milvus
    server = Server(milvus.uri, milvus.token.get_secret_value(), milvus.timeout_seconds)
    return server, Collections(milvus.prefix, identity)


def _library(
    database: Database, index: Index, embedder: Embedder | None, state: State, *, learns: bool = True
) -> Library:
    async def learned(dimension: int) -> None:
        if learns:
            await note_dimension(database, dimension)

    embedding = None if embedder is None else Embedding(embedder, state.dimension, learned)
    catalog, items = Catalog(database, index), Items(embedding)
    return Library(
        catalog, Ingest(catalog, items), Searcher(catalog, embedding), Reindexer(catalog, items), embedding, []
    )


def _refusal(state: State | None, wanted: State) -> str:
    """What differs, and what to do."""
    run = "请停止服务器并运行 wenshu reindex，再启动。Stop the server, run wenshu reindex, and start it again."
    if state is None or (state.kind, state.identity) != (wanted.kind, wanted.identity):
        if state is not None and state.kind == wanted.kind == "file":
            return (
                "数据目录中的索引文件不是这个数据库的：文件丢失过，或另一个文枢进程在用同一个数据库"
                f"（PostgreSQL 多进程需要 Milvus：设 WENSHU_MILVUS_URI）。若只有这一个进程：{run} "
                "The index file is not this database's: it was lost, or another process uses the database "
                "(several processes on PostgreSQL need Milvus)."
            )
        was = "无" if state is None else state.kind
        return f"素材库的索引在别处（现有 {was}，配置为 {wanted.kind}）。The material is indexed elsewhere. {run}"
    if state.embedder == wanted.embedder:
        return (
            f"向量的维数由 {state.dimension} 改为 {wanted.dimension}，已有的索引不能继续使用。"
            f"The vectors' dimension was changed. {run}"
        )
    return (
        f"向量模型由“{state.embedder or '无'}”改为“{wanted.embedder or '无'}”，已有的索引不能继续使用。"
        f"The embedding model was changed. {run}"
    )
