"""``/api/v1/admin/*``: tenants, users and keys. Who looks after one tenant never sees another."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query

from wenshu.core.auth.audit import Outcome, Wanted
from wenshu.services.accounts.admin import audit, keys, tenants, users
from wenshu.services.accounts.admin.schemas import (
    AuditChain,
    AuditEntry,
    ChangedUser,
    Key,
    KeyWithSecret,
    NewKey,
    NewTenant,
    NewUser,
    RenamedTenant,
    Rotate,
    Rotated,
    Tenant,
    User,
    UserWithPassword,
)
from wenshu.services.accounts.parts import Parts
from wenshu.web.caller import AnyAdministrator, AnyOperator, needs
from wenshu.web.coded import ADMIN, AnyPaging, Page
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import dialect_router
from wenshu.web.scalars import Flag

router = dialect_router(ADMIN, prefix="/api/v1/admin", tag="管理 Administration")
_seen = [needs("viewer", operator=True, recorded=True)]

TenantPath = Annotated[str, Path(max_length=128)]
Id = Annotated[str, Path(max_length=128)]


@router.get("/tenants", summary="租户列表 List tenants", dependencies=_seen)
async def list_tenants(parts: Parts, paging: AnyPaging) -> Page[Tenant]:
    """All tenants, for operators."""
    return await tenants.page(parts, paging)


@router.post("/tenants", summary="创建租户 Create a tenant", dependencies=[ONCE])
async def create_tenant(body: NewTenant, operator: AnyOperator, parts: Parts) -> Tenant:
    """A tenant without users: the next call makes its administrator."""
    return await tenants.create(parts, operator.trail, body)


@router.get("/tenants/{tenantId}", summary="租户详情 A tenant", dependencies=_seen)
async def get_tenant(tenantId: TenantPath, parts: Parts) -> Tenant:  # noqa: N803 (the dialect's spelling)
    """One tenant."""
    return await tenants.detail(parts, tenantId)


@router.put("/tenants/{tenantId}", summary="修改租户 Rename a tenant")
async def rename_tenant(tenantId: TenantPath, body: RenamedTenant, operator: AnyOperator, parts: Parts) -> Tenant:  # noqa: N803 (as above)
    """Its name; the code stays."""
    return await tenants.rename(parts, operator.trail, tenantId, body.name)


@router.post("/tenants/{tenantId}/disable", summary="停用租户 Close a tenant")
async def disable_tenant(tenantId: TenantPath, operator: AnyOperator, parts: Parts) -> Tenant:  # noqa: N803 (as above)
    """Its users' tokens and its keys are void at once; its data stays."""
    return await tenants.disable(parts, operator.trail, tenantId)


@router.post("/tenants/{tenantId}/enable", summary="启用租户 Open a tenant again")
async def enable_tenant(tenantId: TenantPath, operator: AnyOperator, parts: Parts) -> Tenant:  # noqa: N803 (as above)
    """Its users may log in again, its keys work."""
    return await tenants.enable(parts, operator.trail, tenantId)


@router.get("/users", summary="用户列表 List users")
async def list_users(
    admin: AnyAdministrator,
    parts: Parts,
    paging: AnyPaging,
    username: Annotated[str | None, Query(max_length=128)] = None,
) -> Page[User]:
    """The tenant's users, or the one of this name."""
    return await users.page(parts, admin, paging, username)


@router.post("/users", summary="创建用户 Create a user", dependencies=[ONCE])
async def create_user(body: NewUser, admin: AnyAdministrator, parts: Parts) -> UserWithPassword:
    """With the password given, or one that is made up and shown this once."""
    return await users.create(parts, admin, body)


@router.get("/users/{userId}", summary="用户详情 A user")
async def get_user(userId: Id, admin: AnyAdministrator, parts: Parts) -> User:  # noqa: N803 (as above)
    """One user."""
    return await users.detail(parts, admin, userId)


@router.put("/users/{userId}", summary="修改用户 Change a user")
async def change_user(userId: Id, body: ChangedUser, admin: AnyAdministrator, parts: Parts) -> User:  # noqa: N803 (as above)
    """Name, roles, organisation; whose rights change has to log in again."""
    return await users.change(parts, admin, userId, body)


@router.post("/users/{userId}/disable", summary="停用用户 Disable a user")
async def disable_user(userId: Id, admin: AnyAdministrator, parts: Parts) -> User:  # noqa: N803 (as above)
    """Shut out at once."""
    return await users.disable(parts, admin, userId)


@router.post("/users/{userId}/enable", summary="启用用户 Enable a user")
async def enable_user(userId: Id, admin: AnyAdministrator, parts: Parts) -> User:  # noqa: N803 (as above)
    """May log in again."""
    return await users.enable(parts, admin, userId)


@router.post("/users/{userId}/reset-password", summary="重置密码 Reset a password", dependencies=[ONCE])
async def reset_password(userId: Id, admin: AnyAdministrator, parts: Parts) -> UserWithPassword:  # noqa: N803 (as above)
    """A new one is made up and shown this once."""
    return await users.reset_password(parts, admin, userId)


@router.get("/keys", summary="API Key 列表 List API keys")
async def list_keys(admin: AnyAdministrator, parts: Parts, paging: AnyPaging) -> Page[Key]:
    """The tenant's keys, the newest first."""
    return await keys.page(parts, admin, paging)


@router.post("/keys", summary="创建 API Key Create an API key", dependencies=[ONCE])
async def create_key(body: NewKey, admin: AnyAdministrator, parts: Parts) -> KeyWithSecret:
    """The whole key is shown this once."""
    return await keys.create(parts, admin, body)


@router.get("/keys/{keyId}", summary="API Key 详情 An API key")
async def get_key(keyId: Id, admin: AnyAdministrator, parts: Parts) -> Key:  # noqa: N803 (as above)
    """One key."""
    return await keys.detail(parts, admin, keyId)


@router.delete("/keys/{keyId}", summary="吊销 API Key Revoke an API key")
async def revoke_key(keyId: Id, admin: AnyAdministrator, parts: Parts) -> Key:  # noqa: N803 (as above)
    """Void at once."""
    return await keys.revoke(parts, admin, keyId)


@router.post("/signing-keys/rotate", summary="轮换签名密钥 Rotate the signing key", dependencies=[ONCE])
async def rotate_signing_key(body: Rotate, operator: AnyOperator, parts: Parts) -> Rotated:
    """Tokens given out stay valid, unless ``atOnce``."""
    return await keys.rotate_signing(parts, operator.trail, at_once=body.at_once)


def _wanted(
    parts: Parts,
    actor: Annotated[str | None, Query(max_length=160)] = None,
    action: Annotated[str | None, Query(max_length=128)] = None,
    outcome: Annotated[Outcome | None, Query()] = None,
    since: Annotated[datetime | None, Query(alias="from", description="起，含 From, ISO 8601")] = None,
    before: Annotated[datetime | None, Query(alias="to", description="止，不含 To, ISO 8601")] = None,
) -> Wanted:
    """A time without an offset is the tenant's own."""
    instants = [None if at is None else at if at.tzinfo else at.replace(tzinfo=parts.zone) for at in (since, before)]
    return Wanted(actor, action, outcome, *instants)


OfServer = Annotated[Flag, Query(description="服务器自身的日志；运维管理员 The server's own log")]


@router.get("/audit", summary="审计日志 The audit log")
async def list_audit(
    admin: AnyAdministrator,
    parts: Parts,
    paging: AnyPaging,
    wanted: Annotated[Wanted, Depends(_wanted)],
    server: OfServer = False,  # noqa: FBT002 (FastAPI passes it by name)
) -> Page[AuditEntry]:
    """Who did what, the newest first."""
    return await audit.page(parts, admin, paging, wanted, of_server=server)


@router.get("/audit/verify", summary="校验审计日志 Verify the audit log")
async def verify_audit(
    admin: AnyAdministrator,
    parts: Parts,
    server: OfServer = False,  # noqa: FBT002 (FastAPI passes it by name)
    expect: Annotated[str | None, Query(pattern=r"^\d{1,15}:[0-9a-f]{64}$", description="号:哈希 NUMBER:HASH")] = None,
) -> AuditChain:
    """Whether an entry was changed or is missing."""
    return await audit.verify(parts, admin, expect, of_server=server)
