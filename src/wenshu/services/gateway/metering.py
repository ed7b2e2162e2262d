"""Metering: each call is noted in memory and written down, with all others of a quarter second, in one transaction.

A kill loses what was noted since the last writing: half a second at most. A database that is away loses nothing until
it is back, up to ``MOST_WAITING`` calls.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from wenshu.core.database.engine import Database, DatabaseUnavailable, Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import OverBudget
from wenshu.services.gateway.setups import Setup
from wenshu.services.gateway.tables import calls, usage

log = structlog.get_logger()
FLUSH_SECONDS = 0.25
MOST_WAITING = 100_000
_LOOK_AGAIN_SECONDS = 1.0
_TIDY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Metered:
    """One call and what it came to; ``model`` is who answered."""

    scope: Scope
    at: datetime
    caller: str
    path: str
    asked_model: str
    model: str
    status: int
    prompt_tokens: int
    completion_tokens: int
    milliseconds: int
    trace_id: str

    @property
    def tokens(self) -> int:
        """What counts against a budget."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(slots=True)
class _Used:
    read_at: float
    day: str
    today: int
    this_month: int


class Meter:
    """``keep`` is how long single calls are kept; sums are kept for ever."""

    def __init__(self, database: Database, zone: ZoneInfo, keep: timedelta) -> None:
        self._database = database
        self._zone = zone
        self._keep = keep
        self._waiting: list[Metered] = []
        self._used: dict[str, _Used] = {}
        self._writing = asyncio.Lock()
        self._tidied: datetime | None = None

    def note(self, call: Metered) -> None:
        """Take a call down."""
        if len(self._waiting) >= MOST_WAITING:
            log.error("usage is lost: the database is away", caller=call.caller, tokens=call.tokens)
            return
        self._waiting.append(call)
        used = self._used.get(call.scope.tenant)
        if used is not None:
            used.today += call.tokens
            used.this_month += call.tokens

    async def run(self) -> None:
        """Write what was noted, again and again."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
                await self._tidy()
            except (DatabaseUnavailable, SQLAlchemyError) as error:
                log.warning("usage could not be written yet", reason=str(error), waiting=len(self._waiting))

    async def flush(self) -> None:
        """Write what was noted until now. Raises DatabaseUnavailable; then it is written later."""
        async with self._writing:
            batch = self._waiting
            if not batch:
                return
            self._waiting = []
            try:
                async with self._database.write(EVERYTHING, lock=("gateway-usage",)) as tx:
                    await _write(tx, batch, self._zone)
            except BaseException:
                self._waiting = [*batch, *self._waiting]
                raise

    async def admit(self, scope: Scope, setup: Setup) -> None:
        """Raise OverBudget where the tenant has used up its day or its month."""
        if setup.day_tokens is None and setup.month_tokens is None:
            return
        now = clock.now().astimezone(self._zone)
        used = await self._of(scope.tenant, now)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if setup.month_tokens is not None and used.this_month >= setup.month_tokens:
            following = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
            raise OverBudget("本月的用量已达上限", retry_after=int((following - now).total_seconds()) + 1)
        if setup.day_tokens is not None and used.today >= setup.day_tokens:
            rest = midnight + timedelta(days=1) - now
            raise OverBudget("今日的用量已达上限", retry_after=int(rest.total_seconds()) + 1)

    async def _of(self, tenant: str, now: datetime) -> _Used:
        day = now.date().isoformat()
        used = self._used.get(tenant)
        if used is not None and used.day == day and time.monotonic() - used.read_at < _LOOK_AGAIN_SECONDS:
            return used
        await self.flush()
        scope, total = Scope(tenant), func.sum(usage.c.prompt_tokens + usage.c.completion_tokens)
        async with self._database.read(scope) as tx:
            month = await tx.value(select(total).where(usage.c.day >= f"{day[:7]}-01", scope.sees(usage)))
            today = await tx.value(select(total).where(usage.c.day == day, scope.sees(usage)))
        found = self._used[tenant] = _Used(time.monotonic(), day, int(today or 0), int(month or 0))
        for call in self._waiting:
            if call.scope.tenant == tenant:
                found.today += call.tokens
                found.this_month += call.tokens
        return found

    async def _tidy(self) -> None:
        """Delete single calls that were kept long enough, now and then."""
        now = clock.now()
        if self._tidied is not None and now - self._tidied < _TIDY:
            return
        self._tidied = now
        async with self._database.write(EVERYTHING) as tx:
            await tx.run(delete(calls).where(calls.c.at < now - self._keep, EVERYTHING.sees(calls)))


_SAME = ("day", "caller", "model")
_SUMS = ("calls", "failures", "prompt_tokens", "completion_tokens")


async def _write(tx: Transaction, batch: Sequence[Metered], zone: ZoneInfo) -> None:
    """The calls one by one, and their sums added to those of the day."""
    sums: dict[tuple[Scope, str, str, str], Counter[str]] = {}
    rows: list[dict[str, object]] = []
    for call in batch:
        day = call.at.astimezone(zone).date().isoformat()
        counted = sums.setdefault((call.scope, day, call.caller, call.model), Counter())
        counted.update(
            calls=1,
            failures=int(call.status >= 400),
            prompt_tokens=call.prompt_tokens,
            completion_tokens=call.completion_tokens,
        )
        row = {name: getattr(call, name) for name in ("at", "caller", "path", "asked_model", "model", "status")}
        row |= {name: getattr(call, name) for name in ("prompt_tokens", "completion_tokens", "milliseconds")}
        rows.append({**row, "trace_id": call.trace_id, **call.scope.stamp()})
    await tx.run(insert(calls), rows)
    for (scope, *key), counted in sums.items():
        same = dict(zip(_SAME, key, strict=True))
        meant = [usage.c[name] == value for name, value in same.items()]
        added = {name: usage.c[name] + counted[name] for name in _SUMS}
        if not await tx.run(update(usage).where(*meant, scope.exactly(usage)).values(**added)):
            await tx.run(insert(usage).values(**same, **{name: counted[name] for name in _SUMS}, **scope.stamp()))
