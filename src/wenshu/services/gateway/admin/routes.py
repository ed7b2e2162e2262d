"""``/api/v1/usage``, and ``/api/v1/admin/gateway``: aliases, word lists, the budget."""

from typing import Annotated

from fastapi import Depends, Path, Query

from wenshu.services.gateway.admin import setup, usage
from wenshu.services.gateway.admin.schemas import (
    Alias,
    Aliases,
    Budget,
    CallNote,
    Targets,
    UsageOfDay,
    WordLists,
)
from wenshu.services.gateway.dialect import USAGE
from wenshu.services.gateway.parts import Parts
from wenshu.web.caller import AnyAdministrator
from wenshu.web.coded import ADMIN, AnyPaging, Page
from wenshu.web.routing import dialect_router

router = dialect_router(ADMIN, prefix="/api/v1/admin/gateway", tag="模型网关管理 Gateway administration")
used = dialect_router(USAGE, prefix="/api/v1", tag="模型网关 Gateway")

AliasName = Annotated[str, Path(min_length=1, max_length=128)]
Day = Annotated[str | None, Query(max_length=10, description="2025-12-10")]
Filter = Annotated[str | None, Query(max_length=160)]


def _period(
    since: Annotated[str | None, Query(alias="from", max_length=10, description="2025-12-01，含当日")] = None,
    until: Annotated[str | None, Query(alias="to", max_length=10, description="2025-12-31，含当日")] = None,
) -> usage.Period:
    return usage.Period(since, until)


AnyPeriod = Annotated[usage.Period, Depends(_period)]


@used.get("/usage", summary="用量 Usage by day, caller and model")
async def get_usage(
    admin: AnyAdministrator,
    parts: Parts,
    period: AnyPeriod,
    paging: AnyPaging,
    caller: Filter = None,
    model: Filter = None,
) -> Page[UsageOfDay]:
    """Sums, the newest day first."""
    return await usage.by_day(parts, admin, period, caller, model, paging)


@used.get("/usage/calls", summary="调用记录 Single calls")
async def get_calls(
    admin: AnyAdministrator,
    parts: Parts,
    period: AnyPeriod,
    paging: AnyPaging,
    caller: Filter = None,
    model: Filter = None,
) -> Page[CallNote]:
    """Who called what, the newest first; never what was said."""
    return await usage.single(parts, admin, period, caller, model, paging)


@router.get("/aliases", summary="模型别名 Aliases")
async def get_aliases(admin: AnyAdministrator, parts: Parts) -> Aliases:
    """The tenant's aliases, and what they can mean."""
    return await setup.aliases(parts, admin)


@router.put("/aliases/{alias}", summary="设置别名 Set an alias")
async def put_alias(alias: AliasName, body: Targets, admin: AnyAdministrator, parts: Parts) -> Alias:
    """The first model that answers is used, the others are there should it fail."""
    return await setup.put_alias(parts, admin, alias, body.models)


@router.delete("/aliases/{alias}", summary="删除别名 Delete an alias")
async def delete_alias(alias: AliasName, admin: AnyAdministrator, parts: Parts) -> Alias:
    """``default`` then means what the server says."""
    return await setup.delete_alias(parts, admin, alias)


@router.get("/words", summary="词表 Word lists")
async def get_words(admin: AnyAdministrator, parts: Parts) -> WordLists:
    """Blocked and allowed words."""
    return await setup.words(parts, admin)


@router.put("/words", summary="设置词表 Set the word lists")
async def put_words(body: WordLists, admin: AnyAdministrator, parts: Parts) -> WordLists:
    """Both lists are replaced."""
    return await setup.put_words(parts, admin, body)


@router.get("/budget", summary="用量上限 The budget")
async def get_budget(admin: AnyAdministrator, parts: Parts) -> Budget:
    """Tokens a day and a month."""
    return await setup.budget(parts, admin)


@router.put("/budget", summary="设置用量上限 Set the budget")
async def put_budget(body: Budget, admin: AnyAdministrator, parts: Parts) -> Budget:
    """What is left out has no limit."""
    return await setup.put_budget(parts, admin, body)
