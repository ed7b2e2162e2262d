"""One run of a job, from the claim to what it came to."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, cast

import orjson
import structlog
from sqlalchemy import ColumnElement, select, update

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.jobs.engine import Engine, RunKnown
from wenshu.core.jobs.job import COLUMNS, Job
from wenshu.core.jobs.kinds import Kind, is_transient
from wenshu.core.jobs.moves import Moves
from wenshu.core.jobs.running import Ending, JobEnded, Progress, RunningJob, Step
from wenshu.core.jobs.states import JobState
from wenshu.core.jobs.tables import jobs
from wenshu.core.telemetry import metrics, tracing
from wenshu.kit import clock
from wenshu.kit.errors import InternalError, RateLimited, WenshuError

log = structlog.get_logger()
_LOOK_SECONDS = 1.0
_LONGEST_WAIT = 30.0
_ENGINE_PAUSE = timedelta(seconds=10)

Settling = Callable[[Transaction], Awaitable[Job | None]]


class Attempt:
    """Runs the handler of a job that this process claimed, and writes the outcome into the job's row."""

    def __init__(self, database: Database, moves: Moves, engine: Engine, kind: Kind, job: Job) -> None:
        self._database = database
        self._moves = moves
        self._engine = engine
        self._kind = kind
        self._job = job
        self._scope = job.scope
        self._failures = job.failures
        self._running: RunningJob | None = None
        self._ending: Ending | None = None
        self._body_task: asyncio.Task[Any] | None = None
        self._cut = False
        self._outcome = "lost"
        self._looked_at = time.monotonic()  # it was claimed just now
        self._news = self._seen = 0

    async def run(self) -> None:
        """From begin to outcome."""
        job, started = self._job, time.perf_counter()
        with (
            structlog.contextvars.bound_contextvars(trace_id=job.trace_id, job_id=job.id, kind=job.kind),
            tracing.root("job run", "internal", job.trace_id) as span,
        ):
            span.note(wenshu_job_kind=job.kind, wenshu_job_id=job.id, wenshu_job_attempt=job.attempts)
            try:
                earlier = [f"{job.id}.{number}" for number in range(1, job.attempts)]
                finished = await self._engine.finished(earlier)
                self._running = RunningJob(
                    job, finished, boundary=self._boundary, do_step=self._step, report=self._report
                )
                self.end(self._ending)
                await self._engine.run(f"{job.id}.{job.attempts}", self._body)
            except RunKnown:
                log.warning("run known already", number=job.attempts)
                await self._put_off({})
            except Exception:
                # The engine's trouble is none of the job's: it waits until the engine is back.
                log.exception("job could not be run")
                await self._put_off({"attempts": job.attempts - 1})
            finally:
                span.note(wenshu_job_outcome=self._outcome)
                metrics.JOB_RUNS.labels(job.kind, self._outcome).observe(time.perf_counter() - started)

    def told(self) -> None:
        """Somebody may have changed the row: the next step looks at it first."""
        self._news += 1

    async def _boundary(self) -> None:
        """Before a step: also where nothing was told, as notices may get lost and processes sleep."""
        if self._seen != self._news or time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            await self.look()

    async def look(self) -> None:
        """See in the row whether this run has to end."""
        now, news = time.monotonic(), self._news
        async with self._database.read(self._scope) as tx:
            row = await tx.first(select(jobs.c.cancel_asked).where(*self._ours(), self._scope.sees(jobs)))
        if row is None:
            self.end(Ending.LOST)
        elif row.cancel_asked:
            self.end(Ending.CANCELLED)
        self._looked_at, self._seen = now, news

    def end(self, ending: Ending | None) -> None:
        """Have the run end at its next step; the first reason counts."""
        self._ending = self._ending or ending
        if self._running is not None:
            self._running.ending = self._ending

    def cut(self) -> None:
        """End the run wherever it is; it goes back into the queue."""
        self._cut = True
        if self._body_task is not None:
            self._body_task.cancel()

    async def _body(self) -> None:
        assert self._running is not None  # noqa: S101 (made before)
        self._body_task = asyncio.current_task()
        try:
            self._running.check()
            result = _object(await self._kind.handler(self._running))
        except JobEnded as ended:
            await self._settle_ended(ended.ending)
        except asyncio.CancelledError:
            await self._settle_ended(Ending.STOPPING)
            raise
        except WenshuError as error:
            await self._settle_failure(error, transient=error.transient)
        except Exception as error:
            log.exception("job failed")
            await self._settle_failure(error, transient=is_transient(error))
        else:
            values = {"result": result, "error": None, "failures": 0, **self._progress()}
            await self._settle(lambda tx: self._move(tx, JobState.SUCCEEDED, values))

    async def _step(self, name: str, work: Step) -> Any:  # noqa: ANN401 (JSON)
        with tracing.span("job step", wenshu_job_kind=self._job.kind):
            result = await self._engine.step(name, work)
        if self._failures:
            self._failures = 0
            async with self._database.write(self._scope) as tx:
                await tx.run(update(jobs).where(*self._ours(), self._scope.sees(jobs)).values(failures=0))
        return result

    async def _report(self, progress: Progress) -> None:
        values = {"progress_done": progress.done, "progress_total": progress.total}
        async with self._database.write(self._scope) as tx:
            ours = update(jobs).where(*self._ours(), self._scope.sees(jobs)).values(**values)
            row = await tx.first(ours.returning(*COLUMNS))
            if row is not None:
                await self._moves.tell(tx, Job.of(row), progress.message, **progress.detail)

    def _ours(self) -> list[ColumnElement[bool]]:
        """What holds while the job is this run's."""
        job = self._job
        running = jobs.c.state == JobState.RUNNING.value
        return [jobs.c.id == job.id, running, jobs.c.process_id == job.process_id, jobs.c.attempts == job.attempts]

    def _progress(self) -> dict[str, int]:
        last = self._running.unreported if self._running is not None else None
        return {} if last is None else {"progress_done": last.done, "progress_total": last.total}

    async def _move(self, tx: Transaction, target: JobState, values: dict[str, Any]) -> Job | None:
        return await self._moves.move(tx, self._scope, target, self._ours(), values)

    async def _fail(self, tx: Transaction) -> Job | None:
        return await self._move(tx, JobState.FAILED, {"error": _said(InternalError())})

    async def _put_off(self, values: dict[str, Any]) -> None:
        later = {**values, "run_after": clock.now() + _ENGINE_PAUSE}
        await self._settle(lambda tx: self._moves.put_back(tx, self._scope, self._ours(), later))

    async def _settle_ended(self, ending: Ending) -> None:
        if ending is Ending.LOST:
            log.warning("job lost to another process")
        elif ending is Ending.CANCELLED:
            await self._settle(lambda tx: self._move(tx, JobState.CANCELLED, self._progress()))
        else:
            await self._settle(lambda tx: self._moves.put_back(tx, self._scope, self._ours(), self._progress()))

    async def _settle_failure(self, error: Exception, *, transient: bool) -> None:
        said = error if isinstance(error, WenshuError) else InternalError()
        failures = self._failures + 1
        values = {"error": _said(said), "failures": failures, **self._progress()}
        if not transient or failures >= self._kind.retries.runs:
            await self._settle(lambda tx: self._move(tx, JobState.FAILED, values))
            return
        delay = self._kind.retries.delay(failures)
        if isinstance(error, RateLimited):
            delay = max(delay, timedelta(seconds=error.retry_after))
        later = {**values, "run_after": clock.now() + delay}
        await self._settle(lambda tx: self._moves.put_back(tx, self._scope, self._ours(), later))

    async def _settle(self, write: Settling, *, is_failure: bool = False) -> None:
        """Write the outcome, however long the database is away: nobody else will."""
        wait = 0.1
        while True:
            try:
                async with self._database.write(self._scope) as tx:
                    job = await write(tx)
                self._outcome = "lost" if job is None else _outcome_of(job)
            except Exception as error:
                log.exception("job's outcome cannot be written")
                if self._cut or is_failure:
                    return
                if not is_transient(error):
                    await self._settle(self._fail, is_failure=True)
                    return
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                return


def _outcome_of(job: Job) -> str:
    """What the run came to, by the state that it left."""
    return "put_back" if job.state is JobState.QUEUED else job.state.value


def _said(error: WenshuError) -> dict[str, str]:
    return {"code": error.code, "message": error.message}


def _object(result: object) -> dict[str, Any] | None:
    """The result as the row can hold it. Raises TypeError for what is neither a JSON object nor nothing."""
    read = orjson.loads(orjson.dumps(result))
    if read is not None and not isinstance(read, dict):
        raise TypeError("a job's result is a JSON object or nothing")
    return cast("dict[str, Any] | None", read)
