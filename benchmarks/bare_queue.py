"""The least that a durable queue can do: one SQLite table, one thread, a commit to the disk for each change."""

import sqlite3
import threading
import time
from pathlib import Path

_TABLE = "CREATE TABLE jobs (id INTEGER PRIMARY KEY, state TEXT NOT NULL, payload TEXT NOT NULL)"
_CLAIM = (
    "UPDATE jobs SET state = 'running' WHERE id = (SELECT id FROM jobs WHERE state = 'queued' ORDER BY id LIMIT 1) "
    "RETURNING id"
)


class BareQueue:
    """Jobs that only note when they began."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "queue.sqlite3"
        self._put = self._open()
        self._put.execute(_TABLE)
        self._put.execute("CREATE INDEX queued ON jobs (state, id)")
        self._wake = threading.Event()
        self._begun: dict[int, float] = {}

    def run(self, count: int) -> float:
        """Seconds to put this many jobs in, one commit each, and to do them all."""
        started = time.perf_counter()
        for _ in range(count):
            self._add()
        taking = self._open()
        while self._do_one(taking):
            pass
        taking.close()
        return time.perf_counter() - started

    def wait(self, count: int) -> tuple[list[float], list[float]]:
        """Milliseconds until each job of a waiting worker began, and until it was done."""
        done = threading.Event()
        worker = threading.Thread(target=self._work, args=(done, count))
        worker.start()
        begun: list[float] = []
        ended: list[float] = []
        for _ in range(count):
            done.clear()
            started = time.perf_counter()
            key = self._add()
            self._wake.set()
            done.wait()
            begun.append((self._begun[key] - started) * 1000)
            ended.append((time.perf_counter() - started) * 1000)
        worker.join()
        return begun, ended

    def close(self) -> None:
        """Give the file back."""
        self._put.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _add(self) -> int:
        return int(self._put.execute("INSERT INTO jobs (state, payload) VALUES ('queued', '{}')").lastrowid or 0)

    def _work(self, done: threading.Event, count: int) -> None:
        taking = self._open()
        for _ in range(count):
            while not self._do_one(taking):
                self._wake.wait()
                self._wake.clear()
            done.set()
        taking.close()

    def _do_one(self, taking: sqlite3.Connection) -> bool:
        row = taking.execute(_CLAIM).fetchone()
        if row is None:
            return False
        self._begun[row[0]] = time.perf_counter()
        taking.execute("UPDATE jobs SET state = 'done' WHERE id = ?", row)
        return True
