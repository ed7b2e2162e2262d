"""The job of an erasure: rows, files, passages and the inputs of jobs go; the audit log keeps that it happened."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, true, update

from wenshu.core.auth.audit import Entry
from wenshu.core.auth.revoked import tenant as tenant_subject
from wenshu.core.auth.revoked import user as user_subject
from wenshu.core.auth.tables import tenants, users
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.jobs import MOST_LISTED
from wenshu.core.jobs.running import RunningJob
from wenshu.core.jobs.states import JobState
from wenshu.core.jobs.tables import jobs
from wenshu.core.storage.tables import files
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, NotFound, Unavailable
from wenshu.services.operations.estate import keep_an_operator, person
from wenshu.services.operations.exporting import ids_of
from wenshu.services.operations.holdings import count_rows, delete_rows
from wenshu.services.operations.parts import Operations

_AT_ONCE = 200
_LOOKS = 50
_LOOK_SECONDS = 0.2


async def erase(parts: Operations, job: RunningJob) -> dict[str, Any]:
    """Erase; how many rows of which table went, and when it was done."""
    if "tenant" in job.payload:
        return await _tenant(parts, job, Scope(job.payload["tenant"]))
    return await _person(parts, job)


async def _tenant(parts: Operations, job: RunningJob, scope: Scope) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    await job.step("close", partial(_close, parts, scope))
    counts.update(await job.step("jobs", partial(_jobs, parts, scope)))
    counts.update(await job.step("library", partial(_library, parts, scope)))
    counts.update(await job.step("files", partial(_files, parts, job, scope)))
    counts.update(await job.step("rows", partial(_rows, parts, job, scope)))
    entry = Entry(Scope(), job.payload["actor"], "tenant.erase", scope.tenant, details=dict(counts))
    return await job.step("tell", partial(_tell, parts, job, entry))


async def _person(parts: Operations, job: RunningJob) -> dict[str, Any]:
    if "user_id" not in job.payload:  # told already, and then cut short
        return await job.step("tell", partial(_done, job))
    ids: list[str] = await job.step("ids", partial(_ids, parts, job))
    await job.step("close", partial(_close_account, parts, job.scope, ids))
    counts: dict[str, int] = await job.step("rows", partial(_rows_of_person, parts, job, ids))
    entry = Entry(job.scope, job.payload["actor"], "person.erase", person(job.payload["user_id"]), details=counts)
    return await job.step("tell", partial(_tell, parts, job, entry))


async def _close(parts: Operations, scope: Scope) -> None:
    """Nobody of the tenant may call any more."""
    async with parts.database.write(EVERYTHING) as tx:
        await keep_an_operator(tx, without=scope.sees(users))
        await tx.run(update(tenants).where(scope.sees(tenants)).values(is_disabled=True))
        await parts.revocations.revoke(tx, scope, tenant_subject(scope.tenant))


async def _jobs(parts: Operations, scope: Scope) -> dict[str, int]:
    """Cancel what is not over, wait for what runs, delete all of them with what the engine kept."""
    for _ in range(_LOOKS):
        going = [
            *(await parts.jobs.find(scope, state=JobState.QUEUED, size=MOST_LISTED)).items,
            *(await parts.jobs.find(scope, state=JobState.RUNNING, size=MOST_LISTED)).items,
        ]
        if not going:
            break
        for one in going:
            try:
                await parts.jobs.cancel(scope, one.id)
            except (Conflict, NotFound):
                continue  # it came to its end by itself
        await asyncio.sleep(_LOOK_SECONDS)
    else:
        raise Unavailable("该租户的后台任务尚未结束")
    deleted = 0
    while some := await parts.rules.delete_some("jobs", scope, clock.now() + timedelta(days=1)):
        deleted += some
    return {"jobs": deleted}


async def _library(parts: Operations, scope: Scope) -> dict[str, int]:
    counts = {name: await count_rows(parts.database, scope, parts.holdings[name]) for name in ("documents", "qa_pairs")}
    async with parts.catalog.write(scope) as tx:
        await parts.catalog.clear(tx, scope)
    return counts


async def _files(parts: Operations, job: RunningJob, scope: Scope) -> dict[str, int]:
    """Objects first, then their rows; uploads that are under way are left to the sweep."""
    deleted = 0
    while True:
        job.check()
        async with parts.database.read(scope) as tx:
            kept = select(files.c.id).where(files.c.state == "kept", scope.sees(files)).limit(_AT_ONCE)
            ids = [row.id for row in await tx.all(kept)]
        if not ids:
            break
        deleted += await parts.files.remove(scope, ids)
    async with parts.database.write(scope) as tx:
        await tx.run(update(files).where(files.c.state == "writing", scope.sees(files)).values(state="removing"))
    return {"files": deleted}


async def _rows(parts: Operations, job: RunningJob, scope: Scope) -> dict[str, int]:
    """What is left of every table, those first that refer to others."""
    counts: dict[str, int] = {}
    for table in reversed(await parts.holdings.present(parts.database)):
        job.check()
        if table.name not in parts.holdings.lasting:
            counts[str(table.name)] = await delete_rows(parts.database, scope, table, true())
    return {name: count for name, count in counts.items() if count}


async def _ids(parts: Operations, job: RunningJob) -> list[str]:
    async with parts.database.read(job.scope) as tx:
        return await ids_of(tx, job.scope, job.payload["user_id"])


async def _close_account(parts: Operations, scope: Scope, ids: Sequence[str]) -> None:
    """Their tokens are void."""
    theirs = users.c.id.in_(ids), scope.sees(users)
    async with parts.database.write(EVERYTHING) as tx:
        row = await tx.first(select(users).where(*theirs))
        if row is not None:
            await keep_an_operator(tx, without=users.c.id == row.id)
            await tx.run(update(users).where(*theirs).values(is_disabled=True))
            await parts.revocations.revoke(tx, Scope(row.tenant_code, row.org_code or None), user_subject(row.id))


async def _rows_of_person(parts: Operations, job: RunningJob, ids: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table in reversed(await parts.holdings.present(parts.database)):
        if table.name in parts.holdings.erased:
            job.check()
            owned = parts.holdings.personal[table.name](job.scope, ids)
            counts[str(table.name)] = await delete_rows(parts.database, job.scope, table, owned)
    return {name: count for name, count in counts.items() if count}


async def _tell(parts: Operations, job: RunningJob, entry: Entry) -> dict[str, Any]:
    """Write down that it is done, and take out of the job whose it was."""
    async with parts.database.write(EVERYTHING) as tx:
        await parts.audit.record(tx, entry)
        said = {"tenant": job.payload["tenant"]} if "tenant" in job.payload else {"person": entry.target}
        ours = jobs.c.id == job.id, EVERYTHING.sees(jobs)
        await tx.run(update(jobs).where(*ours).values(payload={**said, "actor": job.payload["actor"]}))
    return {"erased_at": clock.local_iso(clock.now(), parts.zone), "rows": dict(entry.details)}


async def _done(job: RunningJob) -> dict[str, Any]:
    return {"person": job.payload["person"]}
