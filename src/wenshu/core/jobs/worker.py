"""The worker: takes queued jobs while it has room, runs them, and writes down what they came to."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

from wenshu.core.database.engine import Database
from wenshu.core.database.processes import Presence
from wenshu.core.jobs.attempt import Attempt
from wenshu.core.jobs.claims import Claims
from wenshu.core.jobs.engine import Engine
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.moves import Moves
from wenshu.core.jobs.running import Ending
from wenshu.core.jobs.schedules import Schedules
from wenshu.core.jobs.turns import Turns
from wenshu.kit import clock
from wenshu.kit.errors import Unavailable

log = structlog.get_logger()
_RETRY_SECONDS = 5.0
_LOOK_SECONDS = 5.0


class Worker:
    """One in a process.

    ``concurrency``: jobs that it runs at a time; ``tenant_concurrency``: those of one tenant, in all processes.
    """

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        hub: Hub,
        kinds: Kinds,
        engine: Engine,
        schedules: Schedules,
        process: Presence,
        *,
        concurrency: int,
        tenant_concurrency: int,
    ) -> None:
        self._database = database
        self._kinds = kinds
        self._engine = engine
        self._schedules = schedules
        self._process = process
        self._concurrency = concurrency
        # Beside others on the database: what they say may get lost, and what they leave is for the living.
        self._look_seconds = _LOOK_SECONDS if database.shared else None
        self._looked_at = 0.0
        self._moves = Moves(hub)
        self._claims = Claims(database, self._moves, kinds, Turns(tenant_concurrency), process.id)
        self._wake = asyncio.Event()
        self._more = False  # whether jobs wait, as far as we know
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None
        self._clock: asyncio.Task[None] | None = None
        self._attempts: dict[str, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        jobs.listen(self._heard)

    async def start(self) -> None:
        """Take back what dead processes left, and begin to work."""
        await self._take_back()
        self._loop = asyncio.create_task(self._work())
        self._clock = asyncio.create_task(self._schedules.run())

    async def check(self) -> None:
        """Raise where it does not work, though it should."""
        if self._loop is None or self._loop.done():
            raise Unavailable("后台任务没有在运行")

    async def close(self, seconds: float) -> None:
        """Take no more; let each running job come to its next step, and cut it off after this long. None is lost."""
        self._stopping = True
        self._wake.set()
        if self._clock is not None:
            self._clock.cancel()
        if self._loop is not None:
            await self._loop
        for attempt in self._attempts.values():
            attempt.end(Ending.STOPPING)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for attempt in self._attempts.values():
            attempt.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _heard(self, job_id: str, *, here: bool) -> None:
        self._more = self._more or here
        self._wake.set()
        for running in [job_id] if job_id else list(self._attempts):
            if running in self._attempts:
                self._attempts[running].told()
                self._begin(self._attempts[running].look())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("jobs: a look at a row failed", error=type(error).__name__)

    async def _take_back(self) -> None:
        self._looked_at = time.monotonic()
        for job in await self._claims.take_back():
            log.warning("job taken back", job_id=job.id, kind=job.kind, state=job.state.value)

    async def _work(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                seconds = await self._round()
            except Exception:
                # The database is away: the queue waits as it is.
                log.exception("jobs cannot be taken")
                seconds = _RETRY_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)

    async def _round(self) -> float | None:
        """Fill what room there is; seconds until there may be something to do again without being woken."""
        if self._process.steady and time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            await self._take_back()
        room = self._concurrency - len(self._attempts)
        if room <= 0:
            return self._look_seconds
        # Where nothing speaks for it a look comes first: it holds up no other process.
        ready, due = (True, None) if self._more else await self._claims.look()
        if ready or (due is not None and due <= clock.now()):
            self._more = False
            taken, due = await self._claims.take(room)
            self._more = self._more or len(taken) == room
            for job in taken:
                attempt = Attempt(self._database, self._moves, self._engine, self._kinds[job.kind], job)
                self._attempts[job.id] = attempt
                self._begin(self._run(job.id, attempt))
        waits = (self._look_seconds, None if due is None else max(0.0, (due - clock.now()).total_seconds()))
        return min((wait for wait in waits if wait is not None), default=None)

    async def _run(self, job_id: str, attempt: Attempt) -> None:
        try:
            await attempt.run()
        finally:
            # A process that was thought dead may have claimed the job once more meanwhile.
            if self._attempts.get(job_id) is attempt:
                del self._attempts[job_id]
            self._wake.set()
