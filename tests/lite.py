"""Milvus Lite as a server of its own: a child in its own process group, a unix socket that only we can reach."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

SERVER = Path(__file__).with_name("lite_server.py")
START_SECONDS = 60


class Lite:
    """Its data outlives a kill: ``start`` goes on with what is there."""

    def __init__(self, data: Path) -> None:
        self.data = data
        # The path of a socket has at most 107 characters: pytest's folders are longer.
        self._folder = Path(mkdtemp(prefix="lite-"))
        self._process: subprocess.Popen[str] | None = None

    @property
    def uri(self) -> str:
        return f"unix:{self._folder / 'socket'}"

    def start(self) -> "Lite":
        (self._folder / "socket").unlink(missing_ok=True)
        process = self._process = subprocess.Popen(
            [sys.executable, "-I", SERVER, self.data, self._folder / "socket"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        assert ready, "Milvus Lite did not start"
        assert process.stdout.readline() == "up\n"
        return self

    def kill(self) -> None:
        """SIGKILL to all of it."""
        process, self._process = self._process, None
        if process is None:
            return
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=START_SECONDS)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()

    def close(self) -> None:
        self.kill()
        (self._folder / "socket").unlink(missing_ok=True)
        self._folder.rmdir()
