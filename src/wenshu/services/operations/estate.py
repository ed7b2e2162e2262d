"""Asking for all that is held of a tenant or of a person, or for its erasure: jobs, as both may take long."""

from hashlib import sha256
from typing import Any

from sqlalchemy import func, select

from wenshu.core.auth.principal import code
from wenshu.core.auth.tables import tenants, users
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.job import Job
from wenshu.kit.errors import Conflict, Forbidden, InvalidInput
from wenshu.services.operations.parts import Operations
from wenshu.services.operations.schemas import Export, ExportedFile, JobTaken, Whose
from wenshu.web.caller import Administrator

EXPORT, ERASURE = "operations.export", "operations.erasure"


async def export(parts: Operations, admin: Administrator, whose: Whose) -> JobTaken:
    """Take on an export. Raises InvalidInput, Forbidden for a tenant where the caller is no operator."""
    scope, payload = _meant(admin, whose)
    return await _take(parts, admin, EXPORT, scope, payload)


async def erase(parts: Operations, admin: Administrator, whose: Whose) -> JobTaken:
    """Take on an erasure. Raises as ``export`` does, Conflict where nobody could look after the server any more."""
    scope, payload = _meant(admin, whose)
    return await _take(parts, admin, ERASURE, scope, payload)


async def exported(parts: Operations, admin: Administrator, job_id: str) -> Export:
    """How far an export is, with a link to its file once there is one. Raises NotFound outside the scope."""
    scope = EVERYTHING if admin.principal.operator else admin.scope
    job = await parts.jobs.get(scope, job_id, kind=EXPORT)
    return Export(job_id=job.id, state=job.state, file=await _file(parts, job))


def person(user_id: str) -> str:
    """How the audit log calls somebody who was erased: whoever knows the id can tell, nobody else."""
    return f"person:{sha256(user_id.encode()).hexdigest()[:16]}"


async def keep_an_operator(tx: Transaction, *, without: Any) -> None:  # noqa: ANN401 (a condition)
    """Raise Conflict where nobody could look after the server without these users."""
    open_ = select(tenants.c.tenant_code).where(~tenants.c.is_disabled, EVERYTHING.sees(tenants))
    able = users.c.is_operator, ~users.c.is_disabled, users.c.tenant_code.in_(open_), ~without, EVERYTHING.sees(users)
    if not await tx.value(select(func.count()).select_from(users).where(*able)):
        raise Conflict("至少要保留一个可用的运维管理员")


def _meant(admin: Administrator, whose: Whose) -> tuple[Scope, dict[str, str]]:
    """The scope that the job is of, and what it says: one of the house for a whole tenant."""
    if bool(whose.user_id) == bool(whose.tenant_id):
        raise InvalidInput("userId 与 tenantId 需要且只能有一个", field="userId")
    asked = {"actor": admin.principal.name}
    if whose.user_id:
        return admin.scope, {"user_id": whose.user_id, **asked}
    if not admin.principal.operator:
        raise Forbidden("整个租户的导出与删除需要运维管理员", field="tenantId")
    return Scope(), {"tenant": code("tenantId", whose.tenant_id), **asked}


async def _take(parts: Operations, admin: Administrator, kind: str, scope: Scope, payload: dict[str, str]) -> JobTaken:
    target = payload.get("tenant") or person(payload["user_id"])
    async with parts.database.write(EVERYTHING) as tx:
        if kind == ERASURE:
            gone = users.c.tenant_code == payload.get("tenant")
            if "user_id" in payload:
                named = users.c.id == payload["user_id"]
                gone = named | (users.c.username == payload["user_id"])
                gone &= scope.sees(users)
                theirs = await tx.first(select(users.c.id).where(gone, users.c.is_operator, scope.sees(users)))
                if theirs is not None and not admin.principal.operator:
                    raise Forbidden("只有运维管理员可以管理运维管理员")
            await keep_an_operator(tx, without=gone)
        accepted = await parts.jobs.accept(tx, scope, kind, payload)
        await parts.audit.record(tx, admin.trail.entry(f"{kind.removeprefix('operations.')}.ask", scope, target))
    return JobTaken(job_id=accepted.id)


async def _file(parts: Operations, job: Job) -> ExportedFile | None:
    if job.result is None:
        return None
    kept = await parts.files.find(job.result["file_id"])
    return ExportedFile(
        name=kept.name, size=kept.size, sha256=kept.sha256, url=parts.files.links.signed(parts.files.link(kept))
    )
