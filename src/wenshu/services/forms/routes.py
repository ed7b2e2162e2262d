"""``/api/v1/task/form-extraction`` and its companions: forms, the webhook secret, deliveries."""

from typing import Annotated, Any

from fastapi import Body, Depends, Path, Query
from pydantic import RootModel

from wenshu.core.database.scope import Scope
from wenshu.services.forms import catalog, redeliver, secrets
from wenshu.services.forms.dialect import FORMS
from wenshu.services.forms.parts import Parts
from wenshu.services.forms.schemas import (
    Deleted,
    Delivery,
    DeliveryPage,
    Extract,
    Form,
    FormPage,
    Outcome,
    Secret,
    Task,
)
from wenshu.services.forms.show import show
from wenshu.services.forms.submit import submit
from wenshu.services.forms.tables import DeliveryState
from wenshu.web.caller import NamedCaller, needs
from wenshu.web.coded import AnyPaging
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import dialect_router
from wenshu.web.scalars import Flag

router = dialect_router(FORMS, prefix="/api/v1", tag="表单 Forms")


def _scope(caller: NamedCaller) -> Scope:
    return caller.scope(None, None)


InScope = Annotated[Scope, Depends(_scope)]
TaskId = Annotated[str, Path(max_length=128)]
Asked = Annotated[Flag, Query()]
FormPath = Annotated[str, Path(min_length=1, max_length=128)]


class Definition(RootModel[dict[str, Any]]):
    """A JSON Schema 2020-12 object."""


@router.post(
    "/task/form-extraction",
    summary="提交表单提取任务 Extract a form",
    dependencies=[needs("member", named=True, recorded=False), ONCE],
)
async def extract(body: Extract, scope: InScope, parts: Parts, evidence: Asked = False) -> Outcome:  # noqa: FBT002 (a query parameter)
    """The form's fields at once, or with ``async`` a task; ``evidence=true`` adds spans and confidence."""
    return await submit(parts, scope, body, evidence=evidence)


@router.get("/task/form-extraction/{task_id}", summary="查询任务 A task and what it came to")
async def get_task(task_id: TaskId, scope: InScope, parts: Parts) -> Task:
    """For 24 hours from when it was accepted."""
    return await show(parts, scope, task_id)


@router.get("/forms", summary="表单列表 List forms")
async def list_forms(scope: InScope, paging: AnyPaging, parts: Parts) -> FormPage:
    """The built-in forms and one's own."""
    return await catalog.page(parts, scope, paging)


@router.get("/forms/{form_code}", summary="表单定义 A form")
async def get_form(form_code: FormPath, scope: InScope, parts: Parts) -> Form:
    """With its definition."""
    return await catalog.get(parts, scope, form_code)


@router.put("/forms/{form_code}", summary="定义表单 Define a form", dependencies=[needs("editor", named=True)])
async def put_form(
    form_code: FormPath, body: Annotated[Definition, Body()], caller: NamedCaller, scope: InScope, parts: Parts
) -> Form:
    """A JSON Schema 2020-12 object; a built-in form is 409."""
    caller.trail.about(form_code)
    return await catalog.put(parts, scope, form_code, body.root)


@router.delete("/forms/{form_code}", summary="删除表单 Delete a form", dependencies=[needs("editor", named=True)])
async def delete_form(form_code: FormPath, scope: InScope, parts: Parts) -> Deleted:
    """A built-in form is 409; tasks that were accepted keep the form as it was."""
    return await catalog.remove(parts, scope, form_code)


@router.get("/webhook-secret", summary="回调签名密钥 The secret of webhooks", dependencies=[needs("admin", named=True)])
async def get_secret(scope: InScope, parts: Parts) -> Secret:
    """One a tenant, made at the first look."""
    return await secrets.shown(parts, scope.tenant)


@router.post(
    "/webhook-secret", summary="更换回调签名密钥 Rotate the secret", dependencies=[needs("admin", named=True), ONCE]
)
async def rotate_secret(scope: InScope, parts: Parts) -> Secret:
    """From now on deliveries are signed with the new one alone."""
    return await secrets.rotated(parts, scope.tenant)


@router.get("/webhook-deliveries", summary="回调投递列表 List deliveries", dependencies=[needs("admin", named=True)])
async def list_deliveries(
    scope: InScope, paging: AnyPaging, parts: Parts, state: Annotated[DeliveryState | None, Query()] = None
) -> DeliveryPage:
    """Newest first; ``state=dead`` are those that were given up."""
    return await redeliver.page(parts, scope, state, paging)


@router.post(
    "/webhook-deliveries/{delivery_id}/redeliver",
    summary="重新投递 Deliver again",
    dependencies=[needs("admin", named=True)],
)
async def deliver_again(delivery_id: TaskId, scope: InScope, parts: Parts) -> Delivery:
    """At once, with the same delivery id; one that is still being tried is 409."""
    return await redeliver.again(parts, scope, delivery_id)
