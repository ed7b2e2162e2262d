"""Operators look after the server: only they make operators, and one of them always stays."""

from typing import Any

from sqlalchemy import Row, func, select

from wenshu.core.auth.tables import tenants, users
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit.errors import Conflict, Forbidden
from wenshu.web.caller import Administrator


async def keep_an_operator(tx: Transaction) -> None:
    """Raise Conflict, and so undo the transaction, where nobody could look after the server any more."""
    joined = users.join(tenants, tenants.c.tenant_code == users.c.tenant_code)
    able = users.c.is_operator, ~users.c.is_disabled, ~tenants.c.is_disabled, EVERYTHING.sees(users)
    if not await tx.value(select(func.count()).select_from(joined).where(*able)):
        raise Conflict("至少要保留一个可用的运维管理员")


def may_change(admin: Administrator, user: Row[Any]) -> None:
    """Raise Forbidden where a tenant's administrator would lay hands on somebody who looks after the server."""
    if user.is_operator and not admin.principal.operator:
        raise Forbidden("只有运维管理员可以管理运维管理员")


def may_make(admin: Administrator, *, operator: bool | None) -> None:
    """Raise Forbidden where a tenant's administrator would make an operator."""
    if operator and not admin.principal.operator:
        raise Forbidden("只有运维管理员可以设置运维管理员", field="operator")
