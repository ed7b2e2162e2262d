"""One of several processes of a server, as the program that ``workers`` starts."""

import os
import pickle
import signal
import socket
import sys
import threading
import time

import orjson
import structlog

from wenshu.core.auth.board import Board
from wenshu.server import logs
from wenshu.server.compose import Member, Misconfigured
from wenshu.server.home import Home
from wenshu.server.process import run
from wenshu.server.workers import Orders

log = structlog.get_logger()
_LATE_SECONDS = 10.0


def main(listening: int, told: int, lock: int, shared: int) -> None:
    """Serve; our orders come through standard input, which is open as long as the parent lives."""
    orders: Orders = pickle.load(sys.stdin.buffer)  # noqa: S301 (our own parent's pipe)
    settings = orders.settings
    logs.configure(settings.log.level)
    # The lock stays open here: the home is ours until the last of us has ended, also after the parent was killed.
    for number in (listening, told, lock, shared):
        os.set_inheritable(number, False)  # noqa: FBT003 (the function takes no name)
    threading.Thread(target=_end_with_parent, args=[settings.server.stop_seconds], daemon=True).start()

    def begun(first_password: str | None) -> None:
        os.write(told, orjson.dumps(first_password))

    member = Member(orders.process_id, orders.ended, Board(shared))
    with socket.socket(fileno=listening) as bound:
        try:
            run(settings, Home(settings.home, orders.credential), bound, begun, member)
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
