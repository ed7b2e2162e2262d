"""Rate limits: one token bucket a tenant and family, in memory."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from wenshu.kit.errors import RateLimited

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MOST_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket holds ``capacity`` calls and fills up evenly."""

    capacity: float
    per_second: float

    @classmethod
    def parse(cls, limit: str) -> "Rate":
        """``6000/minute`` → a bucket of 6000 calls, 100 of which come back a second."""
        count, period = limit.split("/")
        return cls(float(count), float(count) / _SECONDS[period])

    def filled(self, left: float, seconds: float) -> float:
        """The calls in a bucket some time after there were ``left``."""
        return min(self.capacity, left + max(seconds, 0.0) * self.per_second)

    @staticmethod
    def after(left: float) -> float:
        """What is left once a call was taken; one that is refused takes nothing."""
        return left - 1 if left >= 1 else left


class Buckets(Protocol):
    """Where the calls left are remembered."""

    def take(self, key: tuple[str, str], rate: Rate, now: float) -> float:
        """Take one call; how many there were before it: less than one means that none was taken."""
        ...


class OwnBuckets:
    """In the memory of the one process."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, key: tuple[str, str], rate: Rate, now: float) -> float:
        """See ``Buckets``."""
        left, since = self._buckets.pop(key, (rate.capacity, now))
        left = rate.filled(left, now - since)
        self._buckets[key] = rate.after(left), now
        # The bucket that was longest unused is full again, or nearly: forgetting it gives nothing away.
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return left


class RateLimiter:
    """``limit`` is ``N/second|minute|hour``; ``of_family`` gives some families a limit of their own.

    ``buckets`` None: the process is alone, see ``Board`` for those that are not.
    """

    def __init__(
        self,
        limit: str,
        of_family: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        buckets: Buckets | None = None,
    ) -> None:
        self._usual = Rate.parse(limit)
        self._own = {family: Rate.parse(own) for family, own in (of_family or {}).items()}
        self._clock = clock
        self._buckets = buckets or OwnBuckets()

    def admit(self, family: str, tenant: str) -> None:
        """Take one call from the tenant's bucket. Raises RateLimited with the seconds until the next one is free."""
        rate = self._own.get(family, self._usual)
        left = self._buckets.take((family, tenant), rate, self._clock())
        if left < 1:
            wait = (1 - left) / rate.per_second if rate.per_second else 3600
            raise RateLimited(retry_after=ceil(wait))
