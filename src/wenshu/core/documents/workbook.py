"""Writing spreadsheets."""

from collections.abc import Sequence
from io import BytesIO

from wenshu.core.documents.builder import clean

_WIDTH = 48


def write_workbook(sheet: str, rows: Sequence[Sequence[str]]) -> bytes:
    """An .xlsx with one sheet; the first row is the header. Every cell is text, so that ``=`` starts no formula."""
    # A quarter of a second that only this needs: every start of the server would pay it.
    from openpyxl import Workbook  # noqa: PLC0415 (see above)
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415 (see above)
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 (see above)

    workbook = Workbook()
    page = workbook.active
    if page is None:
        raise TypeError("a new workbook has a sheet")
    page.title = sheet
    page.freeze_panes = "A2"
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row, start=1):
            cell = page.cell(number, column, clean(text))
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=number == 1)
    for column in range(1, len(rows[0]) + 1):
        page.column_dimensions[get_column_letter(column)].width = _WIDTH
    target = BytesIO()
    workbook.save(target)
    return target.getvalue()
