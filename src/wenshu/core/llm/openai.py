"""A chat model behind any endpoint that speaks OpenAI's chat completions (DeepSeek, Qwen, 豆包, Ollama, vLLM, …)."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import aiohttp
import orjson

from wenshu.core.llm.completion import Decoder, StreamedAnswer, WholeAnswer
from wenshu.core.llm.endpoint import Endpoint, endpoint_url
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.measure import measured, spent
from wenshu.core.llm.port import ChatModel, Message, Piece, Relay

_ACCEPT = "text/event-stream, application/json"
_DRAIN_SECONDS = 0.2
_USAGE_SECONDS = 1.0


class OpenAIChatModel(ChatModel, Relay):
    """``ChatModel`` and ``Relay`` over HTTP; one per configured model, closed at the process's end.

    ``url`` as for ``endpoint_url``; an empty ``api_key`` sends none. Times in seconds: ``first_byte_timeout`` until
    the answer's first bytes, ``between_bytes_timeout`` between any two (an upstream's comments count: it is alive).
    ``attempts``, ``backoff`` and ``retry_after_cap`` as for ``Endpoint``. ``tells_usage``: takes ``stream_options``.
    """

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str,
        first_byte_timeout: float = 30,
        between_bytes_timeout: float = 30,
        *,
        attempts: int = 3,
        backoff: float = 0.5,
        retry_after_cap: float = 10,
        tells_usage: bool = True,
    ) -> None:
        at = endpoint_url(url, "/chat/completions")
        self._endpoint = Endpoint(at, api_key, _ACCEPT, attempts=attempts, backoff=backoff, cap=retry_after_cap)
        self._name = model
        self._first_byte_timeout = first_byte_timeout
        self._between_bytes_timeout = between_bytes_timeout
        self._tells_usage = tells_usage

    @property
    def name(self) -> str:
        """Return the model's name as the endpoint knows it."""
        return self._name

    async def stream(
        self, messages: Sequence[Message], *, temperature: float = 0.2, max_tokens: int | None = None
    ) -> AsyncGenerator[str]:
        """See ``port.ChatModel.stream``."""
        request: dict[str, Any] = {
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": temperature,
        }
        if max_tokens is not None:
            request["max_tokens"] = max_tokens
        async with aclosing(self._pieces(request, after=_DRAIN_SECONDS)) as pieces:
            async for piece in pieces:
                if piece.text:
                    yield piece.text

    async def ask(self, request: Mapping[str, Any]) -> AsyncGenerator[Piece]:
        """See ``port.Relay.ask``."""
        told = {"stream_options": {"include_usage": True}} if self._tells_usage else {}
        async with aclosing(self._pieces({**request, **told}, after=_USAGE_SECONDS)) as pieces:
            async for piece in pieces:
                yield piece

    async def _pieces(self, request: Mapping[str, Any], *, after: float) -> AsyncGenerator[Piece]:
        """The answer; once it is whole, what follows has ``after`` seconds to come."""
        with measured("chat", self._name):
            async with aclosing(self._asked(request, after=after)) as pieces:
                async for piece in pieces:
                    if piece.usage is not None:
                        spent(
                            "chat",
                            self._name,
                            {"prompt_tokens": piece.usage.prompt, "completion_tokens": piece.usage.completion},
                        )
                    yield piece

    async def _asked(self, request: Mapping[str, Any], *, after: float) -> AsyncGenerator[Piece]:
        body = orjson.dumps({"model": self._name, **request, "stream": True})
        response, chunk = await self._endpoint.begin(body, self._first_byte_timeout)
        try:
            decoder: Decoder = WholeAnswer() if response.content_type == "application/json" else StreamedAnswer()
            while chunk and not decoder.is_whole:
                for piece in decoder.feed(chunk):
                    yield piece
                if not decoder.is_whole:
                    chunk = await self._next_bytes(response)
            if not decoder.is_whole:
                for piece in decoder.end():
                    yield piece
                return
            for piece in await self._rest(response, decoder, after):
                yield piece
        finally:
            response.release()  # closes the connection unless the answer was read to its end

    async def close(self) -> None:
        """Close connections; streams under way fail."""
        await self._endpoint.close()

    async def _next_bytes(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            async with asyncio.timeout(self._between_bytes_timeout):
                return await response.content.readany()
        except TimeoutError:
            raise ModelUnavailable("timeout") from None
        except aiohttp.ClientError:
            raise ModelUnavailable("cut") from None

    async def _rest(self, response: aiohttp.ClientResponse, decoder: Decoder, seconds: float) -> list[Piece]:
        """What follows a whole answer: its cost, and the connection's end, so that it can serve again."""
        rest: list[Piece] = []
        try:
            async with asyncio.timeout(seconds):
                while chunk := await response.content.readany():
                    rest += () if decoder.is_done else decoder.feed(chunk)
        except (TimeoutError, aiohttp.ClientError):
            return rest  # the answer is whole all the same; the connection is given up
        return rest
