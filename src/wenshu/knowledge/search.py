"""Search: candidates by terms and, with an embedder, by meaning, ranked into passages with a score that means the same.

By terms alone the score is the reranker's likelihood. With an embedder ``fuse`` weighs what both legs say.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr
from wenshu.core.index.port import Collection, Entry, Query
from wenshu.kit.errors import Unavailable
from wenshu.knowledge.catalog import Catalog, Looked
from wenshu.knowledge.features import Asked
from wenshu.knowledge.fuse import Fused, fused
from wenshu.knowledge.items import LONGEST_MEANING
from wenshu.knowledge.passage import Kind, Passage
from wenshu.knowledge.rerank import rerank
from wenshu.knowledge.synonyms import Synonyms
from wenshu.knowledge.vectors import Embedding

CANDIDATES = 50
"""How many candidates the reranker reads; 99.8 % of the development questions have an answer among so many."""

_PATIENCE_SECONDS = 5.0
"""For a question's vector: whoever asks waits for it."""
_REST_SECONDS = 30.0
_AT_ONCE, _OUTSIDE_AT_ONCE = 4, 16
"""Searches of a process that look in the index, in the database itself and outside, where they wait for a network.

The others queue without a connection: what else is called takes its own at once, and a call of many steps, such as an
answer, does not queue behind every search again for each of them.
"""
_QUEUE_SECONDS = 60.0
Legs = Literal["terms", "vector", "both"]


@dataclass(frozen=True, slots=True)
class Least:
    """What a hit must reach: a cosine (with an embedder), a fused rank (with both legs); without, a score."""

    cosine: float = -1.0
    rrf: float = 0.0

    def passes(self, hit: "Hit", legs: Legs) -> bool:
        """Whether the hit of a search by these legs reaches it."""
        if legs == "terms":
            return hit.passage.score >= max(self.cosine, self.rrf)
        near = self.cosine <= -1.0 or (hit.cosine is not None and hit.cosine >= self.cosine)
        return near and (legs != "both" or (hit.rrf or 0.0) >= self.rrf)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found; ``cosine`` and ``rrf`` as far as they were measured."""

    passage: Passage
    cosine: float | None = None
    rrf: float | None = None


@dataclass(frozen=True, slots=True)
class Searched:
    """The hits, best first, the legs that found them, and whether the embedder should have been one and failed."""

    hits: list[Hit]
    legs: Legs
    embedder_failed: bool = False


class Searcher:
    """Finds passages in what a scope sees."""

    def __init__(self, catalog: Catalog, embedding: Embedding | None = None) -> None:
        self.synonyms = Synonyms(catalog.database)
        self._catalog = catalog
        self._embedding = embedding
        self._places = asyncio.Semaphore(_AT_ONCE if catalog.index.in_database else _OUTSIDE_AT_ONCE)
        # One a turn of the event loop: all else that is ready goes on between two, be there ever so many searches.
        self._ranking = asyncio.Lock()
        self._resting = 0.0  # until when the embedder is not asked, as it hung

    async def search(
        self,
        scope: Scope,
        question: str,
        *,
        collection: Collection = "DOC",
        limit: int,
        expression: Expr | None = None,
    ) -> list[Passage]:
        """At most ``limit`` passages, best first; ``expression`` narrows the scope."""
        searched = await self.look(scope, question, collection=collection, limit=limit, expression=expression)
        return [hit.passage for hit in searched.hits]

    async def look(
        self,
        scope: Scope,
        question: str,
        *,
        collection: Collection = "DOC",
        limit: int,
        expression: Expr | None = None,
        hybrid: bool = True,
        least: Least = Least(),
    ) -> Searched:
        """The same with all that was measured; without ``hybrid``, by meaning alone where an embedder is set."""
        vector, failed = await self._vector(question)
        legs: Legs = "terms" if vector is None else "both" if hybrid else "vector"
        asked, looked = await self.candidates(scope, question, collection, max(CANDIDATES, limit), expression, vector)
        async with self._ranking:
            await asyncio.sleep(0)
            ranked = _ranked(asked, looked, legs, limit)
        hits = (_hit(one, looked.rows) for one in ranked)
        return Searched(list(islice((hit for hit in hits if least.passes(hit, legs)), limit)), legs, failed)

    async def _vector(self, question: str) -> tuple[bytes | None, bool]:
        """The question's vector; none where there is no embedder, and where it does not answer: terms find, too."""
        if self._embedding is None or not question.strip():
            return None, False
        if time.monotonic() < self._resting:
            return None, True
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                (vector,) = await self._embedding.of([question[:LONGEST_MEANING]])
        except Unavailable:
            return None, True
        except TimeoutError:
            self._resting = time.monotonic() + _REST_SECONDS
            return None, True
        return vector, False

    async def candidates(
        self,
        scope: Scope,
        question: str,
        collection: Collection,
        limit: int,
        expression: Expr | None = None,
        vector: bytes | None = None,
    ) -> tuple[Asked, Looked]:
        """The question made ready, and what the index finds for it, not yet reranked. Raises Unavailable."""
        async with self._place():
            asked = Asked(question, await self.synonyms.of(scope))
            query = Query(collection, [*asked.terms, *asked.others], limit, expression, vector)
            return asked, await self._catalog.look(scope, query)

    @asynccontextmanager
    async def _place(self) -> AsyncGenerator[None]:
        """One's turn. Raises Unavailable where it does not come: whoever asked has given up by then."""
        try:
            async with asyncio.timeout(_QUEUE_SECONDS):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable("检索繁忙，请稍后重试") from error
        try:
            yield
        finally:
            self._places.release()


def _ranked(asked: Asked, looked: Looked, legs: Legs, limit: int) -> list[Fused]:
    if legs == "terms":
        return [Fused(entry, score) for entry, score in rerank(asked, looked.found, limit)]
    return fused(asked, looked.found, looked.near, by_terms=legs == "both")


def _hit(one: Fused, rows: Mapping[int, int]) -> Hit:
    return Hit(_passage(one.entry, rows[one.entry.generation], one.score), one.cosine, one.rrf)


def _passage(entry: Entry, row: int, score: float) -> Passage:
    if entry.collection == "QA":
        return passage_of(entry, score, kind="qa", key=f"qa:{row}")
    return passage_of(entry, score, kind="doc", key=f"doc:{row}:{entry.ordinal}")


def passage_of(entry: Entry, score: float, *, kind: Kind, key: str) -> Passage:
    """An entry as what answers cite; ``key`` must be unique among the passages of one answer."""
    return Passage(
        key=key,
        kind=kind,
        name=entry.name,
        url=entry.source,
        title=entry.title,
        heading=entry.heading,
        text=entry.body,
        start=entry.start,
        end=entry.end,
        ordinal=entry.ordinal,
        page=entry.page,
        score=score,
    )
