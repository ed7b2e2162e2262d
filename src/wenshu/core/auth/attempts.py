"""Failed passwords: after five in a minute of one user from one address, or fifty of an address, none is looked at."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete, func, insert, select

from wenshu.core.auth.tables import login_failures
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import RateLimited

WINDOW = timedelta(minutes=1)
MOST_OF_PAIR, MOST_OF_ADDRESS = 5, 50
_MOST_WAITING = 50


@dataclass(slots=True)
class _Queue:
    """Who waits for one address's turn."""

    lock: asyncio.Lock
    waiting: int = 0


class Attempts:
    """Counts failures in the database, so that all processes count together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def turn(self, name: str, address: str) -> AsyncGenerator[None]:
        """Look at one password. Raises RateLimited with the seconds until the next one is looked at.

        One at a time for an address: many guesses sent at once must not all be let in before the first has failed.
        """
        place = _place(address)
        queue = self._queues.setdefault(place, _Queue(asyncio.Lock()))
        if queue.waiting >= _MOST_WAITING:
            raise RateLimited("登录请求过多，请稍后再试")
        queue.waiting += 1
        try:
            async with queue.lock:
                await self._admit(_digest(name), place)
                yield
        finally:
            queue.waiting -= 1
            if not queue.waiting:
                del self._queues[place]

    async def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        now = clock.now()
        row = {"username_digest": _digest(name), "address": _place(address), "at": now, **Scope().stamp()}
        old = delete(login_failures).where(login_failures.c.at < now - WINDOW, EVERYTHING.sees(login_failures))
        async with self._database.write(EVERYTHING) as tx:
            await tx.run(old)
            await tx.run(insert(login_failures).values(row))

    async def _admit(self, digest: str, place: str) -> None:
        now = clock.now()
        pair = login_failures.c.username_digest == digest
        counted = select(
            func.count().label("of_address"),
            func.min(login_failures.c.at).label("first_of_address"),
            func.count().filter(pair).label("of_pair"),
            func.min(login_failures.c.at).filter(pair).label("first_of_pair"),
        )
        recent = login_failures.c.address == place, login_failures.c.at > now - WINDOW
        async with self._database.read(EVERYTHING) as tx:
            row = await tx.first(counted.where(*recent, EVERYTHING.sees(login_failures)))
        firsts: list[datetime] = []
        if row is not None and row.of_pair >= MOST_OF_PAIR:
            firsts.append(row.first_of_pair)
        if row is not None and row.of_address >= MOST_OF_ADDRESS:
            firsts.append(row.first_of_address)
        if firsts:
            left = (max(firsts) + WINDOW - now).total_seconds()
            raise RateLimited("登录失败次数过多，请稍后再试", retry_after=int(left) + 1)


def _digest(name: str) -> str:
    """A digest rather than the name: people type their passwords into the wrong field."""
    return sha256(name.encode()).hexdigest()


def _place(address: str) -> str:
    """What counts as one address: of IPv6 the /64 network, which a single customer has all of."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
