"""Scope: which rows of tenant-owned tables a caller may see. Every query of such a table takes one."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, true


@dataclass(frozen=True, slots=True)
class Scope:
    """A tenant and, within it, an organisation.

    ``tenant`` empty is the *global scope*: the rows stored without a tenant, never "all tenants". ``org`` None under a
    tenant is the whole tenant; an org sees only its own rows. ``everything`` is for the server's own sweeps and for
    calls whose unguessable id is the capability; no caller's words ever make one.
    """

    tenant: str = ""
    org: str | None = None
    everything: bool = False

    def sees(self, table: Table) -> ColumnElement[bool]:
        """The condition that keeps a query of ``table`` inside the scope."""
        if self.everything:
            return true()
        own = table.c.tenant_code == self.tenant
        return own if self.org is None else and_(own, table.c.org_code == self.org)

    def exactly(self, table: Table) -> ColumnElement[bool]:
        """The condition for rows written in just this scope: no org means the rows without one."""
        return and_(*(table.c[name] == value for name, value in self.stamp().items()))

    def stamp(self) -> dict[str, Any]:
        """The owner columns of a row written in this scope; rows without an org carry an empty one."""
        if self.everything:
            raise ValueError("a row needs one owner")
        return {"tenant_code": self.tenant, "org_code": self.org or ""}

    def owns(self, tenant_code: str, org_code: str) -> bool:
        """Whether a row with these owner columns is inside the scope."""
        return self.everything or (tenant_code == self.tenant and self.org in {None, org_code})


EVERYTHING = Scope(everything=True)
"""All rows of all tenants: see ``Scope.everything``."""
