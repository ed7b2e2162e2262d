"""Retention of a tenant: what its administrators let go after how many days, and how much of it is due."""

from sqlalchemy import select

from wenshu.core.auth.tables import tenants
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.rules import AGED, AgedKind
from wenshu.kit.errors import Forbidden, NotFound
from wenshu.services.operations.parts import Operations
from wenshu.services.operations.schemas import NewRules, Retention, Rule
from wenshu.web.caller import Administrator


async def rules(parts: Operations, admin: Administrator) -> Retention:
    """The rules, and how much the next night would delete. Raises Forbidden for who sees an organisation only."""
    return await _retention(parts, _tenant(admin))


async def set_rules(parts: Operations, admin: Administrator, new: NewRules) -> Retention:
    """Set all rules anew. Raises Forbidden as ``rules`` does, NotFound."""
    tenant = _tenant(admin)
    given: dict[AgedKind, int | None] = {kind: getattr(new, kind) for kind in AGED}
    async with parts.database.write(admin.scope) as tx:
        named = tenants.c.tenant_code == tenant, admin.scope.sees(tenants)
        if await tx.first(select(tenants.c.tenant_code).where(*named)) is None:
            raise NotFound("租户不存在")
        await parts.rules.write(tx, tenant, given)
        await parts.audit.record(tx, admin.trail.entry("retention.change", Scope(tenant), tenant, days=given))
    return await _retention(parts, tenant)


async def _retention(parts: Operations, tenant: str) -> Retention:
    days, due = await parts.rules.read(tenant), await parts.rules.due(tenant)
    return Retention(**{kind: Rule(days=days[kind], due=due[kind]) for kind in days})


def _tenant(admin: Administrator) -> str:
    if admin.scope.org is not None:
        raise Forbidden("保留期限属于整个租户，需要租户管理员")
    return admin.scope.tenant
