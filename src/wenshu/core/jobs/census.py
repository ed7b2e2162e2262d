"""Census: how many jobs wait and run, by kind, and how long the oldest of them has waited."""

from sqlalchemy import func, select

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.tables import READY, RUNNING, WAITING, jobs
from wenshu.core.telemetry import metrics
from wenshu.kit import clock

_STATES = {"ready": READY, "delayed": WAITING, "running": RUNNING}


class Census:
    """Of all tenants, in the whole database."""

    def __init__(self, database: Database, kinds: Kinds) -> None:
        self._database = database
        self._kinds = kinds

    async def measure(self) -> None:
        """Set the figures of the queue. Where the database does not answer there are none, rather than old ones."""
        metrics.JOBS.replace({})
        metrics.OLDEST_JOB.replace({})
        counts: dict[tuple[str, str], int] = {}
        oldest: dict[str, float] = {}
        async with self._database.read(EVERYTHING) as tx:
            for state, condition in _STATES.items():
                since = func.min(jobs.c.created_at).label("since")
                counted = select(jobs.c.kind, func.count().label("number"), since).where(
                    condition, EVERYTHING.sees(jobs)
                )
                for row in await tx.all(counted.group_by(jobs.c.kind)):
                    counts[row.kind, state] = row.number
                    if state == "ready":
                        oldest[row.kind] = (clock.now() - row.since).total_seconds()
        kinds = {*self._kinds, *(kind for kind, _ in counts)}
        metrics.OLDEST_JOB.replace({(kind,): max(0.0, oldest.get(kind, 0.0)) for kind in kinds})
        metrics.JOBS.replace({(kind, state): counts.get((kind, state), 0) for kind in kinds for state in _STATES})
