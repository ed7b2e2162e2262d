"""Composition: from settings to the parts of one running server."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import literal, select

from wenshu.core.auth.limits import RateLimiter
from wenshu.core.database.engine import Database, open_database
from wenshu.core.database.processes import Presence
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.database.url import parse_url
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.external.http import HttpNotes
from wenshu.core.external.port import Notes
from wenshu.core.fetch.addresses import AllowList
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.llm.embeddings import OpenAIEmbedder
from wenshu.core.llm.openai import OpenAIChatModel
from wenshu.core.llm.port import ChatModel, Embedder
from wenshu.core.settings import Settings
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links, load_secret
from wenshu.core.storage.store import open_store, place
from wenshu.core.storage.sweep import sweep_for_ever
from wenshu.knowledge.notes import Outside
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.sources import Sources
from wenshu.server.dialects import dialect_for
from wenshu.server.home import Home
from wenshu.server.library import kept_library
from wenshu.services.assistant.chat.recovery import keep_recovering, recover
from wenshu.services.assistant.chat.running import RunningTurns
from wenshu.services.assistant.chat.stop import watch_stops
from wenshu.services.assistant.parts import Assistant
from wenshu.web.context import WebContext
from wenshu.web.health import Check
from wenshu.web.trust import is_loopback


class Misconfigured(Exception):
    """The settings cannot be served; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Composed:
    """One server's parts."""

    web: WebContext
    assistant: Assistant
    checks: dict[str, Check]
    notices: list[str]
    """What the operator should know, though everything works."""


@asynccontextmanager
async def composed(settings: Settings, home: Home, public_url: str) -> AsyncGenerator[Composed]:
    """Open every part, newest schema first; close them in turn. ``home`` is owned already."""
    database = open_database(settings.database, home.database)
    process = Presence(database, "server")
    model, notes = _model(settings), _notes(settings)
    opened = AsyncExitStack()
    fetcher = Fetcher(
        allow_hosts=settings.fetch.allow_hosts,
        timeout_seconds=settings.fetch.timeout_seconds,
        max_bytes=settings.fetch.max_bytes,
    )
    parser = _parser(settings)
    try:
        await database.migrate()
        await process.enter()
        await parser.start()
        secret = load_secret(settings.storage, home.secret)
        links = Links(settings.server.public_url or public_url, secret, settings.storage.link_seconds)
        objects = open_store(settings.storage, home.path)
        files = Files(database, objects, links)
        material = await opened.enter_async_context(kept_library(settings, home, database, embedder(settings)))
        sources = Sources(material.catalog)
        running = RunningTurns()
        assistant = Assistant(
            settings=settings,
            database=database,
            files=files,
            fetcher=fetcher,
            parser=parser,
            ingest=material.ingest,
            searcher=material.searcher,
            replier=Replier(material.searcher, sources, model, Outside(notes, settings.external.limit)),
            sources=sources,
            running=running,
            process=process,
        )
        limiter = RateLimiter(settings.rate.limit, shares=settings.server.workers)
        web = WebContext(settings, limiter, files, dialect_for, open_to_all=trusts(settings))
        await recover(assistant)
        checks = {"database": _database_check(database), "storage": objects.check, "parser": parser.start}
        checks["index"] = material.catalog.index.check
        async with _beside(sweep_for_ever(database, objects)), _beside(watch_stops(assistant)):
            async with _beside(keep_recovering(assistant)):
                yield Composed(web, assistant, checks, material.notices)
            await running.close(settings.server.stop_seconds)
    finally:
        await opened.aclose()
        await parser.close()
        await fetcher.close()
        for part in (model, notes):
            if part is not None:
                await part.close()
        await process.leave()
        await database.close()


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    """Work without an end of its own, for the length of the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def trusts(settings: Settings) -> bool:
    """Whether calls without a token are taken. Raises Misconfigured where that would be a trap.

    ``trusted`` is the default on a loopback address only: on any other the operator has to say it out loud.
    """
    loopback = is_loopback(settings.server.host)
    if settings.auth.open_families == "token":
        return False
    if not loopback and not settings.server.trust_network:
        raise Misconfigured(
            f"拒绝在 {settings.server.host} 上监听：任何能连到该地址的人都无需令牌即可调用。"
            "如网络可信，请加 --trust-network；否则设 WENSHU_AUTH_OPEN_FAMILIES=token。\n"
            f"Refusing to listen on {settings.server.host}: everybody who reaches it could call without a token. "
            "Pass --trust-network if the network is trusted, or set WENSHU_AUTH_OPEN_FAMILIES=token."
        )
    return True


def check_supported(settings: Settings) -> None:
    """Raise Misconfigured for settings that this release cannot honour, rather than ignore them."""
    url = settings.database.url.get_secret_value()
    try:
        if url:
            parse_url(url)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_DATABASE_URL：{error}") from error
    if settings.server.workers > 1:
        _check_shared(settings)
    try:
        place(settings.storage, settings.home)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_STORAGE_URL：{error}") from error
    try:
        AllowList.parse(settings.fetch.allow_hosts)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_FETCH_ALLOW_HOSTS：{error}") from error
    if bool(settings.llm.url) != bool(settings.llm.model):
        raise Misconfigured("WENSHU_LLM_URL 与 WENSHU_LLM_MODEL 需要一起设置。Set both or neither.")
    if bool(settings.embedding.url) != bool(settings.embedding.model):
        raise Misconfigured("WENSHU_EMBEDDING_URL 与 WENSHU_EMBEDDING_MODEL 需要一起设置。Set both or neither.")
    try:
        embedder(settings)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_EMBEDDING_URL, WENSHU_EMBEDDING_API_KEY：{error}") from error


def _check_shared(settings: Settings) -> None:
    """What several processes need beside each other."""
    workers = settings.server.workers
    if not settings.database.url.get_secret_value():
        raise Misconfigured(
            f"--workers {workers} 需要 PostgreSQL：SQLite 只能由一个进程使用，"
            "请设 WENSHU_DATABASE_URL 或用 --workers 1。"
            "Several server processes need PostgreSQL: set WENSHU_DATABASE_URL."
        )
    if not settings.milvus.uri:
        raise Misconfigured(
            f"--workers {workers} 需要 Milvus：索引文件只能由一个进程使用，请设 WENSHU_MILVUS_URI 或用 --workers 1。"
            "Several server processes need Milvus: set WENSHU_MILVUS_URI."
        )


def embedder(settings: Settings) -> Embedder | None:
    """The embedder that the settings name, or None. Raises ValueError for an address or a key that cannot be one."""
    embedding = settings.embedding
    if not embedding.url:
        return None
    return OpenAIEmbedder(
        embedding.url,
        embedding.model,
        embedding.api_key.get_secret_value(),
        dimensions=embedding.dimensions,
        batch=embedding.batch,
        seconds=embedding.seconds,
    )


def _parser(settings: Settings) -> ParserPool:
    limits = Limits(
        memory_bytes=settings.documents.memory_mib * 1024 * 1024,
        wall_seconds=settings.documents.seconds,
        file_bytes=settings.server.max_file_bytes,
    )
    return ParserPool(limits, concurrency=settings.documents.workers)


def _model(settings: Settings) -> ChatModel | None:
    llm = settings.llm
    if not llm.url:
        return None
    return OpenAIChatModel(
        llm.url,
        llm.model,
        llm.api_key.get_secret_value(),
        first_byte_timeout=llm.first_byte_seconds,
        between_bytes_timeout=llm.between_bytes_seconds,
    )


def _notes(settings: Settings) -> Notes | None:
    external = settings.external
    token = external.token.get_secret_value()
    if not external.url:
        return None
    seconds, most = external.timeout_seconds, external.max_bytes
    if external.kind == "http":
        return HttpNotes(external.url, token, timeout_seconds=seconds, max_bytes=most)
    from wenshu.core.external.mcp import McpNotes  # noqa: PLC0415 (the client takes 0.7 s that only its users need)

    return McpNotes(external.url, external.tool, token, timeout_seconds=seconds, max_bytes=most)


def _database_check(database: Database) -> Check:
    async def check() -> None:
        async with database.read(EVERYTHING) as tx:
            await tx.value(select(literal(1)))

    return check
