"""From the command's words to what is moved from where to where."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from wenshu.core.database.engine import Database, DatabaseUnavailable, driver_words, open_database
from wenshu.core.database.examine import examine
from wenshu.core.index.milvus.calls import Server, connect
from wenshu.core.index.port import IndexUnusable
from wenshu.core.settings import DatabaseSettings, Settings
from wenshu.core.storage.errors import StorageUnavailable
from wenshu.core.storage.objects import Objects
from wenshu.core.storage.store import open_store, place
from wenshu.knowledge.reindex import Progress
from wenshu.server.compose import Misconfigured
from wenshu.server.home import Home
from wenshu.server.move.faults import MoveFailed
from wenshu.server.move.move import Reindex
from wenshu.server.rebuild import rebuild


@dataclass(frozen=True, slots=True)
class Plan:
    """An embedded home, and the places that its parts are moved to; None for what stays."""

    home: Home
    file: Path
    """The database."""
    folder: Path
    """The files."""
    database: Database | None
    objects: Objects | None
    reindex: Reindex | None


@asynccontextmanager
async def planned(settings: Settings, *, database: str, storage: str, milvus: str) -> AsyncGenerator[Plan]:
    """The plan for these addresses, empty for what stays, with every target tried. Raises MoveFailed.

    The settings name the home and how a bucket is reached; where they name a bucket themselves, as those of the new
    server do, the home's own folder is moved.
    """
    if milvus and not database:
        raise MoveFailed(
            "素材留在数据目录、只换索引时无需搬迁：设 WENSHU_MILVUS_URI 后运行 wenshu reindex。"
            "To change the index alone, set WENSHU_MILVUS_URI and run wenshu reindex."
        )
    if not (database or storage):
        raise MoveFailed("请用 --database 或 --storage 指定目标。Name a target: --database or --storage.")
    home = Home(settings.home)
    at = place(settings.storage, home.path)
    folder = at if isinstance(at, Path) else home.path / "objects"
    async with AsyncExitStack() as opened:
        objects = target = reindex = None
        if storage:
            objects = _store(settings, storage, home, folder)
            opened.push_async_callback(objects.close)
            await _try(objects, storage)
        if database:
            target = _database(settings, database)
            opened.push_async_callback(target.close)
            await _examine(target)
        if milvus:
            reindex = await _reindex(settings, database, milvus)
        yield Plan(home, home.database, folder, target, objects, reindex)


def _store(settings: Settings, url: str, home: Home, folder: Path) -> Objects:
    named = settings.storage.model_copy(update={"url": url})
    try:
        at = place(named, home.path)
        if isinstance(at, Path) and at.resolve() == folder.resolve():
            raise MoveFailed(f"文件已在该目录中 The files are there already: {folder}")
        return open_store(named, home.path)
    except ValueError as error:
        raise MoveFailed(f"--storage：{error}") from error
    except OSError as error:
        raise MoveFailed(f"--storage：{error.filename} ({error.strerror})") from error


async def _try(objects: Objects, url: str) -> None:
    try:
        await objects.check()
    except StorageUnavailable as error:
        raise MoveFailed(f"--storage {url}：{error.message}（{error.detail}）") from error


async def _reindex(settings: Settings, database: str, uri: str) -> Reindex:
    """Makes the index in Milvus, which is known to answer."""
    milvus = settings.milvus.model_copy(update={"uri": uri})
    named = settings.model_copy(update={"database": _named(settings, database), "milvus": milvus})
    try:
        calls = await connect(Server(uri, milvus.token.get_secret_value(), milvus.timeout_seconds))
    except IndexUnusable as error:
        raise MoveFailed(f"--milvus：{error}") from error
    await calls.close()
    return partial(_rebuilt, named)


async def _rebuilt(settings: Settings) -> AsyncIterator[Progress]:
    try:
        async for progress in rebuild(settings, tenant=""):
            yield progress
    except Misconfigured as error:
        raise MoveFailed(str(error)) from error


def _named(settings: Settings, url: str) -> DatabaseSettings:
    return settings.database.model_copy(update={"url": SecretStr(url)})


def _database(settings: Settings, url: str) -> Database:
    try:
        return open_database(_named(settings, url), Path())
    except ValueError as error:
        raise MoveFailed(f"--database：{error}") from error


async def _examine(target: Database) -> None:
    if not target.shared:
        raise MoveFailed("--database 须是 PostgreSQL：postgresql://用户@主机/库。It must be PostgreSQL.")
    try:
        _, faults = await examine(target)
    except DatabaseUnavailable as error:
        faults = [error.reason]
    except DBAPIError as error:
        faults = [driver_words(error)]
    if faults:
        raise MoveFailed("\n".join(f"--database {target.place}：{fault}" for fault in faults))
