"""Growth from the year before, worked out where tables have the figures of both years and nobody wrote it down."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.columns import column_strength, stem
from wenshu.knowledge.coverage import Folded
from wenshu.knowledge.figures import Series, rows_of, series
from wenshu.knowledge.lookup import Finding, Line, Table, tables
from wenshu.knowledge.moments import moments, years
from wenshu.knowledge.question import Question
from wenshu.knowledge.scene import Scene
from wenshu.knowledge.units import key_of, measured
from wenshu.zh.fold import fold


def grows(asked: Question) -> bool:
    """Whether growth is asked for."""
    return _GROWTH.search(asked.text) is not None


def year_before(asked: Question) -> str:
    """The question about the year before the one that it names; "" where it names none."""
    year = next(iter(sorted(years(moments(asked.text)))), "")
    return asked.text.replace(year, str(int(year) - 1)) if year and year in asked.text else ""


def growth(scene: Scene) -> Finding | None:
    """How much a figure grew in a year, both figures shown; without a year in the question, in the newest one.

    None where either figure is missing or there are several.
    """
    if not grows(scene.question):
        return None
    found = [cell for table in tables(scene.passages) for cell in _cells(scene, table)]
    best = max((cell.strength for cell in found), default=0.0)
    by_year: dict[int, list[_Cell]] = {}
    for cell in found:
        if cell.strength == best:
            by_year.setdefault(cell.year, []).append(cell)
    asked = [int(year) for year in years(scene.when)]
    newest = max(asked or [year for year in by_year if year - 1 in by_year], default=0)
    now, before = by_year.get(newest, []), by_year.get(newest - 1, [])
    if best < _NAMED or not now or not before or not _one(now) or not _one(before):
        return None
    return _said(now[0], before[0])


_GROWTH = re.compile(
    r"同比|增长(?:率|了)?(?:是)?(?:多少|百分之几|几)|增长率|增幅|(?:增加|涨|下降|减少)了?(?:多少|百分之几)"
)
_NAMED = 0.5


class _Cell(NamedTuple):
    year: int
    figures: Series
    strength: float

    @property
    def line(self) -> Line:
        return self.figures.lines[0]


def _one(cells: Sequence[_Cell]) -> bool:
    return len({(cell.figures.values, cell.figures.unit) for cell in cells}) == 1


def _cells(scene: Scene, table: Table) -> Iterator[_Cell]:
    """The cells of the figure asked about, at the asked quarter or month, with their years."""
    part = scene.when - years(scene.when)
    above = years(moments(table.context))
    for line in rows_of(table):
        key = line.row.cells[key_of(line.row)]
        own = moments(fold(key))
        for at, column in enumerate(table.columns):
            when = own | moments(column)
            year = years(when) or above
            if at == key_of(line.row) or len(year) != 1 or when - years(when) != part:
                continue
            strength = _strength(scene, column if own else stem(key))
            figures = series([line], at)
            if strength and figures and figures.unit != "%":
                yield _Cell(int(next(iter(year))), figures, strength)


def _strength(scene: Scene, name: str) -> float:
    """How far the question names a figure: in its words, or in others for them."""
    literal = column_strength(scene.question, measured(name)[0])
    if literal >= _NAMED:
        return literal
    return 0.6 if scene.matcher.said(Folded(name)).meant else 0.0


def _said(now: _Cell, before: _Cell) -> Finding | None:
    new, old = now.figures.values[0], before.figures.values[0]
    if now.figures.unit != before.figures.unit or old == 0:
        return None
    change = (new - old) / abs(old) * 100
    word = "增长" if change >= 0 else "下降"
    name = now.figures.name if moments(fold(now.figures.named(0))) else now.figures.named(0)
    percent = f"{abs(change).quantize(Decimal('0.1')):f}%"
    text = (
        f"{name}：{now.year}年为{now.figures.said(0)}，{before.year}年为{before.figures.said(0)}，同比{word}{percent}。"
    )
    citations = tuple(cite(one.line.passage, *one.line.unit.span) for one in (now, before))
    return Finding((Statement(text, citations),), 1.0, certain=True)
