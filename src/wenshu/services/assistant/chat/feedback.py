"""Feedback: what readers think of answers, kept with them and listed for whoever looks after the material."""

from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, select, update

from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import InvalidInput
from wenshu.services.assistant.chat.history import one_message
from wenshu.services.assistant.chat.schemas import Rate, RatedAnswer, RatedAnswers, SourceDocument
from wenshu.services.assistant.chat.sessions import SessionRef, live
from wenshu.services.assistant.chat.tables import messages, sessions
from wenshu.services.assistant.parts import Assistant


async def rate(parts: Assistant, ref: SessionRef, message_id: int, said: Rate) -> None:
    """Keep what the reader thinks of an answer, in place of what was thought before.

    Raises NotFound, and InvalidInput where the message is a question.
    """
    async with parts.database.write(ref.scope) as tx:
        session = await live(tx, ref)
        message = await one_message(tx, session.id, message_id)
        if message.role != "assistant":
            raise InvalidInput("只能评价回答", field="message_id")
        kept = {"rating": said.rating, "comment": said.comment or None}
        rated_at = clock.now() if any(kept.values()) else None
        answer = update(messages).where(messages.c.id == message.id, EVERYTHING.sees(messages))
        await tx.run(answer.values(**kept, rated_at=rated_at))


async def rated(
    parts: Assistant, scope: Scope, rating: Literal["up", "down"] | None, page: int, size: int
) -> RatedAnswers:
    """The rated answers of the scope's live sessions, the last rated first."""
    question = messages.alias("questions")
    columns = messages, question.c.content.label("question"), sessions.c.session_id, sessions.c.user_id
    chosen = _chosen(select(*columns), scope, rating).outerjoin(question, question.c.id == messages.c.question_key)
    counted = _chosen(select(func.count()).select_from(messages), scope, rating)
    async with parts.database.read(scope) as tx:
        total = await tx.value(counted)
        newest = chosen.order_by(messages.c.rated_at.desc(), messages.c.id.desc())
        rows = await tx.all(newest.limit(size).offset((page - 1) * size))
    zone = parts.zone
    items = [_answer(parts, row, zone) for row in rows]
    return RatedAnswers(items=items, page=page, size=size, total=total)


def _chosen(query: Select[Any], scope: Scope, rating: str | None) -> Select[Any]:
    wanted = [messages.c.rated_at.is_not(None), ~sessions.c.is_deleted, scope.sees(messages)]
    if rating is not None:
        wanted.append(messages.c.rating == rating)
    return query.join(sessions, sessions.c.id == messages.c.session_key).where(*wanted)


def _answer(parts: Assistant, row: Row[Any], zone: ZoneInfo) -> RatedAnswer:
    links = parts.files.links
    return RatedAnswer(
        rating=row.rating,
        comment=row.comment or "",
        session_id=row.session_id,
        user_id=row.user_id,
        message_id=row.id,
        question=row.question or "",
        answer=row.content,
        sources=[SourceDocument(name=s["name"], url=links.signed(s["url"])) for s in row.sources or ()],
        notices=row.notices or [],
        tenant_code=row.tenant_code,
        org_code=row.org_code,
        answered_at=clock.local_text(row.created_at, zone),
        rated_at=clock.local_text(row.rated_at, zone),
    )
