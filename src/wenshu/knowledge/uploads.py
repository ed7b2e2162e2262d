"""Retrieval from texts that a question brings along or outside notes: nothing of them is stored in the library."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from wenshu.knowledge.summary import MOST_CHARACTERS
from wenshu.knowledge.thesaurus import Thesaurus
from wenshu.zh.tokens import expanded

_CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class UploadedText:
    """A text with the name and address it was uploaded under."""

    name: str
    url: str
    text: str


def find_in_texts(
    question: str,
    texts: Sequence[UploadedText],
    limit: int,
    kind: Literal["upload", "external"] = "upload",
    thesaurus: Thesaurus | None = None,
) -> list[Passage]:
    """The best pieces of the texts for the question, best first; all of them where they are few enough.

    The texts themselves are the corpus that the statistics come from. CPU-bound, linear in their length.
    """
    pieces = [(at, piece) for at, text in enumerate(texts) for piece in _chunks(text)]
    asked = Asked(question, thesaurus)
    holding: Counter[str] = Counter()
    shared: list[tuple[int, int]] = []
    for number, (at, piece) in enumerate(pieces):
        body = expanded(f"{texts[at].name}\n{piece.heading}\n{piece.text}")
        held = [term for term in asked.terms if term in body]
        holding.update(held)
        shared.append((len(held) + sum(term in body for term in asked.others), -number))
    best = sorted(-number for _, number in nlargest(max(_CANDIDATES, limit), shared))
    entries = [
        piece_entry(number, texts[at].name, texts[at].url, piece) for number in best for at, piece in (pieces[number],)
    ]
    ranked = rerank(asked, Found(entries, Statistics(len(pieces), holding)), limit)[:limit]

    def passage(number: int, score: float, neighbours: Sequence[int] = ()) -> Passage:
        at, piece = pieces[number]
        beside = tuple(passage(each, 0.0) for each in neighbours if 0 <= each < len(pieces) and pieces[each][0] == at)
        entry = piece_entry(number, texts[at].name, texts[at].url, piece)
        made = passage_of(entry, score, kind=kind, key=f"{kind}:{at}:{piece.ordinal}")
        return replace(made, neighbours=beside)

    return [passage(entry.generation, score, (entry.generation - 1, entry.generation + 1)) for entry, score in ranked]


def pages_of(texts: Sequence[UploadedText]) -> list[list[Passage]]:
    """All pieces of each text, in order, as far as ``summary`` reads: of several texts the beginnings."""
    whole: list[list[Passage]] = []
    for at, text in enumerate(texts):
        short = UploadedText(text.name, text.url, text.text[: MOST_CHARACTERS // len(texts)])
        entries = [piece_entry(at, text.name, text.url, piece) for piece in _chunks(short)]
        whole.append([passage_of(entry, 0.0, kind="upload", key=f"upload:{at}:{entry.ordinal}") for entry in entries])
    return whole


def _chunks(text: UploadedText) -> list[Chunk]:
    content = clean(text.text)
    return chunk(Parsed(content, tuple(scan(content)), "", "text/markdown"))
