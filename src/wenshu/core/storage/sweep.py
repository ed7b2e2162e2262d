"""The sweep: removes what uploads that never ended left behind."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.storage.objects import Objects
from wenshu.core.storage.tables import files
from wenshu.kit import clock

GRACE = timedelta(hours=1)
"""An upload that is not settled after this is dead, or is told that it was too slow."""

_EVERY = timedelta(hours=1)
_BATCH = 100

log = structlog.get_logger()


async def sweep(database: Database, objects: Objects, older_than: timedelta = GRACE) -> int:
    """Remove the objects, whole or in parts, of uploads that began before and never settled; how many there were.

    It goes by the rows, never by what lies in the store: a bucket that is shared by mistake, or a database restored
    from a backup, loses nothing. A row is marked before its object goes and removed after, so that any number of
    processes may sweep, be killed at it, and meet an upload that settles just now: either it is marked or it is kept.
    Raises StorageUnavailable; what is marked is removed by the next sweep.
    """
    async with database.write(EVERYTHING) as tx:
        dead = (files.c.state == "writing", files.c.created_at < clock.now() - older_than, tx.scope.sees(files))
        await tx.run(update(files).where(*dead).values(state="removing"))
    removed = 0
    while marked := await _marked(database):
        for file_id in marked:
            await objects.delete(file_id)
        async with database.write(EVERYTHING) as tx:
            gone = (files.c.id.in_(marked), files.c.state == "removing", tx.scope.sees(files))
            removed += await tx.run(delete(files).where(*gone))
    if removed:
        log.info("swept", files=removed)
    return removed


async def sweep_for_ever(database: Database, objects: Objects) -> None:
    """Sweep now and every hour, until cancelled."""
    while True:
        try:
            await sweep(database, objects)
        except Exception as error:  # noqa: BLE001 (the next one tries again; no server ends over what is left behind)
            log.warning("not swept", error=str(error))
        await asyncio.sleep(_EVERY.total_seconds())


async def _marked(database: Database) -> Sequence[str]:
    async with database.read(EVERYTHING) as tx:
        query = select(files.c.id).where(files.c.state == "removing", tx.scope.sees(files)).limit(_BATCH)
        return [row.id for row in await tx.all(query)]
