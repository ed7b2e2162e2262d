"""Kinds of jobs: who handles them, and how they are tried again."""

import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from wenshu.core.jobs.running import RunningJob
from wenshu.kit.errors import WenshuError

Handler = Callable[[RunningJob], Awaitable[Mapping[str, Any] | None]]
"""Does the work of a job; what it gives, a JSON object or nothing, is the job's result."""

_TRANSIENT = (OperationalError, ConnectionError, TimeoutError)
_JITTER = 0.2
_MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class Retries:
    """When a job is tried again after an error that may pass, and after its process died.

    ``delays``: seconds before the second, third … run; the last one is doubled for each further run, up to ``longest``.
    ``runs``: the most in a row that end without one more finished step. Each delay is moved by up to a fifth, so that
    what failed together does not come back together.
    """

    delays: tuple[float, ...] = (1, 5, 15, 60)
    longest: float = 3600
    runs: int = 5

    def delay(self, failures: int, chance: Callable[[], float] = random.random) -> timedelta:
        """How long to wait after this many failures in a row, from 1; ``chance`` gives a number in [0, 1)."""
        doublings = min(max(0, failures - len(self.delays)), _MOST_DOUBLINGS)
        seconds = self.delays[min(failures, len(self.delays)) - 1] * 2**doublings
        return timedelta(seconds=min(seconds, self.longest) * (1 + _JITTER * (2 * chance() - 1)))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of jobs; ``name`` stands in the rows, so it never changes."""

    name: str
    handler: Handler
    retries: Retries = Retries()


class Kinds:
    """The kinds that this process can run."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}

    def register(self, name: str, handler: Handler, retries: Retries | None = None) -> None:
        """Have jobs of this kind handled. Raises ValueError where the name is taken."""
        if name in self._kinds:
            raise ValueError(f"two handlers for jobs of kind {name}")
        self._kinds[name] = Kind(name, handler, retries or Retries())

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    def retries(self, name: str) -> Retries:
        """How jobs of this kind are tried again, be it one of another release."""
        kind = self._kinds.get(name)
        return Retries() if kind is None else kind.retries

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)


def is_transient(error: Exception) -> bool:
    """Whether the error may pass: marked so, or a connection's."""
    return error.transient if isinstance(error, WenshuError) else isinstance(error, _TRANSIENT)
