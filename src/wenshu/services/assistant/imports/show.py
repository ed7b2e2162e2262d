"""Show imports: in figures, one with its failures, and as it goes."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from wenshu.core.database.scope import Scope
from wenshu.core.jobs.job import Job
from wenshu.core.jobs.states import JobState
from wenshu.kit.clock import local_text
from wenshu.kit.errors import NotFound
from wenshu.services.assistant.imports.accept import KIND
from wenshu.services.assistant.imports.schemas import (
    Failure,
    Failures,
    ImportDetail,
    ImportPage,
    ImportSummary,
    Problem,
)
from wenshu.services.assistant.imports.tables import ItemState, items
from wenshu.services.assistant.parts import Assistant
from wenshu.web.dialect import StreamEvent


async def page(
    parts: Assistant, scope: Scope, *, state: str | None, import_key: str | None, number: int, size: int
) -> ImportPage:
    """The scope's imports, newest first."""
    wanted = JobState(state) if state else None
    found = await parts.jobs.find(scope, kind=KIND, key=import_key, state=wanted, page=number, size=size)
    counted = await _counted(parts, scope, [job.id for job in found.items])
    summaries = [ImportSummary(**_figures(parts, job, counted[job.id])) for job in found.items]
    return ImportPage(items=summaries, page=number, size=size, total=found.total)


async def detail(parts: Assistant, scope: Scope, import_id: str, *, number: int, size: int) -> ImportDetail:
    """One import with a page of its failures. Raises NotFound."""
    job = await existing(parts, scope, import_id)
    counted = (await _counted(parts, scope, [import_id]))[import_id]
    failed = (items.c.import_id == import_id, items.c.state == ItemState.FAILED.value, scope.sees(items))
    async with parts.database.read(scope) as tx:
        ordered = select(items.c.doc_name, items.c.reason).where(*failed).order_by(items.c.position)
        rows = await tx.all(ordered.limit(size).offset((number - 1) * size))
    failures = [Failure(doc_name=row.doc_name, reason=row.reason) for row in rows]
    return ImportDetail(
        **_figures(parts, job, counted),
        current=await _current(parts, scope, job),
        failures=Failures(items=failures, page=number, size=size, total=counted[ItemState.FAILED]),
    )


async def existing(parts: Assistant, scope: Scope, import_id: str) -> Job:
    """The import's job. Raises NotFound outside the scope."""
    try:
        return await parts.jobs.get(scope, import_id, kind=KIND)
    except NotFound:
        raise NotFound("导入不存在") from None


async def cancel(parts: Assistant, scope: Scope, import_id: str) -> ImportSummary:
    """End an import, a running one after the documents it is at. Raises NotFound, and Conflict where it is over."""
    await existing(parts, scope, import_id)
    job = await parts.jobs.cancel(scope, import_id, kind=KIND)
    return ImportSummary(**_figures(parts, job, (await _counted(parts, scope, [import_id]))[import_id]))


async def follow(parts: Assistant, scope: Scope, import_id: str, after: int) -> AsyncIterator[StreamEvent]:
    """The import's events after number ``after``, to its end."""
    async for event in parts.jobs.follow(scope, import_id, after):
        yield StreamEvent(event.number, _told(import_id, event.data, is_last=event.is_final))


def _told(import_id: str, data: Mapping[str, Any], *, is_last: bool) -> dict[str, Any]:
    figures: Mapping[str, int] = data.get("result") or data
    return {
        "import_id": import_id,
        "state": data["state"],
        "processed": data["done"],
        "total": data["total"],
        **{state: figures.get(state) for state in ("added", "skipped", "failed")},
        "current": data["message"],
        "error": data.get("error"),
        "done": is_last,
    }


async def _counted(parts: Assistant, scope: Scope, ids: Sequence[str]) -> dict[str, Counter[str]]:
    counted = select(items.c.import_id, items.c.state, func.count().label("number")).where(items.c.import_id.in_(ids))
    async with parts.database.read(scope) as tx:
        rows = await tx.all(counted.where(scope.sees(items)).group_by(items.c.import_id, items.c.state))
    found: dict[str, Counter[str]] = {import_id: Counter() for import_id in ids}
    for row in rows:
        found[row.import_id][row.state] = row.number
    return found


async def _current(parts: Assistant, scope: Scope, job: Job) -> str:
    if job.state is not JobState.RUNNING:
        return ""
    events = await parts.jobs.newest_events(scope, job.id, 1)
    return str(events[0].data["message"]) if events else ""


def _figures(parts: Assistant, job: Job, counted: Counter[str]) -> dict[str, Any]:
    return {
        "import_id": job.id,
        "state": job.state.value,
        "total": job.payload["total"],
        **{state.value: counted[state] for state in ItemState},
        "cancel_asked": job.cancel_asked,
        "error": None if job.error is None else Problem(**job.error),
        "created_at": local_text(job.created_at, parts.zone),
        "finished_at": None if job.finished_at is None else local_text(job.finished_at, parts.zone),
    }
