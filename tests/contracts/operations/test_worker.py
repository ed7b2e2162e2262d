"""``wenshu worker``: runs what others accept on the same PostgreSQL, and ends in order."""

import asyncio
import signal
import socket
import subprocess
from contextlib import contextmanager

import httpx2 as httpx
import pytest

from durable import Room
from serving import BIN, environment
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.retention import KIND
from wenshu.core.jobs.states import JobState


@contextmanager
def worker(home, url, **settings):
    """A worker that is up; its process."""
    command = [BIN, "worker", "--home", home]
    settings = {"WENSHU_DATABASE_URL": url, "WENSHU_LOG_LEVEL": "info", **settings}
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


async def test_a_worker_that_is_told_to_listen_answers_probes_and_nothing_else(postgres_url, tmp_path):
    database = Database(postgres_url)
    room = Room(database, tmp_path)
    listening = asyncio.create_task(room.notices.run())
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    token = "a-token-of-the-scraper"
    settings = {"WENSHU_JOBS_LISTEN": place, "WENSHU_METRICS_ACCESS": "token", "WENSHU_METRICS_TOKEN": token}
    with worker(tmp_path / "home", postgres_url, **settings) as process:
        await room.over(Scope(), await room.accept(Scope(), KIND))
        async with httpx.AsyncClient(base_url=f"http://{place}", timeout=30) as client:
            assert (await client.get("/livez")).json() == {"status": "ok"}
            ready = (await client.get("/readyz")).json()
            assert (ready["status"], ready["checks"]["jobs"]) == ("ok", "ok")
            assert (await client.get("/metrics")).status_code == 401
            figures = (await client.get("/metrics", headers={"Authorization": f"Bearer {token}"})).text
            assert f'wenshu_job_run_duration_seconds_count{{kind="{KIND}",outcome="succeeded"}} 1.0' in figures
            assert f'wenshu_jobs{{kind="{KIND}",state="running"}} 0.0' in figures
            for path in ("/", "/console/", "/openapi.json", "/docs", "/api/login", "/chat_service/sessions"):
                answer = await client.get(path)
                assert answer.status_code == 404
                assert answer.headers["content-type"] == "application/json"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 60) == 0
    listening.cancel()
    await database.close()


async def test_a_place_that_is_taken_is_told(postgres_url, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        env = {**environment(), "WENSHU_DATABASE_URL": postgres_url, "WENSHU_JOBS_LISTEN": place}
        command = [BIN, "worker", "--home", tmp_path / "home"]
        told = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, check=False, env=env, timeout=120
        )
    assert told.returncode == 1
    assert "WENSHU_JOBS_LISTEN" in told.stderr + told.stdout
