"""Figures of a table's column, read so that they can be compared: each a plain number in one unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from wenshu.knowledge.columns import stem
from wenshu.knowledge.lookup import Line, Table
from wenshu.knowledge.units import key_of, measured
from wenshu.zh.fold import fold


@dataclass(frozen=True, slots=True)
class Series:
    """The figures of some rows in one column; ``unit`` is what follows each (``元``, ``个月``) and may be empty."""

    lines: tuple[Line, ...]
    at: int
    values: tuple[Decimal, ...]
    unit: str

    @property
    def name(self) -> str:
        """The column's name without its unit."""
        return measured(self.lines[0].row.columns[self.at])[0]

    def named(self, place: int) -> str:
        """What a row is called."""
        row = self.lines[place].row
        return row.cells[key_of(row)]

    def said(self, place: int) -> str:
        """A row's figure as the table has it, with its unit."""
        return with_unit(self.lines[place], self.at)


def series(lines: Sequence[Line], at: int) -> Series | None:
    """The column's figures; None where a cell is no plain number, or is measured otherwise (5年, 6个月)."""
    found = [figure(line.row.cells[at]) for line in lines]
    read = [one for one in found if one is not None]
    if len(read) < len(lines) or not read or len({unit for _, unit in read}) > 1:
        return None
    own = measured(lines[0].row.columns[at])[1]
    scale, unit = _scaled(own) if own and not read[0][1] else (Decimal(1), read[0][1])
    return Series(tuple(lines), at, tuple(value * scale for value, _ in read), unit)


def figure(cell: str) -> tuple[Decimal, str] | None:
    """``2.41 亿元`` → 241,000,000 and ``元``; None for anything but one number with a short unit."""
    found = _FIGURE.fullmatch(fold(cell).strip())
    if found is None:
        return None
    scale, unit = _scaled(found.group(2))
    return Decimal(found.group(1).replace(",", "")) * scale, unit


def with_unit(line: Line, at: int) -> str:
    """A cell as the table has it, with the unit that its column names."""
    cell, own = line.row.cells[at], measured(line.row.columns[at])[1]
    return f"{cell}{own}" if own and _PLAIN.fullmatch(fold(cell)) else cell


def spoken(value: Decimal, like: Series) -> str:
    """A figure worked out, in the unit of those that it came from."""
    own = measured(like.lines[0].row.columns[like.at])[1]
    cell = _FIGURE.fullmatch(fold(like.lines[0].row.cells[like.at]).strip())
    unit = own or (cell.group(2) if cell else "")
    scale, _ = _scaled(unit)
    return f"{plain(value / scale)}{unit}"


def plain(value: Decimal) -> str:
    """A number without needless zeros, thousands parted."""
    rounded = value.quantize(Decimal("0.0001")).normalize()
    return f"{rounded:,f}"


def rows_of(table: Table) -> list[Line]:
    """A table's rows but for its totals."""
    return [line for line in table.lines if not _TOTAL.match(stem(line.row.cells[key_of(line.row)]))]


_FIGURE = re.compile(
    r"[约≈]?\s*([+-]?\d[\d,]*(?:\.\d+)?)\s*([^\d\s()（）,，。；;~\-]{0,4})\s*(?:[(（][^()（）]*[)）])?"
)
_PLAIN = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?")
_TOTAL = re.compile(r"^(?:合计|总计|小计|总和|共计|全年|平均)")
_SCALES = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}


def _scaled(unit: str) -> tuple[Decimal, str]:
    scale = Decimal(1)
    while len(unit) > 1 and unit[0] in _SCALES:
        scale *= _SCALES[unit[0]]
        unit = unit[1:]
    return scale, unit
