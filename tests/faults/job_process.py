"""A process that runs jobs and, at a moment that the test names, kills itself as a power cut would.

``python job_process.py FOLDER MOMENT``: accepts one job of five steps (idempotently, by a key), runs what there is to
run, and prints the job's end as its last line. ``python job_process.py FOLDER beside URL``: runs what there is on that
PostgreSQL until its input ends. Each step notes its process and its idempotency key in ``FOLDER/effects``.
"""

import asyncio
import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from durable import Room
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.engine import Engine

STEPS = 5
T = Scope("t")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingEngine(Engine):
    """Dies as a claimed job is about to begin."""

    async def run(self, _run_id, _body):
        die()


async def main(folder: Path, moment: str) -> None:
    database = Database(sqlite_url(folder / "db.sqlite3"))
    await database.migrate()
    room = Room(database, folder)
    room.kinds.register("five steps", handler(folder, moment))
    if moment == "accepted":
        room.jobs.listen(lambda _, **__: die())
    engine = DyingEngine if moment == "claimed" else Engine
    async with room.working(engine=engine):
        job_id = await room.accept(T, "five steps", {"steps": STEPS}, key="once")
        async for event in room.jobs.follow(T, job_id):
            if event.is_final and moment == "settled":
                die()
        job = await room.jobs.get(T, job_id)
    await database.close()
    sys.stdout.write("\n" + json.dumps({"state": job.state, "result": job.result, "attempts": job.attempts}))


def handler(folder: Path, moment: str):
    async def five_steps(job):
        noted = [await job.step(f"step {n}", lambda n=n: step(job, n)) for n in range(1, job.payload["steps"] + 1)]
        if moment == "handled":
            asyncio.get_running_loop().call_soon(die)
        return {"noted": noted}

    async def step(job, n: int) -> str:
        if moment == f"after step {n - 1}" and job.attempt == 1:
            die()
        key = job.key(f"step {n}")
        with (folder / "effects").open("a") as effects:
            effects.write(f"{os.getpid()} {key}\n")
        await asyncio.sleep(job.payload.get("seconds", 0))
        if moment == f"in step {n}":
            die()
        return key

    return five_steps


async def beside(folder: Path, url: str) -> None:
    database = Database(url)
    room = Room(database, folder)
    room.kinds.register("five steps", handler(folder, ""))
    async with room.working(tenant_concurrency=100):
        await asyncio.get_running_loop().run_in_executor(ThreadPoolExecutor(1), sys.stdin.read)
    await database.close()


if __name__ == "__main__":
    if sys.argv[2] == "beside":
        asyncio.run(beside(Path(sys.argv[1]), sys.argv[3]))
    else:
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
