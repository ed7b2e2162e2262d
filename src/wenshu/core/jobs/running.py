"""A job while it runs: what its handler is given."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wenshu.core.jobs.job import Job

_EVERY_SECONDS = 0.5

Step = Callable[[], Awaitable[Any]]
"""A stretch of work; what it gives is JSON."""


class Ending(StrEnum):
    """Why a run ends before its handler is through."""

    CANCELLED = "cancelled"
    STOPPING = "stopping"
    LOST = "lost"


class JobEnded(BaseException):
    """Ends a run from inside; no handler's ``except Exception`` may hold it up."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(ending)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``done`` of ``total``, a sentence for people, and what else its readers want to know."""

    done: int
    total: int
    message: str
    detail: Mapping[str, Any]


class RunningJob:
    """One run of a job. ``attempt`` counts the runs from 1; ``finished`` are the steps of earlier ones."""

    def __init__(
        self,
        job: Job,
        finished: Mapping[str, Any],
        *,
        boundary: Callable[[], Awaitable[None]],
        do_step: Callable[[str, Step], Awaitable[Any]],
        report: Callable[[Progress], Awaitable[None]],
    ) -> None:
        self.id = job.id
        self.scope = job.scope
        self.payload = job.payload
        self.attempt = job.attempts
        self.trace_id = job.trace_id
        self.ending: Ending | None = None
        self.unreported: Progress | None = None
        self._boundary = boundary
        self._do_step = do_step
        self._report = report
        self._finished = finished
        self._begun: set[str] = set()
        self._reported_at = 0.0

    async def step(self, name: str, work: Step) -> Any:  # noqa: ANN401 (JSON)
        """Do a step once: where an earlier run finished it, give its result without doing it again.

        A step that a crash cuts short is done again, so what it does outside goes by ``key(name)``. What it raises is
        the job's to handle, and is not written down. Raises JobEnded before the step where the job is to end.
        """
        if name in self._begun:
            raise ValueError(f"two steps of one job are named {name}")
        self._begun.add(name)
        if name in self._finished:
            return self._finished[name]
        await self._boundary()
        self.check()
        return await self._do_step(name, work)

    def key(self, name: str) -> str:
        """The step's idempotency key: the same in each run of this job."""
        return f"{self.id}/{name}"

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to cancel the job; it ends at the next step."""
        return self.ending is Ending.CANCELLED

    def check(self) -> None:
        """Inside a long step, between two pieces of its work: ends the run here where it has to end."""
        if self.ending is not None:
            raise JobEnded(self.ending)

    async def progress(self, done: int, total: int, message: str = "", **detail: Any) -> None:  # noqa: ANN401 (JSON)
        """Say how far the job is, as often as you like: followers hear it twice a second at most, and at the end."""
        self.unreported = Progress(done, total, message, detail)
        if time.monotonic() - self._reported_at >= _EVERY_SECONDS:
            self._reported_at = time.monotonic()
            await self.flush()

    async def flush(self) -> None:
        """Tell followers what they have not heard yet."""
        progress, self.unreported = self.unreported, None
        if progress is not None:
            await self._report(progress)
