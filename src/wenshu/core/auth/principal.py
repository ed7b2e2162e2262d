"""Principals: who is calling, and the scope that their words may name."""

from dataclasses import dataclass

from wenshu.core.auth.roles import ROLES, Role, allows
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit.errors import Forbidden, InvalidInput

MAX_CODE = 128
"""Longest tenant or organisation code, characters."""

FIRST_TENANT = "default"
"""The tenant that the first start makes."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. ``name`` stands in the logs: ``trusted``, ``local``, ``user:<id>``, ``key:<prefix>``."""

    name: str
    tenant: str | None = None
    """The tenant of a token or key; None: the caller's own word is taken (trusted network)."""
    org: str | None = None
    """The organisation of a token or key; None under a tenant: the whole tenant."""
    roles: frozenset[str] = frozenset()
    families: frozenset[str] | None = None
    """The families that a key may call; None, as for every login: all."""
    user_id: str | None = None
    """The user behind a login's token."""
    operator: bool = False
    """Whether they look after the server and all its tenants."""

    def scope(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope the caller names; with a token, the token's own where nothing is named.

        Raises InvalidInput for an org without a tenant, or for forbidden characters; Forbidden for a tenant or
        organisation that is not the token's.
        """
        tenant, org = code("tenant_code", tenant_code), code("org_code", org_code)
        if self.tenant is not None:
            if tenant not in {"", self.tenant}:
                raise Forbidden("tenant_code 与令牌的租户不一致", field="tenant_code")
            if org and self.org is not None and org != self.org:
                raise Forbidden("org_code 与令牌的组织不一致", field="org_code")
            return Scope(self.tenant, org or self.org)
        if org and not tenant:
            raise InvalidInput("org_code 需要与 tenant_code 一起使用", field="org_code")
        return Scope(tenant, org or None)

    def bearer(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope of a call by an unguessable id: without a token the id is the capability, unless the call narrows.

        Raises as ``scope`` does.
        """
        narrowed = self.scope(tenant_code, org_code)
        return narrowed if tenant_code or self.tenant is not None else EVERYTHING

    def oversees(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope that a caller may look after: an operator's is everything, or any that they name.

        Raises as ``scope`` does.
        """
        if not self.operator:
            return self.scope(tenant_code, org_code)
        named = TRUSTED.scope(tenant_code, org_code)
        return named if named.tenant else EVERYTHING

    def governs(self, tenant_code: str | None) -> Scope:
        """The scope that an administrator works in: their own; an operator names any tenant.

        Raises Forbidden for another tenant where the caller is no operator, InvalidInput for forbidden characters.
        """
        named = code("X-Tenant-Id", tenant_code)
        if named in {"", self.tenant}:
            return Scope(self.tenant or FIRST_TENANT, self.org)
        if not self.operator:
            raise Forbidden("X-Tenant-Id 与令牌的租户不一致", field="X-Tenant-Id")
        return Scope(named)

    def may_call(self, family: str) -> bool:
        """Whether a key's families allow this one."""
        return self.families is None or family in self.families

    def require(self, needed: Role) -> None:
        """Raise Forbidden where the caller's role is lower than ``needed``."""
        if not allows(self.roles, needed):
            raise Forbidden(f"需要 {needed} 或更高的角色")


TRUSTED = Principal("trusted", roles=frozenset(ROLES))
"""The caller without a token where ``auth.open_families`` is ``trusted``: their word is taken."""

LOCAL = Principal("local", roles=frozenset(ROLES), operator=True)
"""Who can read the data folder, as the command line can: they have all rights already."""


def code(field: str, value: str | None) -> str:
    """A tenant's or organisation's code, empty where there is none. Raises InvalidInput naming the field.

    Codes become index terms and parts of keys, hence the short list of characters.
    """
    bare = (value or "").strip()
    if len(bare) > MAX_CODE or not all(char.isalnum() or char in "-_.:@" for char in bare):
        raise InvalidInput(f"{field} 只能包含字母、数字和 -_.:@，最长 {MAX_CODE} 个字符", field=field)
    return bare
