"""Durable jobs: how many a second, and how long one waits, beside Procrastinate and a bare SQLite queue.

A job does one step that does nothing. Each is put in by a commit of its own that reaches the disk, and what it came to
is written down before the next is asked for.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bare_queue import BareQueue
from peer import Absent, Peer
from report import Report, progress

ROUNDS = 3
COUNT = 100
WAITS = 10
AT_ONCE = 8

Way = tuple[Callable[[], float], Callable[[], tuple[list[float], list[float]]]]
"""Seconds of ``COUNT`` jobs; milliseconds until each of ``WAITS`` jobs began, and until it was done."""


def main() -> None:
    report = Report(f"durable jobs, {AT_ONCE} at once")
    with ExitStack() as stack:
        ways = dict(_ways(report, stack))
        seconds: dict[str, float] = dict.fromkeys(ways, 0.0)
        begun: dict[str, list[float]] = {name: [] for name in ways}
        done: dict[str, list[float]] = {name: [] for name in ways}
        for at in range(ROUNDS):
            for name, (run, wait) in ways.items():
                progress(f"round {at + 1}/{ROUNDS}: {name}")
                seconds[name] += run()
                first, last = wait()
                begun[name] += first
                done[name] += last
    progress("")
    for name in ways:
        report.figure(name, ROUNDS * COUNT / seconds[name], "jobs/s")
        report.spread(f"{name}: until it begins", begun[name])
        report.spread(f"{name}: until it is done", done[name])
    report.close()


def _ways(report: Report, stack: ExitStack):
    queue = BareQueue(Path(stack.enter_context(tempfile.TemporaryDirectory())))
    stack.callback(queue.close)
    yield "bare SQLite queue", (lambda: queue.run(COUNT), lambda: queue.wait(WAITS))
    try:
        peer = stack.enter_context(Peer("procrastinate"))
        peer.call({"run": 10, "at_once": AT_ONCE})
    except Absent as error:
        report.skipped("Procrastinate on PostgreSQL", str(error))
        return

    def wait() -> tuple[list[float], list[float]]:
        answer = peer.call({"wait": WAITS})
        return answer["begun"], answer["done"]

    yield (
        "Procrastinate on PostgreSQL",
        (lambda: peer.call({"run": COUNT, "at_once": AT_ONCE})["seconds"], wait),
    )


if __name__ == "__main__":
    main()
