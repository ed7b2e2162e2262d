"""SIGKILL at every boundary of a job: what was accepted is done, and no finished step is done twice."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from faults.job_process import STEPS

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


def effects(folder: Path) -> list[str]:
    path = folder / "effects"
    return path.read_text().splitlines() if path.exists() else []


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
