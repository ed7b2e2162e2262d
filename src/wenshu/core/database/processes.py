"""The registry of live processes: who is there, and who died and left work behind.

Times are the database's. With SQLite one process owns the home: whoever else stands in the registry is dead, and
nothing is written while the server idles.
"""

import asyncio
import math
import os
import socket
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, Literal

import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    Table,
    delete,
    literal,
    or_,
    select,
    true,
)

from wenshu.core.database.backend import DatabaseUnavailable
from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.schema import Instant, database_now, metadata
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit.ids import new_id

log = structlog.get_logger()

Kind = Literal["server", "worker"]
BEAT_SECONDS = 3.0
DEAD_SECONDS = 15.0
"""Not seen for so long, a process counts as dead: five beats that did not come."""
_FORGET_SECONDS = 7 * 86400.0

processes = Table(
    "processes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
)
"""The server's own table, no tenant's. A process that ends in order takes its row with it; a killed one leaves it."""


class Presence:
    """The registry's row of this process: ``enter`` before work is taken, ``leave`` when it was given back."""

    def __init__(self, database: Database, kind: Kind, *, id: str = "", beat_seconds: float = BEAT_SECONDS) -> None:  # noqa: A002 (the column's name)
        self.id = id or new_id()
        """Made anew at each start, so that nobody is taken for the process before."""
        self._database = database
        self._kind: Kind = kind
        self._beat_seconds = beat_seconds
        self._beating: asyncio.Task[None] | None = None
        self._steady_since = self._last_beat = -math.inf

    @property
    def steady(self) -> bool:
        """Whether this process may judge others: its own beats came through for as long as it takes to be called dead.

        After the database was away nobody was seen for a while, the living included.
        """
        now = time.monotonic()
        return now - self._last_beat < DEAD_SECONDS <= now - self._steady_since

    async def enter(self, instead_of: Collection[str] = ()) -> None:
        """Register, and beat until ``leave``.

        ``instead_of`` names processes that were seen to end: their rows go, so their work is taken over at once.
        """
        async with self._database.write(EVERYTHING) as tx:
            await tx.run(delete(processes).where(processes.c.id.in_(instead_of) if tx.shared else true()))
            await self._write(tx)
        if self._database.shared:
            self._beating = asyncio.create_task(self._beat())

    async def leave(self) -> None:
        """Take the row away, where others could look for it; nothing before ``enter``."""
        if self._beating is None:
            return
        self._beating.cancel()
        with suppress(asyncio.CancelledError):
            await self._beating
        try:
            async with self._database.write(EVERYTHING) as tx:
                await tx.run(delete(processes).where(processes.c.id == self.id))
        except DatabaseUnavailable:
            log.warning("the registry keeps a process that ended", process=self.id)

    async def _beat(self) -> None:
        while True:
            try:
                async with self._database.write(EVERYTHING) as tx:
                    await self._write(tx)
                    await tx.run(delete(processes).where(processes.c.seen_at < _ago(_FORGET_SECONDS)))
                self._came_through()
            except Exception as error:  # noqa: BLE001 (a living process must not fall silent over one beat)
                log.warning("no sign of life could be given", process=self.id, error=str(error))
            await asyncio.sleep(self._beat_seconds)

    def _came_through(self) -> None:
        now = time.monotonic()
        if now - self._last_beat > DEAD_SECONDS / 2:
            self._steady_since = now
        self._last_beat = now

    async def _write(self, tx: Transaction) -> None:
        """An upsert: whoever slept for so long that its row was forgotten is there again."""
        row = {"id": self.id, "kind": self._kind, "host": socket.gethostname()[:255], "pid": os.getpid()}
        times = {"started_at": database_now(), "seen_at": database_now()}
        await tx.upsert(processes, {**row, **times}, key=("id",), change=("seen_at",))


async def alive(tx: Transaction, kind: Kind | None = None) -> Sequence[Row[Any]]:
    """The processes that are there, oldest first."""
    return await tx.all(_listed(kind).where(_seen(tx)))


async def dead(tx: Transaction, kind: Kind | None = None) -> Sequence[Row[Any]]:
    """The processes that ended without a word, oldest first, until forgotten. Ask ``Presence.steady`` first."""
    return await tx.all(_listed(kind).where(~_seen(tx)))


def absent(tx: Transaction, process_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that the process which a column names is dead or gone, or that it names none."""
    return or_(process_id.is_(None), process_id.not_in(select(processes.c.id).where(_seen(tx))))


async def forget(tx: Transaction, ids: Collection[str]) -> int:
    """Take dead processes out once all their work was taken over; how many there were. A living one stays."""
    return await tx.run(delete(processes).where(processes.c.id.in_(ids), ~_seen(tx)))


def _listed(kind: Kind | None) -> Select[Any]:
    wanted = true() if kind is None else processes.c.kind == kind
    return select(processes).where(wanted).order_by(processes.c.started_at, processes.c.id)


def _seen(tx: Transaction) -> ColumnElement[bool]:
    return processes.c.seen_at >= _ago(DEAD_SECONDS) if tx.shared else true()


def _ago(seconds: float) -> ColumnElement[Any]:
    return database_now() - literal(round(seconds * 1_000_000), BigInteger)
