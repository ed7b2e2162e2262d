"""XLSX by calamine: each visible sheet as a table under its name, figures as a person wrote them."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from wenshu.core.documents.archive import check_contents, open_archive, unpack
from wenshu.core.documents.builder import TextBuilder
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format
from wenshu.kit.errors import ParseFailed

_Cell = float | str | bool | dt.time | dt.date | dt.timedelta
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_ROW = re.compile(rb"""\s(?:r|ref)\s*=\s*["'](?:[A-Z]{1,3}\d{1,7}:)?[A-Z]{0,3}(\d{1,7})["']""")
_COLUMN = re.compile(rb"""\s(?:r|ref)\s*=\s*["'](?:[A-Z]{1,3}\d{1,7}:)?([A-Z]{1,3})\d{1,7}["']""")
_OVERLAP = 64


def parse(data: bytes, limits: Limits) -> Parsed:
    """Hidden sheets are left out; a cell merged downwards says the same in each of its rows."""
    builder = TextBuilder(limits)
    with _open(data, limits) as workbook:
        for sheet in _visible(workbook):
            rows = _rows(sheet, skip_empty_area=True)
            if any(any(row) for row in rows):
                builder.heading(sheet.name, 1)
                builder.table(rows)
    return builder.build(title="", media_type=Format.XLSX.media_type)


def rows(data: bytes, limits: Limits) -> list[list[str]]:
    """The first visible sheet from its cell A1, so that the row at index 0 is row 1; all cells as text."""
    with _open(data, limits) as workbook:
        sheet = next(iter(_visible(workbook)), None)
        found = [] if sheet is None else _rows(sheet, skip_empty_area=False)
    if sum(len(cell) for row in found for cell in row) > limits.characters:
        raise ParseFailed("too_large", "文件中的文字过多")
    return found


def _open(data: bytes, limits: Limits) -> CalamineWorkbook:
    with open_archive(data, limits) as archive:
        check_contents(archive, limits)
        _check_extent(archive, limits)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise ParseFailed("encrypted") from error


def _check_extent(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Readers allocate the whole rectangle from the first to the last cell: two cells far apart exhaust any memory.

    The sheet's ``dimension`` may lie, so the addresses of its cells count as well.
    """
    for info in archive.infolist():
        if not _SHEET_PART.fullmatch(info.filename):
            continue
        bottom = right = 0
        last = b""
        for piece in unpack(archive, info):
            window = last + piece
            bottom = max(bottom, max(map(int, set(_ROW.findall(window))), default=0))
            right = max(right, max(map(_column, set(_COLUMN.findall(window))), default=0))
            last = piece[-_OVERLAP:]
        if bottom * right > limits.sheet_cells:
            raise ParseFailed("too_large", "工作表范围过大")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _visible(workbook: CalamineWorkbook) -> list[CalamineSheet]:
    return [
        workbook.get_sheet_by_index(index)
        for index, sheet in enumerate(workbook.sheets_metadata)
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _rows(sheet: CalamineSheet, *, skip_empty_area: bool) -> list[list[str]]:
    cells = [[_written(cell) for cell in row] for row in sheet.to_python(skip_empty_area=skip_empty_area)]
    top, left = (sheet.start or (0, 0)) if skip_empty_area else (0, 0)
    for (first, column), (final, _) in sheet.merged_cell_ranges or ():
        _fill_down(cells, first - top, min(final - top, len(cells) - 1), column - left)
    return cells


def _fill_down(cells: Sequence[list[str]], first: int, final: int, column: int) -> None:
    if not (0 <= first < final and 0 <= column < len(cells[first])):
        return
    value = cells[first][column]
    for row in cells[first + 1 : final + 1]:
        row[column] = row[column] or value


def _written(cell: _Cell) -> str:
    """386 and not 386.0, 0.3 and not 0.30000000000000004 (a spreadsheet keeps 15 digits), a date without midnight."""
    match cell:
        case bool():
            return str(cell).upper()
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else f"{cell:.15g}"
        case dt.datetime():
            text = cell.isoformat(" ", "seconds")
            return text.removesuffix(" 00:00:00")
        case _:
            return str(cell)
