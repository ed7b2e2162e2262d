"""A passage: a piece of a source, as retrieval returns it and answers cite it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["doc", "qa", "upload", "external"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one source.

    ``start`` and ``end`` are character offsets of ``text`` in the source's whole parsed text, so that a span inside the
    passage is a span of the source. ``score`` is in [0, 1] and means the same each time: how sure retrieval is.
    """

    key: str
    """Unique among all passages: ``doc:<document id>:<ordinal>``, ``qa:<id>``, ``upload:<n>:<ordinal>``."""
    kind: Kind
    name: str
    """The document's name as stored, or the question of a QA pair."""
    url: str
    """Where the source stands; may be empty."""
    title: str
    """The name without folder, extension and the like: what a person would call the source."""
    heading: str
    """Heading path inside the source, joined by `` / ``; may be empty."""
    text: str
    """The passage's text; for a QA pair, its answer."""
    start: int
    end: int
    ordinal: int
    page: int | None = None
    score: float = 0.0
    neighbours: tuple["Passage", ...] = ()
    """What stands before and behind it, where its source is kept nowhere to look it up later (uploads, notes)."""
