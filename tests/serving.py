"""A real server process of its own, for tests that talk HTTP or kill it."""

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx

BIN = Path(sys.executable).parent / "wenshu"
START_SECONDS = 60


class ServerProcess:
    """``wenshu serve`` on a free port over the given home; settings are ``WENSHU_*`` variables."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.settings = settings
        self.log = home.with_name(f"{home.name}.log")
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> "ServerProcess":
        """Start and wait until calls are answered."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [BIN, "serve", "--port", "0", "--home", self.home],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment(),
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "/console/" in line:
                self.url = line.split()[-1].removesuffix("/console/")
                return self
        raise AssertionError(f"the server did not start:\n{self.log.read_text()}")

    def environment(self) -> dict[str, str]:
        """What the process is told: this one's variables without our settings, and its own."""
        return {**environment(), "WENSHU_LOG_LEVEL": "info", **self.settings}

    def client(self, **options) -> httpx.Client:
        """An HTTP client of this server; close it, or use it in a with block."""
        return httpx.Client(base_url=self.url, timeout=60, **options)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask for a graceful stop; the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        process = self.process
        if process is None:
            return 0
        self.process = None
        process.send_signal(number)
        status = process.wait(timeout=START_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
        return status


def environment() -> dict[str, str]:
    """This process's variables without our settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("WENSHU_")}


def run_command(command, **options) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without our settings in its environment."""
    env = environment()
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=env, **options)


def eventually(check, seconds: float = 20):
    """Poll until ``check`` gives something true, and give it back; what it last gave fails the test."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > deadline:
            assert found
            return found
        time.sleep(0.05)


async def eventually_async(check, seconds: float = 20):
    """The same inside an event loop; ``check`` may be a coroutine function."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        found = await found if inspect.isawaitable(found) else found
        if found or time.monotonic() > deadline:
            assert found
            return found
        await asyncio.sleep(0.02)
