import datetime as dt

import openpyxl
import pytest

from unit.core.documents import samples
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers.xlsx import parse, rows
from wenshu.kit.errors import ParseFailed


def test_figures_are_as_a_person_wrote_them() -> None:
    data = samples.xlsx(
        {
            "营收": [
                ["整数", "小数", "大数", "布尔", "日期", "时刻"],
                [386.0, 0.1 + 0.2, 1.5e9, True, dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5)],  # noqa: DTZ001 - a spreadsheet's times have no zone
            ],
            "空": [],
            "密": [["隐藏"]],
        },
        hidden=["密"],
    )
    assert parse(data, Limits()).text == (
        "# 营收\n\n| 整数 | 小数 | 大数 | 布尔 | 日期 | 时刻 |\n| --- | --- | --- | --- | --- | --- |\n"
        "| 386 | 0.3 | 1500000000 | TRUE | 2024-01-02 | 2024-01-02 03:04:05 |"
    )


def test_a_merged_cell_is_said_in_each_row() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["部门", "姓名"], ["研发", "张三"], [None, "李四"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    assert parse(samples.saved(workbook), Limits()).text.endswith("| 研发 | 张三 |\n| 研发 | 李四 |")


def test_two_cells_far_apart_are_too_large() -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = 1
    workbook.active["XFD1048576"] = 2
    honest = samples.saved(workbook)
    part = "xl/worksheets/sheet1.xml"
    lying = samples.repacked(honest, {part: samples.part(honest, part).replace(b"A1:XFD1048576", b"A1:B2")})
    for data in (honest, lying):
        with pytest.raises(ParseFailed) as failed:
            parse(data, Limits())
        assert failed.value.reason == "too_large"


def test_rows_keep_the_numbers_of_the_sheet() -> None:
    workbook = openpyxl.Workbook()
    workbook.active["B3"] = "问题"
    assert rows(samples.saved(workbook), Limits()) == [["", ""], ["", ""], ["", "问题"]]
    assert rows(samples.xlsx({"藏": [["x"]], "见": [["y"]]}, hidden=["藏"]), Limits()) == [["y"]]
