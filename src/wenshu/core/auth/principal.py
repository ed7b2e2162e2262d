"""Principals: who is calling, and the scope that their words may name."""

from dataclasses import dataclass

from wenshu.core.database.scope import Scope
from wenshu.kit.errors import InvalidInput

MAX_CODE = 128
"""Longest tenant or organisation code, characters."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. ``name`` stands in logs."""

    name: str

    def scope(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope the caller names. Raises InvalidInput for an org without a tenant, or for forbidden characters."""
        tenant, org = _code("tenant_code", tenant_code), _code("org_code", org_code)
        if org and not tenant:
            raise InvalidInput("org_code 需要与 tenant_code 一起使用", field="org_code")
        return Scope(tenant, org or None)


TRUSTED = Principal("trusted")
"""The caller without a token where ``auth.open_families`` is ``trusted``: their word is taken."""

OPERATOR = Principal("operator")
"""Who runs the server, on its own machine: their word is taken, and they may look after all tenants."""


def _code(field: str, value: str | None) -> str:
    """Codes become index terms and parts of keys, hence the short list of characters."""
    code = (value or "").strip()
    if len(code) > MAX_CODE or not all(char.isalnum() or char in "-_.:@" for char in code):
        raise InvalidInput(f"{field} 只能包含字母、数字和 -_.:@，最长 {MAX_CODE} 个字符", field=field)
    return code
