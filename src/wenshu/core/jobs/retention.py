"""Retention: what is over for long enough goes, with its events and what the engine kept of it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, tuple_

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.engine import Engine
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.rules import Rules
from wenshu.core.jobs.running import RunningJob
from wenshu.core.jobs.schedules import Schedules
from wenshu.core.jobs.states import FINAL
from wenshu.core.jobs.tables import jobs, progress_events
from wenshu.kit import clock

KIND = "jobs.retention"
_NIGHTLY = "30 3 * * *"
_AT_ONCE = 200


class Retention:
    """Deletes a few at a time, so that nobody waits for it; ``keep`` is how long what is over stays.

    What tenants want to be rid of sooner is in ``rules``.
    """

    def __init__(self, database: Database, engine: Engine, keep: timedelta, rules: Rules) -> None:
        self._database = database
        self._engine = engine
        self._keep = keep
        self._rules = rules
        rules.register("jobs", FinishedJobs(self))

    def register(self, kinds: Kinds, schedules: Schedules) -> None:
        """Have it done every night."""
        kinds.register(KIND, self.run)
        schedules.add(KIND, _NIGHTLY)

    async def run(self, job: RunningJob) -> dict[str, int]:
        """Delete; how many jobs, events of other subjects, and things that tenants' rules let go there were."""
        before = clock.now() - self._keep
        counts = {"jobs": 0, "events": 0}
        while deleted := await self.delete_jobs(before):
            counts["jobs"] += deleted
            job.check()
        while deleted := await self.delete_events(before):
            counts["events"] += deleted
            job.check()
        ruled = await self._rules.carry_out(job)
        return counts | {kind: counts.get(kind, 0) + deleted for kind, deleted in ruled.items()}

    async def count_jobs(self, scope: Scope, before: datetime) -> int:
        """How many jobs of the scope were over before this instant."""
        async with self._database.read(scope) as tx:
            counted = select(func.count()).select_from(jobs).where(*_over(before), scope.sees(jobs))
            return int(await tx.value(counted))

    async def delete_jobs(self, before: datetime, scope: Scope = EVERYTHING) -> int:
        """Some jobs that were over before this instant; how many."""
        old = (*_over(before), scope.sees(jobs))
        async with self._database.read(EVERYTHING) as tx:
            rows = await tx.all(select(jobs.c.id, jobs.c.attempts).where(*old).limit(_AT_ONCE))
        # The engine's first: a crash between the two leaves the rows, and so the way to what is left of it.
        await self._engine.forget([f"{row.id}.{number}" for row in rows for number in range(1, row.attempts + 1)])
        ids = [row.id for row in rows]
        async with self._database.write(EVERYTHING) as tx:
            gone = await tx.all(delete(jobs).where(jobs.c.id.in_(ids), *old).returning(jobs.c.id))
            theirs = progress_events.c.subject.in_([row.id for row in gone])
            await tx.run(delete(progress_events).where(theirs, EVERYTHING.sees(progress_events)))
        return len(gone)

    async def delete_events(self, before: datetime) -> int:
        """Some events from before this instant that are no job's; how many."""
        theirs = select(jobs.c.id).where(jobs.c.id == progress_events.c.subject, EVERYTHING.sees(jobs)).exists()
        key = (progress_events.c.subject, progress_events.c.number)
        old = select(*key).where(progress_events.c.created_at < before, ~theirs, EVERYTHING.sees(progress_events))
        async with self._database.write(EVERYTHING) as tx:
            some = delete(progress_events).where(tuple_(*key).in_(old.limit(_AT_ONCE)))
            return await tx.run(some)


class FinishedJobs:
    """``Aged``: a tenant's jobs that are over."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    async def due(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.due``."""
        return await self._retention.count_jobs(scope, before)

    async def delete_some(self, scope: Scope, before: datetime) -> int:
        """See ``Aged.delete_some``."""
        return await self._retention.delete_jobs(before, scope)


def _over(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return jobs.c.state.in_(FINAL), jobs.c.finished_at < before
