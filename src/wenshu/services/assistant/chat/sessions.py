"""Sessions: make, list, group by day, rename, delete softly, restore."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, insert, select, update

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, NotFound
from wenshu.kit.ids import new_id
from wenshu.services.assistant.chat.schemas import GroupedSessions, Session
from wenshu.services.assistant.chat.tables import sessions
from wenshu.services.assistant.parts import Assistant

UNTITLED = "新对话"


@dataclass(frozen=True, slots=True)
class SessionRef:
    """A session by its id, as far as the call lets itself be held to a scope and a user."""

    scope: Scope
    session_id: str
    user_id: str | None = None

    def condition(self) -> tuple[Any, ...]:
        """What a row must be to be meant."""
        named = (sessions.c.session_id == self.session_id, self.scope.sees(sessions))
        return named if self.user_id is None else (*named, sessions.c.user_id == self.user_id)


async def create(parts: Assistant, scope: Scope, user_id: str, session_id: str | None, title: str | None) -> str:
    """A new session's id. Raises Conflict where the id is taken (``Assistant.beside``)."""
    chosen = session_id or new_id()
    async with parts.database.write(scope) as tx:
        if await held_session(tx, parts.beside(scope), chosen):
            raise Conflict("会话已存在")
        await insert_session(tx, scope, user_id, chosen, title or UNTITLED)
    return chosen


async def held_session(tx: Transaction, among: Scope, session_id: str) -> Row[Any] | None:
    """The session of this id among those, whosever it is. Nobody makes or changes it until the transaction ends."""
    await tx.lock("session", session_id)
    found = select(sessions).where(sessions.c.session_id == session_id, among.sees(sessions))
    return await tx.first(found.with_for_update())


async def insert_session(tx: Transaction, scope: Scope, user_id: str, session_id: str, title: str) -> int:
    """A session's row; its key."""
    now = clock.now()
    row = {"session_id": session_id, "user_id": user_id, "title": title, "is_deleted": False}
    return await tx.insert(insert(sessions).values(**row, created_at=now, updated_at=now, **scope.stamp()))


async def newest(parts: Assistant, scope: Scope, user_id: str, limit: int) -> list[Session]:
    """A user's live sessions, the last changed first."""
    zone = parts.zone
    return [_session(row, zone) for row in await _newest_rows(parts, scope, user_id, limit)]


async def grouped(parts: Assistant, scope: Scope, user_id: str, limit: int) -> GroupedSessions:
    """The newest sessions by day: today, yesterday, and days −2 to −6 in the tenant's calendar."""
    zone = parts.zone
    today = clock.now().astimezone(zone).date()
    groups: tuple[list[Session], list[Session], list[Session]] = ([], [], [])
    for row in await _newest_rows(parts, scope, user_id, limit):
        age: int = (today - row.updated_at.astimezone(zone).date()).days
        if age <= 6:
            groups[min(max(age, 0), 2)].append(_session(row, zone))
    return GroupedSessions(todayHistoryList=groups[0], yesterdayHistoryList=groups[1], sevenDaysHistoryList=groups[2])


async def _newest_rows(parts: Assistant, scope: Scope, user_id: str, limit: int) -> Sequence[Row[Any]]:
    query = (
        select(sessions)
        .where(sessions.c.user_id == user_id, ~sessions.c.is_deleted, scope.sees(sessions))
        .order_by(sessions.c.updated_at.desc(), sessions.c.id.desc())
        .limit(limit)
    )
    async with parts.database.read(scope) as tx:
        return await tx.all(query)


async def detail(parts: Assistant, ref: SessionRef) -> Session:
    """A live session. Raises NotFound."""
    async with parts.database.read(ref.scope) as tx:
        return _session(await live(tx, ref), parts.zone)


async def rename(parts: Assistant, ref: SessionRef, title: str) -> None:
    """Give a live session a title. Raises NotFound."""
    await _change(parts, ref, title=title)


async def delete(parts: Assistant, ref: SessionRef) -> None:
    """Delete a live session softly. Raises NotFound."""
    await _change(parts, ref, is_deleted=True)


async def restore(parts: Assistant, ref: SessionRef) -> None:
    """Bring a session back; a live one stays as it is. Raises NotFound."""
    async with parts.database.write(ref.scope) as tx:
        found = update(sessions).where(*ref.condition(), ref.scope.sees(sessions)).values(is_deleted=False)
        if not await tx.run(found):
            raise NotFound("会话不存在")


async def _change(parts: Assistant, ref: SessionRef, **values: Any) -> None:  # noqa: ANN401 (column values)
    async with parts.database.write(ref.scope) as tx:
        await change(tx, ref, **values)


async def change(tx: Transaction, ref: SessionRef, **values: Any) -> None:  # noqa: ANN401 (column values)
    """Change a live session. Raises NotFound. Its row is locked: what follows in the transaction is alone with it."""
    alive = update(sessions).where(*ref.condition(), ref.scope.sees(sessions), ~sessions.c.is_deleted)
    if not await tx.run(alive.values(**values)):
        raise NotFound("会话不存在")


async def live(tx: Transaction, ref: SessionRef) -> Row[Any]:
    """The live session that is meant. Raises NotFound."""
    row = await tx.first(select(sessions).where(*ref.condition(), ref.scope.sees(sessions), ~sessions.c.is_deleted))
    if row is None:
        raise NotFound("会话不存在")
    return row


def _session(row: Row[Any], zone: ZoneInfo) -> Session:
    return Session(
        id=row.id,
        session_id=row.session_id,
        user_id=row.user_id,
        title=row.title,
        tenant_code=row.tenant_code,
        org_code=row.org_code,
        created_at=clock.local_text(row.created_at, zone),
        updated_at=clock.local_text(row.updated_at, zone),
        is_deleted=int(row.is_deleted),
    )
