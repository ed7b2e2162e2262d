"""Durable work as one server has it: the jobs, their progress, and the worker where this process runs them."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from wenshu.core.database.engine import Database
from wenshu.core.database.notices import Notices
from wenshu.core.database.processes import Presence
from wenshu.core.jobs.census import Census
from wenshu.core.jobs.engine import Engine, sqlite_file
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.retention import Retention
from wenshu.core.jobs.rules import Rules
from wenshu.core.jobs.schedules import Schedules
from wenshu.core.jobs.worker import Worker
from wenshu.core.settings import Settings
from wenshu.server.home import Home
from wenshu.web.health import Check


class Durable:
    """Services register what they handle in ``kinds``, ``schedules`` and ``rules`` before the start."""

    def __init__(self, settings: Settings, home: Home, database: Database, process: Presence) -> None:
        self._notices = Notices(database)
        self.hub = Hub(database, self._notices)
        self.jobs = Jobs(database, self.hub, self._notices)
        self.kinds = Kinds()
        self.census = Census(database, self.kinds)
        self.schedules = Schedules(database, self.jobs, ZoneInfo(settings.time.zone))
        self._engine = Engine(process.id, database.url if database.shared else sqlite_file(home.jobs))
        self.rules = Rules(database)
        kept = timedelta(days=settings.jobs.keep_days)
        Retention(database, self._engine, kept, self.rules).register(self.kinds, self.schedules)
        self._worker = Worker(
            database,
            self.jobs,
            self.hub,
            self.kinds,
            self._engine,
            self.schedules,
            process,
            concurrency=settings.jobs.concurrency,
            tenant_concurrency=settings.jobs.tenant_concurrency,
        )
        self._works = settings.jobs.worker
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> dict[str, Check]:
        """Listen, and begin to work, where this process is to; what to look at to see that it does."""
        self._listening = asyncio.create_task(self._notices.run())
        if not self._works:
            return {}
        await self._worker.start()
        return {"jobs": self._worker.check}

    async def end(self, seconds: float) -> None:
        """End followers at once, and jobs at their next step; those that come to none in time are cut off."""
        self.hub.close()
        await self._worker.close(seconds)

    async def close(self) -> None:
        """Stop the engine, last of all that runs: its threads are the event loop's default ones."""
        await self._worker.close(0)
        await self._engine.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
