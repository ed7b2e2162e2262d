"""Tenants: made, listed, renamed, closed and opened again by those who look after the server."""

from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from wenshu.core.auth.principal import code
from wenshu.core.auth.revoked import tenant as tenant_subject
from wenshu.core.auth.tables import refresh_tokens, tenants
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, NotFound
from wenshu.services.accounts.admin.operators import keep_an_operator
from wenshu.services.accounts.admin.schemas import NewTenant, Tenant
from wenshu.services.accounts.parts import Accounts
from wenshu.web.coded import Page, Paging
from wenshu.web.trail import Trail


async def create(parts: Accounts, trail: Trail, new: NewTenant) -> Tenant:
    """A new tenant. Raises Conflict where the code is taken, InvalidInput for forbidden characters."""
    chosen = code("tenantId", new.tenant_id)
    row = {"name": new.name or chosen, "is_disabled": False, "created_at": clock.now()}
    async with parts.database.write(EVERYTHING) as tx:
        if await _any(tx, chosen):
            raise Conflict("租户已存在", field="tenantId")
        owner = Scope(chosen).stamp()["tenant_code"]
        await tx.run(insert(tenants).values(tenant_code=owner, **row))
        await parts.audit.record(tx, trail.entry("tenant.create", Scope(chosen), chosen))
        return _tenant(parts, await _one(tx, chosen))


async def page(parts: Accounts, paging: Paging) -> Page[Tenant]:
    """All tenants, by their codes."""
    async with parts.database.read(EVERYTHING) as tx:
        total = await tx.value(select(func.count()).select_from(tenants).where(EVERYTHING.sees(tenants)))
        listed = select(tenants).where(EVERYTHING.sees(tenants)).order_by(tenants.c.tenant_code)
        rows = await tx.all(listed.limit(paging.size).offset(paging.offset))
    return paging.of([_tenant(parts, row) for row in rows], total)


async def detail(parts: Accounts, tenant_id: str) -> Tenant:
    """One tenant. Raises NotFound."""
    async with parts.database.read(EVERYTHING) as tx:
        return _tenant(parts, await _one(tx, tenant_id))


async def rename(parts: Accounts, trail: Trail, tenant_id: str, name: str) -> Tenant:
    """Give a tenant another name. Raises NotFound."""
    async with parts.database.write(EVERYTHING) as tx:
        await _one(tx, tenant_id)
        await _set(tx, tenant_id, name=name)
        await parts.audit.record(tx, trail.entry("tenant.rename", Scope(tenant_id), tenant_id))
        return _tenant(parts, await _one(tx, tenant_id))


async def disable(parts: Accounts, trail: Trail, tenant_id: str) -> Tenant:
    """Close a tenant: its users' tokens and its keys are void. Raises NotFound, Conflict for the last operator's."""
    async with parts.database.write(EVERYTHING) as tx:
        await _one(tx, tenant_id)
        await _set(tx, tenant_id, is_disabled=True)
        await keep_an_operator(tx)
        await parts.revocations.revoke(tx, Scope(tenant_id), tenant_subject(tenant_id))
        owned = refresh_tokens.c.tenant_code == tenant_id, EVERYTHING.sees(refresh_tokens)
        await tx.run(delete(refresh_tokens).where(*owned))
        await parts.audit.record(tx, trail.entry("tenant.disable", Scope(tenant_id), tenant_id))
        return _tenant(parts, await _one(tx, tenant_id))


async def enable(parts: Accounts, trail: Trail, tenant_id: str) -> Tenant:
    """Open a tenant again; tokens that were void stay void. Raises NotFound."""
    async with parts.database.write(EVERYTHING) as tx:
        await _one(tx, tenant_id)
        await _set(tx, tenant_id, is_disabled=False)
        await parts.audit.record(tx, trail.entry("tenant.enable", Scope(tenant_id), tenant_id))
        return _tenant(parts, await _one(tx, tenant_id))


async def require_open(tx: Transaction, tenant_id: str) -> None:
    """Raise NotFound for a tenant that is not there, Conflict for a closed one."""
    if (await _one(tx, tenant_id)).is_disabled:
        raise Conflict("租户已停用")


async def _set(tx: Transaction, tenant_id: str, **values: str | bool) -> None:
    meant = tenants.c.tenant_code == tenant_id, EVERYTHING.sees(tenants)
    await tx.run(update(tenants).where(*meant).values(**values))


async def _any(tx: Transaction, tenant_id: str) -> Row[Any] | None:
    return await tx.first(select(tenants).where(tenants.c.tenant_code == tenant_id, EVERYTHING.sees(tenants)))


async def _one(tx: Transaction, tenant_id: str) -> Row[Any]:
    row = await _any(tx, tenant_id)
    if row is None:
        raise NotFound("租户不存在")
    return row


def _tenant(parts: Accounts, row: Row[Any]) -> Tenant:
    return Tenant(
        tenant_id=row.tenant_code,
        name=row.name,
        disabled=row.is_disabled,
        create_time=clock.local_iso(row.created_at, parts.zone),
    )
