"""Tables read cell by cell: the names of their columns, over merged header rows too, and where each cell stands."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from wenshu.knowledge.units import plain


class Cell(NamedTuple):
    """A cell as it reads, and where it stands in the text, without the blanks around it."""

    text: str
    start: int
    end: int


class Grid(NamedTuple):
    """A table: the names of its columns, () where it has no header, and its rows, each of as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def grid(text: str, start: int, end: int, most: int) -> Grid | None:
    """The table that stands as Markdown rows at ``[start, end)``; None for none, and for one of over ``most`` cells.

    Where the second row goes on with the names of the first (价格 over 含税 and 不含税), a column is called by both.
    Of two columns the first row is none of names where its second cell has a figure. Rows that are broken off or have
    more cells than the header are left out.
    """
    lines = [cells for cells in islice(_lines(text, start, end), most + 2) if cells]
    if not lines or len(lines) * len(lines[0]) > most:
        return None
    rows = [row for row in lines if len(row) == len(lines[0])]
    if len(lines[0]) == _TWO and _FIGURES.search(lines[0][1].text):
        return Grid((), tuple(rows))
    columns = [cell.text for cell in rows.pop(0)]
    if rows and _goes_on(columns, rows[0]):
        columns = _joined(columns, rows.pop(0))
    return Grid(tuple(columns), tuple(rows)) if rows else None


_TWO = 2
_LINE = re.compile(r"[^\n]+")
_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?)?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_FIGURES = re.compile(r"\d")
_FIGURE = re.compile(r"[+\-¥￥]?\d[\d,.]*\s*\S{0,4}")


def _lines(text: str, start: int, end: int) -> Iterator[tuple[Cell, ...]]:
    for line in _LINE.finditer(text, start, end):
        if _RULE.fullmatch(text, *line.span()) is None:
            yield tuple(_cells(text, *line.span()))


def _cells(text: str, start: int, end: int) -> Iterator[Cell]:
    bars = [bar.start() for bar in _BAR.finditer(text, start, end)]
    for left, right in pairwise(bars):
        raw = text[left + 1 : right]
        begin = left + 1 + len(raw) - len(raw.lstrip())
        written = raw.strip()
        yield Cell(plain(" ".join(written.replace("\\|", "|").split())), begin, begin + len(written))


def _goes_on(columns: Sequence[str], row: Sequence[Cell]) -> bool:
    """Whether a row goes on with the header: it repeats what is merged downwards and names what is merged across."""
    below = [cell.text for cell in row]
    if any(_FIGURE.fullmatch(text) for text in below) or not all(below):
        return False
    repeated = sum(name == text for name, text in zip(columns, below, strict=True))
    across = sum(not name or name == before for before, name in pairwise(columns))
    return repeated > 0 and across > 0 and repeated + across < 2 * len(columns)


def _joined(columns: Sequence[str], row: Sequence[Cell]) -> list[str]:
    named: list[str] = []
    above = ""
    for name, cell in zip(columns, row, strict=True):
        above = name or above
        named.append(cell.text if cell.text == above else f"{above}{cell.text}")
    return named
