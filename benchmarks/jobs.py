"""Durable jobs: how many a second, and how long one waits, beside Procrastinate and a bare SQLite queue.

A job does one step that does nothing. Each is put in by a commit of its own that reaches the disk, and what it came to
is written down before the next is asked for.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bare_queue import BareQueue
from peer import Absent, Line, Peer
from report import Report, progress

ROUNDS = 3
COUNT = 100
WAITS = 10
AT_ONCE = 8

BARE, PEER = "bare SQLite queue", "Procrastinate on PostgreSQL"
OWN = Path(__file__).with_name("own_jobs.py")
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
    waits: dict[str, float] = {}
    for name in ways:
        report.figure(name, ROUNDS * COUNT / seconds[name], "jobs/s")
        report.spread(f"{name}: until it begins", begun[name])
        waits[name] = report.spread(f"{name}: until it is done", done[name])
        for other in (BARE, PEER):
            if name.startswith("Wenshu") and other in waits:
                report.ratio(f"{other} / {name}, jobs a second", seconds[name] / seconds[other])
                report.ratio(f"{name} / {other}, until done", waits[name] / waits[other])
    report.close()


def _ways(report: Report, stack: ExitStack) -> Iterator[tuple[str, Way]]:
    """The peers first: ours runs on the same PostgreSQL, too."""
    queue = BareQueue(Path(stack.enter_context(tempfile.TemporaryDirectory())))
    stack.callback(queue.close)
    yield BARE, (lambda: queue.run(COUNT), lambda: queue.wait(WAITS))
    yield from _own(report, stack, "Wenshu on SQLite")
    try:
        peer = stack.enter_context(Peer("procrastinate"))
        url = peer.call({"prepare": {}})["url"]
    except Absent as error:
        report.skipped("Procrastinate and Wenshu on PostgreSQL", str(error))
        return
    yield PEER, _over(peer)
    yield from _own(report, stack, "Wenshu on PostgreSQL", url)


def _own(report: Report, stack: ExitStack, name: str, *url: str) -> Iterator[tuple[str, Way]]:
    try:
        yield name, _over(stack.enter_context(Line(sys.executable, OWN, *url)))
    except Absent as error:
        report.skipped(name, str(error))


def _over(line: Line) -> Way:
    line.call({"run": AT_ONCE, "at_once": AT_ONCE})

    def wait() -> tuple[list[float], list[float]]:
        answer = line.call({"wait": WAITS})
        return answer["begun"], answer["done"]

    return lambda: line.call({"run": COUNT, "at_once": AT_ONCE})["seconds"], wait


if __name__ == "__main__":
    main()
