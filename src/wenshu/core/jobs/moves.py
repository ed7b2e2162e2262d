"""Moves: a job's state changes only here, only from a state that allows it, and its followers are told of each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, update

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.job import COLUMNS, Job
from wenshu.core.jobs.states import FINAL, JobState, sources
from wenshu.core.jobs.tables import jobs
from wenshu.kit import clock


class Moves:
    """Writes jobs' states in the caller's transaction."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def move(
        self,
        tx: Transaction,
        scope: Scope,
        target: JobState,
        where: Sequence[ColumnElement[bool]],
        values: dict[str, Any] | None = None,
    ) -> Job | None:
        """Move the one job that ``where`` names; None where there is none in the scope whose state allows the move."""
        allowed = (jobs.c.state.in_(sources(target)), scope.sees(jobs), *where)
        over = {"finished_at": clock.now() if target in FINAL else None}
        owned = {} if target is JobState.RUNNING else {"process_id": None, "cancel_asked": False}
        statement = update(jobs).where(*allowed).values(**{**over, **owned, **(values or {})}, state=target.value)
        row = await tx.first(statement.returning(*COLUMNS))
        if row is None:
            return None
        job = Job.of(row)
        await self.tell(tx, job)
        return job

    async def put_back(
        self, tx: Transaction, scope: Scope, where: Sequence[ColumnElement[bool]], values: dict[str, Any]
    ) -> Job | None:
        """Put a running job back into the queue, or end it here where somebody asked to cancel it meanwhile."""
        running = [*where, jobs.c.state == JobState.RUNNING.value]
        cancelled = await self.move(tx, scope, JobState.CANCELLED, [*running, jobs.c.cancel_asked])
        return cancelled or await self.move(tx, scope, JobState.QUEUED, running, values)

    async def tell(self, tx: Transaction, job: Job, message: str = "", **detail: Any) -> None:  # noqa: ANN401 (JSON)
        """Append what the job's row now says to its events; the transaction has just written that row."""
        data = {**event_of(job), "message": message, **detail}
        await self._hub.append(tx, job.scope, job.id, data, is_final=job.is_over, is_held=True)


def event_of(job: Job) -> dict[str, Any]:
    """What an event of a job says: the state with the progress; at the end the result or the error."""
    said: dict[str, Any] = {
        "state": job.state.value,
        "attempt": job.attempts,
        "done": job.progress_done,
        "total": job.progress_total,
    }
    if job.is_over:
        said |= {"result": job.result, "error": job.error}
    elif job.run_after is not None:
        said |= {"run_after": job.run_after.isoformat(), "error": job.error}
    return said
