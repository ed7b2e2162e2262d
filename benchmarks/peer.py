"""Peers: each in an environment of its own, made from its lock at first use, and talked to over a pipe.

    python benchmarks/peer.py        make all of them

The locks hold hashes and no addresses; where the registry is out of reach the peer is skipped in words.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "peers"
ENVIRONMENTS = ROOT / ".venv-peers"
ADD = 10_000
"""Rows of one line on the pipe."""
_PATIENCE = ("--retries", "2", "--timeout", "30")


class Absent(Exception):
    """A peer that cannot be had here; the message says why."""


def environment(name: str) -> Path:
    """The peer's Python, its environment made first where it is missing or older than its lock. Raises Absent."""
    lock = FOLDER / f"{name}.lock"
    home = ENVIRONMENTS / name
    python, stamp = home / "bin/python", home / ".lock"
    digest = sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    count = sum(not line.startswith((" ", "#")) for line in lock.read_text().splitlines())
    print(f"installing {name} ({count} packages) into {home.relative_to(ROOT)} …", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True)
        install = [python, "-m", "pip", "install", "--quiet", "--no-input", *_PATIENCE, "--require-hashes", "-r", lock]
        subprocess.run(install, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        lines = [line for line in str(error.stderr or "").splitlines() if line.strip()]
        raise Absent(f"it could not be installed ({lines[-1] if lines else error})") from error
    stamp.write_text(digest)
    return python


def version(name: str, package: str) -> str:
    """The locked version of a package."""
    for line in (FOLDER / f"{name}.lock").read_text().splitlines():
        if line.startswith(f"{package}=="):
            return line.removeprefix(f"{package}==").split()[0]
    raise LookupError(package)


class Line:
    """A process that answers commands, a line of JSON each."""

    def __init__(self, *command: Path | str) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def call(self, command: dict[str, Any]) -> dict[str, Any]:
        """One command and its answer."""
        process = self._process
        assert process.stdin is not None  # noqa: S101 (a pipe)
        assert process.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(command) + "\n")
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            process.wait()
            self._said.seek(0)
            said = self._said.read().strip().splitlines()
            raise Absent(f"it ended: {said[-1] if said else process.returncode}")
        return json.loads(line)

    def close(self) -> None:
        """End the process: it ends with its pipe, and what it started ends with it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.communicate(timeout=30)
        self._process.kill()
        self._process.wait()
        self._said.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Peer(Line):
    """A peer's process (``peers/with_<name>.py``). Raises Absent when made."""

    def __init__(self, name: str, **setting: Any) -> None:
        super().__init__(environment(name), FOLDER / f"with_{name}.py")
        self.call({"prepare": setting})

    def add(self, rows: Sequence[tuple[str, str, str]]) -> float:
        """Take in (tenant, title, text) rows at once; the seconds it took."""
        for at in range(0, len(rows), ADD):
            self.call({"take": rows[at : at + ADD]})
        return self.call({"add": True})["seconds"]

    def ask(self, questions: Sequence[tuple[str, str]], limit: int) -> tuple[list[list[int]], list[float]]:
        """Of each (tenant, question) the places of the best rows, and the milliseconds."""
        answer = self.call({"ask": questions, "limit": limit})
        return answer["ids"], answer["ms"]


def main() -> None:
    for lock in sorted(FOLDER.glob("*.lock")):
        try:
            print(f"{lock.stem}: {environment(lock.stem)}")
        except Absent as error:
            print(f"{lock.stem}: {error}")


if __name__ == "__main__":
    main()
