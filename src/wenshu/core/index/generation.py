"""Generations: the numbers by which rows name their passages, one for every version of a document or pair."""

import secrets
import threading
import time
from datetime import datetime

_RANDOM_BITS = 20


class _Generations:
    """Milliseconds since 1970, then random bits: 62 bits together, never falling in a process, unique by chance beyond.

    Two processes that begin in the same millisecond meet in one of a million cases; the tables' unique keys notice.
    """

    def __init__(self) -> None:
        self._last = 0
        self._one = threading.Lock()

    def take(self, count: int) -> range:
        fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._one:
            first = max(self._last + 1, fresh)
            self._last = first + count - 1
        return range(first, first + count)


def first_generation(instant: datetime) -> int:
    """What no generation made since the instant is below, as far as clocks agree."""
    return int(instant.timestamp() * 1000) << _RANDOM_BITS


_taken = _Generations()


def new_generations(count: int) -> range:
    """So many numbers that nothing was ever named by, later ones greater."""
    return _taken.take(count)
