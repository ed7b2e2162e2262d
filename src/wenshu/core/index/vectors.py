"""Exact search of vectors in SQLite: each owner's as one matrix in memory, brought up to date by generations.

A generation never changes, so that a matrix is right as soon as it holds just the generations that the table has.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Several
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, func, select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.index.port import Collection
from wenshu.core.index.tables import passage_vectors

Floats = NDArray[np.float32]
Keys = NDArray[np.int64]

_ROWS = 4_096
_GENERATIONS = 500
_WIDTH = 4  # bytes of a float32


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose vectors: the number of the owner's row, its scope, and the version of its passages."""

    number: int
    scope: Scope
    collection: Collection
    version: int

    @property
    def rows(self) -> ColumnElement[bool]:
        """The condition of its vectors."""
        return and_(self.scope.exactly(passage_vectors), passage_vectors.c.collection == self.collection)


class Vectors:
    """Nearest passages by cosine; matrices within ``most_bytes`` of memory, those asked for last kept."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._matrices: OrderedDict[tuple[int, int], _Matrix] = OrderedDict()
        self._one = asyncio.Lock()
        self._computing = ThreadPoolExecutor(1, thread_name_prefix="wenshu-vectors")

    async def nearest(
        self, tx: Transaction, owners: Iterable[Owner], vector: bytes, count: int, among: Several[int] | None = None
    ) -> list[tuple[int, float]]:
        """The ``count`` passages' keys and cosines, nearest first; ``among`` names the keys that count.

        ``tx`` must be a reading one: what a transaction might take back must not be kept.
        """
        query = np.frombuffer(vector, "<f4")
        wanted = None if among is None else np.fromiter(among, np.int64)
        best: list[tuple[int, float]] = []
        async with self._one:
            for owner in owners:
                async for matrix in self._of(tx, owner, len(vector)):
                    best += await self._run(matrix.nearest, query, count, wanted)
        return sorted(best, key=lambda one: -one[1])[:count]

    def close(self) -> None:
        """Let go of the memory."""
        self._matrices.clear()
        self._computing.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Any, *given: Any) -> Any:  # noqa: ANN401 (what the work takes and gives)
        return await asyncio.get_running_loop().run_in_executor(self._computing, work, *given)

    async def _of(self, tx: Transaction, owner: Owner, width: int) -> "AsyncIterator[_Matrix]":
        """The owner's matrix, or one after another of its parts where it is larger than all memory we may use."""
        key = owner.number, width
        matrix = self._matrices.pop(key, None) or _Matrix(width // _WIDTH)
        if matrix.version != owner.version:
            held = await _sizes(tx, owner)
            if _room(sum(held.values())) * width > self._most_bytes:
                for part in _parts(held, _ROWS * 4):
                    block = _Matrix(width // _WIDTH)
                    await self._run(block.add, await _rows(tx, owner, part, width))
                    yield block
                return
            gone = matrix.generations - held.keys()
            if gone:
                await self._run(matrix.drop, gone)
            fresh = {one: size for one, size in held.items() if one not in matrix.generations}
            matrix.reserve(sum(fresh.values()))
            for part in _parts(fresh, _ROWS):
                await self._run(matrix.add, await _rows(tx, owner, part, width))
                matrix.generations.update(part)
            matrix.version = owner.version
        if matrix.size <= self._most_bytes:
            self._matrices[key] = matrix
            self._shrink(key)
        yield matrix

    def _shrink(self, kept: tuple[int, int]) -> None:
        while sum(matrix.size for matrix in self._matrices.values()) > self._most_bytes:
            oldest = next(iter(self._matrices))
            if oldest == kept:
                return
            del self._matrices[oldest]


class _Matrix:
    """Rows of unit vectors with their keys; a dropped row is zeros with the key −1 until the matrix is made anew."""

    def __init__(self, width: int) -> None:
        self.version = -1
        self.generations: set[int] = set()
        self._size = self._dead = 0
        self._keys: Keys = np.empty(0, np.int64)
        self._of: Keys = np.empty(0, np.int64)
        self._rows: Floats = np.empty((0, width), np.float32)

    @property
    def size(self) -> int:
        return self._rows.nbytes

    def nearest(self, query: Floats, count: int, among: Keys | None) -> list[tuple[int, float]]:
        keys, cosines = self._keys[: self._size], self._rows[: self._size] @ query
        if self._dead or among is not None:
            alive = keys >= 0 if among is None else np.isin(keys, among) & (keys >= 0)
            keys, cosines = keys[alive], cosines[alive]
        count = min(count, len(keys))
        if not count:
            return []
        best = np.argpartition(cosines, len(keys) - count)[-count:]
        best = best[np.lexsort((keys[best], -cosines[best]))]
        return [(int(keys[at]), min(1.0, max(-1.0, float(cosines[at])))) for at in best]

    def add(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        if not rows:
            return
        end = self._size + len(rows)
        self.reserve(len(rows))
        self._keys[self._size : end] = [key for key, _, _ in rows]
        self._of[self._size : end] = [generation for _, generation, _ in rows]
        block = np.frombuffer(b"".join([vector for _, _, vector in rows]), "<f4")
        self._rows[self._size : end] = block.reshape(len(rows), -1)
        self._size = end

    def drop(self, generations: set[int]) -> None:
        doomed = np.isin(self._of[: self._size], np.fromiter(generations, np.int64))
        self._keys[: self._size][doomed] = -1
        self._rows[: self._size][doomed] = 0
        self._dead += int(doomed.sum())
        self.generations -= generations
        if self._dead > self._size // 4:
            kept = self._keys[: self._size] >= 0
            self._keys, self._of = self._keys[: self._size][kept], self._of[: self._size][kept]
            self._rows = self._rows[: self._size][kept]
            self._size, self._dead = len(self._keys), 0

    def reserve(self, more: int) -> None:
        """Make room for so many more, and an eighth: growing copies everything."""
        size, width = self._size, self._rows.shape[1]
        if size + more <= len(self._keys):
            return
        capacity = _room(size + more)
        keys, of, rows = np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.empty((capacity, width), "<f4")
        keys[:size], of[:size], rows[:size] = self._keys[:size], self._of[:size], self._rows[:size]
        self._keys, self._of, self._rows = keys, of, rows


def _room(rows: int) -> int:
    return rows + rows // 8


async def _sizes(tx: Transaction, owner: Owner) -> dict[int, int]:
    """How many vectors each generation of the owner has; read from the index of the table alone."""
    columns = passage_vectors.c
    counted = select(columns.generation, func.count().label("size")).where(owner.rows).group_by(columns.generation)
    return {row.generation: row.size for row in await tx.all(counted.order_by(columns.generation))}


async def _rows(tx: Transaction, owner: Owner, generations: Sequence[int], width: int) -> list[tuple[int, int, bytes]]:
    columns = passage_vectors.c
    wanted = owner.rows, columns.generation.in_(generations), func.length(columns.vector) == width
    found = await tx.all(select(columns.id, columns.generation, columns.vector).where(*wanted))
    return [(row.id, row.generation, row.vector) for row in found]


def _parts(sizes: Mapping[int, int], most: int) -> Iterator[list[int]]:
    """The generations in groups of about ``most`` rows, none with more generations than one statement takes."""
    part: list[int] = []
    size = 0
    for generation, rows in sizes.items():
        if part and (size + rows > most or len(part) >= _GENERATIONS):
            yield part
            part, size = [], 0
        part.append(generation)
        size += rows
    if part:
        yield part
