"""Login: the same answer, in the same time, for an unknown user and a wrong password; few tries a minute."""

from dataclasses import replace
from typing import Any
from unicodedata import normalize

from sqlalchemy import Row, select

from wenshu.core.auth.audit import Entry
from wenshu.core.auth.tables import tenants, users
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit.errors import Unauthenticated
from wenshu.services.accounts import renew
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.schemas import Tokens
from wenshu.web.trail import Trail


async def login(parts: Accounts, trail: Trail, username: str, password: str) -> Tokens:
    """Tokens for a user.

    Raises Unauthenticated, and RateLimited after five failures a minute of (user, address) or fifty of the address.
    """
    name = folded(username)
    async with parts.attempts.turn(name, trail.address):
        async with parts.database.read(EVERYTHING) as tx:
            user = await find_user(tx, name)
        right = await parts.passwords.matches(user.password_hash if user else None, password)
        if not right or user is None or user.is_disabled or user.tenant_disabled:
            await parts.attempts.failed(name, trail.address)
            await parts.audit.write(_failure(trail, user))
            raise Unauthenticated(renew.WRONG)
    return await renew.begin(parts, trail, user.id, user.password_hash, "登录成功")


def _failure(trail: Trail, user: Row[Any] | None) -> Entry:
    """The user where there is one; what else was typed for a name may have been a password, and is not kept."""
    if user is None:
        entry = trail.entry("login", Scope())
    else:
        entry = trail.entry("login", Scope(user.tenant_code, user.org_code or None), f"user:{user.id} {user.username}")
    return replace(entry, outcome="failed", status=401)


async def find_user(tx: Transaction, name: str) -> Row[Any] | None:
    """The user of this folded name, with ``tenant_disabled``; names are unique server-wide."""
    joined = users.join(tenants, tenants.c.tenant_code == users.c.tenant_code)
    wanted = select(users, tenants.c.is_disabled.label("tenant_disabled")).select_from(joined)
    return await tx.first(wanted.where(users.c.username == name, EVERYTHING.sees(users)))


def folded(username: str) -> str:
    """The form in which a user name is kept and compared: full-width and capital letters make no difference."""
    return normalize("NFKC", username).strip().casefold()
