"""Progress events: appended in the transaction that they tell of, read back in their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.tables import progress_events
from wenshu.kit import clock

MOST_READ = 200
"""Most events that one reading gives."""


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """One event of a subject. After a final one nothing more comes, unless the subject is taken up again."""

    number: int
    data: Mapping[str, Any]
    is_final: bool
    created_at: datetime


async def append(
    tx: Transaction, scope: Scope, subject: str, data: Mapping[str, Any], *, is_final: bool
) -> ProgressEvent:
    """Write the subject's next event; the caller sees to it that nobody else does."""
    now = clock.now()
    last = select(func.coalesce(func.max(progress_events.c.number), 0) + 1).where(progress_events.c.subject == subject)
    row = {"subject": subject, "number": last.scalar_subquery(), "data": data, "is_final": is_final, **scope.stamp()}
    number = await tx.value(insert(progress_events).values(**row, created_at=now).returning(progress_events.c.number))
    return ProgressEvent(number, data, is_final, now)


async def past(tx: Transaction, scope: Scope, subject: str, after: int) -> list[ProgressEvent]:
    """The oldest events after number ``after``, at most ``MOST_READ``."""
    wanted = _of(scope, subject).where(progress_events.c.number > after).order_by(progress_events.c.number)
    return [ProgressEvent(*row) for row in await tx.all(wanted.limit(MOST_READ))]


async def newest(tx: Transaction, scope: Scope, subject: str, count: int) -> list[ProgressEvent]:
    """The last ``count`` events, in their order."""
    wanted = _of(scope, subject).order_by(progress_events.c.number.desc())
    return [ProgressEvent(*row) for row in reversed(await tx.all(wanted.limit(count)))]


def _of(scope: Scope, subject: str) -> Any:  # noqa: ANN401 (SQLAlchemy's select of these columns)
    columns = (progress_events.c[name] for name in ProgressEvent.__slots__)
    return select(*columns).where(progress_events.c.subject == subject, scope.sees(progress_events))
