"""``wenshu doctor``: is this machine ready, and if not, what to do."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy.exc import DBAPIError

from wenshu.cli.output import say
from wenshu.cli.settings import read_settings
from wenshu.core.database.engine import Database, DatabaseUnavailable, driver_words, open_database
from wenshu.core.database.examine import examine
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.index.milvus.calls import Server, connect
from wenshu.core.index.port import IndexUnusable
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.settings import Settings, show
from wenshu.core.storage.errors import StorageUnavailable
from wenshu.core.storage.store import open_store
from wenshu.kit.errors import WenshuError
from wenshu.server import logs
from wenshu.server.compose import Misconfigured, check_supported, embedder, trusts
from wenshu.server.home import Home

_LEAST_FREE_MIB = 512
_SIGNS = {"ok": "✓", "note": "·", "bad": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine, worth knowing, or wrong with what to do."""

    state: Literal["ok", "note", "bad"]
    text: str


def doctor(home: Annotated[Path | None, typer.Option(help="数据目录 Data folder.")] = None) -> None:
    """检查本机环境与配置，逐项说明 Check this machine and the settings; ends with 1 where something must be mended."""
    settings = read_settings(home)
    logs.configure("error")  # what is wrong is told here, not in a log
    findings = [
        finding
        for check in (
            _python,
            _sqlite,
            _database,
            _folder,
            _server,
            _settings,
            _storage,
            _index,
            _parser,
            _model,
            _embedder,
        )
        for finding in check(settings)
    ]
    for finding in findings:
        say(f"{_SIGNS[finding.state]} {finding.text}")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


def _python(settings: Settings) -> Iterator[Finding]:
    del settings
    found = sys.version.split()[0]
    fine = sys.version_info >= (3, 11)
    yield Finding(
        "ok" if fine else "bad", f"Python {found}" + ("" if fine else "：需要 3.11 或更新 needs 3.11 or newer")
    )


def _sqlite(settings: Settings) -> Iterator[Finding]:
    del settings
    with sqlite3.connect(":memory:") as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5(terms)")
        except sqlite3.OperationalError:
            yield Finding("bad", f"SQLite {sqlite3.sqlite_version} 没有 FTS5 全文检索 SQLite lacks FTS5")
            return
    connection.close()
    yield Finding("ok", f"SQLite {sqlite3.sqlite_version}，含 FTS5 全文检索 with FTS5")


def _database(settings: Settings) -> Iterator[Finding]:
    file = Home(settings.home).database
    try:
        database = open_database(settings.database, file)
    except ValueError:
        return  # told with the settings
    if not database.shared and not file.is_file():
        return  # it is made at the first start
    try:
        found, faults = asyncio.run(_examined(database))
    except DatabaseUnavailable as error:
        yield Finding("bad", f"数据库无法连接 The database cannot be reached: {database.place} ({error.reason})")
        return
    except DBAPIError as error:
        yield Finding("bad", f"数据库无法使用 The database cannot be used: {database.place} ({driver_words(error)})")
        return
    for fault in faults:
        yield Finding("bad", f"数据库 Database {database.place}：{fault}")
    if not faults:
        yield Finding("ok", f"数据库 Database {database.place}：{found}")


async def _examined(database: Database) -> tuple[str, list[str]]:
    try:
        return await examine(database)
    finally:
        await database.close()


def _folder(settings: Settings) -> Iterator[Finding]:
    path = settings.home.absolute()
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("bad", f"数据目录不可写 Data folder is not writable: {path}")
        return
    free = shutil.disk_usage(existing).free // (1024 * 1024)
    fine = free >= _LEAST_FREE_MIB
    yield Finding("ok" if fine else "bad", f"数据目录 Data folder {path}，剩余空间 free {free:,} MiB")


def _server(settings: Settings) -> Iterator[Finding]:
    running = Home(settings.home).running()
    if running is None:
        yield Finding("note", "服务器未在运行 No server is running on this home: wenshu serve")
    else:
        yield Finding("ok", f"服务器正在运行 A server is running: {running.url}（进程 process {running.pid}）")


def _settings(settings: Settings) -> Iterator[Finding]:
    known = {f"WENSHU_{item.name.replace('.', '_').upper()}" for item in show(settings)} | {"WENSHU_CONFIG"}
    for name in sorted(name for name in os.environ if name.startswith("WENSHU_") and name not in known):
        yield Finding("note", f"环境变量 {name} 不是文枢的配置项，已忽略 is no setting of Wenshu and is ignored")
    for check in (trusts, check_supported):
        yield from _misconfigured(check, settings)
    if settings.server.trust_network:
        yield Finding(
            "note", "--trust-network：任何能连到服务器的人都可调用 Everybody who reaches the server may call it"
        )


def _misconfigured(check: Callable[[Settings], object], settings: Settings) -> Iterator[Finding]:
    try:
        check(settings)
    except Misconfigured as error:
        yield Finding("bad", str(error))


def _storage(settings: Settings) -> Iterator[Finding]:
    at = settings.storage.url
    if not at:
        return  # a folder of the data folder, looked at above
    try:
        asyncio.run(_store_probe(settings))
    except StorageUnavailable as error:
        yield Finding("bad", f"文件存储不可用 The store cannot be used: {at}：{error.message}（{error.detail}）")
    except OSError as error:
        yield Finding("bad", f"文件存储不可用 The store cannot be used: {at} ({error.strerror})")
    except ValueError:
        return  # told with the settings
    else:
        yield Finding("ok", f"文件存储可写、可读、可删 The store takes, gives and removes files: {at}")
    if at.startswith("s3://") and not settings.storage.link_secret.get_secret_value():
        yield Finding(
            "note",
            "多台服务器须共用签名密钥，否则文件链接只在签发它的服务器上有效 "
            "Several servers need one WENSHU_STORAGE_LINK_SECRET: a link opens where it was signed",
        )


def _index(settings: Settings) -> Iterator[Finding]:
    if not settings.milvus.uri:
        beside = settings.database.url.get_secret_value().startswith("postgres")
        where = (
            "数据目录中的索引文件，仅限一个进程 a file in the data folder, for one process"
            if beside
            else "内置 embedded"
        )
        yield Finding("ok", f"索引 Index：{where}")
        return
    milvus = settings.milvus
    server = Server(milvus.uri, milvus.token.get_secret_value(), milvus.timeout_seconds)
    try:
        asyncio.run(_milvus_probe(server))
    except IndexUnusable as error:
        yield Finding("bad", str(error))
    else:
        yield Finding("ok", f"Milvus 可用 Milvus works: {milvus.uri}")


async def _milvus_probe(server: Server) -> None:
    await (await connect(server)).close()


async def _store_probe(settings: Settings) -> None:
    objects = open_store(settings.storage, settings.home)
    try:
        await objects.check()
    finally:
        await objects.close()


def _parser(settings: Settings) -> Iterator[Finding]:
    del settings
    try:
        filtered = asyncio.run(_parse_probe())
    except (WenshuError, OSError) as error:
        yield Finding("bad", f"文档解析进程无法工作 The parser process does not work: {error}")
    else:
        yield Finding("ok", "文档解析进程可用 The parser process works")
        if not filtered:
            yield Finding(
                "note", "本系统无法切断解析进程的网络，其余限制有效 Parsers keep their network here; the limits hold"
            )


async def _parse_probe() -> bool:
    pool = ParserPool(Limits())
    await pool.start()
    try:
        await pool.parse(Path(__file__), "probe.txt")
        return pool.filtered
    finally:
        await pool.close()


def _model(settings: Settings) -> Iterator[Finding]:
    if settings.llm.url:
        yield Finding("ok", f"模型 Model {settings.llm.model} @ {settings.llm.url}")
    else:
        yield Finding(
            "note", "未配置模型：回答由素材原句摘取 No model: answers are extracted from the material (WENSHU_LLM_URL)"
        )


def _embedder(settings: Settings) -> Iterator[Finding]:
    embedding = settings.embedding
    if not embedding.url:
        yield Finding("note", "未配置向量模型：按词语检索 No embedder: search goes by words (WENSHU_EMBEDDING_URL)")
        return
    if not embedding.model:
        return  # told with the settings
    at = f"{embedding.model} @ {embedding.url}"
    try:
        dimension = asyncio.run(_embed_probe(settings))
    except ModelUnavailable as error:
        status = f"（HTTP {error.status}）" if error.status else ""
        yield Finding("bad", f"向量模型不可用 The embedder does not work: {at}：{error.message}{status}")
    except ValueError:
        return  # told with the settings
    else:
        yield Finding("ok", f"向量模型可用 The embedder works: {at}，{dimension} 维 dimensions")


async def _embed_probe(settings: Settings) -> int:
    """The length of a vector; 0 where no embedder is set."""
    asked = embedder(settings)
    if asked is None:
        return 0
    try:
        return len((await asked.embed(["文枢"]))[0])
    finally:
        await asked.close()
