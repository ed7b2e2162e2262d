"""``/v1/chat/completions`` and ``/v2/chat/completions``: answers in OpenAI's shape, whole or streamed."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import Response

from wenshu.core.llm.port import Call, Piece
from wenshu.kit.errors import WenshuError
from wenshu.kit.ids import new_id
from wenshu.services.gateway.answering import Answering, Bill, begin
from wenshu.services.gateway.asks import Ask
from wenshu.services.gateway.dialect import OPENAI, framed, status_of
from wenshu.services.gateway.openai.schemas import Chat
from wenshu.services.gateway.parts import Gateway
from wenshu.services.gateway.streaming import Streamed
from wenshu.web.dialect import JsonResponse

_DONE = b"data: [DONE]\n\n"


async def complete(parts: Gateway, bill: Bill, chat: Chat, *, otherwise_default: bool = False) -> Response:
    """The answer, or its stream. Raises what ``begin`` does, and ModelUnavailable for an answer that breaks off."""
    ask = Ask(
        model=chat.model,
        messages=[message.model_dump(exclude_unset=True) for message in chat.messages],
        options=chat.options(),
        stops=chat.stops,
        most_tokens=chat.most_tokens,
        otherwise_default=otherwise_default,
    )
    answering = await begin(parts, bill, ask)
    head = {"id": f"chatcmpl-{new_id()}", "created": int(time.time()), "model": answering.model}
    if chat.stream:
        wants_usage = chat.stream_options is not None and chat.stream_options.include_usage
        return Streamed(OPENAI, answering, _frames(answering, head, wants_usage=wants_usage))
    try:
        whole = await _whole(answering, head)
    except WenshuError as error:
        await answering.close(status_of(error))
        raise
    finally:
        await answering.close()
    return JsonResponse(whole)


async def _whole(answering: Answering, head: Mapping[str, Any]) -> dict[str, Any]:
    texts: list[str] = []
    reasons: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    async with aclosing(answering.pieces()) as pieces:
        async for piece in pieces:
            texts.append(piece.text)
            reasons.append(piece.reasoning)
            for call in piece.calls:
                join(calls, call)
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) or (None if calls else "")}
    if reasoning := "".join(reasons):
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = list(calls.values())
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answering.finish}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(answering), **_beside(answering)}


async def _frames(answering: Answering, head: Mapping[str, Any], *, wants_usage: bool) -> AsyncGenerator[bytes]:
    head = {**head, "object": "chat.completion.chunk"}
    beside = {"usage": None} if wants_usage else {}
    begun = False

    def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return framed({**head, "choices": [choice], **beside, **more})

    async with aclosing(answering.pieces()) as pieces:
        async for piece in pieces:
            delta = _delta(piece)
            if not begun:
                delta, begun = {"role": "assistant", "content": "", **delta}, True
            if piece.finish:
                yield chunk(delta, piece.finish, **_beside(answering))
            else:
                yield chunk(delta)
    if wants_usage:
        yield framed({**head, "choices": [], "usage": _usage(answering)})
    yield _DONE


def _delta(piece: Piece) -> dict[str, Any]:
    delta: dict[str, Any] = {}
    if piece.text:
        delta["content"] = piece.text
    if piece.reasoning:
        delta["reasoning_content"] = piece.reasoning
    if piece.calls:
        delta["tool_calls"] = [_part(call) for call in piece.calls]
    return delta


def _part(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments} if call.name else {"arguments": call.arguments}
    head = {"id": call.id, "type": "function"} if call.id else {}
    return {"index": call.index, **head, "function": function}


def join(calls: dict[int, dict[str, Any]], call: Call) -> None:
    """Add a part of a call to the calls so far, by their index."""
    whole = calls.setdefault(call.index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
    whole["id"] = whole["id"] or call.id or f"call_{new_id()}"
    whole["function"]["name"] += call.name
    whole["function"]["arguments"] += call.arguments


def _beside(answering: Answering) -> dict[str, Any]:
    """What of the library is behind the answer; OpenAI's clients pass it over."""
    if not answering.sources:
        return {}
    results = [{"index": one.index, "url": one.url, "title": one.title} for one in answering.sources]
    return {"search_results": results}


def _usage(answering: Answering) -> dict[str, int]:
    prompt, completion = answering.bill.prompt, answering.bill.completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
