"""Stop: an answer ends now and keeps what was said, whichever process gives it.

The wish stands in the turn's row: a crash cannot lose it, and the process that answers looks for it.
"""

import asyncio

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from wenshu.core.database.engine import DatabaseUnavailable
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit.errors import NotFound
from wenshu.services.assistant.chat.tables import turns
from wenshu.services.assistant.parts import Assistant

log = structlog.get_logger()
_LOOK_SECONDS = 0.5
_WAIT_LOOKS = 40
_WAIT_SECONDS = 0.1


async def stop(parts: Assistant, scope: Scope, stream_id: str) -> None:
    """End the answer; one that has ended stays as it is. Raises NotFound.

    Returns once the answer is stored, or after four seconds where the process that gives it does not respond.
    """
    meant = turns.c.stream_id == stream_id
    async with parts.database.write(scope) as tx:
        if await tx.value(select(turns.c.stream_id).where(meant, scope.sees(turns))) is None:
            raise NotFound("回答不存在")
        open_ = update(turns).where(meant, turns.c.state == "answering", scope.sees(turns))
        if not await tx.run(open_.values(stop_requested=True)):
            return
    running = parts.running.get(stream_id)
    if running is not None:
        running.stop()
        await running.ended()
        return
    for _ in range(_WAIT_LOOKS):
        await asyncio.sleep(_WAIT_SECONDS)
        async with parts.database.read(scope) as tx:
            if await tx.value(select(turns.c.state).where(meant, scope.sees(turns))) != "answering":
                return


async def watch_stops(parts: Assistant) -> None:
    """Carry out the stops that another process was asked for; to be cancelled at the server's end."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        running = {turn.stream_id: turn for turn in parts.running.open()}
        if not running:
            continue
        wished = select(turns.c.stream_id).where(
            turns.c.stream_id.in_(running), turns.c.stop_requested, EVERYTHING.sees(turns)
        )
        try:
            async with parts.database.read(EVERYTHING) as tx:
                rows = await tx.all(wished)
        except (DatabaseUnavailable, SQLAlchemyError, OSError):
            log.warning("stops could not be looked for", exc_info=True)
            continue
        for row in rows:
            running[row.stream_id].stop()
