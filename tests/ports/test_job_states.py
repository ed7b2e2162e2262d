"""No sequence of calls brings a job past its state machine."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from wenshu.core.database.engine import Database
from wenshu.core.database.notices import Notices
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.claims import Claims
from wenshu.core.jobs.hub import Hub
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.jobs.kinds import Kinds, Retries
from wenshu.core.jobs.moves import Moves
from wenshu.core.jobs.states import JobState
from wenshu.core.jobs.tables import jobs, progress_events
from wenshu.core.jobs.turns import Turns
from wenshu.kit import clock
from wenshu.kit.errors import Conflict

T = Scope("t")
Q, R, S, F, C = JobState


# A call, and from which states it may move a job where; a running job that is cancelled only notes that.
CALLS = {
    "claim": {Q: R},
    "cancel": {Q: C, R: R},
    "retry": {F: Q, C: Q},
    "succeed": {R: S},
    "fail": {R: F},
    "end": {R: C},
    "put back": {R: Q},
    "die": {R: Q},
}


class Machine:
    """One job and every call that may come."""

    def __init__(self, database):
        self.database = database
        self.notices = Notices(database)
        self.hub = Hub(database, self.notices)
        self.jobs = Jobs(database, self.hub, self.notices)
        self.moves = Moves(self.hub)
        self.claims = Claims(database, self.moves, Kinds(), Turns(1), "p1")
        self.claims._kinds.register("kind", print, Retries(runs=10**6))

    async def call(self, name, job_id):
        mine = [jobs.c.id == job_id, jobs.c.process_id == "p1"]
        try:
            if name == "cancel":
                await self.jobs.cancel(T, job_id)
            elif name == "retry":
                await self.jobs.retry(T, job_id)
            elif name == "claim":
                await self.claims.take(1)
            elif name == "die":
                await self.claims.take_back()
            else:
                async with self.database.write(T) as tx:
                    if name == "put back":
                        await self.moves.put_back(tx, T, mine, {})
                    else:
                        target = {"succeed": S, "fail": F, "end": C}[name]
                        await self.moves.move(tx, T, target, mine)
        except Conflict:
            return False
        return True


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.sampled_from(sorted(CALLS)), max_size=25))
def test_no_sequence_of_calls_leaves_the_machine(database_url, calls):
    asyncio.run(walk(database_url, calls))


async def walk(url, calls):
    database = Database(url)
    async with database.write(EVERYTHING) as tx:
        await tx.run(jobs.delete())
    machine = Machine(database)
    async with database.write(T) as tx:
        job_id = (await machine.jobs.accept(tx, T, "kind", {})).id
    state, asked, said = Q, False, ["queued"]
    for name in calls:
        allowed = await machine.call(name, job_id)
        target = CALLS[name].get(state)
        assert allowed is (target is not None or name not in {"cancel", "retry"})
        if target is not None:
            if target is Q and asked:
                target = C  # asked for while it ran: it does not go back into the queue
            if name == "cancel" and state is R:
                asked = True
            else:
                said.append(target.value)
                asked = asked and target is R
            state = target
            await make_due(database)
        job = await machine.jobs.get(T, job_id)
        assert (job.state, job.cancel_asked) == (state, asked)
        assert job.is_over == (job.finished_at is not None)
        assert (job.process_id == "p1") == (state is R)
    assert await events(database, job_id) == said
    await database.close()


async def make_due(database):
    """A job that is put off after a crash waits for its time: here that has come."""
    async with database.write(EVERYTHING) as tx:
        await tx.run(jobs.update().where(jobs.c.run_after.is_not(None)).values(run_after=clock.now() - timedelta(1)))


async def events(database, job_id):
    async with database.read(EVERYTHING) as tx:
        rows = await tx.all(select(progress_events).where(progress_events.c.subject == job_id))
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.is_final for row in rows] == [row.data["state"] in {S, F, C} for row in rows]
    return [row.data["state"] for row in rows]
