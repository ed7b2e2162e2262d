"""Usage of a tenant: sums by day, caller and model, and single calls."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from wenshu.kit import clock
from wenshu.kit.errors import InvalidInput
from wenshu.services.gateway.admin.schemas import CallNote, UsageOfDay
from wenshu.services.gateway.parts import Gateway
from wenshu.services.gateway.tables import calls, usage
from wenshu.web.caller import Administrator
from wenshu.web.coded import Page, Paging


class Period:
    """Days, both included. Raises InvalidInput for what is no date."""

    def __init__(self, since: str | None, until: str | None) -> None:
        self.since = _day("from", since)
        self.until = _day("to", until)


async def by_day(
    parts: Gateway, admin: Administrator, period: Period, caller: str | None, model: str | None, paging: Paging
) -> Page[UsageOfDay]:
    """Sums, the newest day first; what was called until now is among them."""
    await parts.meter.flush()
    columns = usage.c
    wanted: list[ColumnElement[bool]] = [admin.scope.sees(usage)]
    wanted += [] if period.since is None else [columns.day >= period.since.isoformat()]
    wanted += [] if period.until is None else [columns.day <= period.until.isoformat()]
    wanted += [columns[name] == value for name, value in (("caller", caller), ("model", model)) if value is not None]
    ordered = select(usage).where(*wanted).order_by(columns.day.desc(), columns.id)
    async with parts.database.read(admin.scope) as tx:
        total = await tx.value(select(func.count()).select_from(usage).where(*wanted))
        rows = await tx.all(ordered.limit(paging.size).offset(paging.offset))
    names = UsageOfDay.model_fields
    return paging.of([UsageOfDay(**{name: getattr(row, name) for name in names}) for row in rows], total)


async def single(
    parts: Gateway, admin: Administrator, period: Period, caller: str | None, model: str | None, paging: Paging
) -> Page[CallNote]:
    """Single calls, the newest first."""
    await parts.meter.flush()
    columns = calls.c
    wanted: list[ColumnElement[bool]] = [admin.scope.sees(calls)]
    wanted += [] if period.since is None else [columns.at >= _midnight(parts, period.since)]
    wanted += [] if period.until is None else [columns.at < _midnight(parts, period.until + timedelta(days=1))]
    wanted += [columns[name] == value for name, value in (("caller", caller), ("model", model)) if value is not None]
    newest = select(calls).where(*wanted).order_by(columns.id.desc())
    async with parts.database.read(admin.scope) as tx:
        total = await tx.value(select(func.count()).select_from(calls).where(*wanted))
        rows = await tx.all(newest.limit(paging.size).offset(paging.offset))
    return paging.of([_note(parts, row) for row in rows], total)


def _note(parts: Gateway, row: Any) -> CallNote:  # noqa: ANN401 (a row)
    names = [name for name in CallNote.model_fields if name != "time"]
    return CallNote(time=clock.local_iso(row.at, parts.zone), **{name: getattr(row, name) for name in names})


def _midnight(parts: Gateway, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=parts.zone)


def _day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"参数 {name} 应为日期，如 2025-12-10", field=name) from None
