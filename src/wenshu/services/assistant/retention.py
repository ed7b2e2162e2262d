"""What of the assistant grows old: sessions, messages, and uploads that never came into the library."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Table, delete, func, or_, select, union

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.rules import Rules
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import CANONICAL
from wenshu.core.storage.tables import files
from wenshu.knowledge.tables import documents
from wenshu.services.assistant.chat.tables import messages, sessions, turns
from wenshu.services.assistant.imports.tables import ItemState, items
from wenshu.services.assistant.parts import Assistant

_AT_ONCE = 200


def register(rules: Rules, parts: Assistant) -> None:
    """Have tenants' rules carried out on all three."""
    rules.register("sessions", OldSessions(parts.database))
    rules.register("messages", OldMessages(parts.database))
    rules.register("uploads", OldUploads(parts.database, parts.files))


class OldSessions:
    """``Aged``: sessions in which nothing was said since; their messages go with them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.due``."""
        return await _count(self._database, scope, sessions, _idle(scope, before))

    async def delete_some(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.delete_some``."""
        old = select(sessions.c.id).where(*_idle(scope, before), scope.sees(sessions)).limit(_AT_ONCE)
        return await _delete(self._database, scope, sessions, old)


class OldMessages:
    """``Aged``: messages; a question stays as long as one of its answers does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.due``."""
        return await _count(self._database, scope, messages, _said(scope, before))

    async def delete_some(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.delete_some``."""
        old = select(messages.c.id).where(*_said(scope, before), scope.sees(messages)).limit(_AT_ONCE)
        return await _delete(self._database, scope, messages, old)


class OldUploads:
    """``Aged``: files that no document of the library, whosever it is, and no waiting import names."""

    def __init__(self, database: Database, kept: Files) -> None:
        self._database = database
        self._files = kept

    async def due(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.due``."""
        return await _count(self._database, scope, files, _unused(before))

    async def delete_some(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.delete_some``."""
        async with self._database.read(scope) as tx:
            found = select(files.c.id).where(*_unused(before), scope.sees(files)).order_by(files.c.id)
            ids = [row.id for row in await tx.all(found.limit(_AT_ONCE))]
        return await self._files.remove(scope, ids) if ids else 0


async def _count(database: Database, scope: Scope, table: Table, old: Sequence[ColumnElement[bool]]) -> int:
    async with database.read(scope) as tx:
        return int(await tx.value(select(func.count()).select_from(table).where(*old, scope.sees(table))))


async def _delete(database: Database, scope: Scope, table: Table, old: Select[tuple[int]]) -> int:
    async with database.write(scope) as tx:
        return await tx.run(delete(table).where(table.c.id.in_(old), scope.sees(table)))


def _idle(scope: Scope, before: datetime) -> tuple[ColumnElement[bool], ...]:
    answering = select(turns.c.session_key).where(turns.c.state == "answering", scope.sees(turns))
    return sessions.c.updated_at < before, sessions.c.id.not_in(answering)


def _said(scope: Scope, before: datetime) -> tuple[ColumnElement[bool], ...]:
    answer = messages.alias("answer")
    newer = or_(answer.c.created_at >= before, answer.c.is_pending)
    answered = select(answer.c.id).where(answer.c.question_key == messages.c.id, newer).exists()
    answering = select(turns.c.question_key).where(turns.c.state == "answering", scope.sees(turns))
    waits = messages.c.id.in_(answering)
    return messages.c.created_at < before, ~messages.c.is_pending, ~answered, ~waits


def _unused(before: datetime) -> tuple[ColumnElement[bool], ...]:
    waiting = items.c.state == ItemState.PENDING.value, EVERYTHING.sees(items)
    named = union(
        select(_file_id(documents)).where(documents.c.doc_url.startswith(CANONICAL), EVERYTHING.sees(documents)),
        select(_file_id(items)).where(items.c.doc_url.startswith(CANONICAL), *waiting),
    )
    return files.c.created_at < before, files.c.state == "kept", files.c.id.not_in(named)


def _file_id(table: Table) -> ColumnElement[str]:
    """The id in a canonical link."""
    return func.substr(table.c.doc_url, len(CANONICAL) + 1, 32)
