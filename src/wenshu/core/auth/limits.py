"""Rate limits: one token bucket a tenant and family, in this process's memory."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from math import ceil

from wenshu.kit.errors import RateLimited

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MOST_BUCKETS = 10_000


class RateLimiter:
    """``limit`` is ``N/second|minute|hour``: a bucket holds N calls and fills up evenly over the period.

    ``of_family`` gives some families a limit of their own.
    """

    def __init__(
        self, limit: str, of_family: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._usual = _rate(limit)
        self._own = {family: _rate(own) for family, own in (of_family or {}).items()}
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def admit(self, family: str, tenant: str) -> None:
        """Take one call from the tenant's bucket. Raises RateLimited with the seconds until the next one is free."""
        now, key = self._clock(), (family, tenant)
        capacity, per_second = self._own.get(family, self._usual)
        left, since = self._buckets.pop(key, (capacity, now))
        left = min(capacity, left + (now - since) * per_second)
        admitted = left >= 1
        self._buckets[key] = (left - 1 if admitted else left, now)
        # The bucket that was longest unused is full again, or nearly: forgetting it gives nothing away.
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if not admitted:
            wait = (1 - left) / per_second if per_second else 3600
            raise RateLimited(retry_after=ceil(wait))


def _rate(limit: str) -> tuple[float, float]:
    """``6000/minute`` → calls that a bucket holds, calls that come back a second."""
    count, period = limit.split("/")
    return float(count), float(count) / _SECONDS[period]
