"""Several server processes on one socket: a parent owns the home, starts them, replaces one that dies, ends them."""

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog

from wenshu.core.settings import Settings
from wenshu.server import logs
from wenshu.server.compose import Misconfigured
from wenshu.server.home import Home
from wenshu.server.serve import base_url, run

log = structlog.get_logger()
_TICK_SECONDS = 0.1
_SOON_SECONDS = 10.0
"""A process that ends sooner after its start than this did not work."""
_MOST_FAILURES = 4
_LATE_SECONDS = 10.0
"""What a process gets on top of ``server.stop_seconds`` before it is killed."""


class Worker:
    """One server process. It ends when our end of its standard input closes, so also when we are killed."""

    def __init__(self, settings: Settings, home: Home, bound: socket.socket) -> None:
        self.started_at = time.monotonic()
        self.ready = False
        self._told, told = os.pipe()
        shared = bound.fileno(), told, home.lock
        # A group of its own: Ctrl-C reaches the parent alone, which passes it on once.
        self.process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "wenshu.server.workers", *map(str, shared)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=shared,
            process_group=0,
            env={**os.environ, "TMPDIR": str(home.temporary)},
        )
        os.close(told)
        stdin = self.process.stdin
        if stdin is None:
            raise RuntimeError("a process without its pipe")
        self._stdin = stdin
        try:
            # Not in its arguments or environment, where other users or its children could read the secrets.
            pickle.dump(settings, stdin)
            stdin.flush()
        except BrokenPipeError:
            log.warning("a worker ended before it began", pid=self.process.pid)

    def look(self) -> bool:
        """Whether it lives; notes whether it has begun to answer calls."""
        if not self.ready and select.select([self._told], [], [], 0)[0]:
            self.ready = os.read(self._told, 1) != b""
        return self.process.poll() is None

    def close(self) -> None:
        """Give back the pipes of one that ended."""
        os.close(self._told)
        try:
            self._stdin.close()
        except BrokenPipeError:
            log.debug("a worker ended with its settings unread", pid=self.process.pid)


class Workers:
    """The processes of one server."""

    def __init__(self, settings: Settings, home: Home, bound: socket.socket) -> None:
        self._parts = settings, home, bound
        self._settings = settings
        self._workers: list[Worker] = []
        self._failures = 0
        self._next_start = 0.0
        self._signals: list[int] = []

    def run(self, ready: Callable[[], None]) -> None:
        """Keep the processes running until a signal; ``ready`` once all answer. Raises Misconfigured where they die."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)
        announced = False
        try:
            while not self._signals:
                self._replace()
                self._start_missing()
                if not announced and all(worker.ready for worker in self._workers) and self._complete():
                    announced = True
                    ready()
                time.sleep(_TICK_SECONDS)
        finally:
            self._stop()

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (a handler)
        self._signals.append(number)

    def _complete(self) -> bool:
        return len(self._workers) == self._settings.server.workers

    def _start_missing(self) -> None:
        while not self._complete() and time.monotonic() >= self._next_start:
            self._workers.append(Worker(*self._parts))

    def _replace(self) -> None:
        for worker in [worker for worker in self._workers if not worker.look()]:
            self._workers.remove(worker)
            worker.close()
            lived = time.monotonic() - worker.started_at
            log.error("a worker died", pid=worker.process.pid, status=worker.process.returncode, seconds=round(lived))
            if worker.ready and lived >= _SOON_SECONDS:
                self._failures = 0
            else:
                self._failures += 1
            if self._failures >= _MOST_FAILURES:
                raise Misconfigured(
                    "工作进程一启动就退出，已停止重试，原因见日志。"
                    "The server processes die at once: given up; the log says why."
                )
            self._next_start = time.monotonic() + (0.5 * 2**self._failures if self._failures else 0)

    def _stop(self) -> None:
        """Pass the stop on, each signal once; who does not end in time is killed."""
        deadline = time.monotonic() + self._settings.server.stop_seconds + _LATE_SECONDS
        passed = 0
        while living := [worker for worker in self._workers if worker.look()]:
            wanted = max(len(self._signals), 1)
            late = time.monotonic() > deadline
            for worker in living:
                if late:
                    worker.process.kill()
                elif passed < wanted:
                    worker.process.send_signal(signal.SIGTERM)
            passed = wanted
            time.sleep(_TICK_SECONDS)
        for worker in self._workers:
            worker.close()


def main(listening: int, told: int, lock: int) -> None:
    """Be one of the processes: the settings come through standard input, which is open as long as the parent lives."""
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301 (our own parent's pipe)
    logs.configure(settings.log.level)
    # The lock stays open here: the home is ours until the last of us has ended, also after the parent was killed.
    for number in (listening, told, lock):
        os.set_inheritable(number, False)  # noqa: FBT003 (the function takes no name)
    threading.Thread(target=_end_with_parent, args=[settings.server.stop_seconds], daemon=True).start()

    def ready() -> None:
        os.write(told, b"1")

    with socket.socket(fileno=listening) as bound:
        try:
            run(settings, Home(settings.home), bound, base_url(bound), ready)
        except Misconfigured as error:
            log.error("a worker cannot serve", reason=str(error))  # noqa: TRY400 (words, not a trace)
            sys.exit(1)


def _end_with_parent(stop_seconds: float) -> None:
    # Not through sys.stdin: its lock, held by this thread, would abort the interpreter at its end.
    while os.read(0, 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(stop_seconds + _LATE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
