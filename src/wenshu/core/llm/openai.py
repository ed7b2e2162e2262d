"""A chat model behind any endpoint that speaks OpenAI's chat completions (DeepSeek, Qwen, 豆包, Ollama, vLLM, …)."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson
from yarl import URL

from wenshu.core.llm.completion import Decoder, StreamedAnswer, WholeAnswer
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.port import ChatModel, Message
from wenshu.kit.clock import now

_VERSION = re.compile(r"v\d+\w*")
_DRAIN_SECONDS = 0.2
_jitter = random.SystemRandom()


def completions_url(url: str) -> URL:
    """Return the address of chat completions under a base URL.

    ``https://host``, ``https://host/`` and ``https://host/v1`` are the same; a base that ends in another version
    (``/api/v3``, ``/compatible-mode/v1``) is kept, and so is one that names ``/chat/completions`` already.
    ``ValueError`` if it is no absolute http or https URL.
    """
    base = URL(url.strip())
    if base.scheme not in ("http", "https") or not base.host:
        raise ValueError("a model's url must be absolute, http or https")
    path = base.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        version = "" if _VERSION.fullmatch(path.rsplit("/", 1)[-1]) else "/v1"
        path = f"{path}{version}/chat/completions"
    return base.with_path(path, keep_query=True)


class OpenAIChatModel(ChatModel):
    """``ChatModel`` over HTTP; one per configured model, closed at the process's end.

    ``url`` as for ``completions_url``; an empty ``api_key`` sends none. Times in seconds: ``first_byte_timeout`` until
    the answer's first bytes, ``between_bytes_timeout`` between any two (an upstream's comments count: it is alive).
    Refused connections, 429 and 5xx are tried ``attempts`` times in all, ``backoff`` doubling and jittered between;
    ``Retry-After`` is honoured up to ``retry_after_cap``. Nothing is tried again once bytes of an answer have come.
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
        self._url = completions_url(url)
        self._name = model
        self._headers = {"Accept": "text/event-stream, application/json", "Content-Type": "application/json"}
        key = api_key.strip()
        if not (key.isascii() and key.isprintable()):
            raise ValueError("a model's api_key must be printable ASCII")
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._first_byte_timeout = first_byte_timeout
        self._between_bytes_timeout = between_bytes_timeout
        self._attempts = attempts
        self._backoff = backoff
        self._retry_after_cap = retry_after_cap
        self._session: aiohttp.ClientSession | None = None

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
        response, chunk = await self._begin(orjson.dumps(request))
        try:
            decoder: Decoder = WholeAnswer() if response.content_type == "application/json" else StreamedAnswer()
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
            response.release()  # closes the connection unless the answer was read to its end

    async def close(self) -> None:
        """Close connections; streams under way fail."""
        if self._session is not None:
            await self._session.close()

    async def _begin(self, body: bytes) -> tuple[aiohttp.ClientResponse, bytes]:
        """Ask until there is a response of status 200, and return it with its first bytes."""
        for attempt in range(self._attempts - 1):
            try:
                return await self._ask(body)
            except _Passing as failure:
                await asyncio.sleep(self._pause(attempt, failure.retry_after))
        try:
            return await self._ask(body)
        except _Passing as failure:
            raise failure.error from None

    async def _ask(self, body: bytes) -> tuple[aiohttp.ClientResponse, bytes]:
        try:
            async with asyncio.timeout(self._first_byte_timeout):
                response = await self._opened().post(
                    self._url, data=body, headers=self._headers, allow_redirects=False
                )  # a redirect would carry prompt and key elsewhere
                return response, await self._first_bytes(response)
        except TimeoutError:
            raise ModelUnavailable("timeout") from None
        except aiohttp.ClientPayloadError:
            raise ModelUnavailable("cut") from None
        except aiohttp.ClientError:
            raise _Passing(ModelUnavailable("connect"), retry_after=None) from None

    async def _first_bytes(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            if response.status == 200:
                return await response.content.readany()
        except BaseException:  # a cancellation too must not leave the upstream at work
            response.close()
            raise
        response.close()
        if response.status == 429 or response.status >= 500:
            error = ModelUnavailable("rate_limited" if response.status == 429 else "rejected", status=response.status)
            raise _Passing(error, retry_after=_seconds(response.headers.get("Retry-After", "")))
        raise ModelUnavailable("rejected", status=response.status)

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

    def _pause(self, attempt: int, retry_after: float | None) -> float:
        if retry_after is not None:
            return min(retry_after, self._retry_after_cap)
        return self._backoff * 2**attempt * _jitter.uniform(0.5, 1)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # ours are per attempt and per read
            )
        return self._session


class _Passing(Exception):
    """A failure worth another try; ``retry_after`` in seconds if the upstream named it."""

    def __init__(self, error: ModelUnavailable, *, retry_after: float | None) -> None:
        super().__init__()
        self.error = error
        self.retry_after = retry_after


def _seconds(retry_after: str) -> float | None:
    """Read RFC 9110's ``Retry-After``: seconds or a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now()).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):  # what the standard library raises for bad dates
        return None
