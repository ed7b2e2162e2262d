"""Answers worked out over a table's column: which row is highest or lowest, and what the rows come to together."""

import re
from collections.abc import Sequence
from decimal import Decimal

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.columns import column_strength, stem
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.lookup import Finding, Line, Table, tables
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.units import is_part, measured
from wenshu.zh.fold import fold


def compares(asked: Question) -> bool:
    """Whether the question can be answered only from all rows of a table, not from the likeliest."""
    return any(pattern.search(asked.text) for pattern in (_HIGHEST, _LOWEST, _SUM))


def compare(asked: Question, passages: Sequence[Passage]) -> Finding | None:
    """Say the highest, the lowest or the sum of the column that the question names, with all the figures behind it.

    Only over a table that stands whole in one passage, and where every compared cell is a plain number of that column.
    """
    if not compares(asked):
        return None
    probe = Probe(asked)
    for table in tables(passages):
        at = _column(asked, table)
        lines = _of_the_question(asked, table) if at else []
        if len(lines) < 2 or not _whole(table) or not _about(probe, table, lines):
            continue
        numbers = _values([line.row.cells[at] for line in lines])
        said = _said(asked, lines, numbers, at) if numbers else None
        if said:
            citations = tuple(cite(line.passage, *line.unit.span) for line in lines)
            return Finding((Statement(said, citations),), 1.0, certain=True)
    return None


_HIGHEST = re.compile(r"最(?:高|大|多|贵|重|长|快|好卖|畅销)")
_LOWEST = re.compile(r"最(?:低|小|少|便宜|轻|短|慢)")
_SUM = re.compile(r"一共|总共|合计|总计|加起来|总和")
_TOTAL = re.compile(r"^(?:合计|总计|小计|总和|共计|全年|平均)")
_NOT_ADDED = re.compile(r"价|率|比|均|占|增长|增幅|天数|日期|编号|%")
_NUMBER = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)\s*([^\d\s]{0,3})")
_MOST_ROWS = 12
_NAMED = 0.5


def _column(asked: Question, table: Table) -> int:
    """The one column that the question names, not the first; 0 where there is none or several are named alike."""
    strengths = [column_strength(asked, name) for name in table.columns]
    best = max(strengths[1:], default=0.0)
    named = [at for at, strength in enumerate(strengths) if at and strength == best]
    if best < _NAMED and re.search(r"贵|便宜", asked.text):
        named = [at for at, name in enumerate(table.columns) if "价" in name][:1]
        best = 1.0
    return named[0] if best >= _NAMED and len(named) == 1 else 0


def _of_the_question(asked: Question, table: Table) -> list[Line]:
    """The rows, without totals, that hold what numbers and foreign words of the question do not stand above all."""
    above = Folded(f"{table.context} {' '.join(table.columns)}").words
    words = [run for run in asked.runs if run.isascii() and run not in above]
    rows = [line for line in table.lines if not _TOTAL.match(stem(line.row.cells[0]))]
    return [line for line in rows if all(word in fold(" ".join(line.row.cells)) for word in words)]


def _whole(table: Table) -> bool:
    """Whether all rows of the table stand in one passage."""
    passages = {line.passage.key: line.passage for line in table.lines}
    return len(table.lines) <= _MOST_ROWS and len(passages) == 1 and not is_part(next(iter(passages.values())))


def _about(probe: Probe, table: Table, lines: Sequence[Line]) -> bool:
    """Whether all that the question says, but for the comparing, stands in the table or above it."""
    rows = " ".join(cell for line in lines for cell in line.row.cells)
    said = f"{table.context} {' '.join(table.columns)} {rows} {_COMPARING}"
    return probe.share(probe.all, probe.covered(Folded(said))) >= _ENOUGH


_ENOUGH = 0.9
_COMPARING = (
    "最高 最低 最大 最小 最多 最少 最贵 最便宜 最重 最轻 最长 最短 最快 最慢 一共 总共 合计 总计 加起来 总和 "
    "是多少 的是 四个 三个 两个 每个 各个 全部 所有 哪个 哪款 型号 产品 季度 部门 区域 地区 年 月"
)


def _values(cells: Sequence[str]) -> list[Decimal]:
    """The cells as numbers; none where one of them is no number or is measured otherwise (5年, 6个月)."""
    found = [_NUMBER.fullmatch(fold(cell).strip()) for cell in cells]
    numbers = [match for match in found if match]
    if len(numbers) < len(cells) or len({match.group(2) for match in numbers}) > 1:
        return []
    return [Decimal(match.group(1).replace(",", "")) for match in numbers]


def _said(asked: Question, lines: Sequence[Line], values: Sequence[Decimal], at: int) -> str | None:
    for choose, pattern in ((max, _HIGHEST), (min, _LOWEST)):
        if found := pattern.search(asked.text):
            return _extreme(lines, values, at, values.index(choose(values)), found.group())
    return _sum(lines, values, at)


def _extreme(lines: Sequence[Line], values: Sequence[Decimal], at: int, best: int, word: str) -> str | None:
    if values.count(values[best]) > 1:
        return None
    cells = lines[best].row.cells
    name, unit = measured(lines[best].row.columns[at])
    return f"{name}{word}的是{cells[0]}，为{cells[at]}{unit}（{_figures(lines, at, '、')}）。"


def _sum(lines: Sequence[Line], values: Sequence[Decimal], at: int) -> str | None:
    name, unit = measured(lines[0].row.columns[at])
    if _NOT_ADDED.search(name) or not all(line.row.cells[at][-1].isdigit() for line in lines):
        return None
    return f"{name}合计为{sum(values):,f}{unit}（{_figures(lines, at, ' + ')}）。"


def _figures(lines: Sequence[Line], at: int, joint: str) -> str:
    return joint.join(f"{line.row.cells[0]} {line.row.cells[at]}" for line in lines)
