"""Deliver outcomes to callback addresses: signed, at least once, a few of each tenant so that none holds others up.

A delivery is moved on to its next time before it is tried: it is never lost with its process, and tried by one alone.
"""

import asyncio
import hmac
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import Row, select, update

from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import FetchFailed, FetchRefused, WenshuError
from wenshu.services.forms import secrets
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.tables import DeliveryState, form_deliveries

log = structlog.get_logger()
_DELAYS = (1, 5, 15, 60)
_MOST = 64
_MOST_OF_TENANT = 4
_LEASE = timedelta(seconds=60)
"""Longer than a try takes; a process that dies meanwhile leaves the delivery to the next look behind it."""
_PAUSE_SECONDS = 0.5
SECONDS = 10
"""Longest wait for a receiver."""


class Deliveries:
    """Tries what is due, for ever; one in each process that works."""

    def __init__(self, parts: Forms) -> None:
        self._parts = parts
        self._busy: Counter[str] = Counter()
        self._tries: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Look for what is due twice a second."""
        try:
            while True:
                try:
                    await self.begin_due()
                except WenshuError as error:
                    log.warning("deliveries not looked for", error=error.message)
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            for task in self._tries:
                task.cancel()
            await asyncio.gather(*self._tries, return_exceptions=True)

    async def begin_due(self) -> None:
        """Begin as many tries as there are places, the longest due first; full tenants are passed over."""
        while len(self._tries) < _MOST:
            row = await self._claimed()
            if row is None:
                return
            self._busy[row.tenant_code] += 1
            task = asyncio.create_task(self._try(row))
            self._tries.add(task)
            task.add_done_callback(self._tries.discard)

    async def _claimed(self) -> Row[Any] | None:
        """A delivery that is due, put off for as long as a try takes."""
        now = clock.now()
        full = [tenant for tenant, busy in self._busy.items() if busy >= _MOST_OF_TENANT]
        due = (form_deliveries.c.state == DeliveryState.PENDING.value, form_deliveries.c.due_at <= now)
        due = (*due, form_deliveries.c.tenant_code.not_in(full), EVERYTHING.sees(form_deliveries))
        first = select(form_deliveries.c.id).where(*due).order_by(form_deliveries.c.due_at).limit(1)
        async with self._parts.database.read(EVERYTHING) as tx:
            found = await tx.value(first)
        if found is None:
            return None
        claim = update(form_deliveries).where(form_deliveries.c.id == found, *due)
        async with self._parts.database.write(EVERYTHING) as tx:
            return await tx.first(claim.values(due_at=now + _LEASE).returning(*form_deliveries.c))

    async def _try(self, row: Row[Any]) -> None:
        try:
            await self._settle(row, await attempt(self._parts, row))
        except WenshuError as error:
            # The database is away: the delivery is due again once its lease is over.
            log.warning("delivery not settled", delivery=row.id, error=error.message)
        finally:
            self._busy[row.tenant_code] -= 1
            self._busy += Counter()

    async def _settle(self, row: Row[Any], error: str) -> None:
        now = clock.now()
        attempts = row.attempts + 1
        values: dict[str, Any] = {"attempts": attempts, "error": error[:500]}
        if not error:
            values |= {"state": DeliveryState.DELIVERED.value, "finished_at": now}
        elif now + delay(attempts) > row.give_up_at:
            values |= {"state": DeliveryState.DEAD.value, "finished_at": now}
            log.warning("delivery given up", delivery=row.id, attempts=attempts)
        else:
            values |= {"due_at": now + delay(attempts)}
        pending = form_deliveries.c.state == DeliveryState.PENDING.value
        mine = (form_deliveries.c.id == row.id, form_deliveries.c.attempts == row.attempts, pending)
        async with self._parts.database.write(EVERYTHING) as tx:
            await tx.run(update(form_deliveries).where(*mine, EVERYTHING.sees(form_deliveries)).values(**values))


def delay(failures: int) -> timedelta:
    """1, 5, 15, 60 seconds, then doubled each time."""
    if failures <= len(_DELAYS):
        return timedelta(seconds=_DELAYS[failures - 1])
    return timedelta(seconds=_DELAYS[-1] * 2 ** (failures - len(_DELAYS)))


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """``t=…,v1=…``: HMAC-SHA256 over ``timestamp.body``, in hexadecimal."""
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


async def attempt(parts: Forms, row: Row[Any]) -> str:
    """One POST; empty where the receiver took it, else what went wrong."""
    secret = (await secrets.shown(parts, Scope(row.tenant_code).tenant)).secret
    body = row.body.encode()
    headers = {
        "Content-Type": "application/json",
        "X-Wenshu-Delivery": row.id,
        "X-Wenshu-Signature": signature(secret, int(clock.now().timestamp()), body),
    }
    try:
        status = await parts.fetcher.post(row.url, body, headers, seconds=SECONDS)
    except (FetchFailed, FetchRefused) as error:
        return error.message
    return "" if 200 <= status < 300 else f"对方返回状态码 {status}"
