"""ERNIE v1 chat: what is asked in Baidu's words, and answers in them, whole or streamed."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from starlette.responses import Response

from wenshu.core.llm.port import Call
from wenshu.kit.errors import InvalidInput, MissingField, WenshuError
from wenshu.kit.ids import new_id
from wenshu.services.gateway.answering import Answering, Bill, begin
from wenshu.services.gateway.asks import Ask
from wenshu.services.gateway.dialect import ERNIE, framed, status_of
from wenshu.services.gateway.ernie.memory import remembered
from wenshu.services.gateway.ernie.schemas import ErnieChat, ErnieMessage
from wenshu.services.gateway.parts import Gateway
from wenshu.services.gateway.streaming import Streamed
from wenshu.web.dialect import JsonResponse

FLAG = 1
"""What of an unsafe conversation told on it: the tenant's word list."""


async def chat(parts: Gateway, bill: Bill, model: str, asked: ErnieChat) -> Response:
    """The answer, or its stream. Raises what ``begin`` does, and InvalidInput for a memory that is not there."""
    try:
        ask = await _ask(parts, bill, model, asked)
    except WenshuError as error:
        bill.settle(status_of(error))
        raise
    answering = await begin(parts, bill, ask)
    head = {"id": f"as-{new_id()[:12]}", "object": "chat.completion", "created": int(time.time())}
    cites = ask.cites
    if asked.stream:
        return Streamed(ERNIE, answering, _frames(answering, head, cites=cites))
    try:
        whole = await _whole(answering, head, cites=cites)
    except WenshuError as error:
        await answering.close(status_of(error))
        raise
    finally:
        await answering.close()
    return JsonResponse(whole)


async def _ask(parts: Gateway, bill: Bill, model: str, asked: ErnieChat) -> Ask:
    asked.check_length()
    memory = ""
    if asked.enable_system_memory:
        if asked.system_memory_id is None:
            raise MissingField("system_memory_id", "enable_system_memory 为 true 时 system_memory_id 必填")
        memory = await remembered(parts, bill.scope, asked.system_memory_id)
    system = "\n\n".join(text for text in (asked.system, memory) if text.strip())
    messages = [*([{"role": "system", "content": system}] if system else []), *_messages(asked.messages)]
    searches = not asked.disable_search
    return Ask(
        model=model,
        messages=messages,
        options=_options(asked),
        stops=asked.stop,
        shows_stop=True,
        most_tokens=asked.max_output_tokens,
        searches=searches,
        cites=searches and (asked.enable_citation or asked.enable_trace),
        marks=searches and asked.enable_citation,
        otherwise_default=True,
    )


def _options(asked: ErnieChat) -> dict[str, Any]:
    options: dict[str, Any] = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "max_tokens": asked.max_output_tokens,
    }
    if asked.penalty_score > 1:
        options["frequency_penalty"] = asked.penalty_score - 1
    if asked.functions:
        options["tools"] = [{"type": "function", "function": one.model_dump()} for one in asked.functions]
    if asked.tool_choice is not None:
        options["tool_choice"] = asked.tool_choice.model_dump()
    if asked.response_format == "json_object":
        options["response_format"] = {"type": "json_object"}
    if asked.user_id:
        options["user"] = asked.user_id
    return options


def _messages(messages: Sequence[ErnieMessage]) -> list[dict[str, Any]]:
    """In OpenAI's words, where a function's result names the call that it answers."""
    told: list[dict[str, Any]] = []
    for at, message in enumerate(messages):
        if message.role == "function":
            called = at > 0 and messages[at - 1].function_call is not None
            if not called:
                raise InvalidInput("参数 messages 中 function 之前须有 function_call", field="messages")
            told.append({"role": "tool", "tool_call_id": f"call_{at - 1}", "content": message.content})
        elif message.function_call is not None:
            function = {"name": message.function_call.name, "arguments": message.function_call.arguments or "{}"}
            call = {"id": f"call_{at}", "type": "function", "function": function}
            told.append({"role": "assistant", "content": message.content or None, "tool_calls": [call]})
        else:
            told.append({"role": message.role, "content": message.content})
    return told


async def _whole(answering: Answering, head: Mapping[str, Any], *, cites: bool) -> dict[str, Any]:
    texts: list[str] = []
    calls: list[Call] = []
    async with aclosing(answering.pieces()) as pieces:
        async for piece in pieces:
            texts.append(piece.text)
            calls += piece.calls
    return {**head, "result": "".join(texts), **_end(answering, calls, cites=cites)}


async def _frames(answering: Answering, head: Mapping[str, Any], *, cites: bool) -> AsyncGenerator[bytes]:
    """A sentence at a time; the last one says how it ended."""
    calls: list[Call] = []
    number = 0
    going_on = {"is_end": False, "is_truncated": False, "need_clear_history": False, "finish_reason": "normal"}
    async with aclosing(answering.pieces()) as pieces:
        async for piece in pieces:
            calls += piece.calls
            if piece.finish:
                beside = _end(answering, calls, cites=cites)
                yield framed({**head, "sentence_id": number, "is_end": True, "result": "", **beside})
            elif piece.text:
                beside = {**going_on, "usage": _usage(answering), "model": answering.model}
                if answering.unsafe_round is not None:
                    beside |= _unsafe(answering)
                yield framed({**head, "sentence_id": number, **beside, "result": piece.text})
                number += 1


def _end(answering: Answering, calls: Sequence[Call], *, cites: bool) -> dict[str, Any]:
    """What a whole answer and the last event of a stream say beside the text."""
    end: dict[str, Any] = {
        "is_truncated": answering.finish == "length",
        "finish_reason": _reason(answering, called=bool(calls)),
        **_unsafe(answering),
        "usage": _usage(answering),
        "model": answering.model,
    }
    if calls:
        end["function_call"] = _called(calls)
    if cites and answering.sources:
        results = [{"index": one.index, "url": one.url, "title": one.title} for one in answering.sources]
        end["search_info"] = {"search_results": results}
    return end


def _reason(answering: Answering, *, called: bool) -> str:
    if answering.finish in {"length", "content_filter"}:
        return answering.finish
    if called:
        return "function_call"
    return "stop" if answering.stop_hit else "normal"


def _unsafe(answering: Answering) -> dict[str, Any]:
    if answering.unsafe_round is None:
        return {"need_clear_history": False}
    return {"need_clear_history": True, "flag": FLAG, "ban_round": answering.unsafe_round}


def _called(calls: Sequence[Call]) -> dict[str, str]:
    """The first function that the model wants called: Baidu's answers hold one."""
    first = min(call.index for call in calls)
    parts = [call for call in calls if call.index == first]
    arguments = "".join(call.arguments for call in parts)
    return {"name": "".join(call.name for call in parts), "arguments": arguments, "thoughts": ""}


def _usage(answering: Answering) -> dict[str, int]:
    prompt, completion = answering.bill.prompt, answering.bill.completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
