"""What every benchmark prints: figures beside their limit or peer of the same run, and how busy the machine was."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass
class Report:
    """One benchmark's figures; printed as they come, so that a broken run still tells what it measured."""

    title: str
    missed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        print(f"\n== {self.title} · {date.today():%Y-%m-%d} · {os.cpu_count()} cores, load {load()}", flush=True)  # noqa: DTZ011 (the machine's own day)

    def figure(self, name: str, value: float, unit: str, remark: str = "") -> None:
        """One absolute figure."""
        print(f"{name:<58}{number(value):>10} {unit:<9} {remark}".rstrip(), flush=True)

    def spread(self, name: str, milliseconds: Sequence[float], remark: str = "") -> float:
        """p50 and p95 of a call; gives the p50."""
        middle, high = percentile(milliseconds), percentile(milliseconds, 0.95)
        print(f"{name:<58}{number(middle):>10} ms p50 {number(high):>9} ms p95  {remark}".rstrip(), flush=True)
        return middle

    def ratio(self, name: str, value: float, *, at_most: float | None = None) -> None:
        """A ratio of two figures of this run, and whether it keeps to its target where it has one."""
        word = ""
        if at_most is not None:
            word = f"target ≤ {at_most:g}: {'met' if value <= at_most else 'MISSED'}"
            if value > at_most:
                self.missed.append(name)
        print(f"  → {name:<54}{number(value):>10} ×        {word}".rstrip(), flush=True)

    def skipped(self, what: str, reason: str) -> None:
        """Something that could not be measured here."""
        print(f"{what}: skipped, {reason}", flush=True)

    def close(self) -> None:
        """The last line."""
        print(f"load at the end {load()}" + (f"; missed: {'; '.join(self.missed)}" if self.missed else ""), flush=True)


def percentile(values: Sequence[float], share: float = 0.5) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def number(value: float) -> str:
    """Three digits that count; a count whole."""
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def load() -> str:
    """Processes that wanted a core over the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}"


def progress(text: str) -> None:
    """One line on standard error that the next one replaces."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def rounds(calls: dict[str, Callable[[int], Sequence[float]]], count: int) -> dict[str, list[float]]:
    """Each call in turn, ``count`` times over, so that what else the machine does falls on all of them alike.

    A call gets the number of the round and gives the milliseconds of what it did.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for at in range(count):
        for name, call in calls.items():
            progress(f"round {at + 1}/{count}: {name}")
            times[name] += call(at)
    progress("")
    return times


def milliseconds_since(started: float) -> float:
    """Since a ``time.perf_counter()``."""
    return (time.perf_counter() - started) * 1000
