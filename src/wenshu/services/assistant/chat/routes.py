"""``/chat_service/*``: the eleven documented calls, and ours beside them."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Depends, Header, Path, Query
from starlette.responses import Response

from wenshu.core.database.scope import Scope
from wenshu.kit.errors import MissingField
from wenshu.services.assistant.chat import ask as asking
from wenshu.services.assistant.chat import feedback, history, sessions, uploads
from wenshu.services.assistant.chat.regenerate import regenerate
from wenshu.services.assistant.chat.schemas import (
    Again,
    Answered,
    Ask,
    CreateSession,
    GroupedSessions,
    ListLimit,
    Message,
    PageNumber,
    PageSize,
    ParsedFile,
    Rate,
    RatedAnswers,
    Rename,
    Session,
    SessionCreated,
    Uploaded,
    UserId,
)
from wenshu.services.assistant.chat.sessions import SessionRef
from wenshu.services.assistant.chat.source import source
from wenshu.services.assistant.chat.stop import stop
from wenshu.services.assistant.dialect import AssistantDialect
from wenshu.services.assistant.parts import Assistant, Parts
from wenshu.services.assistant.views import SourceView
from wenshu.web.caller import AnyCaller, Code, needs
from wenshu.web.dialect import Said, StreamEvent
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import dialect_router
from wenshu.web.sse import event_stream, opened_stream
from wenshu.web.uploads import MULTIPART_FILES, AnyUpload

dialect = AssistantDialect()
router = dialect_router(dialect, prefix="/chat_service", tag="对话 Chat")


async def _session_ref(
    caller: AnyCaller,
    session_id: Annotated[str, Path(max_length=128)],
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
    user_id: Annotated[str | None, Query(max_length=128)] = None,
) -> SessionRef:
    """A call by session id: the id is the capability; a scope or user that is sent must be the session's."""
    return SessionRef(caller.bearer(tenant_code, org_code), session_id, user_id or None)


Ref = Annotated[SessionRef, Depends(_session_ref)]
MessageId = Annotated[int, Path(ge=1, lt=2**63)]


@router.post("/chat", summary="问答 Ask", response_class=Response, dependencies=[needs("member", recorded=False), ONCE])
async def chat(body: Ask, caller: AnyCaller, parts: Parts) -> Said[Answered] | Response:
    """Streams by default; ``stream: false`` answers at once."""
    scope = caller.scope_of(body)
    if body.stream:
        return await opened_stream(dialect, _asked(parts, scope, body))
    turn = await asking.ask(parts, scope, body)
    return Said("问答成功", asking.answered(await turn.result()))


async def _asked(parts: Assistant, scope: Scope, body: Ask) -> AsyncIterator[StreamEvent]:
    return (await asking.ask(parts, scope, body)).follow()


@router.get("/stream/{stream_id}", summary="续接流 Take a stream up again")
async def stream(
    stream_id: Annotated[str, Path(max_length=128)],
    caller: AnyCaller,
    parts: Parts,
    last_event_id: Annotated[int, Header(ge=0, le=2**31)] = 0,
) -> Response:
    """The events after ``Last-Event-ID``; of an answer that ended long ago, the last event."""
    turn = await asking.resume(parts, caller.bearer(None, None), stream_id)
    return event_stream(dialect, turn.follow(last_event_id))


@router.post("/stream/{stream_id}/stop", summary="停止回答 Stop an answer", dependencies=[needs("member")])
async def stop_stream(stream_id: Annotated[str, Path(max_length=128)], caller: AnyCaller, parts: Parts) -> Said[str]:
    """It ends now and keeps what was said; one that has ended stays as it is."""
    await stop(parts, caller.bearer(None, None), stream_id)
    return Said("已停止", "")


@router.get("/sessions", summary="会话列表 List sessions")
async def list_sessions(
    caller: AnyCaller,
    parts: Parts,
    user_id: Annotated[UserId, Query()],
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
    limit: Annotated[ListLimit, Query()] = 50,
) -> Said[list[Session]]:
    """A user's live sessions, the last changed first."""
    scope = caller.scope(tenant_code, org_code)
    return Said("获取会话列表成功", await sessions.newest(parts, scope, user_id, limit))


@router.get("/sessions_format", summary="按日期分组的会话列表 List sessions by day")
async def list_sessions_by_day(
    caller: AnyCaller,
    parts: Parts,
    user_id: Annotated[UserId, Query()],
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
    limit: Annotated[ListLimit, Query()] = 100,
) -> Said[GroupedSessions]:
    """Today, yesterday, and the five days before."""
    scope = caller.scope(tenant_code, org_code)
    return Said("获取格式化会话列表成功", await sessions.grouped(parts, scope, user_id, limit))


@router.post("/session", summary="创建会话 Create a session", dependencies=[needs("member"), ONCE])
async def create_session(body: CreateSession, caller: AnyCaller, parts: Parts) -> Said[SessionCreated]:
    """With the caller's id or one of ours."""
    scope = caller.scope_of(body)
    session_id = await sessions.create(parts, scope, body.user_id, body.session_id, body.title)
    return Said("创建会话成功", SessionCreated(session_id=session_id))


@router.get("/session/{session_id}", summary="会话详情 A session")
async def get_session(ref: Ref, parts: Parts) -> Said[Session]:
    """One live session."""
    return Said("获取会话成功", await sessions.detail(parts, ref))


@router.get("/session/{session_id}/messages", summary="消息历史 A session's messages")
async def list_messages(ref: Ref, parts: Parts, limit: Annotated[ListLimit, Query()] = 100) -> Said[list[Message]]:
    """The newest ``limit``, the oldest of them first."""
    return Said("获取消息历史成功", await history.history(parts, ref, limit))


@router.get("/session/{session_id}/messages/{message_id}", summary="一条消息 A message")
async def get_message(ref: Ref, message_id: MessageId, parts: Parts) -> Said[Message]:
    """Any message of the session, older versions of an answer too."""
    return Said("获取消息成功", await history.message(parts, ref, message_id))


@router.post(
    "/session/{session_id}/messages/{message_id}/regenerate",
    summary="重新生成回答 Answer again",
    response_class=Response,
    dependencies=[needs("member", recorded=False), ONCE],
)
async def answer_again(body: Again, ref: Ref, message_id: MessageId, parts: Parts) -> Said[Answered] | Response:
    """A new version of the session's last answer; streams by default, as ``/chat``."""
    turn = await regenerate(parts, ref, message_id)
    if body.stream:
        return event_stream(dialect, turn.follow())
    return Said("问答成功", asking.answered(await turn.result()))


@router.post(
    "/session/{session_id}/messages/{message_id}/feedback",
    summary="评价回答 Rate an answer",
    dependencies=[needs("member")],
)
async def rate_answer(body: Rate, ref: Ref, message_id: MessageId, parts: Parts) -> Said[str]:
    """Takes the place of an earlier rating; without any, takes it back."""
    await feedback.rate(parts, ref, message_id, body)
    return Said("评价成功", "")


@router.get(
    "/session/{session_id}/messages/{message_id}/sources/{marker}", summary="查看来源 The source behind a marker"
)
async def get_source(
    ref: Ref, message_id: MessageId, marker: Annotated[int, Path(ge=1, le=10_000)], parts: Parts
) -> Said[SourceView]:
    """The cited passage between its neighbours, and whether its document has changed since."""
    return Said("获取来源成功", await source(parts, ref, message_id, marker))


@router.get("/feedback", summary="评价列表 List rated answers", dependencies=[needs("editor", recorded=True)])
async def list_feedback(
    caller: AnyCaller,
    parts: Parts,
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
    rating: Annotated[Literal["up", "down"] | None, Query()] = None,
    page: Annotated[PageNumber, Query()] = 1,
    size: Annotated[PageSize, Query()] = 20,
) -> Said[RatedAnswers]:
    """The rated answers of the scope, the last rated first."""
    scope = caller.scope(tenant_code, org_code)
    return Said("获取评价列表成功", await feedback.rated(parts, scope, rating, page, size))


@router.put("/session/{session_id}/title", summary="更新会话标题 Rename a session", dependencies=[needs("member")])
async def rename_session(body: Rename, ref: Ref, parts: Parts) -> Said[str]:
    """Give it another title."""
    await sessions.rename(parts, ref, body.title)
    return Said("更新标题成功", "")


@router.delete("/session/{session_id}", summary="删除会话 Delete a session", dependencies=[needs("member")])
async def delete_session(ref: Ref, parts: Parts) -> Said[str]:
    """Softly: it can be restored."""
    await sessions.delete(parts, ref)
    return Said("删除会话成功", "")


@router.post("/session/{session_id}/restore", summary="恢复会话 Restore a session", dependencies=[needs("member")])
async def restore_session(ref: Ref, parts: Parts) -> Said[str]:
    """Bring a deleted session back."""
    await sessions.restore(parts, ref)
    return Said("恢复会话成功", "")


@router.post(
    "/upload", summary="上传文件 Upload a file", openapi_extra=MULTIPART_FILES, dependencies=[needs("member"), ONCE]
)
async def upload(caller: AnyCaller, body: AnyUpload, parts: Parts) -> Said[Uploaded]:
    """Store one file and answer its link."""
    scope = caller.scope(body.fields.get("tenant_code"), body.fields.get("org_code"))
    files = body.named("file")
    if not files:
        raise MissingField("file")
    caller.trail.about(files[0].name)
    return Said("上传成功", await uploads.keep(parts, scope, files[0]))


@router.post(
    "/upload_and_parse",
    summary="上传并解析文件 Upload and parse files",
    openapi_extra=MULTIPART_FILES,
    dependencies=[needs("member"), ONCE],
)
async def upload_and_parse(caller: AnyCaller, body: AnyUpload, parts: Parts) -> Said[list[ParsedFile]]:
    """Store and parse each file; one bad file never spoils the others."""
    scope = caller.scope(body.fields.get("tenant_code"), body.fields.get("org_code"))
    files = body.named("file", "files", "file[]", "files[]")
    if not files:
        raise MissingField("file")
    caller.trail.about(*(file.name for file in files))
    parsed = await uploads.keep_and_parse(parts, scope, files)
    read = sum(file.parse_success for file in parsed)
    return Said(f"处理完成，成功{read}/{len(parsed)}个文件", parsed)
