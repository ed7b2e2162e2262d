"""The data folder: its layout, and the lock by which one server owns it."""

import errno
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wenshu.core.auth.marks import LOCAL_MARK


class HomeInUse(Exception):
    """Another server owns the folder."""


@dataclass(frozen=True, slots=True)
class Running:
    """The server that owns a home: its process, its address, and the credential it left for the command line."""

    pid: int
    url: str
    credential: str = field(repr=False)


class Home:
    """One data folder."""

    def __init__(self, path: Path, credential: str = "") -> None:
        self.path = path.absolute()
        self.database = self.path / "wenshu.sqlite3"
        self.index = self.path / "index.sqlite3"
        self.jobs = self.path / "jobs.sqlite3"
        self.secret = self.path / "secret.key"
        self.temporary = self.path / "tmp"
        self.restoring = self.path / "restoring"
        """What a restore has put there so far; where it stands, the folder is not whole."""
        self._server = self.path / "server.json"
        self._lock_path = self.path / "lock"
        self._lock: int | None = None
        self.credential = credential or f"{LOCAL_MARK}{secrets.token_urlsafe(32)}"
        """What the command line shows the server that owns this folder: who can read the folder may do everything."""

    def acquire(self) -> None:
        """Make the folder and own it until the process ends. Raises HomeInUse."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise HomeInUse(str(self.path)) from error
        self._lock = lock
        # A killed server leaves its address behind: nobody must take it for ours.
        self._server.unlink(missing_ok=True)

    @property
    def lock(self) -> int:
        """The descriptor of the lock: whoever inherits it holds the folder too. Raises RuntimeError where not owned."""
        if self._lock is None:
            raise RuntimeError("the home is not owned")
        return self._lock

    def clear_temporary(self) -> None:
        """Make this process keep its temporary files in the home, without what a killed one left there."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(mode=0o700)
        tempfile.tempdir = str(self.temporary)

    def release(self) -> None:
        """Give the folder back."""
        self._server.unlink(missing_ok=True)
        if tempfile.tempdir == str(self.temporary):
            tempfile.tempdir = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def held(self) -> Generator[None]:
        """Own the folder for the length of the block; on a read-only medium nobody can. Raises HomeInUse."""
        try:
            self.acquire()
        except OSError as error:
            if error.errno not in {errno.EROFS, errno.EACCES}:
                raise
        try:
            yield
        finally:
            self.release()

    def announce(self, url: str) -> None:
        """Write down where the server of this home listens, and the credential, for the command line."""
        fresh = self._server.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"pid": os.getpid(), "url": url, "credential": self.credential}, file)
        fresh.replace(self._server)

    def running(self) -> Running | None:
        """The server that owns this home now, or None; what a killed one left behind does not count."""
        if not (self._server.exists() and self.owned()):
            return None
        try:
            said = json.loads(self._server.read_text())
        except FileNotFoundError:  # it ended, or began anew, since the look above
            return None
        return Running(said["pid"], said["url"], said["credential"])

    def owned(self) -> bool:
        """Whether some process owns this home now: a server that serves, starts or ends, or a command on the folder."""
        if not self._lock_path.exists():
            return False
        lock = os.open(self._lock_path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False
