"""Jobs: what services do with durable work. Accept it, look at it, cancel it, try it again, follow it."""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import structlog
from sqlalchemy import ColumnElement, func, select, update

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.notices import Notices
from wenshu.core.database.scope import Scope
from wenshu.core.jobs import events
from wenshu.core.jobs.events import ProgressEvent
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.job import COLUMNS, Accepted, Job, Page
from wenshu.core.jobs.moves import Moves
from wenshu.core.jobs.states import FINAL, JobState
from wenshu.core.jobs.tables import jobs
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, NotFound
from wenshu.kit.ids import new_id

_WORD = "jobs"
_TRIES = 3
"""To cancel: a job may begin to run, or go back into the queue, between two looks at it."""
MOST_LISTED = 100
"""Largest page."""


class Heard(Protocol):
    """Called with a job's id, empty where it may be any; ``here``: this process did it, not another one."""

    def __call__(self, job_id: str, *, here: bool) -> None: ...  # noqa: D102 (the class says it)


class Jobs:
    """The jobs of all kinds. Running them is the ``Worker``'s."""

    def __init__(self, database: Database, hub: Hub, notices: Notices) -> None:
        self._database = database
        self._hub = hub
        self._moves = Moves(hub)
        self._listeners: list[Heard] = []
        notices.listen(_WORD, partial(self._tell, here=False))

    async def accept(
        self,
        tx: Transaction,
        scope: Scope,
        kind: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        priority: int = 0,
        run_after: datetime | None = None,
        renew: bool = False,
    ) -> Accepted:
        """Take work on in the caller's transaction: once that is committed the job is run, whatever dies.

        ``payload`` is JSON. ``key``: a job of this scope and kind that has it already is the one; with ``renew`` only
        while it is not over, a new one then takes the key. ``priority`` orders a tenant's own jobs, smaller first.
        """
        if key is not None and renew:
            over = (jobs.c.kind == kind, jobs.c.key == key, jobs.c.state.in_(FINAL), scope.exactly(jobs))
            await tx.run(update(jobs).where(*over).values(key=None))
        now = clock.now()
        job = Job(
            id=new_id(),
            kind=kind,
            key=key,
            priority=priority,
            payload=dict(payload),
            run_after=run_after if run_after is not None and run_after > now else None,
            trace_id=structlog.contextvars.get_contextvars().get("trace_id", ""),
            created_at=now,
            **scope.stamp(),
        )
        if await tx.upsert(jobs, job.row(), key=("tenant_code", "org_code", "kind", "key")) is None:
            same = (jobs.c.kind == kind, jobs.c.key == key, scope.exactly(jobs))
            return Accepted(await tx.value(select(jobs.c.id).where(*same)), is_new=False)
        await self._moves.tell(tx, job)
        self._announce(tx, job)
        return Accepted(job.id, is_new=True)

    async def get(self, scope: Scope, job_id: str, *, kind: str | None = None) -> Job:
        """A job. Raises NotFound outside the scope, and for a job of another kind."""
        async with self._database.read(scope) as tx:
            row = await tx.first(select(*COLUMNS).where(jobs.c.id == job_id, *_of_kind(kind), scope.sees(jobs)))
        if row is None:
            raise NotFound("任务不存在")
        return Job.of(row)

    async def find(
        self,
        scope: Scope,
        *,
        kind: str | None = None,
        key: str | None = None,
        state: JobState | None = None,
        page: int = 1,
        size: int = 20,
    ) -> Page:
        """A page of the scope's jobs, newest first; ``size`` at most ``MOST_LISTED``."""
        wanted = [*_of_kind(kind), scope.sees(jobs)]
        wanted += [jobs.c.key == key] if key else []
        wanted += [jobs.c.state == state.value] if state else []
        newest = select(*COLUMNS).where(*wanted).order_by(jobs.c.created_at.desc(), jobs.c.id)
        size = min(size, MOST_LISTED)
        async with self._database.read(scope) as tx:
            total = await tx.value(select(func.count()).select_from(jobs).where(*wanted, scope.sees(jobs)))
            rows = await tx.all(newest.limit(size).offset((page - 1) * size))
        return Page([Job.of(row) for row in rows], total)

    async def cancel(self, scope: Scope, job_id: str, *, kind: str | None = None) -> Job:
        """Cancel a job: a queued one at once, a running one at its next step.

        Raises NotFound, and Conflict where the job is over.
        """
        named = [jobs.c.id == job_id, *_of_kind(kind)]
        for _ in range(_TRIES):
            async with self._database.write(scope) as tx:
                queued = [*named, jobs.c.state == JobState.QUEUED.value]
                job = await self._moves.move(tx, scope, JobState.CANCELLED, queued)
                if job is None:
                    running = (*named, jobs.c.state == JobState.RUNNING.value, scope.sees(jobs))
                    row = await tx.first(update(jobs).where(*running).values(cancel_asked=True).returning(*COLUMNS))
                    job = None if row is None else Job.of(row)
                    self._announce(tx, job)
            if job is not None:
                return job
        return await self._refused(scope, job_id, kind)

    async def retry(self, scope: Scope, job_id: str, *, kind: str | None = None) -> Job:
        """Queue a failed or cancelled job again; finished steps are not done again.

        Raises NotFound, and Conflict where the job is neither.
        """
        over = (jobs.c.state.in_((JobState.FAILED.value, JobState.CANCELLED.value)), *_of_kind(kind))
        fresh = {"failures": 0, "error": None, "run_after": None}
        async with self._database.write(scope) as tx:
            job = await self._moves.move(tx, scope, JobState.QUEUED, [jobs.c.id == job_id, *over], fresh)
            self._announce(tx, job)
        return job or await self._refused(scope, job_id, kind)

    async def newest_events(self, scope: Scope, job_id: str, count: int) -> list[ProgressEvent]:
        """The last events of a job, in their order."""
        async with self._database.read(scope) as tx:
            return await events.newest(tx, scope, job_id, count)

    async def follow(self, scope: Scope, job_id: str, after: int = 0) -> AsyncGenerator[ProgressEvent]:
        """The job's events after number ``after``, as they come, to its end. Raises NotFound."""
        await self.get(scope, job_id)
        async for event in self._hub.follow(job_id, after):
            yield event

    def listen(self, call: Heard) -> None:
        """Have ``call`` made for each job that is accepted, cancelled or queued again."""
        self._listeners.append(call)

    async def _refused(self, scope: Scope, job_id: str, kind: str | None) -> Job:
        job = await self.get(scope, job_id, kind=kind)
        raise Conflict(f"任务当前状态不允许该操作：{job.state.value}")

    def _announce(self, tx: Transaction, job: Job | None) -> None:
        if job is not None:
            tx.notify(f"{_WORD} {job.id}")
            tx.after_commit(partial(self._tell, job.id, here=True))

    def _tell(self, job_id: str, *, here: bool) -> None:
        for call in self._listeners:
            call(job_id, here=here)


def _of_kind(kind: str | None) -> list[ColumnElement[bool]]:
    return [jobs.c.kind == kind] if kind else []
