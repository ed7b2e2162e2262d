"""Several server processes over PostgreSQL and Milvus: one socket, one parent, none left behind."""

import os
import signal
from pathlib import Path

import pytest

from lite import Lite
from serving import ServerProcess, eventually


@pytest.fixture(scope="module")
def milvus(tmp_path_factory):
    lite = Lite(tmp_path_factory.mktemp("milvus") / "data").start()
    yield lite
    lite.close()


@pytest.fixture
def server(tmp_path, postgres_url, milvus):
    server = ServerProcess(
        tmp_path / "home",
        WENSHU_DATABASE_URL=postgres_url,
        WENSHU_MILVUS_URI=milvus.uri,
        WENSHU_SERVER_WORKERS="2",
    ).start()
    yield server
    server.stop()


def workers(parent: int) -> set[int]:
    """The server processes of a parent."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(child) for child in children}


def gone(pid: int) -> bool:
    """Whether the process has ended, also where nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def healthy(server: ServerProcess) -> bool:
    with server.client() as client:
        return client.get("/readyz").status_code == 200


def test_one_that_dies_is_replaced_and_a_stop_ends_all(server):
    parent = server.process.pid
    first = workers(parent)
    assert len(first) == 2
    victim = min(first)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: len(workers(parent) - {victim}) == 2, 60)
    assert eventually(lambda: healthy(server))
    last = workers(parent)
    assert server.stop() == 0
    assert all(gone(pid) for pid in last)


def test_none_outlives_a_parent_that_was_killed(server):
    left = workers(server.process.pid)
    assert len(left) == 2
    server.kill()
    eventually(lambda: all(gone(pid) for pid in left), 60)
