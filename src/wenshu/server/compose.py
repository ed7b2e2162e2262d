"""Composition: from settings to the parts of one running server."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select

from wenshu.core.auth.board import Board
from wenshu.core.auth.kept import KeptAnswers
from wenshu.core.auth.limits import RateLimiter
from wenshu.core.auth.passwords import check_length, made_up
from wenshu.core.database.engine import Database, open_database
from wenshu.core.database.processes import Kind, Presence
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
from wenshu.core.storage.objects import Objects
from wenshu.core.storage.store import open_store, place
from wenshu.core.storage.sweep import sweep_for_ever
from wenshu.core.telemetry import tracing
from wenshu.kit.errors import InvalidInput
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.notes import Outside
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.sources import Sources
from wenshu.server.dialects import dialect_for
from wenshu.server.durable import Durable
from wenshu.server.gateway import gateway, model_settings_fault
from wenshu.server.holdings import holdings
from wenshu.server.home import Home
from wenshu.server.identity import Identity, identity
from wenshu.server.library import Library, kept_library
from wenshu.services.assistant.chat.recovery import keep_recovering, recover
from wenshu.services.assistant.chat.running import RunningTurns
from wenshu.services.assistant.chat.stop import watch_stops
from wenshu.services.assistant.imports.run import register as register_imports
from wenshu.services.assistant.parts import Assistant
from wenshu.services.assistant.retention import register as register_retention
from wenshu.services.forms.deliver import Deliveries
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.run import register as register_forms
from wenshu.services.gateway.parts import Gateway
from wenshu.services.operations.parts import Operations
from wenshu.services.operations.run import register as register_operations
from wenshu.web.address import networks
from wenshu.web.context import WebContext
from wenshu.web.health import Check
from wenshu.web.metrics import Measure
from wenshu.web.trust import is_loopback


class Misconfigured(Exception):
    """The settings cannot be served; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a process is to the others of its server: its own id, those whose place it takes, and what all share.

    Without an id it makes one up; without a board it is alone.
    """

    process_id: str = ""
    ended: tuple[str, ...] = ()
    board: Board | None = None


ALONE = Member()


@dataclass(frozen=True, slots=True)
class Composed:
    """One server's parts."""

    web: WebContext
    assistant: Assistant
    forms: Forms
    identity: Identity
    durable: Durable
    gateway: Gateway
    catalog: Catalog
    checks: dict[str, Check]
    notices: list[str]
    """What the operator should know, though everything works."""

    @property
    def measures(self) -> list[Measure]:
        """What brings figures up to date."""
        return [self.durable.census.measure]

    @property
    def operations(self) -> Operations:
        """What looking after the jobs and the rest of the house takes."""
        accounts, assistant = self.identity.accounts, self.assistant
        return Operations(
            database=accounts.database,
            jobs=self.durable.jobs,
            rules=self.durable.rules,
            audit=accounts.audit,
            revocations=accounts.revocations,
            catalog=self.catalog,
            files=assistant.files,
            holdings=holdings(),
            zone=assistant.zone,
        )

    async def end(self, seconds: float) -> None:
        """End what is under way, each in its own way, within this time; none of it is lost."""
        await asyncio.gather(self.durable.end(seconds), self.assistant.running.close(seconds))


@asynccontextmanager
async def composed(
    settings: Settings, home: Home, public_url: str, *, kind: Kind = "server", member: Member = ALONE
) -> AsyncGenerator[Composed]:
    """Open every part, newest schema first; close them in turn. ``home`` is owned already."""
    database = open_database(settings.database, home.database)
    process = Presence(database, kind, id=member.process_id)
    model, notes = _model(settings), _notes(settings)
    opened = AsyncExitStack()
    fetcher, parser = _fetcher(settings), _parser(settings)
    durable = Durable(settings, home, database, process)
    try:
        await opened.enter_async_context(tracing.traced(settings.tracing, process.id))
        await database.migrate()
        await process.enter(instead_of=member.ended)
        await parser.start()
        objects, files = await opened.enter_async_context(_stored(settings, home, database, public_url))
        embeds = embedder(settings)
        material = await opened.enter_async_context(kept_library(settings, home, database, embeds))
        outgoing = _Outgoing(database, fetcher, parser, model, notes)
        assistant = _assistant(settings, files, outgoing, material, process, durable)
        forms = Forms(database, durable.jobs, fetcher, model, ZoneInfo(settings.time.zone))
        register_forms(durable.kinds, durable.schedules, forms)
        known = await opened.enter_async_context(
            identity(settings, home, database, member.board, first=kind == "server")
        )
        durable.rules.register("audit", known.accounts.audit)
        web = _web(settings, known, files, member.board)
        await recover(assistant)
        checks = {"database": _database_check(database), "storage": objects.check, "parser": parser.start}
        checks["index"] = material.catalog.index.check
        gate = await opened.enter_async_context(gateway(settings, database, known.accounts.audit, material, embeds))
        parts = Composed(web, assistant, forms, known, durable, gate, material.catalog, checks, material.notices)
        register_operations(durable.kinds, parts.operations)
        checks |= await durable.start()
        async with _beside(sweep_for_ever(database, objects)), _beside(watch_stops(assistant)):
            async with _beside(keep_recovering(assistant)), _beside(_delivering(settings, forms)):
                yield parts
            await parts.end(settings.server.stop_seconds)
    finally:
        await durable.close()
        await opened.aclose()
        await parser.close()
        await fetcher.close()
        for part in (model, notes):
            if part is not None:
                await part.close()
        await process.leave()
        await database.close()


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """What reaches beyond this process."""

    database: Database
    fetcher: Fetcher
    parser: ParserPool
    model: ChatModel | None
    notes: Notes | None


def _assistant(
    settings: Settings, files: Files, outgoing: _Outgoing, material: Library, process: Presence, durable: Durable
) -> Assistant:
    sources = Sources(material.catalog)
    outside = Outside(outgoing.notes, settings.external.limit)
    assistant = Assistant(
        settings=settings,
        database=outgoing.database,
        files=files,
        fetcher=outgoing.fetcher,
        parser=outgoing.parser,
        ingest=material.ingest,
        searcher=material.searcher,
        replier=Replier(material.searcher, sources, outgoing.model, outside),
        sources=sources,
        running=RunningTurns(),
        process=process,
        jobs=durable.jobs,
    )
    register_imports(durable.kinds, assistant)
    register_retention(durable.rules, assistant)
    return assistant


async def _delivering(settings: Settings, forms: Forms) -> None:
    """Deliver where this process works; elsewhere others do."""
    if settings.jobs.worker:
        await Deliveries(forms).run()


@asynccontextmanager
async def _stored(
    settings: Settings, home: Home, database: Database, public_url: str
) -> AsyncGenerator[tuple[Objects, Files]]:
    secret = load_secret(settings.storage, home.secret)
    links = Links(settings.server.public_url or public_url, secret, settings.storage.link_seconds)
    objects = open_store(settings.storage, home.path)
    try:
        yield objects, Files(database, objects, links)
    finally:
        await objects.close()


def _web(settings: Settings, known: Identity, files: Files, board: Board | None) -> WebContext:
    return WebContext(
        settings,
        known.authenticator,
        KeptAnswers(known.accounts.database),
        known.accounts.audit,
        RateLimiter(
            settings.rate.limit,
            {name: family.rate_limit for name, family in settings.families().items() if family.rate_limit},
            buckets=board,
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
        if url:
            parse_url(url)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_DATABASE_URL：{error}") from error
    try:
        place(settings.storage, settings.home)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_STORAGE_URL：{error}") from error
    try:
        AllowList.parse(settings.fetch.allow_hosts)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_FETCH_ALLOW_HOSTS：{error}") from error
    _check_issuer(settings)
    _check_shared(settings)
    _check_tracing(settings)
    try:
        check_length(settings.admin.password.get_secret_value() or made_up())
    except InvalidInput as error:
        raise Misconfigured(f"WENSHU_ADMIN_PASSWORD：{error.message}") from error
    if bool(settings.llm.url) != bool(settings.llm.model):
        raise Misconfigured("WENSHU_LLM_URL 与 WENSHU_LLM_MODEL 需要一起设置。Set both or neither.")
    if fault := model_settings_fault(settings):
        raise Misconfigured(f"WENSHU_GATEWAY_UPSTREAMS, WENSHU_GATEWAY_DEFAULT：{fault}")
    if bool(settings.embedding.url) != bool(settings.embedding.model):
        raise Misconfigured("WENSHU_EMBEDDING_URL 与 WENSHU_EMBEDDING_MODEL 需要一起设置。Set both or neither.")
    try:
        embedder(settings)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_EMBEDDING_URL, WENSHU_EMBEDDING_API_KEY：{error}") from error


def _check_issuer(settings: Settings) -> None:
    auth = settings.auth
    if bool(auth.oidc_issuer) != bool(auth.oidc_audience):
        raise Misconfigured("WENSHU_AUTH_OIDC_ISSUER 与 WENSHU_AUTH_OIDC_AUDIENCE 需要一起设置。Set both or neither.")
    parts = urlsplit(auth.oidc_issuer)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if auth.oidc_issuer and not ((parts.scheme == "https" and parts.hostname) or plain):
        raise Misconfigured("WENSHU_AUTH_OIDC_ISSUER 应为 https 地址。It has to be an https address.")


def _check_tracing(settings: Settings) -> None:
    if settings.tracing.url and not tracing.installed():
        raise Misconfigured(
            "WENSHU_TRACING_URL 需要安装 otel 扩展：pip install --require-hashes -r requirements/otel.lock。"
            "It needs the extra otel."
        )


def _check_shared(settings: Settings) -> None:
    """What several processes need beside each other."""
    workers = settings.server.workers
    if workers > 1 and not settings.database.url.get_secret_value():
        raise Misconfigured(
            f"--workers {workers} 需要 PostgreSQL：SQLite 只能由一个进程使用，"
            "请设 WENSHU_DATABASE_URL=postgresql://… 或用 --workers 1。\n"
            "Several server processes need PostgreSQL, as one process alone uses SQLite: set WENSHU_DATABASE_URL."
        )
    if workers > 1 and not settings.milvus.uri:
        raise Misconfigured(
            f"--workers {workers} 需要 Milvus：索引文件只能由一个进程使用，"
            "请设 WENSHU_MILVUS_URI=http://… 或用 --workers 1。\n"
            "Several server processes need Milvus, as one process alone uses the index file: set WENSHU_MILVUS_URI."
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


def _fetcher(settings: Settings) -> Fetcher:
    fetch = settings.fetch
    return Fetcher(allow_hosts=fetch.allow_hosts, timeout_seconds=fetch.timeout_seconds, max_bytes=fetch.max_bytes)


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
