"""Sources: a passage in its place, between its neighbours, and what became of its source since it was cited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.index.port import Entry
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.factbook import FactBook
from wenshu.knowledge.items import title_of
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import read
from wenshu.knowledge.rank import rank
from wenshu.knowledge.search import passage_of
from wenshu.knowledge.summary import MOST_CHARACTERS, bare
from wenshu.knowledge.tables import documents, qa_pairs
from wenshu.knowledge.units import is_part
from wenshu.zh.fold import fold
from wenshu.zh.sentences import Span

State = Literal["current", "updated", "replaced", "deleted", "attached"]
"""``updated``: stored anew since, the passage word for word as it was; ``attached``: kept with the answer alone."""


@dataclass(frozen=True, slots=True)
class Cited:
    """What an answer cited, as far as it takes to find it again; ``since`` is when the answer was asked for."""

    key: str
    name: str
    text: str
    start: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage stands now. ``before`` and ``after`` are empty where it stands no more."""

    state: State
    before: Sequence[Entry] = ()
    after: Sequence[Entry] = ()
    updated_at: datetime | None = None
    """When its source was last stored; None where it is gone."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage of a document, its neighbours, and the document's row."""

    entry: Entry
    place: Place
    url: str


class Sources:
    """Reads passages in their place."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.book = FactBook(catalog)
        """What the passages' documents state."""

    async def piece(self, scope: Scope, name: str, ordinal: int) -> Piece | None:
        """A passage of the scope's document of this name, or None.

        Of several (a tenant sees those of all its orgs) it is the one of no org, else the one stored last.
        """
        async with self._catalog.database.read(scope) as tx:
            row = await _document(tx, scope, documents.c.doc_name == name)
        if row is None:
            return None
        entries = await self._around(scope, row.id, ordinal)
        entry = next((entry for entry in entries if entry.ordinal == ordinal), None)
        if entry is None:
            return None
        return Piece(entry, _between(entries, ordinal, "current", row.updated_at), row.doc_url)

    async def named_in(self, scope: Scope, question: str) -> list[str]:
        """The titles of the scope's documents that a question names, the longest first; each once."""
        asked = fold(question)
        titles = {title_of(row.doc_name) for row in await self._names(scope)}
        found = {title for title in titles if len(bare(title)) > 1 and fold(bare(title)) in asked}
        return sorted(found, key=len, reverse=True)

    async def pages(self, scope: Scope, title: str) -> list[Passage]:
        """All passages of the scope's newest document of this title, in order, as far as ``summary`` reads."""
        row = next((row for row in await self._names(scope) if title_of(row.doc_name) == title), None)
        if row is None:
            return []
        entries: list[Entry] = []
        for first in range(0, _MOST_PIECES, _PIECES_AT_ONCE):
            entries += await self._catalog.pieces(scope, row.id, range(first, first + _PIECES_AT_ONCE))
            if len(entries) < first + _PIECES_AT_ONCE:
                break
        read = [entry for entry in entries if entry.start < MOST_CHARACTERS]
        return [passage_of(entry, 0.0, kind="doc", key=f"doc:{row.id}:{entry.ordinal}") for entry in read]

    async def table(self, scope: Scope, passage: Passage) -> list[Passage]:
        """All pieces, in order, of the table that a document's passage is a part of; none where it is not a part."""
        kind, _, rest = passage.key.partition(":")
        owner = rest.partition(":")[0]
        if kind != "doc" or not owner.isdigit() or not is_part(passage):
            return []
        around = range(max(0, passage.ordinal - _MOST_OF_TABLE), passage.ordinal + _MOST_OF_TABLE)
        entries: Sequence[Entry] = await self._catalog.pieces(scope, int(owner), around)
        at = next((at for at, entry in enumerate(entries) if entry.ordinal == passage.ordinal), -1)
        if at < 0:
            return []
        first = last = at
        while first > 0 and entries[first - 1].heading == passage.heading:
            first -= 1
        while last + 1 < len(entries) and entries[last + 1].heading == passage.heading:
            last += 1
        whole = last - first < _MOST_OF_TABLE
        found: Sequence[Entry] = entries[first : last + 1] if whole else ()
        return [passage_of(entry, passage.score, kind="doc", key=f"doc:{owner}:{entry.ordinal}") for entry in found]

    async def _names(self, scope: Scope) -> Sequence[Row[Any]]:
        newest = select(documents.c.id, documents.c.doc_name).where(scope.sees(documents))
        async with self._catalog.database.read(scope) as tx:
            return await tx.all(newest.order_by(documents.c.id.desc()).limit(_MOST_NAMES))

    async def place(self, scope: Scope, cited: Cited) -> Place:
        """Where a cited passage stands now."""
        kind, _, rest = cited.key.partition(":")
        if kind == "qa":
            async with self._catalog.database.read(scope) as tx:
                return await _pair_place(tx, scope, cited, int(rest))
        if kind != "doc":
            return Place("attached")
        owner, _, ordinal = rest.partition(":")
        return await self._document_place(scope, cited, int(owner), int(ordinal))

    async def _around(self, scope: Scope, document: int, ordinal: int) -> Sequence[Entry]:
        return await self._catalog.pieces(scope, document, range(ordinal - 1, ordinal + 2))

    async def _document_place(self, scope: Scope, cited: Cited, owner: int, ordinal: int) -> Place:
        named = documents.c.doc_name == cited.name
        async with self._catalog.database.read(scope) as tx:
            row = await _document(tx, scope, named & (documents.c.id == owner)) or await _document(tx, scope, named)
        if row is None:
            return Place("deleted")
        entries = await self._around(scope, row.id, ordinal)
        same = any((entry.ordinal, entry.start, entry.body) == (ordinal, cited.start, cited.text) for entry in entries)
        if not same:
            return Place("replaced", updated_at=row.updated_at)
        state: State = "updated" if row.id != owner or row.updated_at > cited.since else "current"
        return _between(entries, ordinal, state, row.updated_at)


_MOST_OF_TABLE = 40
_MOST_NAMES = 5_000
_MOST_PIECES, _PIECES_AT_ONCE = 10_000, 1_000


def best_span(question: str, entry: Entry) -> Span | None:
    """The sentence of a passage that answers a question best, as offsets in the source's whole text."""
    passage: Passage = passage_of(entry, 0.0, kind="doc", key="")
    asked = read(question)
    best = rank(asked, [passage])[:1] if asked.runs else []
    return Span(entry.start + best[0].span.start, entry.start + best[0].span.end) if best else None


async def _document(tx: Transaction, scope: Scope, condition: ColumnElement[bool]) -> Row[Any] | None:
    columns = documents.c.id, documents.c.doc_url, documents.c.updated_at
    newest = (documents.c.org_code != "", documents.c.updated_at.desc(), documents.c.id.desc())
    return await tx.first(select(*columns).where(condition, scope.sees(documents)).order_by(*newest))


async def _pair_place(tx: Transaction, scope: Scope, cited: Cited, key: int) -> Place:
    columns = qa_pairs.c.answer, qa_pairs.c.updated_at
    named = select(*columns).where(qa_pairs.c.question == cited.name, scope.sees(qa_pairs))
    # A pair that was replaced has another key.
    rows = await tx.all(named.where(qa_pairs.c.id == key)) or await tx.all(named)
    if not rows:
        return Place("deleted")
    same = next((row for row in rows if row.answer == cited.text), None)
    if same is None:
        return Place("replaced", updated_at=max(row.updated_at for row in rows))
    return Place("updated" if same.updated_at > cited.since else "current", updated_at=same.updated_at)


def _between(entries: Sequence[Entry], ordinal: int, state: State, updated_at: datetime) -> Place:
    before = [entry for entry in entries if entry.ordinal < ordinal]
    after = [entry for entry in entries if entry.ordinal > ordinal]
    return Place(state, before, after, updated_at)
