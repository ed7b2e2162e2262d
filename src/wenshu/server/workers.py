"""Several server processes on one socket: a parent owns the home, starts them, replaces one that dies, ends them.

The socket is the parent's, and all accept from it: a connection that waits while one dies or is busy is taken by
another, where with a socket for each (SO_REUSEPORT) it would be lost with it.
"""

import os
import pickle
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

import orjson
import structlog

from wenshu.core.auth.board import new_board
from wenshu.core.settings import Settings
from wenshu.core.telemetry import metrics
from wenshu.kit.ids import new_id
from wenshu.server.compose import Misconfigured
from wenshu.server.home import Home
from wenshu.server.process import Begun

log = structlog.get_logger()
_SOON_SECONDS = 10.0
"""A process that ends sooner after its start than this did not work."""
_MOST_FAILURES = 4
"""Before all have answered once. Later one that cannot start is tried again for as long as the others go on."""
_LONGEST_PAUSE = 30.0
_REMEMBERED = 64
_LATE_SECONDS = 10.0
"""What a process gets on top of ``server.stop_seconds`` before it is killed."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process is told at its start, beside the descriptors it inherits."""

    settings: Settings
    credential: str
    process_id: str
    ended: tuple[str, ...]
    """Those that were seen to die: what they were at is taken over at once."""


class Worker:
    """One server process. It ends when our end of its standard input closes, so also when we are killed."""

    def __init__(self, orders: Orders, home: Home, bound: socket.socket, board: int, figures: dict[str, str]) -> None:
        self.id = orders.process_id
        self.started_at = time.monotonic()
        self.ready = False
        self.first_password: str | None = None
        self.told, told = os.pipe()
        shared = bound.fileno(), told, home.lock, board
        # A group of its own: Ctrl-C reaches the parent alone, which passes it on once.
        self.process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "wenshu.server.worker_process", *map(str, shared)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=shared,
            process_group=0,
            env={**os.environ, **figures, "TMPDIR": str(home.temporary)},
        )
        os.close(told)
        stdin = self.process.stdin
        if stdin is None:
            raise RuntimeError("a process without its pipe")
        self._stdin = stdin
        try:
            # Not in its arguments or environment, where other users or its children could read the secrets.
            pickle.dump(orders, stdin)
            stdin.flush()
        except BrokenPipeError:
            log.warning("a worker ended before it began", pid=self.process.pid)

    def hear(self) -> None:
        """Read what it has to say: that it answers calls."""
        said = os.read(self.told, 4096)
        if said:
            self.ready = True
            self.first_password = orjson.loads(said)

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def close(self) -> None:
        """Give back the pipes of one that ended."""
        os.close(self.told)
        with suppress(BrokenPipeError):  # it ended with its orders unread
            self._stdin.close()


class Workers:
    """The processes of one server."""

    def __init__(self, settings: Settings, home: Home, bound: socket.socket) -> None:
        self._settings = settings
        self._home = home
        self._bound = bound
        self._board = new_board(home.temporary)
        self._counted = home.temporary / "figures"
        self._figures = metrics.shared(self._counted)
        self._workers: list[Worker] = []
        self._ended: deque[str] = deque(maxlen=_REMEMBERED)
        self._announced = False
        self._failures = 0
        self._next_start = 0.0
        self._signals: list[int] = []
        self._selector = selectors.DefaultSelector()

    def run(self, begun: Begun) -> None:
        """Keep the processes running until a signal; ``begun`` once all answer. Raises Misconfigured where they die."""
        self._wake_for_signals()
        try:
            while not self._signals:
                self._replace()
                self._start_missing()
                if not self._announced and self._complete() and all(worker.ready for worker in self._workers):
                    self._announced = True
                    begun(next(filter(None, (worker.first_password for worker in self._workers)), None))
                self._wait(None if self._complete() else self._next_start)
        finally:
            self._stop()
            os.close(self._board)
            self._selector.close()

    def _wake_for_signals(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self._selector.register(reading, selectors.EVENT_READ)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, _seen)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (a handler)
        self._signals.append(number)

    def _wait(self, until: float | None) -> None:
        """Sleep until a signal came, one of us ended or has something to say, or that instant."""
        seconds = None if until is None else max(until - time.monotonic(), 0)
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                os.read(key.fd, 4096)
            else:
                # It says one thing: what comes after it is its end.
                self._selector.unregister(key.fd)
                key.data.hear()

    def _complete(self) -> bool:
        return len(self._workers) == self._settings.server.workers

    def _start_missing(self) -> None:
        while not self._complete() and time.monotonic() >= self._next_start:
            orders = Orders(self._settings, self._home.credential, new_id(), tuple(self._ended))
            worker = Worker(orders, self._home, self._bound, self._board, self._figures)
            self._selector.register(worker.told, selectors.EVENT_READ, worker)
            self._workers.append(worker)

    def _replace(self) -> None:
        for worker in [worker for worker in self._workers if not worker.lives]:
            self._workers.remove(worker)
            self._ended.append(worker.id)
            if worker.told in self._selector.get_map():
                self._selector.unregister(worker.told)
            worker.close()
            metrics.forget(self._counted, worker.process.pid)
            lived = time.monotonic() - worker.started_at
            log.error("a worker died", pid=worker.process.pid, status=worker.process.returncode, seconds=round(lived))
            self._failures = 0 if worker.ready and lived >= _SOON_SECONDS else self._failures + 1
            if self._failures >= _MOST_FAILURES and not self._announced:
                raise Misconfigured(
                    "工作进程一启动就退出，已停止重试，原因见日志。\n"
                    "The server processes die at once: given up; the log says why."
                )
            pause = min(0.5 * 2.0 ** min(self._failures, 10), _LONGEST_PAUSE) if self._failures else 0
            self._next_start = time.monotonic() + pause

    def _stop(self) -> None:
        """Pass the stop on, each signal once; who does not end in time is killed."""
        deadline = time.monotonic() + self._settings.server.stop_seconds + _LATE_SECONDS
        passed = 0
        while living := [worker for worker in self._workers if worker.lives]:
            wanted = max(len(self._signals), 1)
            late = time.monotonic() > deadline
            for worker in living:
                if late:
                    worker.process.kill()
                elif passed < wanted:
                    worker.process.send_signal(signal.SIGTERM)
            passed = wanted
            self._wait(time.monotonic() + _LATE_SECONDS if late else deadline)
        for worker in self._workers:
            worker.close()


def _seen(number: int, frame: FrameType | None) -> None:
    """One of us ended: the wait above is over."""
