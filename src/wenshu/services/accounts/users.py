"""Users: the first one, and who one is."""

from sqlalchemy import insert, select

from wenshu.core.auth.passwords import made_up
from wenshu.core.auth.roles import Role
from wenshu.core.auth.tables import tenants, users
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, NotFound
from wenshu.kit.ids import new_id
from wenshu.services.accounts.login import find_user, folded
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.schemas import Me

FIRST_TENANT, FIRST_USER = "default", "admin"


async def ensure_first(parts: Accounts, password: str) -> str | None:
    """Make the tenant ``default`` and its user ``admin`` at the first start; the password where one was made up."""
    async with parts.database.read(EVERYTHING) as tx:
        if await tx.value(select(users.c.id).where(EVERYTHING.sees(users)).limit(1)) is not None:
            return None
    chosen = password or made_up()
    hashed = await parts.passwords.hash(chosen)
    async with parts.database.write(EVERYTHING) as tx:
        if await tx.value(select(users.c.id).where(EVERYTHING.sees(users)).limit(1)) is not None:
            return None
        owner = Scope(FIRST_TENANT).stamp()["tenant_code"]
        tenant = {"tenant_code": owner, "name": "默认租户", "is_disabled": False, "created_at": clock.now()}
        await tx.run(insert(tenants).values(tenant))
        await tx.run(insert(users).values(_row(Scope(FIRST_TENANT), FIRST_USER, "管理员", hashed, ("admin",))))
    return None if password else chosen


async def create(
    parts: Accounts, scope: Scope, username: str, password: str, display_name: str, roles: tuple[Role, ...]
) -> str:
    """A new user's id. Raises Conflict where the name is taken, InvalidInput for a bad password."""
    hashed = await parts.passwords.hash(password)
    name = folded(username)
    row = _row(scope, name, display_name or username, hashed, roles)
    async with parts.database.write(scope) as tx:
        if await find_user(tx, name):
            raise Conflict("用户名已存在", field="username")
        await tx.run(insert(users).values(row))
    return str(row["id"])


async def me(parts: Accounts, user_id: str) -> Me:
    """A user as they see themselves. Raises NotFound."""
    async with parts.database.read(EVERYTHING) as tx:
        row = await tx.first(select(users).where(users.c.id == user_id, EVERYTHING.sees(users)))
    if row is None:
        raise NotFound("用户不存在")
    return Me(
        user_id=row.id,
        username=row.username,
        display_name=row.display_name,
        tenant_id=row.tenant_code,
        org_code=row.org_code or None,
        roles=row.roles,
    )


def _row(scope: Scope, name: str, display_name: str, hashed: str, roles: tuple[Role, ...]) -> dict[str, object]:
    now = clock.now()
    row = {"id": new_id(), "username": name, "display_name": display_name, "password_hash": hashed}
    stamped = {**row, "roles": list(roles), "is_disabled": False, **scope.stamp()}
    return {**stamped, "created_at": now, "updated_at": now}
