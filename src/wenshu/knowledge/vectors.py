"""Vectors of texts, in the form that the index takes, by the embedder that the library's index was made with."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from wenshu.core.llm.port import Embedder
from wenshu.kit.errors import Unavailable

_AT_ONCE = 256  # texts: a vector of Python's floats takes ten times the memory of ours


class Embedding:
    """An embedder and the number of dimensions that its vectors must have: 0 until the first one tells."""

    def __init__(
        self, embedder: Embedder, dimension: int = 0, learned: Callable[[int], Awaitable[None]] | None = None
    ) -> None:
        self._embedder = embedder
        self.dimension = dimension
        self._learned = learned
        self._packing = ThreadPoolExecutor(1, thread_name_prefix="wenshu-embed")

    @property
    def model(self) -> str:
        """What the vectors are made by."""
        return self._embedder.model

    async def of(self, texts: Sequence[str]) -> list[bytes]:
        """A vector of length 1 for each text, in order. Raises Unavailable where the embedder fails."""
        vectors: list[bytes] = []
        loop = asyncio.get_running_loop()
        for at in range(0, len(texts), _AT_ONCE):
            batch = texts[at : at + _AT_ONCE]
            made = await self._embedder.embed(batch)
            packed = await loop.run_in_executor(self._packing, _packed, made, len(batch), self.dimension)
            if not self.dimension:
                self.dimension = len(packed[0]) // 4
                if self._learned is not None:
                    await self._learned(self.dimension)
            vectors += packed
        return vectors


def _packed(vectors: Sequence[Sequence[float]], count: int, dimension: int) -> list[bytes]:
    try:
        matrix = np.asarray(vectors, "<f4")
    except ValueError as error:
        raise Unavailable("向量模型的回答有误：向量长短不一") from error
    if matrix.shape[:1] != (count,) or matrix.ndim != 2 or not matrix.shape[1]:
        raise Unavailable("向量模型的回答有误：向量的数量不对")
    if dimension and matrix.shape[1] != dimension:
        raise Unavailable(f"向量模型的维数由 {dimension} 变为 {matrix.shape[1]}，请运行 wenshu reindex 重建索引")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise Unavailable("向量模型的回答有误：向量不是有限的数")
    unit = matrix / np.where(lengths == 0, 1, lengths)
    return [row.tobytes() for row in unit.astype("<f4")]
