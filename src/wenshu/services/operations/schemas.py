"""Wire models of operations."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints

from wenshu.core.jobs.events import ProgressEvent
from wenshu.core.jobs.job import Job
from wenshu.core.jobs.jobs import MOST_LISTED
from wenshu.core.jobs.states import JobState
from wenshu.web.coded import Wire
from wenshu.web.scalars import Whole

PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="页码 Page, from 1")]
PageSize = Annotated[int, Query(ge=1, le=MOST_LISTED, description="每页条数 Jobs a page")]


class Rule(Wire):
    """``days`` after which things go, null: never; ``due`` is how many would go now."""

    days: int | None
    due: int


class Retention(Wire):
    """What a tenant lets go, and when."""

    sessions: Rule = Field(description="最后一次更新早于此的会话，连同消息 Sessions without an update since")
    messages: Rule = Field(description="早于此的消息；会话本身保留 Messages; their session stays")
    uploads: Rule = Field(description="早于此、素材库未使用的上传文件 Uploads that no document of the library is of")
    jobs: Rule = Field(description="结束早于此的后台任务 Jobs that were over before")
    audit: Rule = Field(description="早于此的审计日志，至少 180 天 The audit log; 180 days at least")


Days = Annotated[Whole, Field(ge=1, le=36500)] | None


class NewRules(Wire):
    """All rules, in days; what is null or left out is kept for ever."""

    sessions: Days = None
    messages: Days = None
    uploads: Days = None
    jobs: Days = None
    audit: Annotated[Whole, Field(ge=180, le=36500)] | None = None


class Whose(Wire):
    """Of whom: a person of the tenant, or a whole tenant; exactly one of the two."""

    user_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)] | None = Field(
        None, description="会话的 user_id，或用户的编号、用户名 A session's user_id, or a user's id or name"
    )
    tenant_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)] | None = Field(
        None, description="租户编码；运维管理员 A tenant's code; for operators"
    )


class JobTaken(Wire):
    """The job that does it."""

    job_id: str


class ExportedFile(Wire):
    """The file of an export; ``url`` is signed and expires."""

    name: str
    size: int
    sha256: str
    url: str


class Export(Wire):
    """How far an export is."""

    job_id: str
    state: JobState
    file: ExportedFile | None


class JobError(BaseModel):
    """Why a job failed, or waits to be tried again."""

    code: str
    message: str


class JobSummary(BaseModel):
    """A job in a list; times are local, without offset."""

    id: str
    kind: str
    state: JobState = Field(description="queued | running | succeeded | failed | cancelled")
    tenant_code: str
    org_code: str
    key: str | None
    priority: int
    attempts: int = Field(description="已开始的运行次数 Runs begun")
    done: int
    total: int
    cancel_asked: bool = Field(description="已要求取消，到下一步结束 To end at its next step")
    error: JobError | None
    run_after: str | None = Field(description="不早于 Not before")
    created_at: str
    started_at: str | None
    finished_at: str | None

    @classmethod
    def of(cls, job: Job, zone: ZoneInfo) -> "JobSummary":
        """The job, its times in the zone."""
        return cls(**_said(job, zone))


class JobEvent(BaseModel):
    """One thing that happened to a job."""

    number: int
    created_at: str
    data: dict[str, Any]


class JobDetail(JobSummary):
    """A job with what it was asked, what it came to, and its last events, oldest first."""

    payload: dict[str, Any]
    result: dict[str, Any] | None
    failures: int = Field(description="连续未推进的运行次数 Runs in a row that got no step further")
    trace_id: str
    process_id: str | None
    events: list[JobEvent]

    @classmethod
    def with_events(cls, job: Job, events: list[ProgressEvent], zone: ZoneInfo) -> "JobDetail":
        """The job and its events, their times in the zone."""
        told = [
            JobEvent(number=event.number, created_at=_local(event.created_at, zone) or "", data=dict(event.data))
            for event in events
        ]
        more = {name: getattr(job, name) for name in ("payload", "result", "failures", "trace_id", "process_id")}
        return cls(**_said(job, zone), **more, events=told)


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobSummary]
    page: int
    size: int
    total: int


def _said(job: Job, zone: ZoneInfo) -> dict[str, Any]:
    same = ("id", "kind", "state", "tenant_code", "org_code", "key", "priority", "attempts", "cancel_asked", "error")
    times = ("run_after", "created_at", "started_at", "finished_at")
    return {
        **{name: getattr(job, name) for name in same},
        **{name: _local(getattr(job, name), zone) for name in times},
        "done": job.progress_done,
        "total": job.progress_total,
    }


def _local(instant: datetime | None, zone: ZoneInfo) -> str | None:
    return None if instant is None else instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
