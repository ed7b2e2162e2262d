"""The parser process: one thread, libraries loaded, it forks a confined child for each job and never parses itself.

Started by ``sandbox`` with a UNIX SEQPACKET socket; it ends when the socket does, and its children end with it.
Messages are JSON. In: ``{"job", "task", "name"}`` with two descriptors (the file, where the result goes), or
``{"kill": job}``. Out: ``{"ready": true, "filtered": bool}`` once, then ``{"job", "status"}`` (a wait status) per job.
"""

import array
import codecs
import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
from typing import NoReturn

import orjson

from wenshu.core.documents import confine
from wenshu.core.documents.job import answer
from wenshu.core.documents.limits import Limits

_ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "latin-1", "big5")
_MESSAGE_BYTES = 16 * 1024


def main() -> None:
    """``python -I -m wenshu.core.documents.zygote <socket descriptor> <limits as JSON>``."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    # A server that is gone needs no answer.
    with contextlib.suppress(ConnectionError):
        Zygote(channel, Limits(**orjson.loads(sys.argv[2]))).serve()


class Zygote:
    """Forks a child for each job, reports how each ended, kills those it is told to."""

    def __init__(self, channel: socket.socket, limits: Limits) -> None:
        self._channel = channel
        self._limits = limits
        self._jobs: dict[int, int] = {}  # process id → job
        self._idle = 0
        self._wake, self._woken = os.pipe()
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)

    def serve(self) -> None:
        """Until the other end of the socket closes."""
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        # What is loaded by now is shared with every child; the collector touching it would copy it.
        for encoding in _ENCODINGS:
            codecs.lookup(encoding)
        self._idle = confine.address_space()
        gc.collect()
        gc.freeze()
        self._send({"ready": True, "filtered": confine.can_block_system_calls()})
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if self._wake in ready:
                    os.read(self._wake, 4096)
                    self._reap()
                if self._channel.fileno() in ready and not self._receive():
                    return

    def _receive(self) -> bool:
        """Handles one message; False at the end. The children then die with this process (``die_with_parent``)."""
        data, ancillary, _, _ = self._channel.recvmsg(_MESSAGE_BYTES, socket.CMSG_SPACE(8))
        if not data:
            return False
        descriptors = array.array("i")
        for level, kind, received in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(received)
        message = orjson.loads(data)
        if "kill" in message:
            self._kill(message["kill"])
        else:
            self._fork(message, *descriptors)
        return True

    def _fork(self, message: dict[str, str | int], source: int, output: int) -> None:
        parent = os.getpid()
        process = os.fork()
        if process == 0:
            self._child(parent, str(message["task"]), str(message["name"]), source, output)
        self._jobs[process] = int(message["job"])
        os.close(source)
        os.close(output)

    def _child(self, parent: int, task: str, name: str, source: int, output: int) -> NoReturn:
        status = 1
        try:
            confine.die_with_parent(parent)
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            self._channel.close()
            os.close(self._wake)
            os.close(self._woken)
            null = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(null, standard)
            answer(task, name, source, output, self._limits, self._idle)
            status = 0
        finally:
            # Never back into the loop of the parent process, whatever was raised.
            os._exit(status)

    def _reap(self) -> None:
        while self._jobs:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            self._send({"job": self._jobs.pop(process), "status": status})

    def _kill(self, job: int) -> None:
        for process, number in self._jobs.items():
            if number == job:
                # Not reaped yet, so the process id is still this child's. Its group is killed too, where it has one.
                os.kill(process, signal.SIGKILL)
                if os.getpgid(process) == process:
                    os.killpg(process, signal.SIGKILL)

    def _send(self, message: dict[str, int | bool]) -> None:
        self._channel.send(orjson.dumps(message))


if __name__ == "__main__":
    main()
