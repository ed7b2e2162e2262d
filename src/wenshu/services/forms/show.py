"""Show a task: its state, and once it is over what it came to."""

from sqlalchemy import select

from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import NotFound
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.schemas import Outcome, Task
from wenshu.services.forms.tables import form_tasks


async def show(parts: Forms, scope: Scope, task_id: str) -> Task:
    """The task. Raises NotFound where it is unknown, another's or expired."""
    wanted = select(form_tasks).where(form_tasks.c.id == task_id, scope.sees(form_tasks))
    async with parts.database.read(scope) as tx:
        row = await tx.first(wanted.where(form_tasks.c.expires_at > clock.now()))
    if row is None:
        raise NotFound("任务不存在或已过期")
    if row.outcome is None:
        return Task(task_id=task_id, status=row.state, expires_at=clock.utc_text(row.expires_at))
    return body_of(task_id, Outcome.model_validate(row.outcome))


def body_of(task_id: str, outcome: Outcome) -> Task:
    """The answer of a task that is over; webhooks carry the same."""
    return Task(task_id=task_id, **outcome.model_dump())
