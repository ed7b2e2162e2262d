"""One process's durable work over a database: for tests that accept jobs, run them and follow them."""

import asyncio
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from wenshu.core.database.notices import Notices
from wenshu.core.database.processes import Presence
from wenshu.core.jobs.engine import Engine, sqlite_file
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.schedules import Schedules
from wenshu.core.jobs.worker import Worker


def engine_url(database, folder):
    return database.url if database.shared else sqlite_file(folder / "jobs.sqlite3")


class Room:
    """One process: its jobs, its kinds, and its worker while ``working``."""

    def __init__(self, database, folder):
        self.database = database
        self.folder = folder
        self.notices = Notices(database)
        self.hub = Hub(database, self.notices)
        self.jobs = Jobs(database, self.hub, self.notices)
        self.kinds = Kinds()
        self.schedules = Schedules(database, self.jobs, ZoneInfo("Asia/Shanghai"))

    async def accept(self, scope, kind="kind", payload=None, **options):
        async with self.database.write(scope) as tx:
            accepted = await self.jobs.accept(tx, scope, kind, payload or {}, **options)
        return accepted.id

    @asynccontextmanager
    async def working(self, *, concurrency=4, tenant_concurrency=4, seconds=5, engine=Engine):
        process = Presence(self.database, "worker")
        await process.enter()
        listening = asyncio.create_task(self.notices.run())
        engine = engine(process.id, engine_url(self.database, self.folder))
        worker = Worker(
            self.database,
            self.jobs,
            self.hub,
            self.kinds,
            engine,
            self.schedules,
            process,
            concurrency=concurrency,
            tenant_concurrency=tenant_concurrency,
        )
        await worker.start()
        try:
            yield worker
        finally:
            await worker.close(seconds)
            await engine.close()
            listening.cancel()
            await process.leave()

    async def over(self, scope, *ids):
        """The jobs, once each has come to its end."""
        for job_id in ids:
            async for _ in self.jobs.follow(scope, job_id):
                pass
        return [await self.jobs.get(scope, job_id) for job_id in ids]
