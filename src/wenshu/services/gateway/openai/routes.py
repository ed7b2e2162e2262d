"""``/v1`` as OpenAI serves it, and Qianfan's ``/v2/chat/completions``."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from wenshu.services.gateway.answering import bill
from wenshu.services.gateway.callers import ASKS, Asker, Reader
from wenshu.services.gateway.dialect import OPENAI
from wenshu.services.gateway.openai import chat, embeddings, models
from wenshu.services.gateway.openai.schemas import Chat, Embeddings
from wenshu.services.gateway.parts import Parts
from wenshu.web.dialect import JsonResponse
from wenshu.web.routing import dialect_router

router = dialect_router(OPENAI, prefix="/v1", tag="模型网关 Gateway")
qianfan = dialect_router(OPENAI, prefix="/v2", tag="模型网关 Gateway")
asks = [Depends(ASKS)]


@router.post("/chat/completions", summary="对话补全 Chat completion", response_class=Response, dependencies=asks)
async def chat_completions(body: Chat, caller: Asker, parts: Parts, request: Request) -> Response:
    """Whole, or with ``stream`` as events that end with ``[DONE]``."""
    return await chat.complete(parts, bill(parts, caller, request.url.path, body.model), body)


@qianfan.post("/chat/completions", summary="千帆 v2 对话 Qianfan v2 chat", response_class=Response, dependencies=asks)
async def chat_completions_v2(body: Chat, caller: Asker, parts: Parts, request: Request) -> Response:
    """The same; a model that is not known here means ``default``."""
    return await chat.complete(parts, bill(parts, caller, request.url.path, body.model), body, otherwise_default=True)


@router.post("/embeddings", summary="文本向量 Embeddings", response_class=Response, dependencies=asks)
async def create_embeddings(body: Embeddings, caller: Asker, parts: Parts, request: Request) -> Response:
    """One vector a text; 503 where no embedder is set."""
    return JsonResponse(await embeddings.embeddings(parts, bill(parts, caller, request.url.path, body.model), body))


@router.get("/models", summary="模型列表 List models", response_class=Response)
async def list_models(caller: Reader, parts: Parts) -> Response:
    """Models, ``default``, and the tenant's aliases."""
    return JsonResponse(await models.listed(parts, caller.scope(None, None)))


@router.get("/models/{model:path}", summary="模型 One model", response_class=Response)
async def get_model(model: Annotated[str, Path(max_length=128)], caller: Reader, parts: Parts) -> Response:
    """One of the list."""
    return JsonResponse(await models.one(parts, caller.scope(None, None), model))
