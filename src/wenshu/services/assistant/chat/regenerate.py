"""Regenerate: the last question of a session is answered once more; the earlier answers stay as versions."""

from typing import Any

from sqlalchemy import Row, func, select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict
from wenshu.knowledge.reply import ReplyRequest
from wenshu.services.assistant.chat.ask import HISTORY, begin, exchanges, open_turn
from wenshu.services.assistant.chat.history import newest_messages, one_message
from wenshu.services.assistant.chat.running import RunningTurn
from wenshu.services.assistant.chat.sessions import SessionRef, change, live
from wenshu.services.assistant.chat.tables import messages, turns
from wenshu.services.assistant.parts import Assistant

MOST_VERSIONS = 20


async def regenerate(parts: Assistant, ref: SessionRef, message_id: int) -> RunningTurn:
    """Answer again what ``message_id`` answers (or asks, where its answer failed); the newest version once it stands.

    Raises NotFound, and Conflict unless it belongs to the session's last question and that is not being answered.
    """
    async with parts.database.write(ref.scope) as tx:
        await change(tx, ref, updated_at=clock.now())
        session = await live(tx, ref)
        meant = await one_message(tx, session.id, message_id)
        question = await _last_question(tx, session.id)
        if question is None or question.id not in {meant.id, meant.question_key}:
            raise Conflict("只能重新生成会话的最后一个回答")
        given = await _turns(tx, question.id)
        if any(turn.state == "answering" for turn in given):
            raise Conflict("该问题正在回答，请等待完成或先停止")
        if len(given) >= MOST_VERSIONS:
            raise Conflict(f"同一问题最多保留 {MOST_VERSIONS} 个版本")
        request = _request(parts, question, given)
        earlier = await newest_messages(tx, session.id, HISTORY, before=question.id)
        owner = Scope(session.tenant_code, session.org_code or None)
        place = session.session_id, session.id, question.id
        turn = await open_turn(tx, parts, owner, place, request.after(exchanges(earlier)))
    return begin(parts, turn)


async def _last_question(tx: Transaction, session_key: int) -> Row[Any] | None:
    last = select(func.max(messages.c.id)).where(
        messages.c.session_key == session_key, messages.c.role == "user", EVERYTHING.sees(messages)
    )
    return await tx.first(select(messages).where(messages.c.id == last.scalar_subquery(), EVERYTHING.sees(messages)))


async def _turns(tx: Transaction, question_key: int) -> list[Row[Any]]:
    """All turns of a question, the oldest first."""
    asked = select(turns).where(turns.c.question_key == question_key, EVERYTHING.sees(turns))
    return list(await tx.all(asked.order_by(turns.c.created_at)))


def _request(parts: Assistant, question: Row[Any], given: list[Row[Any]]) -> ReplyRequest:
    """How it was asked before; of turns that an older release answered, only mode and theme are known."""
    fallback = {"mode": "general", "theme": "", "use_library": True, "limit": parts.settings.search.limit}
    last = given[-1]
    asked = {**fallback, **last.request, "question": question.content, "uploads": last.uploads or ()}
    return ReplyRequest.from_json({**asked, "history": (), "variant": len(given)})
