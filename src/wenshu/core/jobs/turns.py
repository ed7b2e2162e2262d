"""Turns: whose job is next. Each tenant gets its share, whatever the others have waiting."""

from collections.abc import Iterable, Mapping
from itertools import count

_MOST_REMEMBERED = 10_000


class Turns:
    """Who has fewest jobs running goes first; among equals, who was served longest ago."""

    def __init__(self, most_for_one: int) -> None:
        self._most_for_one = most_for_one
        self._clock = count(1)
        self._served: dict[str, int] = {}

    def next(self, waiting: Iterable[str], running: Mapping[str, int]) -> str | None:
        """The tenant to take a job of; None where each that waits has as many running as one may have."""
        may = [tenant for tenant in waiting if running.get(tenant, 0) < self._most_for_one]
        return min(may, key=lambda tenant: (running.get(tenant, 0), self._served.get(tenant, 0), tenant), default=None)

    def serve(self, tenant: str) -> None:
        """One of the tenant's jobs was taken."""
        self._served.pop(tenant, None)
        self._served[tenant] = next(self._clock)
        while len(self._served) > _MOST_REMEMBERED:
            del self._served[next(iter(self._served))]
