"""A chat model behind any endpoint that speaks OpenAI's chat completions (DeepSeek, Qwen, 豆包, Ollama, vLLM, …)."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import aiohttp
import orjson

from wenshu.core.llm.completion import Decoder, StreamedAnswer, WholeAnswer
from wenshu.core.llm.endpoint import Endpoint, endpoint_url
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.measure import measured, spent
from wenshu.core.llm.port import ChatModel, Message

_ACCEPT = "text/event-stream, application/json"
_DRAIN_SECONDS = 0.2


class OpenAIChatModel(ChatModel):
    """``ChatModel`` over HTTP; one per configured model, closed at the process's end.

    ``url`` as for ``endpoint_url``; an empty ``api_key`` sends none. Times in seconds: ``first_byte_timeout`` until
    the answer's first bytes, ``between_bytes_timeout`` between any two (an upstream's comments count: it is alive).
    ``attempts``, ``backoff`` and ``retry_after_cap`` as for ``Endpoint``.
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
    ) -> None:
        at = endpoint_url(url, "/chat/completions")
        self._endpoint = Endpoint(at, api_key, _ACCEPT, attempts=attempts, backoff=backoff, cap=retry_after_cap)
        self._name = model
        self._first_byte_timeout = first_byte_timeout
        self._between_bytes_timeout = between_bytes_timeout

    @property
    def name(self) -> str:
        """Return the model's name as the endpoint knows it."""
        return self._name

    async def stream(
        self, messages: Sequence[Message], *, temperature: float = 0.2, max_tokens: int | None = None
    ) -> AsyncGenerator[str]:
        """See ``port.ChatModel.stream``."""
        request: dict[str, Any] = {
            "model": self._name,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": temperature,
            "stream": True,
        }
        if max_tokens is not None:
            request["max_tokens"] = max_tokens
        with measured("chat", self._name):
            response, chunk = await self._endpoint.begin(orjson.dumps(request), self._first_byte_timeout)
            decoder: Decoder = WholeAnswer() if response.content_type == "application/json" else StreamedAnswer()
            try:
                while chunk:
                    for text in decoder.feed(chunk):
                        yield text
                    if decoder.is_done:
                        await self._drain(response)
                        return
                    chunk = await self._next_bytes(response)
                for text in decoder.end():
                    yield text
            finally:
                spent("chat", self._name, decoder.usage)
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

    async def _drain(self, response: aiohttp.ClientResponse) -> None:
        """Read the little that follows a whole answer, so that its connection can serve again."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while await response.content.readany():
                    pass
        except (TimeoutError, aiohttp.ClientError):
            return  # the answer is whole all the same; the connection is given up
