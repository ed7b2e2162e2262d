"""System memory: what a tenant's bots are told beforehand, kept by id."""

from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import InvalidInput, NotFound
from wenshu.kit.ids import new_id
from wenshu.services.gateway.ernie.memory_schemas import Dialogue, MemoryCall
from wenshu.services.gateway.parts import Gateway
from wenshu.services.gateway.tables import memories

_MOST = 1_000
"""Memories of a tenant."""


async def remembered(parts: Gateway, scope: Scope, memory_id: str) -> str:
    """A memory as text for a prompt. Raises InvalidInput naming the field for one that is not the scope's."""
    async with parts.database.read(scope) as tx:
        row = await tx.first(select(memories).where(memories.c.memory_id == memory_id, scope.sees(memories)))
    if row is None:
        raise InvalidInput("参数 system_memory_id 对应的系统记忆不存在", field="system_memory_id")
    told = [f"{one['role']}：{one['content']}" for dialogue in row.dialogues for one in dialogue]
    return "\n".join(text for text in (row.description, *told) if text.strip())


async def create(parts: Gateway, scope: Scope, call: MemoryCall) -> str:
    """A new memory's id. Raises InvalidInput past the most that a tenant may have."""
    memory_id, now = f"sm-{new_id()}", clock.now()
    row = {"memory_id": memory_id, "app_id": call.app_id, "description": call.description, "created_at": now}
    row |= {"dialogues": _plain(call.memories or []), "updated_at": now}
    async with parts.database.write(scope, lock=("gateway-memories", scope.tenant)) as tx:
        count = await tx.value(select(func.count()).select_from(memories).where(scope.sees(memories)))
        if count >= _MOST:
            raise InvalidInput(f"系统记忆最多 {_MOST} 个")
        await tx.run(insert(memories).values(**row, **scope.stamp()))
    return memory_id


async def describe(parts: Gateway, scope: Scope, memory_id: str) -> dict[str, Any]:
    """One memory. Raises NotFound."""
    async with parts.database.read(scope) as tx:
        return _shown(await _one(tx, scope, memory_id))


async def page(parts: Gateway, scope: Scope, call: MemoryCall) -> dict[str, Any]:
    """The scope's memories, the newest first, of one application where it is named."""
    wanted = [scope.sees(memories), *([memories.c.app_id == call.app_id] if call.app_id else [])]
    newest = select(memories).where(*wanted).order_by(memories.c.id.desc())
    async with parts.database.read(scope) as tx:
        total = await tx.value(select(func.count()).select_from(memories).where(*wanted))
        rows = await tx.all(newest.limit(call.page_size).offset((call.page_no - 1) * call.page_size))
    shown = [_shown(row) for row in rows]
    return {"systemMemories": shown, "total": total, "pageNo": call.page_no, "pageSize": call.page_size}


async def modify(parts: Gateway, scope: Scope, call: MemoryCall, memory_id: str) -> bool:
    """Replace what is sent: the description, the dialogues, or both. Raises NotFound."""
    values: dict[str, Any] = {"updated_at": clock.now()}
    if call.description:
        values["description"] = call.description
    if call.memories is not None:
        values["dialogues"] = _plain(call.memories)
    async with parts.database.write(scope) as tx:
        await _one(tx, scope, memory_id)
        meant = memories.c.memory_id == memory_id, scope.sees(memories)
        await tx.run(update(memories).where(*meant).values(**values))
    return True


async def remove(parts: Gateway, scope: Scope, memory_id: str) -> bool:
    """Delete a memory. Raises NotFound."""
    async with parts.database.write(scope) as tx:
        await _one(tx, scope, memory_id)
        await tx.run(delete(memories).where(memories.c.memory_id == memory_id, scope.sees(memories)))
    return True


async def _one(tx: Transaction, scope: Scope, memory_id: str) -> Row[Any]:
    row = await tx.first(select(memories).where(memories.c.memory_id == memory_id, scope.sees(memories)))
    if row is None:
        raise NotFound("系统记忆不存在")
    return row


def _plain(dialogues: list[Dialogue]) -> list[list[dict[str, str]]]:
    return [[{"role": one.role, "content": one.content} for one in dialogue] for dialogue in dialogues]


def _shown(row: Row[Any]) -> dict[str, Any]:
    times = {"createTime": row.created_at.isoformat(), "modifyTime": row.updated_at.isoformat()}
    kept = {"systemMemoryId": row.memory_id, "appId": row.app_id, "description": row.description}
    return {**kept, "memories": row.dialogues, **times}
