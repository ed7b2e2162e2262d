"""Schedules: jobs that the house accepts by the clock, each time once, however many processes look at it."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from croniter import croniter

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.jobs import Jobs
from wenshu.kit import clock

log = structlog.get_logger()
_QUIET_SECONDS = 60.0
_AGAIN_SECONDS = 60.0


class Schedules:
    """``zone`` is the one that the schedules' times are in."""

    def __init__(self, database: Database, jobs: Jobs, zone: ZoneInfo) -> None:
        self._database = database
        self._jobs = jobs
        self._zone = zone
        self._entries: list[tuple[str, str]] = []

    def add(self, kind: str, cron: str) -> None:
        """Have a job of this kind accepted by a cron expression (``30 3 * * *``). Raises ValueError for a wrong one."""
        if not croniter.is_valid(cron):
            raise ValueError(f"not a cron expression: {cron}")
        self._entries.append((kind, cron))

    async def run(self) -> None:
        """Accept what is due, for ever; a start is left alone for a minute first."""
        await asyncio.sleep(_QUIET_SECONDS)
        while True:
            now = clock.now()
            try:
                await self.accept_due(now)
            except Exception:
                log.exception("schedule not kept")
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                await asyncio.sleep((self.next_after(now) - now).total_seconds())

    async def accept_due(self, now: datetime) -> None:
        """Accept each schedule's last due time, unless that was done: a machine that was off makes up for one."""
        scope = Scope()
        async with self._database.write(scope) as tx:
            for kind, cron in self._entries:
                due: datetime = croniter(cron, now.astimezone(self._zone)).get_prev(datetime)
                await self._jobs.accept(tx, scope, kind, {}, key=due.isoformat(timespec="minutes"))

    def next_after(self, now: datetime) -> datetime:
        """When the next of them is due."""
        times = (croniter(cron, now.astimezone(self._zone)).get_next(datetime) for _, cron in self._entries)
        return min(times, default=now + timedelta(days=1))
