"""Puts paragraphs, headings, lists and tables together into the one text of a document, counting as it goes."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Block, BlockKind, Parsed
from wenshu.kit.errors import ParseFailed

_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, halves of surrogate pairs (no UTF-8 for them) and non-characters that PDF fonts produce.
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")


def clean(text: str) -> str:
    """Text with line feeds as its only line breaks and nothing in it that JSON, a database or a page cannot carry."""
    return _UNREADABLE.sub("", _BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    """Clean text with each run of white space made one space."""
    if text.isprintable() and "  " not in text:  # most cells of most tables
        return text.strip()
    return " ".join(clean(text).split())


class TextBuilder:
    """Collects blocks in reading order. Empty ones are dropped; ParseFailed ``too_large`` past the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pieces: list[str] = []
        self._blocks: list[Block] = []
        self._length = 0

    def heading(self, text: str, level: int, page: int | None = None) -> None:
        """A heading of level 1 … 6 (others are moved into that range)."""
        line = one_line(text)
        level = min(6, max(1, level))
        if line:
            self._add("heading", f"{'#' * level} {line}", level, page)

    def paragraph(self, text: str, page: int | None = None) -> None:
        """A paragraph; line breaks in it stay."""
        self._add("paragraph", clean(text).strip(), 0, page)

    def item(self, text: str, depth: int = 0, page: int | None = None) -> None:
        """One item of a list, ``depth`` from 0."""
        line = one_line(text)
        if line:
            self._add("list", f"{'  ' * min(depth, 8)}- {line}", depth, page)

    def table(self, rows: Iterable[Sequence[str]], page: int | None = None) -> None:
        """A table, its first row being the header. Blank rows, and blank columns at the right, are dropped.

        What stands alone in a row above the header or below the last row is no row but a title or a note: a paragraph.
        """
        lines: list[_Line] = []
        width = length = 0
        for row in rows:
            line = _row(row)
            if not line.columns:
                continue
            lines.append(line)
            width = max(width, line.columns)
            length += len(line.text)
            if length > self._limits.characters:
                raise ParseFailed("too_large", "文件中的文字过多")
        above, body, below = _parted(lines) if width > 1 else ([], lines, [])
        for line in above:
            self.paragraph(line.alone, page)
        if body:
            rule = _Line("| --- " * width, width, "")
            text = "\n".join(line.text + "| " * (width - line.columns) + "|" for line in (body[0], rule, *body[1:]))
            self._add("table", text, 0, page)
        for line in below:
            self.paragraph(line.alone, page)

    def build(self, *, title: str, media_type: str, pages: int | None = None) -> Parsed:
        """The document so far."""
        return Parsed("".join(self._pieces), tuple(self._blocks), one_line(title), media_type, pages)

    def _add(self, kind: BlockKind, text: str, level: int, page: int | None) -> None:
        if not text.strip():
            return
        # Items of one list stand together, everything else has a blank line before it.
        together = kind == "list" and bool(self._blocks) and self._blocks[-1].kind == "list"
        gap = ("\n" if together else "\n\n") if self._blocks else ""
        start = self._length + len(gap)
        self._length = start + len(text)
        if self._length > self._limits.characters or len(self._blocks) >= self._limits.blocks:
            raise ParseFailed("too_large", "文件中的文字过多")
        self._pieces += (gap, text)
        self._blocks.append(Block(kind, start, self._length, level, page))


class _Line(NamedTuple):
    text: str
    columns: int
    alone: str
    """The only cell that says something, if there is just one."""


def _parted(lines: list[_Line]) -> tuple[list[_Line], list[_Line], list[_Line]]:
    """Titles above, the table itself, notes below; of a table without two full rows nothing is taken away."""
    full = [at for at, line in enumerate(lines) if not line.alone]
    if len(full) < _LEAST_ROWS or full[0] > _MOST_TITLES:
        return [], lines, []
    return lines[: full[0]], lines[full[0] : full[-1] + 1], lines[full[-1] + 1 :]


_LEAST_ROWS = 2
_MOST_TITLES = 3


def _row(row: Sequence[str]) -> _Line:
    """The row up to its last cell that is not blank."""
    cells = [one_line(cell).replace("|", "\\|") for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    told = [cell for cell in cells if cell]
    text = "".join(f"| {cell} " if cell else "| " for cell in cells)
    return _Line(text, len(cells), told[0].replace("\\|", "|") if len(told) == 1 else "")
