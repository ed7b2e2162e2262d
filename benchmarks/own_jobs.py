"""Our durable jobs, run by one process as the server runs them; commands as of ``peers/with_procrastinate.py``.

    python benchmarks/own_jobs.py [PostgreSQL's URL]

Without a URL on SQLite, in a folder that goes away. One process a database, as DBOS is one in a process.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.notices import Notices
from wenshu.core.database.processes import Presence
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.engine import Engine, sqlite_file
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.running import RunningJob
from wenshu.core.jobs.schedules import Schedules
from wenshu.core.jobs.worker import Worker

SCOPE = Scope("bench")
AT_ONCE = 8


class Bench:
    """Jobs of one step that only note when they began."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._engine_url = database.url if database.shared else sqlite_file(folder / "jobs.sqlite3")
        self._notices = Notices(database)
        self._hub = Hub(database, self._notices)
        self._jobs = Jobs(database, self._hub, self._notices)
        self._kinds = Kinds()
        self._kinds.register("note", self._note)
        self._begun: dict[str, float] = {}

    async def enter(self, stack: AsyncExitStack) -> None:
        """Begin to work, until the stack closes."""
        process = Presence(self._database, "worker")
        await process.enter()
        stack.push_async_callback(process.leave)
        listening = asyncio.create_task(self._notices.run())
        stack.callback(listening.cancel)
        engine = Engine(process.id, self._engine_url)
        stack.push_async_callback(engine.close)
        schedules = Schedules(self._database, self._jobs, ZoneInfo("Asia/Shanghai"))
        worker = Worker(
            self._database, self._jobs, self._hub, self._kinds, engine, schedules, process,
            concurrency=AT_ONCE, tenant_concurrency=AT_ONCE,
        )  # fmt: skip
        await worker.start()
        stack.push_async_callback(worker.close, 5)

    async def run(self, count: int) -> float:
        """Seconds to put this many jobs in, one commit each, and to do them all."""
        started = time.perf_counter()
        for job_id in [await self._accept() for _ in range(count)]:
            await self._over(job_id)
        return time.perf_counter() - started

    async def wait(self, count: int) -> tuple[list[float], list[float]]:
        """Milliseconds until each of some jobs, one after another, began and was done."""
        begun: list[float] = []
        done: list[float] = []
        for _ in range(count):
            started = time.perf_counter()
            job_id = await self._accept()
            await self._over(job_id)
            done.append((time.perf_counter() - started) * 1000)
            begun.append((self._begun[job_id] - started) * 1000)
        return begun, done

    async def _accept(self) -> str:
        async with self._database.write(SCOPE) as tx:
            return (await self._jobs.accept(tx, SCOPE, "note", {})).id

    async def _over(self, job_id: str) -> None:
        async for _ in self._jobs.follow(SCOPE, job_id):
            pass

    async def _note(self, job: RunningJob) -> None:
        async def nothing() -> None:
            self._begun[job.id] = time.perf_counter()

        await job.step("note", nothing)


async def main() -> None:
    """Answer commands until the line ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="wenshu-jobs-") as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else sqlite_url(Path(folder) / "wenshu.sqlite3")
        database = Database(url)
        await database.migrate()
        bench = Bench(database, Path(folder))
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            await bench.enter(stack)
            while line := await asyncio.to_thread(sys.stdin.readline):
                command, answer = json.loads(line), {}
                if "run" in command:
                    answer = {"seconds": await bench.run(command["run"])}
                elif "wait" in command:
                    begun, done = await bench.wait(command["wait"])
                    answer = {"begun": begun, "done": done}
                answers.write(json.dumps(answer) + "\n")
                answers.flush()


if __name__ == "__main__":
    asyncio.run(main())
