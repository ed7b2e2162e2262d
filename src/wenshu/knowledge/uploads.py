"""Retrieval from texts that a question brings along or outside notes: nothing of them is stored in the library."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Literal

from wenshu.core.documents.builder import clean
from wenshu.core.documents.chunk import Chunk, chunk
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.core.index.port import Found, Statistics
from wenshu.knowledge.features import Asked
from wenshu.knowledge.items import piece_entry
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.rerank import rerank
from wenshu.knowledge.search import passage_of
from wenshu.zh.tokens import expanded

_CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class UploadedText:
    """A text with the name and address it was uploaded under."""

    name: str
    url: str
    text: str


def find_in_texts(
    question: str, texts: Sequence[UploadedText], limit: int, kind: Literal["upload", "external"] = "upload"
) -> list[Passage]:
    """The best pieces of the texts for the question, best first; all of them where they are few enough.

    The texts themselves are the corpus that the statistics come from. CPU-bound, linear in their length.
    """
    pieces = [(at, piece) for at, text in enumerate(texts) for piece in _chunks(text)]
    asked = Asked(question)
    holding: Counter[str] = Counter()
    shared: list[tuple[int, int]] = []
    for number, (at, piece) in enumerate(pieces):
        body = expanded(f"{texts[at].name}\n{piece.heading}\n{piece.text}")
        held = [term for term in asked.terms if term in body]
        holding.update(held)
        shared.append((len(held), -number))
    best = sorted(-number for _, number in nlargest(max(_CANDIDATES, limit), shared))
    entries = [
        piece_entry(number, texts[at].name, texts[at].url, piece) for number in best for at, piece in (pieces[number],)
    ]
    ranked = rerank(asked, Found(entries, Statistics(len(pieces), holding)))[:limit]
    return [
        passage_of(entry, score, kind=kind, key=f"{kind}:{pieces[entry.generation][0]}:{entry.ordinal}")
        for entry, score in ranked
    ]


def _chunks(text: UploadedText) -> list[Chunk]:
    content = clean(text.text)
    return chunk(Parsed(content, tuple(scan(content)), "", "text/markdown"))
