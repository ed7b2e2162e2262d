"""A command that meets a server which is still starting waits for it: two never work on one folder."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving import BIN, ServerProcess, environment, eventually
from wenshu.server.home import Home

WAITS, STARTS_ONE = "等待其服务器就绪", "临时启动"


@contextmanager
def command(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs on the home."""
    run = subprocess.Popen(
        [BIN, *arguments, "--home", home],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "served")
    yield process
    process.stop()


def test_it_waits_until_the_owner_serves(tmp_path: Path, server: ServerProcess) -> None:
    server.start()
    with server.client() as client:
        stored = {"question": "南门几点关？", "answer": "南门晚上十点关。"}
        assert client.post("/vector_db_service/add_qa", json=stored).json()["code"] == 200
    said = json.loads((server.home / "server.json").read_text())
    owner = Home(tmp_path / "home", said["credential"])
    owner.acquire()
    with command(owner.path, "ask", "南门几点关？") as run:
        assert WAITS in run.stderr.readline()
        owner.announce(said["url"])
        told, complaints = run.communicate(timeout=60)
    owner.release()
    assert run.returncode == 0, complaints
    assert "十点" in told
    assert STARTS_ONE not in complaints


@pytest.mark.parametrize("arguments", [("ask", "南门几点关？"), pytest.param(("jobs", "list"), marks=pytest.mark.slow)])
def test_it_takes_the_server_that_is_starting(server: ServerProcess, arguments: tuple[str, ...]) -> None:
    starting = subprocess.Popen(
        [BIN, "serve", "--port", "0", "--home", server.home],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        eventually(Home(server.home).owned)
        with command(server.home, *arguments) as run:
            _, complaints = run.communicate(timeout=90)
        assert run.returncode == 0, complaints
        assert STARTS_ONE not in complaints
        assert starting.poll() is None
    finally:
        starting.terminate()
        starting.wait(timeout=60)


def test_it_starts_one_where_the_owner_ends(tmp_path: Path) -> None:
    owner = Home(tmp_path / "home")
    owner.acquire()
    with command(owner.path, "search", "南门几点关？") as run:
        assert WAITS in run.stderr.readline()
        owner.release()
        assert STARTS_ONE in run.stderr.readline()
        run.communicate(timeout=90)
    assert run.returncode == 0
