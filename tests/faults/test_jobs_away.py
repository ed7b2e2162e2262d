"""PostgreSQL goes away amid a job: the job goes on once it is back, and a stop does not wait for that."""

import asyncio

import pytest

from durable import Room
from postgres import PostgresServer
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.kinds import Retries
from wenshu.core.jobs.states import JobState

T = Scope("t")


@pytest.fixture
def server():
    made = PostgresServer()
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
async def room(server, tmp_path):
    database = Database(server.url("postgres"))
    await database.migrate()
    yield Room(database, tmp_path)
    await database.close()


class TwoSteps:
    """Waits between its steps, until it is let go on."""

    def __init__(self, room):
        self.entered, self.go = asyncio.Event(), asyncio.Event()
        self.done = []
        room.kinds.register("kind", self.run, Retries(delays=(0.1,)))

    async def run(self, job):
        await job.step("first", lambda: self.note("first"))
        self.entered.set()
        await self.go.wait()
        await job.step("second", lambda: self.note("second"))

    async def note(self, name):
        self.done.append(name)


async def test_a_job_goes_on_once_the_database_is_back(room, server):
    steps = TwoSteps(room)
    async with room.working():
        job_id = await room.accept(T)
        await steps.entered.wait()
        await asyncio.to_thread(server.stop)
        steps.go.set()
        await asyncio.to_thread(server.start)
        (job,) = await room.over(T, job_id)
    assert (job.state, steps.done) == (JobState.SUCCEEDED, ["first", "second"])


@pytest.mark.slow
async def test_a_stop_does_not_wait_for_the_database(room, server):
    steps = TwoSteps(room)
    async with asyncio.timeout(60):
        async with room.working(seconds=0.1):
            job_id = await room.accept(T)
            await steps.entered.wait()
            await asyncio.to_thread(server.stop)
            steps.go.set()
    await asyncio.to_thread(server.start)
    async with room.working():
        (job,) = await room.over(T, job_id)
    assert (job.state, steps.done) == (JobState.SUCCEEDED, ["first", "second"])
