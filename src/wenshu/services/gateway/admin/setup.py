"""Aliases, word lists and the budget of a tenant; each change stands in the audit log, in its own transaction."""

from collections.abc import Sequence
from typing import Any

from wenshu.core.database.engine import Transaction
from wenshu.kit.errors import Forbidden, InvalidInput, NotFound
from wenshu.services.gateway.admin.schemas import Alias, Aliases, Budget, WordLists
from wenshu.services.gateway.models import EXTRACTIVE
from wenshu.services.gateway.parts import Gateway
from wenshu.web.caller import Administrator

_MOST_ALIASES = 100


async def aliases(parts: Gateway, admin: Administrator) -> Aliases:
    """The tenant's aliases."""
    setup = await parts.setups.of(admin.scope.tenant)
    listed = [Alias(alias=name, models=list(targets)) for name, targets in sorted(setup.aliases.items())]
    return Aliases(aliases=listed, models=[*parts.models.guarded, EXTRACTIVE])


async def put_alias(parts: Gateway, admin: Administrator, alias: str, targets: Sequence[str]) -> Alias:
    """Set an alias; ``default`` may be one. Raises InvalidInput for models that the server does not have."""
    unknown = [name for name in targets if not parts.models.known(name)]
    if unknown:
        raise InvalidInput(f"模型不存在: {unknown[0]}", field="models")
    if alias == EXTRACTIVE:
        raise InvalidInput(f"{EXTRACTIVE} 不能是别名", field="alias")
    async with parts.database.write(admin.scope, lock=_lock(admin)) as tx:
        kept = await parts.setups.kept(tx, admin.scope)
        changed = {**kept["aliases"], alias: list(targets)}
        if len(changed) > _MOST_ALIASES:
            raise InvalidInput(f"别名最多 {_MOST_ALIASES} 个", field="alias")
        await parts.setups.change(tx, admin.scope, aliases=changed)
        await _record(parts, tx, admin, "alias.put", alias, models=list(targets))
    return Alias(alias=alias, models=list(targets))


async def delete_alias(parts: Gateway, admin: Administrator, alias: str) -> Alias:
    """Remove an alias. Raises NotFound."""
    async with parts.database.write(admin.scope, lock=_lock(admin)) as tx:
        kept = await parts.setups.kept(tx, admin.scope)
        if alias not in kept["aliases"]:
            raise NotFound("别名不存在")
        left = {name: targets for name, targets in kept["aliases"].items() if name != alias}
        await parts.setups.change(tx, admin.scope, aliases=left)
        await _record(parts, tx, admin, "alias.delete", alias)
        return Alias(alias=alias, models=kept["aliases"][alias])


async def words(parts: Gateway, admin: Administrator) -> WordLists:
    """The tenant's word lists."""
    setup = await parts.setups.of(admin.scope.tenant)
    return WordLists(blocked=list(setup.blocked), allowed=list(setup.allowed))


async def put_words(parts: Gateway, admin: Administrator, lists: WordLists) -> WordLists:
    """Replace them; the audit log has their lengths."""
    async with parts.database.write(admin.scope, lock=_lock(admin)) as tx:
        await parts.setups.change(tx, admin.scope, blocked=lists.blocked, allowed=lists.allowed)
        counts = {"blocked": len(lists.blocked), "allowed": len(lists.allowed)}
        await _record(parts, tx, admin, "words.put", "", **counts)
    return lists


async def budget(parts: Gateway, admin: Administrator) -> Budget:
    """The tenant's budget."""
    setup = await parts.setups.of(admin.scope.tenant)
    return Budget(day_tokens=setup.day_tokens, month_tokens=setup.month_tokens)


async def put_budget(parts: Gateway, admin: Administrator, new: Budget) -> Budget:
    """Replace it."""
    async with parts.database.write(admin.scope, lock=_lock(admin)) as tx:
        values = {"day_tokens": new.day_tokens, "month_tokens": new.month_tokens}
        await parts.setups.change(tx, admin.scope, **values)
        await _record(parts, tx, admin, "budget.put", "", **values)
    return new


def _lock(admin: Administrator) -> tuple[str, str]:
    """What a change is alone with. Raises Forbidden for who looks after an organisation only: it is the tenant's."""
    if admin.scope.org is not None:
        raise Forbidden("需要整个租户的管理员")
    return "gateway-setup", admin.scope.tenant


async def _record(
    parts: Gateway,
    tx: Transaction,
    admin: Administrator,
    action: str,
    target: str,
    **details: Any,  # noqa: ANN401 (JSON)
) -> None:
    await parts.audit.record(tx, admin.trail.entry(f"gateway.{action}", admin.scope, target, **details))
