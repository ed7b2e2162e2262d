"""What is put into the index: pieces of documents, and pairs, with terms and vectors; made outside of transactions.

With a document's pieces comes what they state (``facts``).
"""

import asyncio
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from wenshu.core.documents.chunk import Chunk, chunk
from wenshu.core.documents.model import Parsed
from wenshu.core.index.generation import new_generations
from wenshu.core.index.port import Collection, Entry, Item, ready
from wenshu.knowledge.facts import Fact, facts_of
from wenshu.knowledge.vectors import Embedding

DOC: Collection = "DOC"
QA: Collection = "QA"
LONGEST_MEANING = 2_000
"""Characters: embedding models read no more than some hundred to a few thousand tokens."""
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_TRAILING_ID = re.compile(r"[（(](?!(?:19|20)\d\d[）)])[A-Za-z0-9#_.\-]+[）)]$")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer; ``source`` says where it comes from, and may be empty."""

    question: str
    answer: str
    source: str = ""


class Stated(NamedTuple):
    """A fact, and the ordinal of the piece in which its value begins."""

    fact: Fact
    ordinal: int


class Made(NamedTuple):
    """What a document comes to: its generation, its pieces, and what these state."""

    generation: int
    items: list[Item]
    stated: list[Stated]


class Items:
    """Makes items in a thread of its own: a book of ten million characters takes seconds to cut."""

    def __init__(self, embedding: Embedding | None = None) -> None:
        self._embedding = embedding
        self._cutting = ThreadPoolExecutor(1, thread_name_prefix="wenshu-cut")

    async def of_document(self, name: str, url: str, parsed: Parsed) -> Made:
        """The document's pieces and what they state, all of one new generation."""
        (generation,) = new_generations(1)
        stated: list[Stated] = []

        def entries() -> list[Entry]:
            made = [piece_entry(generation, name, url, piece) for piece in chunk(parsed)]
            stated.extend(_stated(facts_of(title_of(name), parsed), made))
            return made

        items = await self._made(entries)
        return Made(generation, items, stated)

    async def of_pairs(self, pairs: Sequence[Pair]) -> list[Item]:
        """One item for each pair, in order, each of a new generation."""

        def entries() -> list[Entry]:
            return [pair_entry(one, pair) for one, pair in zip(new_generations(len(pairs)), pairs, strict=True)]

        return await self._made(entries)

    async def _made(self, entries: Callable[[], list[Entry]]) -> list[Item]:
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._cutting, entries)
        if self._embedding is None:
            return await loop.run_in_executor(self._cutting, _ready, made, [None] * len(made))
        vectors = await self._embedding.of([meaning(entry) for entry in made])
        return await loop.run_in_executor(self._cutting, _ready, made, vectors)


def _stated(facts: Sequence[Fact], pieces: Sequence[Entry]) -> Iterator[Stated]:
    """The facts with the pieces that they stand in; pieces are in order and do not overlap."""
    starts = [piece.start for piece in pieces]
    for fact in facts:
        at = bisect_right(starts, fact.start) - 1
        if at >= 0 and fact.start < pieces[at].end:
            yield Stated(fact, pieces[at].ordinal)


def _ready(entries: Sequence[Entry], vectors: Sequence[bytes | None]) -> list[Item]:
    return [ready(entry, vector) for entry, vector in zip(entries, vectors, strict=True)]


def meaning(entry: Entry) -> str:
    """The text that a passage's vector is made of: a question is compared with questions, else with all there is."""
    parts = (entry.title,) if entry.collection == QA else (entry.title, entry.heading, entry.body)
    return "\n".join(part for part in parts if part)[:LONGEST_MEANING]


def title_of(name: str) -> str:
    """What a person calls a document: its name without the extension and an id in brackets; a year is no id."""
    return _TRAILING_ID.sub("", _EXTENSION.sub("", name)).strip() or name


def _place(piece: Chunk) -> str:
    """Where the piece stands: its heading path, and for some rows of a table the names of its columns."""
    columns = "、".join(cell.strip() for cell in piece.lead.strip().strip("|").split("|") if cell.strip())
    return " / ".join(part for part in (piece.heading, columns) if part)


def piece_entry(generation: int, name: str, url: str, piece: Chunk) -> Entry:
    """A piece of a document as it is indexed and ranked."""
    return Entry(
        collection=DOC,
        generation=generation,
        ordinal=piece.ordinal,
        name=name,
        title=title_of(name),
        heading=_place(piece),
        body=piece.text,
        source=url,
        start=piece.start,
        end=piece.end,
        page=piece.page,
    )


def pair_entry(generation: int, pair: Pair) -> Entry:
    """A pair as it is indexed and ranked."""
    return Entry(
        collection=QA,
        generation=generation,
        ordinal=0,
        name=pair.question,
        title=pair.question,
        heading="",
        body=pair.answer,
        source=pair.source,
        start=0,
        end=len(pair.answer),
        page=None,
    )
