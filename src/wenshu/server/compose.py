"""Composition: from settings to the parts of one running server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select

from wenshu.core.auth.attempts import Attempts
from wenshu.core.auth.authenticator import Authenticator
from wenshu.core.auth.limits import RateLimiter
from wenshu.core.auth.passwords import Passwords, check_length, made_up
from wenshu.core.auth.revoked import Revocations
from wenshu.core.auth.signing import Keyring
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.fetch.addresses import AllowList
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.llm.openai import OpenAIChatModel
from wenshu.core.llm.port import ChatModel
from wenshu.core.settings import Settings
from wenshu.core.storage.files import Files, open_store
from wenshu.core.storage.links import Links, load_secret
from wenshu.kit.errors import InvalidInput
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.search import Searcher
from wenshu.server.dialects import dialect_for
from wenshu.server.home import Home
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.users import ensure_first
from wenshu.services.assistant.chat.ask import recover
from wenshu.services.assistant.chat.running import RunningTurns
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
    accounts: Accounts
    first_password: str | None
    """The administrator's, where it was made up just now: to be told once."""
    checks: dict[str, Check]


@asynccontextmanager
async def composed(settings: Settings, home: Home, public_url: str) -> AsyncGenerator[Composed]:
    """Open every part, newest schema first; close them in turn. ``home`` is owned already."""
    database = Database(settings.database.url.get_secret_value() or sqlite_url(home.database))
    model = _model(settings)
    passwords = Passwords()
    fetcher = Fetcher(
        allow_hosts=settings.fetch.allow_hosts,
        timeout_seconds=settings.fetch.timeout_seconds,
        max_bytes=settings.fetch.max_bytes,
    )
    parser = ParserPool(
        Limits(
            memory_bytes=settings.documents.memory_mib * 1024 * 1024,
            wall_seconds=settings.documents.seconds,
            file_bytes=settings.server.max_file_bytes,
        ),
        concurrency=settings.documents.workers,
    )
    try:
        await database.migrate()
        await parser.start()
        links = Links(settings.server.public_url or public_url, load_secret(home.secret), settings.storage.link_seconds)
        files = Files(database, open_store(settings.storage.url, home.path), links)
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
            running=running,
        )
        accounts = await _accounts(settings, database, passwords)
        web = WebContext(
            settings,
            Authenticator(database, accounts.tokens, home.credential),
            RateLimiter(settings.rate.limit),
            files,
            dialect_for,
            open_to_all=trusts(settings),
            trusted_proxies=networks(settings.server.trusted_proxies),
        )
        first_password = await ensure_first(accounts, settings.admin.password.get_secret_value())
        await recover(assistant)
        checks = {"database": _database_check(database), "storage": files.check, "parser": parser.start}
        yield Composed(web, assistant, accounts, first_password, checks)
        await running.close(settings.server.stop_seconds)
    finally:
        passwords.close()
        await parser.close()
        await fetcher.close()
        if model is not None:
            await model.close()
        await database.close()


async def _accounts(settings: Settings, database: Database, passwords: Passwords) -> Accounts:
    lifetime = timedelta(seconds=settings.auth.access_seconds)
    keyring, revocations = Keyring(database, lifetime), Revocations(database, lifetime)
    await keyring.open()
    return Accounts(
        database=database,
        passwords=passwords,
        attempts=Attempts(database),
        keyring=keyring,
        revocations=revocations,
        tokens=AccessTokens(keyring, revocations, lifetime),
        refresh_lifetime=timedelta(seconds=settings.auth.refresh_seconds),
        zone=ZoneInfo(settings.time.zone),
    )


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
    if url and not url.startswith("sqlite+aiosqlite:"):
        raise Misconfigured(
            "WENSHU_DATABASE_URL：本版本仅支持 SQLite（sqlite+aiosqlite:///文件）。This release runs on SQLite only."
        )
    if settings.milvus.uri:
        raise Misconfigured("WENSHU_MILVUS_URI：本版本仅支持内置索引。This release has the embedded index only.")
    if settings.storage.url and not settings.storage.url.startswith("file://"):
        raise Misconfigured(
            "WENSHU_STORAGE_URL：本版本仅支持 file:// 目录。This release stores files in a folder only."
        )
    try:
        AllowList.parse(settings.fetch.allow_hosts)
    except ValueError as error:
        raise Misconfigured(f"WENSHU_FETCH_ALLOW_HOSTS：{error}") from error
    password = settings.admin.password.get_secret_value()
    try:
        check_length(password or made_up())
    except InvalidInput as error:
        raise Misconfigured(f"WENSHU_ADMIN_PASSWORD：{error.message}") from error
    if bool(settings.llm.url) != bool(settings.llm.model):
        raise Misconfigured("WENSHU_LLM_URL 与 WENSHU_LLM_MODEL 需要一起设置。Set both or neither.")


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
