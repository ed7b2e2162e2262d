"""The forms of a tenant: list, get, put, delete; its own beside the built-in ones."""

from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select

from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, NotFound
from wenshu.services.forms.builtin import builtin
from wenshu.services.forms.definition import Definition, check
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.schemas import Deleted, Form, FormPage, FormSummary
from wenshu.services.forms.tables import forms
from wenshu.web.coded import Paging


async def page(parts: Forms, scope: Scope, paging: Paging) -> FormPage:
    """The built-in forms first, then the scope's own, by code."""
    fixed = [_summary(code, definition, built_in=True) for code, definition in sorted(builtin().items())]
    start = max(0, paging.offset - len(fixed))
    shown = fixed[paging.offset : paging.offset + paging.size]
    async with parts.database.read(scope) as tx:
        own = await tx.value(select(func.count()).select_from(forms).where(_of(scope)))
        listed = select(forms).where(_of(scope)).order_by(forms.c.form_code, forms.c.org_code)
        rows = await tx.all(listed.offset(start).limit(paging.size - len(shown)))
    shown += [_summary(row.form_code, row.definition, built_in=False) for row in rows]
    return FormPage(items=shown, page=paging.page, size=paging.size, total=len(fixed) + own)


async def get(parts: Forms, scope: Scope, form_code: str) -> Form:
    """One form. Raises NotFound."""
    definition = await find(parts, scope, form_code)
    if definition is None:
        raise NotFound("表单不存在")
    return _form(form_code, definition)


async def find(parts: Forms, scope: Scope, form_code: str) -> Definition | None:
    """The definition that the code names in this scope: the organisation's own before the tenant's."""
    if form_code in builtin():
        return builtin()[form_code]
    wanted = select(forms.c.definition).where(forms.c.form_code == form_code, _of(scope))
    async with parts.database.read(scope) as tx:
        return await tx.value(wanted.order_by(forms.c.org_code.desc()).limit(1))


async def put(parts: Forms, scope: Scope, form_code: str, definition: dict[str, Any]) -> Form:
    """Define a form, or define it anew. Raises InvalidInput, and Conflict for a built-in one."""
    _refuse_builtin(form_code)
    check(definition)
    now = clock.now()
    row = {"form_code": form_code, "definition": definition, "created_at": now, "updated_at": now, **scope.stamp()}
    async with parts.database.write(scope) as tx:
        key = ("tenant_code", "org_code", "form_code")
        await tx.upsert(forms, row, key=key, change=("definition", "updated_at"))
    return _form(form_code, definition)


async def remove(parts: Forms, scope: Scope, form_code: str) -> Deleted:
    """Delete a form of the scope; tasks that were accepted keep theirs. Raises NotFound, Conflict for a built-in."""
    _refuse_builtin(form_code)
    async with parts.database.write(scope) as tx:
        gone = await tx.run(delete(forms).where(forms.c.form_code == form_code, scope.exactly(forms)))
    if not gone:
        raise NotFound("表单不存在")
    return Deleted(form_code=form_code)


def _of(scope: Scope) -> ColumnElement[bool]:
    """Rows that the scope uses: its own and the whole tenant's, never those of other organisations."""
    return or_(scope.exactly(forms), Scope(scope.tenant).exactly(forms))


def _refuse_builtin(form_code: str) -> None:
    if form_code in builtin():
        raise Conflict("内置表单不可修改")


def _form(form_code: str, definition: Definition) -> Form:
    return Form(
        form_code=form_code,
        title=str(definition.get("title", form_code)),
        built_in=form_code in builtin(),
        definition=dict(definition),
    )


def _summary(form_code: str, definition: Definition, *, built_in: bool) -> FormSummary:
    fields = len(definition["properties"])
    return FormSummary(form_code=form_code, title=definition["title"], built_in=built_in, fields=fields)
