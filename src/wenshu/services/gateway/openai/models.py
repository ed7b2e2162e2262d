"""``/v1/models``: what can be asked for, aliases of the tenant included."""

from typing import Any

from wenshu.core.database.scope import Scope
from wenshu.kit.errors import NotFound
from wenshu.services.gateway.models import EXTRACTIVE
from wenshu.services.gateway.parts import Gateway

_SINCE = 1_764_547_200


async def listed(parts: Gateway, scope: Scope) -> dict[str, Any]:
    """All names that the tenant may ask for."""
    setup = await parts.setups.of(scope.tenant)
    names = dict.fromkeys([*parts.models.names, *setup.aliases])
    if parts.embedder is not None:
        names[parts.embedder.model] = None
    return {"object": "list", "data": [_shown(name) for name in names]}


async def one(parts: Gateway, scope: Scope, name: str) -> dict[str, Any]:
    """One of them. Raises NotFound naming ``model``."""
    found = [model for model in (await listed(parts, scope))["data"] if model["id"] == name]
    if not found:
        raise NotFound(f"模型不存在: {name}", field="model")
    return found[0]


def _shown(name: str) -> dict[str, Any]:
    kind = {"description": "摘取式问答，不是大模型 Extraction, not a language model"} if name == EXTRACTIVE else {}
    return {"id": name, "object": "model", "created": _SINCE, "owned_by": "wenshu", **kind}
