"""Preparing a home before anything is served: what is wrong with it is told in words, not in a stack trace."""

import asyncio

from sqlalchemy.exc import DatabaseError, OperationalError

from wenshu.core.database.engine import Database, DatabaseUnavailable, driver_words, open_database
from wenshu.core.database.examine import examine
from wenshu.core.index.port import IndexUnusable
from wenshu.core.settings import Settings
from wenshu.core.storage.links import load_secret
from wenshu.core.storage.store import open_store
from wenshu.server.compose import Misconfigured, embedder
from wenshu.server.home import Home
from wenshu.server.library import library
from wenshu.server.move import notes

_UNFINISHED: dict[notes.Command, str] = {
    "move": "搬迁未完成，请重新运行 wenshu move an unfinished move fills it: run wenshu move again",
    "restore": "恢复未完成，请重新运行 wenshu restore an unfinished restore fills it: run wenshu restore again",
}


def own(home: Home) -> None:
    """Make the folder and own it. Raises HomeInUse, and Misconfigured where it cannot be used."""
    if home.restoring.exists():
        raise Misconfigured(
            f"数据目录尚未恢复完整，请重新运行 wenshu restore：{home.path}\n"
            "An unfinished restore fills the data folder: run wenshu restore again."
        )
    try:
        home.acquire()
        home.clear_temporary()
    except OSError as error:
        raise Misconfigured(
            f"数据目录无法使用 The data folder cannot be used: {home.path} ({error.strerror})"
        ) from error


def prepare(settings: Settings, home: Home) -> None:
    """Make the signing key and the store, bring the schema to the newest form, try the index. Raises Misconfigured."""
    try:
        load_secret(settings.storage, home.secret)
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"签名密钥无法读取：{home.secret}。从备份恢复它，或删除它（已发出的文件链接将失效）。"
            f"The signing key cannot be read: restore it, or delete it (links given out then end)."
        ) from error
    try:
        open_store(settings.storage, home.path)
    except OSError as error:
        raise Misconfigured(
            f"文件目录无法使用 The store cannot be used: {error.filename} ({error.strerror})"
        ) from error
    database = open_database(settings.database, home.database)
    try:
        faults = asyncio.run(_open(settings, home, database))
    except DatabaseUnavailable as error:
        raise Misconfigured(
            f"数据库无法连接 The database cannot be reached: {database.place} ({error.reason})"
        ) from error
    except IndexUnusable as error:
        raise Misconfigured(str(error)) from error
    except OperationalError as error:
        raise Misconfigured(f"数据库无法打开 The database cannot be opened: {database.place} ({error.orig})") from error
    except DatabaseError as error:
        state = "无法使用 cannot be used" if database.shared else "文件已损坏 file is damaged"
        raise Misconfigured(f"数据库{state} Database: {database.place} ({driver_words(error)})") from error
    if faults:
        raise Misconfigured("\n".join(f"数据库 Database {database.place}：{fault}" for fault in faults))


async def _open(settings: Settings, home: Home, database: Database) -> list[str]:
    """What is wrong with the database; nothing was changed then."""
    try:
        _, faults = await examine(database)
        if database.shared and (command := await notes.under_way(database)):
            faults.append(_UNFINISHED[command])
        if not faults:
            await database.migrate()
            async with library(settings, home, database, embedder(settings)):
                pass
        return faults
    finally:
        await database.close()
