"""Submit a task: answered at once, or accepted to be done in the background."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import insert

from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import InvalidInput, TooLarge
from wenshu.services.forms import catalog
from wenshu.services.forms.definition import Definition
from wenshu.services.forms.extract import extract
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.schemas import MOST_CHARACTERS, Extract, Outcome, Task
from wenshu.services.forms.tables import TaskState, form_tasks

KIND = "forms.extract"
LIFETIME = timedelta(hours=24)


async def submit(parts: Forms, scope: Scope, asked: Extract, *, evidence: bool) -> Outcome:
    """The outcome, or the task that was accepted.

    Raises InvalidInput, TooLarge for a long utterance, FetchRefused for a callback address that may not be called.
    """
    if len(asked.utterance) > MOST_CHARACTERS:
        raise TooLarge(f"utterance 最长 {MOST_CHARACTERS:,} 个字符")
    if not asked.utterance.strip():
        raise InvalidInput("缺少参数: utterance", field="utterance")
    definition = await catalog.find(parts, scope, asked.form_code)
    if definition is None:
        raise InvalidInput(f"未知的表单类型 form_code：{asked.form_code}", field="form_code")
    moment = _moment(parts, asked.reference_time)
    if asked.in_background:
        return await _accept(parts, scope, asked, definition, moment, evidence=evidence)
    return await extract(parts, definition, asked.utterance, moment, evidence=evidence)


async def _accept(
    parts: Forms, scope: Scope, asked: Extract, definition: Definition, moment: datetime, *, evidence: bool
) -> Task:
    if asked.callback_url is not None:
        await parts.fetcher.check(asked.callback_url)
    now, task_id = clock.now(), str(uuid4())
    row = {"id": task_id, "form_code": asked.form_code, "definition": dict(definition), "utterance": asked.utterance}
    row |= {"reference_time": moment.isoformat(), "callback_url": asked.callback_url, "evidence": evidence}
    row |= {"state": TaskState.PENDING.value, "created_at": now, "expires_at": now + LIFETIME, **scope.stamp()}
    async with parts.database.write(scope) as tx:
        await tx.run(insert(form_tasks).values(**row))
        await parts.jobs.accept(tx, scope, KIND, {"task_id": task_id}, key=task_id)
    return Task(task_id=task_id, status=TaskState.PENDING.value, expires_at=clock.utc_text(now + LIFETIME))


def _moment(parts: Forms, asked: datetime | None) -> datetime:
    """What relative dates are relative to; a time without an offset is one of the server's zone."""
    if asked is None:
        return clock.now().astimezone(parts.zone)
    return asked if asked.tzinfo is not None else asked.replace(tzinfo=parts.zone)
