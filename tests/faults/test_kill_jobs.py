"""SIGKILL at every boundary of a job: what was accepted is done, and no finished step is done twice."""

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from durable import Room
from faults.job_process import STEPS
from serving import eventually_async
from wenshu.core.database.engine import Database
from wenshu.core.database.processes import alive
from wenshu.core.database.scope import EVERYTHING, Scope

PROGRAM = Path(__file__).with_name("job_process.py")


def run(folder: Path, moment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-P", "-W", "error", PROGRAM, folder, moment]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={"PYTHONPATH": str(PROGRAM.parents[1])}
    )


def end(folder: Path) -> dict:
    """Start once more, undisturbed: what the job came to."""
    again = run(folder, "never")
    assert again.returncode == 0, again.stderr
    return json.loads(again.stdout.splitlines()[-1])


def noted(folder: Path) -> list[tuple[str, str]]:
    """(process, key) of each step that was begun, in that order."""
    path = folder / "effects"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(process, key) for process, _, key in (line.partition(" ") for line in lines)]


def effects(folder: Path) -> list[str]:
    return [key for _, key in noted(folder)]


def killed(folder: Path, moment: str) -> None:
    dying = run(folder, moment)
    assert dying.returncode == -signal.SIGKILL, dying.stderr


slow = pytest.mark.slow
IN = [pytest.param(n, marks=() if n == 3 else slow) for n in range(1, STEPS + 1)]
AFTER = [pytest.param(n, marks=() if n == 2 else slow) for n in range(1, STEPS)]


@pytest.mark.parametrize("n", IN)
def test_kill_in_a_step(tmp_path, n):
    """The step that was cut short is done again under the same key; no other is."""
    killed(tmp_path, f"in step {n}")
    assert len(effects(tmp_path)) == n
    job = end(tmp_path)
    assert (job["state"], job["attempts"]) == ("succeeded", 2)
    times = Counter(effects(tmp_path))
    assert list(times) == job["result"]["noted"]
    assert [count for count in times.values() if count > 1] == [2]
    assert times[job["result"]["noted"][n - 1]] == 2


@pytest.mark.parametrize("n", AFTER)
def test_kill_after_a_step(tmp_path, n):
    killed(tmp_path, f"after step {n}")
    assert len(effects(tmp_path)) == n
    job = end(tmp_path)
    assert (job["state"], job["attempts"]) == ("succeeded", 2)
    assert effects(tmp_path) == job["result"]["noted"]
    assert len(set(effects(tmp_path))) == STEPS


@pytest.mark.parametrize(
    ("moment", "begun", "attempts"),
    [
        pytest.param("accepted", 0, 1, id="between accepting and queuing"),
        pytest.param("claimed", 0, 2, id="between claiming and running"),
        pytest.param("handled", STEPS, 2, id="before the outcome is written"),
        pytest.param("settled", STEPS, 1, id="after the outcome is written"),
    ],
)
def test_kill_between(tmp_path, moment, begun, attempts):
    killed(tmp_path, moment)
    assert len(effects(tmp_path)) == begun
    job = end(tmp_path)
    assert (job["state"], job["attempts"]) == ("succeeded", attempts)
    assert effects(tmp_path) == job["result"]["noted"]


@pytest.mark.slow
def test_killed_again_and_again(tmp_path):
    """At each start in the next step: each gets through one more, and none fails for it."""
    for n in range(1, STEPS + 1):
        killed(tmp_path, f"in step {n}")
    job = end(tmp_path)
    assert (job["state"], job["attempts"]) == ("succeeded", STEPS + 1)
    assert set(Counter(effects(tmp_path)).values()) == {2}


async def test_of_several_processes_one_is_killed(tmp_path, postgres_url):
    """What it was at is taken over by those that live: the step that was cut short is done again, no other is."""
    count, tenant = 60, Scope("t")
    database = Database(postgres_url)
    room = Room(database, tmp_path)
    listening = asyncio.create_task(room.notices.run())
    workers = [begin(tmp_path, postgres_url) for _ in range(3)]
    try:
        await eventually_async(partial(present, database, 3), seconds=60)
        async with database.write(tenant) as tx:
            payload = {"steps": STEPS, "seconds": 0.2}
            ids = [(await room.jobs.accept(tx, tenant, "five steps", payload)).id for _ in range(count)]
        await eventually_async(lambda: len({process for process, _ in noted(tmp_path)}) == 3, seconds=60)
        workers[0].kill()
        workers[0].wait()
        done = await room.over(tenant, *ids)
    finally:
        for worker in workers:
            worker.stdin.close()
        statuses = [worker.wait(60) for worker in workers]
        listening.cancel()
        await database.close()
    assert statuses == [-signal.SIGKILL, 0, 0]
    assert {job.state for job in done} == {"succeeded"}
    killed_at = [key for process, key in noted(tmp_path) if process == str(workers[0].pid)]
    twice = [key for key, times in Counter(effects(tmp_path)).items() if times > 1]
    # The last step of a job that the killed process began is the only one that may have been cut short.
    assert set(twice) <= {key for key in killed_at if not later(key, killed_at)}
    assert len(set(effects(tmp_path))) == count * STEPS
    assert sorted({job.attempts for job in done}) == [1, 2]
    # A job that was cut between two steps was taken over without any of them being done twice.
    assert {key.partition("/")[0] for key in twice} <= {job.id for job in done if job.attempts == 2}


def later(key: str, keys: list[str]) -> bool:
    """Whether a later step of the same job stands among the keys."""
    job, _, step = key.partition("/")
    return any(other.partition("/")[0] == job and other.partition("/")[2] > step for other in keys)


def begin(folder: Path, url: str) -> subprocess.Popen:
    command = [sys.executable, "-P", "-W", "error", PROGRAM, folder, "beside", url]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env={"PYTHONPATH": str(PROGRAM.parents[1])})


async def present(database: Database, count: int) -> bool:
    async with database.read(EVERYTHING) as tx:
        return len(await alive(tx)) == count
