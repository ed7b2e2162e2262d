"""The secret that a tenant's deliveries are signed with: shown to its administrators, made anew when asked for."""

from secrets import token_urlsafe

from sqlalchemy import select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.schemas import Secret
from wenshu.services.forms.tables import webhook_secrets

_KEY = ("tenant_code", "org_code")


async def shown(parts: Forms, tenant: str) -> Secret:
    """The tenant's secret, made at the first look."""
    scope = Scope(tenant)
    async with parts.database.write(scope) as tx:
        await tx.upsert(webhook_secrets, _new(scope), key=_KEY)
        return await _read(tx, scope)


async def rotated(parts: Forms, tenant: str) -> Secret:
    """A new secret; from now on deliveries are signed with it alone."""
    scope = Scope(tenant)
    async with parts.database.write(scope) as tx:
        await tx.upsert(webhook_secrets, _new(scope), key=_KEY, change=("secret", "created_at"))
        return await _read(tx, scope)


def _new(scope: Scope) -> dict[str, object]:
    return {"secret": f"whsec_{token_urlsafe(32)}", "created_at": clock.now(), **scope.stamp()}


async def _read(tx: Transaction, scope: Scope) -> Secret:
    row = await tx.first(select(webhook_secrets).where(scope.exactly(webhook_secrets)))
    assert row is not None  # noqa: S101 (just written)
    return Secret(secret=row.secret, created_at=clock.utc_text(row.created_at))
