"""``wenshu worker``: runs what others accept on the same PostgreSQL, and ends in order."""

import asyncio
import signal
import subprocess
from contextlib import contextmanager

import pytest

from durable import Room
from serving import BIN, environment
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.retention import KIND
from wenshu.core.jobs.states import JobState


@contextmanager
def worker(home, url):
    """A worker that is up; its process."""
    command = [BIN, "worker", "--home", home]
    settings = {"WENSHU_DATABASE_URL": url, "WENSHU_LOG_LEVEL": "info"}
    log = home.with_suffix(".log")
    with log.open("w") as written:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=written, text=True, env={**environment(), **settings}
        )
        try:
            assert "The worker is up" in process.stdout.readline(), log.read_text()
            yield process
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_runs_what_another_process_accepts(postgres_url, tmp_path, number):
    database = Database(postgres_url)
    room = Room(database, tmp_path)
    listening = asyncio.create_task(room.notices.run())
    with worker(tmp_path / "home", postgres_url) as process:
        before = await room.accept(Scope(), KIND)
        (job,) = await room.over(Scope(), before)
        assert (job.state, job.attempts) == (JobState.SUCCEEDED, 1)
        process.send_signal(number)
        assert await asyncio.to_thread(process.wait, 60) == 0
        after = await room.accept(Scope(), KIND)
        assert (await room.jobs.get(Scope(), after)).state is JobState.QUEUED
    listening.cancel()
    await database.close()
