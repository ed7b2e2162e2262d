"""Search: candidates from the index, reranked into passages with a score that means the same each time."""

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr
from wenshu.core.index.port import Collection, Entry, Index, Query
from wenshu.knowledge.features import Asked
from wenshu.knowledge.passage import Kind, Passage
from wenshu.knowledge.rerank import rerank

CANDIDATES = 30
"""How many candidates the reranker reads; 99.9 % of the development questions have an answer among so many."""


class Searcher:
    """Finds passages in what a scope sees."""

    def __init__(self, database: Database, index: Index) -> None:
        self._database = database
        self._index = index

    async def search(
        self,
        scope: Scope,
        question: str,
        *,
        collection: Collection = "DOC",
        limit: int,
        expression: Expr | None = None,
        least: float = 0.0,
    ) -> list[Passage]:
        """At most ``limit`` passages, best first, none below the score ``least``; ``expression`` narrows the scope."""
        asked = Asked(question)
        query = Query(collection, asked.terms, max(CANDIDATES, limit), expression)
        async with self._database.read(scope) as tx:
            found = await self._index.find(tx, scope, query)
        ranked = rerank(asked, found)[:limit]
        return [_passage(entry, score) for entry, score in ranked if score >= least]


def _passage(entry: Entry, score: float) -> Passage:
    if entry.collection == "QA":
        return passage_of(entry, score, kind="qa", key=f"qa:{entry.owner_id}")
    return passage_of(entry, score, kind="doc", key=f"doc:{entry.owner_id}:{entry.ordinal}")


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
