"""Answers read off tables: the rows that a question names, and of them the cells that it asks for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.columns import ANSWERING, column_strength, in_charge, stem
from wenshu.knowledge.coverage import Folded, Probe, gaps
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.units import Row, Unit, in_words, units
from wenshu.zh.fold import fold


class Line(NamedTuple):
    """A row with its passage. Its columns are known."""

    passage: Passage
    unit: Unit
    row: Row

    def say(self, chosen: Sequence[int]) -> Statement:
        """Say it in words, citing the whole row."""
        return Statement(in_words(self.row, tuple(chosen)), (cite(self.passage, *self.unit.span),))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one table, from all passages that hold some of it; ``columns`` folded, without units in brackets."""

    columns: tuple[str, ...]
    context: str
    """What is called above it, folded: title and headings."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a list or table answers. ``coverage`` is the share of the question's content that it says, by weight."""

    statements: tuple[Statement, ...]
    coverage: float
    certain: bool = False
    """Whether the question names the row by the whole of a cell."""


def tables(passages: Sequence[Passage]) -> list[Table]:
    """The tables of the passages, rows in their order; those whose columns' names are unknown are left out."""
    grouped: dict[tuple[str, str, tuple[str, ...]], list[Line]] = {}
    for passage in passages:
        for unit in units(passage):
            if unit.row and unit.row.columns:
                source = passage.key.rsplit(":", 1)[0]
                grouped.setdefault((source, unit.under, unit.row.columns), []).append(Line(passage, unit, unit.row))
    return [_table(under, columns, lines) for (_, under, columns), lines in grouped.items()]


def look_up(asked: Question, passages: Sequence[Passage]) -> Finding | None:
    """Find the rows that the question names by a cell, and say the cells that it asks for by a column's name.

    ``LX-U20-20的目录价`` names row and column; 哪种产品支持预付费 names a cell and asks for its row. Every word of
    another script and every number of the question must stand in the row or above it. None where that is not clear.
    """
    if asked.asks in {"why", "yesno"}:
        return None
    probe = Probe(asked)
    best: list[_Match] = []
    for table in tables(passages):
        matches = list(_matches(probe, table))
        strongest = max((match.rating for match in matches), default=(0.0, 0))
        chosen = [match for match in matches if match.rating == strongest]
        if chosen and len(chosen) <= _MOST_ROWS and (not best or strongest > best[0].rating):
            best = chosen
    if not best:
        return None
    return Finding(tuple(match.line.say(match.columns) for match in best), best[0].coverage, best[0].strength == _EXACT)


_MOST_ROWS = 8
_FEW = 4
_FAMILY, _BY_WORD, _EXACT = 1, 2, 3
_ENOUGH, _NEARLY_ALL = 0.7, 0.95
_TELLING = 0.4  # share of a cell, other than the first, that a question must say to name the row by it
_FILLERS = "应该 需要 具体 可以 显示 出现 情况 一下 产品 型号 项目"
_WHICH = re.compile(r"哪(?!里|儿|年)|谁|什么(?:产品|型号|部门|公司|人)")
_WHOLE = re.compile(r"^(?:什么是|介绍一下|请?介绍)|是什么$|(?:参数|情况|信息|资料|规格)(?:是什么|有哪些|如何|怎么样)?$")


class _Match(NamedTuple):
    line: Line
    columns: tuple[int, ...]
    strength: int
    column: float
    coverage: float

    @property
    def rating(self) -> tuple[float, int, float]:
        return round(self.coverage, 2), self.strength, round(self.column, 2)


def _table(under: str, columns: tuple[str, ...], lines: list[Line]) -> Table:
    lines = sorted(lines, key=lambda line: line.passage.start + line.unit.span.start)
    passage = lines[0].passage
    return Table(tuple(map(stem, columns)), fold(f"{passage.title} {passage.heading} {under}"), tuple(lines))


def _matches(probe: Probe, table: Table) -> Iterator[_Match]:
    asked = probe.question
    named = [column_strength(asked, name) for name in table.columns]
    wanted = _wanted(asked, table.columns, named)
    for line in table.lines:
        if not _holds_every_word(asked, f"{table.context} {' '.join((*line.row.columns, *line.row.cells))}"):
            continue
        key, strength = _key(probe, table, line.row)
        if key < 0:
            continue
        columns = _columns(asked, wanted, key)
        enough = _ENOUGH
        if columns is None and strength == _EXACT and key == 0:  # named for sure: the whole row, whatever its columns
            columns = ()
            enough = _ENOUGH if len(table.columns) <= _FEW else _NEARLY_ALL
        shown = columns or range(len(table.columns)) if columns is not None else ()
        if columns is None or not any(line.row.cells[at] for at in shown):
            continue
        said = " ".join(f"{line.row.columns[at]} {line.row.cells[at]}" for at in (*shown, 0, key))
        if strength == _FAMILY:
            said = f"{said} {' '.join(asked.runs)}"
        covered = probe.covered(Folded(f"{table.context} {said} {_FILLERS} {_asking(asked, wanted, table)}"))
        coverage = probe.share(probe.all, covered)
        if coverage >= enough:
            yield _Match(line, columns, strength, max((named[at] for at in columns), default=0.0), coverage)


def _wanted(asked: Question, columns: Sequence[str], named: Sequence[float]) -> tuple[int, ...]:
    """The columns asked for: those named best, else those that answer this kind of question."""
    if duties := in_charge(asked, columns):
        return tuple(duties)
    strongest = max(named)
    if strongest >= 0.5:
        return tuple(at for at, strength in enumerate(named) if strength == strongest)
    for asks, answers in ANSWERING:
        if asks.search(asked.text) and (found := [at for at, name in enumerate(columns) if answers.search(name)]):
            return tuple(found)
    return ()


def _asking(asked: Question, wanted: Sequence[int], table: Table) -> str:
    """The question's own words for a column that is called otherwise."""
    names = " ".join(table.columns[at] for at in wanted)
    return " ".join(
        match.group() for asks, answers in ANSWERING if answers.search(names) for match in asks.finditer(asked.text)
    )


def _columns(asked: Question, wanted: tuple[int, ...], key: int) -> tuple[int, ...] | None:
    """The columns to say of a row that is named by the cell ``key``: () for all, None where none is asked for."""
    others = tuple(at for at in wanted if at != key)
    if key > 0:
        return tuple(sorted((*others, key))) if others or _WHICH.search(asked.text) else None
    if others:
        return others
    return () if _WHOLE.search(asked.text) else None


def _key(probe: Probe, table: Table, row: Row) -> tuple[int, int]:
    """The cell by which the question names the row (-1: it does not), and how surely."""
    text = probe.question.text
    exact = [at for at, cell in enumerate(row.cells) if _names(stem(cell), text)]
    if exact:
        return exact[0], _EXACT
    above = probe.literal(Folded(f"{table.context} {' '.join(table.columns)} {_FILLERS}"))
    rest = [gap for gap in gaps(probe.question, above) if len(gap) > 1 or gap.isascii()]
    if not rest:
        return -1, 0
    longest = max(rest, key=len)
    cells = [fold(cell) for cell in row.cells]
    if all(any(_stands(gap, cell) for cell in cells) for gap in rest):
        key = next(at for at, cell in enumerate(cells) if _stands(longest, cell))
        if key == 0 or len(longest) >= _TELLING * len(cells[key]):
            return key, _BY_WORD
    if _is_code(longest) and cells[0].startswith(f"{longest}-"):  # LX-U20 names all of LX-U20-15, LX-U20-20, …
        return 0, _FAMILY
    return -1, 0


def _names(cell: str, text: str) -> bool:
    """Whether the cell stands in the question and is a name, not a mere number."""
    return len(cell) > 1 and not _NUMBER.fullmatch(cell) and _stands(cell, text)


def _stands(part: str, text: str) -> bool:
    """Whether ``part`` stands in ``text``, not as a piece of a longer word or code."""
    if part not in text:
        return False
    before = r"(?<![a-z0-9.\-])" if part[0].isascii() else ""
    after = r"(?![a-z0-9]|[.\-][a-z0-9])" if part[-1].isascii() else ""
    return re.search(f"{before}{re.escape(part)}{after}", text) is not None


_NUMBER = re.compile(r"[\d.,%+\-~/ ]+")


def _is_code(word: str) -> bool:
    return word.isascii() and any(character.isdigit() for character in word) and not word.isdigit()


def _holds_every_word(asked: Question, text: str) -> bool:
    words = Folded(text).words
    return all(
        run in words or (_is_code(run) and any(word.startswith(f"{run}-") for word in words))
        for run in asked.runs
        if run.isascii()
    )
