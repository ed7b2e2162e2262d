"""Answers worked out over a table's column: which row is highest or lowest, and what the rows come to together."""

import re
from collections.abc import Sequence
from decimal import Decimal

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.lookup import Finding, Line, Table, column_strength, stem, tables
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.units import measured
from wenshu.zh.fold import fold


def compare(asked: Question, passages: Sequence[Passage]) -> Finding | None:
    """Say the highest, the lowest or the sum of the column that the question names, with all the figures behind it.

    Only over a table that stands whole in one passage, and where every compared cell is a plain number of that column.
    """
    extreme = next((name for name, pattern in _EXTREMES.items() if pattern.search(asked.text)), None)
    adds = _SUM.search(asked.text) is not None
    if extreme is None and not adds:
        return None
    probe = Probe(asked)
    for table in tables(passages):
        at = _column(asked, table)
        lines = _of_the_question(asked, table) if at else []
        if len(lines) < 2 or not _whole(table) or not _about(probe, table, lines):
            continue
        values = [_value(line.row.cells[at]) for line in lines]
        if None in values:
            continue
        numbers = [value for value in values if value is not None]
        said = _extreme(lines, numbers, at, extreme) if extreme else _sum(lines, numbers, at)
        if said:
            citations = tuple(cite(line.passage, *line.unit.span) for line in lines)
            return Finding((Statement(said, citations),), 1.0, certain=True)
    return None


_EXTREMES = {
    "最高": re.compile(r"最(?:高|大|多|贵|重|长|快|好卖|畅销)"),
    "最低": re.compile(r"最(?:低|小|少|便宜|轻|短|慢)"),
}
_SUM = re.compile(r"一共|总共|合计|总计|加起来|总和")
_TOTAL = re.compile(r"^(?:合计|总计|小计|总和|共计|全年|平均)")
_NOT_ADDED = re.compile(r"价|率|比|均|占|增长|增幅|天数|日期|编号|%")
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?=%?$)")
_MOST_ROWS = 12
_PIECE = 320  # characters of a passage, as ``chunk`` cuts them
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
    """Whether the table surely ends in its one passage: its longest row would have found room twice more."""
    passages = {line.passage.key for line in table.lines}
    passage = table.lines[0].passage
    longest = max(line.unit.span.end - line.unit.span.start for line in table.lines)
    first = table.lines[0].unit.span.start
    with_header = passage.text[:first].count("|") >= len(table.columns)
    after = passage.text[table.lines[-1].unit.span.end :].strip()
    return (
        len(passages) == 1
        and len(table.lines) <= _MOST_ROWS
        and with_header
        and (bool(after) or len(passage.text) + 2 * longest <= _PIECE)
    )


def _about(probe: Probe, table: Table, lines: Sequence[Line]) -> bool:
    """Whether all that the question says, but for the comparing, stands in the table or above it."""
    rows = " ".join(cell for line in lines for cell in line.row.cells)
    said = f"{table.context} {' '.join(table.columns)} {rows} {_COMPARING}"
    return probe.share(probe.all, probe.covered(Folded(said))) >= _ENOUGH


_ENOUGH = 0.9
_COMPARING = (
    "最高 最低 最大 最小 最多 最少 最贵 最便宜 最重 最轻 最长 最短 最快 最慢 一共 总共 合计 总计 加起来 总和 "
    "是多少 的是 哪个 哪款 型号 产品 季度 部门 区域 地区 年 月"
)


def _value(cell: str) -> Decimal | None:
    found = _NUMBER.match(fold(cell).strip())
    return Decimal(found.group().replace(",", "")) if found else None


def _extreme(lines: Sequence[Line], values: Sequence[Decimal], at: int, extreme: str) -> str | None:
    best = max(values) if extreme == "最高" else min(values)
    if values.count(best) > 1:
        return None
    winner = lines[values.index(best)]
    name, unit = measured(winner.row.columns[at])
    return f"{name}{extreme}的是{winner.row.cells[0]}，为{winner.row.cells[at]}{unit}（{_figures(lines, at, '、')}）。"


def _sum(lines: Sequence[Line], values: Sequence[Decimal], at: int) -> str | None:
    name, unit = measured(lines[0].row.columns[at])
    if _NOT_ADDED.search(name) or any("%" in line.row.cells[at] for line in lines):
        return None
    return f"{name}合计为{sum(values):,f}{unit}（{_figures(lines, at, ' + ')}）。"


def _figures(lines: Sequence[Line], at: int, joint: str) -> str:
    return joint.join(f"{line.row.cells[0]} {line.row.cells[at]}" for line in lines)
