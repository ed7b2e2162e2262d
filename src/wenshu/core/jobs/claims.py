"""Claims: taking queued jobs for a process, by turns, and taking back what dead processes left."""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select, update

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.processes import absent
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.jobs.job import COLUMNS, Job
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.moves import Moves
from wenshu.core.jobs.states import JobState
from wenshu.core.jobs.tables import READY, RUNNING, WAITING, jobs
from wenshu.core.jobs.turns import Turns
from wenshu.kit import clock

CRASHED = {"code": "crashed", "message": "任务所在的进程多次异常终止"}
_CLAIMING = "jobs.claim"


class Claims:
    """The queue as one process sees it; ``process_id`` is its own."""

    def __init__(self, database: Database, moves: Moves, kinds: Kinds, turns: Turns, process_id: str) -> None:
        self._database = database
        self._moves = moves
        self._kinds = kinds
        self._turns = turns
        self._process_id = process_id

    async def look(self) -> tuple[bool, datetime | None]:
        """Whether a job is ready, and when the next of those that wait for their time will be."""
        ready = select(jobs.c.id).where(READY, jobs.c.kind.in_(self._kinds), EVERYTHING.sees(jobs)).limit(1)
        async with self._database.read(EVERYTHING) as tx:
            return await tx.first(ready) is not None, await _due(tx)

    async def take(self, most: int) -> tuple[list[Job], datetime | None]:
        """Take up to ``most`` jobs, which are running now, and ours; when the next that waits for its time will be."""
        taken: list[Job] = []
        # Two processes that count the running ones at the same time would both take a tenant's last place.
        async with self._database.write(EVERYTHING, lock=(_CLAIMING,)) as tx:
            due = await self._promoted(tx)
            waiting = await self._waiting(tx)
            running = await self._running(tx) if waiting else Counter[str]()
            while len(taken) < most and (tenant := self._turns.next(waiting, running)) is not None:
                job = await self._take_one(tx, tenant)
                if job is None:
                    waiting.discard(tenant)
                    continue
                taken.append(job)
                running[tenant] += 1
                self._turns.serve(tenant)
        return taken, due

    async def take_back(self) -> list[Job]:
        """Put back into the queue what processes that are gone were running; the jobs as they stand now.

        A job that brought its process down again and again, without one more finished step, has failed.
        """
        async with self._database.write(EVERYTHING, lock=(_CLAIMING,)) as tx:
            left = (RUNNING, absent(tx, jobs.c.process_id), EVERYTHING.sees(jobs))
            rows = await tx.all(select(*COLUMNS).where(*left))
            moved = [await self._take_one_back(tx, Job.of(row)) for row in rows]
        return [job for job in moved if job is not None]

    async def _promoted(self, tx: Transaction) -> datetime | None:
        """Make ready what waited for its time; when the next will be."""
        due = await _due(tx)
        if due is None or due > clock.now():
            return due
        over = (WAITING, jobs.c.run_after <= clock.now(), EVERYTHING.sees(jobs))
        await tx.run(update(jobs).where(*over).values(run_after=None))
        return await _due(tx)

    async def _waiting(self, tx: Transaction) -> set[str]:
        """Tenants with a job that is ready: one step through the index for each, however many jobs they have."""
        ready = (READY, jobs.c.kind.in_(self._kinds), EVERYTHING.sees(jobs))
        lowest = func.min(jobs.c.tenant_code).label("tenant")
        tenants = select(lowest).where(*ready).cte("tenants", recursive=True)
        following = select(lowest).where(*ready, jobs.c.tenant_code > tenants.c.tenant).scalar_subquery()
        tenants = tenants.union_all(select(following).where(tenants.c.tenant.is_not(None)))
        rows = await tx.all(select(tenants.c.tenant).where(tenants.c.tenant.is_not(None)))
        return {row.tenant for row in rows}

    async def _running(self, tx: Transaction) -> Counter[str]:
        counted = select(jobs.c.tenant_code, func.count().label("running")).where(RUNNING, EVERYTHING.sees(jobs))
        rows = await tx.all(counted.group_by(jobs.c.tenant_code))
        return Counter({row.tenant_code: row.running for row in rows})

    async def _take_one(self, tx: Transaction, tenant: str) -> Job | None:
        ready = (READY, jobs.c.tenant_code == tenant, jobs.c.kind.in_(self._kinds), EVERYTHING.sees(jobs))
        first = select(jobs.c.id).where(*ready).order_by(jobs.c.priority, jobs.c.created_at).limit(1)
        ours = {"process_id": self._process_id, "attempts": jobs.c.attempts + 1, "started_at": clock.now()}
        return await self._moves.move(tx, EVERYTHING, JobState.RUNNING, [jobs.c.id == first.scalar_subquery()], ours)

    async def _take_one_back(self, tx: Transaction, job: Job) -> Job | None:
        where = [jobs.c.id == job.id, jobs.c.attempts == job.attempts]
        retries = self._kinds.retries(job.kind)
        failures = job.failures + 1
        if failures >= retries.runs:
            failed = {"failures": failures, "error": CRASHED}
            return await self._moves.move(tx, EVERYTHING, JobState.FAILED, where, failed)
        # At once the first time: the process is what was killed, most likely, and not by this job.
        later = clock.now() + retries.delay(failures - 1) if failures > 1 else None
        return await self._moves.put_back(tx, EVERYTHING, where, {"failures": failures, "run_after": later})


async def _due(tx: Transaction) -> datetime | None:
    return await tx.value(select(func.min(jobs.c.run_after)).where(WAITING, EVERYTHING.sees(jobs)))
