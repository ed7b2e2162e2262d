"""Look at deliveries, those given up too, and have one made again."""

from typing import Any

from sqlalchemy import Row, func, select, update

from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, NotFound
from wenshu.services.forms.parts import Forms
from wenshu.services.forms.run import GIVE_UP
from wenshu.services.forms.schemas import Delivery, DeliveryPage
from wenshu.services.forms.tables import DeliveryState, form_deliveries
from wenshu.web.coded import Paging


async def page(parts: Forms, scope: Scope, state: DeliveryState | None, paging: Paging) -> DeliveryPage:
    """Newest first."""
    wanted = [scope.sees(form_deliveries)]
    wanted += [form_deliveries.c.state == state.value] if state else []
    newest = select(form_deliveries).where(*wanted, scope.sees(form_deliveries))
    newest = newest.order_by(form_deliveries.c.created_at.desc(), form_deliveries.c.id)
    async with parts.database.read(scope) as tx:
        counted = select(func.count()).select_from(form_deliveries).where(*wanted, scope.sees(form_deliveries))
        total = await tx.value(counted)
        rows = await tx.all(newest.limit(paging.size).offset(paging.offset))
    return DeliveryPage(items=[_shown(row) for row in rows], page=paging.page, size=paging.size, total=total)


async def again(parts: Forms, scope: Scope, delivery_id: str) -> Delivery:
    """Try a delivery again at once, under its own id. Raises NotFound, and Conflict where it is still being tried."""
    now = clock.now()
    named = (form_deliveries.c.id == delivery_id, scope.sees(form_deliveries))
    over = form_deliveries.c.state != DeliveryState.PENDING.value
    fresh = {"state": DeliveryState.PENDING.value, "attempts": 0, "error": "", "due_at": now, "finished_at": None}
    async with parts.database.write(scope) as tx:
        moved = await tx.run(update(form_deliveries).where(*named, over).values(**fresh, give_up_at=now + GIVE_UP))
        row = await tx.first(select(form_deliveries).where(*named))
    if row is None:
        raise NotFound("投递不存在")
    if not moved:
        raise Conflict("该投递仍在进行")
    return _shown(row)


def _shown(row: Row[Any]) -> Delivery:
    pending = row.state == DeliveryState.PENDING.value
    return Delivery(
        delivery_id=row.id,
        task_id=row.task_id,
        url=row.url,
        state=row.state,
        attempts=row.attempts,
        error=row.error or None,
        created_at=clock.utc_text(row.created_at),
        next_attempt_at=clock.utc_text(row.due_at) if pending else None,
        finished_at=None if row.finished_at is None else clock.utc_text(row.finished_at),
    )
