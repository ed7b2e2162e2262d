"""The book of what documents state: kept in the transaction of a document's row, read within a scope."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.facts import Fact, Kind, key, name_of
from wenshu.knowledge.items import Made, Stated, title_of
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.search import passage_of
from wenshu.knowledge.tables import documents, facts
from wenshu.zh.sentences import Span


@dataclass(frozen=True, slots=True)
class Known:
    """A fact of a live document that the scope sees."""

    fact: Fact
    document: int
    ordinal: int
    """The piece of the document in which it stands."""
    title: str

    @property
    def table(self) -> tuple[int, int]:
        """Which table it stands in; a table of its own where it stands in none."""
        return self.document, self.fact.table if self.fact.table >= 0 else -2 - self.fact.start


@dataclass(frozen=True, slots=True)
class Told:
    """A fact with the passage that it stands in, where that is whole in it: it can be cited."""

    known: Known
    passage: Passage


async def keep(tx: Transaction, scope: Scope, made: Made) -> None:
    """Put down what a document states, in the transaction whose row names its generation."""
    owner = {"generation": made.generation, **scope.stamp()}
    for start in range(0, len(made.stated), _AT_ONCE):
        await tx.run(insert(facts), [{**owner, **_row(one)} for one in made.stated[start : start + _AT_ONCE]])


class FactBook:
    """Reads what the documents that a scope sees state."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def about(self, scope: Scope, question: str, near: Sequence[Passage]) -> list[Known]:
        """What is stated of the things that a question (folded) names, and under the names in it.

        Things are named wherever they stand in the library, by the first cell of their row or by another; an attribute
        counts in the documents of ``near``, the passages found for the question. The newest documents come first.
        """
        names = _names(question)
        owners = documents_of(near)
        if not names:
            return []
        async with self._catalog.database.read(scope) as tx:
            called = or_(facts.c.subject_key.in_(names), facts.c.value_key.in_(names))
            # What a thousand rows are called by names none of them; all of them would have to be put in order.
            some = select(facts.c.id).where(called, scope.sees(facts)).limit(_MOST_SEEN)
            found = await _read(tx, scope, facts.c.id.in_(some))
            found += await _rows_of(tx, scope, [one for one in found if key(one.fact.subject) not in names])
            if owners:
                wanted = facts.c.attribute_key.in_(names), documents.c.id.in_(owners)
                found += await _read(tx, scope, *wanted)
        return list(dict.fromkeys(found))

    async def of_documents(self, scope: Scope, near: Sequence[Passage], limit: int) -> list[Known]:
        """What the documents of the passages state, in the order of their texts, the first document first."""
        found: list[Known] = []
        async with self._catalog.database.read(scope) as tx:
            for owner in documents_of(near):
                found += await _read(tx, scope, documents.c.id == owner, limit=limit - len(found))
                if len(found) >= limit:
                    break
        return found

    async def tables(self, scope: Scope, known: Iterable[Known], score: float = 0.0) -> list[Passage]:
        """Whole tables, for each fact the one that it stands in: all its pieces in order, each once."""
        found: dict[str, Passage] = {}
        for document, table in list(dict.fromkeys(one.table for one in known if one.fact.table >= 0))[:_MOST_TABLES]:
            async with self._catalog.database.read(scope) as tx:
                of_table = documents.c.id == document, facts.c.table_number == table
                rows = await _read(tx, scope, *of_table, limit=_MOST_OF_TABLE)
            ordinals = [one.ordinal for one in rows]
            if ordinals and max(ordinals) - min(ordinals) < _MOST_PIECES:
                found |= await self._pieces(scope, document, range(min(ordinals), max(ordinals) + 1), score)
        return list(found.values())

    async def told(self, scope: Scope, known: Sequence[Known], score: float = 0.0) -> list[Told]:
        """The facts with their passages, in their order; without those that have changed meanwhile."""
        pieces: dict[str, Passage] = {}
        for document, ordinal in dict.fromkeys((one.document, one.ordinal) for one in known):
            pieces |= await self._pieces(scope, document, range(ordinal, ordinal + 1), score)
        found: list[Told] = []
        for one in known:
            passage = pieces.get(_key(one.document, one.ordinal))
            fact = one.fact
            if passage and passage.start <= fact.start and fact.end <= passage.end:
                at = fact.start - passage.start
                if passage.text[at : at + len(fact.value)] == fact.value:
                    found.append(Told(one, passage))
        return found

    async def _pieces(self, scope: Scope, document: int, ordinals: range, score: float) -> dict[str, Passage]:
        entries = await self._catalog.pieces(scope, document, ordinals)
        named = {_key(document, entry.ordinal): entry for entry in entries}
        return {name: passage_of(entry, score, kind="doc", key=name) for name, entry in named.items()}


_AT_ONCE = 1_000
_MOST_FACTS = 200
_MOST_TABLES_OF_ROWS = 8
_MOST_SEEN = 2_000
_MOST_TABLES, _MOST_OF_TABLE, _MOST_PIECES = 3, 5_000, 60
_LONGEST_QUESTION = 50
_SHORTEST, _LONGEST = 2, 20
_PAUSE = re.compile(r"[，。；？！,;?!]")


def _names(question: str) -> list[str]:
    """Every stretch of the question that a subject or attribute may be called by."""
    pieces = (
        text[start : start + size]
        for text in _PAUSE.split("".join(question[-_LONGEST_QUESTION:].split()))
        for start in range(len(text))
        for size in range(_SHORTEST, min(_LONGEST, len(text) - start) + 1)
    )
    return list(dict.fromkeys(pieces))


def documents_of(passages: Iterable[Passage]) -> list[int]:
    """The keys of the documents that the passages are pieces of, each once, in their order."""
    owners = [passage.key.split(":")[1] for passage in passages if passage.kind == "doc" and passage.key.count(":") > 1]
    return list(dict.fromkeys(int(owner) for owner in owners if owner.isdigit()))


def _key(document: int, ordinal: int) -> str:
    return f"doc:{document}:{ordinal}"


async def _read(
    tx: Transaction, scope: Scope, *conditions: ColumnElement[bool], limit: int = _MOST_FACTS
) -> list[Known]:
    of_row = facts.c.generation == documents.c.generation
    columns = documents.c.id.label("document"), documents.c.doc_name
    wanted = select(facts, *columns).join(documents, of_row)
    mine = scope.sees(facts), scope.sees(documents)
    rows = await tx.all(wanted.where(*conditions, *mine).order_by(documents.c.id.desc(), facts.c.id).limit(limit))
    return [_known(row) for row in rows]


async def _rows_of(tx: Transaction, scope: Scope, cells: Sequence[Known]) -> list[Known]:
    """The rows of tables that the cells stand in, of each table those of a few."""
    rows: dict[tuple[int, int], list[int]] = {}
    for one in cells:
        rows.setdefault(one.table, []).append(one.fact.row)
    each = [
        and_(documents.c.id == document, facts.c.table_number == table, facts.c.row_number.in_(numbers))
        for (document, table), numbers in list(rows.items())[:_MOST_TABLES_OF_ROWS]
    ]
    return await _read(tx, scope, or_(*each)) if each else []


def _known(row: Row[Any]) -> Known:
    fact = Fact(
        kind=cast("Kind", row.kind),
        subject=row.subject,
        attribute=row.attribute,
        value=row.value,
        context=row.context,
        start=row.start,
        end=row.start + len(row.value),
        line=Span(row.line_start, row.line_end),
        table=row.table_number,
        row=row.row_number,
        number=row.number,
        unit=row.unit,
        day=row.day,
    )
    return Known(fact, row.document, row.ordinal, title_of(row.doc_name))


def _row(stated: Stated) -> dict[str, str | int]:
    fact = stated.fact
    return {
        "ordinal": stated.ordinal,
        "kind": fact.kind,
        "subject": fact.subject,
        "subject_key": key(fact.subject),
        "attribute": fact.attribute,
        "attribute_key": key(fact.attribute),
        "value": fact.value,
        "value_key": name_of(fact),
        "number": fact.number,
        "unit": fact.unit,
        "day": fact.day,
        "context": fact.context,
        "start": fact.start,
        "line_start": fact.line.start,
        "line_end": fact.line.end,
        "table_number": fact.table,
        "row_number": fact.row,
    }
