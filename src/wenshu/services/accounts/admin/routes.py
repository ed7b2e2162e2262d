"""``/api/v1/admin/*``: tenants, users and keys. Who looks after one tenant never sees another."""

from typing import Annotated

from fastapi import Path, Query

from wenshu.services.accounts.admin import keys, tenants, users
from wenshu.services.accounts.admin.schemas import (
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
from wenshu.services.accounts.dialect import ADMIN
from wenshu.services.accounts.parts import Parts
from wenshu.web.caller import AnyAdministrator, needs
from wenshu.web.coded import AnyPaging, Page
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import dialect_router

router = dialect_router(ADMIN, prefix="/api/v1/admin", tag="管理 Administration")
_operators = [needs("viewer", operator=True)]

TenantPath = Annotated[str, Path(max_length=128)]
Id = Annotated[str, Path(max_length=128)]


@router.get("/tenants", summary="租户列表 List tenants", dependencies=_operators)
async def list_tenants(parts: Parts, paging: AnyPaging) -> Page[Tenant]:
    """All tenants, for operators."""
    return await tenants.page(parts, paging)


@router.post("/tenants", summary="创建租户 Create a tenant", dependencies=[*_operators, ONCE])
async def create_tenant(body: NewTenant, parts: Parts) -> Tenant:
    """A tenant without users: the next call makes its administrator."""
    return await tenants.create(parts, body)


@router.get("/tenants/{tenantId}", summary="租户详情 A tenant", dependencies=_operators)
async def get_tenant(tenantId: TenantPath, parts: Parts) -> Tenant:  # noqa: N803 (the dialect's spelling)
    """One tenant."""
    return await tenants.detail(parts, tenantId)


@router.put("/tenants/{tenantId}", summary="修改租户 Rename a tenant", dependencies=_operators)
async def rename_tenant(tenantId: TenantPath, body: RenamedTenant, parts: Parts) -> Tenant:  # noqa: N803 (as above)
    """Its name; the code stays."""
    return await tenants.rename(parts, tenantId, body.name)


@router.post("/tenants/{tenantId}/disable", summary="停用租户 Close a tenant", dependencies=_operators)
async def disable_tenant(tenantId: TenantPath, parts: Parts) -> Tenant:  # noqa: N803 (as above)
    """Its users' tokens and its keys are void at once; its data stays."""
    return await tenants.disable(parts, tenantId)


@router.post("/tenants/{tenantId}/enable", summary="启用租户 Open a tenant again", dependencies=_operators)
async def enable_tenant(tenantId: TenantPath, parts: Parts) -> Tenant:  # noqa: N803 (as above)
    """Its users may log in again, its keys work."""
    return await tenants.enable(parts, tenantId)


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


@router.post("/signing-keys/rotate", summary="轮换签名密钥 Rotate the signing key", dependencies=[*_operators, ONCE])
async def rotate_signing_key(body: Rotate, parts: Parts) -> Rotated:
    """Tokens given out stay valid, unless ``atOnce``."""
    return await keys.rotate_signing(parts, at_once=body.at_once)
