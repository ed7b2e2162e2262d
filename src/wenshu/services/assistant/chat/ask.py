"""Ask: a question is accepted in one transaction, answered in a task of its own, its answer stored before it is told.

A turn that was cut short stands in ``chat_turns`` as ``answering`` with the process that answered it: see ``recovery``.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from wenshu.core.database.engine import DatabaseUnavailable, Transaction
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import InternalError, NotFound, Unavailable, WenshuError
from wenshu.kit.ids import new_id
from wenshu.knowledge.reply import Exchange, Reply, ReplyRequest
from wenshu.knowledge.telling import Telling
from wenshu.services.assistant.chat.history import newest_messages
from wenshu.services.assistant.chat.measure import Stopwatch
from wenshu.services.assistant.chat.running import RunningTurn
from wenshu.services.assistant.chat.schemas import Answered, Ask
from wenshu.services.assistant.chat.sessions import UNTITLED, held_session, insert_session
from wenshu.services.assistant.chat.tables import messages, sessions, turns
from wenshu.services.assistant.chat.uploads import uploaded_texts
from wenshu.services.assistant.parts import Assistant
from wenshu.services.assistant.views import nearest_view

_TITLE = 30
HISTORY = 6
"""How many earlier messages a question is understood by."""
_LOOK_SECONDS = 0.3
"""How often the end of an answer is looked for that another process gives."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer to give: where it belongs, and what giving it takes."""

    stream_id: str
    session_id: str
    session_key: int
    question_key: int
    answer_key: int
    scope: Scope
    request: ReplyRequest


async def ask(parts: Assistant, scope: Scope, asked: Ask) -> RunningTurn:
    """Accept the question and begin to answer it.

    Raises NotFound for another owner's or a deleted session and for a file that is not the caller's, ParseFailed for a
    file without text.
    """
    request = ReplyRequest(
        question=asked.question,
        mode=asked.chat_mode,
        theme=asked.theme or "",
        use_library=asked.use_vector_db,
        limit=asked.limit or parts.settings.search.limit,
        uploads=await uploaded_texts(parts, scope, asked.uploaded_docs or []),
        wants_external=asked.use_external_resource,
    )
    async with parts.database.write(scope) as tx:
        turn = await _accept(tx, parts, scope, asked, request)
    return begin(parts, turn)


async def resume(parts: Assistant, scope: Scope, stream_id: str) -> RunningTurn:
    """The answer of this stream, running here or in another process, or stored.

    Raises NotFound, also outside the scope.
    """
    ended = await _ended(parts, scope, stream_id)
    running = parts.running.get(stream_id)
    if running is not None and not running.cut_short:
        return running
    if ended is None and parts.database.shared:
        return parts.running.watch(stream_id, partial(_look_for_end, parts, scope))
    turn = RunningTurn(stream_id)
    turn.say(ended or Unavailable("回答尚未完成，请稍后重试"), last=True)
    return turn


async def _look_for_end(parts: Assistant, scope: Scope, turn: RunningTurn) -> None:
    """Tell the end of an answer that another process gives, or takes over from one that died."""
    while (ended := await _ended(parts, scope, turn.stream_id)) is None:  # noqa: ASYNC110 (the event is in another process)
        await asyncio.sleep(_LOOK_SECONDS)
    turn.say(ended, last=True)


async def _ended(parts: Assistant, scope: Scope, stream_id: str) -> Mapping[str, Any] | WenshuError | None:
    """The last event of a stream as it is stored, None while it is being answered. Raises NotFound."""
    async with parts.database.read(scope) as tx:
        joined = turns.join(sessions, sessions.c.id == turns.c.session_key).outerjoin(
            messages, messages.c.id == turns.c.answer_key
        )
        wanted = select(turns.c.state, sessions.c.session_id, messages).select_from(joined)
        row = await tx.first(wanted.where(turns.c.stream_id == stream_id, scope.sees(turns)))
    if row is None:
        raise NotFound("回答不存在")
    if row.state == "answering":
        return None
    if row.state != "answered":
        return InternalError("回答生成失败")
    told = (row.content, row.citations, row.sources, row.suggested_questions, row.notices, row.searched or "")
    reply = Reply(*told, stopped=row.stopped, nearest=row.nearest or [])
    return _last(parts, row.session_id, row.id, stream_id, reply)


def answered(data: Mapping[str, Any]) -> Answered:
    """The last event of a stream as the answer of a call that does not stream."""
    return Answered.model_validate({**data, "answer": data["content"]})


async def _accept(tx: Transaction, parts: Assistant, scope: Scope, asked: Ask, request: ReplyRequest) -> Turn:
    session_id = asked.session_id or new_id()
    title = asked.question[:_TITLE]
    row = await held_session(tx, parts.beside(scope), session_id)
    if row is None:
        key, owner, earlier = await insert_session(tx, scope, asked.user_id, session_id, title), scope, ()
    else:
        if not scope.owns(row.tenant_code, row.org_code) or row.user_id != asked.user_id or row.is_deleted:
            raise NotFound("会话不存在")
        # A session keeps to its own scope, also where the caller may see more.
        key, owner = row.id, Scope(row.tenant_code, row.org_code or None)
        earlier = await newest_messages(tx, key, HISTORY)
        changed = {"updated_at": clock.now(), "title": title if row.title == UNTITLED else row.title}
        await tx.run(update(sessions).where(sessions.c.id == key, scope.sees(sessions)).values(**changed))
        # Only the last answer can be given again: what earlier questions brought along has done its part.
        brought = update(turns).where(turns.c.session_key == key, turns.c.state != "answering", scope.sees(turns))
        await tx.run(brought.values(uploads=None))
    question_key = await _insert_message(tx, owner, key, "user", asked.question)
    place = session_id, key, question_key
    return await open_turn(tx, parts, owner, place, request.after(exchanges(earlier)))


def exchanges(earlier: Sequence[Row[Any]]) -> list[Exchange]:
    """Messages as the conversation before a question."""
    return [Exchange(message.role, message.content, message.searched or "") for message in earlier]


async def open_turn(
    tx: Transaction, parts: Assistant, owner: Scope, place: tuple[str, int, int], request: ReplyRequest
) -> Turn:
    """An answer's place and its turn; ``place`` is the session's id, its key and the question's."""
    session_id, session_key, question_key = place
    answer_key = await _insert_message(tx, owner, session_key, "assistant", "", answers=question_key)
    stream_id = new_id()
    plain = asdict(request)
    record = {"session_key": session_key, "question_key": question_key, "answer_key": answer_key, "attempts": 1}
    stored = {**record, "stream_id": stream_id, "state": "answering", "uploads": plain.pop("uploads"), "request": plain}
    stored |= {"process_id": parts.process.id, "created_at": clock.now()}
    await tx.run(insert(turns).values(**stored, **owner.stamp()))
    return Turn(stream_id, session_id, session_key, question_key, answer_key, owner, request)


async def _insert_message(
    tx: Transaction, owner: Scope, session_key: int, role: str, content: str, *, answers: int | None = None
) -> int:
    row = {"session_key": session_key, "role": role, "content": content, "question_key": answers}
    stored = {**row, "is_pending": answers is not None, "created_at": clock.now(), **owner.stamp()}
    return await tx.insert(insert(messages).values(stored))


def begin(parts: Assistant, turn: Turn) -> RunningTurn:
    """Answer in a task of its own."""
    return parts.running.start(turn.stream_id, partial(_answer, parts, turn))


async def _answer(parts: Assistant, turn: Turn, running: RunningTurn) -> None:
    head = {"session_id": turn.session_id, "message_id": turn.answer_key, "stream_id": turn.stream_id}

    watch = Stopwatch(turn.request.mode)

    def say(piece: str) -> None:
        watch.heard(piece)
        running.say({**head, "content": piece, "done": False})

    # At once, so that a reader who loses the connection before a slow model's first word can still take the stream up.
    say("")
    telling = Telling(say)
    try:
        with watch.running():
            reply = await _replied(parts, turn, running, telling)
            await store(parts, turn, reply)
            watch.judge(reply, telling)
    except DatabaseUnavailable:
        # The turn stays open: it is answered again once the database is back.
        parts.running.left_open.add(turn.stream_id)
        raise
    running.say(_last(parts, turn.session_id, turn.answer_key, turn.stream_id, reply), last=True)


async def _replied(parts: Assistant, turn: Turn, running: RunningTurn, telling: Telling) -> Reply:
    try:
        reply = await running.unless_stopped(parts.replier.reply(turn.scope, turn.request, telling))
    except DatabaseUnavailable:
        raise
    except Exception:
        # Whatever broke would break again: the turn is closed, and the task above tells the reader and the log.
        await give_up(parts, turn)
        raise
    return reply or Reply.cut_short(telling)


async def store(parts: Assistant, turn: Turn, reply: Reply) -> None:
    """Store the answer and close its turn. Raises Unavailable where another process took the turn over."""
    now = clock.now()
    values = {
        "content": reply.text,
        "citations": reply.citations,
        "sources": reply.sources,
        "suggested_questions": reply.suggestions,
        "notices": reply.notices,
        "nearest": reply.nearest,
        "stopped": reply.stopped,
        "searched": reply.searched,
        "is_pending": False,
        "created_at": now,
    }
    scope = turn.scope
    others = messages.c.question_key == turn.question_key, messages.c.id != turn.answer_key, ~messages.c.is_pending
    async with parts.database.write(scope) as tx:
        await _close(tx, parts, turn, state="answered", request=_without_texts(turn.request))
        await tx.run(update(messages).where(messages.c.id == turn.answer_key, scope.sees(messages)).values(**values))
        await tx.run(update(messages).where(*others, scope.sees(messages)).values(superseded=True))
        await tx.run(
            update(sessions).where(sessions.c.id == turn.session_key, scope.sees(sessions)).values(updated_at=now)
        )


def _without_texts(request: ReplyRequest) -> dict[str, Any]:
    """How an answer was asked for: the conversation stands in the messages, the uploads in their own column."""
    plain = asdict(replace(request, uploads=(), history=()))
    return {name: value for name, value in plain.items() if name not in {"uploads", "history"}}


async def give_up(parts: Assistant, turn: Turn) -> None:
    """Close a turn without an answer; its question stays in the session."""
    scope = turn.scope
    async with parts.database.write(scope) as tx:
        await _close(tx, parts, turn, state="failed", request=_without_texts(turn.request), answer_key=None)
        await tx.run(delete(messages).where(messages.c.id == turn.answer_key, scope.sees(messages)))


async def _close(tx: Transaction, parts: Assistant, turn: Turn, **values: Any) -> None:  # noqa: ANN401 (column values)
    """Close the turn first of all: a process that slept and was taken for dead finds it in other hands."""
    ours = update(turns).where(turns.c.stream_id == turn.stream_id, turn.scope.sees(turns))
    still = turns.c.process_id == parts.process.id, turns.c.state == "answering"
    if not await tx.run(ours.where(*still).values(**values)):
        raise Unavailable("回答已由另一进程接手，请续接")


def _last(parts: Assistant, session_id: str, message_id: int, stream_id: str, reply: Reply) -> dict[str, Any]:
    links = parts.files.links
    documents = [{**source, "url": links.signed(source["url"])} for source in reply.sources]
    return {
        "session_id": session_id,
        "message_id": message_id,
        "stream_id": stream_id,
        "content": reply.text,
        "sources": {"count": len(documents), "documents": documents},
        "suggested_questions": reply.suggestions,
        "citations": [{**citation, "url": links.signed(citation["url"])} for citation in reply.citations],
        "notices": reply.notices,
        "stopped": reply.stopped,
        "searched_for": reply.searched,
        "nearest": nearest_view(reply.nearest, links),
        "done": True,
    }
