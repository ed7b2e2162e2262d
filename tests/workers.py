"""Several server processes over PostgreSQL and Milvus Lite, and calls that one of them alone answers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx

from lite import Lite
from postgres import PostgresServer
from serving import ServerProcess

FRESH = httpx.Limits(max_keepalive_connections=0)
"""A connection for each call: any process may take it."""


@contextmanager
def several(
    folder: Path, postgres: PostgresServer, template: str, count: int = 2, **settings: str
) -> Iterator[ServerProcess]:
    """A server of several processes, with a database and an index of its own."""
    name, lite = postgres.create(template), Lite(folder / "milvus").start()
    server = ServerProcess(
        folder / "home",
        WENSHU_DATABASE_URL=postgres.url(name),
        WENSHU_MILVUS_URI=lite.uri,
        WENSHU_SERVER_WORKERS=str(count),
        **settings,
    )
    try:
        yield server.start()
    finally:
        server.stop()
        lite.close()
        postgres.drop(name)


def workers(server: ServerProcess) -> list[int]:
    """The processes of a server that answer calls, oldest first."""
    assert server.process is not None
    parent = server.process.pid
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@contextmanager
def only(server: ServerProcess, worker: int) -> Iterator[httpx.Client]:
    """A client whose connections this process alone can take: the others stand still meanwhile."""
    others = [pid for pid in workers(server) if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        with server.client(limits=FRESH) as client:
            yield client
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def gone(pid: int) -> bool:
    """Whether the process has ended, also where nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
