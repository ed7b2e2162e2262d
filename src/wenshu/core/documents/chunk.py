"""Cuts a document into pieces for search: under one heading, of whole sentences, tables by whole rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wenshu.core.documents.model import Block, Parsed
from wenshu.zh import sentences

_WINDOW = 4_000  # characters looked at together: text without line breaks costs no more memory than any other
_TITLE_CHARACTERS = 120
_WEAK_MARKS = "，、；：,;:|\n\t "
_LINE = re.compile(r"[^\n]+")
_RULE = re.compile(r"\|(?: ?:?-+:? ?\|)+")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the document: ``parsed.text[start:end] == text``, never blank, in the order of the text.

    ``heading`` is the path of the headings above it (``年报 / 经营情况``), each cut at 120 characters; ``lead`` is the
    header row of a table of which the piece holds only some rows, else empty; ``page`` is where it begins.
    """

    ordinal: int
    text: str
    start: int
    end: int
    heading: str
    page: int | None
    lead: str = ""


def chunk(parsed: Parsed, *, size: int = 320) -> list[Chunk]:
    """Pieces of at most ``size`` characters; a document no longer than that is one piece, headings included.

    Pieces end where sentences, rows or paragraphs do; a sentence or row longer than ``size`` is cut after a comma or
    blank, else anywhere. Headings are in ``heading`` of what follows; one with nothing under it is a piece itself.
    """
    if size < 1:
        raise ValueError("size must be at least 1")
    if not parsed.blocks:
        return []
    first, last = parsed.blocks[0], parsed.blocks[-1]
    if last.end - first.start <= size:
        return [Chunk(0, parsed.text[first.start : last.end], first.start, last.end, "", first.page)]
    return _Chunker(parsed, size).run()


class _Chunker:
    def __init__(self, parsed: Parsed, size: int) -> None:
        self._parsed = parsed
        self._text = parsed.text
        self._size = size
        self._chunks: list[Chunk] = []
        self._above: list[tuple[int, str]] = []  # level and title of the headings above
        self._path = ""
        self._childless: Block | None = None  # the last heading, while nothing stands under it
        self._start = self._end = -1  # the piece being filled
        self._page: int | None = None

    def run(self) -> list[Chunk]:
        for block in self._parsed.blocks:
            if block.kind == "heading":
                self._flush()
                self._heading(block)
                continue
            self._childless = None
            if block.kind == "table":
                self._table(block)
            else:
                self._fill(_pieces(self._text, block.start, block.end, self._size), block.page)
        self._flush()
        self._keep_childless()
        return self._chunks

    def _heading(self, block: Block) -> None:
        if self._childless is not None and block.level <= self._childless.level:
            self._keep_childless()
        self._above = [each for each in self._above if each[0] < block.level]
        self._above.append((block.level, self._parsed.text_of(block)[:_TITLE_CHARACTERS]))
        self._path = " / ".join(title for _, title in self._above)
        self._childless = block

    def _keep_childless(self) -> None:
        """A heading with nothing under it must still be found: it becomes a piece under the headings above it."""
        block, self._childless = self._childless, None
        if block is None:
            return
        path, self._path = self._path, " / ".join(title for _, title in self._above[:-1])
        title = self._text[block.start + block.level : block.end].lstrip()
        self._fill(_pieces(self._text, block.end - len(title), block.end, self._size), block.page)
        self._flush()
        self._path = path

    def _table(self, block: Block) -> None:
        self._flush()
        rows = list(_rows(self._text, block))
        header = self._text[slice(*rows[0])].partition("\n")[0][: self._size]
        begin = len(self._chunks)
        for start, end in rows:
            self._fill(_pieces(self._text, start, end, self._size, whole=True), block.page)
        self._flush()
        if len(self._chunks) == begin + 1:
            return
        for at in range(begin, len(self._chunks)):
            piece = self._chunks[at]
            self._chunks[at] = Chunk(at, piece.text, piece.start, piece.end, piece.heading, piece.page, header)

    def _fill(self, spans: Iterator[tuple[int, int]], page: int | None) -> None:
        for start, end in spans:
            if self._start >= 0 and end - self._start > self._size:
                self._flush()
            if self._start < 0:
                self._start, self._page = start, page
            self._end = end

    def _flush(self) -> None:
        if self._start >= 0:
            text = self._text[self._start : self._end]
            self._chunks.append(Chunk(len(self._chunks), text, self._start, self._end, self._path, self._page))
        self._start = self._end = -1


def _rows(text: str, block: Block) -> Iterator[tuple[int, int]]:
    """Spans of a table's lines, the rule below the header being part of the header."""
    lines = [match.span() for match in _LINE.finditer(text, block.start, block.end)]
    if len(lines) > 1 and _RULE.fullmatch(text, *lines[1]):
        lines[:2] = [(lines[0][0], lines[1][1])]
    yield from lines


def _pieces(text: str, start: int, end: int, size: int, *, whole: bool = False) -> Iterator[tuple[int, int]]:
    """Sentences of the stretch (``whole``: the stretch itself), trimmed, none blank, none longer than ``size``."""
    for begin, stop in [(start, end)] if whole else _sentences(text, start, end, max(_WINDOW, size)):
        at = begin
        while stop - at > size:
            cut = _cut(text, at, at + size)
            yield from _trimmed(text, at, cut)
            at = cut
        yield from _trimmed(text, at, stop)


def _sentences(text: str, start: int, end: int, window: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = min(start + window, end)
        spans = sentences.split(text[start:stop])
        if stop < end and len(spans) > 1:
            spans.pop()  # the window may have cut it
        for span in spans:
            yield start + span.start, start + span.end
        start += spans[-1].end


def _cut(text: str, start: int, limit: int) -> int:
    """Where to cut a sentence that is too long: after the last weak mark of the second half, else at the limit."""
    middle = (start + limit) // 2
    found = max(text.rfind(mark, middle, limit) for mark in _WEAK_MARKS)
    return found + 1 if found >= 0 else limit


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    span = sentences.trim(text, sentences.Span(start, end))
    if span.start < span.end:
        yield span.start, span.end
