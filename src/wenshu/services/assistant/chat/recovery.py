"""Recovery: questions whose process died, stopped or lost the database are answered by one that is there."""

import asyncio

import structlog
from sqlalchemy import and_, false, or_, select, update

from wenshu.core.database.processes import absent
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.knowledge.reply import Reply, ReplyRequest
from wenshu.knowledge.telling import Telling
from wenshu.services.assistant.chat.ask import Turn, begin, give_up, store
from wenshu.services.assistant.chat.tables import sessions, turns
from wenshu.services.assistant.parts import Assistant

log = structlog.get_logger()
_LOOK_SECONDS = 5.0
_MOST_ATTEMPTS = 5


async def recover(parts: Assistant, *, judge: bool = True) -> int:
    """Answer again what stands unanswered, by whatever fault; how many there are.

    With ``judge`` that is also what dead processes left behind, else only what the database did not take from this one.
    """
    async with parts.database.write(EVERYTHING, lock=("recover turns",)) as tx:
        ours = and_(turns.c.process_id == parts.process.id, turns.c.stream_id.in_(parts.running.left_open))
        theirs = absent(tx, turns.c.process_id) if judge else false()
        is_open = and_(turns.c.state == "answering", or_(ours, theirs), EVERYTHING.sees(turns))
        joined = turns.join(sessions, sessions.c.id == turns.c.session_key)
        found = select(turns, sessions.c.session_id).select_from(joined).where(is_open)
        rows = await tx.all(found.with_for_update(of=turns))
        # Counted before the attempt: a question that brings the process down must not do so for ever.
        taken = {"attempts": turns.c.attempts + 1, "process_id": parts.process.id}
        await tx.run(update(turns).where(is_open).values(taken))
    # What this process took and cannot close just now is its own to try again.
    parts.running.left_open.update(row.stream_id for row in rows)
    for row in rows:
        scope = Scope(row.tenant_code, row.org_code or None)
        request = ReplyRequest.from_json({"uploads": row.uploads or (), **row.request})
        turn = Turn(row.stream_id, row.session_id, row.session_key, row.question_key, row.answer_key, scope, request)
        if row.stop_requested:
            await store(parts, turn, Reply.cut_short(Telling(_unheard)))
        elif row.attempts >= _MOST_ATTEMPTS:
            log.error("turn given up", stream_id=row.stream_id, attempts=row.attempts)
            await give_up(parts, turn)
        else:
            begin(parts, turn)
        parts.running.left_open.discard(row.stream_id)
    return len(rows)


async def keep_recovering(parts: Assistant) -> None:
    """Answer what other processes leave behind, and what the database did not take, until cancelled."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        judge = parts.process.steady
        if judge or parts.running.left_open:
            try:
                await recover(parts, judge=judge)
            except Exception as error:  # noqa: BLE001 (the next look tries again; the server goes on meanwhile)
                log.warning("open questions wait", error=str(error))


def _unheard(piece: str) -> None:
    """Nobody follows this answer."""
