"""A server to break: its process, what runs below it, what it stores and what it leaves behind."""

import json
from pathlib import Path

from faults.processes import descendants, living
from faults.store import Store
from serving import ServerProcess, eventually


class Wenshu:
    """A server over a home of its own, with a folder of its own for temporary files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.scratch = folder / "tmp"
        self.scratch.mkdir()
        self._server: ServerProcess | None = None
        self._read = 0

    def start(self, **settings: str) -> "Wenshu":
        fixed = {"WENSHU_FETCH_ALLOW_HOSTS": json.dumps(["127.0.0.1"]), "TMPDIR": str(self.scratch)}
        self._server = ServerProcess(self.home, **fixed, **settings).start()
        return self

    @property
    def running(self) -> ServerProcess:
        assert self._server is not None
        return self._server

    @property
    def pid(self) -> int:
        process = self.running.process
        assert process is not None
        return process.pid

    def client(self, **options):
        return self.running.client(**options)

    def below(self) -> set[tuple[int, str]]:
        """The server's own processes: the parser, and its children."""
        return descendants(self.pid)

    def proc(self) -> Path:
        """The folder of the server's open descriptors."""
        return Path(f"/proc/{self.pid}/fd")

    def kill(self) -> None:
        """SIGKILL; whatever ran below the server must die too."""
        below = self.below()
        self.running.kill()
        eventually(lambda: not living(below))

    def stop(self) -> int:
        below = self.below()
        status = self.running.stop()
        eventually(lambda: not living(below))
        return status

    def restart(self, **settings: str) -> "Wenshu":
        """Over the same home: starts only where the lock was released."""
        return self.start(**settings)

    def store(self) -> Store:
        return Store(self.home, self.folder / "copy.sqlite3")

    def check(self) -> None:
        """Every rule of the store holds."""
        store = self.store()
        try:
            store.check()
        finally:
            store.close()

    def wal(self) -> tuple[int, int]:
        """Size and time of the last change of the write-ahead log."""
        stat = (self.home / "wenshu.sqlite3-wal").stat()
        return stat.st_size, stat.st_mtime_ns

    def temporary(self) -> list[str]:
        """What the server left in its home's folder for temporary files, or in the system's."""
        own = self.home / "tmp"
        return sorted(path.name for folder in (self.scratch, own) if folder.is_dir() for path in folder.iterdir())

    def turn_the_page(self) -> None:
        """What the log says so far is no concern of this test."""
        self._read = self.running.log.stat().st_size

    def logged(self) -> list[dict]:
        """The log's lines."""
        with self.running.log.open("rb") as log:
            log.seek(self._read)
            return [json.loads(line) for line in log if line.startswith(b"{") and line.endswith(b"\n")]

    def requests(self, trace_id: str) -> int:
        """How many requests of this trace id came to their end, answered or not."""
        return sum(line["event"] == "request" and line["trace_id"] == trace_id for line in self.logged())

    def faults(self) -> list[dict]:
        """The log's lines that no healthy server writes."""
        return [line for line in self.logged() if line["level"] in {"error", "critical"}]

    def close(self) -> None:
        if self._server is not None and self._server.process is not None:
            self.kill()
