"""What can be said of a passage piece by piece: sentences, list items and table rows, never headings or bare marks."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from wenshu.knowledge.aligned import Aligned, aligned
from wenshu.knowledge.passage import Passage
from wenshu.zh.sentences import Span, split, trim


class Row(NamedTuple):
    """A table row; ``columns`` are the names from the table's header, as many as ``cells``, or none if unknown."""

    columns: tuple[str, ...]
    cells: tuple[str, ...]
    table: int
    """Which table of the passage it stands in."""


class Unit(NamedTuple):
    """A piece of a passage. ``span`` is its exact text; ``said`` the same without Markdown's marks, rows in words."""

    kind: Literal["sentence", "item", "row"]
    span: Span
    said: str
    line: Span
    """The whole line, without the marker of an item."""
    under: str
    """The nearest heading above, without marks; may be empty."""
    row: Row | None = None


def units(passage: Passage) -> list[Unit]:
    """The passage's pieces in order; none is blank, none goes beyond its line.

    Columns' names come from the table's header in the passage, or, for later rows of a table, from the last part of
    its heading (``ingest`` puts them there).
    """
    return list(_units(passage))


def read_units(passage: Passage) -> Iterator[Unit]:
    """The same one by one and not kept: what is read once, and long."""
    return _Reader(passage).units()


@lru_cache(maxsize=1024)
def _units(passage: Passage) -> tuple[Unit, ...]:
    """Kept, as an answer looks at a passage in several ways and the next question at the same passages."""
    return tuple(_Reader(passage).units())


def in_words(row: Row, chosen: tuple[int, ...] = ()) -> str:
    """Say a row: ``甲：价格为618元，口径为DN20。``; only the ``chosen`` columns, if any; blank cells are left out."""
    if not row.columns:
        return "；".join(cell for cell in row.cells if cell)
    first = key_of(row)
    wanted = chosen or range(len(row.cells))
    told = [at for at in wanted if at != first and row.cells[at] and not NUMBERING.fullmatch(row.columns[at])]
    if len(row.cells) == 2 and told:  # 项目 | 参数 and the like: the second name says nothing
        return f"{row.cells[0]}：{_closed(row.cells[1])}"
    name, unit = measured(row.cells[first])
    said = [_cell(row, at, unit) for at in told]
    if unit and all(text.endswith(unit) for text in said):
        return f"{name}：{_closed('，'.join(said))}"
    return f"{row.cells[first]}：{_closed('，'.join(said))}" if told else row.cells[first]


def key_of(row: Row) -> int:
    """Which cell names the row: the first that says something, but for one that only numbers it."""
    told = [at for at, cell in enumerate(row.cells) if cell]
    if len(told) > 1 and row.columns and NUMBERING.fullmatch(row.columns[told[0]]):
        return told[1]
    return told[0] if told else 0


def _cell(row: Row, at: int, unit: str) -> str:
    """``口径为DN20``; a number takes the unit from its column's brackets, one of a period from the row's (``unit``)."""
    value = row.cells[at]
    name, own = measured(row.columns[at])
    if _NUMBER.fullmatch(value) is None:
        return f"{row.columns[at]}为{value}"
    if own:
        return f"{name}为{value}{own}"
    return f"{row.columns[at]}为{value}{unit if _PERIOD.search(row.columns[at]) else ''}"


def _closed(text: str) -> str:
    return text if text.endswith(("。", "！", "？", "；", ".", "!", "?")) else f"{text}。"


def is_part(passage: Passage) -> bool:
    """Whether the passage holds only some rows of a table: then the last part of its heading names the columns."""
    *_, last = passage.heading.split(" / ")
    first = _ROW.match(passage.text)
    if first is None or first.group().count("|") - first.group().count("\\|") != last.count("、") + 2:
        return False
    header = _RULE.match(passage.text, first.end() + 1) is not None
    return not header or [cell.strip() for cell in first.group().strip().strip("|").split("|")] == last.split("、")


def measured(name: str) -> tuple[str, str]:
    """``目录价（元）`` → ``目录价`` and ``元``; without a unit in brackets the name itself and nothing."""
    found = _MEASURE.fullmatch(name)
    return (found.group(1), found.group(2)) if found else (name, "")


def plain(text: str) -> str:
    """The text without Markdown's marks of emphasis."""
    return _EMPHASIS.sub(r"\2", text)


_BLANKS = re.compile(r"\S[ \t\u3000]+\S")
_LINE = re.compile(r"[^\n]+")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)[\s#]*$")
_TITLE = re.compile(
    r"\s*(?:第[一二三四五六七八九十百\d]{1,4}[章节编]|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）])"
    r"[^。！？；：:!?;|]{0,30}$"
)
_RULE = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\s*$")
_ROW = re.compile(r"[^\S\n]*\|.*\|[^\S\n]*$", re.MULTILINE)
_ITEM = re.compile(r"\s*(?:>\s*)*(?:[-*+•]\s+|\d{1,2}[.)）]\s+|\d{1,2}、\s*|[（(]\d{1,2}[)）]\s*)(?=\S)")
_QUOTED = re.compile(r"\s*(?:>\s*)+")
_SEPARATION = re.compile(r"[\s\-*_=>|#—.·]+$")
_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_NUMBER = re.compile(r"[+\-]?\d[\d,]*(?:\.\d+)?")
_PERIOD = re.compile(r"^\d{4}年?$|季度|^全年|月份?$|年末$")
_MEASURE = re.compile(
    r"(.+?)\s*[（(]("
    r"[百千万亿]{0,2}(?:[元台只个件人次户条张份吨天箱盒袋瓶套组包块桶辆]|小时|分钟|秒)|%|毫米|厘米|米|公里|千米|千克|公斤|克|升|立方米|平方米"
    r"|(?:立方米|升)/小时|元/[天晚台年月人箱袋盒件只块个次吨米斤桶瓶套组]|k?g|mm|cm|[kmw]?w|[lmtv]|kwh|亿元|吨"
    r")[）)]"
)
NUMBERING = re.compile(r"(?i:序号|项次|编次|no\.?|#)")
_CELLS = re.compile(r"(?<!\\)\|")


class _Reader:
    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._text = passage.text
        *above, last = passage.heading.split(" / ")
        self._inherited = tuple(last.split("、")) if is_part(passage) else ()
        self._under = last if not self._inherited else above[-1] if above else ""
        self._columns: tuple[str, ...] = ()
        self._table = -1
        self._in_table = False

    def units(self) -> Iterator[Unit]:
        lines = [Span(*match.span()) for match in _LINE.finditer(self._text)]
        tables = aligned(self._text, lines) if len(lines) > 1 and _BLANKS.search(self._text) else {}
        for at, line in enumerate(lines):
            if at in tables:
                yield from self._aligned(line, tables[at])
                continue
            following = lines[at + 1] if at + 1 < len(lines) else Span(0, 0)
            if _ROW.match(self._text, *line):
                yield from self._row(line, before_rule=self._is(_RULE, following))
                continue
            self._in_table = False
            if heading := _HEADING.fullmatch(self._text, *line):
                self._under = heading.group(1)
            elif self._is(_TITLE, line) and len(lines) > 1:
                self._under = self._text[slice(*line)].strip()
            elif not self._is(_SEPARATION, line):
                yield from self._prose(line)

    def _is(self, pattern: re.Pattern[str], line: Span) -> bool:
        return pattern.fullmatch(self._text, *line) is not None

    def _row(self, line: Span, *, before_rule: bool) -> Iterator[Unit]:
        if self._is(_RULE, line):
            return
        span = trim(self._text, line)
        cells = tuple(_unescaped(cell) for cell in _CELLS.split(self._text[span.start + 1 : span.end - 1]))
        if not self._in_table:
            self._in_table, self._table, self._columns = True, self._table + 1, self._inherited
        if before_rule:
            self._columns = cells
            return
        row = Row(self._columns if len(self._columns) == len(cells) > 1 else (), cells, self._table)
        if any(cells):
            yield Unit("row", span, in_words(row), span, self._under, row)

    def _aligned(self, line: Span, row: Aligned) -> Iterator[Unit]:
        if row.is_header:
            self._table += 1
            return
        said = Row(row.columns, row.cells, self._table)
        span = trim(self._text, line)
        yield Unit("row", span, in_words(said), span, self._under, said)

    def _prose(self, line: Span) -> Iterator[Unit]:
        marker = _ITEM.match(self._text, *line) or _QUOTED.match(self._text, *line)
        kind = "item" if marker and not _QUOTED.fullmatch(marker.group()) else "sentence"
        whole = trim(self._text, Span(marker.end() if marker else line.start, line.end))
        for piece in split(self._text[slice(*whole)]):
            span = trim(self._text, Span(whole.start + piece.start, whole.start + piece.end))
            if span.end > span.start:
                yield Unit(kind, span, plain(self._text[slice(*span)]), whole, self._under)


def _unescaped(cell: str) -> str:
    return plain(" ".join(cell.replace("\\|", "|").split()))
