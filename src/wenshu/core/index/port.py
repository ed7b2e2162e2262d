"""The index port: passages go in, and come out by the terms or the meaning they share with a question, in their scope.

A row of the library names its passages by a *generation*. An index that is the database itself changes them in the
row's own transaction. Any other takes a new generation before the row names it and gives an old one up after:
``knowledge.catalog`` is the one place that knows the difference.
"""

from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr
from wenshu.zh.tokens import terms

Collection = Literal["DOC", "QA"]
COLLECTIONS: tuple[Collection, ...] = ("DOC", "QA")

MAX_QUERY_TERMS = 64
"""Most terms of one query; a caller passes the most telling ones."""


class Place(NamedTuple):
    """What tells one passage of a collection from all others."""

    generation: int
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One passage: a document's piece, or a QA pair (``title`` the question, ``body`` the answer)."""

    collection: Collection
    generation: int
    """The number by which the document's or pair's row names it."""
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

    @property
    def place(self) -> Place:
        """What tells it from all others of its collection."""
        return Place(self.generation, self.ordinal)


@dataclass(frozen=True, slots=True)
class Item:
    """A passage made ready to be put: see ``ready``."""

    entry: Entry
    terms: str
    """Each term of title, heading and body behind a blank, with repeats: one string, as there are millions."""
    vector: bytes | None = None
    """Its meaning: little-endian float32 of length 1, or None where no embedder is set."""


def ready(entry: Entry, vector: bytes | None = None) -> Item:
    """The passage with its terms. Processor work, linear in the text: keep it out of loops and transactions."""
    return Item(entry, "".join([f" {term}" for term in terms(f"{entry.title}\n{entry.heading}\n{entry.body}")]), vector)


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: any of ``terms`` (as ``zh.tokens`` makes them; the first ``MAX_QUERY_TERMS`` are used).

    ``filter`` narrows the scope and never widens it; ``without`` are generations that are not wanted. ``vector`` is the
    question's meaning in the form of ``Item.vector``: ``near`` goes by it, ``find`` only measures by it.
    """

    collection: Collection
    terms: Sequence[str]
    limit: int
    filter: Expr | None = None
    vector: bytes | None = None
    without: Several[int] = ()


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
    cosines: Mapping[Place, float] = field(default_factory=dict[Place, float])
    """Of entries that have a vector, where the query has one."""


class Near(NamedTuple):
    """A passage and the cosine of its vector and the query's, in [-1, 1]."""

    entry: Entry
    cosine: float


class Passages(Protocol):
    """The passages of an index, as they stand in one transaction or now."""

    async def put(self, scope: Scope, items: Sequence[Item]) -> None:
        """Add passages, owned by just this scope (a scope without org: rows without an org)."""
        ...

    async def remove(self, scope: Scope, collection: Collection, generations: Several[int]) -> None:
        """Take out all passages of these generations that the scope sees."""
        ...

    async def clear(self, scope: Scope, collection: Collection, before: int | None = None) -> None:
        """Take out all passages that the scope sees, or those of generations below ``before``."""
        ...

    async def find(self, scope: Scope, query: Query) -> Found:
        """At most ``query.limit`` entries that the scope sees. A query without terms finds nothing."""
        ...

    async def near(self, scope: Scope, query: Query) -> Sequence[Near]:
        """The at most ``query.limit`` nearest to ``query.vector`` among those with a vector that the scope sees."""
        ...

    async def pieces(self, scope: Scope, collection: Collection, generation: int, ordinals: range) -> Sequence[Entry]:
        """The passages of a generation with these ordinals, in order, as far as there are and the scope sees."""
        ...


class Index(Protocol):
    """Where passages are kept."""

    @property
    def kind(self) -> str:
        """``embedded``, ``file`` or ``milvus``."""
        ...

    @property
    def in_database(self) -> bool:
        """Whether passages change in the database's transactions, together with the rows that name them."""
        ...

    def within(self, tx: Transaction | None) -> Passages:
        """The passages as ``tx`` sees and changes them; an index that is not the database takes no notice of it."""
        ...

    async def settle(self) -> None:
        """Make what was put lately as quick to search as the rest; call it after much was put."""
        ...

    async def check(self) -> None:
        """Raise where it does not answer."""
        ...

    async def close(self) -> None:
        """Give back what it holds open."""
        ...


class IndexUnusable(Exception):
    """The index cannot be used as it is set up; the message says what to do, in Chinese and English."""
