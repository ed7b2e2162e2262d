"""What a tenant has set for the gateway: aliases, word lists, a budget; remembered for a moment."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.services.gateway.tables import setups
from wenshu.services.gateway.words import Words

_LOOK_AGAIN_SECONDS = 1.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Setup:
    """One tenant's. A budget of None: there is none."""

    version: int = 0
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    blocked: Sequence[str] = ()
    allowed: Sequence[str] = ()
    day_tokens: int | None = None
    month_tokens: int | None = None
    words: Words = field(default_factory=lambda: Words(()))


class Setups:
    """Reads and changes them. Another process's change is seen within a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Setup]] = {}

    async def of(self, tenant: str) -> Setup:
        """What the tenant has set."""
        looked_at, known = self._known.get(tenant, (0.0, None))
        if known is not None and time.monotonic() - looked_at < _LOOK_AGAIN_SECONDS:
            return known
        scope = Scope(tenant)
        async with self._database.read(scope) as tx:
            version = await tx.value(select(setups.c.version).where(scope.sees(setups))) or 0
            row = None if known is not None and known.version == version else await _row(tx, scope)
        setup = known if row is None and known is not None and known.version == version else await _made(row)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[tenant] = (time.monotonic(), setup)
        return setup

    async def change(self, tx: Transaction, scope: Scope, **values: Any) -> None:  # noqa: ANN401 (column values)
        """Set some of it, in the caller's transaction, which is alone with ``("gateway-setup", tenant)``."""
        tenant = Scope(scope.tenant)
        kept = await self.kept(tx, scope)
        changed = {**kept, **values, "version": kept["version"] + 1, "updated_at": clock.now()}
        await tx.upsert(setups, {**changed, **tenant.stamp()}, key=("tenant_code",), change=tuple(changed))
        tx.after_commit(partial(self._forget, scope.tenant))

    async def kept(self, tx: Transaction, scope: Scope) -> dict[str, Any]:
        """The columns as they stand: what a change begins from."""
        row = await _row(tx, Scope(scope.tenant))
        return dict(_NOTHING) if row is None else {name: getattr(row, name) for name in _NOTHING}

    def _forget(self, tenant: str) -> None:
        self._known.pop(tenant, None)


_NOTHING: Mapping[str, Any] = {
    "version": 0,
    "aliases": {},
    "blocked": [],
    "allowed": [],
    "day_tokens": None,
    "month_tokens": None,
}


async def _row(tx: Transaction, scope: Scope) -> Row[Any] | None:
    return await tx.first(select(setups).where(scope.sees(setups)))


async def _made(row: Row[Any] | None) -> Setup:
    if row is None:
        return Setup()
    # 50,000 words take a third of a second.
    words = await asyncio.to_thread(Words, row.blocked, row.allowed)
    return Setup(row.version, row.aliases, row.blocked, row.allowed, row.day_tokens, row.month_tokens, words)
