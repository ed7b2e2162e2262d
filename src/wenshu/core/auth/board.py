"""The board: memory that the processes of one server share, so that they count a tenant's calls together.

It also counts revocations, by which each process knows at once that another one voided something.
"""

import fcntl
import mmap
import os
import struct
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from wenshu.core.auth.limits import Rate

_HEADER = 64
_COUNT = struct.Struct("=Q")
_BUCKET = struct.Struct("=Qdd")  # the key's digest, calls left, when that was; an empty one is all zeros
_GROUPS = 2048
_GROUP = 8
"""Buckets that a key may be in; where all are taken, the one that was longest unused gives way."""
_SIZE = _HEADER + _GROUPS * _GROUP * _BUCKET.size


class Board:
    """``descriptor`` is that of a file from ``new_board``. A process has one: closing another one would unlock it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._memory = mmap.mmap(descriptor, _SIZE)

    def take(self, key: tuple[str, str], rate: Rate, now: float) -> float:
        """See ``Buckets``; ``now`` is the machine's monotonic clock, the same one in all processes."""
        digest = int.from_bytes(blake2b("\0".join(key).encode(), digest_size=8).digest()) | 1
        first = _HEADER + (digest >> 1) % _GROUPS * _GROUP * _BUCKET.size
        with self._held(first, _GROUP * _BUCKET.size):
            at, left = self._find(first, digest, rate, now)
            _BUCKET.pack_into(self._memory, at, digest, rate.after(left), now)
        return left

    @property
    def revocations(self) -> int:
        """How many there were; any change means that there is something to read."""
        return _COUNT.unpack_from(self._memory)[0]

    def revoked(self) -> None:
        """Something was revoked, and that is committed."""
        with self._held(0, _HEADER):
            _COUNT.pack_into(self._memory, 0, self.revocations + 1)

    def close(self) -> None:
        """Give the memory back; the file goes with its last descriptor."""
        self._memory.close()

    def _find(self, first: int, digest: int, rate: Rate, now: float) -> tuple[int, float]:
        """Where the key's bucket is, and the calls it holds by now."""
        oldest, place = now, first
        for at in range(first, first + _GROUP * _BUCKET.size, _BUCKET.size):
            known, left, since = _BUCKET.unpack_from(self._memory, at)
            if known == digest:
                return at, rate.filled(left, now - since)
            if since < oldest:
                oldest, place = since, at
        return place, rate.capacity

    @contextmanager
    def _held(self, start: int, length: int) -> Generator[None]:
        """Alone with this part: for microseconds, and a process that is killed meanwhile gives it back."""
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX, length, start)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, length, start)


def new_board(folder: Path) -> int:
    """An empty board as a file without a name; its descriptor, to be handed to the processes that share it."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(_SIZE)
        return os.dup(file.fileno())
