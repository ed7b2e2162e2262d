"""Composition: from settings to the parts of one running server."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import literal, select

from wenshu.core.auth.kept import KeptAnswers
from wenshu.core.auth.limits import RateLimiter
from wenshu.core.auth.passwords import check_length, made_up
from wenshu.core.database.engine import Database, open_database
from wenshu.core.database.processes import Presence
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.database.url import parse_url
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.fetch.addresses import AllowList
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.llm.embeddings import OpenAIEmbedder
from wenshu.core.llm.openai import OpenAIChatModel
from wenshu.core.llm.port import ChatModel, Embedder
from wenshu.core.settings import Settings
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links, load_secret
from wenshu.core.storage.store import open_store, place
from wenshu.core.storage.sweep import sweep_for_ever
from wenshu.kit.errors import InvalidInput
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.sources import Sources
from wenshu.server.dialects import dialect_for
from wenshu.server.home import Home
from wenshu.server.identity import Identity, identity
from wenshu.services.assistant.chat.recovery import keep_recovering, recover
from wenshu.services.assistant.chat.running import RunningTurns
from wenshu.services.assistant.chat.stop import watch_stops
from wenshu.services.assistant.parts import Assistant
from wenshu.web.address import networks
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
    identity: Identity
    checks: dict[str, Check]


@asynccontextmanager
async def composed(settings: Settings, home: Home, public_url: str) -> AsyncGenerator[Composed]:
    """Open every part, newest schema first; close them in turn. ``home`` is owned already."""
    database = open_database(settings.database, home.database)
    process = Presence(database, "server")
    model = _model(settings)
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
        index = EmbeddedIndex()
        searcher = Searcher(database, index)
        running = RunningTurns()
        assistant = Assistant(
            settings=settings,
            database=database,
            files=files,
            fetcher=fetcher,
            parser=parser,
            ingest=Ingest(database, index),
            searcher=searcher,
            replier=Replier(searcher, model),
            sources=Sources(database, index),
            running=running,
            process=process,
        )
        known = await opened.enter_async_context(identity(settings, home, database))
        web = _web(settings, known, files)
        await recover(assistant)
        checks = {"database": _database_check(database), "storage": objects.check, "parser": parser.start}
        async with _beside(sweep_for_ever(database, objects)), _beside(watch_stops(assistant)):
            async with _beside(keep_recovering(assistant)):
                yield Composed(web, assistant, known, checks)
            await running.close(settings.server.stop_seconds)
    finally:
        await opened.aclose()
        await parser.close()
        await fetcher.close()
        if model is not None:
            await model.close()
        await process.leave()
        await database.close()


def _web(settings: Settings, known: Identity, files: Files) -> WebContext:
    return WebContext(
        settings,
        known.authenticator,
        KeptAnswers(known.accounts.database),
        known.accounts.audit,
        RateLimiter(
            settings.rate.limit,
            {name: family.rate_limit for name, family in settings.families().items() if family.rate_limit},
        ),
        files,
        dialect_for,
        open_to_all=trusts(settings),
        trusted_proxies=networks(settings.server.trusted_proxies),
    )


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
        server = bool(url) and parse_url(url).get_backend_name() != "sqlite"
    except ValueError as error:
        raise Misconfigured(f"WENSHU_DATABASE_URL：{error}") from error
    if server:  # to be lifted with the first index that does not live in SQLite: everything else runs on PostgreSQL
        raise Misconfigured(
            "WENSHU_DATABASE_URL：本版本仅支持 SQLite（sqlite+aiosqlite:///文件）。This release runs on SQLite only."
        )
    if settings.milvus.uri:
        raise Misconfigured("WENSHU_MILVUS_URI：本版本仅支持内置索引。This release has the embedded index only.")
    try:
        place(settings.storage, settings.home)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_STORAGE_URL：{error}") from error
    try:
        AllowList.parse(settings.fetch.allow_hosts)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_FETCH_ALLOW_HOSTS：{error}") from error
    try:
        check_length(settings.admin.password.get_secret_value() or made_up())
    except InvalidInput as error:
        raise Misconfigured(f"WENSHU_ADMIN_PASSWORD：{error.message}") from error
    if bool(settings.llm.url) != bool(settings.llm.model):
        raise Misconfigured("WENSHU_LLM_URL 与 WENSHU_LLM_MODEL 需要一起设置。Set both or neither.")
    if bool(settings.embedding.url) != bool(settings.embedding.model):
        raise Misconfigured("WENSHU_EMBEDDING_URL 与 WENSHU_EMBEDDING_MODEL 需要一起设置。Set both or neither.")
    try:
        embedder(settings)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_EMBEDDING_URL, WENSHU_EMBEDDING_API_KEY：{error}") from error


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


def _database_check(database: Database) -> Check:
    async def check() -> None:
        async with database.read(EVERYTHING) as tx:
            await tx.value(select(literal(1)))

    return check
