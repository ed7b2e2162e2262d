"""Refresh tokens: each is good for one use; one that comes twice ends every token of its login."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from wenshu.core.auth.audit import Entry
from wenshu.core.auth.marks import REFRESH_MARK
from wenshu.core.auth.revoked import family as family_subject
from wenshu.core.auth.revoked import user as user_subject
from wenshu.core.auth.tables import refresh_tokens, tenants, users
from wenshu.core.auth.tokens import Subject
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Unauthenticated
from wenshu.kit.ids import new_id
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.schemas import Tokens
from wenshu.web.trail import Trail

WRONG = "用户名或密码错误"


@dataclass(frozen=True, slots=True)
class Issue:
    """What a login gives to whom. ``at`` is read inside the transaction: what is revoked after it voids this, too."""

    user: Row[Any]
    family: str
    refresh_token: str
    at: datetime


async def begin(parts: Accounts, trail: Trail, user_id: str, password_hash: str, message: str) -> Tokens:
    """The first tokens of a login, for who has just shown the password of this hash.

    Raises Unauthenticated where the user was disabled or the password changed meanwhile.
    """
    async with parts.database.write(EVERYTHING) as tx:
        user = await _user(tx, user_id)
        if user is None or user.password_hash != password_hash:
            raise Unauthenticated(WRONG)
        issue = await _issue(parts, tx, user, new_id())
        await parts.audit.record(tx, entry_of(trail, "login", user))
    return await _answer(parts, issue, message)


async def renew(parts: Accounts, trail: Trail, token: str) -> Tokens:
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
        issue = await _issue(parts, tx, user, row.family) if user is not None else None
        if issue is None:
            await end_family(parts, tx, row)
            await parts.audit.record(tx, _ended(trail, "token.reuse", row))
    if issue is None:
        raise Unauthenticated("refresh_token 已被使用，登录已失效，请重新登录")
    return await _answer(parts, issue, "刷新成功")


async def logout(parts: Accounts, trail: Trail, token: str) -> None:
    """End the login that a refresh token belongs to, its access tokens too. An unknown token is no error."""
    async with parts.database.write(EVERYTHING) as tx:
        row = await _find(tx, token)
        if row is not None:
            await end_family(parts, tx, row)
            await parts.audit.record(tx, _ended(trail, "logout", row))


async def end_family(parts: Accounts, tx: Transaction, row: Row[Any]) -> None:
    """Void a login: its refresh tokens go, its access tokens are revoked."""
    scope = Scope(row.tenant_code, row.org_code or None)
    await parts.revocations.revoke(tx, scope, family_subject(row.family))
    await tx.run(delete(refresh_tokens).where(refresh_tokens.c.family == row.family, EVERYTHING.sees(refresh_tokens)))


async def end_user(parts: Accounts, tx: Transaction, user: Row[Any]) -> None:
    """Void all logins of a user."""
    scope = Scope(user.tenant_code, user.org_code or None)
    await parts.revocations.revoke(tx, scope, user_subject(user.id))
    await tx.run(delete(refresh_tokens).where(refresh_tokens.c.user_id == user.id, EVERYTHING.sees(refresh_tokens)))


def entry_of(trail: Trail, action: str, user: Row[Any]) -> Entry:
    """What a user did with their own account."""
    who = f"user:{user.id}"
    entry = trail.entry(action, Scope(user.tenant_code, user.org_code or None), f"{who} {user.username}")
    return replace(entry, actor=who)


def _ended(trail: Trail, action: str, row: Row[Any]) -> Entry:
    entry = trail.entry(action, Scope(row.tenant_code, row.org_code or None), f"user:{row.user_id}")
    return replace(entry, actor=f"user:{row.user_id}" if action == "logout" else trail.actor)


async def _find(tx: Transaction, token: str) -> Row[Any] | None:
    digest = _digest(token)
    return await tx.first(
        select(refresh_tokens).where(refresh_tokens.c.digest == digest, EVERYTHING.sees(refresh_tokens))
    )


async def _user(tx: Transaction, user_id: str) -> Row[Any] | None:
    """The user as they are now: roles may have changed, and who was disabled gets nothing.

    Locked, where there are several writers, until the tokens are issued: whoever shuts the user out then voids them.
    """
    joined = users.join(tenants, tenants.c.tenant_code == users.c.tenant_code)
    active = users.c.id == user_id, ~users.c.is_disabled, ~tenants.c.is_disabled, EVERYTHING.sees(users)
    return await tx.first(select(users).select_from(joined).where(*active).with_for_update(read=True))


async def _issue(parts: Accounts, tx: Transaction, user: Row[Any], family: str) -> Issue:
    token = f"{REFRESH_MARK}{secrets.token_urlsafe(32)}"
    now = clock.now()
    old = delete(refresh_tokens).where(refresh_tokens.c.expires_at < now, EVERYTHING.sees(refresh_tokens))
    await tx.run(old)
    row = {"digest": _digest(token), "family": family, "user_id": user.id, "created_at": now}
    owner = Scope(user.tenant_code, user.org_code or None).stamp()
    await tx.run(insert(refresh_tokens).values(**row, expires_at=now + parts.refresh_lifetime, **owner))
    return Issue(user, family, token, now)


async def _answer(parts: Accounts, issue: Issue, message: str) -> Tokens:
    user = issue.user
    subject = Subject(user.id, user.tenant_code, user.org_code, tuple(user.roles), issue.family, user.is_operator)
    return Tokens(
        access_token=await parts.tokens.mint(subject, issue.at),
        refresh_token=issue.refresh_token,
        expires_in=int(parts.tokens.lifetime.total_seconds()),
        user_id=user.id,
        message=message,
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
