"""Baidu's calls: ``/oauth/2.0/token``, ERNIE v1 under ``/rpc/2.0``, system memory under ``/v2/memory``."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from wenshu.kit.errors import Forbidden, MissingField
from wenshu.services.gateway.answering import bill
from wenshu.services.gateway.dialect import ERNIE, OAUTH, OPENAI
from wenshu.services.gateway.embedding import embedded
from wenshu.services.gateway.ernie import chat, embeddings, memory, tokens
from wenshu.services.gateway.ernie.access import ASKS, CHANGES, Asker, Keeper, Signer
from wenshu.services.gateway.ernie.memory_schemas import Action, MemoryCall
from wenshu.services.gateway.ernie.schemas import ErnieChat, ErnieEmbeddings
from wenshu.services.gateway.parts import Parts
from wenshu.web.dialect import JsonResponse
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import UntypedRoute, dialect_router
from wenshu.web.scalars import Whole

TAG = "模型网关 Gateway"
router = dialect_router(ERNIE, prefix="/rpc/2.0/ai_custom/v1/wenxinworkshop", tag=TAG, route_class=UntypedRoute)
oauth = dialect_router(OAUTH, prefix="/oauth/2.0", tag=TAG)
bearers = dialect_router(OPENAI, prefix="/v1", tag=TAG)
memories = dialect_router(ERNIE, prefix="/v2", tag=TAG)

Model = Annotated[str, Path(max_length=128)]
Token = Annotated[str | None, Query(max_length=8192, description="/oauth/2.0/token、登录所得，或 API Key")]


@oauth.post("/token", summary="换取 access_token Exchange a key for a token", response_class=Response)
async def post_token(
    request: Request,
    parts: Parts,
    grant_type: Annotated[str | None, Query(description="client_credentials")] = None,
    client_id: Annotated[str | None, Query(description="API Key 的 accessKey")] = None,
    client_secret: Annotated[str | None, Query(description="API Key 的 secretKey")] = None,
) -> Response:
    """``access_token`` and ``expires_in``; in the query, as a form or as JSON."""
    del grant_type, client_id, client_secret  # they may as well stand in the body
    return JsonResponse(await tokens.exchange(parts, request), headers={"Cache-Control": "no-store"})


@oauth.get("/token", summary="换取 access_token Exchange a key for a token", response_class=Response)
async def get_token(request: Request, parts: Parts) -> Response:
    """The same by GET, as some clients ask."""
    return JsonResponse(await tokens.exchange(parts, request), headers={"Cache-Control": "no-store"})


@router.post("/chat/{model}", summary="文心一言对话 ERNIE chat", response_class=Response, dependencies=[Depends(ASKS)])
async def ernie_chat(
    model: Model, body: ErnieChat, caller: Asker, parts: Parts, request: Request, access_token: Token = None
) -> Response:
    """Whole, or with ``stream`` a sentence an event; a model that is not known here means ``default``."""
    del access_token  # the gate has read it
    return await chat.chat(parts, bill(parts, caller, request.url.path, model), model, body)


@router.post(
    "/embeddings/{model}", summary="文心向量 ERNIE embeddings", response_class=Response, dependencies=[Depends(ASKS)]
)
async def ernie_embeddings(
    model: Model, body: ErnieEmbeddings, caller: Asker, parts: Parts, request: Request, access_token: Token = None
) -> Response:
    """One vector a text."""
    del access_token
    charged = bill(parts, caller, request.url.path, model)
    return JsonResponse(embeddings.shown(charged, await embedded(parts, charged, body.input)))


@bearers.get("/BCE-BEARER/token", summary="换取千帆 v2 令牌 A signed call for a token", response_class=Response)
async def bearer_token(
    caller: Signer,
    parts: Parts,
    seconds: Annotated[Whole, Query(alias="expireInSeconds", ge=1, le=2**31, description="有效期，秒")] = 3600,
) -> Response:
    """What Qianfan's clients with an IAM key exchange for ``/v2``; of a key's own calls only."""
    mark, _, prefix = caller.principal.name.partition(":")
    if mark != "key":
        raise Forbidden("只有 API Key 可以换取令牌")
    return JsonResponse(await tokens.bearer(parts, prefix, seconds), headers={"Cache-Control": "no-store"})


@memories.post(
    "/memory", summary="系统记忆 System memory", response_class=Response, dependencies=[Depends(CHANGES), ONCE]
)
async def system_memory(
    body: MemoryCall,
    caller: Keeper,
    parts: Parts,
    action: Annotated[Action, Query(alias="Action")],
    access_token: Token = None,
) -> Response:
    """``Action`` says what is done; the answer's ``result`` is the new memory's id, what was asked for, or true."""
    del access_token
    scope = caller.scope(None, None)
    result: Any
    if action == "CreateSystemMemory":
        result = await memory.create(parts, scope, body)
    elif action == "DescribeSystemMemories":
        result = await memory.page(parts, scope, body)
    else:
        if not body.system_memory_id:
            raise MissingField("systemMemoryId")
        named = body.system_memory_id
        if action == "DescribeSystemMemory":
            result = await memory.describe(parts, scope, named)
        elif action == "ModifySystemMemory":
            result = await memory.modify(parts, scope, body, named)
        else:
            result = await memory.remove(parts, scope, named)
    return JsonResponse({"requestId": caller.trail.trace_id, "result": result})
