"""Search: candidates from the index, reranked into passages with a score that means the same each time."""

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr
from wenshu.core.index.port import Collection, Entry, Index, Query
from wenshu.knowledge.features import Asked
from wenshu.knowledge.passage import Passage
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
    pair = entry.collection == "QA"
    return Passage(
        key=f"qa:{entry.owner_id}" if pair else f"doc:{entry.owner_id}:{entry.ordinal}",
        kind="qa" if pair else "doc",
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
