"""What a document states, taken down as it is stored: the value of an attribute of a subject, and where it is written.

Taken from tables, from ``键：值`` lines, and from sentences of the form X的Y是Z and X是指Z. Nothing is concluded.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from wenshu.core.documents.model import Block, Parsed
from wenshu.knowledge.columns import stem
from wenshu.knowledge.figures import figure
from wenshu.knowledge.grid import Cell, Grid, grid
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.phrase import NO_KEY, NO_SUBJECT, balanced, subject_of_title
from wenshu.knowledge.units import NUMBERING, Row, Unit, key_of, measured, read_units
from wenshu.zh.fold import fold
from wenshu.zh.sentences import Span

Kind = Literal["cell", "pair", "sentence", "definition"]
MOST_FACTS = 5_000
"""Of one document. A table that would pass it is left out as a whole, as what is worked out over it needs all of it."""
MOST_CHARACTERS = 1_000_000
"""How far a document is read for facts."""
LONGEST_NAME, LONGEST_VALUE, LONGEST_NUMBER = 60, 300, 40


class Fact(NamedTuple):
    """``text[start:end]`` of the document is ``value``; ``line`` is the row or sentence that it stands in."""

    kind: Kind
    subject: str
    attribute: str
    value: str
    context: str
    """The path of the headings above it; may be empty."""
    start: int
    end: int
    line: Span
    table: int = -1
    """Which table of the document it stands in, and which row of that; -1 in none."""
    row: int = -1
    number: str = ""
    """The value as a plain number of ``unit``, where it is one: 2.41 亿元 is 241000000 of 元."""
    unit: str = ""
    day: str = ""
    """The day that the value is, as 2026-12-31, where it is one."""


def key(name: str) -> str:
    """A subject or attribute as it is looked up: folded, without blanks and what stands in brackets at its end."""
    return "".join(stem(name).split())


def name_of(fact: Fact) -> str:
    """The key of a cell that may name its row as well as the first one does (墨鱼丸 beside F201); else ""."""
    found = key(fact.value) if fact.kind == "cell" and len(fact.value) <= _LONGEST_CELL_NAME else ""
    return found if len(found) > 1 and not _NUMERIC.fullmatch(found) else ""


def facts_of(title: str, parsed: Parsed) -> list[Fact]:
    """The facts of a document called ``title``, in the order of its text, at most ``MOST_FACTS``. Never raises."""
    found: list[Fact] = []
    for fact in _Reader(title, parsed).facts():
        found.append(fact)
        if len(found) == MOST_FACTS:
            break
    return found


_VALUES_COLUMN = re.compile(r"(?:技术)?(?:参数|数值|值|内容|说明|描述|指标值|规格|数据|要求|标准|信息|结果|明细|value)")
_SECTION = re.compile(
    r"参数|规格|概述|概况|简介|介绍|说明|信息|情况|要求|方法|步骤|流程|操作|安装|维护|保养|保修|故障|总则|附则|附录|名词|定义|术语|"
    r"目标|重点|资质|大事记|客户|联系|指标|质量|资金|安全|其他|其它|一览|明细|列表|清单|数据|条款|规定|标准|范围|原则|职责|背景|总结|"
    r"结论|前言|目录|基本|主要|适用|sheet\d*"
)
_ENUMERATION = re.compile(
    r"^(?:第[一二三四五六七八九十百\d]+[章节条编部分]*\s*|[一二三四五六七八九十]+、\s*|[（(][一二三四五六七八九十\d]+[)）]\s*|"
    r"\d+(?:\.\d+)*[.、\s]\s*)+"
)
_KEY = r"[\u3400-\u9fffA-Za-z][\u3400-\u9fffA-Za-z0-9（）()/·\-]{0,15}"
_MARKS = r"(?:\*\*|__)?"
_PAIR = re.compile(
    rf"[\s，,；;]*{_MARKS}(?P<key>{_KEY}){_MARKS}[ \t\u3000]*[：:](?!//){_MARKS}[ \t\u3000]*(?P<value>[^\s：:].*?)"
    rf"(?=[\s，,；;。]*$|(?:[\s，,；;]+{_MARKS}[\u3400-\u9fff]{{2,8}}{_MARKS}[ \t\u3000]*[：:]))"
)
_IS = re.compile(
    r"(?P<subject>[^\s，。；：、！？:;,!?的]{2,24})(?<!目)的(?P<attribute>[^\s，。；：、！？:;,!?的是为]{2,12}?)(?<![不没并])"
    r"(?:约?为|是|达到|达|等于|共有?|共计)(?![否不没])(?P<value>[^，。；！？;!?]{1,80})"
)
_DEFINED = re.compile(
    r"(?P<subject>[^\s，。；：、！？:;,!?的]{2,20})[，,]?(?:是指|指的是|是一[种个款家类项台套]|即(?=[“「]))(?P<value>[^。；！？;!?]{2,200})"
)
_QUOTES = '“”"「」‘’'
_DAY = re.compile(r"((?:19|20)\d\d)\s*[年\-./]\s*(1[0-2]|0?[1-9])\s*[月\-./]\s*(3[01]|[12]\d|0?[1-9])(?!\d)\s*日?")
DEFINITION = "定义"
"""The attribute that a definition gives."""
_ASKS = re.compile(r"多少|什么|怎么|如何|[谁哪几吗]")
_SPEECH = re.compile(r"[问答注]$")
_LONGEST_LINE = 600
_LONGEST_HEADING = 120
_LONGEST_PATH = 200


class _Reader:
    def __init__(self, title: str, parsed: Parsed) -> None:
        self._parsed = parsed
        self._text = parsed.text
        self._title = subject_of_title(title)[:LONGEST_NAME]
        self._above: list[tuple[int, str]] = []
        self._tables = 0
        self._left = MOST_FACTS

    def facts(self) -> Iterator[Fact]:
        for block in self._parsed.blocks:
            if block.start >= MOST_CHARACTERS or self._left <= 0:
                return
            if block.kind == "heading":
                self._above = [each for each in self._above if each[0] < block.level]
                self._above.append((block.level, self._parsed.text_of(block)[:_LONGEST_HEADING]))
                continue
            for fact in self._table(block) if block.kind == "table" else self._prose(block):
                self._left -= 1
                yield fact

    def _path(self, under: str = "") -> str:
        names = [name for _, name in self._above]
        names += [under] if under and under not in names[-1:] else []
        return " / ".join(names)[:_LONGEST_PATH]

    def _thing(self, under: str = "") -> str:
        """What lines are about that do not say it: the heading right above where it names a thing, else the title."""
        above = under or (self._above[-1][1] if self._above else "")
        name = _ENUMERATION.sub("", above).strip()
        whole = not name or len(name) > _LONGEST_THING or _SECTION.search(fold(name)) or len(self._above) <= 1
        return self._title if whole and self._title else name[:LONGEST_NAME]

    def _table(self, block: Block) -> list[Fact]:
        number, self._tables = self._tables, self._tables + 1
        if block.end > MOST_CHARACTERS:
            return []
        found = grid(self._text, block.start, block.end, _MOST_CELLS)
        return self._whole(list(self._cells(number, found, self._path()))) if found else []

    def _whole(self, found: Sequence[Fact | None]) -> list[Fact]:
        """All of a table's facts, or none where they are too many."""
        told = [fact for fact in found if fact]
        return told if len(told) <= self._left else []

    def _cells(self, table: int, found: Grid, context: str) -> Iterator[Fact | None]:
        names = [measured(column)[0] for column in found.columns]
        keyed = not names or (len(names) == _TWO and _VALUES_COLUMN.fullmatch(fold(names[1])) is not None)
        if keyed and names and NUMBERING.fullmatch(names[0]):
            return
        for number, row in enumerate(found.rows):
            if keyed:
                yield self._keyed(table, number, row[0], row[1])
                continue
            at = key_of(Row(found.columns, tuple(cell.text for cell in row), table))
            line = Span(row[0].start, row[-1].end)
            for column, cell in enumerate(row):
                if column != at and names[column] and not NUMBERING.fullmatch(found.columns[column]):
                    unit = measured(found.columns[column])[1]
                    where = context, line, table, number
                    yield self._fact("cell", row[at].text, names[column], cell, where, unit)

    def _keyed(self, table: int, row: int, name: Cell, value: Cell) -> Fact | None:
        attribute, unit = measured(name.text)
        where = self._path(), Span(name.start, value.end), table, row
        return self._fact("pair", self._thing(), attribute, value, where, unit)

    def _prose(self, block: Block) -> Iterator[Fact]:
        end = min(block.end, MOST_CHARACTERS)
        read = read_units(_passage(self._text, block.start, end))
        for (kind, table), group in groupby(read, key=_kind):
            if kind == "row":
                number, self._tables = self._tables, self._tables + 1
                rows = [unit for unit in group if unit.row and unit.row.columns]
                found = _aligned(self._text, block.start, rows)
                under = rows[0].under if rows else ""
                yield from self._whole(list(self._cells(number, found, self._path(under)))) if found else ()
                continue
            del table
            for unit in group:
                yield from (fact for fact in self._stated(unit, block.start) if fact)

    def _stated(self, unit: Unit, offset: int) -> Iterator[Fact | None]:
        """What a sentence or item states; nothing where it is too long to be read for that."""
        line = Span(unit.span.start + offset, unit.span.end + offset)
        text = self._text[slice(*line)]
        if len(text) > _LONGEST_LINE or text.endswith(("？", "?")):
            return
        where = self._path(unit.under), line, -1, -1
        if told := list(_pairs(text)):
            thing = self._thing(_ENUMERATION.sub("", unit.under))
            yield from (self._fact("pair", thing, one["key"], _cell(one, "value", line.start), where) for one in told)
            return
        if (found := _IS.search(text)) and _names(found["subject"]) and _names(found["attribute"]):
            value = _cell(found, "value", line.start)
            if not _ASKS.search(value.text):
                yield self._fact("sentence", found["subject"].strip(_QUOTES), found["attribute"], value, where)
        elif (found := _DEFINED.match(text)) and _names(found["subject"]):
            value = _cell(found, "value", line.start)
            yield self._fact(
                "definition", found["subject"].strip(_QUOTES).removeprefix("所谓"), DEFINITION, value, where
            )

    def _fact(
        self, kind: Kind, subject: str, attribute: str, value: Cell, where: tuple[str, Span, int, int], unit: str = ""
    ) -> Fact | None:
        """A fact whose names are names and whose value is one; else None."""
        start, end = value.start, value.end
        fits = 0 < len(key(subject)) <= LONGEST_NAME and 0 < len(key(attribute)) <= LONGEST_NAME
        if not fits or len(subject) > LONGEST_NAME or len(attribute) > LONGEST_NAME:
            return None
        if not 0 < end - start <= LONGEST_VALUE or end > MOST_CHARACTERS or _NOTHING.fullmatch(value.text):
            return None
        context, line, table, row = where
        number, of = _figure(value.text, unit)
        written = self._text[start:end]
        return Fact(
            kind, subject, attribute, written, context, start, end, line, table, row, number, of, _day(value.text)
        )


def _pairs(text: str) -> Iterator[re.Match[str]]:
    """The ``键：值`` that a sentence begins with, and those that follow it in the same line."""
    found = _PAIR.match(text) if "：" in text or ":" in text else None
    while found:
        name = found["key"]
        if not (NO_KEY.search(name) or NO_SUBJECT.search(name) or _SPEECH.search(name)) and balanced(name):
            yield found
        found = _PAIR.match(text, found.end())


_LONGEST_CELL_NAME = 24
_NUMERIC = re.compile(r"[^\u3400-\u9fffa-z]+|[\d.,]+.{0,3}")
_TWO = 2
_MOST_CELLS = 4 * MOST_FACTS
_LONGEST_THING = 14
_NOTHING = re.compile(r"[\s—\-–/\\…·.。]*")


def _kind(unit: Unit) -> tuple[str, int]:
    return ("row", unit.row.table) if unit.row else ("prose", -1)


def _names(text: str) -> bool:
    return NO_SUBJECT.search(text.strip(_QUOTES)) is None


def _passage(text: str, start: int, end: int) -> Passage:
    piece = text[start:end]
    return Passage("", "doc", "", "", "", "", piece, start, end, 0)


def _cell(found: re.Match[str], group: str, offset: int) -> Cell:
    written = found[group].rstrip("*_，,；;。 \t\u3000")
    start = found.start(group) + offset + len(written)
    written = written.lstrip("：: \t\u3000")
    start -= len(written)
    return Cell(written, start, start + len(written))


def _aligned(text: str, offset: int, rows: Sequence[Unit]) -> Grid | None:
    """A table of blanks as cells: each stands where it is found behind the one before."""
    if not rows or rows[0].row is None:
        return None
    columns = rows[0].row.columns
    made: list[tuple[Cell, ...]] = []
    for unit in rows:
        at, cells = unit.span.start + offset, list[Cell]()
        for cell in unit.row.cells if unit.row else ():
            start = text.find(cell, at, unit.span.end + offset)
            if start < 0:
                break
            at = start + len(cell)
            cells.append(Cell(cell, start, at))
        if len(cells) == len(columns):
            made.append(tuple(cells))
    return Grid(columns, tuple(made)) if made else None


def _figure(value: str, unit: str) -> tuple[str, str]:
    found = figure(f"{value}{unit}") or figure(value)
    number = f"{found[0].normalize():f}" if found else ""
    return (number, found[1]) if found and len(number) <= LONGEST_NUMBER else ("", "")


def _day(value: str) -> str:
    found = _DAY.fullmatch(fold(value).strip())
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else ""
