"""Login: the same answer, in the same time, for an unknown user and a wrong password; few tries a minute."""

from datetime import timedelta
from typing import Any
from unicodedata import normalize

from sqlalchemy import Row, delete, func, insert, select

from wenshu.core.auth.tables import login_failures, tenants, users
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import RateLimited, Unauthenticated
from wenshu.kit.ids import new_id
from wenshu.services.accounts import renew
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.schemas import Tokens

_WINDOW = timedelta(minutes=1)
_MOST_OF_PAIR, _MOST_OF_ADDRESS = 5, 50


async def login(parts: Accounts, username: str, password: str, address: str) -> Tokens:
    """Tokens for a user.

    Raises Unauthenticated, and RateLimited after five failures a minute of (user, address) or fifty of the address.
    """
    name = folded(username)
    async with parts.database.read(EVERYTHING) as tx:
        await _admit(tx, name, address)
        user = await find_user(tx, name)
    if not await parts.passwords.matches(user.password_hash if user else None, password) or user is None:
        await _failed(parts, name, address)
        raise Unauthenticated("用户名或密码错误")
    if user.is_disabled or user.tenant_disabled:
        await _failed(parts, name, address)
        raise Unauthenticated("用户名或密码错误")
    return await renew.begin(parts, user, family=new_id(), message="登录成功")


async def find_user(tx: Transaction, name: str) -> Row[Any] | None:
    """The user of this folded name, with ``tenant_disabled``; names are unique server-wide."""
    joined = users.join(tenants, tenants.c.tenant_code == users.c.tenant_code)
    wanted = select(users, tenants.c.is_disabled.label("tenant_disabled")).select_from(joined)
    return await tx.first(wanted.where(users.c.username == name, EVERYTHING.sees(users)))


def folded(username: str) -> str:
    """The form in which a user name is kept and compared: full-width and capital letters make no difference."""
    return normalize("NFKC", username).strip().lower()


async def _admit(tx: Transaction, name: str, address: str) -> None:
    since = clock.now() - _WINDOW
    recent = (login_failures.c.address == address, login_failures.c.at > since, EVERYTHING.sees(login_failures))
    counts = await tx.first(
        select(
            func.count().label("of_address"),
            func.count().filter(login_failures.c.username == name).label("of_pair"),
            func.min(login_failures.c.at).label("oldest"),
        ).where(*recent)
    )
    if counts and (counts.of_pair >= _MOST_OF_PAIR or counts.of_address >= _MOST_OF_ADDRESS):
        left = counts.oldest + _WINDOW - clock.now()
        raise RateLimited("登录失败次数过多，请稍后再试", retry_after=max(1, round(left.total_seconds())))


async def _failed(parts: Accounts, name: str, address: str) -> None:
    now = clock.now()
    row = {"username": name, "address": address, "at": now, **Scope().stamp()}
    async with parts.database.write(EVERYTHING) as tx:
        old = delete(login_failures).where(login_failures.c.at < now - _WINDOW, EVERYTHING.sees(login_failures))
        await tx.run(old)
        await tx.run(insert(login_failures).values(row))
