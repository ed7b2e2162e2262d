"""An embedder behind any endpoint that speaks OpenAI's embeddings (Qwen, 豆包, Qianfan, Ollama, vLLM, TEI, …)."""

import asyncio
import base64
import binascii
import math
import struct
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, cast

import orjson

from wenshu.core.llm.endpoint import Endpoint, endpoint_url
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.measure import measured, spent
from wenshu.core.llm.port import Embedder

MAX_BYTES = 128 * 1024 * 1024
"""Of one answer: 2,048 vectors of 3,072 numbers as text are 80 MB."""
_LARGE = 1024 * 1024
"""Bytes above which reading an answer would hold up everybody else."""


class OpenAIEmbedder(Embedder):
    """``Embedder`` over HTTP; one per configured model, closed at the process's end.

    ``url`` as for ``endpoint_url``; an empty ``api_key`` sends none. ``dimensions`` is asked for where it is not 0.
    Texts go out ``batch`` at a time, ``concurrency`` requests at once, each with ``seconds`` to be answered whole.
    ``attempts``, ``backoff`` and ``retry_after_cap`` as for ``Endpoint``: a limit on calls a minute is waited out.
    """

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str,
        *,
        dimensions: int = 0,
        batch: int = 10,
        seconds: float = 60,
        concurrency: int = 4,
        attempts: int = 4,
        backoff: float = 1,
        retry_after_cap: float = 30,
    ) -> None:
        self.model = model
        at = endpoint_url(url, "/embeddings")
        self._endpoint = Endpoint(
            at, api_key, "application/json", attempts=attempts, backoff=backoff, cap=retry_after_cap
        )
        self._asked = {"model": model, **({"dimensions": dimensions} if dimensions else {})}
        self._dimension = dimensions
        self._batch = batch
        self._seconds = seconds
        self._turns = asyncio.Semaphore(concurrency)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """See ``port.Embedder.embed``; where one batch fails the others are given up."""
        batches = [texts[at : at + self._batch] for at in range(0, len(texts), self._batch)]
        asking = [asyncio.ensure_future(self._embed(batch)) for batch in batches]
        try:
            answers = await asyncio.gather(*asking)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return [vector for vectors in answers for vector in vectors]

    async def close(self) -> None:
        """Close connections; calls under way fail."""
        await self._endpoint.close()

    async def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        async with self._turns:
            body = orjson.dumps({**self._asked, "input": list(texts)})
            with measured("embedding", self.model):
                answer = await self._endpoint.whole(body, self._seconds, MAX_BYTES)
                vectors, usage = _said(answer) if len(answer) < _LARGE else await asyncio.to_thread(_said, answer)
                spent("embedding", self.model, usage)
                return self._checked(vectors, len(texts))

    def _checked(self, vectors: list[list[float]], count: int) -> list[list[float]]:
        if len(vectors) != count:
            raise ModelUnavailable("count")
        for vector in vectors:
            # The first answer settles it where the settings do not: an index holds vectors of one dimension.
            self._dimension = self._dimension or len(vector)
            if len(vector) != self._dimension:
                raise ModelUnavailable("dimension")
        return vectors


def vectors_of(answer: bytes) -> list[list[float]]:
    """The vectors of an ``/embeddings`` answer in the order of its ``index``, numbers or base64 of 32-bit floats.

    Raises ModelUnavailable where it is none, an empty vector or one with a number that is not finite included.
    """
    return _said(answer)[0]


def _said(answer: bytes) -> tuple[list[list[float]], object]:
    """The vectors, and what the upstream says that they took."""
    try:
        body = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise ModelUnavailable("garbage") from None
    said = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    if said.get("error"):
        raise ModelUnavailable("rejected")
    items = said.get("data")
    if not isinstance(items, list):
        raise ModelUnavailable("garbage")
    return [_vector(item.get("embedding")) for item in _ordered(cast("list[Any]", items))], said.get("usage")


def _ordered(items: list[Any]) -> list[dict[str, Any]]:
    """By their index; servers that leave it out answer in the order of the request."""
    if not all(isinstance(item, dict) for item in items):
        raise ModelUnavailable("garbage")
    places = [item.get("index") for item in items]
    if all(place is None for place in places):
        return items
    if not all(type(place) is int for place in places) or set(places) != set(range(len(items))):
        raise ModelUnavailable("count")
    return [item for _, item in sorted(zip(places, items, strict=True), key=itemgetter(0))]


def _vector(value: object) -> list[float]:
    numbers = _unpacked(value) if isinstance(value, str) else value
    if not isinstance(numbers, list) or not numbers:
        raise ModelUnavailable("garbage")
    kinds = set(map(type, cast("list[Any]", numbers)))
    vector = cast("list[float]", numbers)
    if not kinds <= {float, int} or not all(map(math.isfinite, vector)):
        raise ModelUnavailable("number")
    return list(map(float, vector)) if int in kinds else vector


def _unpacked(text: str) -> list[float]:
    try:
        raw = base64.b64decode(text, validate=True)
        return list(struct.unpack(f"<{len(raw) // 4}f", raw))
    except (binascii.Error, ValueError, struct.error):
        raise ModelUnavailable("garbage") from None
