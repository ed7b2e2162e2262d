"""Wire models of administration."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from wenshu.core.auth.audit import Outcome
from wenshu.core.auth.families import KeyFamily
from wenshu.core.auth.passwords import MOST
from wenshu.core.auth.principal import MAX_CODE
from wenshu.core.auth.roles import Role
from wenshu.web.coded import Wire
from wenshu.web.scalars import Flag, Whole

Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
TenantId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CODE)]
OrgCode = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_CODE)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=4)]


class NewTenant(Wire):
    """A tenant to make."""

    tenant_id: TenantId = Field(description="租户编码 Its code")
    name: Named | None = Field(None, description="名称，缺省为编码 Its name; the code where it has none")


class RenamedTenant(Wire):
    """A tenant's new name."""

    name: Named


class Tenant(Wire):
    """A tenant."""

    tenant_id: str
    name: str
    disabled: bool
    create_time: str


class NewUser(Wire):
    """A user to make; a password is made up where none is given."""

    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
    display_name: Named | None = None
    org_code: OrgCode | None = Field(None, description="只限该组织；缺省为整个租户 Kept to this organisation")
    roles: Roles = Field(default=["member"])
    operator: Flag = Field(default=False, description="运维管理员：管理所有租户 Looks after the server")
    password: Annotated[str, Field(min_length=1, max_length=MOST)] | None = None


class ChangedUser(Wire):
    """What to change of a user; what is left out stays."""

    display_name: Named | None = None
    org_code: OrgCode | None = None
    roles: Roles | None = None
    operator: Flag | None = None


class User(Wire):
    """A user."""

    user_id: str
    username: str
    display_name: str
    tenant_id: str
    org_code: str
    roles: list[str]
    operator: bool
    disabled: bool
    create_time: str
    update_time: str


class UserWithPassword(User):
    """A user, and the password that was made up, shown this once."""

    password: str | None


class NewKey(Wire):
    """A key to make."""

    name: Named
    org_code: OrgCode | None = Field(None, description="只限该组织；缺省为整个租户 Kept to this organisation")
    roles: Roles = Field(default=["member"], description="viewer 为只读 A viewer only reads")
    families: Annotated[list[KeyFamily], Field(min_length=1)] | None = Field(
        None, description="可调用的接口；缺省为除 admin 以外的全部 What it may call; all but admin where none is named"
    )
    days: Whole | None = Field(None, ge=1, le=3650, description="有效天数；缺省为长期有效 Days until it expires")


class Key(Wire):
    """A key; ``prefix`` is what it begins with."""

    key_id: str
    name: str
    prefix: str
    tenant_id: str
    org_code: str
    roles: list[str]
    families: list[str] | None
    created_by: str
    create_time: str
    expire_time: str | None
    revoke_time: str | None
    last_used_time: str | None


class KeyWithSecret(Key):
    """A key whole, shown this once; ``accessKey`` and ``secretKey`` are its two halves."""

    key: str
    access_key: str
    secret_key: str


class Rotate(Wire):
    """How to rotate the signing keys."""

    at_once: Flag = Field(
        default=False, description="立即作废旧密钥签发的全部令牌，密钥泄露时用 Void all tokens of the earlier keys"
    )


class Rotated(Wire):
    """The key that signs from now on."""

    kid: str


class AuditEntry(Wire):
    """Who did what; ``number`` counts the tenant's entries, ``hash`` continues the chain of those before."""

    number: int
    time: str
    actor: str
    action: str
    target: str
    outcome: Outcome
    status: int
    trace_id: str
    address: str
    org_code: str
    details: dict[str, Any]
    hash: str


class AuditChain(Wire):
    """A tenant's chain as it was found.

    ``brokenAt`` is the first entry that was changed or is missing; ``expected`` whether a head that was written down
    still stands in the chain, null where it was deleted; ``trimmed`` the last entry that retention deleted, 0: none.
    """

    tenant_id: str
    entries: int
    head: str
    intact: bool
    broken_at: int | None
    expected: bool | None
    trimmed: int
