"""Preparing a home before anything is served: what is wrong with it is told in words, not in a stack trace."""

import asyncio

from sqlalchemy.exc import DatabaseError, OperationalError

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.settings import Settings
from wenshu.core.storage.links import load_secret
from wenshu.core.storage.store import open_store
from wenshu.server.compose import Misconfigured
from wenshu.server.home import Home


def own(home: Home) -> None:
    """Make the folder and own it. Raises HomeInUse, and Misconfigured where it cannot be used."""
    try:
        home.acquire()
        home.clear_temporary()
    except OSError as error:
        raise Misconfigured(
            f"数据目录无法使用 The data folder cannot be used: {home.path} ({error.strerror})"
        ) from error


def prepare(settings: Settings, home: Home) -> None:
    """Make the signing key and the store, and bring the schema to the newest form. Raises Misconfigured."""
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
    try:
        asyncio.run(_migrate(settings.database.url.get_secret_value() or sqlite_url(home.database)))
    except OperationalError as error:
        raise Misconfigured(f"数据库无法打开 The database cannot be opened: {home.database} ({error.orig})") from error
    except DatabaseError as error:
        raise Misconfigured(f"数据库文件已损坏 The database file is damaged: {home.database} ({error.orig})") from error


async def _migrate(url: str) -> None:
    database = Database(url)
    try:
        await database.migrate()
    finally:
        await database.close()
