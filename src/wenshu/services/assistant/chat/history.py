"""History: the messages of a session, each answer behind its question, the newest version of it with a list of all."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, func, select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock
from wenshu.kit.errors import NotFound
from wenshu.services.assistant.chat.schemas import Feedback, Message, SourceDocument, Version
from wenshu.services.assistant.chat.sessions import SessionRef, live
from wenshu.services.assistant.chat.tables import messages
from wenshu.services.assistant.parts import Assistant
from wenshu.services.assistant.views import Nearest, nearest_view

_place = func.coalesce(messages.c.question_key, messages.c.id)
"""Where a message stands: an answer given anew, or late, stands behind its question all the same."""


async def history(parts: Assistant, ref: SessionRef, limit: int) -> list[Message]:
    """The newest ``limit`` messages, the oldest of them first; links to own files are signed anew."""
    async with parts.database.read(ref.scope) as tx:
        session = await live(tx, ref)
        rows = await newest_messages(tx, session.id, limit)
        answers = await _answers(tx, session.id, [row.question_key for row in rows if row.question_key])
    return [_message(parts, session, row, answers.get(row.question_key, ())) for row in rows]


async def message(parts: Assistant, ref: SessionRef, message_id: int) -> Message:
    """One message, an older version of an answer too. Raises NotFound."""
    async with parts.database.read(ref.scope) as tx:
        session = await live(tx, ref)
        row = await one_message(tx, session.id, message_id)
        answers = await _answers(tx, session.id, [row.question_key] if row.question_key else [])
    return _message(parts, session, row, answers.get(row.question_key, ()))


async def one_message(tx: Transaction, session_key: int, message_id: int) -> Row[Any]:
    """A finished message of the session, which was found in the caller's scope. Raises NotFound."""
    finished = messages.c.id == message_id, messages.c.session_key == session_key, ~messages.c.is_pending
    row = await tx.first(select(messages).where(*finished, EVERYTHING.sees(messages)))
    if row is None:
        raise NotFound("消息不存在")
    return row


async def newest_messages(
    tx: Transaction, session_key: int, limit: int, *, before: int | None = None
) -> Sequence[Row[Any]]:
    """A session's newest finished messages, the oldest of them first, of each answer the newest version.

    ``before`` is a question: then those before it. The session was found in the caller's scope.
    """
    shown = [messages.c.session_key == session_key, ~messages.c.is_pending, ~messages.c.superseded]
    if before is not None:
        shown.append(_place < before)
    query = select(messages).where(*shown, EVERYTHING.sees(messages))
    return (await tx.all(query.order_by(_place.desc(), messages.c.id.desc()).limit(limit)))[::-1]


async def _answers(tx: Transaction, session_key: int, questions: Iterable[int]) -> dict[int, list[Row[Any]]]:
    """All finished answers to each of these questions, the oldest first."""
    wanted = messages.c.session_key == session_key, messages.c.question_key.in_(questions), ~messages.c.is_pending
    columns = messages.c.question_key, messages.c.id, messages.c.created_at, messages.c.stopped
    found: dict[int, list[Row[Any]]] = {}
    for row in await tx.all(select(*columns).where(*wanted, EVERYTHING.sees(messages)).order_by(messages.c.id)):
        found.setdefault(row.question_key, []).append(row)
    return found


def _message(parts: Assistant, session: Row[Any], row: Row[Any], answers: Sequence[Row[Any]]) -> Message:
    zone, links = parts.zone, parts.files.links
    return Message(
        id=row.id,
        session_id=session.session_id,
        user_id=session.user_id,
        role=row.role,
        content=row.content,
        sources=None
        if row.sources is None
        else [SourceDocument(name=s["name"], url=links.signed(s["url"])) for s in row.sources],
        suggested_questions=row.suggested_questions,
        citations=None if row.citations is None else [{**c, "url": links.signed(c["url"])} for c in row.citations],
        notices=row.notices,
        searched_for=row.searched,
        nearest=Nearest.model_validate(shown) if (shown := nearest_view(row.nearest, links)) else None,
        created_at=clock.local_text(row.created_at, zone),
        stopped=row.stopped,
        feedback=Feedback(rating=row.rating, comment=row.comment or "") if row.rating or row.comment else None,
        versions=[
            Version(id=answer.id, created_at=clock.local_text(answer.created_at, zone), stopped=answer.stopped)
            for answer in answers
        ]
        if row.role == "assistant"
        else None,
    )
