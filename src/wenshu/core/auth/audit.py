"""The audit log: who did what, when, in which request, with what outcome; each tenant's entries are a chain of hashes.

An entry's hash covers its content and the hash before it: a changed, missing or moved entry breaks the chain at its
place. Retention deletes from the chain's beginning only, and leaves the last hash that it deleted, by which the rest is
verified. Whoever can write to the database could rebuild a chain: a head that was written down elsewhere (the server's
own log has each) shows that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, get_args

import orjson
import structlog
from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from wenshu.core.auth.tables import audit_entries, audit_heads
from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock

log = structlog.get_logger("audit")
Outcome = Literal["ok", "denied", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_BATCH = 1000
_HASHED = "number", "tenant_code", "org_code", "actor", "action", "target", "outcome", "status", "trace_id", "address"
_LONGEST = 512
_TRIMMED_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down. ``details`` holds names and counts, never a question's text, a password or a key."""

    scope: Scope
    actor: str
    action: str
    target: str = ""
    outcome: Outcome = "ok"
    status: int = 200
    trace_id: str = ""
    address: str = ""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; None: any. ``before`` is the first instant that is too late."""

    actor: str | None = None
    action: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    before: datetime | None = None

    def condition(self, scope: Scope) -> list[ColumnElement[bool]]:
        """What an entry must be."""
        columns = audit_entries.c
        same = {columns.actor: self.actor, columns.action: self.action, columns.outcome: self.outcome}
        wanted = [scope.sees(audit_entries), *(column == value for column, value in same.items() if value is not None)]
        if self.since is not None:
            wanted.append(columns.at >= self.since)
        if self.before is not None:
            wanted.append(columns.at < self.before)
        return wanted


@dataclass(frozen=True, slots=True)
class Chain:
    """One tenant's chain as it was found: how many entries, the last hash, and where it breaks, if it does."""

    tenant: str
    entries: int
    head: str
    broken_at: int | None
    known_stands: bool | None = None
    """Whether the entry that was known before still has its hash; None where none was, or retention deleted it."""
    trimmed: int = 0
    """The last entry that retention deleted; 0: none."""


class Audit:
    """Writes and reads the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, tx: Transaction, entry: Entry) -> None:
        """Write an entry in the transaction of what it tells of: neither is there without the other."""
        owner = entry.scope.stamp()
        empty = {"tenant_code": owner["tenant_code"], "number": 0, "hash": ""}
        await tx.upsert(audit_heads, {**empty, "org_code": Scope().stamp()["org_code"]}, key=("tenant_code",))
        meant = audit_heads.c.tenant_code == owner["tenant_code"], EVERYTHING.sees(audit_heads)
        # One writer of a chain at a time: on PostgreSQL the row is locked until the transaction ends.
        head = await tx.first(select(audit_heads).where(*meant).with_for_update())
        if head is None:
            raise LookupError("the head that was just written is gone")
        row = {**owner, "number": head.number + 1, "at": clock.now(), "actor": entry.actor, "action": entry.action}
        row |= {"target": entry.target[:_LONGEST], "outcome": entry.outcome, "status": entry.status}
        row |= {"trace_id": entry.trace_id, "address": entry.address, "details": dict(entry.details)}
        row["hash"] = _hash(head.hash, row)
        await tx.run(insert(audit_entries).values(row))
        await tx.run(update(audit_heads).where(*meant).values(number=row["number"], hash=row["hash"]))
        told = {name: row[name] for name in ("tenant_code", "number", "actor", "action", "outcome", "hash")}
        log.info("audit", **told)

    async def write(self, entry: Entry) -> None:
        """Write an entry by itself: of what changed nothing, or was changed already."""
        async with self._database.write(EVERYTHING) as tx:
            await self.record(tx, entry)

    async def page(self, scope: Scope, wanted: Wanted, *, offset: int, limit: int) -> tuple[Sequence[Row[Any]], int]:
        """Entries of the scope, the newest first, and how many there are."""
        condition = wanted.condition(scope)
        newest = select(audit_entries).where(*condition, scope.sees(audit_entries)).order_by(audit_entries.c.id.desc())
        async with self._database.read(scope) as tx:
            total = await tx.value(select(func.count()).select_from(audit_entries).where(*condition))
            return await tx.all(newest.limit(limit).offset(offset)), total

    async def verify(self, tenant: str, known: tuple[int, str] | None = None) -> Chain:
        """Follow a tenant's chain from its beginning to its head; ``known`` is a number and the hash it had once."""
        while True:
            start = await self._start(tenant)
            chain = await self._followed(tenant, start, known)
            # What retention deletes meanwhile is no break.
            if chain.broken_at is None or await self._start(tenant) == start:
                return chain

    async def due(self, scope: Scope, before: datetime) -> int:
        """How many entries ``delete_some`` would delete in all: those at the beginning that are from before."""
        async with self._database.read(scope) as tx:
            until, trimmed = await _until(tx, scope, before)
        return max(0, until - trimmed)

    async def delete_some(self, scope: Scope, before: datetime) -> int:
        """Delete some entries from the chain's beginning that are from before this instant; how many."""
        heads = audit_heads.c.tenant_code == scope.tenant, scope.sees(audit_heads)
        async with self._database.write(scope) as tx:
            await tx.first(select(audit_heads).where(*heads).with_for_update())
            until, trimmed = await _until(tx, scope, before)
            until = min(until, trimmed + _TRIMMED_AT_ONCE)
            if until <= trimmed:
                return 0
            last = audit_entries.c.number == until, scope.sees(audit_entries)
            digest = await tx.value(select(audit_entries.c.hash).where(*last))
            gone = audit_entries.c.number <= until, scope.sees(audit_entries)
            await tx.run(delete(audit_entries).where(*gone))
            await tx.run(update(audit_heads).where(*heads).values(trimmed=until, trimmed_hash=digest))
            return until - trimmed

    async def _start(self, tenant: str) -> tuple[int, str]:
        """The number and hash that a tenant's chain begins after."""
        scope = Scope(tenant)
        async with self._database.read(scope) as tx:
            row = await tx.first(select(audit_heads).where(scope.sees(audit_heads)))
        return (0, "") if row is None else (row.trimmed, row.trimmed_hash)

    async def _followed(self, tenant: str, start: tuple[int, str], known: tuple[int, str] | None) -> Chain:
        scope, (at, last) = Scope(tenant), start
        trimmed = at
        stands = None if known is None or known[0] < at else known == start
        while True:
            following = select(audit_entries).where(audit_entries.c.number > at, scope.sees(audit_entries))
            async with self._database.read(scope) as tx:
                rows = await tx.all(following.order_by(audit_entries.c.number).limit(_BATCH))
            for row in rows:
                content = {name: getattr(row, name) for name in (*_HASHED, "at", "details")}
                if row.number != at + 1 or row.hash != _hash(last, content):
                    return Chain(tenant, at, last, at + 1, stands, trimmed)
                last, at = row.hash, row.number
                stands = True if known == (at, last) else stands
            if len(rows) < _BATCH:
                break
        return Chain(tenant, at, last, await self._behind(scope, at, last), stands, trimmed)

    async def tenants(self) -> list[str]:
        """The tenants that have a chain; the empty one is the server's own."""
        async with self._database.read(EVERYTHING) as tx:
            rows = await tx.all(select(audit_heads.c.tenant_code).where(EVERYTHING.sees(audit_heads)))
        return sorted(row.tenant_code for row in rows)

    async def _behind(self, scope: Scope, at: int, last: str) -> int | None:
        """Where entries are missing at the chain's end, or None; entries that came meanwhile are no fault."""
        async with self._database.read(scope) as tx:
            head = await tx.first(select(audit_heads).where(scope.sees(audit_heads)))
        if head is None:
            return None if at == 0 else at
        if head.number < at or (head.number == at and head.hash != last):
            return at
        if head.number == at:
            return None
        async with self._database.read(scope) as tx:
            meant = audit_entries.c.number == at + 1, scope.sees(audit_entries)
            return at + 1 if await tx.first(select(audit_entries.c.id).where(*meant)) is None else None


async def _until(tx: Transaction, scope: Scope, before: datetime) -> tuple[int, int]:
    """The last entry before the first that is not from before the instant, and the last that was deleted already."""
    head = await tx.first(select(audit_heads).where(audit_heads.c.tenant_code == scope.tenant, scope.sees(audit_heads)))
    if head is None:
        return 0, 0
    young = audit_entries.c.at >= before, scope.sees(audit_entries)
    first = await tx.value(select(func.min(audit_entries.c.number)).where(*young))
    return (head.number if first is None else first - 1), head.trimmed


def _hash(before: str, row: Mapping[str, Any]) -> str:
    content = [before, *(row[name] for name in _HASHED), round(row["at"].timestamp() * 1_000_000), row["details"]]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
