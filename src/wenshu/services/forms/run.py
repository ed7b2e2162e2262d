"""Run accepted tasks: the outcome, and what is to be delivered of it, in one transaction; and let expired ones go."""

from datetime import datetime, timedelta
from functools import partial

import orjson
from sqlalchemy import delete, insert, select, update

from wenshu.core.database.scope import EVERYTHING
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.running import RunningJob
from wenshu.core.jobs.schedules import Schedules
from wenshu.kit import clock
from wenshu.kit.ids import new_id
from wenshu.services.forms.extract import extract
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.schemas import Outcome
from wenshu.services.forms.show import body_of
from wenshu.services.forms.submit import KIND
from wenshu.services.forms.tables import DeliveryState, TaskState, form_deliveries, form_tasks

EXPIRY = "forms.expiry"
GIVE_UP = timedelta(hours=24)
KEEP = timedelta(days=7)
"""How long a task whose delivery may be asked for again is kept behind its expiry."""
_HOURLY = "17 * * * *"


def register(kinds: Kinds, schedules: Schedules, parts: Forms) -> None:
    """Have tasks run, and what has expired taken out."""
    kinds.register(KIND, partial(run, parts))
    kinds.register(EXPIRY, partial(expire, parts))
    schedules.add(EXPIRY, _HOURLY)


async def run(parts: Forms, job: RunningJob) -> dict[str, str]:
    """Extract, once however often it is run: a task that is over stays as it is."""
    scope, task_id = job.scope, str(job.payload["task_id"])
    mine = (form_tasks.c.id == task_id, scope.sees(form_tasks))
    open_ = form_tasks.c.state.in_((TaskState.PENDING.value, TaskState.RUNNING.value))
    async with parts.database.write(scope) as tx:
        begun = update(form_tasks).where(*mine, open_).values(state=TaskState.RUNNING.value)
        await tx.run(begun)
        row = await tx.first(select(form_tasks).where(*mine, open_))
    if row is None:
        return {"task_id": task_id}
    moment = datetime.fromisoformat(row.reference_time)
    outcome = await extract(parts, row.definition, row.utterance, moment, evidence=row.evidence)
    now = clock.now()
    values = {"state": outcome.status, "outcome": outcome.model_dump(mode="json")}
    delivery = {"id": new_id(), "task_id": task_id, "url": row.callback_url, "attempts": 0, "error": ""}
    delivery |= {"body": _body(task_id, outcome), "state": DeliveryState.PENDING.value, "due_at": now}
    delivery |= {"give_up_at": now + GIVE_UP, "created_at": now, **scope.stamp()}
    async with parts.database.write(scope) as tx:
        settled = await tx.run(update(form_tasks).where(*mine, open_).values(**values))
        if settled and row.callback_url is not None:
            await tx.run(insert(form_deliveries).values(**delivery))
    return {"task_id": task_id, "status": outcome.status}


async def expire(parts: Forms, job: RunningJob) -> dict[str, int]:
    """Delete tasks behind their time, with their deliveries; how many."""
    job.check()
    before = clock.now() - KEEP
    async with parts.database.write(EVERYTHING) as tx:
        old = select(form_tasks.c.id).where(form_tasks.c.expires_at < before, EVERYTHING.sees(form_tasks))
        theirs = form_deliveries.c.task_id.in_(old)
        await tx.run(delete(form_deliveries).where(theirs, EVERYTHING.sees(form_deliveries)))
        gone = delete(form_tasks).where(form_tasks.c.expires_at < before, EVERYTHING.sees(form_tasks))
        return {"tasks": await tx.run(gone)}


def _body(task_id: str, outcome: Outcome) -> str:
    """What is delivered: the very answer of the GET."""
    return orjson.dumps(body_of(task_id, outcome).model_dump(mode="json")).decode()
