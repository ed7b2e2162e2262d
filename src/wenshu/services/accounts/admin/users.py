"""Users of a tenant: made, listed, changed, disabled and enabled, their passwords reset."""

from typing import Any

from sqlalchemy import Row, func, insert, select, update

from wenshu.core.auth.passwords import made_up
from wenshu.core.auth.principal import code
from wenshu.core.auth.tables import users
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from wenshu.services.accounts.admin.operators import keep_an_operator, may_change, may_make
from wenshu.services.accounts.admin.schemas import ChangedUser, NewUser, User, UserWithPassword
from wenshu.services.accounts.admin.tenants import require_open
from wenshu.services.accounts.login import find_user, folded
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.renew import end_user
from wenshu.services.accounts.users import user_row
from wenshu.web.caller import Administrator
from wenshu.web.coded import Page, Paging

_LONGEST_NAME = 128


async def create(parts: Accounts, admin: Administrator, new: NewUser) -> UserWithPassword:
    """A new user, with the password where it was made up.

    Raises Conflict where the name is taken, InvalidInput for a bad name or password, Forbidden for an organisation that
    is not the administrator's, NotFound for an unknown tenant.
    """
    may_make(admin, operator=new.operator)
    name = _checked_name(new.username)
    scope = org_scope(admin.scope, new.org_code)
    password = new.password or made_up()
    hashed = await parts.passwords.hash(password)
    shown = new.display_name or new.username
    row = user_row(name, shown, hashed, tuple(new.roles), operator=new.operator)
    async with parts.database.write(admin.scope) as tx:
        await require_open(tx, scope.tenant)
        if await find_user(tx, name):
            raise Conflict("用户名已存在", field="username")
        await tx.run(insert(users).values(**row, **scope.stamp()))
        made = _user(parts, await _one(tx, admin.scope, str(row["id"])))
        await _record(parts, tx, admin, "user.create", made, roles=made.roles, operator=made.operator)
    return UserWithPassword(**made.model_dump(by_alias=False), password=None if new.password else password)


async def page(parts: Accounts, admin: Administrator, paging: Paging, username: str | None) -> Page[User]:
    """The scope's users by their names, or the one of this name."""
    wanted = [admin.scope.sees(users)]
    if username is not None:
        wanted.append(users.c.username == folded(username))
    async with parts.database.read(admin.scope) as tx:
        total = await tx.value(select(func.count()).select_from(users).where(*wanted))
        listed = select(users).where(*wanted).order_by(users.c.username).limit(paging.size).offset(paging.offset)
        rows = await tx.all(listed)
    return paging.of([_user(parts, row) for row in rows], total)


async def detail(parts: Accounts, admin: Administrator, user_id: str) -> User:
    """One user. Raises NotFound outside the scope."""
    async with parts.database.read(admin.scope) as tx:
        return _user(parts, await _one(tx, admin.scope, user_id))


async def change(parts: Accounts, admin: Administrator, user_id: str, changed: ChangedUser) -> User:
    """Change what is named; a user whose rights change has to log in again. Raises NotFound, Forbidden, Conflict."""
    may_make(admin, operator=changed.operator)
    values: dict[str, Any] = {"display_name": changed.display_name, "roles": changed.roles}
    values["is_operator"] = changed.operator
    if changed.org_code is not None:
        values["org_code"] = org_scope(admin.scope, changed.org_code).stamp()["org_code"]
    given = {name: value for name, value in values.items() if value is not None}
    async with parts.database.write(admin.scope) as tx:
        user = await _one(tx, admin.scope, user_id)
        may_change(admin, user)
        await _set(tx, admin.scope, user_id, given)
        rights = {"roles", "is_operator", "org_code"}
        if any(given[name] != getattr(user, name) for name in rights & set(given)):
            await keep_an_operator(tx)
            await end_user(parts, tx, user)
        changed_user = _user(parts, await _one(tx, admin.scope, user_id))
        before = {name: getattr(user, name) for name in rights}
        await _record(parts, tx, admin, "user.change", changed_user, before=before, to=given)
        return changed_user


async def disable(parts: Accounts, admin: Administrator, user_id: str) -> User:
    """Shut a user out at once. Raises NotFound, Forbidden, Conflict for oneself and for the last operator."""
    if user_id == admin.principal.user_id:
        raise Conflict("不能停用自己")
    async with parts.database.write(admin.scope) as tx:
        user = await _one(tx, admin.scope, user_id)
        may_change(admin, user)
        await _set(tx, admin.scope, user_id, {"is_disabled": True})
        await keep_an_operator(tx)
        await end_user(parts, tx, user)
        shut_out = _user(parts, await _one(tx, admin.scope, user_id))
        await _record(parts, tx, admin, "user.disable", shut_out)
        return shut_out


async def enable(parts: Accounts, admin: Administrator, user_id: str) -> User:
    """Let a user in again; tokens that were void stay void. Raises NotFound, Forbidden."""
    async with parts.database.write(admin.scope) as tx:
        may_change(admin, await _one(tx, admin.scope, user_id))
        await _set(tx, admin.scope, user_id, {"is_disabled": False})
        let_in = _user(parts, await _one(tx, admin.scope, user_id))
        await _record(parts, tx, admin, "user.enable", let_in)
        return let_in


async def reset_password(parts: Accounts, admin: Administrator, user_id: str) -> UserWithPassword:
    """Make up a new password; the user's tokens are void. Raises NotFound, Forbidden."""
    password = made_up()
    hashed = await parts.passwords.hash(password)
    async with parts.database.write(admin.scope) as tx:
        user = await _one(tx, admin.scope, user_id)
        may_change(admin, user)
        await _set(tx, admin.scope, user_id, {"password_hash": hashed})
        await end_user(parts, tx, user)
        changed = _user(parts, await _one(tx, admin.scope, user_id))
        await _record(parts, tx, admin, "user.reset-password", changed)
    return UserWithPassword(**changed.model_dump(by_alias=False), password=password)


def org_scope(scope: Scope, org_code: str | None) -> Scope:
    """The scope of what an administrator makes. Raises Forbidden for an organisation that is not theirs."""
    named = code("orgCode", org_code)
    if scope.org is not None and named not in {"", scope.org}:
        raise Forbidden("orgCode 与令牌的组织不一致", field="orgCode")
    return Scope(scope.tenant, named or scope.org)


def _checked_name(username: str) -> str:
    name = folded(username)
    if not name or len(name) > _LONGEST_NAME or not all(char.isalnum() or char in "._-@+" for char in name):
        raise InvalidInput("用户名只能包含字母、数字和 ._-@+", field="username")
    return name


async def _record(
    parts: Accounts, tx: Transaction, admin: Administrator, action: str, user: User, **details: object
) -> None:
    """The entry belongs to the tenant of the user, in the organisation that they are kept to."""
    scope = Scope(user.tenant_id, user.org_code or None)
    await parts.audit.record(tx, admin.trail.entry(action, scope, f"user:{user.user_id} {user.username}", **details))


async def _set(tx: Transaction, scope: Scope, user_id: str, values: dict[str, Any]) -> None:
    meant = users.c.id == user_id, scope.sees(users)
    await tx.run(update(users).where(*meant).values(**values, updated_at=clock.now()))


async def _one(tx: Transaction, scope: Scope, user_id: str) -> Row[Any]:
    row = await tx.first(select(users).where(users.c.id == user_id, scope.sees(users)))
    if row is None:
        raise NotFound("用户不存在")
    return row


def _user(parts: Accounts, row: Row[Any]) -> User:
    return User(
        user_id=row.id,
        username=row.username,
        display_name=row.display_name,
        tenant_id=row.tenant_code,
        org_code=row.org_code,
        roles=row.roles,
        operator=row.is_operator,
        disabled=row.is_disabled,
        create_time=clock.local_iso(row.created_at, parts.zone),
        update_time=clock.local_iso(row.updated_at, parts.zone),
    )
