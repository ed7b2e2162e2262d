"""API keys of a tenant, and the keys that sign the server's tokens."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from wenshu.core.auth.keys import new_key
from wenshu.core.auth.tables import api_keys
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import NotFound
from wenshu.kit.ids import new_id
from wenshu.services.accounts.admin.schemas import Key, KeyWithSecret, NewKey, Rotated
from wenshu.services.accounts.admin.tenants import require_open
from wenshu.services.accounts.admin.users import org_scope
from wenshu.services.accounts.parts import Accounts
from wenshu.web.caller import Administrator
from wenshu.web.coded import Page, Paging
from wenshu.web.trail import Trail


async def create(parts: Accounts, admin: Administrator, new: NewKey) -> KeyWithSecret:
    """A new key, whole: only its digest is kept. Raises Forbidden for an organisation that is not theirs."""
    scope = org_scope(admin.scope, new.org_code)
    made, now = new_key(), clock.now()
    row = {"id": new_id(), "name": new.name, "prefix": made.prefix, "digest": made.digest, "roles": list(new.roles)}
    row |= {"families": new.families, "created_by": admin.principal.name, "created_at": now, **scope.stamp()}
    row["sealed_secret"] = parts.seals.seal(made.secret, made.prefix)
    row["expires_at"] = now + timedelta(days=new.days) if new.days else None
    async with parts.database.write(admin.scope) as tx:
        await require_open(tx, scope.tenant)
        await tx.run(insert(api_keys).values(row))
        key = _key(parts, await _one(tx, admin.scope, str(row["id"])))
        await _record(parts, tx, admin, "key.create", key, roles=key.roles, families=key.families)
    shown = key.model_dump(by_alias=False)
    return KeyWithSecret(**shown, key=made.text, access_key=made.access, secret_key=made.secret)


async def page(parts: Accounts, admin: Administrator, paging: Paging) -> Page[Key]:
    """The scope's keys, the newest first, revoked ones too."""
    wanted = admin.scope.sees(api_keys)
    async with parts.database.read(admin.scope) as tx:
        total = await tx.value(select(func.count()).select_from(api_keys).where(wanted))
        listed = select(api_keys).where(wanted).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
        rows = await tx.all(listed.limit(paging.size).offset(paging.offset))
    return paging.of([_key(parts, row) for row in rows], total)


async def detail(parts: Accounts, admin: Administrator, key_id: str) -> Key:
    """One key. Raises NotFound outside the scope."""
    async with parts.database.read(admin.scope) as tx:
        return _key(parts, await _one(tx, admin.scope, key_id))


async def revoke(parts: Accounts, admin: Administrator, key_id: str) -> Key:
    """End a key at once; its row stays, so that what it did can be told. Raises NotFound."""
    async with parts.database.write(admin.scope) as tx:
        if (await _one(tx, admin.scope, key_id)).revoked_at is None:
            meant = api_keys.c.id == key_id, admin.scope.sees(api_keys)
            await tx.run(update(api_keys).where(*meant).values(revoked_at=clock.now()))
        key = _key(parts, await _one(tx, admin.scope, key_id))
        await _record(parts, tx, admin, "key.revoke", key)
        return key


async def rotate_signing(parts: Accounts, trail: Trail, *, at_once: bool) -> Rotated:
    """Sign access tokens with a new key from now on; the server's own chain tells of it."""
    kid = await parts.keyring.rotate(at_once=at_once)
    await parts.audit.write(trail.entry("signing-key.rotate", Scope(), kid, at_once=at_once))
    return Rotated(kid=kid)


async def _record(
    parts: Accounts, tx: Transaction, admin: Administrator, action: str, key: Key, **details: object
) -> None:
    scope = Scope(key.tenant_id, key.org_code or None)
    await parts.audit.record(tx, admin.trail.entry(action, scope, f"key:{key.prefix} {key.name}", **details))


async def _one(tx: Transaction, scope: Scope, key_id: str) -> Row[Any]:
    row = await tx.first(select(api_keys).where(api_keys.c.id == key_id, scope.sees(api_keys)))
    if row is None:
        raise NotFound("API Key 不存在")
    return row


def _key(parts: Accounts, row: Row[Any]) -> Key:
    times = {name: getattr(row, name) for name in ("expires_at", "revoked_at", "last_used_at")}
    shown = {name: None if time is None else clock.local_iso(time, parts.zone) for name, time in times.items()}
    return Key(
        key_id=row.id,
        name=row.name,
        prefix=row.prefix,
        tenant_id=row.tenant_code,
        org_code=row.org_code,
        roles=row.roles,
        families=row.families,
        created_by=row.created_by,
        create_time=clock.local_iso(row.created_at, parts.zone),
        expire_time=shown["expires_at"],
        revoke_time=shown["revoked_at"],
        last_used_time=shown["last_used_at"],
    )
