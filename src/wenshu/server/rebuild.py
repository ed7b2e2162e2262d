"""Rebuilding the index of a home from the command line, beside its server or without one."""

from collections.abc import AsyncIterator

from wenshu.core.database.engine import open_database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.port import IndexUnusable
from wenshu.core.settings import Settings
from wenshu.knowledge.reindex import Progress
from wenshu.server.compose import Misconfigured, embedder
from wenshu.server.home import Home
from wenshu.server.library import accept, library_to_rebuild


async def rebuild(settings: Settings, tenant: str) -> AsyncIterator[Progress]:
    """Rebuild all material, or one tenant's. Raises Misconfigured where that cannot be done."""
    home = Home(settings.home)
    if not settings.database.url.get_secret_value() and not home.database.exists():
        raise Misconfigured(f"数据目录里没有数据库 There is no database in the data folder: {home.path}")
    database = open_database(settings.database, home.database)
    try:
        await database.migrate()
        async with library_to_rebuild(settings, home, database, embedder(settings)) as rebuilding:
            if not rebuilding.fits and tenant:
                raise Misconfigured("索引或向量模型已更换，须重建全部（不带 --tenant）。Rebuild all, without --tenant.")
            if not rebuilding.fits and home.running() is not None:
                raise Misconfigured("索引或向量模型已更换，请先停止服务器。Stop the server: it uses the former index.")
            async for progress in rebuilding.library.reindexer.run(Scope(tenant) if tenant else EVERYTHING):
                yield progress
            if not tenant:
                await accept(settings, home, database, rebuilding)
    except IndexUnusable as error:
        raise Misconfigured(str(error)) from error
    finally:
        await database.close()
