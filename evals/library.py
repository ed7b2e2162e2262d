"""The development half of CMRC 2018 as a library: each piece of ../shared/evals/retrieval a passage, with its place."""

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.port import Entry, ready
from wenshu.kit import clock
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.tables import documents

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared/evals/retrieval"
SCOPE = Scope("evaluation")
FOLDS = 5


class Library:
    """The pieces in an index of their own, searched as the product searches."""

    def __init__(self, searcher: Searcher, ids: list[str], questions: list[dict[str, Any]]) -> None:
        self._searcher = searcher
        self._ids = ids
        self.questions = questions
        """Each with ``query``, ``answers`` and ``positive_ids``, the pieces that hold an answer."""

    async def found(self, question: dict[str, Any]) -> dict[str, list[Passage]]:
        """The first five passages: of ``all``, of all without the ``pieces`` or ``documents`` that hold an answer."""
        passages = await self._searcher.search(SCOPE, question["query"], limit=30)
        pieces = set(question["positive_ids"])
        documents = {document_of(piece) for piece in pieces}
        ids = [self._ids[int(passage.key.split(":")[1]) - 1] for passage in passages]
        pairs = list(zip(ids, passages, strict=True))
        return {
            "all": passages[:5],
            "pieces": [passage for piece, passage in pairs if piece not in pieces][:5],
            "documents": [passage for piece, passage in pairs if document_of(piece) not in documents][:5],
        }


@asynccontextmanager
async def library(folder: Path = DATA) -> AsyncIterator[Library]:
    """Index the pieces in a temporary database."""
    corpus, questions = (
        [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
        for name in ("corpus.jsonl", "queries.jsonl")
    )
    with tempfile.TemporaryDirectory() as home:
        database = Database(sqlite_url(Path(home) / "library.db"))
        try:
            await database.migrate()
            index = EmbeddedIndex()
            catalog, items = Catalog(database, index), [ready(entry) for entry in entries(corpus)]
            async with catalog.write(SCOPE, items) as tx:
                await tx.run(insert(documents), [row_of(item.entry) for item in items])
            yield Library(Searcher(catalog), [piece["id"] for piece in corpus], questions)
            await index.close()
        finally:
            await database.close()


def row_of(entry: Entry) -> dict[str, Any]:
    """The piece as a document of its own, whose key is the generation."""
    now = clock.now()
    named = {"id": entry.generation, "generation": entry.generation, "doc_name": f"{entry.name} {entry.generation}"}
    rest = {"doc_url": "", "text": entry.body, "chunks": 1, "created_at": now, "updated_at": now}
    return {**named, **rest, **SCOPE.stamp()}


def document_of(piece: str) -> str:
    """The document that a piece is of."""
    return piece.split("#", maxsplit=1)[0]


def entries(corpus: list[dict[str, Any]]) -> list[Entry]:
    """The pieces as the index takes them; ``start`` counts within the document, so that its opening is known."""
    made: list[Entry] = []
    start = 0
    for at, piece in enumerate(corpus):
        if not at or document_of(piece["id"]) != document_of(corpus[at - 1]["id"]):
            start = 0
        title, body = piece["title"], piece["text"]
        ordinal = int(piece["id"].split("#")[1])
        made.append(
            Entry(
                collection="DOC",
                generation=at + 1,
                ordinal=ordinal,
                name=title,
                title=title,
                heading="",
                body=body,
                source="",
                start=start,
                end=start + len(body),
                page=None,
            )
        )
        start += len(body) + 1
    return made
