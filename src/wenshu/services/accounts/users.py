"""Users: the first one, and who one is."""

from sqlalchemy import insert, select

from wenshu.core.auth.passwords import made_up
from wenshu.core.auth.principal import FIRST_TENANT, Principal
from wenshu.core.auth.roles import Role
from wenshu.core.auth.tables import tenants, users
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Unauthenticated
from wenshu.kit.ids import new_id
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.schemas import Me

FIRST_USER = "admin"


async def ensure_first(parts: Accounts, password: str) -> str | None:
    """Make the tenant ``default`` and its user ``admin`` at the first start; the password where one was made up."""
    async with parts.database.read(EVERYTHING) as tx:
        if await tx.value(select(users.c.id).where(EVERYTHING.sees(users)).limit(1)) is not None:
            return None
    chosen = password or made_up()
    hashed = await parts.passwords.hash(chosen)
    async with parts.database.write(EVERYTHING, lock=("first-user",)) as tx:
        if await tx.value(select(users.c.id).where(EVERYTHING.sees(users)).limit(1)) is not None:
            return None
        owner = Scope(FIRST_TENANT).stamp()
        tenant = {"name": "默认租户", "is_disabled": False, "created_at": clock.now()}
        await tx.run(insert(tenants).values(**tenant, tenant_code=owner["tenant_code"]))
        first = user_row(FIRST_USER, "管理员", hashed, ("admin",), operator=True)
        await tx.run(insert(users).values(**first, **owner))
    return None if password else chosen


async def me(parts: Accounts, principal: Principal) -> Me:
    """A caller as the server knows them. Raises Unauthenticated for a user who is gone."""
    if principal.user_id is None:
        return _of_principal(principal)
    async with parts.database.read(EVERYTHING) as tx:
        row = await tx.first(select(users).where(users.c.id == principal.user_id, EVERYTHING.sees(users)))
    if row is None:
        raise Unauthenticated
    return Me(
        user_id=row.id,
        username=row.username,
        display_name=row.display_name,
        tenant_id=row.tenant_code,
        org_code=row.org_code or None,
        roles=row.roles,
        is_operator=row.is_operator,
    )


def _of_principal(principal: Principal) -> Me:
    return Me(
        user_id=principal.name,
        username=principal.name,
        display_name=principal.name,
        tenant_id=principal.tenant,
        org_code=principal.org,
        roles=sorted(principal.roles),
        is_operator=principal.operator,
    )


def user_row(
    name: str, display_name: str, hashed: str, roles: tuple[Role, ...], *, operator: bool
) -> dict[str, object]:
    """The row of a new user but for its owner; ``name`` folded, ``hashed`` the password's hash."""
    now = clock.now()
    row = {"id": new_id(), "username": name, "display_name": display_name, "password_hash": hashed}
    rights = {"roles": list(roles), "is_operator": operator, "is_disabled": False}
    return {**row, **rights, "created_at": now, "updated_at": now}
