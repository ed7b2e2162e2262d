"""Retention rules: what a tenant lets go after how many days. Who knows a kind of thing registers how it goes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

from sqlalchemy import delete, select

from wenshu.core.auth.audit import Audit, Entry
from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.running import RunningJob
from wenshu.core.jobs.tables import retention_rules
from wenshu.kit import clock

AgedKind = Literal["sessions", "messages", "uploads", "jobs", "audit"]
AGED: tuple[AgedKind, ...] = get_args(AgedKind)


class Aged(Protocol):
    """Things of one kind that grow old."""

    async def due(self, scope: Scope, before: datetime) -> int:
        """How many are from before this instant, and would go."""
        ...

    async def delete_some(self, scope: Scope, before: datetime) -> int:
        """Delete some of them; how many, 0 once none is left."""
        ...


class Rules:
    """The rules of all tenants, carried out once a night. A tenant without a rule for a kind keeps it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._audit = Audit(database)
        self._aged: dict[AgedKind, Aged] = {}

    def register(self, kind: AgedKind, aged: Aged) -> None:
        """Have things of this kind counted and deleted by ``aged``."""
        self._aged[kind] = aged

    async def read(self, tenant: str) -> dict[AgedKind, int | None]:
        """Days for each kind; None: for ever."""
        scope = Scope(tenant)
        async with self._database.read(scope) as tx:
            columns = retention_rules.c.kind, retention_rules.c.days
            found = {row.kind: row.days for row in await tx.all(select(*columns).where(scope.sees(retention_rules)))}
        return {kind: found.get(kind) for kind in self._aged}

    async def write(self, tx: Transaction, tenant: str, days: Mapping[AgedKind, int | None]) -> None:
        """Set the rules of these kinds, leave the others."""
        scope = Scope(tenant)
        await tx.run(delete(retention_rules).where(retention_rules.c.kind.in_(days), scope.sees(retention_rules)))
        for kind, number in days.items():
            if number is not None:
                row = {"kind": kind, "days": number, **scope.stamp()}
                await tx.upsert(retention_rules, row, key=("tenant_code", "kind"), change=("days",))

    async def due(self, tenant: str) -> dict[AgedKind, int]:
        """How many of each kind the rules would delete now."""
        now = clock.now()
        return {
            kind: 0 if days is None else await self._aged[kind].due(Scope(tenant), now - timedelta(days=days))
            for kind, days in (await self.read(tenant)).items()
        }

    async def delete_some(self, kind: AgedKind, scope: Scope, before: datetime) -> int:
        """Delete some things of a kind, whatever the rules say; how many, 0 once none is left."""
        return await self._aged[kind].delete_some(scope, before)

    async def carry_out(self, job: RunningJob) -> dict[str, int]:
        """Delete what all tenants' rules let go, a few at a time; how many of each kind. Each log tells of its own."""
        total: dict[str, int] = {}
        now = clock.now()
        for tenant in await self._tenants():
            counts: dict[str, int] = {}
            for kind, days in (await self.read(tenant)).items():
                while days is not None:
                    job.check()
                    deleted = await self._aged[kind].delete_some(Scope(tenant), now - timedelta(days=days))
                    if not deleted:
                        break
                    counts[kind] = counts.get(kind, 0) + deleted
            if counts:
                await self._audit.write(Entry(Scope(tenant), "retention", "retention.delete", details=counts))
            for kind, deleted in counts.items():
                total[kind] = total.get(kind, 0) + deleted
        return total

    async def _tenants(self) -> list[str]:
        owner = retention_rules.c.tenant_code
        async with self._database.read(EVERYTHING) as tx:
            found = select(owner).where(EVERYTHING.sees(retention_rules)).distinct().order_by(owner)
            return [row.tenant_code for row in await tx.all(found)]
