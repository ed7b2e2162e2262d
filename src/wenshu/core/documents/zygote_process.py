"""The server's end of the parser process: starts it, hands it jobs with open files, learns how each ended."""

import array
import asyncio
import dataclasses
import itertools
import socket
import subprocess
import sys
from typing import Self

import orjson

from wenshu.core.documents.limits import Limits
from wenshu.kit.errors import Unavailable

_START_SECONDS = 30
_GRACE_SECONDS = 5  # children time themselves; past this the parser process itself is taken for hung
_NAME_CHARACTERS = 255
_MESSAGE_BYTES = 4096


class ZygoteLost(Exception):
    """The parser process ended while jobs were under way."""


class ZygoteProcess:
    """One parser process; made by ``start``, of no use once ``lost``."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket, limits: Limits) -> None:
        self.filtered = False
        self.lost = False
        self._process = process
        self._channel = channel
        self._limits = limits
        self._numbers = itertools.count(1)
        self._jobs: dict[int, asyncio.Future[int]] = {}
        self._loop = asyncio.get_running_loop()
        self._ready = self._future()
        self._loop.add_reader(channel, self._receive)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @classmethod
    async def start(cls, limits: Limits) -> Self:
        """A process that is ready for jobs; raises Unavailable."""
        zygote = cls(*_spawn(limits), limits)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await asyncio.shield(zygote._ready)
        except (TimeoutError, ZygoteLost) as error:
            zygote.end()
            raise Unavailable("文档解析服务无法启动") from error
        except asyncio.CancelledError:
            zygote.end()
            raise
        return zygote

    async def run(self, task: str, name: str, source: int, output: int) -> int:
        """The wait status of the child that did the job, which is dead by then; raises ZygoteLost."""
        number = next(self._numbers)
        ended = self._future()
        self._jobs[number] = ended
        message = {"job": number, "task": task, "name": name[-_NAME_CHARACTERS:]}
        self._send(message, source, output)
        try:
            async with asyncio.timeout(self._limits.wall_seconds + _GRACE_SECONDS):
                return await asyncio.shield(ended)
        except TimeoutError:
            self.end()
            raise ZygoteLost from None
        except asyncio.CancelledError:
            self._send({"kill": number})
            await asyncio.wait([ended], timeout=_GRACE_SECONDS)
            raise

    def end(self) -> None:
        """Kills the process, and by that its children; jobs under way raise ZygoteLost."""
        self._lose()
        self._process.kill()
        self._process.wait()

    def _send(self, message: dict[str, str | int], *descriptors: int) -> None:
        if self.lost:
            return
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        try:
            self._channel.sendmsg([orjson.dumps(message)], rights)
        except OSError:  # it died just now
            self.end()

    def _receive(self) -> None:
        try:
            data = self._channel.recv(_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.end()
            return
        message = orjson.loads(data)
        if "job" in message:
            ended = self._jobs.pop(message["job"])
            if not ended.done():
                ended.set_result(message["status"])
        elif not self._ready.done():
            self.filtered = bool(message["filtered"])
            self._ready.set_result(0)

    def _future(self) -> asyncio.Future[int]:
        future: asyncio.Future[int] = self._loop.create_future()
        # Nobody may be waiting for it any more when the process is lost: that is no error to complain about.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future

    def _lose(self) -> None:
        if self.lost:
            return
        self.lost = True
        self._loop.remove_reader(self._channel)
        self._channel.close()
        waiting = [*self._jobs.values(), self._ready]
        self._jobs.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(ZygoteLost())


def _spawn(limits: Limits) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(0)
    command = [sys.executable, "-I", "-m", "wenshu.core.documents.zygote"]
    command += [str(theirs.fileno()), orjson.dumps(dataclasses.asdict(limits)).decode()]
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own module, no word of it from outside
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},  # nothing of the server's, which may hold secrets
            cwd="/",
            start_new_session=True,  # Ctrl-C at a terminal must not reach it before the server has stopped
        )
    return process, ours
