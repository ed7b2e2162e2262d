"""Principals: who is calling, and the scope that their words may name."""

from dataclasses import dataclass

from wenshu.core.auth.roles import ROLES, Role, allows
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit.errors import Forbidden, InvalidInput

MAX_CODE = 128
"""Longest tenant or organisation code, characters."""


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
    """The families a key may call; None: all."""
    user_id: str | None = None
    """The user behind a login's token."""
    operator: bool = False
    """Whether they look after the server and all its tenants."""

    def scope(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope the caller names; with a token, the token's own where nothing is named.

        Raises InvalidInput for an org without a tenant, or for forbidden characters; Forbidden for a tenant or
        organisation that is not the token's.
        """
        tenant, org = _code("tenant_code", tenant_code), _code("org_code", org_code)
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

    def require(self, needed: Role) -> None:
        """Raise Forbidden where the caller's role is lower than ``needed``."""
        if not allows(self.roles, needed):
            raise Forbidden(f"需要 {needed} 或更高的角色")


TRUSTED = Principal("trusted", roles=frozenset(ROLES))
"""The caller without a token where ``auth.open_families`` is ``trusted``: their word is taken."""

LOCAL = Principal("local", roles=frozenset(ROLES), operator=True)
"""Who can read the data folder, as the command line can: they have all rights already."""


def _code(field: str, value: str | None) -> str:
    """Codes become index terms and parts of keys, hence the short list of characters."""
    code = (value or "").strip()
    if len(code) > MAX_CODE or not all(char.isalnum() or char in "-_.:@" for char in code):
        raise InvalidInput(f"{field} 只能包含字母、数字和 -_.:@，最长 {MAX_CODE} 个字符", field=field)
    return code
