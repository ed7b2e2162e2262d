"""The audit log for administrators: a page of it, and whether its chain is whole."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from wenshu.core.auth.audit import Wanted
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Forbidden
from wenshu.services.accounts.admin.schemas import AuditChain, AuditEntry
from wenshu.services.accounts.parts import Accounts
from wenshu.web.caller import Administrator
from wenshu.web.coded import Page, Paging


async def page(
    parts: Accounts, admin: Administrator, paging: Paging, wanted: Wanted, *, of_server: bool
) -> Page[AuditEntry]:
    """The scope's entries, the newest first. Raises Forbidden for the server's own where the caller is no operator."""
    scope = _scope(admin, of_server=of_server)
    rows, total = await parts.audit.page(scope, wanted, offset=paging.offset, limit=paging.size)
    return paging.of([_entry(parts, row) for row in rows], total)


async def verify(parts: Accounts, admin: Administrator, expect: str | None, *, of_server: bool) -> AuditChain:
    """Follow the tenant's chain; ``expect`` is a head that was written down, ``number:hash``.

    Raises Forbidden for who sees only an organisation of the tenant.
    """
    scope = _scope(admin, of_server=of_server)
    if scope.org is not None:
        raise Forbidden("校验整个租户的审计日志需要租户管理员")
    number, _, known = (expect or "").partition(":")
    chain = await parts.audit.verify(scope.tenant, (int(number), known) if expect else None)
    return AuditChain(
        tenant_id=chain.tenant,
        entries=chain.entries,
        head=chain.head,
        intact=chain.broken_at is None,
        broken_at=chain.broken_at,
        expected=chain.known_stands,
        trimmed=chain.trimmed,
    )


def _scope(admin: Administrator, *, of_server: bool) -> Scope:
    """The server's own chain is that of no tenant: calls without one, signing keys, names that nobody has."""
    if not of_server:
        return admin.scope
    if not admin.principal.operator:
        raise Forbidden("需要运维管理员")
    return Scope()


def _entry(parts: Accounts, row: Row[Any]) -> AuditEntry:
    details: Mapping[str, Any] = row.details
    return AuditEntry(
        number=row.number,
        time=clock.local_iso(row.at, parts.zone),
        actor=row.actor,
        action=row.action,
        target=row.target,
        outcome=row.outcome,
        status=row.status,
        trace_id=row.trace_id,
        address=row.address,
        org_code=row.org_code,
        details=dict(details),
        hash=row.hash,
    )
