"""Rate limits: one token bucket a tenant and family, in this process's memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from wenshu.kit.errors import RateLimited

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MOST_BUCKETS = 10_000


class RateLimiter:
    """``limit`` is ``N/second|minute|hour``: a bucket holds N calls and fills up evenly over the period.

    Of several processes on one socket each gives its share: ``shares`` is how many there are.
    """

    def __init__(self, limit: str, clock: Callable[[], float] = time.monotonic, *, shares: int = 1) -> None:
        count, period = limit.split("/")
        share = float(count) / shares
        # Less than one call would never fill up to one.
        self._capacity = min(float(count), max(share, 1.0))
        self._per_second = share / _SECONDS[period]
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def admit(self, *key: str) -> None:
        """Take one call from the key's bucket. Raises RateLimited with the seconds until the next one is free."""
        now = self._clock()
        left, since = self._buckets.pop(key, (self._capacity, now))
        left = min(self._capacity, left + (now - since) * self._per_second)
        admitted = left >= 1
        self._buckets[key] = (left - 1 if admitted else left, now)
        # The bucket that was longest unused is full again, or nearly: forgetting it gives nothing away.
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if not admitted:
            wait = (1 - left) / self._per_second if self._per_second else 3600
            raise RateLimited(retry_after=ceil(wait))
