"""A job as it stands in its row."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Row

from wenshu.core.database.scope import Scope
from wenshu.core.jobs.states import FINAL, JobState
from wenshu.core.jobs.tables import jobs


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of durable work; see ``tables`` for what the columns mean."""

    id: str
    tenant_code: str
    org_code: str
    kind: str
    payload: dict[str, Any]
    created_at: datetime
    key: str | None = None
    state: JobState = JobState.QUEUED
    priority: int = 0
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    attempts: int = 0
    failures: int = 0
    run_after: datetime | None = None
    cancel_asked: bool = False
    progress_done: int = 0
    progress_total: int = 0
    trace_id: str = ""
    process_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """The job in a row of ``COLUMNS``."""
        return replace(cls(*row), state=JobState(row.state))

    def row(self) -> dict[str, Any]:
        """The job as a row of the table."""
        return {column.name: getattr(self, column.name) for column in COLUMNS}

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.tenant_code, self.org_code or None)

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it by itself."""
        return self.state in FINAL


COLUMNS = tuple(jobs.c[name] for name in Job.__slots__)
"""What to select for ``Job.of``."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What accepting came to: the job's id, and whether it is a new one or the one that had the key already."""

    id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page of jobs, newest first, and how many there are on all pages."""

    items: list[Job]
    total: int
