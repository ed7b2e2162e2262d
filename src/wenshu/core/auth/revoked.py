"""What was revoked: access tokens are checked without the database, so each process remembers what became void."""

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete, insert, select

from wenshu.core.auth.tables import revocations
from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock

_LOOK_AGAIN = timedelta(seconds=1)
_LATE = timedelta(seconds=30)  # how long after its instant another process's revocation may become visible


def family(family_id: str) -> str:
    """The subject of one login's tokens."""
    return f"family:{family_id}"


def user(user_id: str) -> str:
    """The subject of all of a user's tokens."""
    return f"user:{user_id}"


def tenant(tenant_code: str) -> str:
    """The subject of the tokens of all of a tenant's users."""
    return f"tenant:{tenant_code}"


class Told(Protocol):
    """How processes of one server learn at once that there is something to read."""

    @property
    def revocations(self) -> int:
        """How many there were."""
        ...

    def revoked(self) -> None:
        """There is one more, and it is committed."""
        ...


class Revocations:
    """Voids access tokens at once in this process and in those that share ``told``, and within a second in others.

    ``lifetime`` is how long an access token lives; a revocation is forgotten once every token it meant has expired.
    """

    def __init__(self, database: Database, lifetime: timedelta, told: Told | None = None) -> None:
        self._database = database
        self._lifetime = lifetime
        self._told = told
        self._count = 0
        self._before: dict[str, datetime] = {}
        self._read_at: datetime | None = None

    async def revoke(self, tx: Transaction, scope: Scope, subject: str) -> None:
        """Void what was issued to the subject until now, in the caller's transaction."""
        now = clock.now()
        row = {"subject": subject, "before": now, "expires_at": now + self._lifetime, **scope.stamp()}
        await tx.run(delete(revocations).where(revocations.c.expires_at < now, EVERYTHING.sees(revocations)))
        await tx.run(insert(revocations).values(row))
        # At once here, should the transaction fail: a token too many is void for some minutes, never one too few.
        self._before[subject] = now
        if self._told is not None:
            tx.after_commit(self._told.revoked)

    async def voids(self, subjects: tuple[str, ...], issued_at: datetime) -> bool:
        """Whether one of the subjects' tokens issued at that instant are void."""
        await self._refresh()
        return any(subject in self._before and issued_at <= self._before[subject] for subject in subjects)

    async def _refresh(self) -> None:
        now = clock.now()
        count = 0 if self._told is None else self._told.revocations
        if self._read_at is not None and now - self._read_at < _LOOK_AGAIN and count == self._count:
            return
        since = now - self._lifetime if self._read_at is None else self._read_at - _LATE
        self._read_at = now
        newer = select(revocations).where(revocations.c.before > since, EVERYTHING.sees(revocations))
        try:
            async with self._database.read(EVERYTHING) as tx:
                rows = await tx.all(newer)
        except BaseException:
            # What was not read is still to be read.
            self._read_at = since + _LATE
            raise
        oldest = now - self._lifetime
        self._before = {subject: before for subject, before in self._before.items() if before > oldest}
        for row in rows:
            self._before[row.subject] = max(row.before, self._before.get(row.subject, row.before))
        # Not before: who comes meanwhile must not go by what was not read yet.
        self._count = count
