"""The index port: passages go in, and come out by the terms they share with a question, each in its owner's scope."""

from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr

Collection = Literal["DOC", "QA"]

MAX_QUERY_TERMS = 64
"""Most terms of one query; a caller passes the most telling ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One passage of an owner: a document's piece, or a QA pair (``title`` the question, ``body`` the answer)."""

    collection: Collection
    owner_id: int
    """The document's or the pair's key."""
    ordinal: int
    name: str
    title: str
    heading: str
    body: str
    source: str
    """Where it comes from: a document's address, or what a pair names."""
    start: int
    end: int
    page: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: any of ``terms`` (as ``zh.tokens`` makes them; the first ``MAX_QUERY_TERMS`` are used).

    ``filter`` narrows the scope and never widens it.
    """

    collection: Collection
    terms: Sequence[str]
    limit: int
    filter: Expr | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The scope's own corpus: how many passages it has in the collection, and how many of them hold each term."""

    passages: int
    holding: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """The entries that share terms with the query, likeliest first, and the statistics to judge them by."""

    entries: Sequence[Entry]
    statistics: Statistics


class Index(Protocol):
    """Passages by terms, in the caller's transaction, so that they share a commit with the document's or pair's row."""

    async def put(self, tx: Transaction, scope: Scope, entries: Sequence[Entry]) -> None:
        """Add passages, owned by just this scope (a scope without org: rows without an org)."""
        ...

    async def remove(self, tx: Transaction, scope: Scope, collection: Collection, owner_ids: Several[int]) -> int:
        """Take out all passages of these owners that the scope sees; how many there were."""
        ...

    async def clear(self, tx: Transaction, scope: Scope, collection: Collection) -> int:
        """Take out all passages that the scope sees; how many there were."""
        ...

    async def find(self, tx: Transaction, scope: Scope, query: Query) -> Found:
        """At most ``query.limit`` entries that the scope sees. A query without terms finds nothing."""
        ...

    async def pieces(self, tx: Transaction, scope: Scope, owner_id: int, first: int, last: int) -> Sequence[Entry]:
        """A document's passages of the ordinals ``first`` to ``last`` that the scope sees, in order."""
        ...
