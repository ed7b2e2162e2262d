"""Refresh tokens: each is good for one use; one that comes twice ends every token of its login."""

import secrets
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from wenshu.core.auth.marks import REFRESH_MARK
from wenshu.core.auth.revoked import family as family_subject
from wenshu.core.auth.tables import refresh_tokens, tenants, users
from wenshu.core.auth.tokens import Subject
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Unauthenticated
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.schemas import Tokens


async def begin(parts: Accounts, user: Row[Any], *, family: str, message: str) -> Tokens:
    """The first tokens of a login; the refresh token is kept as its digest only."""
    async with parts.database.write(EVERYTHING) as tx:
        token = await _issue(parts, tx, user, family)
    return await _answer(parts, user, family, token, message)


async def renew(parts: Accounts, token: str) -> Tokens:
    """New tokens for a refresh token. Raises Unauthenticated; for a used one after its whole family was revoked."""
    now = clock.now()
    async with parts.database.write(EVERYTHING) as tx:
        row = await _find(tx, token)
        if row is None or row.expires_at <= now:
            raise Unauthenticated("refresh_token 无效或已过期")
        # The one update that finds it unused wins; whoever comes second is a thief or was robbed.
        fresh = update(refresh_tokens).where(
            refresh_tokens.c.digest == row.digest, refresh_tokens.c.used_at.is_(None), EVERYTHING.sees(refresh_tokens)
        )
        won = await tx.run(fresh.values(used_at=now)) == 1
        user = await _user(tx, row.user_id) if won else None
        following = await _issue(parts, tx, user, row.family) if user is not None else ""
        if user is None:
            await end_family(parts, tx, row)
    if user is None:
        raise Unauthenticated("refresh_token 已被使用，登录已失效，请重新登录")
    return await _answer(parts, user, row.family, following, "刷新成功")


async def logout(parts: Accounts, token: str) -> None:
    """End the login that a refresh token belongs to, its access tokens too. An unknown token is no error."""
    async with parts.database.write(EVERYTHING) as tx:
        row = await _find(tx, token)
        if row is not None:
            await end_family(parts, tx, row)


async def end_family(parts: Accounts, tx: Transaction, row: Row[Any]) -> None:
    """Void a login: its refresh tokens go, its access tokens are revoked."""
    scope = Scope(row.tenant_code, row.org_code or None)
    await parts.revocations.revoke(tx, scope, family_subject(row.family))
    await tx.run(delete(refresh_tokens).where(refresh_tokens.c.family == row.family, EVERYTHING.sees(refresh_tokens)))


async def _find(tx: Transaction, token: str) -> Row[Any] | None:
    digest = _digest(token)
    return await tx.first(
        select(refresh_tokens).where(refresh_tokens.c.digest == digest, EVERYTHING.sees(refresh_tokens))
    )


async def _user(tx: Transaction, user_id: str) -> Row[Any] | None:
    """The user as they are now: roles may have changed, and who was disabled gets nothing."""
    joined = users.join(tenants, tenants.c.tenant_code == users.c.tenant_code)
    active = users.c.id == user_id, ~users.c.is_disabled, ~tenants.c.is_disabled, EVERYTHING.sees(users)
    return await tx.first(select(users).select_from(joined).where(*active))


async def _issue(parts: Accounts, tx: Transaction, user: Row[Any], family: str) -> str:
    token = f"{REFRESH_MARK}{secrets.token_urlsafe(32)}"
    now = clock.now()
    old = delete(refresh_tokens).where(refresh_tokens.c.expires_at < now, EVERYTHING.sees(refresh_tokens))
    await tx.run(old)
    row = {"digest": _digest(token), "family": family, "user_id": user.id, "created_at": now}
    owner = Scope(user.tenant_code, user.org_code or None).stamp()
    await tx.run(insert(refresh_tokens).values(**row, expires_at=now + parts.refresh_lifetime, **owner))
    return token


async def _answer(parts: Accounts, user: Row[Any], family: str, token: str, message: str) -> Tokens:
    subject = Subject(user.id, user.tenant_code, user.org_code, tuple(user.roles), family, user.is_operator)
    return Tokens(
        access_token=await parts.tokens.mint(subject),
        refresh_token=token,
        expires_in=int(parts.tokens.lifetime.total_seconds()),
        user_id=user.id,
        message=message,
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
