"""Tables that stand in a text as lines of columns with blanks between them, as in plain text files and from PDFs."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from wenshu.zh.sentences import Span


class Aligned(NamedTuple):
    """What a line is in such a table: its header, or a row with the names of its columns."""

    is_header: bool
    columns: tuple[str, ...]
    cells: tuple[str, ...]


def aligned(text: str, lines: Sequence[Span]) -> dict[int, Aligned]:
    """The lines that are rows or headers of such tables, by their place in ``lines``; blank lines do not part a table.

    Only what is hardly anything else: a header without figures, at least two rows of as many cells (one more where the
    header leaves the first column unnamed), and between single blanks only figures.
    """
    found: dict[int, Aligned] = {}
    told = [at for at, line in enumerate(lines) if text[slice(*line)].strip()]
    split = {at: _cells(text[slice(*lines[at])]) for at in told}
    place = 0
    while place < len(told):
        size = _table(told[place:], split, found) if split[told[place]].cells else 0
        place += size or 1
    return found


class _Cells(NamedTuple):
    cells: tuple[str, ...]
    wide: bool
    """Whether they stand wide apart, not one blank only."""


_WIDE = re.compile(r"[ \u3000]{2,}|\t+")
_FIGURE = re.compile(r"[+\-±≥≤<>¥￥]?\d[\d,.%/~—\-]*\s?[^\s\d，。；：]{0,6}|不适用|[—\-/×√无]|不承运")
_NUMBER = re.compile(r"[+\-]?\d[\d,.]*\s?(?:%|元|天|台|人|件|万元|亿元|小时)?")
_SENTENCE = re.compile("[。；！？：:，]|^[|#>]")
_LONGEST_CELL = 30
_LEAST_ROWS = 2


def _cells(line: str) -> _Cells:
    plain = line.strip()
    wide = tuple(_WIDE.split(plain))
    if len(wide) > 1:
        return _Cells(wide, wide=True) if _is_row(wide) else _Cells((), wide=True)
    narrow = tuple(plain.split())
    return _Cells(narrow if len(narrow) > 1 and _is_row(narrow) else (), wide=False)


def _is_row(cells: Sequence[str]) -> bool:
    return all(len(cell) <= _LONGEST_CELL and not _SENTENCE.search(cell) for cell in cells)


def _table(told: Sequence[int], split: dict[int, _Cells], found: dict[int, Aligned]) -> int:
    """Take a table that begins at the first line; how many lines it has, 0 where there is none."""
    names = split[told[0]].cells
    if any(_NUMBER.fullmatch(name) for name in names):
        return 0
    rows: list[int] = []
    for at in told[1:]:
        cells, wide = split[at]
        same = len(cells) == (len(split[rows[0]].cells) if rows else len(cells))
        if not same or len(cells) not in {len(names), len(names) + 1} or len(cells) < len(names):
            break
        if not wide and not all(_FIGURE.fullmatch(cell) for cell in cells[1:]):
            break
        rows.append(at)
    if len(rows) < _LEAST_ROWS:
        return 0
    unnamed = len(split[rows[0]].cells) - len(names)
    columns = ("",) * unnamed + names
    found[told[0]] = Aligned(is_header=True, columns=columns, cells=())
    for at in rows:
        found[at] = Aligned(is_header=False, columns=columns, cells=split[at].cells)
    return 1 + len(rows)
