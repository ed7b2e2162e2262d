"""Telling: an answer as its reader gets it, piece by piece, and what of it stands when it is cut short."""

from collections.abc import Callable
from typing import Any

from wenshu.knowledge.answer import Answer
from wenshu.knowledge.cite import Cited, marked
from wenshu.knowledge.passage import Passage

Say = Callable[[str], None]
"""Takes the next piece of the answer; the pieces joined are the whole."""


class Telling:
    """What was said of an answer so far, and what its reader should know besides."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._told = 0
        self.said: Cited | None = None
        """All that was told, or None before the first piece."""
        self.notices: list[str] = []
        self.searched = ""
        """What was searched for."""
        self.by_model = False
        """Whether a model wrote it, in part at least."""

    def tell(self, said: Cited) -> None:
        """Say what of ``said`` was not said before; ``said`` begins with what was."""
        pieces = marked(said.statements) or [text_of(said)]
        for at in range(self._told, len(pieces)):
            self._say(pieces[at] if at == 0 else said.joint + pieces[at])
        self._told = len(pieces)
        self.said = said


def text_of(said: Cited) -> str:
    """The whole text: what ``Telling.tell`` says, joined."""
    return said.refusal if isinstance(said, Answer) and said.refusal is not None else said.text


def citations_of(said: Cited) -> list[dict[str, Any]]:
    """For each marker its source, the whole passage, and every span of it that supports a statement."""
    spans: dict[str, list[dict[str, Any]]] = {}
    for statement in said.statements:
        for citation in statement.citations:
            span = {"start": citation.start, "end": citation.end, "quote": citation.quote}
            of_passage = spans.setdefault(citation.passage.key, [])
            if span not in of_passage:
                of_passage.append(span)
    return [
        {
            "marker": number,
            "key": citation.passage.key,
            "kind": citation.passage.kind,
            "name": citation.passage.name,
            "url": citation.passage.url,
            "heading": citation.passage.heading,
            "page": citation.passage.page,
            **spans[citation.passage.key][0],
            "spans": spans[citation.passage.key],
            "text": citation.passage.text,
            "text_start": citation.passage.start,
            **_beside(citation.passage),
        }
        for number, citation in enumerate(said.cited(), 1)
    ]


def _beside(passage: Passage) -> dict[str, Any]:
    """The neighbours of a passage that could not be looked up later."""
    if not passage.neighbours:
        return {}
    fields = ("text", "heading", "page", "start", "end")
    beside = [
        {**{name: getattr(one, name) for name in fields}, "chunk_index": one.ordinal} for one in passage.neighbours
    ]
    return {"neighbours": beside}


def sources_of(said: Cited) -> list[dict[str, str]]:
    """The documents and pairs behind the citations, each once, in the order of their markers."""
    named = dict.fromkeys((citation.passage.name, citation.passage.url) for citation in said.cited())
    return [{"name": name, "url": url} for name, url in named]
