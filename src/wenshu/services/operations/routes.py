"""``/api/v1/admin/jobs``: look at background jobs, follow them, cancel them, try them again; and ``…/retention``."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.responses import Response

from wenshu.core.database.scope import Scope
from wenshu.core.jobs.events import ProgressEvent
from wenshu.core.jobs.states import JobState
from wenshu.services.operations import estate, retention
from wenshu.services.operations.parts import Parts
from wenshu.services.operations.schemas import (
    Export,
    JobDetail,
    JobPage,
    JobSummary,
    JobTaken,
    NewRules,
    PageNumber,
    PageSize,
    Retention,
    Whose,
)
from wenshu.web.caller import AnyAdministrator, Caller, Code, Gate
from wenshu.web.coded import ADMIN
from wenshu.web.dialect import Said, StreamEvent
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import dialect_router
from wenshu.web.sse import event_stream

router = dialect_router(ADMIN, prefix="/api/v1/admin", tag="运维 Operations")
_EVENTS = 200


def _overseen(
    caller: Annotated[Caller, Depends(Gate("admin"))],
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
) -> Scope:
    """The caller's own scope; the operator who names none sees everything."""
    return caller.overseen(tenant_code, org_code)


Overseen = Annotated[Scope, Depends(_overseen)]
JobId = Annotated[str, Path(max_length=128)]


@router.get("/jobs", summary="后台任务列表 List jobs")
async def list_jobs(
    scope: Overseen,
    parts: Parts,
    state: Annotated[JobState | None, Query()] = None,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    page: PageNumber = 1,
    size: PageSize = 20,
) -> Said[JobPage]:
    """Newest first."""
    found = await parts.jobs.find(scope, kind=kind, state=state, page=page, size=size)
    items = [JobSummary.of(job, parts.zone) for job in found.items]
    return Said("获取任务列表成功", JobPage(items=items, page=page, size=size, total=found.total))


@router.get("/jobs/{job_id}", summary="后台任务 A job with its last events")
async def get_job(job_id: JobId, scope: Overseen, parts: Parts) -> Said[JobDetail]:
    """What was asked, what it came to, and what happened last."""
    job = await parts.jobs.get(scope, job_id)
    events = await parts.jobs.newest_events(scope, job_id, _EVENTS)
    return Said("获取任务成功", JobDetail.with_events(job, events, parts.zone))


@router.post("/jobs/{job_id}/retry", summary="重试任务 Try a failed or cancelled job again")
async def retry_job(job_id: JobId, scope: Overseen, parts: Parts) -> Said[JobSummary]:
    """Finished steps are not done again; a job in any other state is 409."""
    return Said("任务已重新排队", JobSummary.of(await parts.jobs.retry(scope, job_id), parts.zone))


@router.post("/jobs/{job_id}/cancel", summary="取消任务 Cancel a job")
async def cancel_job(job_id: JobId, scope: Overseen, parts: Parts) -> Said[JobSummary]:
    """A queued job ends at once, a running one at its next step; one that is over is 409."""
    job = await parts.jobs.cancel(scope, job_id)
    return Said("将在当前步骤结束后取消" if job.cancel_asked else "任务已取消", JobSummary.of(job, parts.zone))


@router.get("/jobs/{job_id}/progress", summary="任务进度流 Follow a job", response_class=Response)
async def follow_job(
    job_id: JobId,
    scope: Overseen,
    parts: Parts,
    last_event_id: Annotated[int, Header(ge=0, le=2**31)] = 0,
) -> Response:
    """Its events after ``Last-Event-ID``, the past first, to the end of the job."""
    await parts.jobs.get(scope, job_id)
    return event_stream(ADMIN, _told(parts.jobs.follow(scope, job_id, last_event_id)))


@router.get("/retention", summary="保留期限 What is let go, and when")
async def get_retention(admin: AnyAdministrator, parts: Parts) -> Retention:
    """Each kind's days, and how much the next night would delete."""
    return await retention.rules(parts, admin)


@router.put("/retention", summary="修改保留期限 Set what is let go, and when")
async def set_retention(body: NewRules, admin: AnyAdministrator, parts: Parts) -> Retention:
    """All of it anew: what is null or left out is kept for ever."""
    return await retention.set_rules(parts, admin, body)


@router.post("/export", summary="导出租户或个人的数据 Export a tenant or a person", dependencies=[ONCE])
async def export(body: Whose, admin: AnyAdministrator, parts: Parts) -> JobTaken:
    """A job that puts all of it into one ZIP file."""
    return await estate.export(parts, admin, body)


@router.get("/export/{jobId}", summary="导出的进度与文件 An export's file")
async def get_export(jobId: JobId, admin: AnyAdministrator, parts: Parts) -> Export:  # noqa: N803 (the dialect's spelling)
    """A link to the file, once there is one."""
    return await estate.exported(parts, admin, jobId)


@router.post("/erasure", summary="删除租户或个人的数据 Erase a tenant or a person", dependencies=[ONCE])
async def erase(body: Whose, admin: AnyAdministrator, parts: Parts) -> JobTaken:
    """A job that deletes all of it for good."""
    return await estate.erase(parts, admin, body)


async def _told(events: AsyncGenerator[ProgressEvent]) -> AsyncIterator[StreamEvent]:
    async for event in events:
        yield StreamEvent(event.number, event.data)
